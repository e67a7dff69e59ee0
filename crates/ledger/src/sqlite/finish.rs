//! Steps under a lease: all of them are refused if its epoch is not the task's any more.

use std::time::Duration;

use sqlx::Row as _;

use super::progress::WHOLE;
use super::resources::fault;
use super::rows::micros;
use super::tasks::whole_micros;
use super::tx::Tx;
use crate::change::Touched;
use crate::commit::{Done, Fence};
use crate::error::CommitError;
use crate::task::{Backoff, Outcome, TaskState};

/// What the end of a run needs to know of its task.
pub(super) struct Held {
    kind: String,
    group: String,
    attempt: i64,
    max_attempts: i64,
    backoff: Backoff,
    cancel: bool,
    again: bool,
}

/// What becomes of the task.
struct End {
    state: TaskState,
    run_at: Option<i64>,
    /// Whether the run counts as an attempt.
    counts: bool,
}

impl End {
    fn last(state: TaskState) -> End {
        End { state, run_at: None, counts: true }
    }

    fn queue(run_at: i64, counts: bool) -> End {
        End { state: TaskState::Queued, run_at: Some(run_at), counts }
    }
}

/// Refuses unless the lease is held.
pub(super) async fn held(tx: &mut Tx<'_>, step: usize, fence: Fence) -> Result<Held, CommitError> {
    let row = sqlx::query(
        "SELECT kind, grp, attempt, max_attempts, backoff_first, backoff_most, cancel, again FROM task
         WHERE id = $1 AND epoch = $2 AND state = 'running'",
    )
    .bind(fence.task.0)
    .bind(fence.epoch)
    .fetch_optional(&mut *tx.connection)
    .await
    .map_err(fault)?;
    let row = row.ok_or(CommitError::LeaseLost { step, task: fence.task })?;
    let duration = |column: usize| -> Result<Duration, sqlx::Error> {
        Ok(Duration::from_micros(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0)))
    };
    Ok(Held {
        kind: row.try_get(0).map_err(fault)?,
        group: row.try_get(1).map_err(fault)?,
        attempt: row.try_get(2).map_err(fault)?,
        max_attempts: row.try_get(3).map_err(fault)?,
        backoff: Backoff { first: duration(4).map_err(fault)?, most: duration(5).map_err(fault)? },
        cancel: row.try_get(6).map_err(fault)?,
        again: row.try_get(7).map_err(fault)?,
    })
}

pub(super) async fn save(
    tx: &mut Tx<'_>,
    step: usize,
    fence: Fence,
    body: &str,
) -> Result<Done, CommitError> {
    let held = held(tx, step, fence).await?;
    sqlx::query("UPDATE task SET body = $2 WHERE id = $1")
        .bind(fence.task.0)
        .bind(body)
        .execute(&mut *tx.connection)
        .await
        .map_err(fault)?;
    touch(tx, &held, fence, TaskState::Running);
    Ok(Done::Held)
}

pub(super) async fn finish(
    tx: &mut Tx<'_>,
    step: usize,
    fence: Fence,
    outcome: &Outcome,
    document: &str,
) -> Result<Done, CommitError> {
    if matches!(outcome, Outcome::Done(_))
        && let Some(touched) = done_for_good(tx, fence, document).await?
    {
        tx.touched.push(touched);
        return Ok(Done::Finished(TaskState::Done));
    }
    let held = held(tx, step, fence).await?;
    let end = end(&held, outcome, tx.now);
    write(tx, fence, &held, &end, outcome, document).await?;
    if held.again && end.state.is_finished() {
        copy(tx, fence).await?;
    }
    touch(tx, &held, fence, end.state);
    Ok(Done::Finished(end.state))
}

