//! Finding the first frame at or after a tick, by reading packets around it: with a variable frame rate, only that tells how
//! long the last frame of a chunk lasts.

use std::ffi::OsString;

use super::filters::{Cut, seconds};
use super::run::Bench;
use crate::ffmpeg::lines;
use crate::ffmpeg::tools::{file_url, guarded_input};
use crate::probe::{File, problem_of};
use crate::problem::Failure;

/// Packets that follow the first one beyond the tick in decoding order may be shown before it.
const REORDER: usize = 32;
/// Reading begins this much before.
const MARGIN_US: i64 = 1_000_000;

/// Tick, counted from the input's first frame, of the first frame at or after `tick`.
pub(super) async fn next_frame(
    bench: &Bench<'_>,
    cut: &Cut<'_>,
    file: File<'_>,
    tick: i64,
) -> Result<Option<i64>, Failure> {
    let mut found: Option<i64> = None;
    let mut beyond = 0;
    let video = cut.video;
    let arguments = arguments(cut, file, tick);
    lines(bench.tools, &bench.tools.ffprobe, &arguments, bench.stop, |line| {
        let pts = line.split('|').find_map(|field| field.strip_prefix("pts=")?.parse::<i64>().ok());
        let Some(pts) = pts else { return true };
        let at = to_tick(pts - video.first_pts, cut);
        if at >= tick {
            found = Some(found.map_or(at, |known| known.min(at)));
            beyond += 1;
        }
        beyond < REORDER
    })
    .await
    .map_err(|stopped| problem_of(stopped, file.name))?;
    Ok(found)
}

/// As ffmpeg's `settb` rounds: to nearest, half away from zero.
fn to_tick(pts: i64, cut: &Cut<'_>) -> i64 {
    let base = cut.video.time_base;
    let num = i128::from(pts) * i128::from(base.num) * i128::from(cut.plan.timing.timescale);
    let den = i128::from(base.den);
    let half = if num < 0 { -den } else { den };
    ((num * 2 + half) / (den * 2)) as i64
}

fn arguments(cut: &Cut<'_>, file: File<'_>, tick: i64) -> Vec<OsString> {
    let first_us = (cut.video.first_pts as f64 * cut.video.time_base.value() * 1e6) as i64;
    let from = seconds((first_us + cut.plan.timing.us(tick) - MARGIN_US).max(0));
    let mut arguments: Vec<OsString> = ["-v", "error", "-of", "compact=p=0"].map(OsString::from).into();
    arguments.extend(guarded_input().map(OsString::from));
    let index = cut.video.index.to_string();
    let interval = format!("{from}%");
    arguments.extend(["-select_streams", &index, "-show_entries", "packet=pts"].map(OsString::from));
    arguments.extend(["-read_intervals", &interval, "-i"].map(OsString::from));
    arguments.push(file_url(file.path));
    arguments
}
