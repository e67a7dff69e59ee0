//! What a track is: its clock, its language, its codec and its shape.

use crate::{CodecConfig, FourCc, Language, Ratio, Timescale};

/// Video, audio or text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MediaKind {
    /// Moving pictures.
    Video,
    /// Sound.
    Audio,
    /// Subtitles and captions.
    Text,
}

/// Everything about a track but its samples.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackConfig {
    /// Number of the track in its container; not zero.
    pub id: u32,
    /// The clock of its samples.
    pub timescale: Timescale,
    /// Its language, `und` when unknown.
    pub language: Language,
    /// How its samples are coded.
    pub codec: CodecConfig,
    /// Its size or its channels.
    pub format: Format,
}

/// The shape of what a track carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Format {
    /// Pictures of a size.
    Video(VideoFormat),
    /// Sound of a rate and a number of channels.
    Audio(AudioFormat),
    /// Text has no shape.
    Text,
}

/// The shape of pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoFormat {
    /// Width in pixels after cropping, before aspect and rotation.
    pub width: u32,
    /// Height in pixels after cropping, before rotation.
    pub height: u32,
    /// Sample aspect ratio: width of a pixel by its height.
    pub sar: Ratio,
    /// How far a player turns the picture.
    pub rotation: Rotation,
    /// How numbers become colours, where the file says so.
    pub colour: Option<Colour>,
    /// Pictures per second as the codec's header claims; the samples know better.
    pub frame_rate: Option<Ratio>,
}

/// The shape of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioFormat {
    /// Samples per second that a decoder gives out.
    pub sample_rate: u32,
    /// Loudspeaker channels, low-frequency ones counted: 5.1 is 6.
    pub channels: u16,
}

/// Clockwise rotation that a player applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// Upright.
    #[default]
    None,
    /// A quarter to the right.
    Clockwise90,
    /// Upside down.
    Half,
    /// A quarter to the left.
    Clockwise270,
}

impl Rotation {
    /// Degrees clockwise: 0, 90, 180 or 270.
    pub const fn degrees(self) -> u16 {
        match self {
            Self::None => 0,
            Self::Clockwise90 => 90,
            Self::Half => 180,
            Self::Clockwise270 => 270,
        }
    }
}

/// Colour description in the code points of ISO/IEC 23091-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour {
    /// ColourPrimaries: 1 is BT.709, 9 is BT.2020.
    pub primaries: u16,
    /// TransferCharacteristics: 1 is BT.709, 16 is PQ, 18 is HLG.
    pub transfer: u16,
    /// MatrixCoefficients: 1 is BT.709, 9 is BT.2020 non-constant.
    pub matrix: u16,
    /// Whether values use the full range.
    pub full_range: bool,
}

impl TrackConfig {
    /// Video, audio or text.
    pub fn kind(&self) -> MediaKind {
        match self.format {
            Format::Video(_) => MediaKind::Video,
            Format::Audio(_) => MediaKind::Audio,
            Format::Text => MediaKind::Text,
        }
    }

    /// The shape of its pictures, if it has any.
    pub fn video(&self) -> Option<&VideoFormat> {
        match &self.format {
            Format::Video(video) => Some(video),
            _ => None,
        }
    }

    /// The shape of its sound, if it has any.
    pub fn audio(&self) -> Option<&AudioFormat> {
        match &self.format {
            Format::Audio(audio) => Some(audio),
            _ => None,
        }
    }

    /// The `codecs` string of manifests (RFC 6381).
    pub fn rfc6381(&self) -> String {
        self.codec.rfc6381()
    }

    /// The sample entry's name: `avc1`, `hvc1`, `mp4a`…
    pub fn fourcc(&self) -> FourCc {
        self.codec.fourcc()
    }
}

impl VideoFormat {
    /// An upright picture of square pixels.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, sar: Ratio::ONE, rotation: Rotation::None, colour: None, frame_rate: None }
    }

    /// Aspect ratio of the picture as a player shows it, turned and stretched; `None` for an empty picture.
    pub fn display_aspect(&self) -> Option<Ratio> {
        let wide = u64::from(self.width) * u64::from(self.sar.num());
        let high = u64::from(self.height) * u64::from(self.sar.den());
        if self.is_sideways() { Ratio::new(high, wide) } else { Ratio::new(wide, high) }
    }

    /// Pixels as a player shows them: the width stretched by the aspect of a pixel, then turned.
    pub fn display_size(&self) -> (u32, u32) {
        let den = u64::from(self.sar.den());
        let stretched = (u64::from(self.width) * u64::from(self.sar.num()) + den / 2) / den;
        let width = u32::try_from(stretched).unwrap_or(u32::MAX);
        if self.is_sideways() { (self.height, width) } else { (width, self.height) }
    }

    fn is_sideways(&self) -> bool {
        matches!(self.rotation, Rotation::Clockwise90 | Rotation::Clockwise270)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_shown_stretched_and_turned() {
        let mut video = VideoFormat::new(720, 576);
        video.sar = Ratio::new(64, 45).expect("a ratio");
        assert_eq!(video.display_size(), (1024, 576));
        assert_eq!(video.display_aspect(), Ratio::new(16, 9));
        video.rotation = Rotation::Clockwise90;
        assert_eq!(video.display_size(), (576, 1024));
        assert_eq!(video.display_aspect(), Ratio::new(9, 16));
    }

    #[test]
    fn an_empty_picture_has_no_aspect() {
        assert_eq!(VideoFormat::new(0, 576).display_aspect(), None);
    }
}
