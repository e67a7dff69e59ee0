//! Leasing tasks.

use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::rows;
use super::tasks::whole_micros;
use super::tx::{Tx, Write};
use crate::change::Touched;
use crate::error::{CommitError, Fault};
use crate::task::{Due, Lease, Task};

/// Leases tasks that are due.
pub(crate) struct Claim {
    pub(crate) kinds: Vec<String>,
    pub(crate) owner: String,
    pub(crate) lease_for: Duration,
    pub(crate) limit: usize,
}

/// Most tasks of one claim, whatever the caller wishes: their bodies come along.
const MOST: usize = 1000;

impl Write for Claim {
    type Answer = Vec<Lease>;

    fn weight(&self) -> usize {
        2 * self.kinds.len()
    }

    fn bytes(&self) -> usize {
        0
    }

    fn apply<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Vec<Lease>, CommitError>> {
        Box::pin(async move {
            let mut leases = Vec::new();
            for kind in &self.kinds {
                let left = self.limit.min(MOST).saturating_sub(leases.len());
                if left == 0 {
                    break;
                }
                lapse(tx, kind).await?;
                // Those past their deadline first: ending them costs nothing, and someone waits for their end.
                let late = self.lease(tx, LATE, kind, left).await?;
                let ready = self.lease(tx, READY, kind, left - late.len()).await?;
                leases.extend(late);
                leases.extend(ready);
            }
            for lease in &leases {
                let (kind, group) = (lease.task.kind.clone(), lease.task.group.clone());
                let (id, cancel) = (lease.task.id, lease.task.cancel);
                tx.touched.push(Touched::Task { kind, id, group, cancel, queued: false });
            }
            Ok(leases)
        })
    }
}

/// Takes back what its worker has not extended in time. The run counts as an attempt.
async fn lapse(tx: &mut Tx<'_>, kind: &str) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE task SET state = 'queued', owner = NULL, lease_until = NULL
         WHERE kind = $1 AND state = 'running' AND lease_until <= $2",
    )
    .bind(kind)
    .bind(tx.now)
    .execute(&mut *tx.connection)
    .await?;
    Ok(())
}

const LATE: &str = "
    UPDATE task SET state = 'running', epoch = epoch + 1, attempt = attempt + 1, owner = $3, lease_until = $4,
        started = COALESCE(started, $2)
    WHERE id IN (SELECT id FROM task
        WHERE kind = $1 AND state = 'queued' AND deadline IS NOT NULL AND deadline <= $2 ORDER BY deadline LIMIT $5)
    RETURNING *";

const READY: &str = "
    UPDATE task SET state = 'running', epoch = epoch + 1, attempt = attempt + 1, owner = $3, lease_until = $4,
        started = COALESCE(started, $2)
    WHERE id IN (SELECT id FROM task
        WHERE kind = $1 AND state = 'queued' AND run_at <= $2 ORDER BY priority DESC, run_at, id LIMIT $5)
    RETURNING *";

impl Claim {
    async fn lease(
        &self,
        tx: &mut Tx<'_>,
        sql: &'static str,
        kind: &str,
        limit: usize,
    ) -> Result<Vec<Lease>, Fault> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let rows = sqlx::query(sql)
            .bind(kind)
            .bind(tx.now)
            .bind(&self.owner)
            .bind(tx.now.saturating_add(whole_micros(self.lease_for)))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&mut *tx.connection)
            .await?;
        let mut leases = rows.iter().map(|row| lease(row, tx.now)).collect::<Result<Vec<_>, _>>()?;
        // The database returns updated rows in no particular order.
        leases.sort_by_key(|lease| (-i64::from(lease.task.priority), lease.task.run_at, lease.task.id));
        Ok(leases)
    }
}

/// The lease that a row of a running task stands for.
pub(super) fn lease(row: &SqliteRow, now: i64) -> Result<Lease, Fault> {
    let mut task = rows::task(row)?;
    let until: i64 = row.try_get("lease_until")?;
    let due = due(&task, now);
    task.attempt = task.attempt.min(task.max_attempts);
    let until = Timestamp::from_microsecond(until)
        .map_err(|_| Fault::Unreadable { table: "task", column: "lease_until" })?;
    Ok(Lease { task, epoch: row.try_get("epoch")?, until, due })
}

fn due(task: &Task, now: i64) -> Due {
    if task.cancel {
        Due::Cancelled
    } else if task.deadline.is_some_and(|deadline| rows::micros(deadline) <= now) {
        Due::DeadlinePassed
    } else if task.attempt > task.max_attempts {
        Due::AttemptsExhausted
    } else {
        Due::Run
    }
}
