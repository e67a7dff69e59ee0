//! profile_tier_level of H.265 and the `codecs` string made of it.

use super::ConfigError;

/// The general part of profile_tier_level (ISO/IEC 23008-2 §7.3.3), twelve bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileTierLevel {
    /// general_profile_space, 0 to 3.
    pub space: u8,
    /// Whether it is the high tier.
    pub high_tier: bool,
    /// general_profile_idc: 1 Main, 2 Main 10.
    pub profile: u8,
    /// general_profile_compatibility_flags, flag 0 in the highest bit.
    pub compatibility: u32,
    /// The six bytes of constraint flags.
    pub constraints: [u8; 6],
    /// general_level_idc: thirty times the level.
    pub level: u8,
}

impl ProfileTierLevel {
    /// Bytes of the general part.
    pub const LEN: usize = 12;

    /// Reads the twelve bytes at the start of `data`.
    pub fn parse(data: &[u8]) -> Result<Self, ConfigError> {
        let [first, c0, c1, c2, c3, constraints @ .., level] =
            data.first_chunk::<{ Self::LEN }>().ok_or(ConfigError::Truncated)?;
        Ok(Self {
            space: first >> 6,
            high_tier: first & 0x20 != 0,
            profile: first & 0x1f,
            compatibility: u32::from_be_bytes([*c0, *c1, *c2, *c3]),
            constraints: *constraints,
            level: *level,
        })
    }

    /// What follows the sample entry's name in `codecs`: `1.6.L93.B0` (ISO/IEC 14496-15 Annex E.3).
    ///
    /// Compatibility flags are printed with their bits reversed, trailing constraint bytes of zero are left out.
    pub fn rfc6381(&self) -> String {
        let space = ["", "A", "B", "C"][usize::from(self.space & 3)];
        let tier = if self.high_tier { 'H' } else { 'L' };
        let (profile, flags, level) = (self.profile, self.compatibility.reverse_bits(), self.level);
        let mut text = format!("{space}{profile}.{flags:X}.{tier}{level}");
        let used = self.constraints.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        for byte in self.constraints.iter().take(used) {
            text.push_str(&format!(".{byte:X}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_the_codecs_string() {
        let check = |bytes: [u8; 12], expected: &str| {
            assert_eq!(ProfileTierLevel::parse(&bytes).map(|ptl| ptl.rfc6381()), Ok(expected.to_owned()));
        };
        check([0x01, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93], "1.6.L93.B0");
        check([0x22, 0x20, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 150], "2.4.H150.90");
        check([0x44, 0x08, 0, 0, 0, 0xbd, 0x08, 0, 0, 0, 0, 120], "A4.10.L120.BD.8");
        check([0x01, 0x60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 93], "1.6.L93");
        assert_eq!(ProfileTierLevel::parse(&[0; 11]), Err(ConfigError::Truncated));
    }
}
