//! A title at one moment of its life, as every manifest format sees it.

use std::num::NonZeroU32;

use crate::{Audio, ContentKey, Media, MediaTime, Track, TrackName, Video, WallClock};

/// Most tracks of one presentation: a ladder of ten, forty languages in two codecs, and room.
pub const MAX_TRACKS: usize = 128;

/// A title at one moment. Made by [`Presentation::new`], which checks what renderers rely on.
#[derive(Clone, Debug, PartialEq)]
pub struct Presentation {
    key: ContentKey,
    state: State,
    start: MediaTime,
    target_ms: NonZeroU32,
    first_quality: Option<u64>,
    expected_ms: Option<u64>,
    tracks: Vec<Track>,
}

/// Whether there is more to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Segments are still being added at the end; none that is listed ever goes away.
    Growing {
        /// When media time `start` could first be had. The same value as long as the title grows, and early enough
        /// that `now - availability_start` is never less than the media that exists (DASH hides what lies after it).
        availability_start: WallClock,
        /// When the last segment was added.
        published: WallClock,
        /// How often to look again.
        refresh_ms: NonZeroU32,
    },
    /// All segments are there and nothing will change.
    Complete,
}

/// Why tracks do not make a presentation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresentationError {
    /// There is none.
    #[error("a presentation needs a track")]
    NoTracks,
    /// More than [`MAX_TRACKS`].
    #[error("a presentation has at most {MAX_TRACKS} tracks, not {0}")]
    TooManyTracks(usize),
    /// Two tracks share a name.
    #[error("two tracks are named {0}")]
    DuplicateName(TrackName),
    /// Two tracks share a key, so their segments would share URLs.
    #[error("two tracks have the key {0}")]
    DuplicateKey(ContentKey),
}

/// No track of the presentation has segments that the format can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no track can be played in this format")]
pub struct NothingToPlay;

impl Presentation {
    /// A presentation of `tracks`, in the order in which viewers and players shall see them: video ascending by
    /// bitrate, and the audio that plays by default before all other audio.
    ///
    /// `key` is different for every different set of tracks. `target_ms` is the nominal length of a segment, the same
    /// as long as the title grows.
    pub fn new(
        key: ContentKey,
        state: State,
        target_ms: NonZeroU32,
        tracks: Vec<Track>,
    ) -> Result<Self, PresentationError> {
        if tracks.is_empty() {
            return Err(PresentationError::NoTracks);
        }
        if tracks.len() > MAX_TRACKS {
            return Err(PresentationError::TooManyTracks(tracks.len()));
        }
        for (index, track) in tracks.iter().enumerate() {
            if tracks
                .iter()
                .take(index)
                .any(|other| other.name.as_str().eq_ignore_ascii_case(track.name.as_str()))
            {
                return Err(PresentationError::DuplicateName(track.name.clone()));
            }
            if tracks.iter().take(index).any(|other| other.key == track.key) {
                return Err(PresentationError::DuplicateKey(track.key));
            }
        }
        Ok(Self {
            key,
            state,
            start: MediaTime::ZERO,
            target_ms,
            first_quality: None,
            expected_ms: None,
            tracks,
        })
    }

    /// The same with its zero at `start` of the media timeline: what a filter that trims the beginning needs.
    pub fn starting_at(self, start: MediaTime) -> Self {
        Self { start, ..self }
    }

    /// The same with the video whose nominal bitrate is nearest to `bits_per_second` listed first.
    pub fn with_first_quality(self, bits_per_second: u64) -> Self {
        Self { first_quality: Some(bits_per_second), ..self }
    }

    /// The same, expected to be so many milliseconds long when it is complete, counted from the start of the media
    /// timeline. Without meaning once it is.
    pub fn expecting(self, end_ms: u64) -> Self {
        Self { expected_ms: Some(end_ms), ..self }
    }

    /// Identity of the set of tracks.
    pub fn key(&self) -> ContentKey {
        self.key
    }

    /// Growing or complete.
    pub fn state(&self) -> State {
        self.state
    }

    /// Whether segments are still being added.
    pub fn is_growing(&self) -> bool {
        matches!(self.state, State::Growing { .. })
    }

    /// Where on the media timeline the presentation begins.
    pub fn start(&self) -> MediaTime {
        self.start
    }

    /// Nominal length of a segment in milliseconds.
    pub fn target_ms(&self) -> NonZeroU32 {
        self.target_ms
    }

    /// All tracks, in order.
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }

    /// The track of that name, whatever its case.
    pub fn track(&self, name: &str) -> Option<&Track> {
        self.tracks.iter().find(|track| track.name.as_str().eq_ignore_ascii_case(name))
    }

    /// Video tracks in order, the one of the first quality before the others.
    pub fn videos(&self) -> impl Iterator<Item = (&Track, &Video)> {
        let first = self.first_video();
        let rest =
            self.all_videos().filter(move |(track, _)| first.is_none_or(|(f, _)| !std::ptr::eq(*track, f)));
        first.into_iter().chain(rest)
    }

    /// Audio tracks in order.
    pub fn audios(&self) -> impl Iterator<Item = (&Track, &Audio)> {
        self.tracks.iter().filter_map(|track| match &track.media {
            Media::Audio(audio) => Some((track, audio)),
            Media::Video(_) => None,
        })
    }

    /// Length in milliseconds of what exists, from `start` to the end of the longest track.
    pub fn duration_ms(&self) -> u64 {
        let end_of = |track: &Track| {
            track.segments.end().map(|ticks| MediaTime { ticks, timescale: track.timescale }.to(1000))
        };
        let end = self.tracks.iter().filter_map(end_of).max().unwrap_or(0);
        end.saturating_sub(self.start.to(1000))
    }

    /// Length in milliseconds that it will have when it is complete, as far as anyone knows: never less than what
    /// exists.
    pub fn expected_duration_ms(&self) -> Option<u64> {
        let expected = self.expected_ms?.saturating_sub(self.start.to(1000));
        Some(expected.max(self.duration_ms()))
    }

    fn all_videos(&self) -> impl Iterator<Item = (&Track, &Video)> {
        self.tracks.iter().filter_map(|track| match &track.media {
            Media::Video(video) => Some((track, video)),
            Media::Audio(_) => None,
        })
    }

    fn first_video(&self) -> Option<(&Track, &Video)> {
        let wanted = self.first_quality?;
        self.all_videos().min_by_key(|(track, _)| wanted.abs_diff(u64::from(track.bitrate)))
    }
}
