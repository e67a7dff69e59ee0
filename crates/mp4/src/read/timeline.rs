//! Decode times of fragments that may not tell them.

use std::collections::HashMap;

use super::TrackFragment;

/// Follows each track through a stream, so that a fragment without `tfdt` begins where the one before ended.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Bounded by the tracks that fragments name, at most `MAX_TRACKS` per fragment; only tracks of the movie are kept.
    next: HashMap<u32, i64>,
}

impl Timeline {
    /// Decode time of the first sample of `fragment`, in ticks of its track; remembers where it ends.
    ///
    /// Call it for every fragment of the stream in order, for tracks of the movie only.
    pub fn start_of(&mut self, fragment: &TrackFragment) -> i64 {
        let told = fragment.base_decode_time.map(|time| i64::try_from(time).unwrap_or(i64::MAX));
        let next = self.next.entry(fragment.track_id).or_default();
        let start = told.unwrap_or(*next);
        *next = start.saturating_add_unsigned(fragment.duration);
        start
    }
}
