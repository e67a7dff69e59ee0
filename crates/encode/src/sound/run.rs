//! Running an audio track. It is decoded a hundred times faster than real time, so it is never cut into chunks.

use std::path::Path;

use super::command::arguments;
use crate::chunk::{Bench, VIDEO_ID, grid};
use crate::flow::Flow;
use crate::plan::Plan;
use crate::problem::{Failure, Problem};

/// Name of a record among the work of its plan.
pub fn record_name(track: usize, number: u32) -> String {
    crate::flow::record_name(&prefix(track), number)
}

fn prefix(track: usize) -> String {
    format!("a{track:02}")
}

/// Number of an audio track in every file that has it; video is 1.
pub fn id_of(index: usize) -> u32 {
    VIDEO_ID + 1 + index as u32
}

/// Encodes (or copies) audio track number `index`; `written` is told of each finished piece, `on_progress` gets the done share.
pub async fn encode(
    bench: &Bench<'_>,
    plan: &Plan,
    index: usize,
    inputs: &[&Path],
    on_progress: impl Fn(f64),
    written: impl Fn(u32),
) -> Result<(), Failure> {
    let Some(track) = plan.audio.get(index) else {
        return Err(Problem::service(format!("The plan has no audio track {index}.")).into());
    };
    let flow = Flow {
        bench,
        prefix: prefix(index),
        id: id_of(index),
        language: track.language.as_deref(),
        grid: grid(&plan.timing),
        is_video: false,
        total_us: plan.duration_us(),
        input: plan.clips.first().map_or("the input", |clip| clip.input.name.as_str()),
    };
    flow.run(&arguments(plan, track, inputs), on_progress, written).await
}
