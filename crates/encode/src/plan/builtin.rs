//! Presets known by name.

use millrace_catalog::preset::{BuiltIn, BuiltInName, Complexity, InterleaveOutput};

use super::audio::{self, AacSettings};
use super::draft::Draft;
use super::ladder::{self, Bounds, Facts, Rung};
use super::types::{Control, H264Profile, Plan, Speed, VideoCodec, VideoEncode, VideoMake, VideoTrack};
use crate::problem::Problem;

/// A rung of a fixed ladder: lines and kilobits per second.
type Fixed = (u32, u64);

const MULTIPLE_1080: &[Fixed] =
    &[(1080, 6000), (1080, 4700), (720, 3400), (540, 2250), (540, 1500), (360, 1000), (360, 650), (180, 400)];
const MULTIPLE_720: &[Fixed] = &[(720, 3400), (540, 2250), (540, 1500), (360, 1000), (360, 650), (180, 400)];
const MULTIPLE_SD: &[Fixed] = &[(480, 1900), (480, 1300), (360, 900), (360, 650), (240, 400)];

/// The share of H.264's bits that H.265 needs, by AMS's own single-bitrate presets.
const H265_FACTOR: f64 = 0.52;
/// Lines of the highest rung of the documented ladders.
const H264_TOP: u32 = 1080;
const H265_TOP: u32 = 2160;
/// A rung this near to the source's size is the source's size.
const NEARLY: f64 = 0.9;

/// The plan of a built-in preset.
pub fn plan(preset: &BuiltIn, mut draft: Draft) -> Result<Plan, Problem> {
    use BuiltInName::*;
    let h264 = VideoCodec::H264 { profile: H264Profile::High, cabac: true };
    let h265 = VideoCodec::H265 { ten_bit: false };
    let speed = speed_of(preset);
    match preset.name {
        AdaptiveStreaming | ContentAwareEncoding | ContentAwareEncodingExperimental => {
            let rungs = generated(preset, &draft, h264);
            add_video(&mut draft, &rungs, h264, speed);
        }
        H265AdaptiveStreaming | H265ContentAwareEncoding => {
            let rungs = generated(preset, &draft, h265);
            add_video(&mut draft, &rungs, h265, speed);
        }
        H264MultipleBitrate1080p => add_fixed(&mut draft, MULTIPLE_1080, h264, speed),
        H264MultipleBitrate720p => add_fixed(&mut draft, MULTIPLE_720, h264, speed),
        H264MultipleBitrateSD => add_fixed(&mut draft, MULTIPLE_SD, h264, speed),
        H264SingleBitrate1080p => add_fixed(&mut draft, &[(1080, 6750)], h264, speed),
        H264SingleBitrate720p => add_fixed(&mut draft, &[(720, 4500)], h264, speed),
        H264SingleBitrateSD => add_fixed(&mut draft, &[(480, 2200)], h264, speed),
        H265SingleBitrate720p => add_fixed(&mut draft, &[(720, 1800)], h265, speed),
        H265SingleBitrate1080p => add_fixed(&mut draft, &[(1080, 3500)], h265, speed),
        H265SingleBitrate4K => add_fixed(&mut draft, &[(2160, 9500)], h265, speed),
        AacGoodQualityAudio => {
            draft.need_audio("AACGoodQualityAudio")?;
            audio::add_aac(&mut draft, &AacSettings { bitrate: 192_000, ..AacSettings::default() }, &[]);
            return draft.finish_apart();
        }
        CopyAllBitrateNonInterleaved => {
            draft.copy_video(&[]);
            audio::add_copies(&mut draft, &[]);
            return draft.finish_apart();
        }
    }
    audio::add_aac(&mut draft, &AacSettings::default(), &[]);
    if is_interleaved(preset) { draft.finish_together() } else { draft.finish_apart() }
}

/// The key frame interval in microseconds that a preset asks for.
pub fn interval_us(preset: &BuiltIn) -> i64 {
    let wanted = preset.configurations.as_ref().and_then(|bounds| bounds.key_frame_interval_s);
    (wanted.unwrap_or(2.0).clamp(0.5, 20.0) * 1e6) as i64
}

fn speed_of(preset: &BuiltIn) -> Speed {
    speed(preset.configurations.as_ref().and_then(|bounds| bounds.complexity).unwrap_or_default())
}

pub(super) fn speed(complexity: Complexity) -> Speed {
    match complexity {
        Complexity::Speed => Speed::Fast,
        Complexity::Balanced => Speed::Balanced,
        Complexity::Quality => Speed::Slow,
    }
}

