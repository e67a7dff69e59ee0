//! Thumbnails of a standard preset: moments, sizes and names.

use millrace_catalog::preset::{
    Codec, Dimension, Format, ImageCommon, JpgImage, Macro, Pattern, PngImage, Position, Standard,
};

use super::draft::Draft;
use super::geometry::meet;
use super::images::{ImageKind, ImageSet, MAX_IMAGES, Moments, Sprite};
use super::names::unique;
use super::picture::position_us;

/// One size of pictures, whatever the format.
struct Layer {
    label: Option<String>,
    width: Option<Dimension>,
    height: Option<Dimension>,
    kind: ImageKind,
}

/// AMS's default.
const QUALITY: u32 = 70;

/// Adds the image sets of a preset; nothing without video.
pub fn add(draft: &mut Draft, preset: &Standard) {
    for codec in &preset.codecs {
        match codec {
            Codec::JpgImage(image) => {
                let pattern = preset.formats.iter().find(|format| matches!(format, Format::Jpg { .. }));
                add_sets(
                    draft,
                    &image.common,
                    jpg_layers(image),
                    image.sprite_column,
                    pattern.map(Format::pattern),
                );
            }
            Codec::PngImage(image) => {
                let pattern = preset.formats.iter().find(|format| matches!(format, Format::Png { .. }));
                add_sets(draft, &image.common, png_layers(image), None, pattern.map(Format::pattern));
            }
            _ => {}
        }
    }
}

fn jpg_layers(image: &JpgImage) -> Vec<Layer> {
    let mut layers: Vec<Layer> = image
        .layers
        .iter()
        .map(|layer| Layer {
            label: layer.label.clone(),
            width: layer.width,
            height: layer.height,
            kind: ImageKind::Jpg { quality: layer.quality.unwrap_or(QUALITY).min(100) },
        })
        .collect();
    if layers.is_empty() {
        layers.push(Layer {
            label: None,
            width: None,
            height: None,
            kind: ImageKind::Jpg { quality: QUALITY },
        });
    }
    layers
}

fn png_layers(image: &PngImage) -> Vec<Layer> {
    let layer = |label, width, height| Layer { label, width, height, kind: ImageKind::Png };
    let mut layers: Vec<Layer> =
        image.layers.iter().map(|given| layer(given.label.clone(), given.width, given.height)).collect();
    if layers.is_empty() {
        layers.push(layer(None, None, None));
    }
    layers
}

fn add_sets(
    draft: &mut Draft,
    common: &ImageCommon,
    layers: Vec<Layer>,
    columns: Option<u32>,
    pattern: Option<&Pattern>,
) {
    let Some(picture) = draft.picture_size() else { return };
    let moments = moments(draft, common);
    for layer in layers {
        let fitted = meet(picture, layer.width, layer.height, common.stretch_mode);
        let label = layer.label.clone().or_else(|| common.label.clone());
        let count = if columns.is_some() { 1 } else { moments.count() };
        let names = names(draft, pattern, &layer, label.as_deref(), count, fitted.size);
        let sprite = columns
            .filter(|columns| *columns > 0)
            .map(|columns| Sprite { columns, map: map_name(draft, &names) });
        draft.plan.images.push(ImageSet {
            kind: layer.kind,
            size: fitted.size,
            inner: fitted.inner,
            moments: moments.clone(),
            names,
            sprite,
        });
    }
}

/// `start`, `step` and `range` as moments. A range counts from the start; 1 % of it is the last picture's place at most.
fn moments(draft: &Draft, common: &ImageCommon) -> Moments {
    if common.start == Position::Best {
        return Moments::Best;
    }
    let (timing, total) = (&draft.plan.timing, draft.plan.duration_us().max(1));
    let us = |position| position_us(position, timing, total);
    let start = us(common.start).clamp(0, total - 1);
    let step = us(common.step.unwrap_or(Position::Percent(10.0))).max(1);
    let end = range_end(common.range, start, us).min(total - 1);
    let times: Vec<i64> =
        (0..MAX_IMAGES as i64).map(|n| start + n * step).take_while(|time| *time <= end).collect();
    if times.is_empty() { Moments::At(vec![start]) } else { Moments::At(times) }
}

/// AMS counts a range from the start, but in per cent of the whole.
fn range_end(range: Option<Position>, start: i64, us: impl Fn(Position) -> i64) -> i64 {
    match range {
        None => i64::MAX,
        Some(Position::Percent(share)) => us(Position::Percent(share)),
        // One frame, or one picture: AMS's samples write a range of 1 for a single thumbnail.
        Some(Position::Frame(1)) => start,
        Some(other) => start.saturating_add(us(other)),
    }
}

fn names(
    draft: &Draft,
    pattern: Option<&Pattern>,
    layer: &Layer,
    label: Option<&str>,
    count: usize,
    (width, height): (u32, u32),
) -> Vec<String> {
    let extension = if layer.kind == ImageKind::Png { ".png" } else { ".jpg" };
    let mut taken = draft.file_names();
    let mut names = Vec::with_capacity(count);
    for number in 1..=count {
        let value = |wanted: Macro| match wanted {
            Macro::Basename => Some(draft.plan.basename.clone()),
            Macro::Extension => Some(extension.to_owned()),
            Macro::Label => label.map(str::to_owned),
            Macro::Index => Some(format!("{number:06}")),
            Macro::Resolution => Some(format!("{width}x{height}")),
            _ => None,
        };
        let wanted = match pattern {
            Some(pattern) => pattern.expand(value),
            None => format!("{}_{number:06}{extension}", draft.plan.basename),
        };
        let name = unique(&wanted, &taken);
        taken.push(name.clone());
        names.push(name);
    }
    names
}

fn map_name(draft: &Draft, names: &[String]) -> String {
    let first = names.first().map_or("sprite", String::as_str);
    let stem = first.rsplit_once('.').map_or(first, |(stem, _)| stem);
    unique(&format!("{stem}.vtt"), &draft.file_names())
}
