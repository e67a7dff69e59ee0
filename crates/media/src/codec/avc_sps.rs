//! H.264 sequence parameter sets (ISO/IEC 14496-10 §7.3.2.1.1): size, aspect, timing.

use super::ConfigError;
use crate::bits::Bits;
use crate::{Colour, Ratio, nal};

/// What a sequence parameter set says about the picture.
#[derive(Clone, Debug, PartialEq)]
pub struct AvcSps {
    /// Width in pixels after cropping.
    pub width: u32,
    /// Height in pixels after cropping.
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
    /// Whether every picture is a frame; interlaced material may have fields.
    pub frames_only: bool,
}

/// Largest size in macroblocks on a side: level 6.2 allows 139,264 macroblocks, and a side at most √(8·139264).
const MAX_MACROBLOCKS: u32 = 1055;

struct Chroma {
    format: u8,
    separate: bool,
    bit_depth: u8,
}

impl AvcSps {
    /// Reads a NAL unit of type 7, header byte included, start code not.
    pub fn parse(nal: &[u8]) -> Result<Self, ConfigError> {
        let payload = nal::unescape(nal.get(1..).ok_or(ConfigError::Truncated)?);
        let mut bits = Bits::new(&payload);
        let profile = bits.byte()?;
        bits.skip(16)?;
        bits.ue_to(31, "a sequence parameter set number above 31")?;
        let chroma = chroma(&mut bits, profile)?;
        picture_order(&mut bits)?;
        bits.ue()?;
        bits.skip(1)?;
        Self::parse_geometry(&mut bits, &chroma)
    }

    fn parse_geometry(bits: &mut Bits<'_>, chroma: &Chroma) -> Result<Self, ConfigError> {
        let wide = bits.ue_to(MAX_MACROBLOCKS, "a picture wider than any level allows")? + 1;
        let high = bits.ue_to(MAX_MACROBLOCKS, "a picture higher than any level allows")? + 1;
        let frames_only = bits.bit()?;
        let fields = if frames_only { 1 } else { 2 };
        if !frames_only {
            bits.skip(1)?;
        }
        bits.skip(1)?;
        let (across, down) = crop(bits, chroma, fields)?;
        let too_much = ConfigError::Invalid("a crop larger than the picture");
        let width = (wide * 16).checked_sub(across).filter(|width| *width > 0).ok_or(too_much)?;
        let height = (high * 16 * fields).checked_sub(down).filter(|height| *height > 0).ok_or(too_much)?;
        let (sar, colour, frame_rate) = if bits.bit()? { usability(bits) } else { (None, None, None) };
        let (chroma_format, bit_depth) = (chroma.format, chroma.bit_depth);
        Ok(Self { width, height, sar, frame_rate, colour, chroma_format, bit_depth, frames_only })
    }
}

