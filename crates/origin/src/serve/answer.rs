//! Responses with media in them: conditions, ranges, and how long others may keep them.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use jiff::Timestamp;

use super::Visit;
use crate::{
    http::{Wanted, none_match, range_holds, wanted},
    problem::Problem,
};

/// A year, the most that caches honour (RFC 9111 has no limit; nothing is kept longer anyway).
const FOR_EVER: u64 = 31_536_000;

/// How long others may keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// Its URL never means anything else.
    Immutable,
    /// Seconds after which to ask again.
    Seconds(u64),
}

impl Lifetime {
    /// The value of `Cache-Control`. Never beyond the end of the locator.
    pub(super) fn cache_control(self, visit: &Visit<'_>) -> HeaderValue {
        let left = |ends: Timestamp| u64::try_from(ends.as_second() - visit.now.as_second()).unwrap_or(0);
        let text = match (self, visit.located.ends.map(left)) {
            (Self::Immutable, None) => format!("public, max-age={FOR_EVER}, immutable"),
            (Self::Immutable, Some(left)) => format!("public, max-age={}", left.min(FOR_EVER)),
            (Self::Seconds(seconds), left) => {
                format!("public, max-age={}", seconds.min(left.unwrap_or(seconds)))
            }
        };
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("no-store"))
    }
}

/// What is known of a representation before its bytes are.
pub(super) struct Facts<'a> {
    pub(super) content_type: &'a str,
    /// With its quotes.
    pub(super) tag: &'a str,
    pub(super) lifetime: HeaderValue,
    pub(super) length: u64,
}

impl Facts<'_> {
    /// What of it to send; `None` if the client has it.
    pub(super) fn wanted(&self, headers: &HeaderMap) -> Result<Option<Wanted>, Problem> {
        if none_match(headers, &[self.tag]) {
            return Ok(None);
        }
        match wanted(headers, self.length) {
            Wanted::Part(_) | Wanted::Beyond if !range_holds(headers, self.tag) => Ok(Some(Wanted::All)),
            Wanted::Beyond => Err(Problem::Range { length: self.length }),
            wanted => Ok(Some(wanted)),
        }
    }

    /// The answer with these bytes, which are all or the part that was wanted.
    pub(super) fn respond(&self, wanted: &Wanted, body: Body) -> Response {
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        self.describe(headers);
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        insert(headers, header::CONTENT_TYPE, self.content_type);
        let length = match wanted {
            Wanted::Part(range) => {
                let last = range.end.saturating_sub(1);
                insert(
                    headers,
                    header::CONTENT_RANGE,
                    &format!("bytes {}-{last}/{}", range.start, self.length),
                );
                range.end - range.start
            }
            Wanted::All | Wanted::Beyond => self.length,
        };
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if matches!(wanted, Wanted::Part(_)) {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        response
    }

    /// The answer to a client that has it.
    pub(super) fn not_modified(&self) -> Response {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        self.describe(response.headers_mut());
        response
    }

    fn describe(&self, headers: &mut HeaderMap) {
        insert(headers, header::ETAG, self.tag);
        headers.insert(header::CACHE_CONTROL, self.lifetime.clone());
    }
}

/// Leaves out a value that no header can hold.
pub(super) fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
