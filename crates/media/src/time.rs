//! Time as whole ticks of a timescale. There are no float seconds in Millrace.

use std::num::NonZeroU32;

/// Ticks per second of a time line. Never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timescale(NonZeroU32);

impl Timescale {
    /// One tick is a millisecond.
    pub const MILLIS: Self = Self::constant(1_000);
    /// One tick is a microsecond.
    pub const MICROS: Self = Self::constant(1_000_000);
    /// One tick is 100 ns: the unit of Smooth Streaming.
    pub const HNS: Self = Self::constant(10_000_000);
    /// One tick is 1/90000 s: the unit of MPEG-TS.
    pub const MPEG: Self = Self::constant(90_000);

    /// A timescale of so many ticks per second; `None` for zero.
    pub const fn new(ticks_per_second: u32) -> Option<Self> {
        match NonZeroU32::new(ticks_per_second) {
            Some(ticks) => Some(Self(ticks)),
            None => None,
        }
    }

    /// Ticks per second.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    const fn constant(ticks_per_second: u32) -> Self {
        match Self::new(ticks_per_second) {
            Some(timescale) => timescale,
            None => panic!("a constant timescale is not zero"),
        }
    }
}

/// Moves `value` from one timescale to another, exact to the tick, halves rounded away from zero.
///
/// A result outside `i64` saturates: only a hostile file gets there, and a clamped time is then as good as any.
pub fn rescale(value: i64, from: Timescale, to: Timescale) -> i64 {
    if from == to {
        return value;
    }
    let product = i128::from(value) * i128::from(to.get());
    let divisor = i128::from(from.get());
    let half = if product < 0 { -divisor } else { divisor };
    let rounded = (product * 2 + half) / (divisor * 2);
    rounded.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(ticks: u32) -> Timescale {
        Timescale::new(ticks).expect("not zero")
    }

    #[test]
    fn rescales_to_the_nearest_tick() {
        let check = |value, from, to, expected| assert_eq!(rescale(value, scale(from), scale(to)), expected);
        check(90_000, 90_000, 48_000, 48_000);
        check(1001, 30_000, 10_000_000, 333_667);
        check(1, 2, 1, 1);
        check(-1, 2, 1, -1);
        check(1, 3, 1, 0);
        check(-1, 3, 1, 0);
        check(2, 3, 1, 1);
        check(7, 5, 5, 7);
    }

    #[test]
    fn saturates_instead_of_wrapping() {
        assert_eq!(rescale(i64::MAX, scale(1), scale(u32::MAX)), i64::MAX);
        assert_eq!(rescale(i64::MIN, scale(1), scale(u32::MAX)), i64::MIN);
        assert_eq!(rescale(i64::MIN, scale(2), scale(1)), i64::MIN / 2);
    }

    #[test]
    fn zero_ticks_per_second_do_not_exist() {
        assert_eq!(Timescale::new(0), None);
    }
}
