//! The crate against files that ffmpeg made, and ffmpeg against files that the crate made.

#![allow(missing_docs, unreachable_pub)]

mod demux;
mod hostile;
mod progressive;
mod smooth;
mod support;
mod tables;
mod write;
