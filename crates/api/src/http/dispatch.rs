//! The way of one request: bearer token, version, route, account, body, handler.
//!
//! The order is that of the original service, which never tells an unauthenticated caller what exists.

use super::origin::base_url;
use super::route::{Method, Miss, find};
use super::{API_VERSIONS, Answer, ApiError, Call, body, segments};
use crate::auth::{self, AuthConfig};
use crate::state::Api;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use http::{HeaderName, HeaderValue, Response, header, request::Parts};
use http_body_util::BodyExt;
use jiff::Timestamp;
use std::sync::Arc;
use uuid::Uuid;

/// Longest query string: a filter at its limit with every byte encoded, and a token.
const MAX_QUERY_BYTES: usize = 40 * 1024;

/// Answers any request below `/subscriptions` and `/providers`.
pub(crate) async fn dispatch(State(api): State<Arc<Api>>, request: Request) -> Response<Body> {
    let id = Uuid::now_v7();
    let client_id = request.headers().get("x-ms-client-request-id").cloned();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let answer = handle(api, request).await;
    let mut response = match answer {
        Ok(answer) => answer.response(),
        Err(error) => {
            tracing::debug!(%id, %method, path, code = error.code(), "call refused");
            error.response()
        }
    };
    stamp(&mut response, id, client_id);
    response
}

/// The headers of every answer.
fn stamp(response: &mut Response<Body>, id: Uuid, client_id: Option<HeaderValue>) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static("x-ms-request-id"), id.clone());
        headers.insert(HeaderName::from_static("x-ms-correlation-request-id"), id);
    }
    if let Some(client_id) = client_id {
        headers.insert(HeaderName::from_static("x-ms-client-request-id"), client_id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

async fn handle(api: Arc<Api>, request: Request) -> Result<Answer, ApiError> {
    let (parts, body) = request.into_parts();
    let now = api.now();
    auth::authenticate(&api.auth, &parts.headers, now)?;
    let query = query(&parts)?;
    let path = parts.uri.path().to_owned();
    let segments = segments(&path).ok_or_else(|| ApiError::NoRoute(shorten(&path)))?;
    require_version(&query)?;
    let (route, names) = find(Method::parse(&parts.method), &segments).map_err(|miss| match miss {
        Miss::Path => ApiError::NoRoute(shorten(&path)),
        Miss::Method(allowed) => ApiError::Method(allowed.join(", ")),
    })?;
    api.account.require(&names, &path)?;
    let body = if route.input.is_some() {
        body::json(&parts.headers, body).await?
    } else {
        discard(body).await;
        None
    };
    let base = base_url(&parts.uri, &parts.headers, &parts.extensions, &api.config.public_url);
    (route.handler)(Call { api, names, query, body, base, path, now }).await
}

/// Reads a body that an operation has no use for (clients send `{}` or nothing), so that the connection can go on.
async fn discard(body: Body) {
    let _ = http_body_util::Limited::new(body, body::MAX_BODY_BYTES).collect().await;
}

fn query(parts: &Parts) -> Result<Vec<(String, String)>, ApiError> {
    let text = parts.uri.query().unwrap_or("");
    if text.len() > MAX_QUERY_BYTES {
        return Err(ApiError::Invalid(format!("The query is longer than {MAX_QUERY_BYTES} bytes.")));
    }
    Ok(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
}

fn require_version(query: &[(String, String)]) -> Result<(), ApiError> {
    let given = query.iter().find(|(name, _)| name.eq_ignore_ascii_case("api-version"));
    match given.map(|(_, value)| value.as_str()) {
        None | Some("") => Err(ApiError::NoVersion),
        Some(version) if API_VERSIONS.iter().any(|known| known.eq_ignore_ascii_case(version)) => Ok(()),
        Some(version) => Err(ApiError::Version { given: shorten(version), known: API_VERSIONS }),
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(200).collect()
}

/// The routes that need no token.
pub(crate) mod public {
    use super::*;

    type Api_ = State<Arc<Api>>;

    fn document(value: serde_json::Value) -> Response<Body> {
        Answer::ok(value).response()
    }

    fn base(api: &Api, parts: &Parts) -> String {
        base_url(&parts.uri, &parts.headers, &parts.extensions, &api.config.public_url)
    }

    /// A tenant's document, or the identity library's "no such tenant".
    fn for_tenant(
        auth: &AuthConfig,
        tenant: &str,
        make: impl FnOnce() -> serde_json::Value,
    ) -> Response<Body> {
        let known = tenant.eq_ignore_ascii_case(&auth.tenant) || matches!(tenant, "common" | "organizations");
        if known {
            return document(make());
        }
        let mut response = document(serde_json::json!({
            "error": "invalid_tenant",
            "error_description": "AADSTS90002: Tenant not found. Check the tenant ID against credentials.json.",
            "error_codes": [90_002],
        }));
        *response.status_mut() = http::StatusCode::BAD_REQUEST;
        response
    }

    pub(crate) async fn token(
        State(api): Api_,
        Path(tenant): Path<String>,
        request: Request,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let now: Timestamp = api.now();
        auth::token(&api.auth, &tenant, &base(&api, &parts), &parts.headers, body, now).await
    }

    pub(crate) async fn openid(
        State(api): Api_,
        Path(tenant): Path<String>,
        request: Request,
    ) -> Response<Body> {
        let (parts, _) = request.into_parts();
        for_tenant(&api.auth, &tenant, || auth::openid_configuration(&api.auth, &base(&api, &parts)))
    }

    pub(crate) async fn keys(State(api): Api_, Path(tenant): Path<String>) -> Response<Body> {
        for_tenant(&api.auth, &tenant, || auth::jwks(&api.auth))
    }

    pub(crate) async fn instances(State(api): Api_, request: Request) -> Response<Body> {
        let (parts, _) = request.into_parts();
        let base = base(&api, &parts);
        let host = base.split_once("://").map_or("", |(_, host)| host).to_owned();
        document(auth::instances(&api.auth, &base, &host))
    }

    pub(crate) async fn openapi() -> Response<Body> {
        document(crate::openapi::openapi())
    }
}
