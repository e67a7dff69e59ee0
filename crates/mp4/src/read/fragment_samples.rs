//! Walking the track runs of a fragment (`trun`, ISO/IEC 14496-12 §8.8.8).

use bytes::Bytes;

use super::TrackDefaults;
use crate::atom::Atom;
use crate::{ParseError, Problem};

/// One sample of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FragmentSample {
    /// Where its bytes begin in the file.
    pub offset: u64,
    /// Bytes.
    pub size: u32,
    /// Ticks until the next sample is decoded.
    pub duration: u32,
    /// Composition time minus decode time.
    pub cto: i64,
    /// Sample flags as written (§8.8.3.1).
    pub flags: u32,
    /// Whether decoding can start here: neither "not a sync sample" nor "depends on others" is set.
    pub key: bool,
}

/// sample_is_non_sync_sample, and sample_depends_on = 1.
const NOT_KEY: u32 = 0x0101_0000;

const DATA_OFFSET: u32 = 0x1;
const FIRST_FLAGS: u32 = 0x4;
const DURATIONS: u32 = 0x100;
const SIZES: u32 = 0x200;
const FLAGS: u32 = 0x400;
const OFFSETS: u32 = 0x800;

/// A `trun` with everything needed to walk it.
#[derive(Clone, Debug)]
pub(super) struct Run {
    rows: Bytes,
    flags: u32,
    signed: bool,
    count: u32,
    offset: u64,
    first_flags: Option<u32>,
    defaults: TrackDefaults,
}

impl Run {
    /// `base` is what a data offset counts from, `position` where data goes on without one.
    pub(super) fn parse(
        trun: &Atom<'_>,
        base: u64,
        position: u64,
        defaults: TrackDefaults,
        source: &Bytes,
    ) -> Result<Self, ParseError> {
        let (version, flags, mut fields) = trun.full()?;
        let count = fields.u32()?;
        let mut offset = position;
        if flags & DATA_OFFSET != 0 {
            let moved = base.checked_add_signed(fields.i32()?.into());
            offset =
                moved.ok_or_else(|| trun.error(Problem::Invalid("data before the start of the file")))?;
        }
        let first_flags = if flags & FIRST_FLAGS != 0 { Some(fields.u32()?) } else { None };
        let columns = (flags & (DURATIONS | SIZES | FLAGS | OFFSETS)).count_ones() as usize;
        let rows = source.slice_ref(fields.table(count, columns * 4)?);
        Ok(Self { rows, flags, signed: version > 0, count, offset, first_flags, defaults })
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Ticks and bytes of all its samples. Both fit: a run has fewer than 2^32 samples of 32-bit values.
    pub(super) fn totals(&self) -> (u64, u64) {
        let uniform = |value: u32| u64::from(self.count) * u64::from(value);
        let sum = |flag, default| match self.flags & flag {
            0 => uniform(default),
            _ => (0..self.count).map(|index| u64::from(self.column(index, flag).unwrap_or(0))).sum(),
        };
        (sum(DURATIONS, self.defaults.duration), sum(SIZES, self.defaults.size))
    }

    /// A column of a row; `None` when the run does not have it.
    fn column(&self, index: u32, flag: u32) -> Option<u32> {
        if self.flags & flag == 0 {
            return None;
        }
        let columns = self.flags & (DURATIONS | SIZES | FLAGS | OFFSETS);
        let before = (columns & (flag - 1)).count_ones() as usize;
        let word = index as usize * columns.count_ones() as usize + before;
        self.rows.as_chunks::<4>().0.get(word).map(|word| u32::from_be_bytes(*word))
    }

    fn sample(&self, index: u32, offset: u64) -> FragmentSample {
        let duration = self.column(index, DURATIONS).unwrap_or(self.defaults.duration);
        let size = self.column(index, SIZES).unwrap_or(self.defaults.size);
        let first = if index == 0 { self.first_flags } else { None };
        let flags = first.or_else(|| self.column(index, FLAGS)).unwrap_or(self.defaults.flags);
        let cto = self.column(index, OFFSETS).unwrap_or(0);
        let cto = if self.signed { i64::from(cto as i32) } else { i64::from(cto) };
        FragmentSample { offset, size, duration, cto, flags, key: flags & NOT_KEY == 0 }
    }
}

/// Samples of a [`super::TrackFragment`]. It owns slices of the `moof`, so it may outlive what it came from.
#[derive(Clone, Debug)]
pub struct FragmentSamples {
    /// None of them empty.
    runs: Vec<Run>,
    run: usize,
    index: u32,
    offset: u64,
}

impl FragmentSamples {
    pub(super) fn new(runs: &[Run]) -> Self {
        Self { runs: runs.to_vec(), run: 0, index: 0, offset: runs.first().map_or(0, Run::offset) }
    }
}

impl Iterator for FragmentSamples {
    type Item = FragmentSample;

    fn next(&mut self) -> Option<FragmentSample> {
        let mut run = self.runs.get(self.run)?;
        if self.index >= run.count {
            self.run += 1;
            run = self.runs.get(self.run)?;
            (self.index, self.offset) = (0, run.offset);
        }
        let sample = run.sample(self.index, self.offset);
        self.index += 1;
        self.offset += u64::from(sample.size);
        Some(sample)
    }
}
