//! From an encoder's samples to samples on the output timeline, GOP by GOP.
//!
//! Encoders delay decode times by their reordering, each chunk anew, and seldom know how long its last frame lasts. So decode
//! times are made again: inside a closed GOP the frames, in decoding order, take the GOP's presentation times in rising
//! order. Then a fragment begins at its first presentation time, chunks join without gap or overlap, and composition
//! offsets may be negative, as CMAF allows (ISO/IEC 23000-19 §7.5.17).

use millrace_media::Sample;

/// Collects one GOP at a time.
#[derive(Debug)]
pub struct Gops {
    origin: i64,
    /// Frames outside of these output ticks belong to neighbours.
    bounds: (i64, i64),
    pending: Vec<Sample>,
}

impl Gops {
    /// `origin` is taken off every time stamp; frames before `from` or from `to` on are dropped.
    pub fn new(origin: i64, from: i64, to: Option<i64>) -> Gops {
        Gops { origin, bounds: (from, to.unwrap_or(i64::MAX)), pending: Vec::new() }
    }

    /// Takes the next sample in decoding order. Gives the GOP before it, if the sample is a key frame.
    pub fn push(&mut self, mut sample: Sample) -> Vec<Sample> {
        sample.pts -= self.origin;
        if sample.pts < self.bounds.0 || sample.pts >= self.bounds.1 {
            return Vec::new();
        }
        // The first frame of a clip may stand a rounding error before its grid.
        sample.pts = sample.pts.max(0);
        let done =
            if sample.key && !self.pending.is_empty() { self.flush(Some(sample.pts)) } else { Vec::new() };
        self.pending.push(sample);
        done
    }

    /// Gives the last GOP, whose last frame lasts until `end`, or for `usual` ticks if that is not known.
    pub fn finish(mut self, end: Option<i64>, usual: u32) -> Vec<Sample> {
        let last = self.pending.iter().map(|sample| sample.pts).max().unwrap_or(0);
        let end = end.filter(|end| *end > last).unwrap_or(last + i64::from(usual.max(1)));
        self.flush(Some(end))
    }

    fn flush(&mut self, next: Option<i64>) -> Vec<Sample> {
        let mut samples = std::mem::take(&mut self.pending);
        let mut times: Vec<i64> = samples.iter().map(|sample| sample.pts).collect();
        times.sort_unstable();
        let ends = times.iter().skip(1).copied().chain(next);
        let durations: Vec<u32> =
            times.iter().zip(ends).map(|(time, end)| u32::try_from(end - time).unwrap_or(1).max(1)).collect();
        for ((sample, time), duration) in samples.iter_mut().zip(&times).zip(durations) {
            sample.dts = *time;
            sample.duration = duration;
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn sample(pts: i64, key: bool) -> Sample {
        Sample { track: 1, dts: pts - 500, pts, duration: 0, key, data: Bytes::from_static(b"x") }
    }

    fn times(samples: &[Sample]) -> Vec<(i64, i64, u32)> {
        samples.iter().map(|sample| (sample.dts, sample.pts, sample.duration)).collect()
    }

    #[test]
    fn decode_times_are_the_presentation_times_in_order() {
        let mut gops = Gops::new(1_000, 0, None);
        for (pts, key) in [(1_000, true), (1_030, false), (1_010, false), (1_020, false)] {
            assert!(gops.push(sample(pts, key)).is_empty());
        }
        let first = gops.push(sample(1_040, true));
        assert_eq!(times(&first), [(0, 0, 10), (10, 30, 10), (20, 10, 10), (30, 20, 10)]);
        assert_eq!(times(&gops.finish(Some(100), 10)), [(40, 40, 60)]);
    }

    #[test]
    fn frames_of_neighbours_are_dropped() {
        let mut gops = Gops::new(0, 100, Some(200));
        for pts in [90, 100, 150, 200, 210] {
            gops.push(sample(pts, pts == 100));
        }
        assert_eq!(times(&gops.finish(None, 7)), [(100, 100, 50), (150, 150, 7)]);
    }
}
