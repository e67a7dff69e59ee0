//! From track indexes to the value that manifests are rendered from.

use std::{num::NonZeroU32, ops::Range};

use millrace_manifest::{
    Audio, Bandwidth, ContentKey, Media, MediaTime, Presentation, PresentationError, SmoothCodec, State,
    Timeline, TimelineError, Track, Video, WallClock,
};
use millrace_media::{AudioFormat, Format, Ratio, VideoFormat, smooth};
use sha2::{Digest, Sha256};

use crate::{
    Segment, TrackIndex, TrackState,
    filter::{self, Filter, TimeRange},
};

/// Facts of a publication that are not in any track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publication {
    /// More is to come.
    Growing {
        /// Early enough that all the media there will be lies after it; see [`State::Growing`].
        availability_start: WallClock,
        /// When the newest index was published.
        published: WallClock,
        /// How often to look again.
        refresh_ms: NonZeroU32,
        /// Milliseconds of media that there will be, if known.
        expected_ms: Option<u64>,
    },
    /// All is there.
    Complete,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum PresentError {
    /// The asset has no track, or none that can be streamed.
    #[error("there is no track that can be streamed")]
    NoTracks,
    /// Tracks are there, and not one segment yet.
    #[error("no segment is finished yet")]
    TooEarly,
    /// No track passes the filters.
    #[error("the filters leave no track")]
    NoTrackLeft,
    /// No segment begins in the time range of the filters.
    #[error("the filters leave no segment")]
    NoSegmentLeft,
    /// Tracks that do not go together.
    #[error(transparent)]
    Tracks(#[from] PresentationError),
    /// Segments that do not form a timeline.
    #[error(transparent)]
    Timeline(#[from] TimelineError),
}

/// The presentation of `tracks` as the `filters` leave it.
///
/// Tracks come out in the order that players shall see: video by rising bitrate, the default audio before all other.
/// Text tracks are left out.
pub fn presentation<'a>(
    tracks: impl IntoIterator<Item = &'a TrackIndex>,
    filters: &[Filter],
    publication: Publication,
) -> Result<Presentation, PresentError> {
    let streamed: Vec<_> =
        tracks.into_iter().filter_map(|index| media_of(index).map(|media| (index, media))).collect();
    let reference = streamed.iter().find(|(_, media)| rank(media) == 0).or(streamed.first());
    let reference: &TrackIndex = reference.ok_or(PresentError::NoTracks)?.0;
    let finished = finished_steps(streamed.iter().map(|(index, _)| *index)).ok_or(PresentError::TooEarly)?;
    let mut steps = steps_inside(reference, filters)?;
    steps.end = steps.end.min(finished);
    let mut shown = Vec::new();
    for (index, media) in streamed {
        shown.push((index, track_of(index, media, &steps)?));
    }
    shown.retain(|(_, track)| filter::keeps(filters, track));
    if shown.is_empty() {
        return Err(PresentError::NoTrackLeft);
    }
    shown.retain(|(_, track)| !track.segments.is_empty());
    if shown.is_empty() {
        return Err(nothing_yet(filters));
    }
    let target = reference.grid().step_millis();
    shown.sort_by_key(|(index, track)| order(index, track));
    let tracks: Vec<Track> = shown.into_iter().map(|(_, track)| track).collect();
    let start =
        if filters.iter().any(|filter| filter.range.is_some()) { start_of(&tracks) } else { MediaTime::ZERO };
    let presentation =
        Presentation::new(key_of(&tracks), state_of(publication), target, tracks)?.starting_at(start);
    let presentation = match publication {
        Publication::Growing { expected_ms: Some(expected), .. } => {
            presentation.expecting(expected.min(end_of(filters)))
        }
        _ => presentation,
    };
    Ok(match filter::first_quality(filters) {
        Some(bitrate) => presentation.with_first_quality(bitrate),
        None => presentation,
    })
}

fn nothing_yet(filters: &[Filter]) -> PresentError {
    match filters.iter().any(|filter| filter.range.is_some()) {
        true => PresentError::NoSegmentLeft,
        false => PresentError::TooEarly,
    }
}

/// The first step that some track may still add to; none of what is shown may be ahead of the others, or a player would
/// wait for sound that is not there. `None` if a track has nothing yet.
fn finished_steps<'a>(tracks: impl Iterator<Item = &'a TrackIndex>) -> Option<u64> {
    let mut finished = u64::MAX;
    for index in tracks.filter(|index| index.state() == TrackState::Growing) {
        finished = finished.min(index.last_segment()?.step.saturating_add(1));
    }
    Some(finished)
}

fn rank(media: &Media) -> u8 {
    match media {
        Media::Video(_) => 0,
        Media::Audio(_) => 1,
    }
}

