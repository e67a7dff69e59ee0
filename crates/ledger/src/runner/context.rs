//! What a handler gets.

use std::sync::{Arc, OnceLock};

use tokio_util::sync::CancellationToken;

use crate::{Lease, Ledger, Task};

/// Why a run is to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The task was cancelled. It ends as cancelled unless the handler still says [`crate::Outcome::Done`].
    Cancelled,
    /// The lease was lost: another run of the task may have begun, and nothing this one commits under its lease will hold.
    LeaseLost,
    /// The runner shuts down: the task is given back and runs again later, unless the handler still says
    /// [`crate::Outcome::Done`].
    Shutdown,
    /// The task's deadline has passed: it ends as failed unless the handler still says [`crate::Outcome::Done`].
    DeadlinePassed,
}

/// The switch that stops a run; the first reason given holds.
#[derive(Clone, Default)]
pub(super) struct Stopper {
    token: CancellationToken,
    why: Arc<OnceLock<Stop>>,
    hurry: CancellationToken,
}

impl Stopper {
    pub(super) fn stop(&self, why: Stop) {
        // A second reason changes nothing.
        let _ = self.why.set(why);
        self.token.cancel();
    }

    pub(super) fn why(&self) -> Option<Stop> {
        self.why.get().copied()
    }

    pub(super) async fn stopped(&self) {
        self.token.cancelled().await;
    }

    /// Stops the run because the whole runner stops: what cannot be committed now is left to the next process.
    pub(super) fn shut_down(&self) {
        self.stop(Stop::Shutdown);
        self.hurry.cancel();
    }

    pub(super) async fn hurried(&self) {
        self.hurry.cancelled().await;
    }
}

/// One run of a task.
#[derive(Clone)]
pub struct Context {
    pub(super) ledger: Ledger,
    pub(super) lease: Lease,
    pub(super) stopper: Stopper,
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
        self.stopper.stopped().await;
        self.stop().unwrap_or(Stop::Shutdown)
    }

    /// Why the run is to stop, if it is.
    pub fn stop(&self) -> Option<Stop> {
        self.stopper.why()
    }

    /// A token that is cancelled when the run is to stop, to hand down.
    pub fn token(&self) -> CancellationToken {
        self.stopper.token.child_token()
    }

    /// Notes progress, 0 to 1. Cheap: may be called often.
    pub fn progress(&self, progress: f64) {
        self.ledger.progress(&self.lease, progress);
    }
}