/// The usual end, in one statement. `None` if the lease is lost or the task is to run again.
async fn done_for_good(tx: &mut Tx<'_>, fence: Fence, result: &str) -> Result<Option<Touched>, CommitError> {
    let row: Option<(String, String)> = sqlx::query_as(
        "UPDATE task SET state = 'done', finished = $3, result = $4, progress = $5, owner = NULL, lease_until = NULL,
             attempt = MIN(attempt, max_attempts)
         WHERE id = $1 AND epoch = $2 AND state = 'running' AND NOT again
         RETURNING kind, grp",
    )
    .bind(fence.task.0)
    .bind(fence.epoch)
    .bind(tx.now)
    .bind(result)
    .bind(WHOLE)
    .fetch_optional(&mut *tx.connection)
    .await
    .map_err(fault)?;
    let id = fence.task;
    Ok(row.map(|(kind, group)| Touched::Task { kind, id, group, cancel: false, queued: false }))
}

fn end(held: &Held, outcome: &Outcome, now: i64) -> End {
    match outcome {
        Outcome::Done(_) => End::last(TaskState::Done),
        Outcome::Fail(_) => End::last(TaskState::Failed),
        Outcome::Cancelled => End::last(TaskState::Cancelled),
        // It was asked to stop and did. It is handed out once more, to be ended as cancelled with all that belongs to it.
        Outcome::Retry { .. } | Outcome::Release { .. } if held.cancel => End::queue(now, false),
        Outcome::Retry { .. } if held.attempt >= held.max_attempts => End::last(TaskState::Failed),
        Outcome::Retry { after, .. } => {
            let attempt = u32::try_from(held.attempt).unwrap_or(0);
            let wait = after.unwrap_or_else(|| held.backoff.delay(attempt, rand::random()));
            End::queue(now.saturating_add(whole_micros(wait)), true)
        }
        Outcome::Release { run_at } => End::queue(run_at.map_or(now, micros), false),
    }
}

async fn write(
    tx: &mut Tx<'_>,
    fence: Fence,
    held: &Held,
    end: &End,
    outcome: &Outcome,
    document: &str,
) -> Result<(), CommitError> {
    let done = matches!(outcome, Outcome::Done(_));
    let failed = matches!(outcome, Outcome::Retry { .. } | Outcome::Fail(_));
    let attempt = if end.counts { held.attempt.min(held.max_attempts) } else { held.attempt - 1 };
    sqlx::query(
        "UPDATE task SET state = $2, run_at = COALESCE($3, run_at), attempt = $4, finished = $5,
             result = COALESCE($6, result), error = COALESCE($7, error), progress = MAX(progress, $8),
             owner = NULL, lease_until = NULL
         WHERE id = $1",
    )
    .bind(fence.task.0)
    .bind(end.state.as_str())
    .bind(end.run_at)
    .bind(attempt)
    .bind(end.state.is_finished().then_some(tx.now))
    .bind(done.then_some(document))
    .bind(failed.then_some(document))
    .bind(if done { WHOLE } else { 0 })
    .execute(&mut *tx.connection)
    .await
    .map_err(fault)?;
    Ok(())
}

/// Someone asked, during the run, for one more after it: a new task like the one that just ended.
async fn copy(tx: &mut Tx<'_>, fence: Fence) -> Result<(), CommitError> {
    sqlx::query(
        "INSERT INTO task (kind, key, grp, body, priority, state, attempt, max_attempts, interruptions,
             backoff_first, backoff_most, run_at, deadline, epoch, cancel, again, progress, created)
         SELECT kind, key, grp, body, priority, 'queued', 0, max_attempts, 0,
             backoff_first, backoff_most, $2, deadline, 0, FALSE, FALSE, 0, $2
         FROM task WHERE id = $1",
    )
    .bind(fence.task.0)
    .bind(tx.now)
    .execute(&mut *tx.connection)
    .await
    .map_err(fault)?;
    Ok(())
}

fn touch(tx: &mut Tx<'_>, held: &Held, fence: Fence, state: TaskState) {
    let queued = state == TaskState::Queued || held.again;
    let cancel = held.cancel && state == TaskState::Running;
    let (kind, group) = (held.kind.clone(), held.group.clone());
    tx.touched.push(Touched::Task { kind, id: fence.task, group, cancel, queued });
}
