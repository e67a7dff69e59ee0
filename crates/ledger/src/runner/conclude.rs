//! The end of a run: from what the handler said and why it had to stop, to one fenced commit.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::context::Stop;
use super::handler::{Ending, Verdict};
use super::run::Run;
use crate::{Commit, CommitError, Done, Fault, Outcome, Receipt, TaskState};

/// How often an end is tried anew whose commit was refused, before the task is given back.
const REFUSALS: u32 = 5;
/// Wait before a task is handed out again whose end was refused that often, and between two tries while the database fails.
const WAIT: Duration = Duration::from_secs(1);

/// Ends the run with its commit. The task is given back if that proves impossible.
pub(super) async fn conclude(run: &Run, verdict: Verdict) {
    let (outcome, commit) = match (run.stopper.why(), verdict) {
        (_, Verdict::Committed) => return count(run, |status| status.done += 1),
        (Some(Stop::LeaseLost), _) => return lost(run),
        (why, Verdict::Finish(outcome, commit)) => classify(run, why, outcome, commit),
    };
    let mut next = (outcome, commit);
    for _ in 0..REFUSALS {
        note(run, &next.0);
        match write(run, &next.0, next.1.clone()).await {
            Ok(receipt) => return ended(run, &next.0, &receipt),
            Err(CommitError::LeaseLost { .. }) => return lost(run),
            Err(CommitError::Fault(_)) => return,
            Err(refused) => {
                run.settings.status.error(
                    run.kind(),
                    run.now(),
                    Some(run.lease.task.id),
                    format!("the commit of its end was refused: {refused}"),
                );
                next = after_refusal(run, next, &refused);
            }
        }
    }
    let run_at = run.now().checked_add(WAIT).ok();
    let release = Outcome::Release { run_at };
    if let Ok(receipt) = finish(run, &release, Commit::new()).await {
        ended(run, &release, &receipt);
    }
}

/// A handler that had to stop is not to blame for how it ended, unless it ended well.
fn classify(run: &Run, why: Option<Stop>, outcome: Outcome, commit: Commit) -> (Outcome, Commit) {
    let last = run.lease.task.is_last_attempt();
    match (why, outcome) {
        (_, Outcome::Done(result)) => (Outcome::Done(result), commit),
        (_, Outcome::Cancelled) => (Outcome::Cancelled, commit),
        (Some(Stop::Cancelled), _) => (Outcome::Cancelled, Commit::new()),
        (Some(Stop::DeadlinePassed), _) => (Outcome::Fail(json!("the deadline passed")), Commit::new()),
        (Some(Stop::Shutdown), Outcome::Release { run_at }) => (Outcome::Release { run_at }, commit),
        (Some(Stop::Shutdown), _) => (Outcome::Release { run_at: None }, Commit::new()),
        (_, Outcome::Retry { error, .. }) if last => (Outcome::Fail(error), commit),
        (_, outcome) => (outcome, commit),
    }
}

/// What a handler wanted to commit with its end does not hold any more: it has to look again. If there was nothing of the
/// handler's in the commit, only what belongs to the ending is asked for again.
fn after_refusal(
    run: &Run,
    (outcome, commit): (Outcome, Commit),
    refused: &CommitError,
) -> (Outcome, Commit) {
    match outcome {
        outcome if commit.is_empty() => (outcome, commit),
        Outcome::Done(_) | Outcome::Retry { .. } | Outcome::Release { .. } => {
            let error = Json::String(refused.to_string());
            let retry = Outcome::Retry { error, after: None };
            classify(run, None, retry, Commit::new())
        }
        Outcome::Fail(_) | Outcome::Cancelled => (outcome, Commit::new()),
    }
}

/// Writes the end with all that belongs to it, again and again while the database fails: work that was done should not be
/// repeated for a full disk. At shutdown there is no time for that.
async fn write(run: &Run, outcome: &Outcome, extra: Commit) -> Result<Receipt, CommitError> {
    loop {
        let ending = match outcome {
            Outcome::Fail(error) => Some(Ending::Failed(error.clone())),
            Outcome::Cancelled => Some(Ending::Cancelled),
            _ => None,
        };
        let more = match &ending {
            Some(ending) => run.handler.ended(&run.lease.task, ending).await,
            None => Commit::new(),
        };
        match finish(run, outcome, extra.clone().then(more)).await {
            Err(CommitError::Fault(fault)) => {
                let at = run.now();
                run.settings.status.error(run.kind(), at, Some(run.lease.task.id), fault.to_string());
                let again = at.checked_add(WAIT).unwrap_or(at);
                tokio::select! {
                    _ = run.stopper.hurried() => return Err(fault.into()),
                    _ = run.settings.ledger.clock().sleep_until(again) => {}
                }
                if matches!(fault, Fault::Closed) {
                    return Err(fault.into());
                }
            }
            outcome => return outcome,
        }
    }
}

async fn finish(run: &Run, outcome: &Outcome, extra: Commit) -> Result<Receipt, CommitError> {
    // The end comes first: a lost lease is found before anything else can be refused.
    let commit = Commit::new().finish(&run.lease, outcome.clone()).then(extra);
    run.settings.ledger.commit(commit).await
}

fn count(run: &Run, change: impl FnOnce(&mut super::KindStatus)) {
    run.settings.status.update(run.kind(), change);
}

fn lost(run: &Run) {
    count(run, |status| status.leases_lost += 1);
}

fn ended(run: &Run, outcome: &Outcome, receipt: &Receipt) {
    count(run, |status| match (receipt.steps.first(), outcome) {
        (Some(Done::Finished(TaskState::Done)), _) => status.done += 1,
        (Some(Done::Finished(TaskState::Failed)), _) => status.failed += 1,
        (Some(Done::Finished(TaskState::Cancelled)), _) => status.cancelled += 1,
        (_, Outcome::Retry { .. }) => status.retried += 1,
        _ => status.released += 1,
    });
}

/// Remembers a failure for the status.
fn note(run: &Run, outcome: &Outcome) {
    let (Outcome::Retry { error, .. } | Outcome::Fail(error)) = outcome else { return };
    let text = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
    run.settings.status.error(run.kind(), run.now(), Some(run.lease.task.id), text);
}
