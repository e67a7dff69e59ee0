//! `AC3SpecificBox` and `EC3SpecificBox` (ETSI TS 102 366 Annex F).

use bytes::Bytes;

use super::ConfigError;
use crate::bits::Bits;

/// How a Dolby Digital track is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Ac3Config {
    /// The body of `dac3`.
    pub dac3: Bytes,
    /// Rate in Hz.
    pub sample_rate: u32,
    /// Loudspeaker channels.
    pub channels: u16,
}

/// How a Dolby Digital Plus track is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Eac3Config {
    /// The body of `dec3`.
    pub dec3: Bytes,
    /// Rate in Hz of the first independent substream.
    pub sample_rate: u32,
    /// Loudspeaker channels of the first independent substream and its dependents.
    pub channels: u16,
}

impl Ac3Config {
    /// Reads the body of a `dac3` box.
    pub fn parse(dac3: Bytes) -> Result<Self, ConfigError> {
        let mut bits = Bits::new(&dac3);
        let sample_rate = rate(&mut bits)?;
        bits.skip(5 + 3)?;
        let channels = channels(&mut bits)?;
        bits.skip(5)?;
        Ok(Self { dac3, sample_rate, channels })
    }
}

impl Eac3Config {
    /// Reads the body of a `dec3` box.
    pub fn parse(dec3: Bytes) -> Result<Self, ConfigError> {
        let mut bits = Bits::new(&dec3);
        bits.skip(13 + 3)?;
        let sample_rate = rate(&mut bits)?;
        bits.skip(5 + 1 + 1 + 3)?;
        let mut channels = channels(&mut bits)?;
        bits.skip(3)?;
        if bits.read(4)? > 0 {
            channels += dependent(bits.read(9)?);
        }
        Ok(Self { dec3, sample_rate, channels })
    }
}

/// chan_loc: one bit per place, of which Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw and Lvh/Rvh are pairs.
fn dependent(places: u32) -> u16 {
    const PAIRS: u32 = 0b0_0111_0011;
    (places.count_ones() + (places & PAIRS).count_ones()) as u16
}

fn rate(bits: &mut Bits<'_>) -> Result<u32, ConfigError> {
    match bits.read(2)? {
        0 => Ok(48_000),
        1 => Ok(44_100),
        2 => Ok(32_000),
        _ => Err(ConfigError::Invalid("an unknown sampling rate")),
    }
}

/// acmod and lfeon.
fn channels(bits: &mut Bits<'_>) -> Result<u16, ConfigError> {
    const FULL: [u16; 8] = [2, 1, 2, 3, 3, 4, 4, 5];
    let mode = bits.read(3)? as usize;
    let low = u16::from(bits.bit()?);
    Ok(FULL.get(mode).copied().unwrap_or(0) + low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_five_one() {
        let ac3 = Ac3Config::parse(Bytes::from_static(&[0x10, 0x3d, 0xe0])).expect("a config");
        assert_eq!((ac3.sample_rate, ac3.channels), (48_000, 6));
        let eac3 = Eac3Config::parse(Bytes::from_static(&[0x0c, 0x00, 0x20, 0x0f, 0x00])).expect("a config");
        assert_eq!((eac3.sample_rate, eac3.channels), (48_000, 6));
    }

    #[test]
    fn refuses_a_cut_config() {
        assert_eq!(Ac3Config::parse(Bytes::from_static(&[0x10])), Err(ConfigError::Truncated));
        assert_eq!(Eac3Config::parse(Bytes::from_static(&[0x0c, 0, 0x20])), Err(ConfigError::Truncated));
    }
}
