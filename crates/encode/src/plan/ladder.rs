//! The generated ladder: which sizes and bit rates a source deserves, never above what it has.
//!
//! AMS documents the result for three sources (see `reference`). All three tables lie on one law: the bit rate grows with
//! pixels per second to the power of 0.81, and a source below 720p gets less at every size, since its pixels hold
//! less detail. [`generate`] follows the documented table for the size and that law for the frame rate.

use crate::ratio::Ratio;

/// A rung: pixels and bits per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// Pixels, even.
    pub width: u32,
    /// Pixels, even.
    pub height: u32,
    /// Bits per second.
    pub bitrate: u64,
}

/// What the ladder is made for.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// Upright size with square pixels.
    pub size: (u32, u32),
    /// Frames per second.
    pub rate: Ratio,
    /// Bits per second of the source's video, if known.
    pub bit_rate: Option<u64>,
    /// How many bits of this ladder's codec say what one bit of the source says.
    pub efficiency: f64,
}

/// Bounds that a preset sets.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Bit rates are those of H.264 times this.
    pub codec_factor: f64,
    /// Lines of the highest rung at most, along the short side.
    pub max_height: u32,
    /// Lines of the lowest rung at least.
    pub min_height: u32,
    /// Bits per second of any rung at most.
    pub max_bitrate: u64,
    /// Bits per second of any rung at least.
    pub min_bitrate: u64,
    /// Number of rungs at most.
    pub max_layers: usize,
}

/// Lines and kilobits per second at 29.97 frames per second: AMS's table for a 1080p source, and the same law above it.
const ANCHORS: [(u32, f64); 8] = [
    (2160, 20_840.0),
    (1440, 10_800.0),
    (1080, 6_780.0),
    (720, 3_520.0),
    (540, 2_210.0),
    (360, 1_150.0),
    (270, 720.0),
    (180, 380.0),
];
/// The anchors' frame rate.
const ANCHOR_RATE: f64 = 30_000.0 / 1_001.0;
/// Growth of the bit rate with pixels per second.
const POWER: f64 = 0.81;
/// What a 360p source needs of the table's rate at the same size.
const SMALL_SOURCE: f64 = 0.61;
/// Two rungs nearer than this in height are one.
const NEAR: f64 = 0.97;

/// The ladder for a source, highest first, at least one rung.
pub fn generate(facts: &Facts, bounds: &Bounds) -> Vec<Rung> {
    let mut rungs: Vec<Rung> = sizes(facts, bounds)
        .into_iter()
        .map(|(width, height)| Rung {
            width,
            height,
            bitrate: natural_bitrate(facts, (width, height), bounds),
        })
        .collect();
    thin_out(&mut rungs, bounds.max_layers);
    stay_below_source(&mut rungs, facts, bounds);
    rungs
}

/// Sizes of the rungs: the source's own (or the largest permitted), then every anchor that is smaller.
fn sizes(facts: &Facts, bounds: &Bounds) -> Vec<(u32, u32)> {
    let mut sizes: Vec<(u32, u32)> = Vec::new();
    let native = even_size(facts.size);
    for (lines, _) in ANCHORS {
        if lines > bounds.max_height || (lines < bounds.min_height && !sizes.is_empty()) {
            continue;
        }
        let scale = fit(facts.size, lines);
        let top = if sizes.is_empty() && scale >= NEAR && lines < 1_080 {
            // Nothing above was permitted or needed: the source's own size is the highest rung.
            Some(native)
        } else {
            None
        };
        let size = match top {
            Some(size) => size,
            None if scale >= NEAR => continue,
            None => scaled(facts.size, scale),
        };
        push_distinct(&mut sizes, size);
    }
    insert_native(&mut sizes, facts, bounds, native);
    if sizes.is_empty() {
        sizes.push(native);
    }
    sizes
}

/// Puts the source's own size on top where it is permitted and not nearly there already.
fn insert_native(sizes: &mut Vec<(u32, u32)>, facts: &Facts, bounds: &Bounds, native: (u32, u32)) {
    /// A size this much above the next rung is worth a rung of its own.
    const WORTH: f64 = 1.12;
    if fit(facts.size, bounds.max_height) < NEAR {
        return;
    }
    match sizes.first() {
        Some(first) if *first == native => {}
        Some(first) if f64::from(native.1) < f64::from(first.1) * WORTH => sizes[0] = native,
        _ => sizes.insert(0, native),
    }
}

