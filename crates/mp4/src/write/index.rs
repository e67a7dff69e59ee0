//! Indexes beside fragments: `sidx` (ISO/IEC 14496-12 §8.16.3) and `mfra` (§8.8.9).

use bytes::Bytes;
use millrace_media::Timescale;

use super::{Boxes, WriteError};

/// A segment index: where the segments after it lie.
#[derive(Clone, Copy, Debug)]
pub struct SegmentIndex<'a> {
    /// The track it speaks of.
    pub track_id: u32,
    /// The clock of its times.
    pub timescale: Timescale,
    /// Presentation time of the first segment, in ticks.
    pub earliest_time: u64,
    /// Bytes between the end of this box and the first segment.
    pub first_offset: u64,
    /// Segments in order, at most 65,535.
    pub references: &'a [SegmentReference],
}

/// One segment of a [`SegmentIndex`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentReference {
    /// Bytes, below 2 GiB.
    pub size: u32,
    /// Ticks.
    pub duration: u32,
    /// Whether it begins with a key frame.
    pub key: bool,
}

/// Writes a `sidx` of version 1.
pub fn sidx(index: &SegmentIndex<'_>) -> Result<Bytes, WriteError> {
    let too_many = WriteError::TooMany { what: "references in a sidx", limit: u16::MAX.into() };
    let count = u16::try_from(index.references.len()).map_err(|_| too_many)?;
    if index.references.iter().any(|reference| reference.size > i32::MAX as u32) {
        return Err(WriteError::TooMany { what: "bytes in a segment of a sidx", limit: i32::MAX as u64 });
    }
    let mut out = Boxes::with_capacity(40 + index.references.len() * 12);
    out.full(b"sidx", 1, 0, |out| {
        out.u32(index.track_id);
        out.u32(index.timescale.get());
        out.u64(index.earliest_time);
        out.u64(index.first_offset);
        out.u16(0);
        out.u16(count);
        for reference in index.references {
            out.u32(reference.size);
            out.u32(reference.duration);
            // starts_with_SAP and SAP type 1; no delta.
            out.u32(if reference.key { 0x9000_0000 } else { 0 });
        }
    });
    Ok(out.into_bytes())
}

/// Random access points of one track.
#[derive(Clone, Copy, Debug)]
pub struct TrackAccess<'a> {
    /// The track.
    pub track_id: u32,
    /// Its fragments that begin with a key frame, in order.
    pub entries: &'a [RandomAccess],
}

/// A fragment where decoding can start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RandomAccess {
    /// Presentation time in ticks of the track.
    pub time: u64,
    /// Where its `moof` begins in the file.
    pub moof_offset: u64,
}

/// Writes the `mfra` that ends a fragmented file: one `tfra` per track and the `mfro` that finds it from the end.
pub fn mfra(tracks: &[TrackAccess<'_>]) -> Bytes {
    let entries: usize = tracks.iter().map(|track| track.entries.len()).sum();
    let mut out = Boxes::with_capacity(24 + tracks.len() * 24 + entries * 19);
    out.boxed(b"mfra", |out| {
        for track in tracks {
            out.full(b"tfra", 1, 0, |out| {
                out.u32(track.track_id);
                // One byte each for the numbers of traf, trun and sample.
                out.u32(0);
                out.u32(track.entries.len() as u32);
                for entry in track.entries {
                    out.u64(entry.time);
                    out.u64(entry.moof_offset);
                    out.bytes(&[1, 1, 1]);
                }
            });
        }
        out.full(b"mfro", 0, 0, |out| out.u32(0));
    });
    let size = out.len();
    out.patch(size - 4, size as u32);
    out.into_bytes()
}
