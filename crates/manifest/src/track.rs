//! What a manifest says of one track.

use std::num::NonZeroU32;

use crate::{ContentKey, Timeline, TrackName};

/// One rendition of one kind of media.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// Unique in the presentation; part of playlist URLs.
    pub name: TrackName,
    /// Identity of the bytes; part of segment URLs.
    pub key: ContentKey,
    /// RFC 6381 codecs string, such as `avc1.640028`.
    pub codecs: String,
    /// Ticks per second of both timelines.
    pub timescale: NonZeroU32,
    /// Nominal bits per second, which names the track in URLs (`QualityLevels(…)`). It must not change while the track
    /// grows, or a player would lose its place; measured rates are in `bandwidth`.
    pub bitrate: u32,
    /// Measured over the delivery segments that exist.
    pub bandwidth: Bandwidth,
    /// BCP 47 tag; `None` when unknown (`und`).
    pub language: Option<String>,
    /// What a viewer reads in a menu. Any text, of any origin.
    pub label: Option<String>,
    /// What the track is for.
    pub role: Role,
    /// Facts of its kind.
    pub media: Media,
    /// How Smooth Streaming names the codec; `None` keeps the track out of Smooth manifests.
    pub smooth: Option<SmoothCodec>,
    /// HLS and DASH segments: fragments grouped on a grid common to all tracks.
    pub segments: Timeline,
    /// Fragments, each of which begins with a key frame: Smooth chunks and entries of key-frame playlists.
    pub fragments: Timeline,
}

impl Track {
    /// The language, if it is known and well-formed enough for every manifest (`xs:language`).
    pub fn known_language(&self) -> Option<&str> {
        self.language.as_deref().filter(|tag| *tag != "und" && is_language(tag))
    }

    /// Facts of the picture, if there is one.
    pub fn video(&self) -> Option<&Video> {
        match &self.media {
            Media::Video(video) => Some(video),
            Media::Audio(_) => None,
        }
    }

    /// Facts of the sound, if this is sound.
    pub fn audio(&self) -> Option<&Audio> {
        match &self.media {
            Media::Audio(audio) => Some(audio),
            Media::Video(_) => None,
        }
    }

    /// The four characters before the first dot of the codecs string.
    pub fn codec_family(&self) -> &str {
        self.codecs.split('.').next().unwrap_or_default()
    }
}

fn is_language(tag: &str) -> bool {
    let subtag =
        |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric());
    let primary = tag.split('-').next().unwrap_or_default();
    tag.len() <= 35 && tag.split('-').all(subtag) && primary.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Facts that only one kind of media has.
#[derive(Clone, Debug, PartialEq)]
pub enum Media {
    /// Pictures.
    Video(Video),
    /// Sound.
    Audio(Audio),
}

/// Facts of a video track.
#[derive(Clone, Debug, PartialEq)]
pub struct Video {
    /// Coded width after cropping, in pixels.
    pub width: u32,
    /// Coded height after cropping, in pixels.
    pub height: u32,
    /// Width and height of one sample (pixel), (1, 1) when square.
    pub sample_aspect: (u32, u32),
    /// Frames per second as a fraction; the average when the rate varies, `None` when unknown.
    pub frame_rate: Option<(NonZeroU32, NonZeroU32)>,
    /// Rate of a stream of its key frames alone; `None` offers no key-frame playlist.
    pub key_frames: Option<Bandwidth>,
}

impl Video {
    /// Width and height in square pixels at which the picture keeps its proportions: the coded height, and the width
    /// scaled by the sample aspect ratio.
    pub fn display_size(&self) -> (u32, u32) {
        let (across, down) = self.sample_aspect;
        if across == 0 || down == 0 || across == down {
            return (self.width, self.height);
        }
        let width = (u64::from(self.width) * u64::from(across) + u64::from(down) / 2) / u64::from(down);
        (u32::try_from(width).unwrap_or(u32::MAX).max(1), self.height)
    }
}

/// Facts of an audio track.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// Samples per second.
    pub sample_rate: u32,
    /// Speakers, with the low-frequency one (6 for 5.1).
    pub channels: u32,
}

/// Measured bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// The largest rate of any one segment (RFC 8216 §4.3.4.2, "peak segment bit rate").
    pub peak: u64,
    /// All bytes over all time.
    pub average: u64,
}

/// What a track is for (DASH role scheme `urn:mpeg:dash:role:2011`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What plays unless someone chooses otherwise.
    Main,
    /// Another choice of the same rank.
    Alternate,
    /// Description of the picture for those who do not see it.
    Description,
    /// Remarks on the programme.
    Commentary,
}

/// A codec in the words of Smooth Streaming ([MS-SSTR] §2.2.2.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmoothCodec {
    /// `H264`, `HVC1`, `AACL`…
    pub four_cc: &'static str,
    /// Decoder set-up, written as hex digits: Annex B parameter sets for video, AudioSpecificConfig for AAC.
    pub private_data: Vec<u8>,
}
