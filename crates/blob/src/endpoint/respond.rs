//! What every answer carries, and the answers browsers ask for before they ask.

use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use uuid::Uuid;

use super::headers::{date, set};
use crate::sas::SERVICE_VERSION;

/// Longest client request id that is echoed, as in Azure.
const MAX_CLIENT_ID: usize = 1024;
/// Seconds that a browser may remember a preflight.
const PREFLIGHT_AGE: &str = "86400";

/// The identity of one request, for its answer.
pub(super) struct Stamp {
    request_id: String,
    client_id: Option<HeaderValue>,
    version: Option<HeaderValue>,
    now: Timestamp,
}

impl Stamp {
    pub(super) fn of(parts: &Parts, now: Timestamp) -> Self {
        let echo = |name| parts.headers.get(name).filter(|value| value.len() <= MAX_CLIENT_ID).cloned();
        Self {
            request_id: Uuid::new_v4().to_string(),
            client_id: echo("x-ms-client-request-id"),
            version: echo("x-ms-version"),
            now,
        }
    }

    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }

    pub(super) fn finish(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        set(headers, "x-ms-request-id", &self.request_id);
        set(headers, "date", &date(self.now));
        set(headers, "server", "Millrace-Blob");
        let version = self.version.unwrap_or_else(|| HeaderValue::from_static(SERVICE_VERSION));
        headers.insert("x-ms-version", version);
        if let Some(id) = self.client_id {
            headers.insert("x-ms-client-request-id", id);
        }
        // Rights come with each request (a signature, a header), never with cookies, so any page may ask.
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
        response
    }
}

/// The answer to a CORS preflight: everything is allowed that a signed request may do.
pub(super) fn preflight(request: &HeaderMap) -> Response {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    let methods = HeaderValue::from_static("GET, HEAD, PUT, DELETE, OPTIONS");
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    let wanted = request.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.unwrap_or_else(|| HeaderValue::from_static("*")));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_AGE));
    headers.insert(VARY, HeaderValue::from_static("Access-Control-Request-Headers"));
    response
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// An XML answer.
pub(super) fn xml(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    set(response.headers_mut(), "content-type", "application/xml");
    response
}
