//! What `ffprobe -of json` prints, as far as it is used. Every field may be missing.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Report {
    #[serde(default)]
    pub(super) streams: Vec<Stream>,
    #[serde(default)]
    pub(super) format: Format,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Format {
    #[serde(default)]
    pub(super) format_name: String,
    pub(super) duration: Option<String>,
    pub(super) start_time: Option<String>,
    pub(super) bit_rate: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Stream {
    #[serde(default)]
    pub(super) index: u32,
    pub(super) codec_type: Option<String>,
    pub(super) codec_name: Option<String>,
    pub(super) codec_tag_string: Option<String>,
    pub(super) profile: Option<String>,
    pub(super) width: Option<u32>,
    pub(super) height: Option<u32>,
    pub(super) sample_aspect_ratio: Option<String>,
    pub(super) pix_fmt: Option<String>,
    pub(super) color_transfer: Option<String>,
    pub(super) field_order: Option<String>,
    pub(super) r_frame_rate: Option<String>,
    pub(super) avg_frame_rate: Option<String>,
    pub(super) time_base: Option<String>,
    pub(super) start_pts: Option<i64>,
    pub(super) duration: Option<String>,
    pub(super) duration_ts: Option<i64>,
    pub(super) bit_rate: Option<String>,
    pub(super) nb_frames: Option<String>,
    pub(super) sample_rate: Option<String>,
    pub(super) channels: Option<u32>,
    #[serde(default)]
    pub(super) disposition: Disposition,
    #[serde(default)]
    pub(super) tags: Tags,
    #[serde(default)]
    pub(super) side_data_list: Vec<SideData>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Disposition {
    #[serde(default)]
    pub(super) default: u8,
    #[serde(default)]
    pub(super) attached_pic: u8,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Tags {
    pub(super) language: Option<String>,
    pub(super) title: Option<String>,
    pub(super) handler_name: Option<String>,
    #[serde(rename = "DURATION")]
    pub(super) duration: Option<String>,
    #[serde(rename = "BPS")]
    pub(super) bits_per_second: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct SideData {
    /// Degrees counter-clockwise that the picture must be turned by to stand upright, negated by ffprobe's convention.
    pub(super) rotation: Option<f64>,
}
