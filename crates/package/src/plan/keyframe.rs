//! One key frame as a fragment of its own, for key-frame playlists.

use bytes::Bytes;
use millrace_mp4::write::{RunSample, fragment_header};

use super::{Body, Plan, PlanError, Rope, TransformError, cmaf, request::Transform, samples::Stored};
use crate::TrackIndex;

#[derive(Clone, Debug)]
pub(super) struct KeyFrame {
    track_id: u32,
    /// Until the next key frame.
    duration: u32,
}

/// The key frame with which the fragment at `time` begins. It lasts as long as the fragment. Reads nothing but the head
/// and the frame.
pub fn keyframe(index: &TrackIndex, time: u64) -> Result<Plan, PlanError> {
    let (reads, duration) = frame_bytes(index, time)?;
    let frame = KeyFrame { track_id: index.config().id, duration };
    Plan::read(cmaf::content_type(index), reads, Transform::KeyFrame(frame))
}

/// The head and the first sample of the fragment at `time`, and its duration.
pub(super) fn frame_bytes(index: &TrackIndex, time: u64) -> Result<(Body, u32), PlanError> {
    let position = index.row_at(time).ok_or_else(|| cmaf::missing(index, time))?;
    let row = index.rows().get(position).filter(|row| row.key_size > 0);
    let row = row.ok_or(PlanError::NoKeyFrame { time })?;
    let mut reads = Body::default();
    reads.push_fragment(index, position, 0..u64::from(row.head_size) + u64::from(row.key_size));
    Ok((reads, row.duration))
}

impl KeyFrame {
    pub(super) fn finish(&self, bytes: &Rope) -> Result<Body, TransformError> {
        let stored = Stored::parse(bytes, 0..bytes.len())?;
        let first = stored.samples().next().ok_or(TransformError::Sample)??;
        let run = RunSample {
            duration: self.duration,
            size: first.sample.size,
            // A composition offset that fits, since it was read from one.
            cto: i32::try_from(first.sample.cto).unwrap_or(0),
            key: true,
        };
        let base = u64::try_from(first.dts).unwrap_or(0);
        let head = fragment_header(stored.sequence(), self.track_id, base, &[run])?;
        let mut body = Body::from_bytes(head);
        // A copy: what is kept of a frame must not keep the larger buffer that it was read in.
        body.push_bytes(Bytes::copy_from_slice(&first.data));
        Ok(body)
    }
}
