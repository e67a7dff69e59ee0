//! Boxes written out: initialisation segments, fragments and their indexes.

mod boxes;
mod fragment;
mod index;
mod init;
mod sample_entry;

pub(crate) use boxes::Boxes;
pub(crate) use fragment::{Run, mdat_header, run_boxes};
pub use fragment::{RunSample, fragment_header, styp};
pub use index::{RandomAccess, SegmentIndex, SegmentReference, TrackAccess, mfra, sidx};
pub use init::{TrackInit, init_segment};

use millrace_media::FourCc;

/// What cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// A movie needs a track.
    #[error("no tracks")]
    NoTracks,
    /// Two tracks of one number, or the number zero.
    #[error("track number {0} is used twice or is zero")]
    TrackId(u32),
    /// Nobody knows the inside of this sample entry; its bytes have to be given.
    #[error("no sample entry can be made for {0}")]
    UnknownCodec(FourCc),
    /// More than one header can hold.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
}
