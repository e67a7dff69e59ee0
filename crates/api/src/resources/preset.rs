//! Presets on the wire: each domain type's members, as the AMS v3 contract names them.

use crate::http::ApiError;
use crate::wire::{Node, Schemas, Wire, tagged, wire_choice_for, wire_for, wire_text_for, wire_union_for};
use millrace_catalog::preset::{
    AacAudio, AacProfile, BuiltIn, BuiltInName, Codec, Color, Complexity, Configurations, CopyAudio,
    CopyVideo, Deinterlace, DeinterlaceMode, Dimension, EntropyMode, Fade, Filters, Format, FrameRate,
    H264Layer, H264Profile, H264Video, H265Layer, H265Profile, H265Video, ImageCommon, InterleaveOutput,
    JpgImage, JpgLayer, Mp4Format, OutputFile, Parity, Pattern, PngImage, PngLayer, Position, Preset,
    RateControl, Rectangle, Rotation, Standard, StretchMode, SyncMode, VideoCommon, VideoLayer,
};
use serde_json::{Map, Value, json};

wire_text_for!(Dimension, Color, Pattern);

wire_choice_for!(
    StretchMode as "StretchMode",
    SyncMode as "VideoSyncMode",
    Complexity as "Complexity",
    RateControl as "RateControlMode",
    H264Profile as "H264VideoProfile",
    H265Profile as "H265VideoProfile",
    EntropyMode as "EntropyMode",
    AacProfile as "AacAudioProfile",
    Parity as "DeinterlaceParity",
    DeinterlaceMode as "DeinterlaceMode",
    Rotation as "Rotation",
);

wire_union_for!(Preset as "Preset" {
    BuiltIn(BuiltIn) = "BuiltInStandardEncoderPreset",
    Standard(Standard) = "StandardEncoderPreset",
});

wire_for!(BuiltIn as "BuiltInStandardEncoderPreset" {
    name: ["presetName"],
    configurations: ["configurations"],
});

wire_for!(Configurations as "PresetConfigurations" {
    complexity: ["complexity"],
    interleave_output: ["interleaveOutput"],
    key_frame_interval_s: ["keyFrameIntervalInSeconds"],
    max_bitrate_bps: ["maxBitrateBps"],
    min_bitrate_bps: ["minBitrateBps"],
    max_height: ["maxHeight"],
    min_height: ["minHeight"],
    max_layers: ["maxLayers"],
});

wire_for!(Standard as "StandardEncoderPreset" {
    codecs: ["codecs"],
    formats: ["formats"],
    filters: ["filters" via filters],
});

wire_union_for!(Codec as "Codec" {
    H264Video(H264Video) = "H264Video",
    H265Video(H265Video) = "H265Video",
    AacAudio(AacAudio) = "AacAudio",
    CopyVideo(CopyVideo) = "CopyVideo",
    CopyAudio(CopyAudio) = "CopyAudio",
    JpgImage(JpgImage) = "JpgImage",
    PngImage(PngImage) = "PngImage",
});

wire_for!(VideoCommon as "Video" {
    label: ["label"],
    key_frame_interval: ["keyFrameInterval"],
    stretch_mode: ["stretchMode" or default],
    sync_mode: ["syncMode" or default],
});

wire_for!(H264Video as "H264Video" {
    common: [flatten],
    scene_change_detection: ["sceneChangeDetection" or default],
    complexity: ["complexity" or default],
    rate_control: ["rateControlMode" or default],
    layers: ["layers" or default],
});

wire_for!(H265Video as "H265Video" {
    common: [flatten],
    scene_change_detection: ["sceneChangeDetection" or default],
    complexity: ["complexity" or default],
    layers: ["layers" or default],
});

wire_for!(VideoLayer as "VideoLayer" {
    label: ["label"],
    width: ["width"],
    height: ["height"],
    bitrate: ["bitrate"],
    max_bitrate: ["maxBitrate"],
    b_frames: ["bFrames"],
    frame_rate: ["frameRate" via frame_rate],
    slices: ["slices"],
    adaptive_b_frame: ["adaptiveBFrame"],
    level: ["level"],
    buffer_window: ["bufferWindow"],
    reference_frames: ["referenceFrames"],
    crf: ["crf"],
});

