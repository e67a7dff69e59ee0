//! The router.

use crate::http::{dispatch, public};
use crate::state::{Api, State};
use axum::Router;
use axum::routing::{any, get, post};
use std::sync::Arc;

/// Spellings of the paths' first words. Everything behind them is matched without regard to case by the route table;
/// the router that this one is merged into matches exactly.
const ROOTS: &[&str] =
    &["subscriptions", "Subscriptions", "SUBSCRIPTIONS", "providers", "Providers", "PROVIDERS"];

/// The API as a router, to be merged with others.
///
/// Whoever accepts connections may put a [`crate::ClientScheme`] into each request's extensions.
pub fn router(state: State) -> Router {
    let api = Arc::new(Api::from(state));
    let mut router = Router::new();
    for root in ROOTS {
        router = router
            .route(&format!("/{root}"), any(dispatch))
            .route(&format!("/{root}/{{*rest}}"), any(dispatch));
    }
    router
        .route("/{tenant}/oauth2/v2.0/token", post(public::token))
        .route("/{tenant}/oauth2/token", post(public::token))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(public::openid))
        .route("/{tenant}/.well-known/openid-configuration", get(public::openid))
        .route("/{tenant}/discovery/v2.0/keys", get(public::keys))
        .route("/{tenant}/discovery/keys", get(public::keys))
        .route("/common/discovery/instance", get(public::instances))
        .route("/openapi.json", get(public::openapi))
        .with_state(api)
}
