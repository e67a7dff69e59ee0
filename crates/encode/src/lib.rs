//! Encoding: an input becomes CMAF tracks in an output asset, by ffmpeg children, in chunks that survive every restart.
//!
//! - [`probe`]: what an input is, or the sentence that says what is wrong with it
//! - [`plan`]: preset and input become renditions, a timeline and chunks
//! - [`ffmpeg`]: child processes

pub mod ffmpeg;
pub mod plan;
pub mod probe;
pub mod problem;
pub mod ratio;

pub use problem::{Code, Problem};
