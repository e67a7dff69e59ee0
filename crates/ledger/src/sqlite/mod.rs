//! The ledger on SQLite: one connection writes, in groups; a pool reads. No other module of the crate holds SQL.

mod claim;
mod extend;
mod finish;
mod list;
mod lock;
mod open;
mod outbox;
mod progress;
mod purge;
mod read;
mod resources;
mod rows;
mod steps;
mod tasks;
mod tx;
mod writer;

use std::sync::Arc;

use sqlx::SqlitePool;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::change::{Changes, Touched};
use crate::error::{CommitError, Fault};

pub(crate) use claim::Claim;
pub(crate) use extend::Extend;
pub(crate) use progress::Progress;
pub(crate) use purge::Purge;
pub(crate) use steps::Prepared;
pub(crate) use tx::Write;

/// An open SQLite database.
pub(crate) struct Store {
    pub(crate) database_id: Uuid,
    pub(crate) progress: Arc<Progress>,
    readers: SqlitePool,
    writes: mpsc::Sender<Box<dyn tx::Pending>>,
    changes: broadcast::WeakSender<Arc<[Touched]>>,
    closing: CancellationToken,
    /// Ends when the writer has let go of the database.
    ended: CancellationToken,
}

impl Store {
    /// Hands a write to the writer and waits until it is durable.
    pub(crate) async fn write<W: Write>(&self, write: W) -> Result<W::Answer, CommitError> {
        let (reply, answer) = oneshot::channel();
        let pending = Box::new(tx::Waiting::new(write, reply));
        self.writes.send(pending).await.map_err(|_| Fault::Closed)?;
        answer.await.unwrap_or(Err(CommitError::Fault(Fault::Closed)))
    }

    pub(crate) fn subscribe(&self) -> Changes {
        let receiver = match self.changes.upgrade() {
            Some(sender) => sender.subscribe(),
            None => broadcast::channel(1).1,
        };
        Changes { receiver }
    }

    pub(crate) async fn close(&self) {
        self.closing.cancel();
        self.ended.cancelled().await;
        self.readers.close().await;
    }
}
