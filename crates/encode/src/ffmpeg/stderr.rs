//! What a child says on standard error, bounded, and what that means for the user.

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::problem::{Code, Problem};

/// The first lines say what is wrong with the file, the last ones why it ended; what lies between is dropped.
const KEEP_HEAD: usize = 8 << 10;
const KEEP_TAIL: usize = 8 << 10;

/// Bounded text of a child.
#[derive(Debug, Default, Clone)]
pub struct Said {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl Said {
    /// Reads until the pipe closes. Never holds more than a few kilobytes.
    pub async fn read(mut from: impl AsyncRead + Unpin) -> Said {
        let mut said = Said::default();
        let mut buffer = [0_u8; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            said.push(buffer.get(..count).unwrap_or_default());
        }
        said
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = KEEP_HEAD.saturating_sub(self.head.len()).min(bytes.len());
        let (first, rest) = bytes.split_at(room);
        self.head.extend_from_slice(first);
        self.tail.extend_from_slice(rest);
        let over = self.tail.len().saturating_sub(KEEP_TAIL);
        self.tail.drain(..over);
    }

    /// All that was kept.
    pub fn text(&self) -> String {
        let bytes = [self.head.as_slice(), self.tail.as_slice()].concat();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether any of the phrases occurs.
    pub fn has(&self, phrases: &[&str]) -> bool {
        let text = self.text();
        phrases.iter().any(|phrase| text.contains(phrase))
    }

    /// The last line that says something, without ffmpeg's `[mov @ 0x…]` prefix, addresses and paths of this machine.
    pub fn last_line(&self) -> String {
        let text = self.text();
        let line = text.lines().rev().map(clean).find(|line| !line.is_empty()).unwrap_or_default();
        line.chars().take(200).collect()
    }

    /// The problem behind a child that failed while it read or encoded the file shown as `name`.
    pub fn problem(&self, name: &str, doing: &str) -> Problem {
        let text = self.text();
        for (phrase, code, sentence) in KNOWN {
            if text.contains(phrase) {
                return Problem::new(*code, sentence.replace("{file}", name));
            }
        }
        let line = self.last_line();
        let reason = if line.is_empty() {
            "the encoder gave no reason".to_owned()
        } else {
            format!("the encoder said: {line}")
        };
        Problem::new(Code::ServiceError, format!("{doing} '{name}' failed; {reason}."))
    }
}

/// Phrases of ffmpeg, most telling first.
const KNOWN: &[(&str, Code, &str)] = &[
    (
        "No space left on device",
        Code::ServiceError,
        "The disk is full: encoding '{file}' failed. Free some space and submit the job again; nothing accepted before is lost.",
    ),
    (
        "Disk quota exceeded",
        Code::ServiceError,
        "The disk quota is used up: encoding '{file}' failed. Free some space and submit the job again; nothing accepted before is lost.",
    ),
    (
        "Cannot allocate memory",
        Code::ServiceTransientError,
        "Encoding '{file}' needs more memory than one encoder may use.",
    ),
    (
        "malloc of size",
        Code::ServiceTransientError,
        "Encoding '{file}' needs more memory than one encoder may use.",
    ),
    (
        "moov atom not found",
        Code::ContentMalformed,
        "'{file}' is truncated or was not finished by its recorder: the index of the MP4 file (its 'moov' box) is missing.",
    ),
    (
        // The demuxer that recognised the file is none of those allowed: playlists, scripts, lists of pictures.
        "Format not on whitelist",
        Code::ContentUnsupported,
        "'{file}' is not a media file of a supported container format.",
    ),
    (
        "Invalid data found when processing input",
        Code::ContentMalformed,
        "'{file}' is not a video or audio file of a known format, or its beginning is damaged.",
    ),
    (
        "Unknown encoder",
        Code::ServiceError,
        "'{file}' cannot be encoded: the installed ffmpeg lacks an encoder that the transform needs. Run 'millrace doctor'.",
    ),
];

fn clean(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with("file:/") {
        return line.split_once(": ").map_or("", |(_, rest)| rest);
    }
    match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((_, rest)) => rest.trim(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Said {
        let mut said = Said::default();
        said.push(text.as_bytes());
        said
    }

    #[test]
    fn keeps_both_ends() {
        let mut said = Said::default();
        said.push(b"first ");
        for _ in 0..10_000 {
            said.push(b"0123456789");
        }
        said.push(b" last");
        let text = said.text();
        assert!(text.starts_with("first ") && text.ends_with(" last"));
        assert!(text.len() <= KEEP_HEAD + KEEP_TAIL);
    }

    #[test]
    fn known_phrases_become_sentences() {
        let problem =
            said("[mov,mp4 @ 0x55] moov atom not found\nfile:x: Invalid data found when processing input\n")
                .problem("film.mp4", "Reading");
        assert_eq!(problem.code, Code::ContentMalformed);
        assert!(problem.message.contains("film.mp4") && problem.message.contains("truncated"));
    }

    #[test]
    fn unknown_ones_quote_the_last_line() {
        let problem = said("a\n[libx264 @ 0x1] broken dreams\n\n").problem("a.mov", "Encoding");
        assert!(problem.message.contains("broken dreams"), "{problem}");
        assert!(!problem.message.contains("0x1"));
    }
}
