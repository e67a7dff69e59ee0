//! The ffmpeg command of a chunk.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::filters::{Cut, graph, seconds};
use crate::ffmpeg::Tools;
use crate::ffmpeg::tools::{file_url, guarded_input};
use crate::plan::VideoMake;
use crate::plan::chunks::clip_start;
use crate::plan::types::{Control, H264Profile, Speed, VideoCodec, VideoEncode, VideoTrack};

/// Decoding begins at the key frame before this much before the chunk: open GOPs show frames before their key frame.
const SEEK_MARGIN_US: i64 = 1_000_000;

/// Arguments for one chunk of all encoded tracks. `outputs` are the files of `tracks`, in the same order.
///
/// With `seek` false the input is decoded from its beginning, for inputs whose index points to the wrong places.
pub fn arguments(
    tools: &Tools,
    cut: &Cut<'_>,
    input: &Path,
    tracks: &[&VideoTrack],
    outputs: &[PathBuf],
    seek: bool,
) -> Vec<OsString> {
    let mut args = Arguments::default();
    args.all([
        "-hide_banner",
        "-nostdin",
        "-y",
        "-v",
        "error",
        "-progress",
        "pipe:1",
        "-stats_period",
        "0.5",
    ]);
    args.all(["-copyts", "-noaccurate_seek", "-noautorotate", "-an", "-sn", "-dn"]);
    if seek {
        args.all(seek_to(cut));
    }
    args.all(guarded_input());
    args.one("-i");
    args.0.push(file_url(input));
    args.all(["-filter_complex", &graph(cut, tracks)]);
    for (n, (track, output)) in tracks.iter().zip(outputs).enumerate() {
        args.all(["-map", &format!("[v{n}]")]);
        if let VideoMake::Encode(encode) = &track.make {
            encoder(&mut args, tools, cut, encode);
        }
        args.all(muxer(cut.plan.timing.timescale));
        args.0.push(file_url(output));
    }
    args.0
}

/// Arguments of a fragmented MP4 with absolute times, which [`millrace_mp4::stream::Demuxer`] reads.
pub fn muxer(timescale: u32) -> Vec<String> {
    let timescale = timescale.to_string();
    [
        "-video_track_timescale",
        &timescale,
        "-avoid_negative_ts",
        "disabled",
        "-use_editlist",
        "0",
        "-movflags",
        "+frag_keyframe+empty_moov+default_base_moof+frag_discont+skip_trailer",
        "-map_metadata",
        "-1",
        "-map_chapters",
        "-1",
        "-f",
        "mp4",
    ]
    .map(str::to_owned)
    .into()
}

/// Arguments in the making.
#[derive(Debug, Default)]
pub struct Arguments(pub Vec<OsString>);

impl Arguments {
    /// Adds one.
    pub fn one(&mut self, argument: impl Into<OsString>) {
        self.0.push(argument.into());
    }

    /// Adds several.
    pub fn all<A: Into<OsString>>(&mut self, arguments: impl IntoIterator<Item = A>) {
        self.0.extend(arguments.into_iter().map(Into::into));
    }
}

/// `-ss` counts in the input's own time stamps. A chunk at the very start needs no seeking.
fn seek_to(cut: &Cut<'_>) -> Vec<String> {
    let timing = &cut.plan.timing;
    let from_us = timing.us(cut.chunk.from);
    let first_us = cut.video.first_pts as f64 * cut.video.time_base.value() * 1e6;
    let target = from_us - SEEK_MARGIN_US;
    if target <= SEEK_MARGIN_US {
        return Vec::new();
    }
    let at = seconds(first_us as i64 + target);
    ["-seek_timestamp", "1", "-ss", &at].map(str::to_owned).into()
}

