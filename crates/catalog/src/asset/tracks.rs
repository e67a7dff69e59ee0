//! The tracks of an asset, as its presentation has them.

use millrace_blob::BlobName;
use millrace_package::TrackIndex;

use super::Asset;
use crate::catalog::blob_error;
use crate::{Catalog, Error, Kind, Result};

/// Largest index that is read: two hours of two-second fragments take some 100 KB.
const MAX_INDEX: u64 = 32 << 20;

impl Catalog {
    /// The tracks that a streaming locator of the asset shows; none while it has no presentation.
    pub async fn asset_tracks(&self, asset: &str) -> Result<Vec<TrackIndex>> {
        let asset = self.asset(asset).await?;
        let Some(pointer) = self.presentation(&asset).await? else { return Ok(Vec::new()) };
        let mut tracks = Vec::new();
        for track in &pointer.tracks {
            tracks.push(self.track_index(&asset, &track.index).await?);
        }
        Ok(tracks)
    }

    /// One track of an asset by name.
    pub async fn asset_track(&self, asset: &str, name: &str) -> Result<TrackIndex> {
        let found = self.asset(asset).await?;
        let pointer = self.presentation(&found).await?;
        let tracks = pointer.map(|pointer| pointer.tracks).unwrap_or_default();
        match tracks.iter().find(|track| track.name.eq_ignore_ascii_case(name)) {
            Some(track) => self.track_index(&found, &track.index).await,
            None => Err(Error::not_found(Kind::Track, name)),
        }
    }

    async fn track_index(&self, asset: &Asset, blob: &str) -> Result<TrackIndex> {
        let unreadable = |why: String| Error::Unreadable { kind: Kind::Track, name: blob.to_owned(), why };
        let name = BlobName::new(blob).map_err(|error| unreadable(error.to_string()))?;
        let (_, bytes) =
            self.storage(asset)?.get(&asset.container, &name, MAX_INDEX).await.map_err(blob_error)?;
        TrackIndex::decode(&bytes).map_err(|error| unreadable(error.to_string()))
    }
}
