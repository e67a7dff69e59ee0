//! `VPCodecConfigurationRecord` (VP Codec ISO Media File Format Binding).

use bytes::Bytes;

use super::ConfigError;
use crate::Colour;

/// How a VP9 track is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Vp9Config {
    /// The body of `vpcC`, version and flags included.
    pub vpcc: Bytes,
    /// Profile, 0 to 3.
    pub profile: u8,
    /// Ten times the level.
    pub level: u8,
    /// Bits of a sample: 8, 10 or 12.
    pub bit_depth: u8,
    /// chromaSubsampling: 1 is 4:2:0 with chroma beside luma.
    pub chroma: u8,
    /// Colour description.
    pub colour: Colour,
}

impl Vp9Config {
    /// Reads the body of a `vpcC` box.
    pub fn parse(vpcc: Bytes) -> Result<Self, ConfigError> {
        let [version, _, _, _, profile, level, packed, primaries, transfer, matrix, ..] = vpcc[..] else {
            return Err(ConfigError::Truncated);
        };
        if version != 1 {
            return Err(ConfigError::UnknownVersion(version));
        }
        let colour = Colour {
            primaries: primaries.into(),
            transfer: transfer.into(),
            matrix: matrix.into(),
            full_range: packed & 1 == 1,
        };
        Ok(Self { profile, level, bit_depth: packed >> 4, chroma: packed >> 1 & 7, colour, vpcc })
    }

    /// `vp09.00.10.08`, with the optional fields only where they say something.
    pub fn rfc6381(&self) -> String {
        let mut text = format!("vp09.{:02}.{:02}.{:02}", self.profile, self.level, self.bit_depth);
        let Colour { primaries, transfer, matrix, full_range } = self.colour;
        let usual = |code: u16| matches!(code, 1 | 2);
        let plain = usual(primaries) && usual(transfer) && usual(matrix) && !full_range && self.chroma <= 1;
        if !plain {
            let (chroma, range) = (self.chroma, u8::from(full_range));
            text.push_str(&format!(".{chroma:02}.{primaries:02}.{transfer:02}.{matrix:02}.{range:02}"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_optional_fields_only_when_they_matter() {
        let check = |record: [u8; 12], expected: &str| {
            let config = Vp9Config::parse(Bytes::copy_from_slice(&record)).expect("a record");
            assert_eq!(config.rfc6381(), expected);
        };
        check([1, 0, 0, 0, 0, 10, 0x82, 2, 2, 2, 0, 0], "vp09.00.10.08");
        check([1, 0, 0, 0, 2, 41, 0xa2, 9, 16, 9, 0, 0], "vp09.02.41.10.01.09.16.09.00");
        assert_eq!(Vp9Config::parse(Bytes::from_static(&[1; 9])), Err(ConfigError::Truncated));
    }
}
