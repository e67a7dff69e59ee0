//! Exact fractions, as ffprobe prints them: `30000/1001`, `16:9`.

use serde::{Deserialize, Serialize};

/// A positive fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ratio {
    /// Numerator, never 0.
    pub num: u32,
    /// Denominator, never 0.
    pub den: u32,
}

impl Ratio {
    /// 1/1.
    pub const ONE: Ratio = Ratio { num: 1, den: 1 };

    /// `num/den` in lowest terms, or `None` where either is 0.
    pub fn new(num: u32, den: u32) -> Option<Ratio> {
        if num == 0 || den == 0 {
            return None;
        }
        let common = gcd(num, den);
        Some(Ratio { num: num / common, den: den / common })
    }

    /// Reads `a/b`, `a:b` or a decimal such as `29.97`; `None` for `0/0`, `0/1` and anything else.
    pub fn parse(text: &str) -> Option<Ratio> {
        if let Some((num, den)) = text.split_once(['/', ':']) {
            return Ratio::new(num.trim().parse().ok()?, den.trim().parse().ok()?);
        }
        let value: f64 = text.trim().parse().ok()?;
        (value > 0.0 && value < 1_000_000.0)
            .then(|| Ratio::new((value * 1000.0).round() as u32, 1000))
            .flatten()
    }

    /// The value as a float, for comparing and for text only.
    pub fn value(self) -> f64 {
        f64::from(self.num) / f64::from(self.den)
    }

    /// The other way round.
    pub fn inverse(self) -> Ratio {
        Ratio { num: self.den, den: self.num }
    }

    /// `value` times this fraction, rounded to nearest.
    pub fn scale(self, value: u64) -> u64 {
        let wide = u128::from(value) * u128::from(self.num) + u128::from(self.den) / 2;
        u64::try_from(wide / u128::from(self.den)).unwrap_or(u64::MAX)
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.num, self.den)
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_ffprobe_prints() {
        let check = |text, expected: Option<(u32, u32)>| {
            assert_eq!(Ratio::parse(text).map(|r| (r.num, r.den)), expected, "{text}");
        };
        check("30000/1001", Some((30000, 1001)));
        check("50/2", Some((25, 1)));
        check("16:11", Some((16, 11)));
        check("29.97", Some((2997, 100)));
        check("0/0", None);
        check("0/1", None);
        check("N/A", None);
    }
}
