//! The samples of stored fragments that have been read.

use std::ops::Range;

use bytes::Bytes;
use millrace_mp4::{
    BoxHeader,
    read::{Fragment, FragmentSample, TrackDefaults},
};

use super::{Rope, TransformError};

/// Bytes of a box header at most: size, kind, large size, and the user type of a `uuid` (ISO/IEC 14496-12 §4.2).
const HEADER: usize = 32;

/// A fragment in memory.
pub(super) struct Stored<'a> {
    bytes: &'a Rope,
    /// Where in the bytes it lies.
    place: Range<usize>,
    fragment: Fragment,
}

/// A sample and when it is decoded, in ticks of the track.
pub(super) struct Placed {
    pub(super) dts: i64,
    pub(super) sample: FragmentSample,
    pub(super) data: Bytes,
}

impl<'a> Stored<'a> {
    /// `place` begins with the `moof`. It may end early; then so do the samples that can be had.
    pub(super) fn parse(bytes: &'a Rope, place: Range<usize>) -> Result<Self, TransformError> {
        let start = place.start;
        let header = bytes.slice(start..place.end.min(start + HEADER)).ok_or(TransformError::Head)?;
        let header = BoxHeader::parse(&header)?.ok_or(TransformError::Head)?;
        let len = header.size.and_then(|size| usize::try_from(size).ok()).ok_or(TransformError::Head)?;
        if len > place.len() || header.kind.0 != *b"moof" {
            return Err(TransformError::Head);
        }
        let moof = bytes.slice(start..start + len).ok_or(TransformError::Head)?;
        // What the chunker writes says everything itself.
        let none = |track_id| TrackDefaults { track_id, ..TrackDefaults::default() };
        let fragment = Fragment::parse_with(&moof, 0, none)?;
        Ok(Self { bytes, place, fragment })
    }

    pub(super) fn sequence(&self) -> u32 {
        self.fragment.sequence
    }

    /// In decode order, with their bytes.
    pub(super) fn samples(&self) -> impl Iterator<Item = Result<Placed, TransformError>> + '_ {
        self.timed().map(|(dts, sample)| Ok(Placed { dts, sample, data: self.data(&sample)? }))
    }

    /// In decode order, each with its decode time.
    pub(super) fn timed(&self) -> impl Iterator<Item = (i64, FragmentSample)> + '_ {
        self.fragment.tracks.iter().flat_map(|track| {
            let mut next = i64::try_from(track.base_decode_time.unwrap_or(0)).unwrap_or(i64::MAX);
            track.samples().map(move |sample| {
                let dts = next;
                next = next.saturating_add(i64::from(sample.duration));
                (dts, sample)
            })
        })
    }

    fn data(&self, sample: &FragmentSample) -> Result<Bytes, TransformError> {
        let start = usize::try_from(sample.offset).map_err(|_| TransformError::Sample)?;
        let end = start.checked_add(sample.size as usize).ok_or(TransformError::Sample)?;
        if end > self.place.len() {
            return Err(TransformError::Sample);
        }
        let at = self.place.start;
        self.bytes.slice(at + start..at + end).ok_or(TransformError::Sample)
    }
}

impl Placed {
    /// When it is shown.
    pub(super) fn pts(&self) -> i64 {
        self.dts.saturating_add(self.sample.cto)
    }
}
