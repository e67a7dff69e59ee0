//! The orchestrator of a job.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use millrace_catalog::asset::Asset;
use millrace_catalog::job::{Clip, ErrorCode, JobError, JobStep, Source as Where, Work};
use millrace_catalog::transform::{OnError, Priority};
use millrace_ledger::runner::{Context, Ending, Handler, Stop, Verdict};
use millrace_ledger::{Commit, Outcome, Task};
use uuid::Uuid;

use super::Inner;
use super::driver::{Driver, problem_in};
use super::finish;
use super::inputs::{input_problem, needs_copy, probe_copy};
use crate::plan::types::{InputFile, Place};
use crate::plan::{self, Plan};
use crate::probe::{File, probe};
use crate::problem::{Code, Failure, Problem};

/// Handles `encode.job`.
pub(super) struct JobHandler(pub Arc<Inner>);

#[async_trait]
impl Handler for JobHandler {
    async fn run(&self, context: Context) -> Verdict {
        let Some(id) = job_id(context.task()) else {
            return Verdict::fail("the task names no job".into());
        };
        let run = JobRun { inner: &self.0, context: &context, id };
        match run.all().await {
            Ok(verdict) => verdict,
            Err(Failure::Stopped) => match context.stop() {
                Some(Stop::Cancelled) => Outcome::Cancelled.into(),
                _ => Outcome::Release { run_at: None }.into(),
            },
            Err(Failure::Problem(problem)) => run.fail(problem).await,
        }
    }

    /// The job ends with its task, whatever ended the task: a panic, its last attempt.
    async fn ended(&self, task: &Task, ending: &Ending) -> Commit {
        let Some(id) = job_id(task) else { return Commit::new() };
        let step = match ending {
            Ending::Failed(error) => JobStep::Fail { error: job_error(&problem_in(Some(error))) },
            // The catalog ends it once no task of it runs.
            Ending::Cancelled => return Commit::new(),
        };
        self.0.catalog.job_steps(id, &step).await.unwrap_or_default()
    }
}

fn job_id(task: &Task) -> Option<Uuid> {
    task.body.get("job")?.as_str()?.parse().ok()
}

/// The catalog's form of a problem.
fn job_error(problem: &Problem) -> JobError {
    let code = match problem.code {
        Code::ServiceError => ErrorCode::ServiceError,
        Code::ServiceTransientError => ErrorCode::ServiceTransientError,
        Code::DownloadNotAccessible => ErrorCode::DownloadNotAccessible,
        Code::DownloadTransientError => ErrorCode::DownloadTransientError,
        Code::UploadNotAccessible => ErrorCode::UploadNotAccessible,
        Code::UploadTransientError => ErrorCode::UploadTransientError,
        Code::ConfigurationUnsupported => ErrorCode::ConfigurationUnsupported,
        Code::ContentMalformed => ErrorCode::ContentMalformed,
        Code::ContentUnsupported => ErrorCode::ContentUnsupported,
    };
    JobError::new(code, problem.message.clone())
}

struct JobRun<'a> {
    inner: &'a Arc<Inner>,
    context: &'a Context,
    id: Uuid,
}

