//! Retention: one bounded bite at a time.

use futures_util::future::BoxFuture;

use super::rows::micros;
use super::tx::{Tx, Write};
use crate::error::{CommitError, Fault};
use crate::ledger::{Purged, Retention};

/// Rows of each table that one bite removes: some milliseconds, during which other writes wait.
const BITE: i64 = 1000;

/// Removes up to [`BITE`] rows of each table.
pub(crate) struct Purge(pub(crate) Retention);

impl Write for Purge {
    type Answer = Purged;

    fn weight(&self) -> usize {
        2 * BITE as usize
    }

    fn bytes(&self) -> usize {
        0
    }

    fn apply<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Purged, CommitError>> {
        Box::pin(async move {
            let mut purged = Purged::default();
            if let Some(before) = self.0.tasks_before {
                purged.tasks = bite(
                    tx,
                    "DELETE FROM task WHERE id IN (SELECT id FROM task
                         WHERE finished IS NOT NULL AND finished < $1 ORDER BY finished LIMIT $2)",
                    micros(before),
                )
                .await?;
            }
            if let Some(before) = self.0.events_before {
                purged.events = bite(
                    tx,
                    "DELETE FROM event WHERE seq IN (SELECT seq FROM event WHERE time < $1 ORDER BY time LIMIT $2)",
                    micros(before),
                )
                .await?;
            }
            Ok(purged)
        })
    }
}

async fn bite(tx: &mut Tx<'_>, sql: &'static str, before: i64) -> Result<u64, Fault> {
    let done = sqlx::query(sql).bind(before).bind(BITE).execute(&mut *tx.connection).await?;
    Ok(done.rows_affected())
}
