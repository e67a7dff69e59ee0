//! Looking at an input before anything is decided: `ffprobe`, read into [`Source`] or into a sentence that says what is wrong.

mod cadence;
mod read;
mod report;
mod source;

use std::ffi::OsString;
use std::path::Path;

use tokio_util::sync::CancellationToken;

use crate::ffmpeg::tools::{file_url, guarded_input};
use crate::ffmpeg::{Said, Stopped, Tools, output};
use crate::problem::{Code, Failure, Problem};

pub use cadence::{Look, look};
pub use source::{Audio, Range, Rate, Scan, Source, Turn, Video, upright};

/// ffprobe prints about 2 KiB per stream; hundreds of streams are someone's joke.
const MAX_REPORT: usize = 1 << 20;

/// An input file: where it is, and what it is called in front of the user.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// Local path.
    pub path: &'a Path,
    /// The name that sentences use.
    pub name: &'a str,
}

/// Probes a file.
///
/// Fails with a [`Problem`] for everything that cannot be encoded: an empty file, no media, no stream that decodes, DRM.
pub async fn probe(tools: &Tools, file: File<'_>, stop: &CancellationToken) -> Result<Source, Failure> {
    let size = tokio::fs::metadata(file.path)
        .await
        .map_err(|error| Problem::io(&format!("Reading '{}'", file.name), &error))?
        .len();
    if size == 0 {
        return Err(Problem::malformed(format!("'{}' is empty (0 bytes).", file.name)).into());
    }
    let (text, ended) = output(tools, &tools.ffprobe, &arguments(file.path), MAX_REPORT, stop)
        .await
        .map_err(|stopped| problem_of(stopped, file.name))?;
    if !ended.success {
        return Err(unreadable(&ended.said, file.name).into());
    }
    let mut source = read::source(&text, size, file.name)?;
    if source.video.is_some() {
        look(tools, file, &mut source, stop).await?;
    }
    if source.video.is_none() && source.audio.is_empty() {
        return Err(Problem::unsupported(format!(
            "'{}' has no picture and no sound that can be decoded.",
            file.name
        ))
        .into());
    }
    Ok(source)
}

/// Whatever ffprobe says of a file that it cannot open, the file is at fault; only the disk and memory are not its.
fn unreadable(said: &Said, name: &str) -> Problem {
    let problem = said.problem(name, "Reading");
    if problem.code != Code::ServiceError || said.has(&["No space left", "quota"]) {
        return problem;
    }
    Problem::malformed(format!(
        "'{name}' is not a video or audio file of a known format, or its beginning is damaged."
    ))
}

fn arguments(path: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["-v", "error", "-of", "json"].map(OsString::from).into();
    arguments.extend(guarded_input().map(OsString::from));
    // Enough to find the second audio track of a transport stream and a late first key frame.
    arguments.extend(["-analyzeduration", "20M", "-probesize", "50M"].map(OsString::from));
    arguments.extend(["-show_format", "-show_streams", "-i"].map(OsString::from));
    arguments.push(file_url(path));
    arguments
}

pub(crate) fn problem_of(stopped: Stopped, name: &str) -> Failure {
    match stopped {
        Stopped::Cancelled => Failure::Stopped,
        Stopped::Stalled(after) => Problem::malformed(format!(
            "Reading '{name}' made no progress for {} s; the file is damaged or far too complex.",
            after.as_secs()
        ))
        .into(),
        Stopped::TooMuch(_) => {
            Problem::unsupported(format!("'{name}' declares more streams than any media file has.")).into()
        }
        Stopped::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Problem::new(Code::ServiceError, "ffmpeg is not installed on this server. Run 'millrace doctor'.")
                .into()
        }
        Stopped::Io(error) => Problem::io("Starting ffmpeg", &error).into(),
    }
}
