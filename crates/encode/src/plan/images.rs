//! Thumbnails and sprites of a plan: which moments, which size, which names.

use serde::{Deserialize, Serialize};

/// More pictures than this are a misunderstanding of `step`.
pub const MAX_IMAGES: usize = 2_000;

/// Pictures of one size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageSet {
    /// Format of the files.
    pub kind: ImageKind,
    /// Size of one picture.
    pub size: (u32, u32),
    /// The picture inside, where the rest is black.
    pub inner: Option<(u32, u32)>,
    /// Which moments.
    pub moments: Moments,
    /// File name of each picture, or of the sheet; as many as moments, or one.
    pub names: Vec<String>,
    /// All pictures in one sheet, with a map beside it.
    pub sprite: Option<Sprite>,
}

/// Format of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImageKind {
    /// JPEG of a quality from 0 to 100.
    Jpg {
        /// 100 is best.
        quality: u32,
    },
    /// PNG.
    Png,
}

/// Moments in output time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Moments {
    /// The most telling picture of the first seconds.
    Best,
    /// Microseconds from the start.
    At(Vec<i64>),
}

impl Moments {
    /// How many pictures that makes.
    pub fn count(&self) -> usize {
        match self {
            Moments::Best => 1,
            Moments::At(times) => times.len(),
        }
    }
}

/// A sheet of pictures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sprite {
    /// Pictures in a row.
    pub columns: u32,
    /// File name of the WebVTT map.
    pub map: String,
}
