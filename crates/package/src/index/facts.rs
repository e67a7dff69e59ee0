//! What an index says of its track beside times and places.

use std::num::NonZeroU32;

use millrace_manifest::{Role, TrackName};
use millrace_media::Timescale;
use serde::{Deserialize, Serialize};

/// A regular division of the media timeline: one step lasts `num / den` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    /// Seconds times `den`.
    pub num: NonZeroU32,
    /// Denominator.
    pub den: NonZeroU32,
}

impl Grid {
    /// A grid with steps of whole milliseconds.
    pub const fn millis(step: NonZeroU32) -> Self {
        Self { num: step, den: NonZeroU32::new(1000).unwrap() }
    }

    /// The step in which `ticks` of `timescale` per second lie.
    pub fn step_of(self, ticks: u64, timescale: Timescale) -> u64 {
        let step = u128::from(ticks) * u128::from(self.den.get())
            / (u128::from(timescale.get()) * u128::from(self.num.get()));
        u64::try_from(step).unwrap_or(u64::MAX)
    }

    /// The first tick of a step, to the nearest tick.
    pub fn start_of(self, step: u64, timescale: Timescale) -> u64 {
        let den = u128::from(self.den.get());
        let ticks = u128::from(step).saturating_mul(u128::from(self.num.get()) * u128::from(timescale.get()));
        u64::try_from((ticks.saturating_add(den / 2)) / den).unwrap_or(u64::MAX)
    }

    /// The length of a step in milliseconds, to the nearest, at least 1.
    pub fn step_millis(self) -> NonZeroU32 {
        let (num, den) = (u64::from(self.num.get()), u64::from(self.den.get()));
        let millis = (num * 1000 + den / 2) / den;
        NonZeroU32::new(u32::try_from(millis).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN)
    }

    /// The grid of delivery segments over fragments of this grid: as many whole fragments as come nearest to 6 s, at
    /// least one.
    pub fn segments(self) -> Self {
        const TARGET_SECONDS: u64 = 6;
        let (num, den) = (u64::from(self.num.get()), u64::from(self.den.get()));
        let count = ((TARGET_SECONDS * den + num / 2) / num).max(1);
        let num = u32::try_from(num.saturating_mul(count)).unwrap_or(u32::MAX);
        Self { num: NonZeroU32::new(num).unwrap_or(self.num), den: self.den }
    }
}

/// Facts of a track that its samples do not tell. They never change while it grows.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackFacts {
    /// Unique in the presentation.
    pub name: TrackName,
    /// Nominal bits per second: what an encoder was asked for or, for foreign media, what was measured.
    pub bitrate: u32,
    /// BCP 47 tag, `None` when unknown.
    pub language: Option<String>,
    /// What a viewer reads in a menu.
    pub label: Option<String>,
    /// What it is for.
    pub role: Role,
    /// Whether it is the one of its kind that plays unless someone chooses otherwise.
    pub default: bool,
    /// Frames per second of video when constant; otherwise the average is measured.
    pub frame_rate: Option<(NonZeroU32, NonZeroU32)>,
    /// Ticks by which decode times have to precede those in the fragments, so that none is later than its presentation
    /// time: what TS needs and CMAF does not. 0 when pictures are shown in the order of decoding.
    pub decode_delay: u32,
    /// The delivery segments, the same for all tracks of a presentation.
    pub segments: Grid,
}
