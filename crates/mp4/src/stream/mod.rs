//! Reading a fragmented stream as it arrives.

mod demuxer;
mod error;
mod pending;
mod queue;

pub use demuxer::{Demuxer, Event};
pub use error::DemuxError;
