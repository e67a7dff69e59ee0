//! Smooth Streaming fragments: a new head, and the stored samples as they are.

use std::num::NonZeroU32;

use bytes::Bytes;
use millrace_manifest::smooth::chunk_time;
use millrace_media::Timescale;
use millrace_mp4::{
    read::{FragmentSample, TrackDefaults},
    smooth::{SmoothFragment, fragment_header},
    write::{self, RunSample},
};

use super::{Body, Plan, PlanError, Rope, TransformError, cmaf, request::Transform, samples::Stored};
use crate::{Row, TrackIndex};

#[derive(Clone, Debug)]
pub(super) struct SmoothHead {
    track_id: u32,
    timescale: Timescale,
    time: u64,
    duration: u64,
    /// The duration in ticks of the track.
    ticks: u32,
    /// What follows the head.
    samples: Body,
}

/// The fragment that the Smooth manifest lists at `time`, in units of 100 ns. Reads the head only.
pub fn smooth(index: &TrackIndex, time: u64) -> Result<Plan, PlanError> {
    let (position, row) = find(index, time).ok_or(PlanError::NotFound { time })?;
    let (mut head, mut samples) = (Body::default(), Body::default());
    let head_size = u64::from(row.head_size);
    head.push_fragment(index, position, 0..head_size);
    samples.push_fragment(index, position, head_size..u64::from(row.size));
    let transform = Transform::Smooth(SmoothHead {
        track_id: index.config().id,
        timescale: index.timescale(),
        time,
        duration: in_hns(index, row.end()).saturating_sub(time),
        ticks: row.duration,
        samples,
    });
    Plan::read(cmaf::content_type(index), head, transform)
}

/// The manifest's times are rounded; rounding keeps their order, so the row can be searched for by rounded times.
fn find(index: &TrackIndex, time: u64) -> Option<(usize, Row)> {
    let rows = index.rows();
    let position = rows.binary_search_by_key(&time, |row| in_hns(index, row.time)).ok()?;
    Some((position, *rows.get(position)?))
}

fn in_hns(index: &TrackIndex, ticks: u64) -> u64 {
    let timescale = NonZeroU32::new(index.timescale().get()).unwrap_or(NonZeroU32::MIN);
    chunk_time(ticks, timescale)
}

impl SmoothHead {
    /// The head of a fragment whose decode times agree with its place, if they do not already.
    ///
    /// Smooth Streaming takes the time of a fragment for the decode time of its first sample, and its duration for that
    /// of all samples together. Where the frame rate varies and pictures are reordered, decode times run ahead or behind;
    /// here they are moved, and presentation times stay.
    fn straightened(&self, stored: &Stored<'_>) -> Result<Option<Bytes>, TransformError> {
        let samples: Vec<FragmentSample> = stored.timed().map(|(_, sample)| sample).collect();
        let Some(first) = samples.first() else { return Ok(None) };
        let earlier: u64 = samples.iter().rev().skip(1).map(|sample| u64::from(sample.duration)).sum();
        if first.cto == 0 && earlier < u64::from(self.ticks) {
            return Ok(None);
        }
        let (mut decoded, mut straight, mut left) = (0_i64, 0_i64, i64::from(self.ticks));
        let mut runs = Vec::with_capacity(samples.len());
        for sample in &samples {
            let shown = decoded.saturating_add(sample.cto).saturating_sub(first.cto);
            let duration = i64::from(sample.duration).min(left.saturating_sub(1)).max(0);
            runs.push(RunSample {
                duration: u32::try_from(duration).unwrap_or(0),
                size: sample.size,
                cto: i32::try_from(shown.saturating_sub(straight)).unwrap_or(0),
                key: sample.key,
            });
            decoded = decoded.saturating_add(i64::from(sample.duration));
            straight = straight.saturating_add(duration);
            left = left.saturating_sub(duration);
        }
        Ok(Some(write::fragment_header(stored.sequence(), self.track_id, 0, &runs)?))
    }

    pub(super) fn finish(self, head: &Rope) -> Result<Body, TransformError> {
        let fragment = SmoothFragment {
            track_id: self.track_id,
            timescale: self.timescale,
            defaults: TrackDefaults { track_id: self.track_id, ..TrackDefaults::default() },
            time: self.time,
            duration: self.duration,
            lookahead: &[],
        };
        let straight = self.straightened(&Stored::parse(head, 0..head.len())?)?;
        let head = straight.or_else(|| head.slice(0..head.len())).unwrap_or_default();
        let mut body = Body::from_bytes(fragment_header(&head, &fragment)?);
        for piece in self.samples.pieces() {
            body.push(piece.clone());
        }
        Ok(body)
    }
}
