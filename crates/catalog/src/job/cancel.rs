//! Cancelling: the request, and the task that sees it to its end.
//!
//! A cancelled job's ledger tasks stop within the runner's grace, but which of them is the last, and whether the worker that
//! held the job's own task still lives, nobody knows at the time of the request. So the request leaves a task that waits until
//! none of the others can run any more, and then ends the job. A worker that ends it sooner is welcome to.

use millrace_ledger::runner::{Context, Verdict};
use millrace_ledger::{Change, Commit, NewTask, Outcome, Touched};
use serde_json::{Value, json};
use uuid::Uuid;

use super::machine::{self, Happening};
use super::{CANCEL_TASK, Job, JobState, JobStep};
use crate::catalog::contend;
use crate::record::Record;
use crate::{Catalog, Error, Kind, Result};

impl Catalog {
    /// Asks a job to stop. One that no worker has begun is Canceled with this; any other is Canceling, and Canceled soon. Asking
    /// again is no error; a job that ended is.
    pub async fn cancel_job(&self, transform: &str, name: &str) -> Result<Job> {
        let scope = self.transform(transform).await?.id.to_string();
        contend!(Kind::Job, name, async {
            let (stored, mut job) = self.found::<Job>(&scope, name).await?;
            let before = job.clone();
            let happened = cancel(&mut job, self.now()).map_err(|state| Error::WrongState {
                kind: Kind::Job,
                name: before.name.clone(),
                state: state.as_str(),
                why: "a job that has ended cannot be cancelled",
            })?;
            if job == before {
                return Ok(Some(job));
            }
            let put = Commit::new().put(job.replace(&stored)?).cancel_group(job.id.to_string());
            let events = super::events::events(&job, &happened, &self.topic());
            let mut commit = events.into_iter().fold(put, Commit::announce);
            if !job.state.is_final() {
                commit =
                    commit.enqueue(NewTask::new(CANCEL_TASK, job.id.to_string(), json!({"job": job.id})));
            }
            Ok(self.attempt(commit).await?.map(|_| job))
        })
    }

    /// Handles one [`CANCEL_TASK`].
    pub async fn run_cancel(&self, context: Context) -> Verdict {
        let id =
            context.task().body.get("job").and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
        let Some(id) = id else { return Verdict::fail("the task names no job".into()) };
        match self.wait_idle(&context, id).await {
            Ok(true) => {}
            Ok(false) => return Outcome::Release { run_at: None }.into(),
            Err(error) => return Verdict::retry(error),
        }
        match self.job_steps(id, &JobStep::Canceled).await {
            Ok(steps) => Verdict::done(Value::Null).with(steps),
            Err(error) => Verdict::retry(error),
        }
    }

    /// Waits until no task of the job can run; false if this run is to stop before that.
    async fn wait_idle(&self, context: &Context, job: Uuid) -> Result<bool> {
        let group = job.to_string();
        let mut changes = self.ledger().subscribe();
        loop {
            if self.ledger().group(&group).await.map_err(crate::catalog::read_error)?.unfinished() == 0 {
                return Ok(true);
            }
            tokio::select! {
                _ = context.stopped() => return Ok(false),
                more = until_touched(&mut changes, &group) => if !more { return Ok(false) },
            }
        }
    }
}

/// Returns when a task of the group was touched; false when the ledger closes.
async fn until_touched(changes: &mut millrace_ledger::Changes, wanted: &str) -> bool {
    loop {
        match changes.next().await {
            None => return false,
            Some(Change::Anything) => return true,
            Some(Change::Touched(touched)) => {
                if touched.iter().any(|one| matches!(one, Touched::Task { group, .. } if group == wanted)) {
                    return true;
                }
            }
        }
    }
}

fn cancel(job: &mut Job, now: jiff::Timestamp) -> Result<Vec<Happening>, JobState> {
    let waiting = job.state == JobState::Queued;
    let state = job.state;
    let mut happened = machine::take(job, &JobStep::Cancel, now).map_err(|_| state)?;
    if waiting {
        happened.extend(machine::take(job, &JobStep::Canceled, now).map_err(|_| state)?);
    }
    Ok(happened)
}
