//! A plan: everything that encoding one job output needs to know, fixed before the first frame is decoded.
//!
//! It is stored beside its results and named after its own hash, so a restarted job finds what is done, and an altered input or
//! preset never meets the results of another.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::images::ImageSet;
use super::timing::Timing;
use crate::probe::{Scan, Source, Turn};
use crate::ratio::Ratio;

/// Raised when plans of an older release cannot be continued.
pub const PLAN_VERSION: u32 = 1;

/// One job output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_VERSION`].
    pub version: u32,
    /// Input name without extension: names the `.ism` and, by macros, the files.
    pub basename: String,
    /// What is read, in playing order.
    pub clips: Vec<Clip>,
    /// Clock and grid of all video.
    pub timing: Timing,
    /// What happens to pictures before they are scaled; `None` without video.
    pub picture: Option<Picture>,
    /// Video tracks, highest first.
    pub video: Vec<VideoTrack>,
    /// Audio tracks in the order of the source.
    pub audio: Vec<AudioTrack>,
    /// Thumbnails.
    pub images: Vec<ImageSet>,
    /// The files that the output asset gets.
    pub files: Vec<OutputFile>,
}

impl Plan {
    /// 32 hex characters that change with anything in the plan.
    pub fn hash(&self) -> String {
        // Strings, numbers and enums only: nothing that JSON could refuse.
        let json = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(&json).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Microseconds of the whole output, as far as inputs say.
    pub fn duration_us(&self) -> i64 {
        self.clips.iter().map(Clip::duration_us).sum()
    }
}

/// A stretch of one input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Clip {
    /// Where the input is and which version of it.
    pub input: InputFile,
    /// What is in it.
    pub source: Source,
    /// Microseconds from the first frame at which the clip begins.
    pub start_us: i64,
    /// Microseconds from the first frame at which it ends; `None`: with the input.
    pub end_us: Option<i64>,
}

impl Clip {
    /// Microseconds that the clip lasts, as far as the input says.
    pub fn duration_us(&self) -> i64 {
        let whole =
            self.source.video.as_ref().and_then(|video| video.duration_us).or(self.source.duration_us);
        let end = match (self.end_us, whole) {
            (Some(end), Some(whole)) => end.min(whole),
            (Some(end), None) => end,
            (None, whole) => whole.unwrap_or(0),
        };
        (end - self.start_us).max(0)
    }
}

/// Where an input is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputFile {
    /// The name that sentences and file names use.
    pub name: String,
    /// The place of its bytes.
    pub place: Place,
    /// Whether it is first copied into a container that seeks exactly.
    pub remux: bool,
    /// Whether a decoder can start in the middle; otherwise the clip is one chunk.
    pub seekable: bool,
}

/// The place of an input's bytes, and what tells one version from another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Place {
    /// A blob of an asset.
    Blob {
        /// Storage account.
        account: String,
        /// Container of the asset.
        container: String,
        /// Name of the blob.
        blob: String,
        /// Its version.
        etag: String,
    },
    /// Fetched from an address into scratch space.
    Http {
        /// The address, with its query.
        url: String,
        /// SHA-256 of what was fetched is not known before; length and validators stand for it.
        version: String,
    },
    /// A file of this machine.
    Local {
        /// Its path.
        path: std::path::PathBuf,
    },
}

/// What happens to pictures before renditions are scaled from them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Whether interlaced frames are made progressive.
    pub deinterlace: Option<Deinterlace>,
    /// Turned clockwise by this.
    pub turn: Turn,
    /// Cut out, in pixels of the turned picture.
    pub crop: Option<Crop>,
    /// Upright size with square pixels after the cut.
    pub size: (u32, u32),
    /// From high to standard dynamic range.
    pub tone_map: bool,
    /// Fades, in microseconds of output time.
    pub fades: Vec<Fade>,
}

/// How fields become frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Deinterlace {
    /// As frames say.
    Auto,
    /// The top field is first, whatever frames say.
    TopFirst,
    /// The bottom field is first, whatever frames say.
    BottomFirst,
}

