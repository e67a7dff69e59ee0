//! Samples that a fragment has announced and that have not come yet, in the order of the file.

use std::iter::Peekable;

use bytes::Bytes;
use millrace_media::Sample;

use crate::read::{FragmentSamples, TrackFragment};

/// Announced samples of all tracks. Holds walks, not samples: as many as the fragment has `traf` boxes.
#[derive(Debug, Default)]
pub(super) struct Pending(Vec<Walk>);

#[derive(Debug)]
struct Walk {
    track: u32,
    always_key: bool,
    dts: i64,
    samples: Peekable<FragmentSamples>,
}

/// Where the next sample lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Located {
    pub(super) track: u32,
    pub(super) offset: u64,
    pub(super) size: u32,
}

impl Pending {
    /// Announces a track's samples, the first of which is decoded at `dts`.
    pub(super) fn add(&mut self, fragment: &TrackFragment, dts: i64, always_key: bool) {
        let samples = fragment.samples().peekable();
        self.0.push(Walk { track: fragment.track_id, always_key, dts, samples });
    }

    /// The sample with the lowest offset.
    pub(super) fn peek(&mut self) -> Option<Located> {
        self.next_walk().map(|(_, located)| located)
    }

    /// Takes the sample with the lowest offset, now that its bytes are there.
    pub(super) fn take(&mut self, data: Bytes) -> Option<Sample> {
        let (at, _) = self.next_walk()?;
        let walk = self.0.get_mut(at)?;
        let sample = walk.samples.next()?;
        let dts = walk.dts;
        walk.dts = dts.saturating_add(sample.duration.into());
        let (track, key) = (walk.track, sample.key || walk.always_key);
        Some(Sample { track, dts, pts: dts.saturating_add(sample.cto), duration: sample.duration, key, data })
    }

    fn next_walk(&mut self) -> Option<(usize, Located)> {
        let mut next: Option<(usize, Located)> = None;
        for (at, walk) in self.0.iter_mut().enumerate() {
            let Some(sample) = walk.samples.peek() else { continue };
            if next.is_none_or(|(_, before)| sample.offset < before.offset) {
                next = Some((at, Located { track: walk.track, offset: sample.offset, size: sample.size }));
            }
        }
        if next.is_none() {
            self.0.clear();
        }
        next
    }
}
