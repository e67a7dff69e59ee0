//! Codecs of a standard preset.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Dimension, FrameRate, Position};

/// One thing to produce from the input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Codec {
    /// H.264 layers.
    H264Video(H264Video),
    /// H.265 layers.
    H265Video(H265Video),
    /// AAC audio.
    AacAudio(AacAudio),
    /// The video as it is.
    CopyVideo(CopyVideo),
    /// The audio as it is.
    CopyAudio(CopyAudio),
    /// JPEG thumbnails or a sprite.
    JpgImage(JpgImage),
    /// PNG thumbnails.
    PngImage(PngImage),
}

impl Codec {
    /// The codec's own label; layers have their own besides.
    pub fn label(&self) -> Option<&str> {
        match self {
            Codec::H264Video(codec) => codec.common.label.as_deref(),
            Codec::H265Video(codec) => codec.common.label.as_deref(),
            Codec::AacAudio(codec) => codec.label.as_deref(),
            Codec::CopyVideo(codec) => codec.label.as_deref(),
            Codec::CopyAudio(codec) => codec.label.as_deref(),
            Codec::JpgImage(codec) => codec.common.label.as_deref(),
            Codec::PngImage(codec) => codec.common.label.as_deref(),
        }
    }
}

/// What every encoded video has.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VideoCommon {
    /// For file names and for `outputFiles`.
    pub label: Option<String>,
    /// 0.5 to 20 s; default 2 s. Ignored with [`SyncMode::Passthrough`].
    pub key_frame_interval: Option<SignedDuration>,
    /// How the picture meets the wanted size.
    pub stretch_mode: StretchMode,
    /// How frames meet the wanted rate.
    pub sync_mode: SyncMode,
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ::serde::Serialize, ::serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The name in the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $text,)*
                }
            }

            /// The choice of that name, in any case.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.as_str().eq_ignore_ascii_case(name))
            }
        }
    )*};
}
pub(crate) use choices;

choices! {
    /// How the picture meets the wanted size.
    StretchMode {
        /// Exactly the wanted size, whatever the proportions.
        None = "None",
        /// The wanted size is a box; the picture keeps its proportions inside it.
        #[default]
        AutoSize = "AutoSize",
        /// Exactly the wanted size, proportions kept, the rest black.
        AutoFit = "AutoFit",
    }
    /// How frames meet the wanted rate.
    SyncMode {
        /// Constant for MP4.
        #[default]
        Auto = "Auto",
        /// The input's time stamps as they are, and its key frames too.
        Passthrough = "Passthrough",
        /// Frames repeated and dropped to a constant rate.
        Cfr = "Cfr",
        /// As passthrough, without doubles.
        Vfr = "Vfr",
    }
    /// Speed against quality.
    Complexity {
        /// Faster.
        Speed = "Speed",
        /// Between.
        #[default]
        Balanced = "Balanced",
        /// Better.
        Quality = "Quality",
    }
    /// What the rate control holds.
    RateControl {
        /// The average, within the buffer.
        #[default]
        Abr = "ABR",
        /// The rate at every time.
        Cbr = "CBR",
        /// The quality.
        Crf = "CRF",
    }
    /// H.264 profiles.
    H264Profile {
        /// The encoder chooses.
        #[default]
        Auto = "Auto",
        /// Baseline.
        Baseline = "Baseline",
        /// Main.
        Main = "Main",
        /// High.
        High = "High",
        /// High 4:2:2.
        High422 = "High422",
        /// High 4:4:4 predictive.
        High444 = "High444",
    }
    /// H.265 profiles.
    H265Profile {
        /// The encoder chooses.
        #[default]
        Auto = "Auto",
        /// Main.
        Main = "Main",
        /// Main 10.
        Main10 = "Main10",
    }
    /// H.264 entropy coding.
    EntropyMode {
        /// Arithmetic; not in the Baseline profile.
        #[default]
        Cabac = "Cabac",
        /// Variable length.
        Cavlc = "Cavlc",
    }
    /// AAC profiles.
    AacProfile {
        /// Low complexity.
        #[default]
        AacLc = "AacLc",
        /// With spectral band replication.
        HeAacV1 = "HeAacV1",
        /// With parametric stereo besides; stereo only.
        HeAacV2 = "HeAacV2",
    }
}

/// H.264.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct H264Video {
    /// What all video has.
    pub common: VideoCommon,
    /// Key frames at scene changes besides; only with one layer.
    pub scene_change_detection: bool,
    /// Speed against quality.
    pub complexity: Complexity,
    /// What the rate control holds.
    pub rate_control: RateControl,
    /// One rendition each; at least one.
    pub layers: Vec<H264Layer>,
}

