//! What the origin asks of the catalog, for every single request.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use millrace_blob::{Account, ContainerName};
use millrace_catalog::{
    Catalog,
    locator::{Located as Resolved, LocatorError},
};
use millrace_package::filter::Filter;
use uuid::Uuid;

use crate::problem::Problem;

/// Where the origin learns what it may serve.
///
/// It keeps no answer: whoever answers keeps what is worth keeping, and knows when it stops being true. So nothing is
/// served after a deletion was confirmed to anyone.
pub trait Locators: Send + Sync + 'static {
    /// What may be served at `now` under a locator's id.
    fn locate(&self, id: Uuid, now: Timestamp) -> BoxFuture<'_, Result<Located, LocateError>>;
}

/// A locator that is open.
#[derive(Clone)]
pub struct Located {
    /// The storage account with the asset's container.
    pub store: Account,
    /// The asset's container.
    pub container: ContainerName,
    /// First instant at which it is not open any more.
    pub ends: Option<Timestamp>,
    /// What its streaming policy enables.
    pub protocols: Protocols,
    /// Seconds that others may keep manifests of complete titles, if that was set.
    pub manifest_seconds: Option<u64>,
    /// The filters that there are.
    pub filters: Arc<dyn Filters>,
}

/// Filters by name.
pub trait Filters: Send + Sync {
    /// The locator's own filters and then those named, or the name that there is none for.
    fn select(&self, named: &[String]) -> Result<Vec<Filter>, String>;
}

/// Which protocols a streaming policy enables for clear content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocols {
    /// HTTP Live Streaming.
    pub hls: bool,
    /// MPEG-DASH.
    pub dash: bool,
    /// Smooth Streaming.
    pub smooth: bool,
    /// Files as they are.
    pub download: bool,
}

/// Why nothing is served under an id.
#[derive(Debug, thiserror::Error)]
pub enum LocateError {
    /// No locator has it, or its asset is gone.
    #[error("there is no such locator")]
    NotFound,
    /// It is not open yet, or not any more.
    #[error("the locator is not open at this time")]
    Closed,
    /// The streaming endpoint is stopped.
    #[error("the streaming endpoint is stopped")]
    Stopped,
    /// It could not be looked up.
    #[error("the locator could not be looked up")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<LocateError> for Problem {
    fn from(error: LocateError) -> Self {
        match error {
            LocateError::NotFound => Self::NoLocator,
            LocateError::Closed => Self::OutsideWindow,
            LocateError::Stopped => Self::Stopped,
            LocateError::Failed(_) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the catalog does not answer the origin"
                );
                Self::Storage
            }
        }
    }
}

impl Locators for Catalog {
    fn locate(&self, id: Uuid, now: Timestamp) -> BoxFuture<'_, Result<Located, LocateError>> {
        Box::pin(async move {
            let resolved = self.resolve_locator(id, now).await?;
            let account = self.blobs().account(&resolved.asset.storage_account);
            let gone = || LocateError::Failed("the asset's storage account is not configured".into());
            let protocols = resolved.protocols;
            Ok(Located {
                store: account.cloned().ok_or_else(gone)?,
                container: resolved.asset.container.clone(),
                ends: resolved.locator.end,
                protocols: Protocols {
                    hls: protocols.hls,
                    dash: protocols.dash,
                    smooth: protocols.smooth,
                    download: protocols.download,
                },
                manifest_seconds: resolved.max_cache_age_s,
                filters: resolved,
            })
        })
    }
}

impl Filters for Resolved {
    fn select(&self, named: &[String]) -> Result<Vec<Filter>, String> {
        let named: Vec<_> = named.iter().map(String::as_str).collect();
        self.filters(&named).map_err(str::to_owned)
    }
}

impl From<LocatorError> for LocateError {
    fn from(error: LocatorError) -> Self {
        match error {
            LocatorError::NotFound => Self::NotFound,
            LocatorError::NotYet { .. } | LocatorError::Expired { .. } => Self::Closed,
            LocatorError::Stopped => Self::Stopped,
            LocatorError::Failed(error) => Self::Failed(Box::new(error)),
        }
    }
}
