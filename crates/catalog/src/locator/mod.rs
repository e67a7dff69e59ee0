//! Streaming locators: what makes an asset public, for how long, and over which protocols.

mod cache;
mod create;
mod index;
mod paths;
mod resolve;
mod verbs;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Kind;
use crate::record::{Record, attach};

pub(crate) use cache::Cache;
pub use create::LocatorDraft;
pub use index::{INDEX_TASK, IndexError};
pub use paths::{Form, Paths, Protocol, StreamingPath};
pub use resolve::{Located, LocatorError};

/// Locators of one asset (AMS quota).
pub const MAX_LOCATORS: usize = 100;
/// Filters of a locator (AMS).
pub const MAX_LOCATOR_FILTERS: usize = 10;

/// A streaming locator; nothing of it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Locator {
    /// Unique in the account.
    #[serde(skip)]
    pub name: String,
    /// `streamingLocatorId`, the first part of its URLs; unique in the account.
    #[serde(skip)]
    pub id: Uuid,
    /// When it was made.
    #[serde(skip)]
    pub created: Timestamp,
    /// As `created`.
    #[serde(skip)]
    pub modified: Timestamp,
    /// Name of its asset.
    pub asset: String,
    /// Id of its asset.
    pub asset_id: Uuid,
    /// Name of its streaming policy.
    pub policy: String,
    /// `None`: at once.
    pub start: Option<Timestamp>,
    /// First moment at which it no longer serves; `None`: never.
    pub end: Option<Timestamp>,
    /// Free.
    pub alternative_media_id: Option<String>,
    /// Names of filters that apply to every manifest, at most [`MAX_LOCATOR_FILTERS`].
    pub filters: Vec<String>,
}

impl Record for Locator {
    const KIND: &'static str = "locator";
    const NAMED: Kind = Kind::StreamingLocator;
    const VERSION: u64 = 1;
    attach!();

    fn columns(&self) -> (String, String, Option<Timestamp>) {
        (self.asset_id.to_string(), String::new(), self.end)
    }
}