/// Video goes by bitrate; audio keeps the order of the asset but for the default, which is first.
fn order(index: &TrackIndex, track: &Track) -> (u8, bool, u32) {
    match track.media {
        Media::Video(_) => (0, false, track.bitrate),
        Media::Audio(_) => (1, !index.facts().default, 0),
    }
}

fn state_of(publication: Publication) -> State {
    match publication {
        Publication::Growing { availability_start, published, refresh_ms, .. } => {
            State::Growing { availability_start, published, refresh_ms }
        }
        Publication::Complete => State::Complete,
    }
}

/// Where the first video begins, or whatever begins first: audio may begin a frame earlier and is cut there.
fn start_of(tracks: &[Track]) -> MediaTime {
    let begin = |track: &Track| {
        let ticks = track.segments.start()?;
        Some(MediaTime { ticks, timescale: track.timescale })
    };
    tracks.iter().find_map(begin).unwrap_or(MediaTime::ZERO)
}

/// Milliseconds at which the time ranges end, rounded up.
fn end_of(filters: &[Filter]) -> u64 {
    let millis = |range: TimeRange| {
        let end = u128::from(range.end?) * 1000;
        u64::try_from(end.div_ceil(u128::from(range.timescale.get()))).ok()
    };
    filters.iter().filter_map(|filter| filter.range.and_then(millis)).min().unwrap_or(u64::MAX)
}

/// Differs for every set of tracks, whatever their order.
fn key_of(tracks: &[Track]) -> ContentKey {
    let mut keys: Vec<u64> = tracks.iter().map(|track| track.key.0).collect();
    keys.sort_unstable();
    let mut hash = Sha256::new();
    for key in keys {
        hash.update(key.to_be_bytes());
    }
    let digest = hash.finalize();
    ContentKey(u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default()))
}

/// The steps of the grid that the time ranges leave.
///
/// Ends move to the next boundary between segments of `reference`, and all tracks are cut at the same steps, so none
/// begins a segment earlier than another.
fn steps_inside(reference: &TrackIndex, filters: &[Filter]) -> Result<Range<u64>, PresentError> {
    let ranges: Vec<TimeRange> = filters.iter().filter_map(|filter| filter.range).collect();
    if ranges.is_empty() {
        return Ok(0..u64::MAX);
    }
    let scale = reference.timescale();
    let started = |segment: &Segment| ranges.iter().all(|range| range.started(segment.time, scale));
    let ended = |segment: &Segment| ranges.iter().any(|range| range.ended(segment.time, scale));
    let first = reference.segments().find(started).ok_or(PresentError::NoSegmentLeft)?;
    let end = reference.segments().find(ended).map_or(u64::MAX, |segment| segment.step);
    match first.step < end {
        true => Ok(first.step..end),
        false => Err(PresentError::NoSegmentLeft),
    }
}

fn track_of(index: &TrackIndex, media: Media, steps: &Range<u64>) -> Result<Track, PresentError> {
    let facts = index.facts();
    let scale = index.timescale().get();
    let (mut segments, mut fragments) = (Timeline::default(), Timeline::default());
    let half_step = u64::from(index.grid().step_millis().get()) * u64::from(scale) / 2000;
    let (mut rate, mut key_rate) = (Rate::at_least(half_step), Rate::default());
    for segment in index.segments().filter(|segment| steps.contains(&segment.step)) {
        segments.push(segment.time, segment.duration)?;
        rate.add(segment.size, segment.duration);
        for row in index.rows().get(segment.rows).unwrap_or_default() {
            fragments.push(row.time, u64::from(row.duration))?;
            key_rate.add(u64::from(row.key_size) + KEY_FRAME_HEAD, u64::from(row.duration));
        }
    }
    Ok(Track {
        name: facts.name.clone(),
        key: index.key(),
        codecs: index.config().rfc6381(),
        timescale: NonZeroU32::new(scale).unwrap_or(NonZeroU32::MIN),
        bitrate: facts.bitrate,
        bandwidth: rate.bandwidth(scale, facts.bitrate),
        language: facts.language.clone(),
        label: facts.label.clone(),
        role: facts.role,
        media: with_key_frames(media, index, &fragments, key_rate.bandwidth(scale, facts.bitrate)),
        smooth: smooth_of(index),
        segments,
        fragments,
    })
}

/// Bytes of the `moof` and `mdat` header around one sample.
const KEY_FRAME_HEAD: u64 = 120;

fn media_of(index: &TrackIndex) -> Option<Media> {
    match &index.config().format {
        Format::Video(video) => Some(Media::Video(video_of(index, video))),
        Format::Audio(AudioFormat { sample_rate, channels }) => {
            Some(Media::Audio(Audio { sample_rate: *sample_rate, channels: u32::from(*channels) }))
        }
        Format::Text => None,
    }
}

