//! `AudioSpecificConfig` (ISO/IEC 14496-3 §1.6.2.1).

use bytes::Bytes;

use super::ConfigError;
use crate::bits::Bits;

/// How an AAC track is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct AacConfig {
    /// The AudioSpecificConfig as it stands in `esds`.
    pub asc: Bytes,
    /// The audio object type as signalled: 2 AAC-LC, 5 HE-AAC, 29 HE-AAC v2.
    pub object_type: u8,
    /// The object type of the core that SBR extends; equal to `object_type` for plain AAC.
    pub core_object_type: u8,
    /// Rate of the core in Hz: what ADTS carries and what 1024 samples of a frame are counted in.
    pub core_rate: u32,
    /// Rate of the decoder's output in Hz, doubled by spectral band replication.
    pub sample_rate: u32,
    /// channelConfiguration: 0 means that a program config element lists them.
    pub channel_config: u8,
    /// Loudspeaker channels of the decoder's output: 5.1 is 6.
    pub channels: u16,
}

pub(crate) const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

const SBR: u8 = 5;
const PS: u8 = 29;

impl AacConfig {
    /// Reads an AudioSpecificConfig.
    ///
    /// SBR and PS are found when signalled explicitly, hierarchically (object type 5 or 29) or in the compatible way
    /// (a sync extension after the config). Implicit SBR shows itself only in the stream and is not looked for.
    pub fn parse(asc: Bytes) -> Result<Self, ConfigError> {
        let mut bits = Bits::new(&asc);
        let object_type = object_type(&mut bits)?;
        let core_rate = rate(&mut bits)?;
        let channel_config = bits.read(4)? as u8;
        let (mut core_object_type, mut sample_rate) = (object_type, core_rate);
        let mut stereo = object_type == PS;
        if object_type == SBR || object_type == PS {
            sample_rate = rate(&mut bits)?;
            core_object_type = self::object_type(&mut bits)?;
        }
        let listed = general_audio(&mut bits, core_object_type, channel_config)?;
        if core_object_type == object_type
            && let Some(extension) = sync_extension(&mut bits)
        {
            sample_rate = extension.rate;
            stereo = extension.stereo;
        }
        let channels = match listed.unwrap_or(channels_of(channel_config)?) {
            1 if stereo => 2,
            channels => channels,
        };
        Ok(Self { asc, object_type, core_object_type, core_rate, sample_rate, channel_config, channels })
    }

    /// `mp4a.40.2`.
    pub fn rfc6381(&self) -> String {
        format!("mp4a.40.{}", self.object_type)
    }
}

fn object_type(bits: &mut Bits<'_>) -> Result<u8, ConfigError> {
    match bits.read(5)? as u8 {
        31 => Ok(32 + bits.read(6)? as u8),
        0 => Err(ConfigError::Invalid("audio object type 0")),
        object_type => Ok(object_type),
    }
}

fn rate(bits: &mut Bits<'_>) -> Result<u32, ConfigError> {
    let rate = match bits.read(4)? as usize {
        15 => bits.read(24)?,
        index => RATES.get(index).copied().unwrap_or(0),
    };
    if rate == 0 { Err(ConfigError::Invalid("an unknown sampling rate")) } else { Ok(rate) }
}

/// Table 1.19.
fn channels_of(config: u8) -> Result<u16, ConfigError> {
    match config {
        0..=6 => Ok(u16::from(config)),
        7 | 12 | 14 => Ok(8),
        11 => Ok(7),
        13 => Ok(24),
        _ => Err(ConfigError::Invalid("an unknown channel configuration")),
    }
}

/// GASpecificConfig (§4.4.1) of the AAC family; gives the channels of a program config element.
fn general_audio(
    bits: &mut Bits<'_>,
    object_type: u8,
    channel_config: u8,
) -> Result<Option<u16>, ConfigError> {
    if !matches!(object_type, 1..=4 | 6 | 7 | 17 | 19..=23) {
        return Ok(None);
    }
    bits.skip(1)?;
    if bits.bit()? {
        bits.skip(14)?;
    }
    let extension = bits.bit()?;
    let listed = if channel_config == 0 { Some(program_config(bits)?) } else { None };
    if matches!(object_type, 6 | 20) {
        bits.skip(3)?;
    }
    if extension {
        if object_type == 22 {
            bits.skip(16)?;
        }
        if matches!(object_type, 17 | 19 | 20 | 23) {
            bits.skip(3)?;
        }
        bits.skip(1)?;
    }
    Ok(listed)
}

