//! What to read, and what to do with it, to answer one request for media.
//!
//! A [`Plan`] either knows its [`Body`] at once, as ranges of objects whose concatenation is the answer (clear CMAF: no
//! byte is looked at, the length is known, any sub-range of it is again a body), or first asks for some bytes
//! ([`Request`]) out of which the body is made: the heads of fragments for Smooth, whole fragments for TS.
//!
//! ```text
//! match plan.step {
//!     Step::Body(body) => send(body),
//!     Step::Read(request) => { let bytes = read(request.reads()); send(request.finish(bytes)?) }
//! }
//! ```

mod body;
mod cmaf;
mod keyframe;
mod request;
mod rope;
mod samples;
mod smooth;
mod ts;

pub use body::{Body, Extent, Piece};
pub use cmaf::{init, segment};
pub use keyframe::keyframe;
pub use request::{MAX_READ, Request, TransformError};
pub use rope::Rope;
pub use smooth::smooth;
pub use ts::{ts_keyframe, ts_segment};

use request::Transform;

/// How to answer one request.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Media type of the answer.
    pub content_type: &'static str,
    /// What comes first.
    pub step: Step,
}

/// The next thing to do.
#[derive(Clone, Debug)]
pub enum Step {
    /// The answer is known.
    Body(Body),
    /// Some bytes have to be read before it is.
    Read(Request),
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nothing begins at that time.
    #[error("nothing begins at {time}")]
    NotFound {
        /// Ticks of the track.
        time: u64,
    },
    /// It will, or may, once the track has grown.
    #[error("what begins at {time} is not finished yet")]
    TooEarly {
        /// Ticks of the track.
        time: u64,
    },
    /// The fragment does not begin with a key frame.
    #[error("no key frame begins at {time}")]
    NoKeyFrame {
        /// Ticks of the track.
        time: u64,
    },
    /// The codec cannot be carried in this format.
    #[error("{codec} cannot be carried in {format}")]
    Codec {
        /// RFC 6381 string.
        codec: String,
        /// Name of the format.
        format: &'static str,
    },
    /// More than [`MAX_READ`] would have to be held in memory.
    #[error("{bytes} bytes are too many to convert at once")]
    TooLarge {
        /// Bytes.
        bytes: u64,
    },
}

impl Plan {
    fn body(content_type: &'static str, body: Body) -> Self {
        Self { content_type, step: Step::Body(body) }
    }

    fn read(content_type: &'static str, reads: Body, transform: Transform) -> Result<Self, PlanError> {
        match reads.len() {
            bytes if bytes > MAX_READ => Err(PlanError::TooLarge { bytes }),
            _ => Ok(Self { content_type, step: Step::Read(Request::new(reads, transform)) }),
        }
    }
}
