//! Media time: ticks of a timescale, converted exactly and rounded once.

use std::num::NonZeroU32;

/// A moment on the media timeline: `ticks` / `timescale` seconds after its zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaTime {
    /// Units of 1/`timescale` second.
    pub ticks: u64,
    /// Ticks per second.
    pub timescale: NonZeroU32,
}

impl MediaTime {
    /// The zero of the media timeline.
    pub const ZERO: Self = Self { ticks: 0, timescale: NonZeroU32::MIN };

    /// A moment given in milliseconds.
    pub fn from_millis(ticks: u64) -> Self {
        Self { ticks, timescale: NonZeroU32::MIN.saturating_add(999) }
    }

    /// The moment in another timescale, to the nearest tick.
    pub(crate) fn to(self, timescale: u32) -> u64 {
        rescale(self.ticks, self.timescale.get(), timescale)
    }
}

/// `ticks` of `from` per second in `to` per second, to the nearest; halves go up.
///
/// Boundaries are converted, never durations: durations are differences of converted boundaries, so that a sum of them
/// cannot drift from the timeline.
pub(crate) fn rescale(ticks: u64, from: u32, to: u32) -> u64 {
    if from == to {
        return ticks;
    }
    let (from, to) = (u128::from(from.max(1)), u128::from(to));
    let rescaled = (u128::from(ticks) * to * 2 + from) / (from * 2);
    u64::try_from(rescaled).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_to_the_nearest() {
        for (ticks, from, to, expected) in [
            (1, 3, 10, 3),
            (1, 2, 1, 1),
            (90_000, 90_000, 1, 1),
            (u64::MAX, 1, 2, u64::MAX),
            (7, 7, 7, 7),
            (0, 9, 1, 0),
        ] {
            assert_eq!(rescale(ticks, from, to), expected, "{ticks}/{from} -> {to}");
        }
    }
}
