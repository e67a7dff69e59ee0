//! MPEG-2 transport streams (ISO/IEC 13818-1), written one HLS segment at a time.
//!
//! [`segment`] is a pure function from access units to bytes. Nothing is remembered between segments, and
//! yet their continuity counters join: every elementary stream is padded to a multiple of sixteen packets,
//! so that each segment begins and ends at counter zero wherever a player enters.
//!
//! What belongs to others: which samples make a segment (`package`), playlists (`manifest`).

mod crc;
mod elementary;
mod packet;
mod pes;
mod psi;
mod segment;

pub use segment::{AccessUnit, CLOCK_HZ, Stream, TsError, segment};

/// Bytes of one transport packet (§2.4.3.2).
pub const PACKET: usize = 188;
