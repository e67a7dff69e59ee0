//! What is known of an input once it was probed: plain facts that plans are made from.

use serde::{Deserialize, Serialize};

use crate::ratio::Ratio;

/// One input file with at least one stream that can be decoded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// ffmpeg's name of the container format: `mov,mp4,m4a,3gp,3g2,mj2`.
    pub container: String,
    /// Bytes.
    pub size: u64,
    /// Of the container, microseconds; `None` where it does not say.
    pub duration_us: Option<i64>,
    /// The picture that gets encoded: the first that is not cover art.
    pub video: Option<Video>,
    /// All audio tracks, in file order.
    pub audio: Vec<Audio>,
}

/// Facts of the video stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Video {
    /// Stream number in the file.
    pub index: u32,
    /// ffmpeg's decoder name: `h264`.
    pub codec: String,
    /// The codec's profile as ffprobe names it.
    pub profile: String,
    /// Seconds of one tick.
    pub time_base: Ratio,
    /// Presentation time of the first frame that decodes, in ticks of `time_base`.
    pub first_pts: i64,
    /// Microseconds from the first frame to the end, if known.
    pub duration_us: Option<i64>,
    /// Coded size in pixels, before rotation.
    pub width: u32,
    /// Coded size in pixels, before rotation.
    pub height: u32,
    /// Shape of one pixel, width/height, before rotation.
    pub pixel_aspect: Ratio,
    /// How far the picture must be turned clockwise to stand upright.
    pub turn: Turn,
    /// Frames per second.
    pub rate: Rate,
    /// Progressive or interlaced.
    pub scan: Scan,
    /// ffmpeg's pixel format name.
    pub pixel_format: String,
    /// Dynamic range, by the transfer function.
    pub range: Range,
    /// Bits per second of this stream alone, estimated from the file where the stream does not say.
    pub bit_rate: Option<u64>,
    /// Frames that the container declares.
    pub frames: Option<u64>,
}

/// Facts of one audio stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audio {
    /// Stream number in the file.
    pub index: u32,
    /// ffmpeg's decoder name.
    pub codec: String,
    /// Samples per second.
    pub sample_rate: u32,
    /// Number of channels.
    pub channels: u32,
    /// ISO 639 code as the file says, if it says.
    pub language: Option<String>,
    /// Name for people.
    pub title: Option<String>,
    /// Marked as the track to play unless told otherwise.
    pub default: bool,
    /// Bits per second.
    pub bit_rate: Option<u64>,
    /// Microseconds, if known.
    pub duration_us: Option<i64>,
}

/// Quarter turns clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Turn {
    /// Upright already.
    None,
    /// 90° clockwise.
    Right,
    /// Upside down.
    Half,
    /// 90° counter-clockwise.
    Left,
}

impl Turn {
    /// From degrees clockwise; other angles than quarter turns go to the nearest one.
    pub fn from_degrees(clockwise: f64) -> Turn {
        match ((clockwise / 90.0).round() as i64).rem_euclid(4) {
            1 => Turn::Right,
            2 => Turn::Half,
            3 => Turn::Left,
            _ => Turn::None,
        }
    }

    /// Whether width and height change places.
    pub fn swaps(self) -> bool {
        matches!(self, Turn::Right | Turn::Left)
    }
}

/// Frame rate of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rate {
    /// Every frame lasts equally long.
    Constant(Ratio),
    /// Frames last as they like; this is the average.
    Variable(Ratio),
}

impl Rate {
    /// Frames per second, exact or on average.
    pub fn per_second(self) -> Ratio {
        match self {
            Rate::Constant(rate) | Rate::Variable(rate) => rate,
        }
    }
}

/// How pictures were scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scan {
    /// Whole frames.
    Progressive,
    /// Two fields per frame.
    Interlaced,
}

/// Dynamic range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Range {
    /// Standard.
    Standard,
    /// PQ or HLG: tone-mapped to BT.709 for 8-bit H.264.
    High,
}

impl Video {
    /// Size as a viewer sees it: upright, with square pixels, in whole pixels.
    pub fn display_size(&self) -> (u32, u32) {
        upright(self.width, self.height, self.pixel_aspect, self.turn)
    }
}

/// Size with square pixels after a turn: the longer direction of a pixel is stretched, so no detail is lost.
pub fn upright(width: u32, height: u32, pixel: Ratio, turn: Turn) -> (u32, u32) {
    let (mut w, mut h) = (u64::from(width), u64::from(height));
    if pixel.num > pixel.den {
        w = pixel.scale(w);
    } else {
        h = pixel.inverse().scale(h);
    }
    let (w, h) = (clamp_size(w), clamp_size(h));
    if turn.swaps() { (h, w) } else { (w, h) }
}

fn clamp_size(value: u64) -> u32 {
    /// Beyond every codec's limits; keeps arithmetic on hostile aspect ratios in range.
    const MAX_SIDE: u64 = 32_768;
    value.clamp(1, MAX_SIDE) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_quarters() {
        let check = |degrees, expected| assert_eq!(Turn::from_degrees(degrees), expected);
        check(0.0, Turn::None);
        check(90.0, Turn::Right);
        check(-90.0, Turn::Left);
        check(270.0, Turn::Left);
        check(-180.0, Turn::Half);
        check(88.0, Turn::Right);
    }

    #[test]
    fn display_size_is_square_and_upright() {
        let check = |w, h, sar: &str, turn, expected| {
            assert_eq!(upright(w, h, Ratio::parse(sar).unwrap_or(Ratio::ONE), turn), expected);
        };
        check(720, 576, "16:11", Turn::None, (1047, 576));
        check(720, 480, "8:9", Turn::None, (720, 540));
        check(1920, 1080, "1:1", Turn::Right, (1080, 1920));
        check(1440, 1080, "4:3", Turn::Left, (1080, 1920));
    }
}
