//! The rules of presets, each refusal with the path of the property that broke it.

use jiff::SignedDuration;

use super::builtin::{BuiltIn, Configurations};
use super::codec::{Codec, ImageCommon, SyncMode, VideoCommon, VideoLayer};
use super::{
    AacAudio, AacProfile, Dimension, EntropyMode, Fade, Filters, Format, H264Layer, H264Profile, H265Layer,
    Macro, Mp4Format, Position, Preset, RateControl, Rectangle, Standard,
};
use crate::{Error, Result};

/// Codecs, formats and layers of one preset: AMS encodes far fewer, and each costs a pass over every picture.
const MAX_LIST: usize = 20;
/// Widest and highest picture that H.264 level 6.2 and H.265 level 6.2 allow, rounded up.
const MAX_PIXELS: u32 = 16_384;
/// H.264 level 6.2's bit rate.
const MAX_BITRATE: u32 = 800_000_000;
/// Frames per second at most, as AMS's levels allow.
const MAX_FRAME_RATE: f64 = 300.0;
/// Columns of a sprite; a JPEG is at most 65535 pixels wide.
const MAX_COLUMNS: u32 = 100;
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

/// Every codec finds a format for its files, and every format a codec.
fn check_company(field: &str, preset: &Standard) -> Result<()> {
    let codec = |wanted: fn(&Codec) -> bool| preset.codecs.iter().position(wanted);
    let format = |wanted: fn(&Format) -> bool| preset.formats.iter().position(wanted);
    let pairs = [
        ("Mp4Format", codec(|c| is_stream(c)), format(|f| matches!(f, Format::Mp4(_)))),
        (
            "JpgFormat",
            codec(|c| matches!(c, Codec::JpgImage(_))),
            format(|f| matches!(f, Format::Jpg { .. })),
        ),
        (
            "PngFormat",
            codec(|c| matches!(c, Codec::PngImage(_))),
            format(|f| matches!(f, Format::Png { .. })),
        ),
    ];
    for (name, codec, format) in pairs {
        match (codec, format) {
            (Some(codec), None) => {
                let why = format!("there is no {name} in formats for what this codec makes");
                return Err(Error::invalid(format!("{field}.codecs[{codec}]"), why));
            }
            (None, Some(format)) => {
                let why = format!("there is no codec whose output a {name} could hold");
                return Err(Error::invalid(format!("{field}.formats[{format}]"), why));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_stream(codec: &Codec) -> bool {
    !matches!(codec, Codec::JpgImage(_) | Codec::PngImage(_))
}

fn check_codec(field: &str, codec: &Codec) -> Result<()> {
    label(field, codec.label())?;
    match codec {
        Codec::H264Video(video) => {
            check_video(field, &video.common, video.scene_change_detection, video.layers.len())?;
            each(field, &video.layers, |field, layer| check_h264_layer(field, layer, video.rate_control))
        }
        Codec::H265Video(video) => {
            check_video(field, &video.common, video.scene_change_detection, video.layers.len())?;
            each(field, &video.layers, check_h265_layer)
        }
        Codec::AacAudio(audio) => check_aac(field, audio),
        Codec::CopyVideo(_) | Codec::CopyAudio(_) => Ok(()),
        Codec::JpgImage(image) => {
            check_image(field, &image.common, image.layers.len())?;
            optional(field, "spriteColumn", image.sprite_column, 1, MAX_COLUMNS)?;
            each(field, &image.layers, |field, layer| {
                label(field, layer.label.as_deref())?;
                optional(field, "quality", layer.quality, 0, 100)?;
                check_size(field, layer.width, layer.height, 1)
            })
        }
        Codec::PngImage(image) => {
            check_image(field, &image.common, image.layers.len())?;
            each(field, &image.layers, |field, layer| {
                label(field, layer.label.as_deref())?;
                check_size(field, layer.width, layer.height, 1)
            })
        }
    }
}

fn each<T>(field: &str, layers: &[T], check: impl Fn(&str, &T) -> Result<()>) -> Result<()> {
    layers.iter().enumerate().try_for_each(|(index, layer)| check(&format!("{field}.layers[{index}]"), layer))
}

fn check_video(field: &str, common: &VideoCommon, scene_changes: bool, layers: usize) -> Result<()> {
    count(&format!("{field}.layers"), layers, 1)?;
    if common.sync_mode != SyncMode::Passthrough {
        seconds(field, "keyFrameInterval", common.key_frame_interval, 0.5, 20.0)?;
    }
    if scene_changes && layers > 1 {
        let why =
            "scene change detection is only for a single layer: key frames of several would not line up";
        return Err(Error::invalid(format!("{field}.sceneChangeDetection"), why));
    }
    Ok(())
}

fn check_h264_layer(field: &str, layer: &H264Layer, control: RateControl) -> Result<()> {
    check_layer(field, &layer.video)?;
    // 4:2:0 needs even sizes; AMS asks for multiples of 4 for H.264.
    check_size(field, layer.video.width, layer.video.height, 4)?;
    if layer.video.crf.is_some() && control != RateControl::Crf {
        return Err(Error::invalid(format!("{field}.crf"), "crf is only for rateControlMode CRF"));
    }
    if layer.profile == H264Profile::Baseline {
        if layer.video.b_frames.is_some_and(|frames| frames > 0) {
            return Err(Error::invalid(format!("{field}.bFrames"), "the Baseline profile has no B-frames"));
        }
        if layer.entropy_mode == Some(EntropyMode::Cabac) {
            return Err(Error::invalid(format!("{field}.entropyMode"), "the Baseline profile has no Cabac"));
        }
    }
    let levels = [
        "1", "1.1", "1.2", "1.3", "2", "2.1", "2.2", "3", "3.1", "3.2", "4", "4.1", "4.2", "5", "5.1", "5.2",
        "6", "6.1", "6.2",
    ];
    level(field, layer.video.level.as_deref(), &levels)
}

fn check_h265_layer(field: &str, layer: &H265Layer) -> Result<()> {
    check_layer(field, &layer.video)?;
    check_size(field, layer.video.width, layer.video.height, 2)?;
    let levels = ["1", "2", "2.1", "3", "3.1", "4", "4.1", "5", "5.1", "5.2", "6", "6.1", "6.2"];
    level(field, layer.video.level.as_deref(), &levels)
}

fn check_layer(field: &str, layer: &VideoLayer) -> Result<()> {
    label(field, layer.label.as_deref())?;
    if layer.bitrate == 0 {
        return Err(Error::invalid(format!("{field}.bitrate"), "the bitrate is required"));
    }
    optional(field, "bitrate", Some(layer.bitrate), 1, MAX_BITRATE)?;
    optional(field, "maxBitrate", layer.max_bitrate, 1, MAX_BITRATE)?;
    ordered(field, "maxBitrate", Some(layer.bitrate), layer.max_bitrate)?;
    optional(field, "bFrames", layer.b_frames, 0, 16)?;
    optional(field, "referenceFrames", layer.reference_frames, 0, 16)?;
    optional(field, "slices", layer.slices, 0, 32)?;
    seconds(field, "bufferWindow", layer.buffer_window, 0.1, 100.0)?;
    if let Some(crf) = layer.crf {
        within(&format!("{field}.crf"), crf, 0.0, 51.0)?;
    }
    match layer.frame_rate {
        Some(rate) if rate.as_f64() > MAX_FRAME_RATE => Err(Error::invalid(
            format!("{field}.frameRate"),
            format!("the frame rate is above {MAX_FRAME_RATE}"),
        )),
        _ => Ok(()),
    }
}

fn level(field: &str, level: Option<&str>, known: &[&str]) -> Result<()> {
    match level {
        None => Ok(()),
        Some(level)
            if level.eq_ignore_ascii_case("auto")
                || known.contains(&level.strip_suffix(".0").unwrap_or(level)) =>
        {
            Ok(())
        }
        Some(_) => Err(Error::invalid(
            format!("{field}.level"),
            format!("the level must be Auto or one of {}", known.join(", ")),
        )),
    }
}

fn check_size(field: &str, width: Option<Dimension>, height: Option<Dimension>, multiple: u32) -> Result<()> {
    for (name, size) in [("width", width), ("height", height)] {
        let field = format!("{field}.{name}");
        match size {
            Some(Dimension::Pixels(pixels)) if pixels == 0 || pixels > MAX_PIXELS => {
                return Err(Error::invalid(field, format!("the size must be 1 to {MAX_PIXELS} pixels")));
            }
            Some(Dimension::Pixels(pixels)) if pixels % multiple != 0 => {
                return Err(Error::invalid(field, format!("the size must be a multiple of {multiple}")));
            }
            Some(Dimension::Percent(share)) if share <= 0.0 || share > 400.0 => {
                return Err(Error::invalid(field, "the percentage must be above 0 and at most 400"));
            }
            _ => {}
        }
    }
    match (width, height) {
        (Some(Dimension::Pixels(_)), Some(Dimension::Percent(_)))
        | (Some(Dimension::Percent(_)), Some(Dimension::Pixels(_))) => Err(Error::invalid(
            format!("{field}.height"),
            "width and height must both be pixels or both percentages",
        )),
        _ => Ok(()),
    }
}

fn check_aac(field: &str, audio: &AacAudio) -> Result<()> {
    optional(field, "channels", audio.channels, 1, 8)?;
    optional(field, "bitrate", audio.bitrate, 8_000, 1_024_000)?;
    if let Some(rate) = audio.sampling_rate {
        const RATES: [u32; 12] =
            [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000];
        if !RATES.contains(&rate) {
            let why =
                format!("the sampling rate must be one of {}", RATES.map(|rate| rate.to_string()).join(", "));
            return Err(Error::invalid(format!("{field}.samplingRate"), why));
        }
    }
    if audio.profile == AacProfile::HeAacV2 && audio.channels.is_some_and(|channels| channels != 2) {
        return Err(Error::invalid(format!("{field}.channels"), "HeAacV2 is for two channels only"));
    }
    Ok(())
}

fn check_image(field: &str, image: &ImageCommon, layers: usize) -> Result<()> {
    count(&format!("{field}.layers"), layers, 0)?;
    position(&format!("{field}.start"), image.start, true)?;
    for (name, value) in [("step", image.step), ("range", image.range)] {
        let Some(value) = value else { continue };
        let field = format!("{field}.{name}");
        position(&field, value, false)?;
        if is_zero(value) {
            return Err(Error::invalid(field, "the value must be above 0"));
        }
    }
    Ok(())
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

fn check_format(field: &str, format: &Format, preset: &Standard, labels: &[String]) -> Result<()> {
    let pattern = format!("{field}.filenamePattern");
    match format {
        Format::Mp4(mp4) => check_mp4(field, mp4, preset, labels),
        Format::Jpg { filename_pattern } | Format::Png { filename_pattern }
            if !filename_pattern.has(Macro::Index) =>
        {
            let several = |codec: &Codec| match (codec, format) {
                (Codec::JpgImage(image), Format::Jpg { .. }) => {
                    image.sprite_column.is_none() && image.common.start != Position::Best
                }
                (Codec::PngImage(image), Format::Png { .. }) => image.common.start != Position::Best,
                _ => false,
            };
            let single = |codec: &Codec| match codec {
                Codec::JpgImage(image) => image.common.range == Some(Position::Frame(1)),
                Codec::PngImage(image) => image.common.range == Some(Position::Frame(1)),
                _ => false,
            };
            if preset.codecs.iter().any(|codec| several(codec) && !single(codec)) {
                return Err(Error::invalid(
                    pattern,
                    "{Index} is missing: the pictures would overwrite each other",
                ));
            }
            Ok(())
        }
        Format::Jpg { .. } | Format::Png { .. } => Ok(()),
    }
}

fn check_mp4(field: &str, format: &Mp4Format, preset: &Standard, labels: &[String]) -> Result<()> {
    count(&format!("{field}.outputFiles"), format.output_files.len(), 0)?;
    for (index, file) in format.output_files.iter().enumerate() {
        let field = format!("{field}.outputFiles[{index}].labels");
        count(&field, file.labels.len(), 1)?;
        if let Some(unknown) = file.labels.iter().find(|label| !labels.contains(label)) {
            return Err(Error::invalid(field, format!("no codec or layer has the label '{unknown}'")));
        }
    }
    let several =
        if format.output_files.is_empty() { video_layers(preset) > 1 } else { format.output_files.len() > 1 };
    let apart = [Macro::Label, Macro::Bitrate, Macro::Resolution]
        .iter()
        .any(|name| format.filename_pattern.has(*name));
    if several && !apart {
        let why = "{Label}, {Bitrate} or {Resolution} is missing: the files would overwrite each other";
        return Err(Error::invalid(format!("{field}.filenamePattern"), why));
    }
    Ok(())
}

fn video_layers(preset: &Standard) -> usize {
    let layers = |codec: &Codec| match codec {
        Codec::H264Video(video) => video.layers.len(),
        Codec::H265Video(video) => video.layers.len(),
        Codec::CopyVideo(_) => 1,
        _ => 0,
    };
    preset.codecs.iter().map(layers).sum()
}

/// All labels of codecs and layers that an MP4 file may hold; none twice, except that a codec of one layer may share its layer's.
fn labels(field: &str, preset: &Standard) -> Result<Vec<String>> {
    let mut seen: Vec<String> = Vec::new();
    for (index, codec) in preset.codecs.iter().enumerate().filter(|(_, codec)| is_stream(codec)) {
        let layers: Vec<&str> = match codec {
            Codec::H264Video(video) => {
                video.layers.iter().filter_map(|layer| layer.video.label.as_deref()).collect()
            }
            Codec::H265Video(video) => {
                video.layers.iter().filter_map(|layer| layer.video.label.as_deref()).collect()
            }
            _ => Vec::new(),
        };
        let mut own: Vec<&str> = codec.label().into_iter().filter(|label| !layers.contains(label)).collect();
        own.extend(layers);
        for label in own {
            if seen.iter().any(|other| other == label) {
                let why = format!("the label '{label}' is used twice");
                return Err(Error::invalid(format!("{field}.codecs[{index}]"), why));
            }
            seen.push(label.to_owned());
        }
    }
    Ok(seen)
}

fn check_filters(field: &str, filters: &Filters, preset: &Standard) -> Result<()> {
    let copies = preset.codecs.iter().any(|codec| matches!(codec, Codec::CopyVideo(_)));
    if copies && (filters.crop.is_some() || filters.fade_in.is_some() || filters.fade_out.is_some()) {
        return Err(Error::invalid(
            field,
            "crop and fades need the video to be encoded, and CopyVideo does not",
        ));
    }
    if let Some(crop) = &filters.crop {
        check_crop(&format!("{field}.crop"), crop)?;
    }
    for (name, fade) in [("fadeIn", &filters.fade_in), ("fadeOut", &filters.fade_out)] {
        if let Some(fade) = fade {
            check_fade(&format!("{field}.{name}"), fade)?;
        }
    }
    Ok(())
}

fn check_crop(field: &str, crop: &Rectangle) -> Result<()> {
    for (name, size, at_least) in
        [("left", crop.left, 0), ("top", crop.top, 0), ("width", crop.width, 1), ("height", crop.height, 1)]
    {
        let ok = match size {
            None => true,
            Some(Dimension::Pixels(pixels)) => (at_least..=MAX_PIXELS).contains(&pixels),
            Some(Dimension::Percent(share)) => share <= 100.0 && (at_least == 0 || share > 0.0),
        };
        if !ok {
            return Err(Error::invalid(
                format!("{field}.{name}"),
                "the value does not leave a part of the picture",
            ));
        }
    }
    for (name, from, length) in [("width", crop.left, crop.width), ("height", crop.top, crop.height)] {
        if let (Some(Dimension::Percent(from)), Some(Dimension::Percent(length))) = (from, length)
            && from + length > 100.0
        {
            return Err(Error::invalid(format!("{field}.{name}"), "the part reaches beyond the picture"));
        }
    }
    Ok(())
}

fn check_fade(field: &str, fade: &Fade) -> Result<()> {
    let duration = format!("{field}.duration");
    position(&duration, fade.duration, false)?;
    if is_zero(fade.duration) {
        return Err(Error::invalid(duration, "the value must be above 0"));
    }
    fade.start.map_or(Ok(()), |start| position(&format!("{field}.start"), start, false))
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
