//! One sample, the coin between every parser and every writer.

use bytes::Bytes;

/// A coded picture, audio frame or cue with its place in time.
///
/// Times are ticks of the track's timescale (`TrackConfig::timescale`). `pts` may be smaller than `dts` of the sample
/// before it, and either may be negative when an edit list trims the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The track it belongs to (`TrackConfig::id`).
    pub track: u32,
    /// When it is decoded. Never goes back within a track.
    pub dts: i64,
    /// When it is shown.
    pub pts: i64,
    /// Time until the next sample is decoded.
    pub duration: u32,
    /// Whether decoding can start here.
    pub key: bool,
    /// The coded bytes in the form of ISO BMFF (AVC and HEVC length-prefixed, AAC without ADTS).
    pub data: Bytes,
}
