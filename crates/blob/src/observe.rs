//! Telling others that a blob was committed or deleted.

use async_trait::async_trait;

use crate::name::{BlobName, ContainerName};
use crate::properties::Head;

/// What happened to a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Content was written: `operation` is the Azure name (`PutBlob`, `PutBlockList`).
    Created {
        /// Which operation did it.
        operation: &'static str,
        /// The blob as it is now.
        head: Head,
    },
    /// The blob was removed; the facts it had.
    Deleted {
        /// The blob as it was.
        head: Head,
    },
}

/// A change and where it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobEvent {
    /// Storage account.
    pub account: String,
    /// Container.
    pub container: ContainerName,
    /// Blob.
    pub name: BlobName,
    /// What happened.
    pub change: Change,
}

/// Hears of every change after it is durable and before its writer is answered.
///
/// Never called for renewed metadata or properties, as Azure raises no event for those.
#[async_trait]
pub trait Observer: Send + Sync + 'static {
    /// Takes note of the change.
    async fn blob_changed(&self, event: BlobEvent);
}
