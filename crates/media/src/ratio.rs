//! Exact fractions: aspect ratios and frame rates.

use std::fmt;

/// A fraction in lowest terms. Neither side is ever zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ratio {
    num: u32,
    den: u32,
}

impl Ratio {
    /// 1:1, the aspect of square pixels.
    pub const ONE: Self = Self { num: 1, den: 1 };

    /// The fraction in lowest terms; `None` when a side is zero, which in codec headers means "not said".
    ///
    /// Sides beyond 32 bits are scaled down together, which costs less than one part in 2^31.
    pub fn new(num: u64, den: u64) -> Option<Self> {
        if num == 0 || den == 0 {
            return None;
        }
        let divisor = gcd(num, den);
        let (mut num, mut den) = (num / divisor, den / divisor);
        while num > u64::from(u32::MAX) || den > u64::from(u32::MAX) {
            num = (num >> 1).max(1);
            den = (den >> 1).max(1);
        }
        Some(Self { num: num as u32, den: den as u32 })
    }

    /// Numerator.
    pub const fn num(self) -> u32 {
        self.num
    }

    /// Denominator.
    pub const fn den(self) -> u32 {
        self.den
    }
}

impl fmt::Display for Ratio {
    /// `16:9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.num, self.den)
    }
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_kept_in_lowest_terms() {
        assert_eq!(Ratio::new(1920, 1080).map(|ratio| ratio.to_string()), Some("16:9".into()));
        assert_eq!(Ratio::new(0, 1), None);
        assert_eq!(Ratio::new(1, 0), None);
        assert_eq!(Ratio::new(u64::MAX, 1).map(Ratio::num), Some(u32::MAX));
    }
}
