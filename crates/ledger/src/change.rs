//! Change notifications: what a commit touched, told after it is durable.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::task::TaskId;

/// Notifications kept for a reader that is behind. Beyond it the reader is told only that something changed.
pub(crate) const BACKLOG: usize = 1024;

/// One thing that a commit touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// A resource was put or deleted.
    Resource {
        /// Its kind.
        kind: String,
        /// Its scope, as given by the commit.
        scope: String,
        /// Its name, as given by the commit; `None` if the whole scope was deleted.
        name: Option<String>,
    },
    /// A task was enqueued, leased, finished, cancelled or has progressed.
    Task {
        /// Its kind.
        kind: String,
        /// Its id.
        id: TaskId,
        /// Its group.
        group: String,
        /// Whether it is running and was asked to stop.
        cancel: bool,
        /// Whether it waits for a worker.
        queued: bool,
    },
    /// Events were announced.
    Events {
        /// The last one's position.
        last_seq: i64,
    },
}

/// What a reader learns.
#[derive(Clone, Debug)]
pub enum Change {
    /// These things were touched by one or more commits, in order.
    Touched(Arc<[Touched]>),
    /// The reader was too slow: anything may have been touched. Look again.
    Anything,
}

/// A stream of notifications, from the moment of [`crate::Ledger::subscribe`].
#[derive(Debug)]
pub struct Changes {
    pub(crate) receiver: broadcast::Receiver<Arc<[Touched]>>,
}

impl Changes {
    /// The next change; `None` once the ledger is closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<Change> {
        match self.receiver.recv().await {
            Ok(touched) => Some(Change::Touched(touched)),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Change::Anything),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
