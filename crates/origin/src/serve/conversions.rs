//! Media that has to be made out of what is stored: made once for all who ask at the same time, and kept for a while.

use std::sync::Arc;

use futures_util::TryStreamExt;
use millrace_blob::{Account, BlobName, ContainerName, Error};
use millrace_package::plan::{Body, Piece, Request, Rope};
use tokio::sync::Semaphore;

use crate::{problem::Problem, url::Media};

/// Most conversions at a time. Each holds up to twice a segment in memory, and more than the cores can do gains nothing.
const AT_ONCE: usize = 8;
/// Conversions of less than this are done where they are: moving to another thread costs more.
const SMALL: u64 = 64 << 10;

/// What was converted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) account: String,
    pub(super) container: ContainerName,
    pub(super) what: What,
}

/// Content keys are unique, so a container is in [`Key`] only to keep what one container's blobs gave from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum What {
    Media(Media),
    /// Key of the track, and start in 100 ns.
    Chunk(millrace_manifest::ContentKey, u64),
}

/// The cache, bounded by bytes.
pub(crate) struct Conversions {
    made: moka::future::Cache<Key, Arc<Body>>,
    permits: Semaphore,
}

impl Conversions {
    /// `bytes` of memory.
    pub(crate) fn new(bytes: u64) -> Self {
        let weight = |_: &Key, body: &Arc<Body>| {
            let held = body.pieces().iter().map(|piece| match piece {
                Piece::Bytes(bytes) => bytes.len(),
                Piece::Stored(extent) => extent.object.len() + 64,
            });
            u32::try_from(held.sum::<usize>() + 256).unwrap_or(u32::MAX)
        };
        Self {
            made: moka::future::Cache::builder().weigher(weight).max_capacity(bytes).build(),
            permits: Semaphore::new(AT_ONCE),
        }
    }

    /// The body that `request` makes.
    pub(super) async fn body(
        &self,
        key: Key,
        store: &Account,
        request: Request,
    ) -> Result<Arc<Body>, Problem> {
        let container = key.container.clone();
        let make = async {
            // Never closed, so a permit always comes.
            let _permit = self.permits.acquire().await;
            let bytes = read(store, &container, &request).await?;
            convert(request, bytes).await.map(Arc::new)
        };
        self.made.try_get_with(key, make).await.map_err(|problem| (*problem).clone())
    }
}

/// In the store's own buffers, which are used again: fresh memory for every segment costs more than reading it.
async fn read(store: &Account, container: &ContainerName, request: &Request) -> Result<Rope, Problem> {
    let mut all = Rope::default();
    for extent in request.reads() {
        let name = BlobName::new(&*extent.object).map_err(|_| Problem::Storage)?;
        let range = extent.offset..extent.offset.saturating_add(extent.len);
        let read = store.read(container, &name, range.clone()).await.map_err(missing)?;
        if read.range() != range {
            return Err(missing(Error::InvalidRange { length: read.head().length }));
        }
        let mut chunks = std::pin::pin!(read.into_stream());
        while let Some(bytes) = chunks.try_next().await.map_err(missing)? {
            all.push(bytes);
        }
    }
    Ok(all)
}

/// Blobs that an index names and that are not there: someone deleted them from the container.
pub(super) fn missing(error: Error) -> Problem {
    match error {
        Error::BlobNotFound | Error::ContainerNotFound | Error::InvalidRange { .. } => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "media that an index names is not there"
            );
            Problem::NoFile
        }
        error => {
            tracing::error!(error = &error as &dyn std::error::Error, "media cannot be read");
            Problem::Storage
        }
    }
}

async fn convert(request: Request, bytes: Rope) -> Result<Body, Problem> {
    let made = if request.len() < SMALL {
        request.finish(bytes)
    } else {
        match tokio::task::spawn_blocking(move || request.finish(bytes)).await {
            Ok(made) => made,
            Err(error) => {
                tracing::error!(%error, "a conversion ended unexpectedly");
                return Err(Problem::Storage);
            }
        }
    };
    made.map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "stored media cannot be converted");
        Problem::Storage
    })
}
