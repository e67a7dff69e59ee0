//! Why a stream ends before its end.

use crate::{HeaderError, ParseError};

/// Why a stream cannot be read on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DemuxError {
    /// A box is broken.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// A box header is broken.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A box, a sample or what waits is larger than a limit of [`crate::limits`].
    #[error("{what} of {size} bytes, more than {limit}")]
    TooLarge {
        /// What.
        what: &'static str,
        /// Bytes.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// Samples before any `moov`.
    #[error("media before the moov box")]
    NoMovie,
    /// The `moov` has samples of its own: a progressive file, which has to be read by ranges.
    #[error("the movie is not fragmented")]
    NotFragmented,
    /// A second `moov`.
    #[error("a second moov box")]
    SecondMovie,
    /// A sample lies before the end of the one before, or outside its `mdat`.
    #[error("a sample of track {track} at byte {offset}, where the stream is at {position}")]
    Misplaced {
        /// The track.
        track: u32,
        /// Where the sample is said to be.
        offset: u64,
        /// Where the stream is.
        position: u64,
    },
    /// The stream ended within a box or before the last sample.
    #[error("the stream ends after {bytes} bytes, in the middle of a box")]
    Cut {
        /// Bytes there were.
        bytes: u64,
    },
}
