//! Clear CMAF: the answer is what is stored.

use millrace_media::MediaKind;

use super::{Body, Plan, PlanError};
use crate::{TrackIndex, TrackState};

/// The initialization segment of a track.
pub fn init(index: &TrackIndex) -> Plan {
    Plan::body(content_type(index), Body::from_bytes(index.init().clone()))
}

/// The delivery segment that begins at `time` (ticks of the track): all its fragments, untouched.
pub fn segment(index: &TrackIndex, time: u64) -> Result<Plan, PlanError> {
    let segment = index.segment_at(time).ok_or_else(|| missing(index, time))?;
    let mut body = Body::default();
    for row in segment.rows {
        body.push_fragment(index, row, 0..u64::MAX);
    }
    Ok(Plan::body(content_type(index), body))
}

/// Whether what is not there may come.
pub(super) fn missing(index: &TrackIndex, time: u64) -> PlanError {
    let known = index.last_segment().map_or(0, |last| last.end());
    match index.state() {
        TrackState::Growing if time >= known => PlanError::TooEarly { time },
        _ => PlanError::NotFound { time },
    }
}

pub(super) fn content_type(index: &TrackIndex) -> &'static str {
    match index.kind() {
        MediaKind::Video => "video/mp4",
        MediaKind::Audio => "audio/mp4",
        MediaKind::Text => "application/mp4",
    }
}
