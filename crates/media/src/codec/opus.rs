//! `OpusSpecificBox` (Encapsulation of Opus in ISO BMFF, §4.3.2).

use bytes::Bytes;

use super::ConfigError;

/// How an Opus track is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct OpusConfig {
    /// The body of `dOps`.
    pub dops: Bytes,
    /// Output channels.
    pub channels: u8,
    /// Samples at 48 kHz that a decoder throws away at the start.
    pub pre_skip: u16,
    /// Rate of the sound before it was coded, in Hz; decoding is always at 48 kHz.
    pub input_rate: u32,
}

impl OpusConfig {
    /// The rate every Opus decoder gives out, in Hz.
    pub const RATE: u32 = 48_000;

    /// Reads the body of a `dOps` box.
    pub fn parse(dops: Bytes) -> Result<Self, ConfigError> {
        let [version, channels, skip0, skip1, r0, r1, r2, r3, _gain0, _gain1, _family, ..] = dops[..] else {
            return Err(ConfigError::Truncated);
        };
        if version != 0 {
            return Err(ConfigError::UnknownVersion(version));
        }
        if channels == 0 {
            return Err(ConfigError::Invalid("no channels"));
        }
        let input_rate = u32::from_be_bytes([r0, r1, r2, r3]);
        Ok(Self { channels, pre_skip: u16::from_be_bytes([skip0, skip1]), input_rate, dops })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_stereo_config() {
        let dops = Bytes::from_static(&[0, 2, 0x01, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0]);
        let config = OpusConfig::parse(dops.clone()).expect("a config");
        assert_eq!((config.channels, config.pre_skip, config.input_rate), (2, 312, 48_000));
        assert_eq!(OpusConfig::parse(dops.slice(..10)), Err(ConfigError::Truncated));
    }
}
