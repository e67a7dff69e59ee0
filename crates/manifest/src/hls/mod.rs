//! HTTP Live Streaming playlists (RFC 8216, and the draft that follows it where it clarifies).

mod bandwidth;
mod groups;
mod master;
mod media;

use crate::{Presentation, Role, Track};

pub use master::master;
pub use media::{key_frames, media};

/// The media type of every playlist.
pub const CONTENT_TYPE: &str = "application/vnd.apple.mpegurl";

/// How the media of a playlist is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flavour {
    /// Fragmented MP4: `m3u8-cmaf`.
    Cmaf,
    /// MPEG-TS with audio in renditions of its own: `m3u8-aapl`.
    Ts,
    /// MPEG-TS with audio in every variant, for players of protocol version 3: `m3u8-aapl-v3`.
    MuxedTs,
}

impl Flavour {
    /// The name of the format in URLs.
    pub fn format(self) -> &'static str {
        match self {
            Self::Cmaf => "m3u8-cmaf",
            Self::Ts => "m3u8-aapl",
            Self::MuxedTs => "m3u8-aapl-v3",
        }
    }

    /// `EXT-X-VERSION`: 6 for `EXT-X-MAP` outside key-frame playlists, 4 for `EXT-X-I-FRAMES-ONLY` and `EXT-X-MEDIA`,
    /// 3 for decimal durations (RFC 8216 §7).
    fn version(self) -> u8 {
        match self {
            Self::Cmaf => 6,
            Self::Ts => 4,
            Self::MuxedTs => 3,
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Cmaf => "m4s",
            Self::Ts | Self::MuxedTs => "ts",
        }
    }

    /// Whether the packing has a way to hold the codec. MP4 takes all we have; MPEG-TS those that our
    /// transport streams carry.
    pub fn carries(self, track: &Track) -> bool {
        const IN_TS: [&str; 6] = ["avc1", "avc3", "hvc1", "hev1", "ac-3", "ec-3"];
        // Of the codecs under `mp4a`, AAC is object type 40 (RFC 6381 §3.3).
        let in_ts = IN_TS.contains(&track.codec_family()) || track.codecs.starts_with("mp4a.40.");
        self == Self::Cmaf || in_ts
    }
}

/// What was asked for with the playlist, apart from the format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether the master offers the sound alone too (`audio-only`, on unless switched off).
    pub audio_only: bool,
    /// Filters of the request, repeated in the playlists that the master names.
    pub filters: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { audio_only: true, filters: Vec::new() }
    }
}

/// The audio that [`Flavour::MuxedTs`] puts into every video variant: the first main one that MPEG-TS can hold.
pub fn muxed_audio(presentation: &Presentation) -> Option<&Track> {
    let mut audios =
        presentation.audios().map(|(track, _)| track).filter(|track| Flavour::MuxedTs.carries(track));
    let first = audios.next()?;
    if first.role == Role::Main {
        Some(first)
    } else {
        audios.find(|track| track.role == Role::Main).or(Some(first))
    }
}