fn encoder(args: &mut Arguments, tools: &Tools, cut: &Cut<'_>, encode: &VideoEncode) {
    let timing = &cut.plan.timing;
    args.all(["-enc_time_base", &format!("1/{}", timing.timescale), "-fps_mode", "passthrough"]);
    args.all(["-force_key_frames", &key_frames(cut)]);
    let rate = encode.rate.unwrap_or(timing.rate);
    match encode.codec {
        VideoCodec::H264 { profile, cabac } => x264(args, encode, profile, cabac),
        VideoCodec::H265 { .. } => x265(args, encode),
    }
    rates(args, encode);
    if tools.threads > 0 {
        args.all(["-threads", &tools.threads.to_string()]);
    }
    let even = timing.frame.is_some() || encode.rate.is_some();
    match encode.codec {
        // Told the true rate, x264 writes it into the stream and spends bits by it; time stamps stay as they are.
        VideoCodec::H264 { cabac, .. } => {
            let mut own = format!("open-gop=0:scenecut=0:fps={rate}:force-cfr={}", u8::from(even));
            if !cabac {
                own.push_str(":cabac=0");
            }
            if encode.control == Control::Constant {
                own.push_str(":nal-hrd=cbr");
            }
            if encode.slices > 0 {
                own.push_str(&format!(":slices={}", encode.slices));
            }
            args.all(["-x264-params", &own]);
        }
        VideoCodec::H265 { .. } => {
            let pools = if tools.threads > 0 { format!(":pools={}", tools.threads) } else { String::new() };
            let own = format!(
                "fps={rate}:keyint=-1:min-keyint=1:open-gop=0:scenecut=0:repeat-headers=0:info=0:log-level=error{pools}"
            );
            args.all(["-x265-params", &own]);
        }
    }
}

/// A key frame at the first frame of every GOP of the grid, and at the first frame of all; the same in every rendition.
///
/// `t` is the encoder's time in seconds. Half a tick keeps a whole number of ticks clear of rounding.
fn key_frames(cut: &Cut<'_>) -> String {
    let timing = &cut.plan.timing;
    let clip = cut.plan.clips.get(cut.chunk.clip);
    let start = clip.map_or(0, |clip| clip_start(timing, clip));
    let zero = timing.lead() + cut.chunk.shift + start + timing.boundary(0);
    let gop = |time: &str| format!("floor(({time}*{}-{zero}+0.5)/{})", timing.timescale, timing.gop);
    format!("expr:if(isnan(prev_forced_t),1,gt({},{}))", gop("t"), gop("prev_forced_t"))
}

fn x264(args: &mut Arguments, encode: &VideoEncode, profile: H264Profile, cabac: bool) {
    let profile = match profile {
        H264Profile::Baseline => "baseline",
        H264Profile::Main => "main",
        H264Profile::High => "high",
        H264Profile::High422 => "high422",
        H264Profile::High444 => "high444",
    };
    let preset = match encode.speed {
        Speed::Fast => "ultrafast",
        Speed::Balanced => "veryfast",
        Speed::Slow => "medium",
    };
    args.all(["-c:v", "libx264", "-preset", preset, "-profile:v", profile]);
    args.all(["-g", "1000000", "-sc_threshold", "0", "-forced-idr", "1"]);
    args.all(["-bf", &encode.b_frames.to_string(), "-refs", &encode.reference_frames.to_string()]);
    if cabac && encode.speed == Speed::Fast {
        // The fastest preset turns it off.
        args.all(["-coder", "cabac"]);
    }
    if !encode.adaptive_b_frames {
        args.all(["-b_strategy", "0"]);
    }
    if let Some(level) = &encode.level {
        args.all(["-level:v", level]);
    }
}

fn x265(args: &mut Arguments, encode: &VideoEncode) {
    let preset = match encode.speed {
        Speed::Fast => "ultrafast",
        Speed::Balanced => "veryfast",
        Speed::Slow => "medium",
    };
    args.all(["-c:v", "libx265", "-preset", preset, "-tag:v", "hvc1", "-forced-idr", "1"]);
    args.all(["-bf", &encode.b_frames.to_string(), "-refs", &encode.reference_frames.to_string()]);
}

fn rates(args: &mut Arguments, encode: &VideoEncode) {
    let (rate, most) = (encode.bitrate.to_string(), encode.max_bitrate.to_string());
    match encode.control {
        Control::Average => args.all(["-b:v", &rate, "-maxrate:v", &most]),
        Control::Constant => args.all(["-b:v", &rate, "-minrate:v", &rate, "-maxrate:v", &rate]),
        Control::Quality(quality) => args.all(["-crf", &quality.to_string(), "-maxrate:v", &most]),
    }
    args.all(["-bufsize:v", &encode.buffer.to_string()]);
}
