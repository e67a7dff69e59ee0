//! Foreign MP4 files made into tracks without touching their media.

mod ism;

pub use ism::{IsmError, IsmTrack, MAX_ISM, parse_ism};
