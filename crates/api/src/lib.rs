//! The Azure Media Services v3 wire over the catalog, as an [`axum::Router`] without sockets.
//!
//! A request is authenticated, matched to a row of the route table, bounded, and read strictly into a wire type; the
//! handler calls one verb of the catalog and writes what it answers. Rules of the domain are the catalog's; here are the
//! rules of the wire: paths, versions, shapes, status codes, error documents, paging and long-running operations. The
//! route table and the wire types also give the OpenAPI document.
//!
//! ```text
//! /subscriptions/… /providers/Microsoft.Media/…     the API, with a bearer token
//! /{tenant}/oauth2/v2.0/token                       tokens
//! /{tenant}/v2.0/.well-known/openid-configuration   discovery
//! /openapi.json                                     the OpenAPI document
//! ```

mod auth;
mod http;
pub mod odata;
mod openapi;
mod resources;
mod router;
mod state;
mod wire;

pub use auth::{AuthConfig, BadKey, Secret, TokenKeys};
pub use http::{API_VERSIONS, ApiError, ClientScheme};
pub use openapi::openapi;
pub use router::router;
pub use state::{Config, State};