fn chroma(bits: &mut Bits<'_>, profile: u8) -> Result<Chroma, ConfigError> {
    const WITH_CHROMA: [u8; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
    if !WITH_CHROMA.contains(&profile) {
        return Ok(Chroma { format: 1, separate: false, bit_depth: 8 });
    }
    let format = bits.ue_to(3, "an unknown chroma format")? as u8;
    let separate = format == 3 && bits.bit()?;
    let bit_depth = bits.ue_to(6, "a bit depth above 14")? as u8 + 8;
    bits.ue_to(6, "a bit depth above 14")?;
    bits.skip(1)?;
    if bits.bit()? {
        for list in 0..if format == 3 { 12 } else { 8 } {
            if bits.bit()? {
                scaling_list(bits, if list < 6 { 16 } else { 64 })?;
            }
        }
    }
    Ok(Chroma { format, separate, bit_depth })
}

/// §7.3.2.1.1.1: the list ends where the next scale becomes zero.
fn scaling_list(bits: &mut Bits<'_>, size: usize) -> Result<(), ConfigError> {
    let (mut last, mut next) = (8_i64, 8_i64);
    for _ in 0..size {
        if next != 0 {
            next = (last + i64::from(bits.se()?)).rem_euclid(256);
        }
        if next != 0 {
            last = next;
        }
    }
    Ok(())
}

fn picture_order(bits: &mut Bits<'_>) -> Result<(), ConfigError> {
    bits.ue_to(12, "a frame number of more than 16 bits")?;
    match bits.ue_to(2, "an unknown picture order type")? {
        0 => {
            bits.ue_to(12, "a picture order of more than 16 bits")?;
        }
        1 => {
            bits.skip(1)?;
            bits.se()?;
            bits.se()?;
            for _ in 0..bits.ue_to(255, "a picture order cycle above 255")? {
                bits.se()?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Pixels cut off across and down (§7.4.2.1.1, equations 7-19 to 7-22).
fn crop(bits: &mut Bits<'_>, chroma: &Chroma, fields: u32) -> Result<(u32, u32), ConfigError> {
    if !bits.bit()? {
        return Ok((0, 0));
    }
    let mut side = || bits.ue_to(1 << 14, "a crop larger than any picture");
    let (left, right, top, bottom) = (side()?, side()?, side()?, side()?);
    let (unit_x, unit_y) = match (chroma.format, chroma.separate) {
        (1, _) => (2, 2),
        (2, _) => (2, 1),
        _ => (1, 1),
    };
    Ok(((left + right) * unit_x, (top + bottom) * unit_y * fields))
}

type Usability = (Option<Ratio>, Option<Colour>, Option<Ratio>);

/// Annex E. A cut VUI loses only what comes after the cut: encoders exist that write too little of it.
fn usability(bits: &mut Bits<'_>) -> Usability {
    let mut found = (None, None, None);
    let _ = read_usability(bits, &mut found);
    found
}

fn read_usability(bits: &mut Bits<'_>, found: &mut Usability) -> Result<(), ConfigError> {
    found.0 = aspect(bits)?;
    found.1 = signal(bits)?;
    if bits.bit()? {
        let ticks = bits.read(32)?;
        let scale = bits.read(32)?;
        found.2 = Ratio::new(u64::from(scale), u64::from(ticks) * 2);
    }
    Ok(())
}

/// aspect_ratio_idc of table E-1, shared with H.265.
pub(super) fn aspect(bits: &mut Bits<'_>) -> Result<Option<Ratio>, ConfigError> {
    const TABLE: [(u64, u64); 16] = [
        (1, 1),
        (12, 11),
        (10, 11),
        (16, 11),
        (40, 33),
        (24, 11),
        (20, 11),
        (32, 11),
        (80, 33),
        (18, 11),
        (15, 11),
        (64, 33),
        (160, 99),
        (4, 3),
        (3, 2),
        (2, 1),
    ];
    if !bits.bit()? {
        return Ok(None);
    }
    let (num, den) = match bits.byte()? {
        255 => (u64::from(bits.read(16)?), u64::from(bits.read(16)?)),
        index => usize::from(index).checked_sub(1).and_then(|at| TABLE.get(at)).copied().unwrap_or((0, 0)),
    };
    Ok(Ratio::new(num, den))
}

/// Overscan, video signal type and chroma location, which both standards write alike.
pub(super) fn signal(bits: &mut Bits<'_>) -> Result<Option<Colour>, ConfigError> {
    if bits.bit()? {
        bits.skip(1)?;
    }
    let mut colour = None;
    if bits.bit()? {
        bits.skip(3)?;
        let full_range = bits.bit()?;
        if bits.bit()? {
            let mut code = || bits.byte().map(u16::from);
            colour = Some(Colour { primaries: code()?, transfer: code()?, matrix: code()?, full_range });
        }
    }
    if bits.bit()? {
        bits.ue()?;
        bits.ue()?;
    }
    Ok(colour)
}