fn push_distinct(sizes: &mut Vec<(u32, u32)>, size: (u32, u32)) {
    if !sizes.contains(&size) {
        sizes.push(size);
    }
}

/// By how much the source must shrink to fit a 16:9 box of so many lines, turned as the source is.
pub fn fit((width, height): (u32, u32), lines: u32) -> f64 {
    let (long, short) = (width.max(height), width.min(height));
    let box_long = (f64::from(lines) * 16.0 / 9.0).round();
    (box_long / f64::from(long)).min(f64::from(lines) / f64::from(short))
}

/// The size shrunk by `scale`, even in both directions.
pub fn scaled((width, height): (u32, u32), scale: f64) -> (u32, u32) {
    let side = |value: u32| nearest_even(f64::from(value) * scale);
    (side(width), side(height))
}

/// The next even size that is not larger, but at least 2×2.
pub fn even_size((width, height): (u32, u32)) -> (u32, u32) {
    ((width & !1).max(2), (height & !1).max(2))
}

fn nearest_even(value: f64) -> u32 {
    (((value / 2.0).round() as u32) * 2).max(2)
}

/// The bit rate by the law, before the source's own bit rate is looked at.
fn natural_bitrate(facts: &Facts, (width, height): (u32, u32), bounds: &Bounds) -> u64 {
    let pixels = f64::from(width) * f64::from(height);
    let rate = facts.rate.value().clamp(1.0, 240.0);
    let table = by_pixels(pixels) * (rate / ANCHOR_RATE).powf(POWER);
    let kilobits = table * detail(facts.size) * bounds.codec_factor;
    let bits = (kilobits / 10.0).round() as u64 * 10_000;
    bits.clamp(bounds.min_bitrate, bounds.max_bitrate)
}

/// Kilobits per second for so many pixels at the anchors' frame rate: straight lines between anchors, on logarithmic axes.
fn by_pixels(pixels: f64) -> f64 {
    let points = ANCHORS.map(|(lines, rate)| (pixels_of(lines), rate));
    let (mut above, mut below) = (points[0], points[1]);
    for pair in points.windows(2) {
        (above, below) = (pair[0], pair[1]);
        if pixels >= below.0 {
            break;
        }
    }
    let slope = (above.1 / below.1).ln() / (above.0 / below.0).ln();
    below.1 * (pixels / below.0).powf(slope)
}

fn pixels_of(lines: u32) -> f64 {
    f64::from(lines) * f64::from(lines) * 16.0 / 9.0
}

/// The share of the table that a source of this size needs: all of it from 720p on, 0.61 from 360p down.
fn detail((width, height): (u32, u32)) -> f64 {
    let pixels = f64::from(width) * f64::from(height);
    let (low, high) = (pixels_of(360), pixels_of(720));
    let share = ((pixels / low).ln() / (high / low).ln()).clamp(0.0, 1.0);
    SMALL_SOURCE + (1.0 - SMALL_SOURCE) * share
}

/// Leaves out rungs in the middle until there are at most `max`; the first and the last stay.
fn thin_out(rungs: &mut Vec<Rung>, max: usize) {
    while rungs.len() > max.max(1) {
        let middle = if rungs.len() > 2 { rungs.len() / 2 } else { 1 };
        rungs.remove(middle);
    }
}

/// Lowers the whole ladder where its top would spend more bits than the source has.
fn stay_below_source(rungs: &mut [Rung], facts: &Facts, bounds: &Bounds) {
    /// A source that is this much poorer than its size suggests is poor in detail, too: below it the rungs stay.
    const LEAST: f64 = 0.2;
    let (Some(source), Some(top)) = (facts.bit_rate, rungs.first().copied()) else {
        return;
    };
    let useful = source as f64 * facts.efficiency;
    if useful >= top.bitrate as f64 {
        return;
    }
    let factor = (useful / top.bitrate as f64).max(LEAST);
    for rung in rungs {
        let bits = (rung.bitrate as f64 * factor / 1_000.0).round() as u64 * 1_000;
        rung.bitrate = bits.max(bounds.min_bitrate.min(rung.bitrate));
    }
}

#[cfg(test)]
#[path = "ladder_tests.rs"]
mod tests;