wire_for!(H264Layer as "H264Layer" {
    video: [flatten],
    profile: ["profile" or default],
    entropy_mode: ["entropyMode"],
});

wire_for!(H265Layer as "H265Layer" {
    video: [flatten],
    profile: ["profile" or default],
});

wire_for!(AacAudio as "AacAudio" {
    label: ["label"],
    channels: ["channels"],
    sampling_rate: ["samplingRate"],
    bitrate: ["bitrate"],
    profile: ["profile" or default],
});

wire_for!(CopyVideo as "CopyVideo" { label: ["label"] });
wire_for!(CopyAudio as "CopyAudio" { label: ["label"] });

wire_for!(ImageCommon as "Image" {
    label: ["label"],
    stretch_mode: ["stretchMode" or default],
    start: ["start"],
    step: ["step"],
    range: ["range"],
});

wire_for!(JpgImage as "JpgImage" {
    common: [flatten],
    layers: ["layers" or default],
    sprite_column: ["spriteColumn"],
});

wire_for!(JpgLayer as "JpgLayer" {
    label: ["label"],
    width: ["width"],
    height: ["height"],
    quality: ["quality"],
});

wire_for!(PngImage as "PngImage" {
    common: [flatten],
    layers: ["layers" or default],
});

wire_for!(PngLayer as "PngLayer" {
    label: ["label"],
    width: ["width"],
    height: ["height"],
});

wire_for!(Mp4Format as "Mp4Format" {
    filename_pattern: ["filenamePattern"],
    output_files: ["outputFiles" or default],
});

wire_for!(OutputFile as "OutputFile" { labels: ["labels"] });

wire_for!(Filters as "Filters" {
    deinterlace: ["deinterlace"],
    rotation: ["rotation" or default],
    crop: ["crop"],
    fade_in: ["fadeIn"],
    fade_out: ["fadeOut"],
});

wire_for!(Deinterlace as "Deinterlace" {
    parity: ["parity" or default],
    mode: ["mode" or default],
});

wire_for!(Rectangle as "Rectangle" {
    left: ["left"],
    top: ["top"],
    width: ["width"],
    height: ["height"],
});

wire_for!(Fade as "Fade" {
    duration: ["duration"],
    start: ["start"],
    color: ["fadeColor"],
});

/// Durations are written as the rest of the wire writes them.
impl Wire for Position {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let text = String::read(node)?;
        if let Some(time) = crate::wire::time::parse_duration(&text) {
            return Ok(Self::Time(time));
        }
        text.parse().map_err(|error| node.wrong(format!("is wrong: {error}")))
    }

    fn write(&self) -> Value {
        match self {
            Self::Time(time) => time.write(),
            other => other.to_string().into(),
        }
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "examples": ["PT5S", "10%", "25", "{Best}"] })
    }
}

/// A name that the contract has and this service does not make is refused with the domain's sentence.
impl Wire for BuiltInName {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let text = String::read(node)?;
        Self::from_name(&text).ok_or_else(|| match millrace_catalog::preset::refuse(node.path(), &text) {
            error @ millrace_catalog::Error::Unsupported { .. } => error.into(),
            _ => {
                let names: Vec<&str> = Self::ALL.iter().map(|name| name.as_str()).collect();
                node.expected(&format!("one of {}", names.join(", ")))
            }
        })
    }

    fn write(&self) -> Value {
        self.as_str().into()
    }

    fn schema(schemas: &mut Schemas) -> Value {
        schemas.named("EncoderNamedPreset", |_| {
            let names: Vec<&str> = Self::ALL.iter().map(|name| name.as_str()).collect();
            json!({ "type": "string", "enum": names })
        })
    }
}

