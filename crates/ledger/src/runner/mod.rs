//! The worker loop: claims tasks, keeps their leases alive, and ends them according to what their handlers say.
//!
//! A handler is a function from [`Context`] to [`Verdict`]. It may run more than once for the same task (after a failure, a
//! lost lease or a crash), never at the same time as another run that can still commit, and never after one that finished.

mod context;
mod handler;
mod status;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::Ledger;

pub use context::{Context, Stop};
pub use handler::{Ending, Handler, Verdict};
pub use status::{KindStatus, LastError, Status};

/// Runs tasks of the kinds it was given handlers for.
pub struct Runner {
    ledger: Ledger,
    owner: String,
    lease_for: Duration,
    grace: Duration,
    status: Status,
}

impl Runner {
    /// A runner without handlers, leases of 30 s and 5 s of grace at shutdown.
    pub fn new(ledger: Ledger) -> Runner {
        let owner = format!("{}", std::process::id());
        let (lease_for, grace) = (Duration::from_secs(30), Duration::from_secs(5));
        Runner { ledger, owner, lease_for, grace, status: Status::default() }
    }

    /// Sets the name that leases carry; the process id unless set.
    pub fn owner(mut self, owner: impl Into<String>) -> Runner {
        self.owner = owner.into();
        self
    }

    /// Sets how long a lease lasts without being extended. It is extended each third of it.
    pub fn lease_for(mut self, duration: Duration) -> Runner {
        self.lease_for = duration;
        self
    }

    /// Sets how long handlers may take to stop at shutdown before they are dropped.
    pub fn grace(mut self, duration: Duration) -> Runner {
        self.grace = duration;
        self
    }

    /// Runs tasks of `kind` with `handler`, at most `concurrency` at a time.
    pub fn on(self, kind: impl Into<String>, concurrency: usize, handler: impl Handler) -> Runner {
        let _ = (kind.into(), concurrency, handler);
        self
    }

    /// A view of what the runner does, for a console or a doctor. Stays valid while and after it runs.
    pub fn status(&self) -> Status {
        self.status.clone()
    }

    /// Works until `shutdown`, then stops the handlers and gives their tasks back at once.
    pub async fn run(self, shutdown: CancellationToken) {
        let _ = (&self.ledger, &self.owner, self.lease_for, self.grace);
        shutdown.cancelled().await;
    }
}
