//! The tasks of an output: each makes some pieces, durable and recorded, and can be repeated.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use millrace_blob::ContainerName;
use millrace_ledger::runner::{Context, Handler, Stop, Verdict};
use millrace_ledger::{NewTask, Outcome};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::board::Output;
use super::inputs::Held;
use crate::chunk::{self, Bench, Cut};
use crate::plan::{Plan, chunks};
use crate::probe::File;
use crate::problem::{Failure, Problem};
use crate::store::Store;
use crate::{images, sound, verbatim};

/// Encodes one chunk of all renditions.
pub(super) const CHUNK_TASK: &str = "encode.chunk";
/// Encodes one audio track.
pub(super) const SOUND_TASK: &str = "encode.audio";
/// Copies the video track.
pub(super) const COPY_TASK: &str = "encode.copy";
/// Makes thumbnails.
pub(super) const IMAGES_TASK: &str = "encode.images";

/// Runs of a task that failed for a passing reason.
const ATTEMPTS: u32 = 4;

/// The body of every task.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Body {
    /// Job and number of the output.
    pub output: String,
    /// Number of the output.
    pub number: usize,
    /// Hash of its plan.
    pub plan: String,
    /// Storage account of the output asset.
    pub account: String,
    /// Container of the output asset.
    pub container: String,
    /// What to do.
    pub part: Part,
}

/// A part of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Part {
    /// Chunk of this number.
    Chunk(u32),
    /// Audio track of this number.
    Sound(usize),
    /// Video track of this number, as it is.
    Copy(usize),
    /// All thumbnails.
    Images,
}

impl Part {
    /// Unique within the output.
    pub(super) fn name(self) -> String {
        match self {
            Part::Chunk(number) => format!("chunk-{number:05}"),
            Part::Sound(track) => format!("audio-{track:02}"),
            Part::Copy(track) => format!("copy-{track:02}"),
            Part::Images => "images".to_owned(),
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Part::Chunk(_) => CHUNK_TASK,
            Part::Sound(_) => SOUND_TASK,
            Part::Copy(_) => COPY_TASK,
            Part::Images => IMAGES_TASK,
        }
    }

    /// First chunks and sound go before the later chunks of other jobs, so that every title plays soon.
    fn urgency(self) -> i32 {
        match self {
            Part::Chunk(0) => 300,
            Part::Sound(_) | Part::Copy(_) => 200,
            Part::Images => 50,
            Part::Chunk(_) => 0,
        }
    }
}

impl Body {
    /// The task for the ledger. `priority` is the job's.
    pub(super) fn task(&self, group: &str, priority: i32) -> NewTask {
        let key = format!("{}/{}/{}", self.output, self.plan, self.part.name());
        let body = serde_json::to_value(self).unwrap_or_default();
        NewTask::new(self.part.kind(), key, body)
            .group(group)
            .priority(priority + self.part.urgency())
            .retry(ATTEMPTS, millrace_ledger::Backoff::default())
            .if_exists(millrace_ledger::IfExists::Once)
    }
}

/// Handles all four kinds.
pub(super) struct TaskHandler(pub Arc<Inner>);

#[async_trait]
impl Handler for TaskHandler {
    async fn run(&self, context: Context) -> Verdict {
        let Ok(body) = serde_json::from_value::<Body>(context.task().body.clone()) else {
            return Verdict::fail("the task cannot be read".into());
        };
        let output = self.0.board.output(&body.output);
        let work = self.work(&context, &body, &output);
        let done = tokio::select! {
            biased;
            done = work => done,
            // Dropping the work ends its children.
            _ = context.stopped() => Err(Failure::Stopped),
            () = output.given_up.cancelled() => return Verdict::done(serde_json::Value::Null),
        };
        let verdict = verdict(&context, done);
        output.changed.notify_one();
        verdict
    }
}

