//! Titles: the presentation file of an asset and the track indexes that it names, kept in memory.
//!
//! Indexes are content-addressed and never change; only the presentation file does. So a request asks the store which
//! version of that file there is (a look into memory for local stores), and reads again only what is new.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use millrace_blob::{Account, BlobName, ContainerName, ETag, Error};
use millrace_manifest::{ContentKey, WallClock};
use millrace_package::{
    Pointer, PointerState, TrackIndex,
    pointer::{MAX_POINTER, PRESENTATION_BLOB},
    present::Publication,
};

use crate::{locate::Located, problem::Problem};

/// Largest index that is read: 24 h of audio in small pieces.
const MAX_INDEX: u64 = 64 << 20;
/// Most tracks that a presentation file may name.
const MAX_TRACKS: usize = millrace_manifest::MAX_TRACKS;
/// Most memory that the indexes of one title may take. Twenty imported tracks of 24 h stay below half of it; whoever may write
/// to a container must not be able to fill the server's memory with one presentation file.
const MAX_TITLE: usize = 256 << 20;
/// Bytes of a title beside its indexes.
const TITLE_WEIGHT: u32 = 4096;
/// Titles whose version is remembered.
const VERSIONS: u64 = 10_000;
/// How often a player of a growing title looks again.
const REFRESH_MS: u32 = 2000;

/// An asset's tracks at one version of its presentation file.
#[derive(Debug)]
pub(crate) struct Title {
    /// Different for every title and version in this process.
    pub(crate) serial: u64,
    pub(crate) pointer: Pointer,
    pub(crate) tracks: Vec<Arc<TrackIndex>>,
}

impl Title {
    /// The track of that key.
    pub(crate) fn track(&self, key: ContentKey) -> Option<&Arc<TrackIndex>> {
        self.tracks.iter().find(|track| track.key() == key)
    }

    /// Whether segments are still being added.
    pub(crate) fn is_growing(&self) -> bool {
        self.pointer.state == PointerState::Growing
    }

    /// What manifests say of its publication.
    ///
    /// A title is encoded faster or slower than it plays, so the media that exists has nothing to do with the time
    /// that has passed. DASH hides what lies after `now - availability_start`; a start one day before the first
    /// version hides nothing, as no title that grows is longer.
    pub(crate) fn publication(&self) -> Publication {
        const DAY_MS: i64 = 86_400_000;
        if !self.is_growing() {
            return Publication::Complete;
        }
        let published = self.pointer.published_ms.unwrap_or(0);
        let first = self.pointer.first_published_ms.unwrap_or(published);
        Publication::Growing {
            availability_start: WallClock(first.saturating_sub(DAY_MS)),
            published: WallClock(published),
            refresh_ms: std::num::NonZeroU32::new(REFRESH_MS).unwrap_or(std::num::NonZeroU32::MIN),
            expected_ms: self.pointer.source.as_ref().and_then(|source| source.duration_ms),
        }
    }

    fn weight(&self) -> u32 {
        self.tracks.iter().map(|track| index_weight(track)).fold(TITLE_WEIGHT, u32::saturating_add)
    }
}

fn index_weight(index: &TrackIndex) -> u32 {
    u32::try_from(index.memory()).unwrap_or(u32::MAX)
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    account: String,
    container: ContainerName,
}

/// All titles that are in memory, bounded by bytes.
pub(crate) struct Titles {
    versions: moka::future::Cache<Place, ETag>,
    titles: moka::future::Cache<(Place, ETag), Arc<Title>>,
    indexes: moka::future::Cache<(Place, String), Arc<TrackIndex>>,
    serial: AtomicU64,
}

impl Titles {
    /// `bytes` of memory; versions are trusted for `freshness`.
    pub(crate) fn new(bytes: u64, freshness: Duration) -> Self {
        let versions = moka::future::Cache::builder().max_capacity(VERSIONS).time_to_live(freshness).build();
        let title_weight = |_: &(Place, ETag), title: &Arc<Title>| title.weight();
        let index_weight = |_: &(Place, String), index: &Arc<TrackIndex>| index_weight(index);
        Self {
            versions,
            // A title in use holds its indexes, so each of the two has half.
            titles: moka::future::Cache::builder().weigher(title_weight).max_capacity(bytes / 2).build(),
            indexes: moka::future::Cache::builder().weigher(index_weight).max_capacity(bytes / 2).build(),
            serial: AtomicU64::new(0),
        }
    }

    /// The title of an asset as it is now.
    pub(crate) async fn title(&self, located: &Located) -> Result<Arc<Title>, Problem> {
        let place = Place { account: located.store.name().to_owned(), container: located.container.clone() };
        let store = &located.store;
        let version = self.versions.try_get_with(place.clone(), version(store, &place.container)).await;
        let version = version.map_err(|problem| (*problem).clone())?;
        let key = (place.clone(), version);
        self.titles.try_get_with(key, self.load(store, place)).await.map_err(|problem| (*problem).clone())
    }

    async fn load(&self, store: &Account, place: Place) -> Result<Arc<Title>, Problem> {
        let (_, bytes) = read_blob(store, &place.container, PRESENTATION_BLOB, MAX_POINTER as u64).await?;
        let pointer = Pointer::from_json(&bytes).map_err(|error| damaged(&error))?;
        let (mut tracks, mut memory) = (Vec::new(), 0_usize);
        for track in pointer.tracks.iter().take(MAX_TRACKS) {
            let index = self.index(store, &place, &track.index).await?;
            memory = memory.saturating_add(index.memory());
            if memory > MAX_TITLE {
                tracing::error!(container = %place.container, "the indexes of a title take too much memory");
                return Err(Problem::Storage);
            }
            tracks.push(index);
        }
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::new(Title { serial, pointer, tracks }))
    }

    async fn index(&self, store: &Account, place: &Place, blob: &str) -> Result<Arc<TrackIndex>, Problem> {
        let load = async {
            let (_, bytes) = read_blob(store, &place.container, blob, MAX_INDEX).await?;
            Ok::<_, Problem>(Arc::new(TrackIndex::decode(&bytes).map_err(|error| damaged(&error))?))
        };
        let key = (place.clone(), blob.to_owned());
        self.indexes.try_get_with(key, load).await.map_err(|problem| (*problem).clone())
    }
}

async fn version(store: &Account, container: &ContainerName) -> Result<ETag, Problem> {
    let name = blob_name(PRESENTATION_BLOB)?;
    match store.head(container, &name).await {
        Ok(head) => Ok(head.etag),
        Err(error) => Err(not_there(error)),
    }
}

async fn read_blob(
    store: &Account,
    container: &ContainerName,
    name: &str,
    limit: u64,
) -> Result<(ETag, bytes::Bytes), Problem> {
    let (head, bytes) = store.get(container, &blob_name(name)?, limit).await.map_err(not_there)?;
    Ok((head.etag, bytes))
}

fn blob_name(name: &str) -> Result<BlobName, Problem> {
    BlobName::new(name).map_err(|error| damaged(&error))
}

fn not_there(error: Error) -> Problem {
    match error {
        Error::BlobNotFound | Error::ContainerNotFound => Problem::NoPresentation,
        error => {
            tracing::error!(error = &error as &dyn std::error::Error, "a title cannot be read");
            Problem::Storage
        }
    }
}

fn damaged(error: &(dyn std::error::Error + 'static)) -> Problem {
    tracing::error!(error, "a title is damaged");
    Problem::Storage
}
