//! Encoding: an input becomes CMAF tracks in an output asset, by ffmpeg children, in chunks that survive every restart.
//!
//! - [`probe`]: what an input is, or the sentence that says what is wrong with it
//! - [`plan`]: preset and input become renditions, a timeline and chunks
//! - [`chunk`]: one stretch of all renditions
//! - [`sound`]: one audio track
//! - [`piece`], [`store`]: what is finished and durable
//! - [`output`]: growing indexes, finished files
//! - [`ffmpeg`]: child processes

pub mod chunk;
pub mod ffmpeg;
mod flow;
mod images;
pub mod output;
pub mod piece;
pub mod plan;
pub mod probe;
pub mod problem;
pub mod ratio;
mod reader;
pub mod sound;
pub mod store;
mod verbatim;
mod worker;

pub use problem::{Code, Failure, Problem};
pub use worker::{Config, Encoder};