fn video_of(index: &TrackIndex, video: &VideoFormat) -> Video {
    Video {
        width: video.width,
        height: video.height,
        sample_aspect: (video.sar.num(), video.sar.den()),
        frame_rate: index.facts().frame_rate.or_else(|| measured_rate(index)),
        key_frames: None,
    }
}

/// A key-frame playlist is offered if every listed fragment begins with a key frame.
fn with_key_frames(media: Media, index: &TrackIndex, listed: &Timeline, rate: Bandwidth) -> Media {
    match media {
        Media::Video(video) => {
            let all = !listed.is_empty() && index.rows().iter().all(|row| row.key_size > 0);
            Media::Video(Video { key_frames: all.then_some(rate), ..video })
        }
        audio => audio,
    }
}

/// Frames over time. A growing track answers from its first fragment, so that its answer does not change.
fn measured_rate(index: &TrackIndex) -> Option<(NonZeroU32, NonZeroU32)> {
    let rows = match index.state() {
        TrackState::Growing => index.rows().get(..1)?,
        TrackState::Complete => index.rows(),
    };
    let samples: u64 = rows.iter().map(|row| u64::from(row.samples)).sum();
    let ticks: u64 = rows.iter().map(|row| u64::from(row.duration)).sum();
    let rate = Ratio::new(samples.checked_mul(u64::from(index.timescale().get()))?, ticks)?;
    nearest_usual(rate)
}

/// The usual frame rate within a part in a thousand and a half, since containers round times to ticks; otherwise the
/// rate itself in thousandths.
fn nearest_usual(rate: Ratio) -> Option<(NonZeroU32, NonZeroU32)> {
    const USUAL: [(u32, u32); 11] = [
        (24_000, 1001),
        (24, 1),
        (25, 1),
        (30_000, 1001),
        (30, 1),
        (50, 1),
        (60_000, 1001),
        (60, 1),
        (15, 1),
        (120, 1),
        (100, 1),
    ];
    let (num, den) = (u128::from(rate.num()), u128::from(rate.den()));
    let off = |&(n, d): &(u32, u32)| (num * u128::from(d)).abs_diff(u128::from(n) * den);
    let near = |usual: &&(u32, u32)| off(usual) * 2_500 <= num * u128::from(usual.1);
    let (num, den) = match USUAL.iter().filter(near).min_by_key(|usual| off(usual)) {
        Some(&usual) => usual,
        None => (u32::try_from((num * 1000 + den / 2) / den).ok()?, 1000),
    };
    Some((NonZeroU32::new(num)?, NonZeroU32::new(den)?))
}

fn smooth_of(index: &TrackIndex) -> Option<SmoothCodec> {
    let codec = &index.config().codec;
    let four_cc = smooth::fourcc(codec)?;
    let private_data = unhex(&smooth::codec_private_data(codec))?;
    Some(SmoothCodec { four_cc, private_data })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok();
    pairs.iter().map(byte).collect()
}

/// Bits per second of pieces of media.
#[derive(Default)]
struct Rate {
    bytes: u64,
    ticks: u64,
    /// The piece with the highest rate.
    peak: (u64, u64),
    /// Shorter pieces say nothing of the peak: RFC 8216 §4.1 measures over half a target duration at least, and the
    /// last segment may be one expensive frame.
    least: u64,
}

impl Rate {
    fn at_least(least: u64) -> Self {
        Self { least, ..Self::default() }
    }

    fn add(&mut self, bytes: u64, ticks: u64) {
        self.bytes += bytes;
        self.ticks += ticks;
        let (peak_bytes, peak_ticks) = self.peak;
        let faster = u128::from(bytes) * u128::from(peak_ticks) > u128::from(peak_bytes) * u128::from(ticks);
        let (long, peak_long) = (ticks >= self.least, peak_ticks >= self.least);
        if peak_ticks == 0 || (long && !peak_long) || (faster && long == peak_long) {
            self.peak = (bytes, ticks);
        }
    }

    fn bandwidth(&self, timescale: u32, nominal: u32) -> Bandwidth {
        let rate = |bytes: u64, ticks: u64| {
            let bits = u128::from(bytes) * 8 * u128::from(timescale);
            u64::try_from(bits.div_ceil(u128::from(ticks))).unwrap_or(u64::MAX)
        };
        match (self.peak, self.ticks) {
            ((_, 0), _) | (_, 0) => Bandwidth { peak: u64::from(nominal), average: u64::from(nominal) },
            ((bytes, ticks), all) => Bandwidth { peak: rate(bytes, ticks), average: rate(self.bytes, all) },
        }
    }
}
