//! H.265 sequence parameter sets (ISO/IEC 23008-2 §7.3.2.2): size, aspect, timing.

use super::ConfigError;
use super::avc_sps::{aspect, signal};
use crate::bits::Bits;
use crate::{Colour, Ratio, nal};

/// What a sequence parameter set says about the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct HevcSps {
    /// Width in pixels after the conformance window.
    pub width: u32,
    /// Height in pixels after the conformance window.
    pub height: u32,
    /// Sample aspect ratio, where the set says so.
    pub sar: Option<Ratio>,
    /// Pictures per second, where the set says so.
    pub frame_rate: Option<Ratio>,
    /// Colour description, where the set says so.
    pub colour: Option<Colour>,
    /// chroma_format_idc: 1 is 4:2:0.
    pub chroma_format: u8,
    /// Bits of a luma sample.
    pub bit_depth: u8,
}

/// Longest side of level 6.2: √(8 · 35,651,584), rounded up.
const MAX_SIDE: u32 = 16_888;
/// num_short_term_ref_pic_sets (§7.4.3.2.1).
const MAX_REFERENCE_SETS: u32 = 64;
/// Pictures on one side of a reference set; the decoded picture buffer holds 16.
const MAX_REFERENCES: u32 = 16;

impl HevcSps {
    /// Reads a NAL unit of type 33, the two header bytes included, start code not.
    pub fn parse(nal: &[u8]) -> Result<Self, ConfigError> {
        let payload = nal::unescape(nal.get(2..).ok_or(ConfigError::Truncated)?);
        let mut bits = Bits::new(&payload);
        bits.skip(4)?;
        let sub_layers = bits.read(3)?;
        bits.skip(1)?;
        profile_tier_level(&mut bits, sub_layers)?;
        bits.ue_to(15, "a sequence parameter set number above 15")?;
        let chroma_format = bits.ue_to(3, "an unknown chroma format")? as u8;
        let separate = chroma_format == 3 && bits.bit()?;
        let (width, height) = size(&mut bits, if separate { 0 } else { chroma_format })?;
        let bit_depth = bits.ue_to(8, "a bit depth above 16")? as u8 + 8;
        bits.ue_to(8, "a bit depth above 16")?;
        let mut sps =
            Self { width, height, sar: None, frame_rate: None, colour: None, chroma_format, bit_depth };
        // Size and depth are known; a set that is odd further on still has them.
        let _ = sps.read_usability(&mut bits, sub_layers);
        Ok(sps)
    }

    fn read_usability(&mut self, bits: &mut Bits<'_>, sub_layers: u32) -> Result<(), ConfigError> {
        coding_tools(bits, sub_layers)?;
        if !bits.bit()? {
            return Ok(());
        }
        self.sar = aspect(bits)?;
        self.colour = signal(bits)?;
        bits.skip(1)?;
        let fields = bits.bit()?;
        bits.skip(1)?;
        if bits.bit()? {
            bits.skip_ue(4)?;
        }
        if bits.bit()? {
            let ticks = u64::from(bits.read(32)?);
            let scale = u64::from(bits.read(32)?);
            self.frame_rate = Ratio::new(scale, ticks * if fields { 2 } else { 1 });
        }
        Ok(())
    }
}

fn profile_tier_level(bits: &mut Bits<'_>, sub_layers: u32) -> Result<(), ConfigError> {
    bits.skip(96)?;
    let mut present = Vec::new();
    for _ in 0..sub_layers {
        present.push((bits.bit()?, bits.bit()?));
    }
    if sub_layers > 0 {
        bits.skip(2 * (8 - sub_layers as usize))?;
    }
    for (profile, level) in present {
        bits.skip(if profile { 88 } else { 0 } + if level { 8 } else { 0 })?;
    }
    Ok(())
}

fn size(bits: &mut Bits<'_>, chroma_format: u8) -> Result<(u32, u32), ConfigError> {
    let width = bits.ue_to(MAX_SIDE, "a picture wider than any level allows")?;
    let height = bits.ue_to(MAX_SIDE, "a picture higher than any level allows")?;
    let (mut across, mut down) = (0, 0);
    if bits.bit()? {
        let mut side = || bits.ue_to(MAX_SIDE, "a crop larger than any picture");
        let (unit_x, unit_y) = match chroma_format {
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        across = (side()? + side()?) * unit_x;
        down = (side()? + side()?) * unit_y;
    }
    let too_much = ConfigError::Invalid("a crop larger than the picture");
    let width = width.checked_sub(across).filter(|width| *width > 0).ok_or(too_much)?;
    let height = height.checked_sub(down).filter(|height| *height > 0).ok_or(too_much)?;
    Ok((width, height))
}

/// Everything between bit depth and VUI; only its length matters here.
fn coding_tools(bits: &mut Bits<'_>, sub_layers: u32) -> Result<(), ConfigError> {
    let order_bits = bits.ue_to(12, "a picture order of more than 16 bits")? + 4;
    let layers = if bits.bit()? { sub_layers + 1 } else { 1 };
    bits.skip_ue(3 * layers)?;
    bits.skip_ue(6)?;
    if bits.bit()? && bits.bit()? {
        scaling_lists(bits)?;
    }
    bits.skip(2)?;
    if bits.bit()? {
        bits.skip(8)?;
        bits.skip_ue(2)?;
        bits.skip(1)?;
    }
    reference_sets(bits)?;
    if bits.bit()? {
        for _ in 0..bits.ue_to(32, "more than 32 long-term references")? {
            bits.skip(order_bits as usize + 1)?;
        }
    }
    bits.skip(2)
}

/// §7.3.4.
fn scaling_lists(bits: &mut Bits<'_>) -> Result<(), ConfigError> {
    for size in 0..4_u32 {
        for _ in 0..if size == 3 { 2 } else { 6 } {
            if !bits.bit()? {
                bits.ue()?;
                continue;
            }
            if size > 1 {
                bits.se()?;
            }
            for _ in 0..64.min(1 << (4 + (size << 1))) {
                bits.se()?;
            }
        }
    }
    Ok(())
}

/// §7.3.7: a set may be told as a difference to the one before it, so their sizes have to be followed.
fn reference_sets(bits: &mut Bits<'_>) -> Result<(), ConfigError> {
    let mut before = 0;
    for index in 0..bits.ue_to(MAX_REFERENCE_SETS, "more than 64 reference sets")? {
        before = if index > 0 && bits.bit()? { predicted_set(bits, before)? } else { explicit_set(bits)? };
    }
    Ok(())
}

fn predicted_set(bits: &mut Bits<'_>, before: u32) -> Result<u32, ConfigError> {
    bits.skip(1)?;
    bits.ue()?;
    let mut count = 0;
    for _ in 0..=before {
        let used = bits.bit()?;
        if used || bits.bit()? {
            count += 1;
        }
    }
    Ok(count)
}

fn explicit_set(bits: &mut Bits<'_>) -> Result<u32, ConfigError> {
    let negative = bits.ue_to(MAX_REFERENCES, "a reference set of more than 16 pictures")?;
    let positive = bits.ue_to(MAX_REFERENCES, "a reference set of more than 16 pictures")?;
    for _ in 0..negative + positive {
        bits.ue()?;
        bits.skip(1)?;
    }
    Ok(negative + positive)
}
