//! Assets: named pieces of media, one blob container each.
//!
//! A container belongs to at most one asset. That claim is a ledger resource of its own, which outlives the asset until the
//! container's bytes are gone, so that a new asset never finds the remains of an old one.

mod delete;
mod tracks;
mod verbs;

use jiff::Timestamp;
use millrace_blob::ContainerName;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::record::{Facts, Record, attach};
use crate::{Kind, Result, name};

pub use delete::ERASE_TASK;
pub use verbs::MAX_ASSETS;

/// Longest `alternateId`, in characters: it is a key of the list.
const MAX_ALTERNATE_ID: usize = 260;

/// A stored asset.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asset {
    /// Unique in the account.
    #[serde(skip)]
    pub name: String,
    /// `assetId`.
    #[serde(skip)]
    pub id: Uuid,
    /// When it was made.
    #[serde(skip)]
    pub created: Timestamp,
    /// When it last changed (not when its blobs did).
    #[serde(skip)]
    pub modified: Timestamp,
    /// The client's own key.
    pub alternate_id: Option<String>,
    /// Free text.
    pub description: Option<String>,
    /// Its container; fixed.
    pub container: ContainerName,
    /// The storage account that the container is in; fixed.
    pub storage_account: String,
}

impl Record for Asset {
    const KIND: &'static str = "asset";
    const NAMED: Kind = Kind::Asset;
    const VERSION: u64 = 1;
    attach!();

    fn columns(&self) -> (String, String, Option<Timestamp>) {
        (self.alternate_id.clone().unwrap_or_default(), String::new(), None)
    }
}

/// That a container belongs to an asset, or is being erased. Scope: the storage account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Claim {
    /// The asset's id.
    pub(crate) asset: Uuid,
    /// The asset is deleted and the bytes are about to be.
    pub(crate) erasing: bool,
}

impl Record for Claim {
    const KIND: &'static str = "container";
    const NAMED: Kind = Kind::Container;
    const VERSION: u64 = 1;
    fn attach(&mut self, _: Facts) {}
}

/// What a client says of an asset. On one that exists, `None` leaves what is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssetDraft {
    /// The client's own key; empty removes it.
    pub alternate_id: Option<String>,
    /// Free text; empty removes it.
    pub description: Option<String>,
    /// Default `asset-<guid>`. One that exists is taken as it is, with its blobs, unless another asset has it.
    pub container: Option<String>,
    /// Default the primary one.
    pub storage_account: Option<String>,
}

impl AssetDraft {
    pub(crate) fn check(&self) -> Result<()> {
        name::check_text("description", self.description.as_deref())?;
        if let Some(container) = &self.container {
            name::check_container("container", container)?;
        }
        match &self.alternate_id {
            Some(id) if id.chars().count() > MAX_ALTERNATE_ID || id.chars().any(char::is_control) => {
                let why = format!(
                    "an alternate id has at most {MAX_ALTERNATE_ID} characters, none of them control characters"
                );
                Err(crate::Error::invalid("alternateId", why))
            }
            _ => Ok(()),
        }
    }
}
