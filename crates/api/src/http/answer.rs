//! What a handler answers.

use axum::body::Body;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::Value;

/// Pause that pollers are asked for, in seconds. Operations are done before they are announced, so the shortest.
const RETRY_AFTER_S: &str = "0";

/// A status, perhaps a document, perhaps headers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) document: Option<Value>,
    headers: Vec<(HeaderName, String)>,
}

impl Answer {
    /// 200 with a document.
    pub(crate) fn ok(document: Value) -> Self {
        Self { status: StatusCode::OK, document: Some(document), headers: Vec::new() }
    }

    /// 201 with a document.
    pub(crate) fn created(document: Value) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(document) }
    }

    /// 200 or 201 with a document.
    pub(crate) fn put(created: bool, document: Value) -> Self {
        if created { Self::created(document) } else { Self::ok(document) }
    }

    /// 200 without a document.
    pub(crate) fn done() -> Self {
        Self { status: StatusCode::OK, document: None, headers: Vec::new() }
    }

    /// The answer to a DELETE: 200 if there was something, else 204.
    pub(crate) fn deleted(existed: bool) -> Self {
        let status = if existed { StatusCode::OK } else { StatusCode::NO_CONTENT };
        Self { status, ..Self::done() }
    }

    /// 202 of a long-running operation: where to ask for its status, and where for its result.
    pub(crate) fn accepted(document: Option<Value>, status_url: String, result_url: String) -> Self {
        let headers = vec![
            (HeaderName::from_static("azure-asyncoperation"), status_url),
            (header::LOCATION, result_url),
            (header::RETRY_AFTER, RETRY_AFTER_S.to_owned()),
        ];
        Self { status: StatusCode::ACCEPTED, document, headers }
    }

    /// As HTTP.
    pub(crate) fn response(self) -> Response<Body> {
        let body = self.document.map_or_else(Body::empty, |document| Body::from(document.to_string()));
        let json = !matches!(self.status, StatusCode::NO_CONTENT);
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if json {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}
