//! Cutting the timeline into chunks: stretches between two key frames that are encoded apart.

use serde::{Deserialize, Serialize};

use super::timing::Timing;
use super::types::{Clip, Plan};

/// A title of 24 h in chunks of 20 s has 4,320; beyond this chunks grow.
pub const MAX_CHUNKS: i64 = 5_000;

/// How long chunks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChunkLengths {
    /// Microseconds of the first chunk: short, so that a title soon plays.
    pub first_us: i64,
    /// Microseconds of the others. Longer chunks lose less quality at their cold start; shorter ones spread better.
    pub other_us: i64,
}

impl Default for ChunkLengths {
    fn default() -> Self {
        ChunkLengths { first_us: 6_000_000, other_us: 30_000_000 }
    }
}

/// A stretch of one clip. All times are ticks of [`Timing::timescale`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Counted from 0 over the whole plan.
    pub number: u32,
    /// Which clip.
    pub clip: usize,
    /// First tick that belongs to it, counted from the input's first frame.
    pub from: i64,
    /// First tick that does not; `None`: to the end of the input.
    pub to: Option<i64>,
    /// What is added to input ticks to give output ticks.
    pub shift: i64,
}

impl Chunk {
    /// Length in microseconds, as far as it is known; `whole_us` is where the clip's input ends.
    pub fn length_us(&self, timing: &Timing, whole_us: i64) -> i64 {
        let end = self.to.map_or(whole_us, |to| timing.us(to));
        (end - timing.us(self.from)).max(0)
    }
}

/// All chunks of a plan, in playing order; empty without video.
pub fn chunks(plan: &Plan, lengths: ChunkLengths) -> Vec<Chunk> {
    if plan.video.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    let mut at = 0;
    for (index, clip) in plan.clips.iter().enumerate() {
        let last = index + 1 == plan.clips.len();
        at += cut(&mut all, &plan.timing, clip, index, at, last, lengths);
    }
    all
}

/// Ticks of the input at which a clip begins: the first frame at or after its start.
pub fn clip_start(timing: &Timing, clip: &Clip) -> i64 {
    let start = timing.ticks(clip.start_us);
    match timing.frame.map(i64::from) {
        Some(frame) => (start + frame - 1).div_euclid(frame) * frame,
        None => start,
    }
}

/// Ticks that a clip lasts: whole frames.
pub fn clip_length(timing: &Timing, clip: &Clip) -> i64 {
    let length = timing.ticks(clip.duration_us());
    match timing.frame.map(i64::from) {
        Some(frame) => (length + frame / 2).div_euclid(frame) * frame,
        None => length,
    }
}

/// Cuts one clip that begins at output tick `at`; gives its length in ticks.
fn cut(
    all: &mut Vec<Chunk>,
    timing: &Timing,
    clip: &Clip,
    index: usize,
    at: i64,
    last: bool,
    lengths: ChunkLengths,
) -> i64 {
    let start = clip_start(timing, clip);
    let length = clip_length(timing, clip);
    let shift = at - start;
    // Nothing follows the last clip, so it may be longer than its container says.
    let end = if last && clip.end_us.is_none() { None } else { Some(start + length + timing.boundary(0)) };
    let gops = gops_of(timing, length);
    let mut from = 0;
    while from < gops {
        let wanted = if all.is_empty() { lengths.first_us } else { lengths.other_us };
        let mut to = (from + gop_count(timing, wanted, gops)).min(gops);
        if !clip.input.seekable || (gops - to) * 3 < to - from {
            // A short rest is not worth a start of its own.
            to = gops;
        }
        let bound = |gop: i64| start + timing.boundary(gop);
        all.push(Chunk {
            number: all.len() as u32,
            clip: index,
            from: bound(from),
            to: if to == gops { end } else { Some(bound(to)) },
            shift,
        });
        from = to;
    }
    length
}

fn gops_of(timing: &Timing, length: i64) -> i64 {
    let gop = i64::from(timing.gop.max(1));
    ((length + gop - 1) / gop).max(1)
}

fn gop_count(timing: &Timing, wanted_us: i64, gops: i64) -> i64 {
    let gop_us = timing.us(i64::from(timing.gop)).max(1);
    let least = gops.div_euclid(MAX_CHUNKS) + 1;
    ((wanted_us + gop_us / 2) / gop_us).max(least)
}

#[cfg(test)]
#[path = "chunks_tests.rs"]
mod tests;
