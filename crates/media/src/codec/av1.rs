//! `AV1CodecConfigurationRecord` (AV1 Codec ISO Media File Format Binding §2.3).

use bytes::Bytes;

use super::ConfigError;

/// How an AV1 track is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Av1Config {
    /// The body of `av1C`.
    pub av1c: Bytes,
    /// seq_profile: 0 Main, 1 High, 2 Professional.
    pub profile: u8,
    /// seq_level_idx_0: 4 is level 3.0.
    pub level: u8,
    /// Whether it is the high tier.
    pub high_tier: bool,
    /// Bits of a sample: 8, 10 or 12.
    pub bit_depth: u8,
    /// Whether there is no colour at all.
    pub monochrome: bool,
}

impl Av1Config {
    /// Reads the body of an `av1C` box.
    pub fn parse(av1c: Bytes) -> Result<Self, ConfigError> {
        let [version, levels, flags, _delay, ..] = av1c[..] else {
            return Err(ConfigError::Truncated);
        };
        if version != 0x81 {
            return Err(ConfigError::UnknownVersion(version & 0x7f));
        }
        let bit_depth = match (flags & 0x40 != 0, flags & 0x20 != 0) {
            (false, _) => 8,
            (true, false) => 10,
            (true, true) => 12,
        };
        let (profile, level) = (levels >> 5, levels & 0x1f);
        let (high_tier, monochrome) = (flags & 0x80 != 0, flags & 0x10 != 0);
        Ok(Self { av1c, profile, level, high_tier, bit_depth, monochrome })
    }

    /// `av01.0.04M.08`.
    pub fn rfc6381(&self) -> String {
        let tier = if self.high_tier { 'H' } else { 'M' };
        format!("av01.{}.{:02}{tier}.{:02}", self.profile, self.level, self.bit_depth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_the_codecs_string() {
        let check = |record: [u8; 4], expected: &str| {
            let config = Av1Config::parse(Bytes::copy_from_slice(&record)).expect("a record");
            assert_eq!(config.rfc6381(), expected);
        };
        check([0x81, 0x04, 0x0c, 0x00], "av01.0.04M.08");
        check([0x81, 0x2d, 0xcc, 0x00], "av01.1.13H.10");
        assert_eq!(Av1Config::parse(Bytes::from_static(&[0x81, 4])), Err(ConfigError::Truncated));
    }
}
