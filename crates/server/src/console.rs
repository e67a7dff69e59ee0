//! The web console, embedded: static files and nothing else. It talks to the same API as everyone.

use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Serialize;

use crate::credentials::Credentials;

/// Built by `make console`; absent files mean a server without a console, which then says so.
#[derive(RustEmbed)]
#[folder = "../../console/dist"]
#[allow_missing = true]
struct Files;

/// Which account this server has: what a page needs to form API paths, and no secret, for it is told before sign-in.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Whereabouts {
    version: &'static str,
    tenant_id: String,
    subscription_id: String,
    resource_group: String,
    account_name: String,
}

impl From<&Credentials> for Whereabouts {
    fn from(credentials: &Credentials) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            tenant_id: credentials.tenant_id.clone(),
            subscription_id: credentials.subscription_id.clone(),
            resource_group: credentials.resource_group.clone(),
            account_name: credentials.account_name.clone(),
        }
    }
}

/// Serves the console below `/console/`, and sends `/` there.
pub fn router(whereabouts: Whereabouts) -> Router {
    let config = get(|| async move { ([(header::CACHE_CONTROL, "no-store")], Json(whereabouts)) });
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/console/") }))
        .route("/console", get(|| async { Redirect::permanent("/console/") }))
        .route("/console/config.json", config)
        .route("/console/", get(file))
        .route("/console/{*path}", get(file))
}

async fn file(request: Request) -> Response {
    let path = request.uri().path().trim_start_matches("/console/");
    let path = if path.is_empty() { "index.html" } else { path };
    let Some(file) = Files::get(path) else {
        let hint = if path == "index.html" {
            "this binary was built without the console; run `make console` first"
        } else {
            "no such page"
        };
        return (StatusCode::NOT_FOUND, hint).into_response();
    };
    let etag = format!("\"{}\"", crate::secrets::fingerprint(&file.metadata.sha256_hash()));
    if request.headers().get(header::IF_NONE_MATCH).is_some_and(|seen| seen.as_bytes() == etag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    let body = if request.method() == Method::HEAD { Vec::new() } else { file.data.to_vec() };
    ([(header::CONTENT_TYPE, content_type(&file)), (header::ETAG, etag)], SECURITY, body).into_response()
}

/// Players make blob: URLs for media and workers; everything else comes from this server or its blob endpoint.
const SECURITY: [(header::HeaderName, &str); 4] = [
    (header::CACHE_CONTROL, "no-cache"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'self'; connect-src *; media-src * blob:; img-src * data: blob:; worker-src 'self' blob:; \
         style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
    ),
];

fn content_type(file: &EmbeddedFile) -> String {
    match file.metadata.mimetype() {
        text if text.starts_with("text/") => format!("{text}; charset=utf-8"),
        other => other.to_owned(),
    }
}
