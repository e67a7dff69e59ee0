//! The grammar of streaming URLs, as Azure Media Services had it (`docs/streaming-urls.md` has the whole list).
//!
//! ```text
//! /{locator}/{name}.ism/manifest[(option,…)][.m3u8|.mpd]             a manifest
//! /{locator}/{name}.ism/QualityLevels({bitrate})/Manifest({track},option,…)    a media playlist
//! /{locator}/{name}.ism/{key}/init.mp4                               }
//! /{locator}/{name}.ism/{key}[+{key}]/{time}.m4s|.ts                 } never change
//! /{locator}/{name}.ism/{key}/{time}-i.m4s|.ts                       }
//! /{locator}/{name}.ism/{key}/QualityLevels({bitrate})/Fragments({stream}={time}[,filter=a;b])
//! /{locator}/{file}                                                  a download
//! ```
//!
//! Words of the grammar match whatever their case, and any character may be percent-encoded. Keys and times have one
//! spelling, so that a cache holds one copy of a segment.

mod options;
mod parse;

use millrace_manifest::{ContentKey, dash::Profile, hls::Flavour, smooth::Version};
use uuid::Uuid;

pub use options::{ManifestOptions, PlaylistOptions};
pub use parse::parse;

/// Longest path that is looked at, in bytes as sent. A blob name has up to 1024 characters, each of which may take
/// twelve when encoded.
pub const MAX_PATH: usize = 16 * 1024;
/// Most filters that a URL names.
pub const MAX_FILTERS: usize = 3;

/// A request that the grammar knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The streaming locator's id.
    pub locator: Uuid,
    /// What of it.
    pub target: Target,
}

/// What a request is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A part of the presentation `{name}.ism`.
    Stream {
        /// Name without `.ism`.
        name: String,
        /// Which part.
        part: Part,
    },
    /// A file of the asset as it is.
    Download {
        /// Its blob name.
        file: String,
    },
}

/// A part of a presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// What a player is given first.
    Manifest(ManifestOptions),
    /// The HLS playlist of one track.
    Playlist {
        /// Name of the track.
        track: String,
        /// The rest.
        options: PlaylistOptions,
    },
    /// Media of a track, which never changes.
    Media(Media),
    /// A Smooth chunk.
    Chunk {
        /// Key of the presentation that named it.
        presentation: ContentKey,
        /// Name of the `StreamIndex`.
        stream: String,
        /// Bitrate of the `QualityLevel`.
        bitrate: u64,
        /// Start in 100 ns.
        time: u64,
        /// Filters of the manifest.
        filters: Vec<String>,
    },
}

/// Media below a content key. Times are in ticks of the first track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    /// The CMAF header.
    Init {
        /// Track.
        key: ContentKey,
    },
    /// A delivery segment.
    Segment {
        /// Track.
        key: ContentKey,
        /// Audio to put into the same MPEG-TS segment.
        muxed: Option<ContentKey>,
        /// Its first tick.
        time: u64,
        /// How it is packed.
        packing: Packing,
    },
    /// The key frame at the start of a fragment.
    KeyFrame {
        /// Track.
        key: ContentKey,
        /// First tick of the fragment.
        time: u64,
        /// How it is packed.
        packing: Packing,
    },
}

/// A container format of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Packing {
    /// Fragmented MP4.
    Cmaf,
    /// MPEG-TS.
    Ts,
}

/// A manifest format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// HTTP Live Streaming.
    Hls(Flavour),
    /// MPEG-DASH.
    Dash(Profile),
    /// Smooth Streaming.
    Smooth(Version),
}

impl Format {
    /// The format of that name, whatever its case. Names of older releases mean what they have become.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "m3u8-cmaf" => Self::Hls(Flavour::Cmaf),
            "m3u8-aapl" | "m3u8-aapl-v4" => Self::Hls(Flavour::Ts),
            "m3u8-aapl-v3" => Self::Hls(Flavour::MuxedTs),
            "mpd-time-cmaf" => Self::Dash(Profile::Cmaf),
            "mpd-time-csf" | "mpd-time" => Self::Dash(Profile::Csf),
            "fmp4-v20" => Self::Smooth(Version::V2_0),
            _ => return None,
        })
    }
}

/// Why a path is not a request. The sentence is for whoever typed it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Longer than [`MAX_PATH`].
    #[error("the path is longer than {MAX_PATH} bytes")]
    TooLong,
    /// A `%` that two hex digits do not follow, or bytes that are not UTF-8.
    #[error("the path is not percent-encoded UTF-8")]
    Encoding,
    /// The first segment is not a locator's id, or nothing follows it.
    #[error("a path begins with the id of a streaming locator and the name of a manifest or file")]
    NoLocator,
    /// Nothing that the grammar has.
    #[error("`{0}` is neither a manifest, a playlist nor a segment")]
    Unknown(String),
    /// A parenthesis without its other half.
    #[error("the parentheses in `{0}` do not match")]
    Parentheses(String),
    /// An option that this kind of request does not have, or without a value.
    #[error("`{0}` is not an option here")]
    Option(String),
    /// An option given twice.
    #[error("the option `{0}` is given twice")]
    Twice(&'static str),
    /// A value that the option cannot have.
    #[error("`{value}` is not a value of the option `{option}`")]
    Value {
        /// Name of the option.
        option: &'static str,
        /// What was given.
        value: String,
    },
    /// `encryption=` for content that is not encrypted.
    #[error("the content is not encrypted, so the option `encryption` must be left out")]
    Encryption,
    /// More than [`MAX_FILTERS`].
    #[error("a URL names at most {MAX_FILTERS} filters")]
    TooManyFilters,
    /// A number that is not one, is too large, or is spelt in an unusual way.
    #[error("`{0}` is not a decimal number as manifests write it")]
    Number(String),
}