/// program_config_element (§4.4.1.1): a pair counts two channels.
fn program_config(bits: &mut Bits<'_>) -> Result<u16, ConfigError> {
    bits.skip(4 + 2 + 4)?;
    let (front, side, back) = (bits.read(4)?, bits.read(4)?, bits.read(4)?);
    let (low, data, coupling) = (bits.read(2)?, bits.read(3)?, bits.read(4)?);
    for width in [4, 4, 3] {
        if bits.bit()? {
            bits.skip(width)?;
        }
    }
    let mut channels = low as u16;
    for _ in 0..front + side + back {
        channels += if bits.bit()? { 2 } else { 1 };
        bits.skip(4)?;
    }
    bits.skip((4 * (low + data) + 5 * coupling) as usize)?;
    bits.align();
    let comment = bits.byte()?;
    bits.skip(usize::from(comment) * 8)?;
    Ok(channels)
}

struct Extension {
    rate: u32,
    stereo: bool,
}

/// Backward-compatible signalling (§1.6.5): 0x2b7 announces SBR, 0x548 behind it PS.
fn sync_extension(bits: &mut Bits<'_>) -> Option<Extension> {
    if bits.left() < 16
        || bits.read(11).ok()? != 0x2b7
        || object_type(bits).ok()? != SBR
        || !bits.bit().ok()?
    {
        return None;
    }
    let rate = rate(bits).ok()?;
    let stereo = bits.left() >= 12 && bits.read(11) == Ok(0x548) && bits.bit() == Ok(true);
    Some(Extension { rate, stereo })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asc: &[u8], expected: (&str, u32, u32, u16)) {
        let config = AacConfig::parse(Bytes::copy_from_slice(asc)).expect("a config");
        let found = (config.rfc6381(), config.core_rate, config.sample_rate, config.channels);
        assert_eq!(found, (expected.0.to_owned(), expected.1, expected.2, expected.3), "{asc:02x?}");
    }

    #[test]
    fn reads_the_usual_configs() {
        check(&[0x11, 0x90], ("mp4a.40.2", 48_000, 48_000, 2));
        check(&[0x12, 0x10], ("mp4a.40.2", 44_100, 44_100, 2));
        check(&[0x11, 0xb0], ("mp4a.40.2", 48_000, 48_000, 6));
        check(&[0x11, 0xb8], ("mp4a.40.2", 48_000, 48_000, 8));
        check(&[0x2b, 0x11, 0x88, 0x00], ("mp4a.40.5", 24_000, 48_000, 2));
        check(&[0xeb, 0x09, 0x88, 0x00], ("mp4a.40.29", 24_000, 48_000, 2));
        check(&[0x13, 0x10, 0x56, 0xe5, 0x98], ("mp4a.40.2", 24_000, 48_000, 2));
        check(&[0x13, 0x08, 0x56, 0xe5, 0x9d, 0x48, 0x80], ("mp4a.40.2", 24_000, 48_000, 2));
        check(&[0x11, 0x90, 0x56, 0xe5, 0x00], ("mp4a.40.2", 48_000, 48_000, 2));
    }

    #[test]
    fn counts_the_channels_of_a_program_config() {
        // 5.1 as ffmpeg writes it for a layout without a number: front centre, front pair, back pair, LFE.
        let asc = [0x11, 0x80, 0x04, 0xc8, 0x44, 0x00, 0x20, 0x00, 0xc4, 0x00];
        let config = AacConfig::parse(Bytes::copy_from_slice(&asc));
        assert!(config.is_ok_and(|config| config.channel_config == 0 && config.channels > 0));
    }

    #[test]
    fn refuses_nonsense() {
        assert_eq!(AacConfig::parse(Bytes::new()), Err(ConfigError::Truncated));
        assert_eq!(AacConfig::parse(Bytes::from_static(&[0x11])), Err(ConfigError::Truncated));
        assert!(matches!(AacConfig::parse(Bytes::from_static(&[0, 0, 0])), Err(ConfigError::Invalid(_))));
        assert!(matches!(AacConfig::parse(Bytes::from_static(&[0x16, 0x90])), Err(ConfigError::Invalid(_))));
    }
}
