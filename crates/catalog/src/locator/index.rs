//! Indexing published assets: other people's MP4 files become a presentation without being encoded again.
//!
//! Heads and indexes are written first, under names that follow from their content; the pointer last, and only if there is none.
//! So a run that is cut short leaves nothing that shows, and one that is repeated writes the same again.

use bytes::Bytes;
use millrace_blob::{Account as Storage, BlobName, ByteRange, Item, List, Put};
use millrace_ledger::runner::{Context, Verdict};
use millrace_package::import::{
    Import, ImportedTrack, Importer, IsmTrack, MAX_FILES, MAX_ISM, SourceBlob, parse_ism,
};
use millrace_package::pointer::{
    PRESENTATION_BLOB, SourceFacts, SourceFile, TrackPointer, heads_blob, index_blob,
};
use millrace_package::{Pointer, PointerState};
use serde_json::Value;
use uuid::Uuid;

use crate::asset::Asset;
use crate::catalog::blob_error;
use crate::{Catalog, Error};

/// Ledger task that indexes an asset: key is the asset's id, body is `{"asset": id}`.
pub const INDEX_TASK: &str = "package.index";

/// Endings of files that can be streamed, in lower case.
const MEDIA: &[&str] = &[".mp4", ".m4v", ".m4a", ".mov", ".ismv", ".isma"];
/// Blobs of a container that are looked at: a title has few, and a container of thumbnails is no title.
const MAX_BLOBS: usize = 10_000;
/// Largest range read at once: the sample tables of a day of video at 60 frames per second, with room.
const MAX_READ: u64 = 512 << 20;

/// Why an asset has no presentation after all.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The store or the ledger failed: try again.
    #[error(transparent)]
    Failed(#[from] Error),
    /// The files are not what can be streamed; trying again will not help.
    #[error("{0}")]
    Unusable(String),
}

impl Catalog {
    /// Handles one [`INDEX_TASK`]; may be repeated.
    pub async fn run_index(&self, context: Context) -> Verdict {
        let id =
            context.task().body.get("asset").and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
        let Some(id) = id else { return Verdict::fail("the task names no asset".into()) };
        let asset = match self.asset_by_id(id).await {
            Ok(asset) => asset,
            Err(Error::NotFound { .. }) => return Verdict::done(Value::Null),
            Err(error) => return Verdict::retry(error),
        };
        match self.index_asset(&asset).await {
            Ok(tracks) => Verdict::done(serde_json::json!({"tracks": tracks})),
            Err(IndexError::Unusable(why)) => Verdict::fail(why.into()),
            Err(IndexError::Failed(error)) => Verdict::retry(error),
        }
    }

    /// Makes a presentation of the MP4 files in the asset's container, unless it has one; how many tracks were made. A single server
    /// manifest (`.ism`) chooses the tracks, else all files count. Without a media file nothing happens.
    pub async fn index_asset(&self, asset: &Asset) -> Result<usize, IndexError> {
        if self.presentation(asset).await?.is_some() {
            return Ok(0);
        }
        let storage = self.storage(asset)?;
        let found = find(storage, asset).await?;
        if found.media.is_empty() {
            return Ok(0);
        }
        let ism = match &found.ism {
            Some(name) => Some(read_ism(storage, asset, name).await?),
            None => None,
        };
        let import = import(storage, asset, found.media.clone(), ism).await?;
        for warning in &import.warnings {
            tracing::warn!(asset = %asset.name, %warning, "while indexing");
        }
        publish(self, storage, asset, &found, &import).await
    }
}

/// What a container holds of a title.
struct Found {
    media: Vec<SourceBlob>,
    /// The server manifest, if there is exactly one.
    ism: Option<BlobName>,
}

impl Found {
    /// The `{name}` of `{name}.ism`: the server manifest's, else the first file's.
    fn title(&self) -> String {
        let name = self.ism.as_ref().map(BlobName::as_str);
        let name = name.or(self.media.first().map(|file| file.name.as_str())).unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
    }
}

