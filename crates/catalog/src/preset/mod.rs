//! What a transform makes of its input: presets as values, with all their rules.
//!
//! [`check`] is the one place that says whether a preset is lawful; whoever has a checked preset (a transform, the snapshot in a
//! job) need not look again.

mod builtin;
mod check;
mod codec;
mod effects;
mod format;
mod unsupported;
mod value;

use serde::{Deserialize, Serialize};

pub use builtin::{BuiltIn, BuiltInName, Configurations, InterleaveOutput};
pub use check::check;
pub(crate) use codec::choices as codec_choices;
pub use codec::{
    AacAudio, AacProfile, Codec, Complexity, CopyAudio, CopyVideo, EntropyMode, H264Layer, H264Profile,
    H264Video, H265Layer, H265Profile, H265Video, ImageCommon, JpgImage, JpgLayer, PngImage, PngLayer,
    RateControl, StretchMode, SyncMode, VideoCommon, VideoLayer,
};
pub use effects::{Deinterlace, DeinterlaceMode, Fade, Filters, Parity, Rectangle, Rotation};
pub use format::{Format, Macro, Mp4Format, OutputFile, Pattern, PatternPart};
pub use unsupported::{UNSUPPORTED, refuse};
pub use value::{BadValue, Color, Dimension, FrameRate, Position};

/// The recipe of one transform output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Preset {
    /// A ladder known by name.
    BuiltIn(BuiltIn),
    /// Codecs, file formats and filters spelt out.
    Standard(Standard),
}

impl Preset {
    /// The name that AMS puts into default job output labels: `{presetName}_{outputIndex}`.
    pub fn label_stem(&self) -> &'static str {
        match self {
            Preset::BuiltIn(preset) => preset.name.as_str(),
            Preset::Standard(_) => "StandardEncoderPreset",
        }
    }
}

/// `StandardEncoderPreset`: everything spelt out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Standard {
    /// At least one.
    pub codecs: Vec<Codec>,
    /// At least one, and a matching one for every codec.
    pub formats: Vec<Format>,
    /// Applied to the input before it is encoded.
    pub filters: Option<Filters>,
}
