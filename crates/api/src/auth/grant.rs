//! `POST /{tenant}/oauth2/v2.0/token`: the client credentials grant (RFC 6749 §4.4), as the official identity
//! libraries ask for it.

use super::AuthConfig;
use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// Largest form: a secret, a scope and the telemetry that the libraries add stay far below it.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// Longest id of a client that is repeated.
const MAX_ID_BYTES: usize = 64;

/// How long a token is valid, in seconds: the lifetime that the libraries are used to.
const LIFETIME_S: i64 = 3600;

/// The audience of a token whose scope names none.
const DEFAULT_AUDIENCE: &str = "https://management.azure.com/";

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    aud: String,
    iss: String,
    iat: i64,
    pub(super) nbf: i64,
    pub(super) exp: i64,
    pub(super) appid: String,
    sub: String,
    pub(super) tid: String,
    ver: String,
}

impl Claims {
    /// Claims valid from `now`, in seconds, for [`LIFETIME_S`].
    pub(super) fn new(tenant: &str, client: &str, audience: &str, issuer: &str, now: i64) -> Self {
        Self {
            aud: audience.into(),
            iss: issuer.into(),
            iat: now,
            nbf: now,
            exp: now + LIFETIME_S,
            appid: client.into(),
            sub: client.into(),
            tid: tenant.into(),
            ver: "2.0".into(),
        }
    }
}

/// Why no token is issued: the `error` of RFC 6749 §5.2 and the number that the libraries know.
enum Refusal {
    BadForm,
    UnknownTenant,
    UnsupportedGrant,
    WrongClient,
    Failed,
}

impl Refusal {
    fn parts(&self) -> (StatusCode, &'static str, u32, &'static str) {
        match self {
            Self::BadForm => (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                900_144,
                "The request body must be a form with grant_type, client_id and client_secret.",
            ),
            Self::UnknownTenant => (
                StatusCode::BAD_REQUEST,
                "invalid_request",
                90_002,
                "Tenant not found. Check the tenant ID against credentials.json.",
            ),
            Self::UnsupportedGrant => (
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                70_003,
                "The app requested an unsupported grant type; only client_credentials is supported.",
            ),
            Self::WrongClient => (
                StatusCode::UNAUTHORIZED,
                "invalid_client",
                7_000_215,
                "Invalid client id or client secret provided.",
            ),
            Self::Failed => {
                (StatusCode::INTERNAL_SERVER_ERROR, "server_error", 90_033, "The token could not be signed.")
            }
        }
    }
}

/// Answers a token request for `tenant`, received at `base`.
pub(crate) async fn token(
    auth: &AuthConfig,
    tenant: &str,
    base: &str,
    headers: &HeaderMap,
    body: Body,
    now: Timestamp,
) -> Response<Body> {
    match issue(auth, tenant, base, headers, body, now).await {
        Ok(answer) => respond(StatusCode::OK, &answer),
        Err(refusal) => {
            let (status, error, number, sentence) = refusal.parts();
            let id = Uuid::now_v7().to_string();
            tracing::info!(number, id, "token refused");
            let document = json!({
                "error": error,
                "error_description": format!("AADSTS{number}: {sentence}"),
                "error_codes": [number],
                "timestamp": now.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
                "trace_id": id,
                "correlation_id": correlation(headers).unwrap_or(&id),
            });
            respond(status, &document)
        }
    }
}

/// The id that the libraries send to find a request in both logs.
fn correlation(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get("client-request-id")?.to_str().ok()?;
    (id.len() <= MAX_ID_BYTES).then_some(id)
}

async fn issue(
    auth: &AuthConfig,
    tenant: &str,
    base: &str,
    headers: &HeaderMap,
    body: Body,
    now: Timestamp,
) -> Result<Value, Refusal> {
    if !tenant.eq_ignore_ascii_case(&auth.tenant) {
        return Err(Refusal::UnknownTenant);
    }
    let bytes = Limited::new(body, MAX_FORM_BYTES).collect().await.map_err(|_| Refusal::BadForm)?.to_bytes();
    let form: HashMap<String, String> = url::form_urlencoded::parse(&bytes).into_owned().collect();
    let (id, secret) = credentials(&form, headers).ok_or(Refusal::BadForm)?;
    match form.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {}
        Some(_) => return Err(Refusal::UnsupportedGrant),
        None => return Err(Refusal::BadForm),
    }
    if !auth.client_secret.matches(&secret) || !id.eq_ignore_ascii_case(&auth.client_id) {
        return Err(Refusal::WrongClient);
    }
    let issuer = format!("{base}/{}/v2.0", auth.tenant);
    let claims = Claims::new(&auth.tenant, &auth.client_id, &audience(&form), &issuer, now.as_second());
    let token = auth.keys.sign(&claims).map_err(|_| Refusal::Failed)?;
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": LIFETIME_S,
        "ext_expires_in": LIFETIME_S,
        "access_token": token,
    }))
}

/// Client id and secret from the form, or from an `Authorization: Basic` header (RFC 6749 §2.3.1).
fn credentials(form: &HashMap<String, String>, headers: &HeaderMap) -> Option<(String, String)> {
    if let (Some(id), Some(secret)) = (form.get("client_id"), form.get("client_secret")) {
        return Some((id.clone(), secret.clone()));
    }
    let basic = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(basic.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    let plain =
        |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().map(|t| t.into_owned()).ok();
    Some((plain(id)?, plain(secret)?))
}

/// `scope=https://host/.default` (v2.0) or `resource=https://host/` (v1).
fn audience(form: &HashMap<String, String>) -> String {
    let scope =
        form.get("scope").and_then(|scope| scope.split_whitespace().find(|part| part.ends_with("/.default")));
    let named =
        scope.map(|scope| scope.trim_end_matches(".default")).or(form.get("resource").map(String::as_str));
    named.unwrap_or(DEFAULT_AUDIENCE).chars().take(256).collect()
}

fn respond(status: StatusCode, document: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(document.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    // RFC 6749 §5.1.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
