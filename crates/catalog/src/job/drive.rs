//! What a worker does to a job: every verb is fenced by the worker's lease and committed with its events.
//!
//! A verb that fails with [`Error::LeaseLost`], [`Error::WrongState`] or [`Error::NotFound`] tells the worker to stop: the job was
//! given to another, cancelled, or deleted. Verbs may be repeated: a step that was taken changes nothing.

use millrace_ledger::{Commit, Lease};
use uuid::Uuid;

use super::machine::{self, Refused};
use super::{Clip, Job, JobError, JobStep, Source};
use crate::asset::Asset;
use crate::catalog::contend;
use crate::record::Record;
use crate::{Catalog, Error, Kind, Result};

/// A job with all that its encoding needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// The job; `job.outputs[i].preset` says what to make.
    pub job: Job,
    /// Clips in playing order; more than one are stitched.
    pub inputs: Vec<Input>,
    /// One per output of the job, in order.
    pub outputs: Vec<OutputWork>,
}

/// A clip, with its asset found.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Files, start and end.
    pub clip: Clip,
    /// The asset, for clips of assets; `Err` with its name if it is gone.
    pub asset: Option<Result<Asset, String>>,
}

/// Where an output goes.
#[derive(Debug, Clone, PartialEq)]
pub struct OutputWork {
    /// The asset, or `Err` with its name if it is gone. Several outputs may share one.
    pub asset: Result<Asset, String>,
}

impl Catalog {
    /// A job by its id: what ledger tasks name.
    pub async fn job_by_id(&self, id: Uuid) -> Result<Job> {
        let stored = self.stored_by_id::<Job>(id).await?;
        Job::read(&stored.ok_or_else(|| Error::not_found(Kind::Job, id.to_string()))?)
    }

    /// A job with all that its encoding needs. Assets that were deleted meanwhile are told apart from failures to look.
    pub async fn job_work(&self, id: Uuid) -> Result<Work> {
        let job = self.job_by_id(id).await?;
        let mut inputs = Vec::new();
        for clip in job.input.clips() {
            let asset = match &clip.source {
                Source::Asset { name } => Some(self.asset_or_name(name).await?),
                Source::Http { .. } => None,
            };
            inputs.push(Input { clip: clip.clone(), asset });
        }
        let mut outputs = Vec::new();
        for output in &job.outputs {
            outputs.push(OutputWork { asset: self.asset_or_name(&output.asset).await? });
        }
        Ok(Work { job, inputs, outputs })
    }

    async fn asset_or_name(&self, name: &str) -> Result<Result<Asset, String>> {
        match self.asset(name).await {
            Ok(asset) => Ok(Ok(asset)),
            Err(Error::NotFound { name, .. }) => Ok(Err(name)),
            Err(other) => Err(other),
        }
    }

    /// A worker has taken the job: Queued → Scheduled.
    pub async fn job_scheduled(&self, lease: &Lease, id: Uuid, also: Commit) -> Result<Job> {
        self.job_step(lease, id, &JobStep::Schedule, also).await
    }

    /// Processing begins: → Processing, outputs too. `also` is committed with it (chunk tasks, for one).
    pub async fn job_started(&self, lease: &Lease, id: Uuid, also: Commit) -> Result<Job> {
        self.job_step(lease, id, &JobStep::Start, also).await
    }

    /// So much of an output is done, in per cent. Less than is known changes nothing; 100 is reached by finishing alone.
    pub async fn output_progress(&self, lease: &Lease, id: Uuid, output: usize, percent: u8) -> Result<Job> {
        self.job_step(lease, id, &JobStep::Progress { output, percent }, Commit::new()).await
    }

    /// An output is complete and durable.
    pub async fn output_finished(&self, lease: &Lease, id: Uuid, output: usize, also: Commit) -> Result<Job> {
        self.job_step(lease, id, &JobStep::FinishOutput { output }, also).await
    }

    /// An output failed. Whether that ends the job is for [`crate::transform::OnError`] to say; the worker then calls
    /// [`Catalog::job_finished`].
    pub async fn output_failed(
        &self,
        lease: &Lease,
        id: Uuid,
        output: usize,
        error: JobError,
        also: Commit,
    ) -> Result<Job> {
        self.job_step(lease, id, &JobStep::FailOutput { output, error }, also).await
    }

    /// The job ends as its outputs say: in error if one failed that stops the job, or if none finished. Outputs that are not final
    /// are cancelled in the first case, and make this [`Error::WrongState`] otherwise. `also` is the place to finish the lease.
    pub async fn job_finished(&self, lease: &Lease, id: Uuid, also: Commit) -> Result<Job> {
        self.job_step(lease, id, &JobStep::End, also).await
    }

    /// The job fails as a whole: every output that is not final fails with `error`.
    pub async fn job_failed(&self, lease: &Lease, id: Uuid, error: JobError, also: Commit) -> Result<Job> {
        self.job_step(lease, id, &JobStep::Fail { error }, also).await
    }

    /// The job has stopped because it was asked to.
    pub async fn job_canceled(&self, lease: &Lease, id: Uuid, also: Commit) -> Result<Job> {
        self.job_step(lease, id, &JobStep::Canceled, also).await
    }

    /// Takes a step under a lease, in one commit with its events and `also`. A step that changes nothing commits `also` alone.
    pub async fn job_step(&self, lease: &Lease, id: Uuid, step: &JobStep, also: Commit) -> Result<Job> {
        contend!(Kind::Job, &id.to_string(), async {
            let (job, steps) = self.plan_job_step(id, step).await?;
            if steps.is_empty() && also.is_empty() {
                return Ok(Some(job));
            }
            self.attempt(Commit::new().fence(lease).then(steps).then(also.clone()))
                .await
                .map(|done| done.map(|_| job))
        })
    }

    /// The steps that a worker may add to a commit of its own (the one that ends a task in [`millrace_ledger::runner::Handler::ended`]):
    /// they hold only if the job did not change meanwhile. Empty if the job is gone, or ended already.
    pub async fn job_steps(&self, id: Uuid, step: &JobStep) -> Result<Commit> {
        match self.plan_job_step(id, step).await {
            Ok((_, steps)) => Ok(steps),
            Err(Error::NotFound { .. } | Error::WrongState { .. }) => Ok(Commit::new()),
            Err(other) => Err(other),
        }
    }

    pub(super) async fn plan_job_step(&self, id: Uuid, step: &JobStep) -> Result<(Job, Commit)> {
        let stored =
            self.stored_by_id::<Job>(id).await?.ok_or_else(|| Error::not_found(Kind::Job, id.to_string()))?;
        let mut job = Job::read(&stored)?;
        let before = job.clone();
        let happened =
            machine::take(&mut job, step, self.now()).map_err(|refused| refusal(&before, refused))?;
        if job == before {
            return Ok((job, Commit::new()));
        }
        let put = Commit::new().put(job.replace(&stored)?);
        let events = super::events::events(&job, &happened, &self.topic());
        Ok((job, events.into_iter().fold(put, Commit::announce)))
    }
}

fn refusal(job: &Job, refused: Refused) -> Error {
    let (state, why) = match refused {
        Refused::State(state) => (state, "the step does not fit a job that is being cancelled or has ended"),
        Refused::Unfinished => (job.state, "some of its outputs are still at work"),
        Refused::NoOutput => return Error::invalid("outputs", "the job has no such output"),
    };
    Error::WrongState { kind: Kind::Job, name: job.name.clone(), state: state.as_str(), why }
}
