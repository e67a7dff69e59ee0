//! Encoding one chunk: one child decodes it once and writes all renditions; its samples become CMAF fragments.

pub mod command;
pub mod filters;
pub mod gops;
mod next;
pub mod run;

pub use filters::Cut;
pub use run::{Bench, ChunkRecord, VIDEO_ID, encode, grid, record_name};
