//! The decision where a fragment begins, for samples whose bytes may lie elsewhere.

use millrace_media::{MediaKind, Timescale, TrackConfig};
use millrace_mp4::write::{RunSample, fragment_header};

use super::{Fragment, FragmentError};
use crate::{Grid, Row};

/// Longest fragment in samples. Four minutes at 60 frames per second: beyond that a fragment is cut without a key frame,
/// so that a stream with a single one cannot fill the memory.
pub const MAX_SAMPLES: usize = 16_384;
/// Largest fragment in bytes, cut in the same way: 2 s of intra-only 4K at 500 Mbit/s.
pub const MAX_BYTES: u64 = 128 << 20;

/// A sample whose bytes are `data`, or are described by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timed<D> {
    /// When it is decoded.
    pub(crate) dts: i64,
    /// When it is shown.
    pub(crate) pts: i64,
    /// Time until the next sample is decoded.
    pub(crate) duration: u32,
    /// Whether decoding can start here.
    pub(crate) key: bool,
    /// Bytes.
    pub(crate) size: u32,
    /// Its bytes, or where they are.
    pub(crate) data: D,
}

/// Groups samples into fragments.
#[derive(Debug)]
pub(crate) struct Cutter<D> {
    track: u32,
    kind: MediaKind,
    timescale: Timescale,
    grid: Grid,
    /// What is added to decode times; known from the first sample that is kept.
    shift: Option<i64>,
    sequence: u32,
    pending: Vec<Timed<D>>,
    bytes: u64,
}

impl<D> Cutter<D> {
    pub(crate) fn new(config: &TrackConfig, grid: Grid) -> Self {
        Self {
            track: config.id,
            kind: config.kind(),
            timescale: config.timescale,
            grid,
            shift: None,
            sequence: 0,
            pending: Vec::new(),
            bytes: 0,
        }
    }

    pub(crate) fn decode_delay(&self) -> u32 {
        u32::try_from(self.shift.unwrap_or(0)).unwrap_or(0)
    }

    pub(crate) fn push(&mut self, sample: Timed<D>) -> Result<Option<Fragment<D>>, FragmentError> {
        if self.shift.is_none() {
            if !self.may_begin(&sample)? {
                return Ok(None);
            }
            self.shift = Some(sample.pts.saturating_sub(sample.dts));
        }
        self.check(&sample)?;
        let done = match self.ends_before(&sample) {
            true => self.flush(Some(sample.pts))?,
            false => None,
        };
        self.bytes += u64::from(sample.size);
        self.pending.push(sample);
        Ok(done)
    }

    pub(crate) fn finish(mut self) -> Result<Option<Fragment<D>>, FragmentError> {
        self.flush(None)
    }

    /// Whether the first sample of all is one that a player can use.
    fn may_begin(&self, sample: &Timed<D>) -> Result<bool, FragmentError> {
        match (self.kind, sample.pts < 0) {
            (MediaKind::Video, _) if !sample.key => Ok(false),
            (MediaKind::Video, true) => Err(FragmentError::BeforeZero { pts: sample.pts }),
            (_, early) => Ok(!early),
        }
    }

    fn check(&self, sample: &Timed<D>) -> Result<(), FragmentError> {
        if u64::from(sample.size) > MAX_BYTES {
            let bytes = u64::from(sample.size);
            return Err(FragmentError::TooLarge { pts: sample.pts, bytes });
        }
        match self.pending.last() {
            Some(last) if sample.dts < last.dts => {
                Err(FragmentError::Backwards { dts: sample.dts, last: last.dts })
            }
            _ => Ok(()),
        }
    }

    fn ends_before(&self, sample: &Timed<D>) -> bool {
        let Some(first) = self.pending.first() else {
            return false;
        };
        let full = self.pending.len() >= MAX_SAMPLES || self.bytes + u64::from(sample.size) > MAX_BYTES;
        let may_cut = self.kind != MediaKind::Video || sample.key;
        full || (may_cut && self.step_of(sample) > self.step_of(first))
    }

