//! One call: the request as handlers see it.

use super::ApiError;
use super::path::Captures;
use crate::state::Api;
use crate::wire::{Node, Wire};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::sync::Arc;

/// Characters of a path segment that stay as they are (RFC 3986 §2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A routed, authenticated, bounded request.
pub(crate) struct Call {
    pub(crate) api: Arc<Api>,
    pub(crate) names: Captures,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    /// `scheme://host` as the client wrote it.
    pub(crate) base: String,
    /// The path as it came, without the query.
    pub(crate) path: String,
    pub(crate) now: Timestamp,
}

impl Call {
    /// A name of the path.
    pub(crate) fn name(&self, key: &str) -> &str {
        self.names.get(key)
    }

    /// A query parameter, its name in any case; empty ones count as absent.
    pub(crate) fn query(&self, key: &str) -> Option<&str> {
        let found = self.query.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// The body, which must be there.
    pub(crate) fn read<T: Wire>(&self) -> Result<T, ApiError> {
        let body = self.body.as_ref().ok_or_else(|| ApiError::Body("the body is missing".into()))?;
        T::read(&Node::root(body))
    }

    /// The body if there is one.
    pub(crate) fn read_optional<T: Wire>(&self) -> Result<Option<T>, ApiError> {
        self.body.as_ref().map(|body| T::read(&Node::root(body))).transpose()
    }

    /// The ARM id of something in the account: `parts` alternates types and names.
    pub(crate) fn id(&self, parts: &[&str]) -> String {
        let account = &self.api.account;
        let mut id = format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Media/mediaservices/{}",
            account.subscription, account.resource_group, account.name
        );
        for part in parts {
            id.push('/');
            id.push_str(part);
        }
        id
    }

    /// An absolute URL of this service for an ARM id and the version the client speaks.
    pub(crate) fn link(&self, parts: &[&str]) -> String {
        let encoded: Vec<String> =
            parts.iter().map(|part| utf8_percent_encode(part, SEGMENT).to_string()).collect();
        let parts: Vec<&str> = encoded.iter().map(String::as_str).collect();
        format!("{}{}?api-version={}", self.base, self.id(&parts), self.version())
    }

    /// The `api-version` of the call.
    pub(crate) fn version(&self) -> &str {
        self.query("api-version").unwrap_or_default()
    }
}
