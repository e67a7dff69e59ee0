//! Synthetic media: a moving test picture and a tone, made by ffmpeg and kept for the test run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What to make.
#[derive(Debug, Clone)]
pub struct Clip {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// Frames per second, as ffmpeg reads it ("25", "30000/1001").
    pub rate: &'static str,
    /// Length in seconds.
    pub seconds: f64,
    /// Whether there is a tone.
    pub audio: bool,
}

impl Default for Clip {
    fn default() -> Self {
        Self { size: (640, 360), rate: "25", seconds: 6.0, audio: true }
    }
}

/// Writes the clip as a progressive MP4 and returns its path.
///
/// # Panics
/// ffmpeg is absent or fails: a test cannot go on without media.
#[must_use]
pub fn clip(dir: &Path, name: &str, clip: &Clip) -> PathBuf {
    let path = dir.join(name);
    let (width, height) = clip.size;
    let seconds = clip.seconds;
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y", "-f", "lavfi", "-i"]);
    command.arg(format!("testsrc2=size={width}x{height}:rate={}:duration={seconds}", clip.rate));
    if clip.audio {
        command.args(["-f", "lavfi", "-i"]);
        command.arg(format!("sine=frequency=440:sample_rate=48000:duration={seconds}"));
        command.args(["-c:a", "aac", "-b:a", "96k"]);
    }
    command.args(["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50"]);
    let output = command.arg(&path).output().expect("ffmpeg runs; `make test` installs it");
    assert!(output.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&output.stderr));
    path
}
