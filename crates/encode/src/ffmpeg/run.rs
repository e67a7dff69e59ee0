//! Running a child to its end: with progress, a stall limit and a way to stop it.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio_util::sync::CancellationToken;

use super::{Child, Ended, Tools, progress};

/// Why a child did not come to its own end.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The token was cancelled.
    #[error("stopped on request")]
    Cancelled,
    /// It reported nothing new for this long.
    #[error("no progress for {} s", .0.as_secs())]
    Stalled(Duration),
    /// It could not be started or waited for.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// It printed more than was asked for.
    #[error("more than {0} bytes of output")]
    TooMuch(usize),
}

/// One run of ffmpeg that writes files and reports progress on its standard output.
pub struct Run<'a> {
    /// Programs and limits.
    pub tools: &'a Tools,
    /// All arguments but the program; must have `-progress pipe:1`.
    pub arguments: Vec<OsString>,
    /// Ends the child when cancelled.
    pub stop: &'a CancellationToken,
}

impl Run<'_> {
    /// Runs to the end. `on_progress` gets microseconds of output time as the child reports them.
    ///
    /// A child counts as stalled when neither time nor frames moved for [`Tools::stall`].
    pub async fn to_end(self, mut on_progress: impl FnMut(i64)) -> Result<Ended, Stopped> {
        let (child, stdout) = Child::start(self.tools, &self.tools.ffmpeg, &self.arguments)?;
        let mut lines = BufReader::new(stdout.take(MAX_PROGRESS)).lines();
        let mut moved = Moved::default();
        let mut deadline = tokio::time::Instant::now() + self.tools.stall;
        loop {
            let line = tokio::select! {
                biased;
                () = self.stop.cancelled() => {
                    child.kill().await?;
                    return Err(Stopped::Cancelled);
                }
                () = tokio::time::sleep_until(deadline) => {
                    child.kill().await?;
                    return Err(Stopped::Stalled(self.tools.stall));
                }
                line = lines.next_line() => line,
            };
            let Ok(Some(line)) = line else { break };
            if moved.see(&line) {
                deadline = tokio::time::Instant::now() + self.tools.stall;
            }
            if let Some(us) = progress::out_time_us(&line) {
                on_progress(us);
            }
        }
        Ok(child.wait().await?)
    }
}

/// A run of a day prints 200 bytes twice a second.
const MAX_PROGRESS: u64 = 64 << 20;

/// Whether the counts that ffmpeg prints still change.
#[derive(Default)]
struct Moved {
    frame: String,
    time: String,
    size: String,
}

impl Moved {
    fn see(&mut self, line: &str) -> bool {
        let (key, value) = line.split_once('=').unwrap_or(("", ""));
        let slot = match key {
            "frame" => &mut self.frame,
            "out_time_us" => &mut self.time,
            "total_size" => &mut self.size,
            _ => return false,
        };
        if slot == value {
            return false;
        }
        value.clone_into(slot);
        true
    }
}

/// Runs a program whose whole output is wanted, at most `limit` bytes of it, within the stall limit.
pub async fn output(
    tools: &Tools,
    program: &Path,
    arguments: &[OsString],
    limit: usize,
    stop: &CancellationToken,
) -> Result<(Vec<u8>, Ended), Stopped> {
    let (child, stdout) = Child::start(tools, program, arguments)?;
    let mut text = Vec::new();
    let mut limited = stdout.take(limit as u64 + 1);
    let read = tokio::select! {
        () = stop.cancelled() => Err(Stopped::Cancelled),
        () = tokio::time::sleep(tools.stall) => Err(Stopped::Stalled(tools.stall)),
        read = limited.read_to_end(&mut text) => read.map_err(Stopped::Io),
    };
    match read {
        Err(stopped) => {
            child.kill().await?;
            Err(stopped)
        }
        Ok(_) if text.len() > limit => {
            child.kill().await?;
            Err(Stopped::TooMuch(limit))
        }
        Ok(_) => Ok((text, child.wait().await?)),
    }
}

/// Runs a program and hands its lines to `take` until that says `false`; then the program is ended.
pub async fn lines(
    tools: &Tools,
    program: &Path,
    arguments: &[OsString],
    stop: &CancellationToken,
    mut take: impl FnMut(&str) -> bool,
) -> Result<Ended, Stopped> {
    let (child, stdout) = Child::start(tools, program, arguments)?;
    let mut lines = BufReader::new(stdout).lines();
    loop {
        let line = tokio::select! {
            () = stop.cancelled() => {
                child.kill().await?;
                return Err(Stopped::Cancelled);
            }
            () = tokio::time::sleep(tools.stall) => {
                child.kill().await?;
                return Err(Stopped::Stalled(tools.stall));
            }
            line = lines.next_line() => line?,
        };
        match line {
            Some(line) if take(&line) => {}
            Some(_) => return Ok(child.kill().await?),
            None => return Ok(child.wait().await?),
        }
    }
}
