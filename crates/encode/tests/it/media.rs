//! Making inputs with ffmpeg, and looking at outputs with ffprobe.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs ffmpeg with these arguments into `dir/name`.
pub(crate) fn make(dir: &Path, name: &str, arguments: &str) -> PathBuf {
    let path = dir.join(name);
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-v", "error", "-nostdin", "-y"]);
    command.args(split(arguments)).arg(&path);
    let done = command.output().expect("ffmpeg runs");
    assert!(done.status.success(), "ffmpeg {arguments}: {}", String::from_utf8_lossy(&done.stderr));
    path
}

/// Splits at blanks; single quotes keep a word together.
fn split(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' | '\n' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// ffprobe's answer, one line per row.
pub(crate) fn ask(path: &Path, arguments: &str) -> Vec<String> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-of", "csv=p=0"]).args(split(arguments)).arg(path);
    let done = command.output().expect("ffprobe runs");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success() && said.is_empty(), "ffprobe {}: {said}", path.display());
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    text.lines().map(|line| line.trim_end_matches(',').to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Frames that decode.
pub(crate) fn frames(path: &Path) -> u64 {
    let told = ask(path, "-select_streams v:0 -count_frames -show_entries stream=nb_read_frames");
    told.first().and_then(|text| text.parse().ok()).expect("a number of frames")
}

/// Frames that decode of a file that ffprobe complains of.
pub(crate) fn frames_of_damaged(path: &Path) -> u64 {
    let told = ask_damaged(path, "-select_streams v:0 -count_frames -show_entries stream=nb_read_frames");
    told.iter().find_map(|line| line.parse().ok()).expect("a number of frames")
}

/// As [`ask`], for inputs that are damaged on purpose.
fn ask_damaged(path: &Path, arguments: &str) -> Vec<String> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "quiet", "-of", "csv=p=0"]).args(split(arguments)).arg(path);
    let done = command.output().expect("ffprobe runs");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect()
}

/// Width and height.
pub(crate) fn size(path: &Path) -> (u32, u32) {
    let told = ask(path, "-select_streams v:0 -show_entries stream=width,height");
    let mut numbers = told.first().expect("a video").split(',').map(|text| text.parse().expect("a number"));
    (numbers.next().expect("a width"), numbers.next().expect("a height"))
}

/// Seconds at which the picture turns bright and at which the sound begins, each time it does.
pub(crate) fn flashes_and_beeps(video: &Path, audio: &Path) -> (Vec<f64>, Vec<f64>) {
    (edges(&bright(video)), edges(&loud(audio)))
}

/// (seconds, whether it is bright) of each frame.
fn bright(path: &Path) -> Vec<(f64, bool)> {
    timed_levels(path).into_iter().map(|(time, level)| (time, level > 90.0)).collect()
}

/// Mean brightness of each frame, 16 to 235.
pub(crate) fn levels(path: &Path) -> Vec<f64> {
    timed_levels(path).into_iter().map(|(_, level)| level).collect()
}

fn timed_levels(path: &Path) -> Vec<(f64, f64)> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-of", "csv=p=0", "-f", "lavfi"]);
    command.args(["-show_entries", "frame=pts_time:frame_tags=lavfi.signalstats.YAVG"]);
    command.arg(format!("movie={},signalstats", path.display()));
    let done = command.output().expect("ffprobe runs");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let line = |line: &str| {
        let mut fields = line.split(',');
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// (seconds, whether it is loud) of each millisecond, by the decoded samples and their time stamps.
fn loud(path: &Path) -> Vec<(f64, bool)> {
    let told = ask_damaged(path, "-select_streams a:0 -show_entries stream=start_time");
    let start: f64 = told.iter().find_map(|line| line.parse().ok()).expect("a time");
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(path);
    command.args(["-map", "0:a:0", "-ac", "1", "-ar", "48000", "-f", "s16le", "-"]);
    let done = command.output().expect("ffmpeg runs");
    let samples: Vec<i16> =
        done.stdout.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    samples
        .chunks(48)
        .enumerate()
        .map(|(n, chunk)| {
            (start + n as f64 / 1000.0, chunk.iter().any(|sample| sample.unsigned_abs() > 3000))
        })
        .collect()
}

/// Times at which it turns on after having been off for a fifth of a second.
fn edges(states: &[(f64, bool)]) -> Vec<f64> {
    let mut edges = Vec::new();
    let mut off_since = f64::NEG_INFINITY;
    let mut was_on = false;
    for (time, on) in states {
        if *on && !was_on && time - off_since > 0.2 {
            edges.push(*time);
        }
        if !*on && was_on {
            off_since = *time;
        }
        if *on {
            off_since = if was_on { off_since } else { *time };
        }
        was_on = *on;
    }
    edges
}
