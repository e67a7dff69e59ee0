//! Reading a fragmented stream as it arrives.

mod demuxer;
mod queue;

pub use demuxer::{DemuxError, Demuxer, Event};
