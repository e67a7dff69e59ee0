//! MPEG-2 transport stream segments: the samples of a delivery segment, video, audio or both.

use std::ops::Range;

use millrace_media::{CodecConfig, Timescale, rescale};
use millrace_ts::{AccessUnit, Stream};

use super::{
    Body, Plan, PlanError, Rope, TransformError, cmaf, keyframe,
    request::Transform,
    samples::{Placed, Stored},
};
use crate::{TrackIndex, TrackState};

const CONTENT_TYPE: &str = "video/mp2t";
/// Media time zero in ticks of 90 kHz. Decoding may begin before presentation does, and no time may be negative.
const ZERO: i64 = 10 * 90_000;

#[derive(Clone, Debug)]
pub(super) struct TsTracks(Vec<TsTrack>);

/// What is known of a track before its fragments are read.
#[derive(Clone, Debug)]
struct TsTrack {
    codec: CodecConfig,
    timescale: Timescale,
    decode_delay: i64,
    /// Bytes of each fragment, in the order in which they are read.
    fragments: Vec<usize>,
    /// The samples that are wanted, by presentation time in ticks.
    window: Range<i64>,
    /// Not more than this many of them.
    most: usize,
}

/// The segment of `main` that begins at `time`, with the samples of `audio` that play during it.
///
/// Without `audio` it is the segment of one track, video or audio.
pub fn ts_segment(main: &TrackIndex, audio: Option<&TrackIndex>, time: u64) -> Result<Plan, PlanError> {
    let segment = main.segment_at(time).ok_or_else(|| cmaf::missing(main, time))?;
    let mut reads = Body::default();
    let mut tracks = vec![TsTrack::of(main)?.take(main, segment.rows.clone(), &mut reads)];
    if let Some(audio) = audio {
        // Nothing before the first and nothing after the last segment may get lost.
        let is_last = segment.rows.end == main.rows().len();
        if is_last && main.state() == TrackState::Growing {
            // If this turns out to be the last segment of the title, all sound to the end belongs to it.
            return Err(PlanError::TooEarly { time });
        }
        let from = if segment.rows.start == 0 { 0 } else { in_ticks(main, audio, segment.time) };
        let to = if is_last { i64::MAX } else { in_ticks(main, audio, segment.end()) };
        if audio.state() == TrackState::Growing && audio.end() < u64::try_from(to).unwrap_or(0) {
            return Err(PlanError::TooEarly { time });
        }
        let rows = rows_in(audio, &(from..to));
        let track = TsTrack { window: from..to, ..TsTrack::of(audio)? };
        tracks.push(track.take(audio, rows, &mut reads));
    }
    Plan::read(CONTENT_TYPE, reads, Transform::Ts(TsTracks(tracks)))
}

/// The key frame with which the fragment at `time` begins.
pub fn ts_keyframe(index: &TrackIndex, time: u64) -> Result<Plan, PlanError> {
    let (reads, _) = keyframe::frame_bytes(index, time)?;
    let mut track = TsTrack { most: 1, ..TsTrack::of(index)? };
    track.fragments.push(usize::try_from(reads.len()).unwrap_or(usize::MAX));
    Plan::read(CONTENT_TYPE, reads, Transform::Ts(TsTracks(vec![track])))
}

fn in_ticks(from: &TrackIndex, to: &TrackIndex, ticks: u64) -> i64 {
    rescale(i64::try_from(ticks).unwrap_or(i64::MAX), from.timescale(), to.timescale())
}

/// The fragments in which samples of `window` may lie.
fn rows_in(index: &TrackIndex, window: &Range<i64>) -> Range<usize> {
    let (from, to) = (u64::try_from(window.start).unwrap_or(0), u64::try_from(window.end).unwrap_or(0));
    let first = index.row_before(from).unwrap_or(0);
    let end = index.rows().partition_point(|row| row.time < to);
    first..end.max(first)
}

impl TsTrack {
    fn of(index: &TrackIndex) -> Result<Self, PlanError> {
        let codec = index.config().codec.clone();
        match codec {
            CodecConfig::Avc(_)
            | CodecConfig::Hevc(_)
            | CodecConfig::Aac(_)
            | CodecConfig::Ac3(_)
            | CodecConfig::Eac3(_) => Ok(Self {
                codec,
                timescale: index.timescale(),
                decode_delay: i64::from(index.facts().decode_delay),
                fragments: Vec::new(),
                window: i64::MIN..i64::MAX,
                most: usize::MAX,
            }),
            other => Err(PlanError::Codec { codec: other.rfc6381(), format: "an MPEG-2 transport stream" }),
        }
    }

    fn take(mut self, index: &TrackIndex, rows: Range<usize>, reads: &mut Body) -> Self {
        for row in rows {
            let size = index.rows().get(row).map_or(0, |row| row.size);
            self.fragments.push(size as usize);
            reads.push_fragment(index, row, 0..u64::from(size));
        }
        self
    }

    /// The samples of the track's fragments, which begin at `at`; moves that to where they end.
    fn samples(&self, bytes: &Rope, at: &mut usize) -> Result<Vec<Placed>, TransformError> {
        let mut samples = Vec::new();
        for &size in &self.fragments {
            let place = *at..at.saturating_add(size);
            if place.end > bytes.len() {
                return Err(TransformError::Sample);
            }
            *at = place.end;
            for placed in Stored::parse(bytes, place)?.samples().take(self.most) {
                let placed = placed?;
                if self.window.contains(&placed.pts()) {
                    samples.push(placed);
                }
            }
        }
        Ok(samples)
    }

    fn units<'a>(&self, samples: &'a [Placed]) -> Vec<AccessUnit<'a>> {
        let needed = samples.iter().map(|placed| placed.dts.saturating_sub(placed.pts())).max().unwrap_or(0);
        let delay = self.decode_delay.max(needed);
        let clock = |ticks: i64| rescale(ticks, self.timescale, Timescale::MPEG).saturating_add(ZERO);
        let unit = |placed: &'a Placed| {
            let pts = clock(placed.pts());
            let dts = clock(placed.dts.saturating_sub(delay)).min(pts);
            AccessUnit { dts, pts, key: placed.sample.key, data: &placed.data }
        };
        samples.iter().map(unit).collect()
    }
}

impl TsTracks {
    pub(super) fn finish(&self, bytes: &Rope) -> Result<Body, TransformError> {
        let mut at = 0;
        let samples =
            self.0.iter().map(|track| track.samples(bytes, &mut at)).collect::<Result<Vec<_>, _>>()?;
        let units: Vec<Vec<AccessUnit<'_>>> =
            self.0.iter().zip(&samples).map(|(track, samples)| track.units(samples)).collect();
        let streams: Vec<Stream<'_>> =
            self.0.iter().zip(&units).map(|(track, units)| Stream { codec: &track.codec, units }).collect();
        Ok(Body::from_bytes(millrace_ts::segment(&streams)?))
    }
}
