//! Reading single resources and tasks.

use jiff::Timestamp;
use sqlx::Row as _;

use super::progress::WHOLE;
use super::{Store, rows};
use crate::error::{Fault, ReadError};
use crate::resource::{Resource, fold};
use crate::task::{GroupSummary, Task, TaskId, TaskState};

/// Most tasks of one reading of a group.
const MOST_TASKS: i64 = 10_000;

impl Store {
    pub(crate) async fn get(
        &self,
        kind: &str,
        scope: &str,
        name: &str,
    ) -> Result<Option<Resource>, ReadError> {
        let row = sqlx::query("SELECT * FROM resource WHERE kind = $1 AND scope_key = $2 AND name_key = $3")
            .bind(kind)
            .bind(fold(scope))
            .bind(fold(name))
            .fetch_optional(self.readers())
            .await?;
        Ok(row.as_ref().map(rows::resource).transpose()?)
    }

    pub(crate) async fn get_by_id(&self, kind: &str, id: &str) -> Result<Option<Resource>, ReadError> {
        let row = sqlx::query("SELECT * FROM resource WHERE kind = $1 AND id = $2")
            .bind(kind)
            .bind(id)
            .fetch_optional(self.readers())
            .await?;
        Ok(row.as_ref().map(rows::resource).transpose()?)
    }

    pub(crate) async fn task(&self, id: TaskId) -> Result<Option<Task>, ReadError> {
        let query = sqlx::query("SELECT * FROM task WHERE id = $1").bind(id.0);
        let row = query.fetch_optional(self.readers()).await?;
        Ok(row.as_ref().map(rows::task).transpose()?)
    }

    pub(crate) async fn task_by_key(&self, kind: &str, key: &str) -> Result<Option<Task>, ReadError> {
        let row = sqlx::query("SELECT * FROM task WHERE kind = $1 AND key = $2 ORDER BY id DESC LIMIT 1")
            .bind(kind)
            .bind(key)
            .fetch_optional(self.readers())
            .await?;
        Ok(row.as_ref().map(rows::task).transpose()?)
    }

    pub(crate) async fn tasks(&self, group: &str, after: Option<TaskId>) -> Result<Vec<Task>, ReadError> {
        let rows =
            sqlx::query("SELECT * FROM task WHERE grp = $1 AND grp <> '' AND id > $2 ORDER BY id LIMIT $3")
                .bind(group)
                .bind(after.map_or(0, |after| after.0))
                .bind(MOST_TASKS)
                .fetch_all(self.readers())
                .await?;
        Ok(rows.iter().map(rows::task).collect::<Result<_, _>>()?)
    }

    pub(crate) async fn group(&self, group: &str) -> Result<GroupSummary, ReadError> {
        let rows = sqlx::query(
            "SELECT state, COUNT(*), SUM(progress) FROM task WHERE grp = $1 AND grp <> '' GROUP BY state",
        )
        .bind(group)
        .fetch_all(self.readers())
        .await?;
        let mut summary = GroupSummary::default();
        for row in rows {
            let (state, count): (&str, i64) = (row.try_get(0)?, row.try_get(1)?);
            let count = u64::try_from(count).unwrap_or(0);
            summary.progress += row.try_get::<i64, _>(2)? as f64 / WHOLE as f64;
            match TaskState::parse(state) {
                Some(TaskState::Queued) => summary.queued = count,
                Some(TaskState::Running) => summary.running = count,
                Some(TaskState::Done) => summary.done = count,
                Some(TaskState::Failed) => summary.failed = count,
                Some(TaskState::Cancelled) => summary.cancelled = count,
                None => return Err(Fault::Unreadable { table: "task", column: "state" }.into()),
            }
        }
        Ok(summary)
    }

    pub(crate) async fn next_due(&self, kinds: &[&str]) -> Result<Option<Timestamp>, ReadError> {
        let mut earliest: Option<i64> = None;
        for kind in kinds {
            let due: Option<i64> = sqlx::query_scalar(
                "SELECT MIN(at) FROM (
                     SELECT MIN(run_at) AS at FROM task WHERE kind = $1 AND state = 'queued'
                     UNION ALL
                     SELECT MIN(deadline) FROM task WHERE kind = $1 AND state = 'queued' AND deadline IS NOT NULL
                     UNION ALL
                     SELECT MIN(lease_until) FROM task WHERE kind = $1 AND state = 'running')",
            )
            .bind(*kind)
            .fetch_one(self.readers())
            .await?;
            earliest = [earliest, due].into_iter().flatten().min();
        }
        let time = earliest.map(Timestamp::from_microsecond).transpose();
        Ok(time.map_err(|_| Fault::Unreadable { table: "task", column: "run_at" })?)
    }
}