impl Wire for InterleaveOutput {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        let text = String::read(node)?;
        let all = [Self::NonInterleavedOutput, Self::InterleavedOutput];
        let found = all
            .into_iter()
            .find(|one| one.write().as_str().is_some_and(|own| own.eq_ignore_ascii_case(&text)));
        found.ok_or_else(|| node.expected("one of NonInterleavedOutput, InterleavedOutput"))
    }

    fn write(&self) -> Value {
        match self {
            Self::NonInterleavedOutput => "NonInterleavedOutput".into(),
            Self::InterleavedOutput => "InterleavedOutput".into(),
        }
    }

    fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "enum": ["NonInterleavedOutput", "InterleavedOutput"] })
    }
}

/// Image formats have nothing but a pattern, so the domain keeps them without a struct.
impl Wire for Format {
    fn read(node: &Node<'_>) -> Result<Self, ApiError> {
        const KNOWN: &[&str] = &["Mp4Format", "JpgFormat", "PngFormat"];
        node.object()?;
        let tag = node.member("@odata.type");
        let given = crate::wire::odata_type(&tag, KNOWN)?;
        if given.eq_ignore_ascii_case("Mp4Format") {
            return Mp4Format::read(node).map(Self::Mp4);
        }
        if given.eq_ignore_ascii_case("JpgFormat") {
            return Ok(Self::Jpg { filename_pattern: crate::wire::member(node, "filenamePattern")? });
        }
        if given.eq_ignore_ascii_case("PngFormat") {
            return Ok(Self::Png { filename_pattern: crate::wire::member(node, "filenamePattern")? });
        }
        Err(crate::wire::refuse_type(&tag, given, KNOWN))
    }

    fn write(&self) -> Value {
        let image = |filename_pattern: &Pattern| json!({ "filenamePattern": filename_pattern.to_string() });
        match self {
            Self::Mp4(format) => tagged("#Microsoft.Media.Mp4Format", format.write()),
            Self::Jpg { filename_pattern } => tagged("#Microsoft.Media.JpgFormat", image(filename_pattern)),
            Self::Png { filename_pattern } => tagged("#Microsoft.Media.PngFormat", image(filename_pattern)),
        }
    }

    fn schema(schemas: &mut Schemas) -> Value {
        schemas.named("Format", |schemas| {
            let mut union = crate::wire::UnionSchema::default();
            let mp4 = Mp4Format::schema(schemas);
            let image = json!({
                "type": "object",
                "properties": { "filenamePattern": { "type": "string" } },
                "required": ["filenamePattern"],
            });
            union.variant("Format", "Mp4Format", mp4, schemas);
            union.variant("Format", "JpgFormat", image.clone(), schemas);
            union.variant("Format", "PngFormat", image, schemas);
            union.finish()
        })
    }
}

/// `0/1` is the contract's "as the input" and no rate of the domain.
mod frame_rate {
    use super::*;

    pub(super) fn read(node: &Node<'_>) -> Result<Option<FrameRate>, ApiError> {
        if node.value().is_none() {
            return Ok(None);
        }
        FrameRate::parse(&String::read(node)?).map_err(|error| node.wrong(format!("is wrong: {error}")))
    }

    pub(super) fn write(rate: &Option<FrameRate>, key: &str, object: &mut Map<String, Value>) {
        if let Some(rate) = rate {
            object.insert(key.to_owned(), rate.to_string().into());
        }
    }

    pub(super) fn schema(_: &mut Schemas) -> Value {
        json!({ "type": "string", "examples": ["30", "30000/1001"] })
    }
}

/// Overlays are part of the contract but not of the domain: they are refused, not dropped.
mod filters {
    use super::*;

    pub(super) fn read(node: &Node<'_>) -> Result<Option<Filters>, ApiError> {
        let overlays = node.member("overlays");
        if let Some(first) = overlays.value().and_then(Value::as_array).and_then(|list| list.first()) {
            let name = first.get("@odata.type").and_then(Value::as_str).unwrap_or("VideoOverlay");
            return Err(millrace_catalog::preset::refuse(overlays.path(), name).into());
        }
        node.value().map(|_| Filters::read(node)).transpose()
    }

    pub(super) fn write(filters: &Option<Filters>, key: &str, object: &mut Map<String, Value>) {
        filters.write_member(key, object);
    }

    pub(super) fn schema(schemas: &mut Schemas) -> Value {
        Filters::schema(schemas)
    }
}
