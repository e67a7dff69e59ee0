//! Rules of codecs and their layers.

use super::{MAX_BITRATE, MAX_PIXELS, count, is_zero, label, optional, ordered, position, seconds, within};
use crate::preset::codec::{ImageCommon, VideoCommon, VideoLayer};
use crate::preset::{
    AacAudio, AacProfile, Codec, Dimension, EntropyMode, H264Layer, H264Profile, H265Layer, RateControl,
    SyncMode,
};
use crate::{Error, Result};

/// Frames per second at most, as AMS's levels allow.
const MAX_FRAME_RATE: f64 = 300.0;
/// Columns of a sprite; a JPEG is at most 65535 pixels wide.
const MAX_COLUMNS: u32 = 100;

pub(super) fn check_codec(field: &str, codec: &Codec) -> Result<()> {
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
