//! Steps that add tasks and cancel them.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::resources::fault;
use super::rows::micros;
use super::tx::Tx;
use crate::change::Touched;
use crate::commit::Done;
use crate::error::{CommitError, Fault};
use crate::task::{IfExists, NewTask, TaskId};

/// The task that stands in the way of a new one, if any.
struct Present {
    id: TaskId,
    /// Waits for a worker, and nobody has asked it to stop.
    waits: bool,
}

pub(super) async fn enqueue(
    tx: &mut Tx<'_>,
    step: usize,
    task: &NewTask,
    body: &str,
) -> Result<Done, CommitError> {
    let run_at = task.run_at.map_or(tx.now, micros);
    if task.if_exists == IfExists::Once
        && let Some(present) = find(tx, task).await?
    {
        return Ok(Done::Enqueued { task: present.id, fresh: false });
    }
    if let Some(done) = insert(tx, task, body, run_at).await? {
        return Ok(done);
    }
    let present = find(tx, task).await?.ok_or(Fault::Unreadable { table: "task", column: "key" })?;
    match task.if_exists {
        IfExists::Keep | IfExists::Once => Ok(Done::Enqueued { task: present.id, fresh: false }),
        IfExists::RunAgain => run_again(tx, task, present, run_at).await,
        IfExists::Refuse => {
            let (kind, key) = (task.kind.clone(), task.key.clone());
            Err(CommitError::TaskExists { step, kind, key, task: present.id })
        }
    }
}

/// The newest task of the kind and key: if one is unfinished, it is the newest.
async fn find(tx: &mut Tx<'_>, task: &NewTask) -> Result<Option<Present>, CommitError> {
    let row = sqlx::query(
        "SELECT id, state = 'queued' AND NOT cancel FROM task
         WHERE kind = $1 AND key = $2 ORDER BY id DESC LIMIT 1",
    )
    .bind(&task.kind)
    .bind(&task.key)
    .fetch_optional(&mut *tx.connection)
    .await
    .map_err(fault)?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Present { id: TaskId(row.try_get(0).map_err(fault)?), waits: row.try_get(1).map_err(fault)? }))
}

/// Adds the task unless an unfinished one of its kind and key is there.
async fn insert(
    tx: &mut Tx<'_>,
    task: &NewTask,
    body: &str,
    run_at: i64,
) -> Result<Option<Done>, CommitError> {
    let id: Option<i64> = sqlx::query_scalar(
        "INSERT INTO task (kind, key, grp, body, priority, state, attempt, max_attempts, interruptions,
             backoff_first, backoff_most, run_at, deadline, epoch, cancel, again, progress, created)
         VALUES ($1, $2, $3, $4, $5, 'queued', 0, $6, 0, $7, $8, $9, $10, 0, FALSE, FALSE, 0, $11)
         ON CONFLICT (kind, key) WHERE state IN ('queued', 'running') DO NOTHING
         RETURNING id",
    )
    .bind(&task.kind)
    .bind(&task.key)
    .bind(&task.group)
    .bind(body)
    .bind(task.priority)
    .bind(i64::from(task.max_attempts.max(1)))
    .bind(whole_micros(task.backoff.first))
    .bind(whole_micros(task.backoff.most))
    .bind(run_at)
    .bind(task.deadline.map(micros))
    .bind(tx.now)
    .fetch_optional(&mut *tx.connection)
    .await
    .map_err(fault)?;
    let Some(id) = id.map(TaskId) else { return Ok(None) };
    touch(tx, task, id);
    Ok(Some(Done::Enqueued { task: id, fresh: true }))
}

async fn run_again(
    tx: &mut Tx<'_>,
    task: &NewTask,
    present: Present,
    run_at: i64,
) -> Result<Done, CommitError> {
    let sql = match present.waits {
        true => "UPDATE task SET run_at = MIN(run_at, $2) WHERE id = $1",
        false => "UPDATE task SET again = TRUE WHERE id = $1 AND $2 IS NOT NULL",
    };
    sqlx::query(sql).bind(present.id.0).bind(run_at).execute(&mut *tx.connection).await.map_err(fault)?;
    touch(tx, task, present.id);
    Ok(Done::Enqueued { task: present.id, fresh: false })
}

fn touch(tx: &mut Tx<'_>, task: &NewTask, id: TaskId) {
    let (kind, group) = (task.kind.clone(), task.group.clone());
    tx.touched.push(Touched::Task { kind, id, group, cancel: false, queued: true });
}

pub(super) fn whole_micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Cancels what waits; asks what runs to stop. Whatever was to run again will not.
macro_rules! cancel_where {
    ($tx:expr, $condition:literal, $($bind:expr),+) => {{
        // What a vanished worker left cancelled in the queue keeps its place there: it still has to be ended properly.
        let queued = sqlx::query(concat!(
            "UPDATE task SET state = 'cancelled', cancel = TRUE, again = FALSE, finished = $1
             WHERE state = 'queued' AND NOT cancel AND ", $condition, " RETURNING id, kind, grp, FALSE"))
            .bind($tx.now)$(.bind($bind))+.fetch_all(&mut *$tx.connection).await.map_err(fault)?;
        let running = sqlx::query(concat!(
            "UPDATE task SET cancel = TRUE, again = FALSE
             WHERE $1 IS NOT NULL AND state = 'running' AND ", $condition, " RETURNING id, kind, grp, TRUE"))
            .bind($tx.now)$(.bind($bind))+.fetch_all(&mut *$tx.connection).await.map_err(fault)?;
        for row in queued.iter().chain(&running) {
            $tx.touched.push(touched(row).map_err(fault)?);
        }
        Ok(Done::Cancelled { queued: queued.len() as u64, running: running.len() as u64 })
    }};
}

fn touched(row: &SqliteRow) -> Result<Touched, sqlx::Error> {
    let (id, kind, group) = (TaskId(row.try_get(0)?), row.try_get(1)?, row.try_get(2)?);
    Ok(Touched::Task { kind, id, group, cancel: row.try_get(3)?, queued: false })
}

pub(super) async fn cancel(tx: &mut Tx<'_>, kind: &str, key: &str) -> Result<Done, CommitError> {
    cancel_where!(tx, "kind = $2 AND key = $3", kind, key)
}

pub(super) async fn cancel_group(tx: &mut Tx<'_>, group: &str) -> Result<Done, CommitError> {
    cancel_where!(tx, "grp = $2 AND grp <> ''", group)
}
