//! Sizes: what a wanted width and height mean for a picture of given proportions.

use millrace_catalog::preset::{Dimension, StretchMode};

use super::ladder::{even_size, scaled};

/// A rendition's size, and the picture inside it where the rest is black.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fitted {
    /// Coded size.
    pub size: (u32, u32),
    /// Smaller picture inside.
    pub inner: Option<(u32, u32)>,
}

/// Largest side that H.264 level 6.2 and H.265 level 6.2 can code.
const MAX_SIDE: u32 = 8192;

/// Meets a wanted size. Missing sides follow from the picture's proportions; sizes in per cent are of the picture.
///
/// Explicit sizes may be larger than the picture: whoever asks for them by number gets them, as in AMS.
pub fn meet(
    picture: (u32, u32),
    width: Option<Dimension>,
    height: Option<Dimension>,
    mode: StretchMode,
) -> Fitted {
    let wide = width.map(|side| pixels(side, picture.0));
    let high = height.map(|side| pixels(side, picture.1));
    let wanted = match (wide, high) {
        (Some(wide), Some(high)) => (wide, high),
        (Some(wide), None) => return plain(scaled(picture, ratio(wide, picture.0))),
        (None, Some(high)) => return plain(scaled(picture, ratio(high, picture.1))),
        (None, None) => return plain(even_size(picture)),
    };
    match mode {
        StretchMode::None => plain(even_size(wanted)),
        StretchMode::AutoSize => plain(within(picture, wanted)),
        StretchMode::AutoFit => {
            let size = even_size(wanted);
            let inner = within(picture, size);
            Fitted { size, inner: (inner != size).then_some(inner) }
        }
    }
}

fn plain(size: (u32, u32)) -> Fitted {
    Fitted { size, inner: None }
}

fn pixels(side: Dimension, of: u32) -> u32 {
    let value = match side {
        Dimension::Pixels(pixels) => pixels,
        Dimension::Percent(share) => (f64::from(of) * share / 100.0).round() as u32,
    };
    value.clamp(2, MAX_SIDE)
}

fn ratio(wanted: u32, of: u32) -> f64 {
    f64::from(wanted) / f64::from(of.max(1))
}

/// The largest size of the picture's proportions inside a box.
fn within(picture: (u32, u32), limit: (u32, u32)) -> (u32, u32) {
    let scale = ratio(limit.0, picture.0).min(ratio(limit.1, picture.1));
    let (width, height) = scaled(picture, scale);
    (width.min(even_size(limit).0), height.min(even_size(limit).1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wanted_sizes_are_met() {
        let check = |picture, wide: &str, high: &str, mode, expected| {
            let side = |text: &str| text.parse::<Dimension>().ok();
            let fitted = meet(picture, side(wide), side(high), mode);
            assert_eq!((fitted.size, fitted.inner), expected, "{picture:?} {wide}x{high} {mode:?}");
        };
        // AMS's own example of AutoSize.
        check((1920, 1080), "1280", "1280", StretchMode::AutoSize, ((1280, 720), None));
        check((1920, 1080), "1280", "1280", StretchMode::AutoFit, ((1280, 1280), Some((1280, 720))));
        check((1920, 1080), "1280", "1280", StretchMode::None, ((1280, 1280), None));
        check((1080, 1920), "1280", "720", StretchMode::AutoSize, ((406, 720), None));
        check((1920, 1080), "", "360", StretchMode::AutoSize, ((640, 360), None));
        check((1920, 1080), "50%", "50%", StretchMode::AutoSize, ((960, 540), None));
        check((641, 361), "", "", StretchMode::AutoSize, ((640, 360), None));
        check((320, 180), "640", "360", StretchMode::AutoSize, ((640, 360), None));
    }
}
