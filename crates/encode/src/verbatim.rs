//! Copying the video track as it is: its own samples in our fragments, one child for the whole title.

use std::ffi::OsString;
use std::path::Path;

use crate::chunk::command::{Arguments, muxer};
use crate::chunk::filters::seconds;
use crate::chunk::{Bench, VIDEO_ID, grid};
use crate::ffmpeg::tools::{file_url, guarded_input};
use crate::flow::Flow;
use crate::plan::Plan;
use crate::plan::timing::LEAD_SECONDS;
use crate::probe::Video;
use crate::problem::{Failure, Problem};

/// Codecs whose samples an MP4 file can hold and a player can be told about.
const COPYABLE: &[&str] = &["h264", "hevc", "vp9", "av1"];

/// Name of a record among the work of its plan.
pub(crate) fn record_name(track: usize, number: u32) -> String {
    crate::flow::record_name(&prefix(track), number)
}

fn prefix(track: usize) -> String {
    format!("v{track:02}")
}

/// Copies the video of the first clip as video track number `index`.
pub(crate) async fn encode(
    bench: &Bench<'_>,
    plan: &Plan,
    index: usize,
    inputs: &[&Path],
    on_progress: impl Fn(f64),
    written: impl Fn(u32),
) -> Result<(), Failure> {
    let clip = plan.clips.first().ok_or_else(|| Problem::service("The plan has no clip."))?;
    let (Some(video), Some(input)) = (&clip.source.video, inputs.first()) else {
        return Err(Problem::service("The plan has no video to copy.").into());
    };
    let name = clip.input.name.as_str();
    if !COPYABLE.contains(&video.codec.as_str()) {
        let codec = &video.codec;
        let text = format!(
            "The {codec} video of '{name}' cannot be copied into an MP4 file that streams; encode it instead."
        );
        return Err(Problem::unsupported(text).into());
    }
    if plan.clips.len() > 1 || clip.start_us > 0 || clip.end_us.is_some() {
        let text = "Clips can be cut and joined only when they are encoded; the transform copies them.";
        return Err(Problem::configuration(text).into());
    }
    let flow = Flow {
        bench,
        prefix: prefix(index),
        id: VIDEO_ID,
        language: None,
        grid: grid(&plan.timing),
        is_video: true,
        total_us: plan.duration_us(),
        input: name,
    };
    flow.run(&arguments(plan, video, input), on_progress, written).await
}

fn arguments(plan: &Plan, video: &Video, input: &Path) -> Vec<OsString> {
    let first_us = (video.first_pts as f64 * video.time_base.value() * 1e6).round() as i64;
    let mut args = Arguments::default();
    args.all(["-hide_banner", "-nostdin", "-v", "error", "-copyts", "-an", "-sn", "-dn"]);
    args.all(guarded_input());
    args.one("-i");
    args.0.push(file_url(input));
    args.all(["-map", &format!("0:{}", video.index), "-c:v", "copy"]);
    args.all(["-output_ts_offset", &seconds(LEAD_SECONDS * 1_000_000 - first_us)]);
    if video.codec == "hevc" {
        args.all(["-tag:v", "hvc1"]);
    }
    args.all(muxer(plan.timing.timescale));
    args.one("pipe:1");
    args.0
}