async fn find(storage: &Storage, asset: &Asset) -> Result<Found, IndexError> {
    let (mut media, mut isms, mut seen) = (Vec::new(), Vec::new(), 0);
    let mut list = List { hide_internal: true, ..List::default() };
    while seen < MAX_BLOBS {
        let page = match storage.list(&asset.container, &list).await {
            Err(millrace_blob::Error::ContainerNotFound) => break,
            other => other.map_err(blob_error)?,
        };
        seen += page.items.len();
        for item in page.items {
            let Item::Blob(name, head) = item else { continue };
            let lower = name.as_str().to_ascii_lowercase();
            if lower.ends_with(".ism") {
                isms.push(name);
            } else if MEDIA.iter().any(|ending| lower.ends_with(ending)) && media.len() <= MAX_FILES {
                media.push(SourceBlob {
                    name: name.to_string(),
                    size: head.length,
                    etag: head.etag.as_str().into(),
                });
            }
        }
        match page.next {
            Some(next) => list.after = next,
            None => break,
        }
    }
    let ism = if isms.len() == 1 { isms.pop() } else { None };
    Ok(Found { media, ism })
}

async fn read_ism(storage: &Storage, asset: &Asset, name: &BlobName) -> Result<Vec<IsmTrack>, IndexError> {
    let read = storage.get(&asset.container, name, MAX_ISM as u64).await;
    let (_, bytes) = read.map_err(blob_error)?;
    parse_ism(&bytes).map_err(|error| IndexError::Unusable(format!("{name}: {error}")))
}

async fn import(
    storage: &Storage,
    asset: &Asset,
    files: Vec<SourceBlob>,
    ism: Option<Vec<IsmTrack>>,
) -> Result<Import, IndexError> {
    let unusable = |error: &dyn std::fmt::Display| IndexError::Unusable(error.to_string());
    let mut importer = Importer::new(files, ism).map_err(|error| unusable(&error))?;
    while let Some(need) = importer.need() {
        let file = BlobName::new(need.file).map_err(|error| unusable(&error))?;
        let range = ByteRange::from(need.offset..need.offset.saturating_add(need.len));
        let read = storage.read(&asset.container, &file, range).await.map_err(blob_error)?;
        let bytes = read.bytes(MAX_READ).await.map_err(blob_error)?;
        importer.feed(bytes).map_err(|error| unusable(&error))?;
    }
    // Cutting a long title takes seconds of computing, which no other task should wait for.
    let finished = tokio::task::spawn_blocking(move || importer.finish()).await;
    match finished {
        Ok(import) => import.map_err(|error| unusable(&error)),
        Err(panic) => Err(unusable(&panic)),
    }
}

async fn publish(
    catalog: &Catalog,
    storage: &Storage,
    asset: &Asset,
    found: &Found,
    import: &Import,
) -> Result<usize, IndexError> {
    let mut pointer = Pointer::new(found.title());
    pointer.state = PointerState::Complete;
    let now_ms = catalog.now().as_millisecond();
    (pointer.first_published_ms, pointer.published_ms) = (Some(now_ms), Some(now_ms));
    let file = |file: &SourceBlob| SourceFile { name: file.name.clone(), etag: file.etag.clone() };
    pointer.source =
        Some(SourceFacts { files: found.media.iter().map(file).collect(), ..Default::default() });
    for track in &import.tracks {
        pointer.tracks.push(write_track(storage, asset, track).await?);
    }
    let put = Put::of_type("application/json").absent();
    match write(storage, asset, PRESENTATION_BLOB, pointer.to_json().into(), put).await {
        // Someone (an encoder) has made one meanwhile, and knows better.
        Err(millrace_blob::Error::BlobAlreadyExists | millrace_blob::Error::ConditionNotMet { .. }) => Ok(0),
        other => other.map(|()| import.tracks.len()).map_err(|error| blob_error(error).into()),
    }
}

async fn write_track(
    storage: &Storage,
    asset: &Asset,
    track: &ImportedTrack,
) -> Result<TrackPointer, IndexError> {
    let encoded = track.index.encode().map_err(|error| IndexError::Unusable(error.to_string()))?;
    let (key, index) = (track.index.key(), index_blob(&encoded));
    let kind = || Put::of_type("application/octet-stream");
    write(storage, asset, &heads_blob(key), track.heads.clone(), kind()).await.map_err(blob_error)?;
    write(storage, asset, &index, encoded, kind()).await.map_err(blob_error)?;
    let facts = track.index.facts();
    Ok(TrackPointer { index, key: key.to_string(), name: facts.name.to_string(), bitrate: facts.bitrate })
}

async fn write(
    storage: &Storage,
    asset: &Asset,
    name: &str,
    bytes: Bytes,
    put: Put,
) -> Result<(), millrace_blob::Error> {
    let name = BlobName::new(name).map_err(|error| millrace_blob::Error::Damaged(error.to_string()))?;
    storage.put(&asset.container, &name, bytes, put).await.map(drop)
}
