//! The first frames themselves: where the first one stands, how even they are, and whether they are interlaced.
//!
//! Containers state a frame rate that their recorder hoped for. Looking at a few seconds of time stamps is cheap and tells a
//! phone's variable rate from a camera's constant one.

use std::ffi::OsString;

use tokio_util::sync::CancellationToken;

use super::read::near;
use super::source::{Rate, Scan, Source, Video};
use super::{File, problem_of};
use crate::ffmpeg::tools::{file_url, guarded_input};
use crate::ffmpeg::{Said, Tools, lines};
use crate::problem::{Failure, Problem};
use crate::ratio::Ratio;

/// Packets looked at: some ten seconds.
const PACKETS: usize = 300;
/// Packets are in decoding order; the last ones may miss frames that are shown before them.
const REORDER: usize = 16;
/// Frames looked at for interlacing.
const FRAMES: usize = 8;

/// What a look at the first frames gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    /// Presentation time of the first frame that decodes, in ticks.
    pub first_pts: Option<i64>,
    /// Frames looked at, and those of them that are interlaced.
    pub interlaced: (usize, usize),
    /// Sorted presentation times of the first packets.
    pub times: Vec<i64>,
    /// Packets without any presentation time.
    pub untimed: usize,
}

/// Looks at the first frames and corrects the declared facts. A video of which not one frame decodes is dropped where there is
/// sound, and is an error where there is none.
pub async fn look(
    tools: &Tools,
    file: File<'_>,
    source: &mut Source,
    stop: &CancellationToken,
) -> Result<Look, Failure> {
    let Some(video) = &mut source.video else {
        return Ok(Look::default());
    };
    let mut look = Look::default();
    let said = frames(tools, file, video.index, &mut look, stop).await?;
    packets(tools, file, video.index, &mut look, stop).await?;
    match look.first_pts {
        Some(first) => correct(video, &look, first),
        None if source.audio.is_empty() => return Err(no_frame(file.name, video, &said).into()),
        None => source.video = None,
    }
    Ok(look)
}

fn no_frame(name: &str, video: &Video, said: &Said) -> Problem {
    let reason = said.last_line();
    let codec = &video.codec;
    let more = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    Problem::malformed(format!(
        "Not one frame of the {codec} video in '{name}' can be decoded{more}; the file may be truncated or damaged."
    ))
}

async fn frames(
    tools: &Tools,
    file: File<'_>,
    index: u32,
    look: &mut Look,
    stop: &CancellationToken,
) -> Result<Said, Failure> {
    let entries = "frame=pts,pkt_pts,best_effort_timestamp,interlaced_frame";
    let mut seen = 0;
    let ended = lines(tools, &tools.ffprobe, &arguments(file, index, entries), stop, |line| {
        let Some(frame) = Frame::parse(line) else {
            return true;
        };
        seen += 1;
        look.first_pts = look.first_pts.or(frame.pts);
        look.interlaced.0 += 1;
        look.interlaced.1 += usize::from(frame.interlaced);
        seen < FRAMES
    })
    .await
    .map_err(|stopped| problem_of(stopped, file.name))?;
    Ok(ended.said)
}

async fn packets(
    tools: &Tools,
    file: File<'_>,
    index: u32,
    look: &mut Look,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    let mut seen = 0;
    lines(tools, &tools.ffprobe, &arguments(file, index, "packet=pts"), stop, |line| {
        match line.split('|').find_map(|field| field.strip_prefix("pts=")) {
            Some(text) => match text.parse() {
                Ok(pts) => look.times.push(pts),
                Err(_) => look.untimed += 1,
            },
            None => return true,
        }
        seen += 1;
        seen < PACKETS
    })
    .await
    .map_err(|stopped| problem_of(stopped, file.name))?;
    look.times.sort_unstable();
    if seen >= PACKETS {
        look.times.truncate(look.times.len().saturating_sub(REORDER));
    }
    Ok(())
}

fn arguments(file: File<'_>, index: u32, entries: &str) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["-v", "error", "-of", "compact=p=0"].map(OsString::from).into();
    arguments.extend(guarded_input().map(OsString::from));
    arguments
        .extend(["-select_streams", &index.to_string(), "-show_entries", entries, "-i"].map(OsString::from));
    arguments.push(file_url(file.path));
    arguments
}

struct Frame {
    pts: Option<i64>,
    interlaced: bool,
}