fn verdict(context: &Context, done: Result<(), Failure>) -> Verdict {
    match done {
        Ok(()) => Verdict::done(serde_json::Value::Null),
        Err(Failure::Stopped) => match context.stop() {
            Some(Stop::Cancelled) => Outcome::Cancelled.into(),
            _ => Outcome::Release { run_at: None }.into(),
        },
        Err(Failure::Problem(problem)) => {
            let error = serde_json::to_value(&problem).unwrap_or_default();
            if problem.code.is_transient() {
                tracing::warn!(task = context.task().key, %problem, "an encoding task failed and is tried again");
                return Outcome::Retry { error, after: None }.into();
            }
            Verdict::fail(error)
        }
    }
}

impl TaskHandler {
    async fn work(&self, context: &Context, body: &Body, output: &Output) -> Result<(), Failure> {
        let inner = &self.0;
        let stop = context.token();
        let store = store_of(inner, body)?;
        let plan = plan_of(&store, &body.plan, output).await?;
        let held = hold_all(inner, &plan, &stop).await?;
        let scratch = inner.config.chunks();
        let bench = Bench { tools: &inner.config.tools, store: &store, scratch: &scratch, stop: &stop };
        let name = body.part.name();
        let note = |share: f64| {
            output.note(&name, share);
            context.progress(share);
        };
        let paths: Vec<&Path> = held.iter().map(Held::path).collect();
        match body.part {
            Part::Chunk(number) => {
                let all = chunks(&plan, inner.config.lengths);
                let chunk = all.get(number as usize).ok_or_else(|| gone("chunk"))?;
                let clip = plan.clips.get(chunk.clip).ok_or_else(|| gone("clip"))?;
                let video = clip.source.video.as_ref().ok_or_else(|| gone("video"))?;
                let path = paths.get(chunk.clip).ok_or_else(|| gone("input"))?;
                let cut = Cut { plan: &plan, chunk, video };
                chunk::encode(&bench, &cut, File { path, name: &clip.input.name }, note).await?;
            }
            Part::Sound(track) => {
                sound::encode(&bench, &plan, track, &paths, note, |_| output.changed.notify_one()).await?;
            }
            Part::Copy(track) => {
                verbatim::encode(&bench, &plan, track, &paths, note, |_| output.changed.notify_one()).await?;
            }
            Part::Images => images::make(&bench, &plan, &paths, note).await?,
        }
        output.note(&name, 1.0);
        Ok(())
    }
}

fn gone(what: &str) -> Problem {
    Problem::service(format!("The plan has no such {what}."))
}

/// The output container of a task.
pub(super) fn store_of(inner: &Inner, body: &Body) -> Result<Store, Failure> {
    let account = inner.catalog.blobs().account(&body.account);
    let account = account.ok_or_else(|| Problem::service("The output's storage account is gone."))?;
    let container = ContainerName::new(body.container.clone());
    let container =
        container.map_err(|error| Problem::service(format!("The output's container: {error}.")))?;
    Ok(Store::new(account.clone(), container, &body.output, &body.plan))
}

/// Name of the stored plan among its work.
pub(super) const PLAN_NAME: &str = "plan.json";

/// The stored plan, if it is the one that the task was made for. Whoever holds a signature for the container can write there,
/// and a plan says which files of this machine are read.
async fn plan_of(store: &Store, hash: &str, output: &Output) -> Result<Arc<Plan>, Failure> {
    if let Some(plan) = output.plan() {
        return Ok(plan);
    }
    let stored: Option<Plan> = store.get_json(&store.work(PLAN_NAME)).await?;
    let stored = stored.ok_or_else(|| gone("plan"))?;
    if stored.hash() != hash {
        return Err(
            Problem::service("The plan in the output's container is not the one that was made.").into()
        );
    }
    let plan = Arc::new(stored);
    output.keep_plan(plan.clone());
    Ok(plan)
}

async fn hold_all(inner: &Inner, plan: &Plan, stop: &CancellationToken) -> Result<Vec<Held>, Failure> {
    let mut held = Vec::with_capacity(plan.clips.len());
    for clip in &plan.clips {
        let blobs = inner.catalog.blobs();
        held.push(inner.inputs.hold(blobs, &inner.config.tools, &clip.input, &clip.source, stop).await?);
    }
    Ok(held)
}