impl Deinterlace {
    /// What a source needs by itself.
    pub fn needed(scan: Scan) -> Option<Deinterlace> {
        (scan == Scan::Interlaced).then_some(Deinterlace::Auto)
    }
}

/// A part of a picture, in coded pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crop {
    /// From the left.
    pub left: u32,
    /// From the top.
    pub top: u32,
    /// Of the part.
    pub width: u32,
    /// Of the part.
    pub height: u32,
}

/// A fade from or to a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fade {
    /// From the colour (at the start) or to it (at the end).
    pub from_color: bool,
    /// Microseconds of output time.
    pub start_us: i64,
    /// Microseconds.
    pub duration_us: i64,
    /// Red, green, blue.
    pub color: [u8; 3],
}

/// One video track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoTrack {
    /// Unique in the presentation.
    pub name: String,
    /// Labels by which output files refer to it.
    pub labels: Vec<String>,
    /// Coded size: even, with square pixels.
    pub size: (u32, u32),
    /// The picture inside, where the rest is black.
    pub inner: Option<(u32, u32)>,
    /// How it is made.
    pub make: VideoMake,
}

/// How a video track is made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum VideoMake {
    /// Encoded.
    Encode(VideoEncode),
    /// The source's own samples.
    Copy,
}

/// Settings of an encoder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VideoEncode {
    /// Codec and profile.
    pub codec: VideoCodec,
    /// Average bits per second.
    pub bitrate: u64,
    /// Bits per second that refill the buffer.
    pub max_bitrate: u64,
    /// Bits.
    pub buffer: u64,
    /// What the rate control holds.
    pub control: Control,
    /// Speed against quality.
    pub speed: Speed,
    /// B-frames between others at most.
    pub b_frames: u32,
    /// Whether the encoder decides where B-frames pay.
    pub adaptive_b_frames: bool,
    /// Reference frames.
    pub reference_frames: u32,
    /// Slices of a frame; 0 lets the encoder decide.
    pub slices: u32,
    /// `3.1`; `None` lets the encoder choose from the other settings.
    pub level: Option<String>,
    /// Frames per second, where not the source's.
    pub rate: Option<Ratio>,
}

/// Codec and profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum VideoCodec {
    /// H.264, 8 bits unless the profile is 4:2:2 or 4:4:4.
    H264 {
        /// x264's word.
        profile: H264Profile,
        /// Arithmetic or variable-length coding.
        cabac: bool,
    },
    /// H.265.
    H265 {
        /// 10 bits per sample.
        ten_bit: bool,
    },
}

/// H.264 profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum H264Profile {
    /// No B-frames, no CABAC.
    Baseline,
    /// Main.
    Main,
    /// High: what `Auto` means.
    High,
    /// High 4:2:2.
    High422,
    /// High 4:4:4 predictive.
    High444,
}

/// What the rate control holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Control {
    /// The average.
    Average,
    /// The rate at every time.
    Constant,
    /// The quality, within the maximum rate.
    Quality(f64),
}

/// Speed against quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Speed {
    /// For tests and hurry.
    Fast,
    /// The usual.
    Balanced,
    /// Half the speed for some per cent fewer bits.
    Slow,
}

/// One audio track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AudioTrack {
    /// Unique in the presentation.
    pub name: String,
    /// Labels by which output files refer to it.
    pub labels: Vec<String>,
    /// Which audio track of each clip's source: its place in [`Source::audio`].
    pub track: usize,
    /// BCP 47.
    pub language: Option<String>,
    /// For people.
    pub title: Option<String>,
    /// Plays unless told otherwise.
    pub default: bool,
    /// How it is made.
    pub make: AudioMake,
}

/// How an audio track is made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AudioMake {
    /// AAC.
    Aac {
        /// Channels.
        channels: u32,
        /// Hertz.
        sample_rate: u32,
        /// Bits per second.
        bitrate: u32,
    },
    /// The source's own samples.
    Copy,
}

/// One downloadable file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Blob name, unique in the plan.
    pub name: String,
    /// Video track in it.
    pub video: Option<usize>,
    /// Audio tracks in it.
    pub audio: Vec<usize>,
}