    /// The step in which the middle of a sample lies: that is the nearest edge for audio, and bears rounded times of
    /// video.
    fn step_of(&self, sample: &Timed<D>) -> u64 {
        let middle = sample.pts.saturating_add(i64::from(sample.duration / 2));
        self.grid.step_of(u64::try_from(middle).unwrap_or(0), self.timescale)
    }

    fn flush(&mut self, next: Option<i64>) -> Result<Option<Fragment<D>>, FragmentError> {
        let samples = std::mem::take(&mut self.pending);
        self.bytes = 0;
        let Some(first) = samples.first() else {
            return Ok(None);
        };
        // The step as number: fragments of one track that are made in several places still count upwards.
        let step = u32::try_from(self.step_of(first)).unwrap_or(u32::MAX);
        self.sequence = step.saturating_add(1).max(self.sequence.saturating_add(1));
        let shift = self.shift.unwrap_or(0);
        Ok(Some(fragment(self.track, self.sequence, shift, samples, next)?))
    }
}

/// One fragment of samples that are not empty.
fn fragment<D>(
    track: u32,
    sequence: u32,
    shift: i64,
    samples: Vec<Timed<D>>,
    next: Option<i64>,
) -> Result<Fragment<D>, FragmentError> {
    let out_of_range = FragmentError::OutOfRange { pts: samples.first().map_or(0, |sample| sample.pts) };
    let timing = Timing::of(&samples, next).ok_or(out_of_range)?;
    let runs: Vec<RunSample> =
        samples.iter().map(|sample| run_sample(sample, shift)).collect::<Option<_>>().ok_or(out_of_range)?;
    let base = timing.dts.checked_add(shift).and_then(|dts| u64::try_from(dts).ok()).ok_or(out_of_range)?;
    let head = fragment_header(sequence, track, base, &runs)?;
    let row = timing.row(&runs, head.len()).ok_or(out_of_range)?;
    Ok(Fragment { head, data: samples.into_iter().map(|sample| sample.data).collect(), row })
}

fn run_sample<D>(sample: &Timed<D>, shift: i64) -> Option<RunSample> {
    let cto = sample.pts.checked_sub(sample.dts)?.checked_sub(shift)?;
    Some(RunSample {
        duration: sample.duration,
        size: sample.size,
        cto: i32::try_from(cto).ok()?,
        key: sample.key,
    })
}

/// When the samples of a fragment begin and end.
struct Timing {
    dts: i64,
    pts: i64,
    duration: u32,
}

impl Timing {
    /// The end is where the `next` fragment begins, unless that is farther away than the last sample lasts.
    fn of<D>(samples: &[Timed<D>], next: Option<i64>) -> Option<Self> {
        let (first, last) = (samples.first()?, samples.last()?);
        let end_of = |sample: &Timed<D>| sample.pts.saturating_add(i64::from(sample.duration));
        let own_end = samples.iter().map(end_of).max()?;
        let end = match next {
            Some(next) if next.saturating_sub(own_end) <= i64::from(last.duration) => next,
            _ => own_end,
        };
        let duration = u32::try_from(end.checked_sub(first.pts)?.max(1)).ok()?;
        Some(Self { dts: first.dts, pts: first.pts, duration })
    }

    fn row(&self, runs: &[RunSample], head: usize) -> Option<Row> {
        let first = runs.first()?;
        let body: u64 = runs.iter().map(|run| u64::from(run.size)).sum();
        Some(Row {
            time: u64::try_from(self.pts).ok()?,
            duration: self.duration,
            size: u32::try_from(body + head as u64).ok()?,
            head_size: u32::try_from(head).ok()?,
            key_size: if first.key { first.size } else { 0 },
            samples: u32::try_from(runs.len()).ok()?,
        })
    }
}
