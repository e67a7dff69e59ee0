//! Bytes to be read before an answer is known, and what is then made of them.

use millrace_mp4::{HeaderError, ParseError, smooth::SmoothError, write::WriteError};
use millrace_ts::TsError;

use super::{Body, Extent, Rope, keyframe::KeyFrame, smooth::SmoothHead, ts::TsTracks};

/// Most bytes that one request holds in memory: a segment of 6 s at 170 Mbit/s.
pub const MAX_READ: u64 = 128 << 20;

/// Bytes to be read, and how to go on.
#[derive(Clone, Debug)]
pub struct Request {
    reads: Body,
    transform: Transform,
}

/// What is made of the bytes.
#[derive(Clone, Debug)]
pub(super) enum Transform {
    Smooth(SmoothHead),
    KeyFrame(KeyFrame),
    Ts(TsTracks),
}

/// Why stored bytes cannot be made into an answer: the objects are not what the index says, or hold what the format
/// cannot.
#[derive(Debug, thiserror::Error)]
pub enum TransformError {
    /// Not the number of bytes that were asked for.
    #[error("{given} bytes were given where {wanted} were asked for")]
    Length {
        /// Bytes asked for.
        wanted: u64,
        /// Bytes given.
        given: u64,
    },
    /// A fragment does not begin with a `moof` as long as the index says.
    #[error("a stored fragment does not begin with its `moof`")]
    Head,
    /// A sample lies outside of its fragment.
    #[error("a stored fragment is cut short")]
    Sample,
    /// A box header that cannot be.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A `moof` that cannot be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A header that cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Not for Smooth Streaming.
    #[error(transparent)]
    Smooth(#[from] SmoothError),
    /// Not for a transport stream.
    #[error(transparent)]
    Ts(#[from] TsError),
}

impl Request {
    pub(super) fn new(reads: Body, transform: Transform) -> Self {
        Self { reads, transform }
    }

    /// The ranges to read, in order. Their bytes are handed to [`finish`](Self::finish) as one.
    pub fn reads(&self) -> impl Iterator<Item = &Extent> {
        self.reads.extents()
    }

    /// How many bytes that is, at most [`MAX_READ`].
    pub fn len(&self) -> u64 {
        self.reads.len()
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.reads.is_empty()
    }

    /// The answer, given the bytes of all ranges in order, in whatever buffers they were read.
    pub fn finish(self, bytes: impl Into<Rope>) -> Result<Body, TransformError> {
        let bytes = bytes.into();
        let (wanted, given) = (self.reads.len(), bytes.len() as u64);
        if wanted != given {
            return Err(TransformError::Length { wanted, given });
        }
        match self.transform {
            Transform::Smooth(head) => head.finish(&bytes),
            Transform::KeyFrame(frame) => frame.finish(&bytes),
            Transform::Ts(tracks) => tracks.finish(&bytes),
        }
    }
}
