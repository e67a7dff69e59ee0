//! Smooth Streaming fragments: a new head, and the stored samples as they are.

use std::num::NonZeroU32;

use bytes::Bytes;
use millrace_manifest::smooth::chunk_time;
use millrace_media::Timescale;
use millrace_mp4::{
    read::TrackDefaults,
    smooth::{SmoothFragment, fragment_header},
};

use super::{Body, Plan, PlanError, TransformError, cmaf, request::Transform};
use crate::{Row, TrackIndex};

#[derive(Clone, Debug)]
pub(super) struct SmoothHead {
    track_id: u32,
    timescale: Timescale,
    time: u64,
    duration: u64,
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
    pub(super) fn finish(self, head: &Bytes) -> Result<Body, TransformError> {
        let fragment = SmoothFragment {
            track_id: self.track_id,
            timescale: self.timescale,
            defaults: TrackDefaults { track_id: self.track_id, ..TrackDefaults::default() },
            time: self.time,
            duration: self.duration,
            lookahead: &[],
        };
        let mut body = Body::from_bytes(fragment_header(head, &fragment)?);
        for piece in self.samples.pieces() {
            body.push(piece.clone());
        }
        Ok(body)
    }
}
