//! The pointer file of an asset: which index blobs are its tracks at this moment.
//!
//! Index blobs are immutable and named after their content; this small file is the only thing that is ever replaced,
//! so replacing it is what publishes a longer title, atomically for all tracks.

use millrace_manifest::ContentKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::TrackState;

/// Name of the pointer file in the container of an asset.
pub const PRESENTATION_BLOB: &str = "_millrace/presentation.json";
/// Where everything lies that is ours and not the user's.
pub const PRIVATE_PREFIX: &str = "_millrace/";
/// Largest pointer file that is read: 128 tracks of 1 KiB, and room.
pub const MAX_POINTER: usize = 1 << 20;
/// The version that is written.
pub const POINTER_VERSION: u32 = 1;

/// Name of the blob for an encoded index.
pub fn index_blob(encoded: &[u8]) -> String {
    format!("{PRIVATE_PREFIX}index/{}.idx", hex(&Sha256::digest(encoded)))
}

/// Name of the blob for the heads that an import made for one track.
pub fn heads_blob(key: ContentKey) -> String {
    format!("{PRIVATE_PREFIX}heads/{key}.bin")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The pointer file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pointer {
    /// [`POINTER_VERSION`].
    version: u32,
    /// Whether tracks still grow.
    pub state: PointerState,
    /// The name in `{name}.ism`.
    pub name: String,
    /// What a viewer may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Tracks in the order of preference of each kind.
    pub tracks: Vec<TrackPointer>,
    /// Milliseconds since 1970 when the first version was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_published_ms: Option<i64>,
    /// Milliseconds since 1970 when this version was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_ms: Option<i64>,
    /// What the tracks were made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceFacts>,
    /// Blob names of thumbnails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thumbnails: Vec<String>,
}

/// Whether a title still grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PointerState {
    /// There is more to come.
    Growing,
    /// Nothing will change.
    Complete,
}

/// One track of the pointer file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrackPointer {
    /// Blob name of the index.
    pub index: String,
    /// [`ContentKey`] as text, so that a segment's URL finds its track without reading every index.
    pub key: String,
    /// Name of the track.
    pub name: String,
    /// Nominal bits per second.
    pub bitrate: u32,
}

/// What the tracks were made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceFacts {
    /// Files of the asset that were imported, or of the input that was encoded, with their ETags: if one changes, the
    /// import has to be made again.
    pub files: Vec<SourceFile>,
    /// Milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

/// A file and the version of it that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Blob name.
    pub name: String,
    /// Its ETag when it was read.
    pub etag: String,
}

/// Why a file is not a pointer file that can be used.
#[derive(Debug, thiserror::Error)]
pub enum PointerError {
    /// Larger than [`MAX_POINTER`].
    #[error("the presentation file has {0} bytes, too many")]
    TooLarge(usize),
    /// Written by a later release.
    #[error("the presentation file has version {found}, this release reads up to {POINTER_VERSION}")]
    Newer {
        /// What it says.
        found: u32,
    },
    /// Not JSON of the right shape.
    #[error("the presentation file cannot be read: {0}")]
    Json(#[from] serde_json::Error),
}

impl Pointer {
    /// A growing one without tracks.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            version: POINTER_VERSION,
            state: PointerState::Growing,
            name: name.into(),
            title: None,
            tracks: Vec::new(),
            first_published_ms: None,
            published_ms: None,
            source: None,
            thumbnails: Vec::new(),
        }
    }

    /// Reads the file. The version is looked at before anything else, so that a newer shape is told from a damaged one.
    pub fn from_json(bytes: &[u8]) -> Result<Self, PointerError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        if bytes.len() > MAX_POINTER {
            return Err(PointerError::TooLarge(bytes.len()));
        }
        let Version { version: found } = serde_json::from_slice(bytes)?;
        if found > POINTER_VERSION {
            return Err(PointerError::Newer { found });
        }
        Ok(serde_json::from_slice(bytes)?)
    }

    /// The file.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings, numbers and enums only: nothing that JSON could refuse.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }
}

impl From<TrackState> for PointerState {
    fn from(state: TrackState) -> Self {
        match state {
            TrackState::Growing => Self::Growing,
            TrackState::Complete => Self::Complete,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_a_round_trip() {
        let mut pointer = Pointer::new("film");
        pointer.published_ms = Some(7);
        pointer.tracks.push(TrackPointer {
            index: index_blob(b"x"),
            key: ContentKey(9).to_string(),
            name: "video".into(),
            bitrate: 400_000,
        });
        let read = Pointer::from_json(&pointer.to_json()).unwrap();
        assert_eq!(read, pointer);
    }

    #[test]
    fn a_newer_one_is_not_called_damaged() {
        let newer = br#"{"version": 2, "tracks": "elsewhere"}"#;
        assert!(matches!(Pointer::from_json(newer), Err(PointerError::Newer { found: 2 })));
        for damaged in [&br#"{"version": 1}"#[..], b"", b"[]"] {
            assert!(matches!(Pointer::from_json(damaged), Err(PointerError::Json(_))));
        }
    }
}
