//! What a handler gets.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use crate::{Lease, Ledger, Task};

/// Why a run is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The task was cancelled. The task ends as cancelled unless the handler still says [`crate::Outcome::Done`].
    Cancelled,
    /// The lease was lost: another run of the task may have begun, and nothing this one commits under its lease will hold.
    LeaseLost,
    /// The runner shuts down: the task is given back and runs again later.
    Shutdown,
    /// The task's deadline has passed: it ends as failed unless the handler still says [`crate::Outcome::Done`].
    DeadlinePassed,
}

/// One run of a task.
#[derive(Clone)]
pub struct Context {
    pub(super) ledger: Ledger,
    pub(super) lease: Lease,
    pub(super) stopped: CancellationToken,
    pub(super) why: Arc<OnceLock<Stop>>,
}

impl Context {
    /// The task, as it was when claimed.
    pub fn task(&self) -> &Task {
        &self.lease.task
    }

    /// The lease, for fencing commits of the handler's own.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The ledger.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Completes when the run is to stop. A handler that ignores it is dropped after the runner's grace.
    pub async fn stopped(&self) -> Stop {
        self.stopped.cancelled().await;
        self.stop().unwrap_or(Stop::Shutdown)
    }

    /// Why the run is to stop, if it is.
    pub fn stop(&self) -> Option<Stop> {
        self.why.get().copied()
    }

    /// A token that is cancelled when the run is to stop, to hand down.
    pub fn token(&self) -> CancellationToken {
        self.stopped.clone()
    }

    /// Notes progress, 0 to 1. Cheap: may be called often.
    pub fn progress(&self, progress: f64) {
        self.ledger.progress(&self.lease, progress);
    }
}
