//! Walking one MP4 file from box to box, reading little more than headers.
//!
//! A progressive file is done with its `moov`, wherever that is. A fragmented one is walked `moof` by `moof` to its end:
//! indexes (`sidx`, `mfra`) are not trusted, since tools that cut and append files leave stale ones behind.

use bytes::Bytes;
use millrace_mp4::{
    BoxHeader, HeaderError, ParseError,
    limits::{MAX_MOOF, MAX_MOOV},
    read::Movie,
};

/// Bytes that are asked for around a header: enough for the `moof` of 2 s and the header after it, so that a fragment
/// costs one read.
const READ_AHEAD: u64 = 16 << 10;
/// Most top-level boxes of a file: 24 h in fragments of 200 ms with `styp` and `sidx` each.
const MAX_BOXES: u32 = 1 << 21;
/// Most bytes of all `moof` boxes of a file: 24 h of 10 tracks at 1 KB per 2 s.
const MAX_MOOFS: u64 = 512 << 20;

/// Walks one file.
#[derive(Debug)]
pub(super) struct Scan {
    size: u64,
    position: u64,
    boxes: u32,
    moof_bytes: u64,
    buffer: Buffer,
    found: Scanned,
}

/// What a file is made of.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    pub(super) movie: Option<Movie>,
    pub(super) moofs: Vec<Moof>,
    /// The last box is longer than the file.
    pub(super) truncated: bool,
}

/// A `moof` and where it lies.
#[derive(Clone, Debug)]
pub(super) struct Moof {
    pub(super) offset: u64,
    pub(super) bytes: Bytes,
}

/// How far a walk has come.
#[derive(Debug)]
pub(super) enum Progress {
    /// These bytes are needed to go on.
    Need { offset: u64, len: u64 },
    /// All is known.
    Done,
}

/// Why a file cannot be walked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// A box size that cannot be.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A box that cannot be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A box, or all boxes of a kind, beyond a limit.
    #[error("{what} of {bytes} bytes are too large")]
    TooLarge {
        /// Box type.
        what: &'static str,
        /// Bytes.
        bytes: u64,
    },
    /// More boxes than any file has.
    #[error("more than {MAX_BOXES} boxes")]
    TooManyBoxes,
    /// There is no `moov`.
    #[error("the file is not an MP4 file, or its `moov` is missing")]
    NoMovie,
}

#[derive(Debug, Default)]
struct Buffer {
    offset: u64,
    bytes: Bytes,
}

impl Buffer {
    /// `len` bytes at `offset`, if they are here.
    fn get(&self, offset: u64, len: u64) -> Option<Bytes> {
        let start = usize::try_from(offset.checked_sub(self.offset)?).ok()?;
        let end = start.checked_add(usize::try_from(len).ok()?)?;
        (end <= self.bytes.len()).then(|| self.bytes.slice(start..end))
    }
}

impl Scan {
    pub(super) fn new(size: u64) -> Self {
        Self {
            size,
            position: 0,
            boxes: 0,
            moof_bytes: 0,
            buffer: Buffer::default(),
            found: Scanned::default(),
        }
    }

    /// Takes the bytes at `offset` that were needed.
    pub(super) fn feed(&mut self, offset: u64, bytes: Bytes) {
        self.buffer = Buffer { offset, bytes };
    }

    /// Goes as far as the bytes allow.
    pub(super) fn advance(&mut self) -> Result<Progress, ScanError> {
        while self.position < self.size {
            let left = self.size - self.position;
            let Some(start) = self.buffer.get(self.position, left.min(BoxHeader::MAX_LEN as u64)) else {
                return Ok(self.need(READ_AHEAD));
            };
            let Some(header) = BoxHeader::parse(&start)? else {
                self.found.truncated = true;
                break;
            };
            let len = header.size.unwrap_or(left);
            if let Some(progress) = self.enter(&header.kind.0, len, left)? {
                return Ok(progress);
            }
            self.boxes += 1;
            if self.boxes > MAX_BOXES {
                return Err(ScanError::TooManyBoxes);
            }
            self.position = self.position.saturating_add(len);
        }
        match self.found.movie {
            Some(_) => Ok(Progress::Done),
            None => Err(ScanError::NoMovie),
        }
    }

    /// What was found, after [`Progress::Done`].
    pub(super) fn finish(self) -> Scanned {
        self.found
    }

    fn need(&self, len: u64) -> Progress {
        let left = self.size - self.position;
        Progress::Need { offset: self.position, len: len.max(READ_AHEAD).min(left) }
    }

    /// Looks into a box that matters. Gives how to go on if that is not with the next box.
    fn enter(&mut self, kind: &[u8; 4], len: u64, left: u64) -> Result<Option<Progress>, ScanError> {
        let (what, most) = match kind {
            b"moov" => ("moov", MAX_MOOV),
            b"moof" => ("moof", MAX_MOOF),
            _ => {
                self.found.truncated |= len > left;
                return Ok(None);
            }
        };
        if len > left {
            self.found.truncated = true;
            return Ok(None);
        }
        if len > most {
            return Err(ScanError::TooLarge { what, bytes: len });
        }
        match self.buffer.get(self.position, len) {
            None => Ok(Some(self.need(len))),
            Some(bytes) if what == "moov" => self.moov(&bytes),
            Some(bytes) => self.moof(&bytes),
        }
    }

    fn moov(&mut self, bytes: &Bytes) -> Result<Option<Progress>, ScanError> {
        let movie = Movie::parse(bytes)?;
        let whole = movie.tracks.iter().any(|track| !track.samples.is_empty());
        if self.found.movie.is_none() {
            self.found.movie = Some(movie);
        }
        Ok(whole.then_some(Progress::Done))
    }

    fn moof(&mut self, bytes: &Bytes) -> Result<Option<Progress>, ScanError> {
        self.moof_bytes += bytes.len() as u64;
        if self.moof_bytes > MAX_MOOFS {
            return Err(ScanError::TooLarge { what: "moof", bytes: self.moof_bytes });
        }
        // A copy, lest it keep alive all that was read with it.
        let bytes = Bytes::copy_from_slice(bytes);
        self.found.moofs.push(Moof { offset: self.position, bytes });
        Ok(None)
    }
}
