//! The rules of presets, each refusal with the path of the property that broke it.

mod codec;
mod effects;
mod format;

use jiff::SignedDuration;

use super::builtin::{BuiltIn, Configurations};
use super::{Position, Preset, Standard};
use crate::{Error, Result};
use codec::check_codec;
use effects::check_filters;
use format::{check_company, check_format, labels};

/// Codecs, formats and layers of one preset: AMS encodes far fewer, and each costs a pass over every picture.
const MAX_LIST: usize = 20;
/// Widest and highest picture that H.264 level 6.2 and H.265 level 6.2 allow, rounded up.
const MAX_PIXELS: u32 = 16_384;
/// H.264 level 6.2's bit rate.
const MAX_BITRATE: u32 = 800_000_000;
/// Characters of a label.
const MAX_LABEL: usize = 64;

/// Refuses a preset that breaks a rule of `ams-v3` §2. `field` is the preset's own path, for the paths in refusals.
pub fn check(field: &str, preset: &Preset) -> Result<()> {
    match preset {
        Preset::BuiltIn(preset) => check_built_in(field, preset),
        Preset::Standard(preset) => check_standard(field, preset),
    }
}

fn check_built_in(field: &str, preset: &BuiltIn) -> Result<()> {
    let Some(bounds) = &preset.configurations else { return Ok(()) };
    let field = format!("{field}.configurations");
    if !preset.name.takes_configurations() {
        return Err(Error::invalid(field, "configurations are only for the ContentAwareEncoding presets"));
    }
    check_configurations(&field, bounds)
}

fn check_configurations(field: &str, bounds: &Configurations) -> Result<()> {
    if let Some(interval) = bounds.key_frame_interval_s {
        within(&format!("{field}.keyFrameIntervalInSeconds"), interval, 0.5, 20.0)?;
    }
    optional(field, "maxBitrateBps", bounds.max_bitrate_bps, 1, MAX_BITRATE)?;
    optional(field, "minBitrateBps", bounds.min_bitrate_bps, 1, MAX_BITRATE)?;
    optional(field, "maxHeight", bounds.max_height, 1, MAX_PIXELS)?;
    optional(field, "minHeight", bounds.min_height, 1, MAX_PIXELS)?;
    optional(field, "maxLayers", bounds.max_layers, 1, MAX_LIST as u32)?;
    ordered(field, "minBitrateBps", bounds.min_bitrate_bps, bounds.max_bitrate_bps)?;
    ordered(field, "minHeight", bounds.min_height, bounds.max_height)
}

fn ordered(field: &str, name: &str, low: Option<u32>, high: Option<u32>) -> Result<()> {
    match (low, high) {
        (Some(low), Some(high)) if low > high => {
            Err(Error::invalid(format!("{field}.{name}"), "the minimum is above the maximum"))
        }
        _ => Ok(()),
    }
}

fn check_standard(field: &str, preset: &Standard) -> Result<()> {
    count(&format!("{field}.codecs"), preset.codecs.len(), 1)?;
    count(&format!("{field}.formats"), preset.formats.len(), 1)?;
    for (index, codec) in preset.codecs.iter().enumerate() {
        check_codec(&format!("{field}.codecs[{index}]"), codec)?;
    }
    let labels = labels(field, preset)?;
    for (index, format) in preset.formats.iter().enumerate() {
        check_format(&format!("{field}.formats[{index}]"), format, preset, &labels)?;
    }
    check_company(field, preset)?;
    match &preset.filters {
        Some(filters) => check_filters(&format!("{field}.filters"), filters, preset),
        None => Ok(()),
    }
}

fn position(field: &str, value: Position, best: bool) -> Result<()> {
    match value {
        Position::Best if best => Ok(()),
        Position::Best => Err(Error::invalid(field, "{Best} is only for the start of thumbnails")),
        Position::Percent(share) if share > 100.0 => {
            Err(Error::invalid(field, "the percentage is above 100"))
        }
        Position::Time(time) if time.is_negative() => Err(Error::invalid(field, "the time is negative")),
        Position::Time(_) | Position::Percent(_) | Position::Frame(_) => Ok(()),
    }
}

fn is_zero(value: Position) -> bool {
    match value {
        Position::Time(time) => time.is_zero(),
        Position::Percent(share) => share == 0.0,
        Position::Frame(frames) => frames == 0,
        Position::Best => false,
    }
}

fn label(field: &str, label: Option<&str>) -> Result<()> {
    let legal = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ' | '.');
    match label {
        Some(text) if text.is_empty() || text.chars().count() > MAX_LABEL || !text.chars().all(legal) => {
            let why =
                format!("a label is 1 to {MAX_LABEL} letters, digits, spaces, hyphens, dots and underscores");
            Err(Error::invalid(format!("{field}.label"), why))
        }
        _ => Ok(()),
    }
}

fn count(field: &str, found: usize, at_least: usize) -> Result<()> {
    if found < at_least {
        return Err(Error::invalid(field, format!("at least {at_least} is needed")));
    }
    if found > MAX_LIST {
        return Err(Error::invalid(field, format!("at most {MAX_LIST} are allowed")));
    }
    Ok(())
}

fn optional(field: &str, name: &str, value: Option<u32>, low: u32, high: u32) -> Result<()> {
    match value {
        Some(value) if !(low..=high).contains(&value) => {
            Err(Error::invalid(format!("{field}.{name}"), format!("the value must be {low} to {high}")))
        }
        _ => Ok(()),
    }
}

fn seconds(field: &str, name: &str, value: Option<SignedDuration>, low: f64, high: f64) -> Result<()> {
    value.map_or(Ok(()), |value| within(&format!("{field}.{name}"), value.as_secs_f64(), low, high))
}

fn within(field: &str, value: f64, low: f64, high: f64) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::invalid(field, format!("the value must be {low} to {high}")))
}
