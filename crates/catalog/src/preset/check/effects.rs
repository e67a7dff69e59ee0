//! Rules of crop and fades.

use super::{MAX_PIXELS, is_zero, position};
use crate::preset::{Codec, Dimension, Fade, Filters, Rectangle, Standard};
use crate::{Error, Result};

pub(super) fn check_filters(field: &str, filters: &Filters, preset: &Standard) -> Result<()> {
    let copies = preset.codecs.iter().any(|codec| matches!(codec, Codec::CopyVideo(_)));
    if copies && (filters.crop.is_some() || filters.fade_in.is_some() || filters.fade_out.is_some()) {
        return Err(Error::invalid(
            field,
            "crop and fades need the video to be encoded, and CopyVideo does not",
        ));
    }
    if let Some(crop) = &filters.crop {
        check_crop(&format!("{field}.crop"), crop)?;
    }
    for (name, fade) in [("fadeIn", &filters.fade_in), ("fadeOut", &filters.fade_out)] {
        if let Some(fade) = fade {
            check_fade(&format!("{field}.{name}"), fade)?;
        }
    }
    Ok(())
}

fn check_crop(field: &str, crop: &Rectangle) -> Result<()> {
    for (name, size, at_least) in
        [("left", crop.left, 0), ("top", crop.top, 0), ("width", crop.width, 1), ("height", crop.height, 1)]
    {
        let ok = match size {
            None => true,
            Some(Dimension::Pixels(pixels)) => (at_least..=MAX_PIXELS).contains(&pixels),
            Some(Dimension::Percent(share)) => share <= 100.0 && (at_least == 0 || share > 0.0),
        };
        if !ok {
            return Err(Error::invalid(
                format!("{field}.{name}"),
                "the value does not leave a part of the picture",
            ));
        }
    }
    for (name, from, length) in [("width", crop.left, crop.width), ("height", crop.top, crop.height)] {
        if let (Some(Dimension::Percent(from)), Some(Dimension::Percent(length))) = (from, length)
            && from + length > 100.0
        {
            return Err(Error::invalid(format!("{field}.{name}"), "the part reaches beyond the picture"));
        }
    }
    Ok(())
}

fn check_fade(field: &str, fade: &Fade) -> Result<()> {
    let duration = format!("{field}.duration");
    position(&duration, fade.duration, false)?;
    if is_zero(fade.duration) {
        return Err(Error::invalid(duration, "the value must be above 0"));
    }
    fade.start.map_or(Ok(()), |start| position(&format!("{field}.start"), start, false))
}
