//! What is done to the input before it is encoded.

use serde::{Deserialize, Serialize};

use super::codec::choices;
use super::{Color, Dimension, Position};

/// `Filters`, in the order they are applied.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Filters {
    /// `None`: interlaced inputs are found and mended (AMS's default).
    pub deinterlace: Option<Deinterlace>,
    /// Default [`Rotation::Auto`].
    pub rotation: Rotation,
    /// The part of the picture to keep.
    pub crop: Option<Rectangle>,
    /// From a colour at the start.
    pub fade_in: Option<Fade>,
    /// To a colour at the end.
    pub fade_out: Option<Fade>,
}

/// `Deinterlace`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deinterlace {
    /// Which field is first.
    pub parity: Parity,
    /// Whether at all.
    pub mode: DeinterlaceMode,
}

choices! {
    /// Which field of an interlaced picture is first.
    Parity {
        /// As the input says.
        #[default]
        Auto = "Auto",
        /// The top one.
        TopFieldFirst = "TopFieldFirst",
        /// The bottom one.
        BottomFieldFirst = "BottomFieldFirst",
    }
    /// Whether interlaced pictures are mended.
    DeinterlaceMode {
        /// No.
        Off = "Off",
        /// Yes, where they are interlaced.
        #[default]
        AutoPixelAdaptive = "AutoPixelAdaptive",
    }
    /// Which way is up.
    Rotation {
        /// As the input says.
        #[default]
        Auto = "Auto",
        /// Pixels as they are; the input's remark about rotation is kept if the format can.
        None = "None",
        /// Pixels as they are; the remark is dropped.
        Rotate0 = "Rotate0",
        /// A quarter clockwise.
        Rotate90 = "Rotate90",
        /// Upside down.
        Rotate180 = "Rotate180",
        /// A quarter counter-clockwise.
        Rotate270 = "Rotate270",
    }
}

/// The part of the picture to keep; missing edges are the input's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rectangle {
    /// From the left edge.
    pub left: Option<Dimension>,
    /// From the top edge.
    pub top: Option<Dimension>,
    /// Of the part.
    pub width: Option<Dimension>,
    /// Of the part.
    pub height: Option<Dimension>,
}

/// A fade from or to a colour.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fade {
    /// How long.
    pub duration: Position,
    /// From where; default the start (fade in) or what leaves room for `duration` before the end (fade out).
    #[serde(default)]
    pub start: Option<Position>,
    /// From or to which colour.
    pub color: Color,
}
