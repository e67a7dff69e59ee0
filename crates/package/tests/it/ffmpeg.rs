//! ffmpeg and ffprobe as makers and judges of media.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// A directory of media that goes away with the test.
pub(crate) struct Media {
    directory: tempfile::TempDir,
}

impl Media {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs ffmpeg with `args` (split at spaces) and the output `name`.
    pub(crate) fn make(&self, name: &str, args: &str) -> Vec<u8> {
        let path = self.path(name);
        let status = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y"])
            .args(args.split_whitespace())
            .arg(&path)
            .current_dir(self.directory.path())
            .status()
            .unwrap();
        assert!(status.success(), "ffmpeg {args}");
        std::fs::read(path).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// Hashes of all decoded frames of a stream (`v:0`, `a:0`). An error of the decoder fails the test.
pub(crate) fn frame_hashes(path: &Path, stream: &str) -> Vec<String> {
    let out = Command::new("ffmpeg")
        .args(["-v", "error", "-xerror", "-nostdin", "-i"])
        .arg(path)
        .args(["-map", &format!("0:{stream}"), "-fps_mode", "passthrough"])
        .args(["-f", "framehash", "-hash", "md5", "-"])
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let hash = |line: &str| line.rsplit(',').next().map(|hash| hash.trim().to_owned());
    text.lines().filter(|line| !line.starts_with('#')).filter_map(hash).collect()
}

/// Whether the same frames were decoded: all of video. Of audio all but the first, which a decoder makes out of the
/// priming frame before it, and the last, which an edit list cuts short.
pub(crate) fn same_frames(found: &[String], expected: &[String], stream: &str) -> bool {
    assert!(expected.len() > 10);
    if stream.starts_with('v') {
        return found == expected;
    }
    let (first, last) = (2, expected.len() - 2);
    let inner = &expected[first..last];
    let moved = (0..=first + 1).any(|at| found.get(at..at + inner.len()) == Some(inner));
    moved && found.len().abs_diff(expected.len()) <= 1
}

/// One entry of ffprobe for all packets of a stream, such as `pts_time`.
pub(crate) fn packets(path: &Path, stream: &str, entry: &str) -> Vec<String> {
    probe(path, &["-select_streams", stream, "-show_entries", &format!("packet={entry}")])
}

/// ffprobe's answer, one line per item, without section names. Complaints fail the test.
pub(crate) fn probe(path: &Path, args: &[&str]) -> Vec<String> {
    let out = Command::new("ffprobe")
        .args(["-v", "error", "-of", "csv=p=0"])
        .args(args)
        .arg(path)
        .output()
        .unwrap();
    let complaints = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success() && complaints.is_empty(), "{complaints}");
    let text = String::from_utf8(out.stdout).unwrap();
    text.lines().map(|line| line.trim_end_matches(',').to_owned()).filter(|line| !line.is_empty()).collect()
}
