//! Inputs for tests of plans.

use std::path::PathBuf;

use super::types::{Clip, InputFile, Place, Plan};
use crate::probe::{Audio, Range, Rate, Scan, Source, Turn, Video};
use crate::ratio::Ratio;

pub(crate) fn video(width: u32, height: u32, seconds: f64) -> Video {
    Video {
        index: 0,
        codec: "h264".into(),
        profile: "High".into(),
        time_base: Ratio { num: 1, den: 90_000 },
        first_pts: 0,
        duration_us: Some((seconds * 1e6) as i64),
        width,
        height,
        pixel_aspect: Ratio::ONE,
        turn: Turn::None,
        rate: Rate::Constant(Ratio { num: 25, den: 1 }),
        scan: Scan::Progressive,
        pixel_format: "yuv420p".into(),
        range: Range::Standard,
        bit_rate: None,
        frames: None,
    }
}

pub(crate) fn audio(index: u32, channels: u32, language: Option<&str>) -> Audio {
    Audio {
        index,
        codec: "aac".into(),
        sample_rate: 48_000,
        channels,
        language: language.map(str::to_owned),
        title: None,
        default: false,
        bit_rate: Some(128_000),
        duration_us: None,
    }
}

pub(crate) fn clip_of(video: Option<Video>, audio: Vec<Audio>) -> Clip {
    let duration_us = video.as_ref().and_then(|video| video.duration_us).or(Some(10_000_000));
    Clip {
        input: InputFile {
            name: "in.mp4".into(),
            place: Place::Local { path: PathBuf::from("/in.mp4") },
            remux: false,
            seekable: true,
        },
        source: Source { container: "mov".into(), size: 1, duration_us, video, audio },
        start_us: 0,
        end_us: None,
    }
}

pub(crate) fn clip(seconds: f64) -> Clip {
    clip_of(Some(video(1920, 1080, seconds)), vec![audio(1, 2, Some("eng"))])
}

pub(crate) fn plan_of(clips: Vec<Clip>) -> Plan {
    let preset = millrace_catalog::preset::Preset::BuiltIn(millrace_catalog::preset::BuiltIn {
        name: millrace_catalog::preset::BuiltInName::AdaptiveStreaming,
        configurations: None,
    });
    super::plan(&preset, clips).expect("a plan")
}
