//! Delivery segments: fragments grouped on a grid that all tracks of a presentation share.
//!
//! A fragment belongs to the step of the grid in which it begins, and the fragments of one step are one segment. Which
//! step that is depends on the fragment alone, so adding fragments never changes a segment that is finished, and
//! renditions whose fragments begin at the same times have the same segments. Audio fragments begin up to half a frame
//! before or after the video's; a slack of that order keeps them together.
//!
//! While a track grows its last segment may get more fragments, so it exists only once they reach the next step: what
//! follows begins where they end, or later.

use std::ops::Range;

use crate::{Row, TrackIndex, TrackState};

/// How much earlier than a step of the grid a fragment may begin and still belong to it, in milliseconds. An audio
/// frame has at most 2048 samples, 128 ms at 16 kHz, and its fragment is cut at the nearest one.
const SLACK_MS: u64 = 70;

/// One delivery segment: consecutive rows of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Rows of the index.
    pub rows: Range<usize>,
    /// Step of the grid, the same for the segments of all tracks that play together.
    pub step: u64,
    /// First tick.
    pub time: u64,
    /// Ticks.
    pub duration: u64,
    /// Bytes.
    pub size: u64,
}

impl Segment {
    /// First tick after it.
    pub fn end(&self) -> u64 {
        self.time.saturating_add(self.duration)
    }
}

impl TrackIndex {
    /// All segments that exist, in the order of time.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        let mut next = 0;
        std::iter::from_fn(move || {
            let segment = self.segment_from(next)?;
            next = segment.rows.end;
            Some(segment)
        })
    }

    /// The segment that begins exactly at `time`, if there is one yet. O(log n).
    pub fn segment_at(&self, time: u64) -> Option<Segment> {
        let row = self.row_at(time)?;
        let is_first = match row.checked_sub(1) {
            Some(before) => self.step_of_row(before)? != self.step_of_row(row)?,
            None => true,
        };
        if is_first { self.segment_from(row) } else { None }
    }

    /// The last segment that exists. The work is in proportion to its fragments.
    pub fn last_segment(&self) -> Option<Segment> {
        let last = self.rows().len().checked_sub(1)?;
        let first = self.first_of_group(last)?;
        // If the last group is not finished, the one before it is.
        self.segment_from(first).or_else(|| self.segment_from(self.first_of_group(first.checked_sub(1)?)?))
    }

    /// The first row of the group that `row` belongs to.
    fn first_of_group(&self, row: usize) -> Option<usize> {
        let step = self.step_of_row(row)?;
        let rows = self.rows().get(..row)?;
        Some(rows.iter().rposition(|row| self.step(row) != step).map_or(0, |before| before + 1))
    }

    fn step_of_row(&self, row: usize) -> Option<u64> {
        self.rows().get(row).map(|row| self.step(row))
    }

    fn step(&self, row: &Row) -> u64 {
        self.step_at(row.time)
    }

    /// The step of a fragment that begins at `time`.
    fn step_at(&self, time: u64) -> u64 {
        let slack = SLACK_MS * u64::from(self.timescale().get()) / 1000;
        self.grid().step_of(time.saturating_add(slack), self.timescale())
    }

    /// The segment whose first row is `first`.
    fn segment_from(&self, first: usize) -> Option<Segment> {
        let rows = self.rows().get(first..)?;
        let begin = rows.first()?;
        let step = self.step(begin);
        let count = rows.iter().position(|row| self.step(row) != step).unwrap_or(rows.len());
        let own = rows.get(..count)?;
        let end = own.last()?.end();
        if count == rows.len() && self.state() == TrackState::Growing && self.step_at(end) == step {
            return None;
        }
        Some(Segment {
            rows: first..first + count,
            step,
            time: begin.time,
            duration: end.saturating_sub(begin.time),
            size: own.iter().map(|row| u64::from(row.size)).sum(),
        })
    }
}
