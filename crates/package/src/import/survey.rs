//! A first pass over a track's samples: what has to be known before any fragment can be made.

use std::num::NonZeroU32;

use millrace_media::{MediaKind, Timescale};

use super::{ImportError, source::Source};
use crate::Grid;

/// Fragments are about as long as this.
const FRAGMENT_MS: NonZeroU32 = NonZeroU32::new(2000).unwrap();

/// Seconds between key frames from which on they are no grid for audio to be cut by.
const LONGEST_STEP: u64 = 10;

/// What a pass over all samples tells.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    /// Samples that are used: those before the end of the edit list and of the file.
    pub(super) kept: u64,
    /// Presentation time of the first sample that can be shown.
    pub(super) begin: i64,
    /// First tick after the last.
    pub(super) end: i64,
    pub(super) bytes: u64,
    /// See [`crate::TrackFacts::decode_delay`].
    pub(super) decode_delay: u32,
    /// Ticks from key frame to key frame, when that is always the same.
    pub(super) key_interval: Option<u64>,
    /// Samples lie beyond the end of the file.
    pub(super) truncated: bool,
}

/// What is counted on the way.
#[derive(Default)]
struct Keys {
    last: Option<i64>,
    interval: Option<i64>,
    same: u64,
    all: u64,
}

impl Keys {
    fn add(&mut self, pts: i64) {
        if let Some(last) = self.last.replace(pts) {
            let interval = pts.saturating_sub(last);
            let usual = *self.interval.get_or_insert(interval);
            self.all += 1;
            self.same += u64::from(usual.abs_diff(interval) <= 1);
        }
    }

    /// Nine in ten have to be the same: scene cuts add key frames, and the last group is short.
    fn interval(&self) -> Option<u64> {
        let interval = u64::try_from(self.interval?).ok().filter(|interval| *interval > 0)?;
        (self.same * 10 >= self.all * 9).then_some(interval)
    }
}

impl Survey {
    /// Looks at every sample, of which there may be `budget` at most; what is used is taken off it.
    pub(super) fn of(source: &Source<'_>, file_size: u64, budget: &mut u64) -> Result<Self, ImportError> {
        let video = source.config().kind() == MediaKind::Video;
        let end = source.edited_end().unwrap_or(i64::MAX);
        let (mut survey, mut keys) = (Self::default(), Keys::default());
        let (mut index, mut shift) = (0_u64, None);
        for sample in source.samples() {
            let sample = sample?;
            *budget = budget.checked_sub(1).ok_or(ImportError::TooManySamples)?;
            if sample.end() > file_size {
                survey.truncated = true;
                break;
            }
            index += 1;
            if shift.is_none() && video && !sample.key {
                continue;
            }
            let shift = *shift.get_or_insert_with(|| {
                survey.begin = sample.pts;
                sample.pts.saturating_sub(sample.dts)
            });
            let late = sample.dts.saturating_add(shift).saturating_sub(sample.pts);
            survey.decode_delay = survey.decode_delay.max(u32::try_from(late).unwrap_or(0));
            if sample.key && video {
                keys.add(sample.pts);
            }
            if sample.pts < end {
                survey.kept = index;
            }
            survey.end = survey.end.max(sample.pts.saturating_add(i64::from(sample.duration)));
            survey.bytes += u64::from(sample.size);
        }
        survey.end = survey.end.min(end);
        survey.key_interval = keys.interval();
        Ok(survey)
    }

    /// Bits per second, at least 1.
    pub(super) fn bitrate(&self, timescale: Timescale) -> u32 {
        let ticks = u128::try_from(self.end.saturating_sub(self.begin)).unwrap_or(0).max(1);
        let bits = u128::from(self.bytes) * 8 * u128::from(timescale.get());
        u32::try_from(bits / ticks).unwrap_or(u32::MAX).max(1)
    }

    /// The grid of fragments: whole groups of pictures, as many as come nearest to 2 s, where they are regular.
    pub(super) fn grid(&self, timescale: Timescale) -> Grid {
        let regular = || {
            let interval = self.key_interval?;
            let two_seconds = u64::from(timescale.get()) * 2;
            let count = ((two_seconds + interval / 2) / interval).max(1);
            if interval / u64::from(timescale.get()) >= LONGEST_STEP {
                return None;
            }
            let ratio = millrace_media::Ratio::new(interval.checked_mul(count)?, timescale.get().into())?;
            Some(Grid { num: NonZeroU32::new(ratio.num())?, den: NonZeroU32::new(ratio.den())? })
        };
        regular().unwrap_or(Grid::millis(FRAGMENT_MS))
    }
}
