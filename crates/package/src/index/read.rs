//! Looking things up in an index.

use std::sync::Arc;

use bytes::Bytes;
use millrace_manifest::ContentKey;
use millrace_media::{MediaKind, Timescale, TrackConfig};

use super::{Grid, ObjectRange, Row, TrackFacts, TrackIndex, TrackState};

impl TrackIndex {
    /// Whether the track can still grow.
    pub fn state(&self) -> TrackState {
        self.state
    }

    /// The identity of the track's media: the same while it grows, another for any other media.
    pub fn key(&self) -> ContentKey {
        self.key
    }

    /// What was said of the track when it was made.
    pub fn facts(&self) -> &TrackFacts {
        &self.facts
    }

    /// Codec and timescale, as the initialization segment says them.
    pub fn config(&self) -> &TrackConfig {
        &self.config
    }

    /// Video, audio or text.
    pub fn kind(&self) -> MediaKind {
        self.config.kind()
    }

    /// Ticks per second of all times in the index.
    pub fn timescale(&self) -> Timescale {
        self.config.timescale
    }

    /// The initialization segment (`ftyp` and `moov`).
    pub fn init(&self) -> &Bytes {
        &self.init
    }

    /// Names of the objects that hold the fragments.
    pub fn objects(&self) -> &[Arc<str>] {
        &self.objects
    }

    /// All fragments in the order of time.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The ranges whose concatenation is the fragment at `row`; empty if there is no such row.
    pub fn extents(&self, row: usize) -> &[ObjectRange] {
        let start = match row.checked_sub(1) {
            Some(before) => self.ends.get(before).copied(),
            None => Some(0),
        };
        match (start, self.ends.get(row)) {
            (Some(start), Some(&end)) => self.extents.get(start as usize..end as usize).unwrap_or_default(),
            _ => &[],
        }
    }

    /// The fragment that begins exactly at `time`. O(log n).
    pub fn row_at(&self, time: u64) -> Option<usize> {
        self.rows.binary_search_by_key(&time, |row| row.time).ok()
    }

    /// The last fragment that begins at or before `time`. O(log n).
    pub fn row_before(&self, time: u64) -> Option<usize> {
        self.rows.partition_point(|row| row.time <= time).checked_sub(1)
    }

    /// First tick after the last fragment, 0 if there is none.
    pub fn end(&self) -> u64 {
        self.rows.last().map_or(0, Row::end)
    }

    /// All bytes of all fragments.
    pub fn bytes(&self) -> u64 {
        self.rows.iter().map(|row| u64::from(row.size)).sum()
    }

    /// The grid of delivery segments.
    pub fn grid(&self) -> Grid {
        self.facts.segments
    }

    /// Bytes of memory that this index takes, for caches that count them.
    pub fn memory(&self) -> usize {
        let names: usize = self.objects.iter().map(|name| name.len() + 32).sum();
        size_of::<Self>()
            + self.init.len() * 2
            + names
            + self.rows.capacity() * (size_of::<Row>() + size_of::<u32>())
            + self.extents.capacity() * size_of::<ObjectRange>()
    }
}