/// The families whose AMS outputs hold picture and sound in each file; streaming presets keep them apart.
fn is_interleaved(preset: &BuiltIn) -> bool {
    use BuiltInName::*;
    let asked = preset.configurations.as_ref().and_then(|bounds| bounds.interleave_output);
    match (asked, preset.name) {
        (Some(asked), _) => asked == InterleaveOutput::InterleavedOutput,
        (None, H264SingleBitrate1080p | H264SingleBitrate720p | H264SingleBitrateSD) => true,
        (None, H265SingleBitrate720p | H265SingleBitrate1080p | H265SingleBitrate4K) => true,
        (None, H264MultipleBitrate1080p | H264MultipleBitrate720p | H264MultipleBitrateSD) => true,
        (None, _) => false,
    }
}

fn generated(preset: &BuiltIn, draft: &Draft, codec: VideoCodec) -> Vec<Rung> {
    let Some((size, video)) = draft.picture_size().zip(draft.video()) else {
        return Vec::new();
    };
    let wanted = preset.configurations.clone().unwrap_or_default();
    let is_h265 = matches!(codec, VideoCodec::H265 { .. });
    let factor = if is_h265 { H265_FACTOR } else { 1.0 };
    let facts = Facts {
        size,
        rate: video.rate.per_second(),
        bit_rate: video.bit_rate,
        efficiency: efficiency(&video.codec) * factor,
    };
    let bounds = Bounds {
        codec_factor: factor,
        max_height: wanted.max_height.unwrap_or(if is_h265 { H265_TOP } else { H264_TOP }),
        min_height: wanted.min_height.unwrap_or(180),
        max_bitrate: wanted.max_bitrate_bps.map_or(60_000_000, u64::from),
        min_bitrate: wanted.min_bitrate_bps.map_or(50_000, u64::from),
        max_layers: wanted.max_layers.map_or(usize::MAX, |layers| layers as usize),
    };
    ladder::generate(&facts, &bounds)
}

/// How many bits of H.264 say what one bit of the source's codec says.
fn efficiency(codec: &str) -> f64 {
    match codec {
        "hevc" | "vp9" => 1.7,
        "av1" | "vvc" => 2.2,
        _ => 1.0,
    }
}

/// Nothing is scaled up: of the rungs above the source one is left, at the source's own size.
fn add_fixed(draft: &mut Draft, rungs: &[Fixed], codec: VideoCodec, speed: Speed) {
    let Some(picture) = draft.picture_size() else { return };
    let (above, below): (Vec<&Fixed>, Vec<&Fixed>) =
        rungs.iter().partition(|(lines, _)| ladder::fit(picture, *lines) > 1.0);
    let is_met = below.first().is_some_and(|(lines, _)| ladder::fit(picture, *lines) >= NEARLY);
    let native = above.last().filter(|_| !is_met).map(|(_, kilobits)| {
        let (width, height) = ladder::even_size(picture);
        Rung { width, height, bitrate: kilobits * 1000 }
    });
    let scaled = below.iter().map(|(lines, kilobits)| {
        let (width, height) = ladder::scaled(picture, ladder::fit(picture, *lines));
        Rung { width, height, bitrate: kilobits * 1000 }
    });
    let sized: Vec<Rung> = native.into_iter().chain(scaled).collect();
    add_video(draft, &sized, codec, speed);
}

fn add_video(draft: &mut Draft, rungs: &[Rung], codec: VideoCodec, speed: Speed) {
    for rung in rungs {
        let encode = encode(rung.bitrate, codec, speed);
        let name = format!("video_{}p_{}", rung.height.min(rung.width), rung.bitrate / 1000);
        draft.push_video(VideoTrack {
            name,
            labels: Vec::new(),
            size: (rung.width, rung.height),
            inner: None,
            make: VideoMake::Encode(encode),
        });
    }
}

/// AMS's settings of all built-in presets: 3 B-frames, 3 references, a buffer of 5 s.
fn encode(bitrate: u64, codec: VideoCodec, speed: Speed) -> VideoEncode {
    VideoEncode {
        codec,
        bitrate,
        max_bitrate: bitrate,
        buffer: bitrate * 5,
        control: Control::Average,
        speed,
        b_frames: 3,
        adaptive_b_frames: true,
        reference_frames: 3,
        slices: 0,
        level: None,
        rate: None,
    }
}
