//! Samples in, CMAF fragments out.
//!
//! Where a fragment begins:
//!
//! - video: at a key frame, if it lies in a later step of the grid than the key frame that the fragment before it began
//!   with;
//! - audio: at the frame whose middle is the first to lie in a later step, so at the frame edge nearest to the video's.
//!
//! Decode times are moved so that the first one equals the first presentation time (composition offsets may then be
//! negative, `trun` version 1), since players take `tfdt` for the time of a segment. Audio that ends at or before zero
//! is the encoder's priming and is dropped, and so is a first audio frame that begins before zero: everything after it
//! keeps its exact place. So is video before the first key frame.

mod cutter;

pub(crate) use cutter::{Cutter, Timed};

use bytes::{BufMut, Bytes, BytesMut};
use millrace_media::{Sample, TrackConfig};
use millrace_mp4::write::WriteError;

use crate::{Grid, Row};

pub use cutter::{MAX_BYTES, MAX_SAMPLES};

/// Cuts the samples of one track into fragments.
#[derive(Debug)]
pub struct Fragmenter {
    cutter: Cutter<Bytes>,
}

/// A fragment: `moof` and `mdat`. `D` is what stands for the bytes of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment<D = Bytes> {
    /// `moof` and the header of `mdat`.
    pub head: Bytes,
    /// The samples' bytes in decode order.
    pub data: Vec<D>,
    /// What the index is told.
    pub row: Row,
}

/// Why a sample cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FragmentError {
    /// Video that begins before the timeline does.
    #[error("a key frame at {pts} ticks, before the start of the timeline")]
    BeforeZero {
        /// Its presentation time.
        pts: i64,
    },
    /// Decode time goes back.
    #[error("a sample is decoded at {dts} ticks, before {last}, when the one before it was")]
    Backwards {
        /// Its decode time.
        dts: i64,
        /// The one before it.
        last: i64,
    },
    /// Times that do not fit into a fragment.
    #[error("the fragment at {pts} ticks lasts too long or its times are out of range")]
    OutOfRange {
        /// Presentation time of its first sample.
        pts: i64,
    },
    /// A sample larger than any fragment may be.
    #[error("the sample at {pts} ticks has {bytes} bytes, too many")]
    TooLarge {
        /// Its presentation time.
        pts: i64,
        /// Its size.
        bytes: u64,
    },
    /// Its header cannot be written.
    #[error("a fragment header cannot be written: {0}")]
    Write(#[from] WriteError),
}

impl Fragment {
    /// All its bytes.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(self.row.size as usize);
        out.put_slice(&self.head);
        for data in &self.data {
            out.put_slice(data);
        }
        out.freeze()
    }
}

impl Fragmenter {
    /// For the samples of one track, whose number in `moof` is that of `config`.
    pub fn new(config: &TrackConfig, grid: Grid) -> Self {
        Self { cutter: Cutter::new(config, grid) }
    }

    /// Takes the next sample in decode order. Gives the fragment that it ends, if it does. A sample of another track is
    /// the caller's mistake and is taken for one of this track.
    pub fn push(&mut self, sample: Sample) -> Result<Option<Fragment>, FragmentError> {
        let size = u32::try_from(sample.data.len())
            .map_err(|_| FragmentError::TooLarge { pts: sample.pts, bytes: sample.data.len() as u64 })?;
        let Sample { dts, pts, duration, key, data, .. } = sample;
        self.cutter.push(Timed { dts, pts, duration, key, size, data })
    }

    /// How many ticks earlier than the fragments say the samples have to be decoded so that none is shown before:
    /// [`TrackFacts::decode_delay`](crate::TrackFacts). Known from the first sample on, 0 before.
    pub fn decode_delay(&self) -> u32 {
        self.cutter.decode_delay()
    }

    /// Gives the last fragment, if there is one.
    pub fn finish(self) -> Result<Option<Fragment>, FragmentError> {
        self.cutter.finish()
    }
}
