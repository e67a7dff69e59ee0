//! Ladders known by name.

use serde::{Deserialize, Serialize};

/// `BuiltInStandardEncoderPreset`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuiltIn {
    /// Which.
    pub name: BuiltInName,
    /// Bounds for the generated ladder; only with the content-aware presets.
    #[serde(default)]
    pub configurations: Option<Configurations>,
}

macro_rules! names {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// AMS `EncoderNamedPreset`, as far as this service makes them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum BuiltInName {
            $($(#[$doc])* #[serde(rename = $text)] $variant,)*
        }

        impl BuiltInName {
            /// All of them.
            pub const ALL: &[BuiltInName] = &[$(BuiltInName::$variant),*];

            /// The name in the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(BuiltInName::$variant => $text,)*
                }
            }

            /// The preset of that name, in any case; `None` for names that AMS does not know or that this service does not make
            /// (for which [`super::refuse`] has the sentence).
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str().eq_ignore_ascii_case(name))
            }
        }
    };
}

names! {
    /// A ladder generated below the source, H.264.
    AdaptiveStreaming = "AdaptiveStreaming",
    /// A ladder generated below the source, H.265.
    H265AdaptiveStreaming = "H265AdaptiveStreaming",
    /// A generated ladder, H.264, within [`Configurations`].
    ContentAwareEncoding = "ContentAwareEncoding",
    /// The former name of the same.
    ContentAwareEncodingExperimental = "ContentAwareEncodingExperimental",
    /// A generated ladder, H.265, within [`Configurations`].
    H265ContentAwareEncoding = "H265ContentAwareEncoding",
    /// Eight layers, 400 to 6000 kbps, up to 1080p.
    H264MultipleBitrate1080p = "H264MultipleBitrate1080p",
    /// Six layers, 400 to 3400 kbps, up to 720p.
    H264MultipleBitrate720p = "H264MultipleBitrate720p",
    /// Five layers, 400 to 1900 kbps, up to 480p.
    H264MultipleBitrateSD = "H264MultipleBitrateSD",
    /// One 1080p layer of 6750 kbps.
    H264SingleBitrate1080p = "H264SingleBitrate1080p",
    /// One 720p layer of 4500 kbps.
    H264SingleBitrate720p = "H264SingleBitrate720p",
    /// One 480p layer of 2200 kbps.
    H264SingleBitrateSD = "H264SingleBitrateSD",
    /// One 720p layer of 1800 kbps, H.265.
    H265SingleBitrate720p = "H265SingleBitrate720p",
    /// One 1080p layer of 3500 kbps, H.265.
    H265SingleBitrate1080p = "H265SingleBitrate1080p",
    /// One 2160p layer of 9500 kbps, H.265.
    H265SingleBitrate4K = "H265SingleBitrate4K",
    /// Audio alone, AAC 192 kbps.
    AacGoodQualityAudio = "AACGoodQualityAudio",
    /// Every track copied into a file of its own, nothing encoded.
    CopyAllBitrateNonInterleaved = "CopyAllBitrateNonInterleaved",
}

impl BuiltInName {
    /// Whether [`Configurations`] mean anything to it.
    pub fn takes_configurations(self) -> bool {
        matches!(
            self,
            BuiltInName::ContentAwareEncoding
                | BuiltInName::ContentAwareEncodingExperimental
                | BuiltInName::H265ContentAwareEncoding
        )
    }
}

/// `PresetConfigurations`: bounds for a generated ladder.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Configurations {
    /// Speed against quality.
    pub complexity: Option<super::Complexity>,
    /// Audio and video in one file, or apart (the default).
    pub interleave_output: Option<InterleaveOutput>,
    /// Seconds between key frames, 0.5 to 20.
    pub key_frame_interval_s: Option<f64>,
    /// Bits per second of the top layer at most.
    pub max_bitrate_bps: Option<u32>,
    /// Bits per second of the bottom layer at least.
    pub min_bitrate_bps: Option<u32>,
    /// Pixels.
    pub max_height: Option<u32>,
    /// Pixels.
    pub min_height: Option<u32>,
    /// Number of video layers at most.
    pub max_layers: Option<u32>,
}

/// How audio and video share files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum InterleaveOutput {
    /// Audio-only and video-only files.
    NonInterleavedOutput,
    /// Both in each file.
    InterleavedOutput,
}
