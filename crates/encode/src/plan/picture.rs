//! What happens to pictures before they are scaled: fields, rotation, crop, range, fades.

use millrace_catalog::preset::{self, DeinterlaceMode, Dimension, Filters, Parity, Position, Rotation};

use super::timing::Timing;
use super::types::{Crop, Deinterlace, Fade, Picture};
use crate::probe::{Range, Turn, Video, upright};
use crate::problem::Problem;
use crate::ratio::Ratio;

/// The picture of a video under a preset's filters; `total_us` is the length of the output.
pub fn picture(
    video: &Video,
    filters: Option<&Filters>,
    timing: &Timing,
    total_us: i64,
) -> Result<Picture, Problem> {
    let rotation = filters.map(|filters| filters.rotation).unwrap_or_default();
    let turn = turn(video, rotation);
    let crop = match filters.and_then(|filters| filters.crop.as_ref()) {
        Some(part) => Some(crop(video, turn, part)?),
        None => None,
    };
    let aspect = turned_aspect(video.pixel_aspect, turn);
    let size = match crop {
        Some(part) => upright(part.width, part.height, aspect, Turn::None),
        None => upright(video.width, video.height, video.pixel_aspect, turn),
    };
    Ok(Picture {
        deinterlace: deinterlace(video, filters.and_then(|filters| filters.deinterlace)),
        turn,
        crop,
        size,
        tone_map: video.range == Range::High,
        fades: fades(filters, timing, total_us),
    })
}

fn turn(video: &Video, rotation: Rotation) -> Turn {
    match rotation {
        Rotation::Auto => video.turn,
        // MP4 could keep the remark, but players of HLS and DASH ignore it: pixels are as they are.
        Rotation::None | Rotation::Rotate0 => Turn::None,
        Rotation::Rotate90 => Turn::Right,
        Rotation::Rotate180 => Turn::Half,
        Rotation::Rotate270 => Turn::Left,
    }
}

fn turned_aspect(aspect: Ratio, turn: Turn) -> Ratio {
    if turn.swaps() { aspect.inverse() } else { aspect }
}

fn deinterlace(video: &Video, wanted: Option<preset::Deinterlace>) -> Option<Deinterlace> {
    match wanted {
        None => Deinterlace::needed(video.scan),
        Some(wanted) if wanted.mode == DeinterlaceMode::Off => None,
        Some(wanted) => match wanted.parity {
            Parity::Auto => Deinterlace::needed(video.scan),
            Parity::TopFieldFirst => Some(Deinterlace::TopFirst),
            Parity::BottomFieldFirst => Some(Deinterlace::BottomFirst),
        },
    }
}

fn crop(video: &Video, turn: Turn, part: &preset::Rectangle) -> Result<Crop, Problem> {
    let (width, height) =
        if turn.swaps() { (video.height, video.width) } else { (video.width, video.height) };
    let pixels = |side: &Option<Dimension>, of: u32, missing: u32| match side {
        None => missing,
        Some(Dimension::Pixels(pixels)) => *pixels,
        Some(Dimension::Percent(share)) => (f64::from(of) * share / 100.0).round() as u32,
    };
    let (left, top) = (pixels(&part.left, width, 0), pixels(&part.top, height, 0));
    let crop = Crop {
        left,
        top,
        width: pixels(&part.width, width, width.saturating_sub(left)).min(width.saturating_sub(left)),
        height: pixels(&part.height, height, height.saturating_sub(top)).min(height.saturating_sub(top)),
    };
    if crop.width == 0 || crop.height == 0 {
        return Err(Problem::configuration(format!(
            "The crop rectangle lies outside of the picture, which has {width}x{height} pixels."
        )));
    }
    Ok(crop)
}

fn fades(filters: Option<&Filters>, timing: &Timing, total_us: i64) -> Vec<Fade> {
    let Some(filters) = filters else { return Vec::new() };
    let us = |position: Position| position_us(position, timing, total_us);
    let mut fades = Vec::new();
    if let Some(fade) = &filters.fade_in {
        let start_us = fade.start.map_or(0, us);
        fades.push(Fade {
            from_color: true,
            start_us,
            duration_us: us(fade.duration),
            color: fade.color.rgb,
        });
    }
    if let Some(fade) = &filters.fade_out {
        let duration_us = us(fade.duration);
        let start_us = fade.start.map_or((total_us - duration_us).max(0), us);
        fades.push(Fade { from_color: false, start_us, duration_us, color: fade.color.rgb });
    }
    fades
}

/// A position in microseconds of an output that lasts `total_us`. `{Best}` has no place of its own and is the start.
pub fn position_us(position: Position, timing: &Timing, total_us: i64) -> i64 {
    match position {
        Position::Time(time) => i64::try_from(time.as_micros()).unwrap_or(i64::MAX),
        Position::Percent(share) => (total_us as f64 * share / 100.0) as i64,
        Position::Frame(frame) => (frame as f64 * 1e6 / timing.rate.value()) as i64,
        Position::Best => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_times() {
        let timing = Timing::audio_only(2_000_000);
        let check = |text: &str, expected| {
            let position = text.parse().expect("a position");
            assert_eq!(position_us(position, &timing, 10_000_000), expected, "{text}");
        };
        check("PT1.5S", 1_500_000);
        check("25%", 2_500_000);
        check("50", 2_000_000);
    }
}