/// H.265.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct H265Video {
    /// What all video has.
    pub common: VideoCommon,
    /// Key frames at scene changes besides; only with one layer.
    pub scene_change_detection: bool,
    /// Speed against quality.
    pub complexity: Complexity,
    /// One rendition each; at least one.
    pub layers: Vec<H265Layer>,
}

/// What every video layer has.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VideoLayer {
    /// Alphanumeric; for file names and for `outputFiles`.
    pub label: Option<String>,
    /// One of width and height may be missing: it follows from the proportions. Both missing: the input's.
    pub width: Option<Dimension>,
    /// See `width`.
    pub height: Option<Dimension>,
    /// Average bits per second.
    pub bitrate: u32,
    /// Bits per second that refill the buffer; default `bitrate`.
    pub max_bitrate: Option<u32>,
    /// Number of B-frames; default the encoder's.
    pub b_frames: Option<u32>,
    /// `None`: as the input.
    pub frame_rate: Option<FrameRate>,
    /// Slices per frame; `None` or 0: one.
    pub slices: Option<u32>,
    /// Default on.
    pub adaptive_b_frame: Option<bool>,
    /// `None`: the encoder chooses. Else `3.1`, `4`, ...
    pub level: Option<String>,
    /// 0.1 to 100 s; default 5 s.
    pub buffer_window: Option<SignedDuration>,
    /// Default the encoder's.
    pub reference_frames: Option<u32>,
    /// 0 to 51; default 23 (H.264), 28 (H.265); only with [`RateControl::Crf`] in H.264.
    pub crf: Option<f64>,
}

/// An H.264 rendition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct H264Layer {
    /// What all layers have.
    pub video: VideoLayer,
    /// The profile.
    pub profile: H264Profile,
    /// `None`: what the profile permits.
    pub entropy_mode: Option<EntropyMode>,
}

/// An H.265 rendition.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct H265Layer {
    /// What all layers have.
    pub video: VideoLayer,
    /// The profile.
    pub profile: H265Profile,
}

/// AAC.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AacAudio {
    /// For file names and for `outputFiles`.
    pub label: Option<String>,
    /// 1 to 8; `None`: 2.
    pub channels: Option<u32>,
    /// Hertz; `None`: 48000.
    pub sampling_rate: Option<u32>,
    /// Bits per second; `None`: 128000.
    pub bitrate: Option<u32>,
    /// The profile.
    pub profile: AacProfile,
}

/// The input's video, not encoded again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CopyVideo {
    /// For file names and for `outputFiles`.
    pub label: Option<String>,
}

/// The input's audio, not encoded again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CopyAudio {
    /// For file names and for `outputFiles`.
    pub label: Option<String>,
}

/// What all thumbnails have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageCommon {
    /// For file names.
    #[serde(default)]
    pub label: Option<String>,
    /// How the picture meets the wanted size.
    #[serde(default)]
    pub stretch_mode: StretchMode,
    /// Where the first is taken.
    pub start: Position,
    /// From one to the next; default 10 %.
    #[serde(default)]
    pub step: Option<Position>,
    /// From `start` to the last; default 100 %.
    #[serde(default)]
    pub range: Option<Position>,
}

/// JPEG thumbnails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JpgImage {
    /// What all thumbnails have.
    pub common: ImageCommon,
    /// One size each; none: one as large as the input.
    pub layers: Vec<JpgLayer>,
    /// All pictures in one sheet of that many columns, with a WebVTT map.
    #[serde(default)]
    pub sprite_column: Option<u32>,
}

/// A size of JPEG.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JpgLayer {
    /// For file names.
    pub label: Option<String>,
    /// As in [`VideoLayer`].
    pub width: Option<Dimension>,
    /// As in [`VideoLayer`].
    pub height: Option<Dimension>,
    /// 0 to 100; default 70.
    pub quality: Option<u32>,
}

/// PNG thumbnails.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PngImage {
    /// What all thumbnails have.
    pub common: ImageCommon,
    /// One size each; none: one as large as the input.
    pub layers: Vec<PngLayer>,
}

/// A size of PNG.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PngLayer {
    /// For file names.
    pub label: Option<String>,
    /// As in [`VideoLayer`].
    pub width: Option<Dimension>,
    /// As in [`VideoLayer`].
    pub height: Option<Dimension>,
}
