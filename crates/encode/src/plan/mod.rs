//! From preset and input to a [`Plan`]: which renditions, on which clock, in which chunks and files. Nothing here reads or writes.

pub mod audio;
pub mod builtin;
pub mod chunks;
pub mod draft;
pub mod geometry;
pub mod images;
pub mod ladder;
pub mod names;
pub mod picture;
pub mod standard;
#[cfg(test)]
pub(crate) mod testing;
pub mod thumbnails;
pub mod timing;
pub mod types;

use millrace_catalog::preset::Preset;

use crate::problem::Problem;

pub use chunks::{Chunk, ChunkLengths, chunks};
pub use draft::Draft;
pub use timing::Timing;
pub use types::{AudioMake, AudioTrack, Clip, InputFile, OutputFile, Place, Plan, VideoMake, VideoTrack};

/// The plan of a preset for clips that were probed; at least one clip.
pub fn plan(preset: &Preset, clips: Vec<Clip>) -> Result<Plan, Problem> {
    let Some(first) = clips.first() else {
        return Err(Problem::configuration("The job has no input."));
    };
    let interval = match preset {
        Preset::BuiltIn(builtin) => builtin::interval_us(builtin),
        Preset::Standard(standard) => standard::interval_us(standard),
    };
    let filters = match preset {
        Preset::BuiltIn(_) => None,
        Preset::Standard(standard) => standard.filters.as_ref(),
    };
    let name = names::basename(&first.input.name);
    let timing = match &first.source.video {
        Some(video) => Timing::new(video, interval),
        None => Timing::audio_only(interval),
    };
    let total_us = clips.iter().map(Clip::duration_us).sum();
    let picture = match &first.source.video {
        Some(video) => Some(picture::picture(video, filters, &timing, total_us)?),
        None => None,
    };
    let draft = Draft::new(name, clips, timing, picture);
    match preset {
        Preset::BuiltIn(builtin) => builtin::plan(builtin, draft),
        Preset::Standard(standard) => standard::plan(standard, draft),
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
