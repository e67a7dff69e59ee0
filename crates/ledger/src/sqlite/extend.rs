//! Prolonging a lease.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::claim::lease;
use super::tasks::whole_micros;
use super::tx::{Tx, Write};
use crate::commit::Fence;
use crate::error::{CommitError, Fault};
use crate::task::Lease;

/// Prolongs a lease to now + `lease_for`.
pub(crate) struct Extend {
    pub(crate) fence: Fence,
    pub(crate) lease_for: Duration,
}

impl Write for Extend {
    type Answer = Lease;

    fn weight(&self) -> usize {
        1
    }

    fn bytes(&self) -> usize {
        0
    }

    fn apply<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Lease, CommitError>> {
        Box::pin(async move {
            let row = sqlx::query(
                "UPDATE task SET lease_until = $3 WHERE id = $1 AND epoch = $2 AND state = 'running' RETURNING *",
            )
            .bind(self.fence.task.0)
            .bind(self.fence.epoch)
            .bind(tx.now.saturating_add(whole_micros(self.lease_for)))
            .fetch_optional(&mut *tx.connection)
            .await
            .map_err(Fault::from)?;
            let row = row.ok_or(CommitError::LeaseLost { step: 0, task: self.fence.task })?;
            Ok(lease(&row, tx.now)?)
        })
    }
}
