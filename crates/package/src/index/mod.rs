//! The track index: where every fragment of one track lies and when it plays.
//!
//! A track is CMAF fragments in objects (blobs) plus this index. **The bytes of a fragment are the concatenation of its
//! extents, and they always begin with a CMAF `moof`**; a natively stored fragment is one extent, an imported one is a
//! head that was made when it was indexed, followed by ranges of the foreign file.
//!
//! An index only ever grows at its end, until it is sealed. What it says of a fragment never changes, so whatever is
//! derived from a prefix of it (a segment, a URL) stays true.
//!
//! - [`TrackIndexBuilder`] grows one, [`TrackIndex`] is a version of it that others read
//! - [`TrackIndex::encode`] and [`TrackIndex::decode`] are its stored form

mod builder;
mod codec;
mod facts;
mod read;

pub use builder::{AppendError, TrackIndexBuilder};
pub use codec::{DecodeError, EncodeError, FORMAT_VERSION};
pub use facts::{Grid, TrackFacts};

use std::sync::Arc;

use bytes::Bytes;
use millrace_manifest::ContentKey;
use millrace_media::TrackConfig;

/// Most fragments of one track. 24 h in fragments of 2 s are 43,200; a manifest cannot list more than this either.
pub const MAX_ROWS: usize = millrace_manifest::MAX_RUNS;
/// Most extents of one track: 24 h of audio that is interleaved in pieces of 50 ms.
pub const MAX_EXTENTS: usize = 1 << 21;
/// Most objects of one track: one for every chunk of 20 s during two weeks.
pub const MAX_OBJECTS: usize = 1 << 16;
/// Longest object name in bytes, the limit of Azure Blob Storage.
pub const MAX_OBJECT_NAME: usize = 1024;
/// Largest initialization segment. Real ones are about 1 KB; codec headers with pictures of fonts reach some 100 KB.
pub const MAX_INIT: usize = 1 << 20;

/// Whether a track can still grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackState {
    /// Fragments may still be added at its end.
    Growing,
    /// It will never change.
    Complete,
}

/// One fragment: when it plays and how its bytes are made up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Presentation time of the first sample, in ticks of the track.
    pub time: u64,
    /// Ticks until the next fragment begins, or until the end of its last sample; at least 1.
    pub duration: u32,
    /// All bytes.
    pub size: u32,
    /// Bytes of `moof` and the header of `mdat`, with which a fragment begins.
    pub head_size: u32,
    /// Bytes of the first sample, which follows the head, if it is a key frame; otherwise 0.
    pub key_size: u32,
    /// Number of samples.
    pub samples: u32,
}

impl Row {
    /// First tick after the fragment.
    pub fn end(&self) -> u64 {
        self.time.saturating_add(u64::from(self.duration))
    }
}

/// A range of an object. `object` is its position in [`TrackIndex::objects`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObjectRange {
    /// Position in the table of objects.
    pub object: u32,
    /// Bytes, at least 1.
    pub len: u32,
    /// First byte.
    pub offset: u64,
}

/// One version of a track's index. Cheap to share behind an `Arc`; about 50 bytes per fragment.
#[derive(Clone, Debug)]
pub struct TrackIndex {
    state: TrackState,
    key: ContentKey,
    facts: TrackFacts,
    init: Bytes,
    config: TrackConfig,
    objects: Vec<Arc<str>>,
    rows: Vec<Row>,
    /// For each row the end of its extents in `extents`; they begin where those of the row before it end.
    ends: Vec<u32>,
    extents: Vec<ObjectRange>,
}