impl Frame {
    /// Fields come in the order of ffprobe's version, and `pts` has had two names.
    fn parse(line: &str) -> Option<Frame> {
        let field =
            |name: &str| line.split('|').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
        let number = |name| field(name).and_then(|text: &str| text.parse().ok());
        field("interlaced_frame")?;
        Some(Frame {
            pts: number("best_effort_timestamp").or_else(|| number("pts")).or_else(|| number("pkt_pts")),
            interlaced: field("interlaced_frame") == Some("1"),
        })
    }
}

fn correct(video: &mut Video, look: &Look, first: i64) {
    video.first_pts = first;
    if look.interlaced.1 * 2 > look.interlaced.0 {
        video.scan = Scan::Interlaced;
    }
    if look.untimed == 0 && look.times.len() >= 3 {
        video.rate = measured(&look.times, video.time_base, video.rate);
    }
}

/// The rate that the time stamps show: constant if every frame stands within a tick of its place on an even grid.
fn measured(times: &[i64], time_base: Ratio, declared: Rate) -> Rate {
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return declared;
    };
    let span = (last - first) as f64 * time_base.value();
    let frames = (times.len() - 1) as f64;
    if span <= 0.0 {
        return declared;
    }
    let average = frames / span;
    let candidates = standard_rates().into_iter().chain([declared.per_second()]);
    let best = candidates
        .filter(|rate| (rate.value() / average - 1.0).abs() < 0.02)
        .find(|rate| is_even(times, *first, *rate, time_base));
    match best {
        Some(rate) => Rate::Constant(rate),
        None => Rate::Variable(variable_rate(declared, average)),
    }
}

fn is_even(times: &[i64], first: i64, rate: Ratio, time_base: Ratio) -> bool {
    let per_frame = 1.0 / (rate.value() * time_base.value());
    // A tick for rounding; a hundredth of a frame for clocks finer than any recorder's.
    let tolerance = 1.01_f64.max(per_frame / 100.0);
    if tolerance > per_frame * 0.45 {
        return times.windows(2).all(|pair| pair[1] - pair[0] == 1) && (per_frame - 1.0).abs() < 0.01;
    }
    times
        .iter()
        .enumerate()
        .all(|(n, time)| ((time - first) as f64 - n as f64 * per_frame).abs() <= tolerance)
}

fn variable_rate(declared: Rate, average: f64) -> Ratio {
    let measured = Ratio::new((average * 1000.0).round().clamp(1.0, 1e6) as u32, 1000).unwrap_or(Ratio::ONE);
    if near(declared.per_second(), measured, 0.3) { declared.per_second() } else { measured }
}

fn standard_rates() -> [Ratio; 14] {
    [
        (24_000, 1001),
        (24, 1),
        (25, 1),
        (30_000, 1001),
        (30, 1),
        (50, 1),
        (60_000, 1001),
        (60, 1),
        (15, 1),
        (12, 1),
        (10, 1),
        (48, 1),
        (120, 1),
        (5, 1),
    ]
    .map(|(num, den)| Ratio { num, den })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Ratio = Ratio { num: 1, den: 1000 };
    const DECLARED: Rate = Rate::Variable(Ratio { num: 29, den: 1 });

    #[test]
    fn milliseconds_of_a_camera_are_constant() {
        let times: Vec<i64> = (0..100).map(|n| (n * 1001 * 1000 + 15_000) / 30_000).collect();
        let expected = Ratio { num: 30_000, den: 1001 };
        assert_eq!(measured(&times, MS, DECLARED), Rate::Constant(expected));
    }

    #[test]
    fn a_phone_is_variable() {
        let times: Vec<i64> = (0..100).map(|n| n * 33 + (n % 7) * 3).collect();
        assert!(matches!(measured(&times, MS, DECLARED), Rate::Variable(_)));
    }

    #[test]
    fn a_dropped_frame_is_variable() {
        let times: Vec<i64> = (0..100).map(|n| if n < 50 { n * 40 } else { n * 40 + 40 }).collect();
        assert!(matches!(measured(&times, MS, DECLARED), Rate::Variable(_)));
    }

    #[test]
    fn frames_are_read_in_either_spelling() {
        let new = Frame::parse("pts=12|best_effort_timestamp=13|interlaced_frame=1").expect("a frame");
        assert_eq!((new.pts, new.interlaced), (Some(13), true));
        let old = Frame::parse("pkt_pts=7|best_effort_timestamp=N/A|interlaced_frame=0").expect("a frame");
        assert_eq!((old.pts, old.interlaced), (Some(7), false));
        assert!(Frame::parse("side_data|").is_none());
    }
}