impl JobRun<'_> {
    async fn all(&self) -> Result<Verdict, Failure> {
        let catalog = &self.inner.catalog;
        let work = catalog.job_work(self.id).await.map_err(stopped)?;
        if work.job.state.is_final() {
            return Ok(Verdict::done(serde_json::Value::Null));
        }
        catalog.job_scheduled(self.context.lease(), self.id, Commit::new()).await.map_err(stopped)?;
        let clips = self.probe_all(&work).await?;
        catalog.job_started(self.context.lease(), self.id, Commit::new()).await.map_err(stopped)?;
        self.outputs(&work, &clips).await?;
        for clip in &clips {
            self.inner.inputs.forget(&clip.input).await;
        }
        let end = Commit::new().finish(self.context.lease(), Outcome::Done(serde_json::Value::Null));
        catalog.job_finished(self.context.lease(), self.id, end).await.map_err(stopped)?;
        Ok(Verdict::Committed)
    }

    /// Ends the job with a problem of its input, unless trying again may help.
    async fn fail(&self, problem: Problem) -> Verdict {
        let error = serde_json::to_value(&problem).unwrap_or_default();
        if problem.code.is_transient() && !self.context.task().is_last_attempt() {
            return Outcome::Retry { error, after: None }.into();
        }
        // `ended` fails the job in the same commit.
        Verdict::fail(error)
    }

    /// Runs all outputs at once; the end of the job is for the catalog to tell from theirs.
    async fn outputs(&self, work: &Work, clips: &[plan::Clip]) -> Result<(), Failure> {
        let running: FuturesUnordered<_> = (0..work.outputs.len())
            .filter(|number| work.job.outputs.get(*number).is_some_and(|output| !output.state.is_final()))
            .map(|number| async move { (number, self.output(work, clips, number).await) })
            .collect();
        let mut running = running;
        while let Some((number, done)) = running.next().await {
            match done {
                Ok(()) => {
                    let done = self.inner.catalog.output_finished(
                        self.context.lease(),
                        self.id,
                        number,
                        Commit::new(),
                    );
                    done.await.map_err(stopped)?;
                }
                Err(Failure::Stopped) => return Err(Failure::Stopped),
                Err(Failure::Problem(problem)) if self.may_pass(number, &problem) => {
                    return Err(problem.into());
                }
                Err(Failure::Problem(problem)) => {
                    if self.failed(work, number, &problem).await? {
                        return Ok(());
                    }
                }
            }
            self.inner.board.forget(&Driver::name(self.id, number));
        }
        Ok(())
    }

    /// Whether the problem of an output may have passed when the job runs again.
    fn may_pass(&self, number: usize, problem: &Problem) -> bool {
        let output = self.inner.board.output(&Driver::name(self.id, number));
        let is_final = output.task_failed.load(Ordering::Relaxed) || self.context.task().is_last_attempt();
        problem.code.is_transient() && !is_final
    }

    /// Notes that an output failed; whether that ends the job.
    async fn failed(&self, work: &Work, number: usize, problem: &Problem) -> Result<bool, Failure> {
        tracing::warn!(job = %self.id, output = number, %problem, "an output failed");
        let catalog = &self.inner.catalog;
        let error = job_error(problem);
        catalog
            .output_failed(self.context.lease(), self.id, number, error, Commit::new())
            .await
            .map_err(stopped)?;
        let ends =
            work.job.outputs.get(number).is_none_or(|output| output.on_error == OnError::StopProcessingJob);
        let given_up = if ends { 0..work.outputs.len() } else { number..number + 1 };
        for number in given_up {
            self.inner.board.output(&Driver::name(self.id, number)).given_up.cancel();
        }
        Ok(ends)
    }

    async fn output(&self, work: &Work, clips: &[plan::Clip], number: usize) -> Result<(), Failure> {
        let Some((output, place)) = work.job.outputs.get(number).zip(work.outputs.get(number)) else {
            return Ok(());
        };
        let asset: &Asset = place.asset.as_ref().map_err(|name| {
            Problem::new(
                Code::UploadNotAccessible,
                format!("The output asset '{name}' does not exist any more."),
            )
        })?;
        let plan: Arc<Plan> = Arc::new(plan::plan(&output.preset, clips.to_vec())?);
        let driver = Driver {
            inner: self.inner,
            context: self.context,
            job: self.id,
            number,
            priority: priority(work.job.priority) + priority(output.relative_priority) / 10,
            asset,
            store: Driver::store_for(self.inner, asset, &Driver::name(self.id, number), &plan)?,
            plan,
            output: self.inner.board.output(&Driver::name(self.id, number)),
        };
        let done = driver.run().await;
        let is_over = match &done {
            Ok(()) => false,
            Err(Failure::Stopped) => self.context.stop() == Some(Stop::Cancelled),
            Err(Failure::Problem(problem)) => !self.may_pass(number, problem),
        };
        if is_over && let Err(error) = finish::withdraw(&driver.store).await {
            tracing::warn!(%error, "the unfinished title of a failed output remains");
        }
        done
    }

    async fn probe_all(&self, work: &Work) -> Result<Vec<plan::Clip>, Failure> {
        let mut clips = Vec::new();
        for input in &work.inputs {
            let file = self.find(&input.clip, input.asset.as_ref()).await?;
            clips.push(self.probe_one(&input.clip, file).await?);
        }
        Ok(clips)
    }

    /// Where the clip's one media file is.
    async fn find(&self, clip: &Clip, asset: Option<&Result<Asset, String>>) -> Result<InputFile, Failure> {
        let place = |name: String, place| InputFile { name, place, remux: false, seekable: true };
        if let Where::Http { .. } = clip.source {
            let urls = clip.urls().unwrap_or_default();
            let [url] = urls.as_slice() else {
                return Err(one_file(urls.len()).into());
            };
            let name =
                url.path_segments().and_then(|mut parts| parts.next_back()).filter(|name| !name.is_empty());
            let name = name.unwrap_or("input").to_owned();
            return Ok(place(name, Place::Http { url: url.to_string(), version: self.id.to_string() }));
        }
        let asset = match asset {
            Some(Ok(asset)) => asset,
            Some(Err(name)) => return Err(no_asset(name).into()),
            None => return Err(no_asset("").into()),
        };
        let name = match clip.files.as_slice() {
            [] => super::media_file::only_media_file(self.inner, asset).await?,
            [file] => file.clone(),
            more => return Err(one_file(more.len()).into()),
        };
        let account = self.inner.catalog.storage(asset).map_err(stopped)?;
        let blob = crate::store::blob_name(&name)?;
        let head =
            account.head(&asset.container, &blob).await.map_err(|error| input_problem(&name, error))?;
        let place_of = Place::Blob {
            account: asset.storage_account.clone(),
            container: asset.container.as_str().to_owned(),
            blob: name.clone(),
            etag: head.etag.as_str().to_owned(),
        };
        Ok(place(name, place_of))
    }

    async fn probe_one(&self, clip: &Clip, mut input: InputFile) -> Result<plan::Clip, Failure> {
        let (inner, stop) = (self.inner, self.context.token());
        let (blobs, tools) = (inner.catalog.blobs(), &inner.config.tools);
        let held = inner.inputs.original(blobs, &input, &stop).await?;
        let name = input.name.clone();
        let mut source = probe(tools, File { path: held.path(), name: &name }, &stop).await?;
        if needs_copy(&source) {
            input.remux = true;
            match inner.inputs.hold(blobs, tools, &input, &source, &stop).await {
                Ok(copy) => source = probe_copy(tools, &copy, &name, &source, &stop).await?,
                Err(Failure::Stopped) => return Err(Failure::Stopped),
                Err(Failure::Problem(problem)) => {
                    // Some streams have no place in Matroska: then it is decoded from its start, in one piece.
                    tracing::info!(%problem, "the input cannot be copied before it is encoded");
                    input.remux = false;
                    input.seekable = false;
                }
            }
        }
        let us = |time: millrace_catalog::job::ClipTime| {
            i64::try_from(time.offset().as_micros()).unwrap_or(i64::MAX)
        };
        let clip = plan::Clip { input, source, start_us: clip.start.map_or(0, us), end_us: clip.end.map(us) };
        if clip.start_us > 0 && clip.duration_us() == 0 {
            let start = clip.start_us as f64 / 1e6;
            return Err(Problem::configuration(format!(
                "The clip begins at {start} s, after the end of '{name}'."
            ))
            .into());
        }
        Ok(clip)
    }
}

fn priority(priority: Priority) -> i32 {
    match priority {
        Priority::Low => -1000,
        Priority::Normal => 0,
        Priority::High => 1000,
    }
}

fn one_file(count: usize) -> Problem {
    Problem::configuration(format!("A clip has one media file; this one names {count}."))
}

fn no_asset(name: &str) -> Problem {
    Problem::new(Code::DownloadNotAccessible, format!("The input asset '{name}' does not exist any more."))
}

/// A refusal of the catalog: the job was cancelled, deleted or given to another.
fn stopped(error: millrace_catalog::Error) -> Failure {
    use millrace_catalog::Error;
    match error {
        Error::LeaseLost | Error::WrongState { .. } | Error::NotFound { .. } => Failure::Stopped,
        other => {
            Problem::new(Code::ServiceTransientError, format!("The job's record cannot be used: {other}"))
                .into()
        }
    }
}
