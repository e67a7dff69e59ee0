//! The Azure Blob REST interface over the accounts, at an origin of its own: `{origin}/{container}/{blob}`.
//!
//! A request goes through four steps: `request` parses the address, `auth` finds account and rights, the operation's own
//! module acts, `respond` adds what every answer carries. What is not implemented is refused by name, never half done.

mod auth;
mod blob_read;
mod blob_write;
mod blocks;
mod body;
mod container;
mod crc64;
mod failure;
mod headers;
mod request;
mod respond;
mod service;
mod shared_key;
mod xml;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use http::Method;

pub use request::MAX_PATH;

use crate::open::{Blobs, Clock};
use auth::Access;
use body::Incoming;
use failure::Failure;
use request::{Call, Target};

/// Decides on `Authorization: Bearer` tokens; those it accepts may do everything.
#[async_trait]
pub trait Bearer: Send + Sync + 'static {
    /// Whether the token is good now.
    async fn accepts(&self, token: &str) -> bool;
}

/// What the endpoint serves.
#[derive(Clone)]
pub struct Endpoint {
    blobs: Blobs,
    clock: Clock,
    bearer: Option<Arc<dyn Bearer>>,
}

impl Endpoint {
    /// Serves these accounts; bearer tokens are refused until [`Endpoint::with_bearer`].
    pub fn new(blobs: Blobs, clock: Clock) -> Self {
        Self { blobs, clock, bearer: None }
    }

    /// Accepts the tokens that `bearer` accepts.
    pub fn with_bearer(mut self, bearer: Arc<dyn Bearer>) -> Self {
        self.bearer = Some(bearer);
        self
    }
}

/// The endpoint as a router for a listener of its own.
///
/// Whoever accepts connections puts a [`crate::sas::Transport`] into each request's extensions; without it a request
/// counts as plain http from nowhere, which fails every `spr=https` and `sip`.
pub fn router(endpoint: Arc<Endpoint>) -> Router {
    Router::new().fallback(serve).with_state(endpoint)
}

async fn serve(State(endpoint): State<Arc<Endpoint>>, request: axum::extract::Request) -> Response {
    let (parts, body) = request.into_parts();
    let stamp = respond::Stamp::of(&parts, endpoint.clock.now());
    if parts.method == Method::OPTIONS {
        return stamp.finish(respond::preflight(&parts.headers));
    }
    let mut body = Incoming::new(body);
    let outcome = answer(&endpoint, &parts, &mut body).await;
    let response = match outcome {
        Ok(response) => response,
        Err(failure) => {
            // A client in mid-upload reads the answer only after it has sent its body.
            body.drain().await;
            failure.respond(&parts.method, stamp.request_id())
        }
    };
    stamp.finish(response)
}

async fn answer(
    endpoint: &Endpoint,
    parts: &http::request::Parts,
    body: &mut Incoming,
) -> Result<Response, Failure> {
    let call = Call::parse(parts)?;
    let access = auth::authenticate(endpoint, &call).await?;
    call.refuse_unsupported()?;
    match call.target.clone() {
        Target::Service => service::serve(endpoint, &access, &call).await,
        Target::Container(name) => container::serve(&access, &call, &name).await,
        Target::Blob(container, name) => blob(&access, &call, body, &request::At { container, name }).await,
    }
}

async fn blob(
    access: &Access,
    call: &Call<'_>,
    body: &mut Incoming,
    at: &request::At,
) -> Result<Response, Failure> {
    match (call.method, call.comp()) {
        (&Method::GET | &Method::HEAD, "") => blob_read::get(access, call, at).await,
        (&Method::GET | &Method::HEAD, "metadata") => blob_read::metadata(access, call, at).await,
        (&Method::GET, "blocklist") => blocks::get_list(access, call, at).await,
        (&Method::PUT, "") => blob_write::put(access, call, body, at).await,
        (&Method::PUT, "block") => blocks::put(access, call, body, at).await,
        (&Method::PUT, "blocklist") => blocks::put_list(access, call, body, at).await,
        (&Method::PUT, "metadata") => blob_write::set_metadata(access, call, at).await,
        (&Method::PUT, "properties") => blob_write::set_properties(access, call, at).await,
        (&Method::DELETE, "") => blob_write::delete(access, call, at).await,
        (_, comp) => Err(Failure::not_implemented(&format!("{} of a blob with comp={comp}", call.method))),
    }
}
