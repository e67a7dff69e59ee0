//! Where segments begin and how long they last, as runs of equal ones.

/// Most runs of one timeline. A 24 h title whose 2 s segments all differ has 43,200; beyond this limit the text of one
/// manifest would be tens of megabytes.
pub const MAX_RUNS: usize = 262_144;

/// `count` segments of `duration` ticks each, one after the other from `start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentRun {
    /// First tick of the first segment. Never negative: `tfdt` is unsigned (ISO/IEC 14496-12 §8.8.12).
    pub start: u64,
    /// Ticks of each segment, at least 1.
    pub duration: u64,
    /// How many, at least 1.
    pub count: u32,
}

impl SegmentRun {
    /// First tick after the run.
    pub fn end(&self) -> u64 {
        self.start.saturating_add(self.duration.saturating_mul(u64::from(self.count)))
    }
}

/// The segments of one track in the order of time. They may leave gaps; they never overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    runs: Vec<SegmentRun>,
}

/// Why a segment does not fit on a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimelineError {
    /// It has no duration.
    #[error("the segment at {start} lasts no time")]
    Empty {
        /// Its first tick.
        start: u64,
    },
    /// It begins before the one before it ends.
    #[error("the segment at {start} begins before {end}, where the one before it ends")]
    Overlap {
        /// Its first tick.
        start: u64,
        /// First free tick.
        end: u64,
    },
    /// It ends beyond 2^63 ticks.
    #[error("the segment at {start} ends out of range")]
    OutOfRange {
        /// Its first tick.
        start: u64,
    },
    /// The timeline has [`MAX_RUNS`] runs already.
    #[error("the timeline has too many different segments")]
    TooLong,
}

impl Timeline {
    /// A timeline of (start, duration) pairs in ticks.
    pub fn from_segments(segments: impl IntoIterator<Item = (u64, u64)>) -> Result<Self, TimelineError> {
        let mut timeline = Self::default();
        for (start, duration) in segments {
            timeline.push(start, duration)?;
        }
        Ok(timeline)
    }

    /// Adds a segment at the end. On an error the timeline is as before.
    pub fn push(&mut self, start: u64, duration: u64) -> Result<(), TimelineError> {
        if duration == 0 {
            return Err(TimelineError::Empty { start });
        }
        if start.checked_add(duration).is_none_or(|end| end > i64::MAX as u64) {
            return Err(TimelineError::OutOfRange { start });
        }
        let full = self.runs.len() >= MAX_RUNS;
        match self.runs.last_mut() {
            Some(run) if start < run.end() => {
                return Err(TimelineError::Overlap { start, end: run.end() });
            }
            Some(run) if start == run.end() && run.duration == duration && run.count < u32::MAX => {
                run.count += 1
            }
            _ if full => return Err(TimelineError::TooLong),
            _ => self.runs.push(SegmentRun { start, duration, count: 1 }),
        }
        Ok(())
    }

    /// Runs of equal segments, as few as possible.
    pub fn runs(&self) -> &[SegmentRun] {
        &self.runs
    }

    /// Every segment as (start, duration) in ticks.
    pub fn segments(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.runs.iter().flat_map(|run| {
            (0..u64::from(run.count))
                .map(|index| (run.start.saturating_add(run.duration.saturating_mul(index)), run.duration))
        })
    }

    /// Number of segments.
    pub fn len(&self) -> usize {
        self.runs.iter().map(|run| run.count as usize).sum()
    }

    /// Whether there is no segment yet.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// First tick of the first segment.
    pub fn start(&self) -> Option<u64> {
        self.runs.first().map(|run| run.start)
    }

    /// First tick after the last segment.
    pub fn end(&self) -> Option<u64> {
        self.runs.last().map(SegmentRun::end)
    }

    /// Ticks of the longest segment.
    pub fn longest(&self) -> Option<u64> {
        self.runs.iter().map(|run| run.duration).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_neighbours_are_one_run() {
        let segments = [(0, 6), (6, 6), (12, 6), (18, 5), (30, 5), (35, 5)];
        let timeline = Timeline::from_segments(segments).unwrap();
        let run = |start, duration, count| SegmentRun { start, duration, count };
        assert_eq!(timeline.runs(), [run(0, 6, 3), run(18, 5, 1), run(30, 5, 2)]);
        assert_eq!(timeline.segments().collect::<Vec<_>>(), segments);
        assert_eq!(
            (timeline.len(), timeline.start(), timeline.end(), timeline.longest()),
            (6, Some(0), Some(40), Some(6))
        );
    }

    #[test]
    fn refuses_what_no_player_could_play() {
        let mut timeline = Timeline::from_segments([(10, 5)]).unwrap();
        let before = timeline.clone();
        assert_eq!(timeline.push(15, 0), Err(TimelineError::Empty { start: 15 }));
        assert_eq!(timeline.push(14, 5), Err(TimelineError::Overlap { start: 14, end: 15 }));
        assert_eq!(timeline.push(u64::MAX, 5), Err(TimelineError::OutOfRange { start: u64::MAX }));
        assert_eq!(timeline, before);
    }
}
