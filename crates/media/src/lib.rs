//! The vocabulary of media: time in ticks, samples, what a track is made of, and the codec headers behind it.
//!
//! Nothing here knows a container, a protocol or a clock. Everything that parses takes bytes of an outsider and answers
//! with a typed error; nothing panics, and no allocation is larger than the bytes given.

pub mod adts;
mod bits;
pub mod codec;
mod fourcc;
mod language;
pub mod nal;
mod ratio;
mod sample;
pub mod smooth;
mod time;
mod track;

pub use codec::{CodecConfig, ConfigError};
pub use fourcc::FourCc;
pub use language::{Language, LanguageError};
pub use ratio::Ratio;
pub use sample::Sample;
pub use time::{Timescale, rescale};
pub use track::{AudioFormat, Colour, Format, MediaKind, Rotation, TrackConfig, VideoFormat};
