//! The origin as one value: what it knows, and the router that answers for it.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, response::Response};
use http::{HeaderMap, Method, Request};
use jiff::Timestamp;

use crate::{
    http::{add_cors, preflight},
    locate::Locators,
    problem::Problem,
    serve::{self, Conversions, Manifests, Visit},
    title::Titles,
    url,
};

/// How much memory the origin uses, and how long it trusts what it knows.
#[derive(Clone, Debug)]
pub struct Config {
    /// Bytes of track indexes.
    pub titles_bytes: u64,
    /// Bytes of rendered manifests.
    pub manifests_bytes: u64,
    /// Bytes of media that was converted, such as MPEG-TS segments. Clear CMAF is not kept: the file system does.
    pub conversions_bytes: u64,
    /// How long a version of a presentation file is trusted before the store is asked again. A look at a local store
    /// costs microseconds, one at a remote store a request.
    pub freshness: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            titles_bytes: 64 << 20,
            manifests_bytes: 32 << 20,
            conversions_bytes: 64 << 20,
            freshness: Duration::from_millis(500),
        }
    }
}

/// Where the origin reads the time.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The streaming endpoint. Cheap to clone.
#[derive(Clone)]
pub struct Origin {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    locators: Arc<dyn Locators>,
    pub(crate) titles: Titles,
    pub(crate) manifests: Manifests,
    pub(crate) conversions: Conversions,
    pub(crate) now: Now,
}

impl Origin {
    /// An origin that serves what `locators` name.
    pub fn new(config: &Config, locators: Arc<dyn Locators>, now: Now) -> Self {
        let inner = Inner {
            locators,
            titles: Titles::new(config.titles_bytes, config.freshness),
            manifests: Manifests::new(config.manifests_bytes),
            conversions: Conversions::new(config.conversions_bytes),
            now,
        };
        Self { inner: Arc::new(inner) }
    }

    /// A router that answers every path, each as one below the root. A server with other things to offer asks
    /// [`owns`](Self::owns) first, or takes this as the fallback of its own router.
    pub fn router(&self) -> Router {
        Router::new().fallback(answer).with_state(self.clone())
    }

    /// Whether a path is one of the origin's: its first segment has the form of a locator's id.
    pub fn owns(path: &str) -> bool {
        let first = path.strip_prefix('/').unwrap_or(path).split('/').next().unwrap_or_default();
        first.len() == 36 && uuid::Uuid::try_parse(first).is_ok()
    }
}

async fn answer(State(origin): State<Origin>, request: Request<axum::body::Body>) -> Response {
    let (parts, _) = request.into_parts();
    let mut response = match parts.method {
        Method::OPTIONS => preflight(&parts.headers),
        Method::GET | Method::HEAD => {
            let answer = respond(&origin.inner, parts.uri.path(), &parts.headers).await;
            // The router leaves out the body of an answer to HEAD and keeps its length.
            answer.unwrap_or_else(axum::response::IntoResponse::into_response)
        }
        _ => axum::response::IntoResponse::into_response(Problem::Method),
    };
    add_cors(response.headers_mut());
    response
}

async fn respond(origin: &Inner, path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let request = url::parse(path)?;
    let now = (origin.now)();
    let located = origin.locators.locate(request.locator, now).await?;
    serve::target(origin, &Visit { located, now, headers }, request.target).await
}
