//! The worker loop: claims tasks, keeps their leases alive, and ends them according to what their handlers say.
//!
//! A handler is a function from [`Context`] to [`Verdict`]. It may run more than once for the same task (after a failure, a
//! lost lease or a crash), never at the same time as another run that can still commit, and never after one that finished.
//! It is told to stop through [`Context::stopped`] and dropped if it does not within the grace.
//!
//! ```no_run
//! # async fn example(ledger: millrace_ledger::Ledger, shutdown: tokio_util::sync::CancellationToken) {
//! use millrace_ledger::runner::{Context, Runner, Verdict};
//!
//! let runner = Runner::new(ledger).on("index", 4, |context: Context| async move {
//!     match context.task().body.get("asset") {
//!         Some(asset) => Verdict::done(asset.clone()),
//!         None => Verdict::fail("no asset named".into()),
//!     }
//! });
//! let status = runner.status();
//! runner.run(shutdown).await;
//! # drop(status); }
//! ```

mod conclude;
mod context;
mod handler;
mod pool;
mod run;
mod status;

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::Ledger;

pub use context::{Context, Stop};
pub use handler::{Ending, Handler, Verdict};
pub use status::{KindStatus, LastError, Status};

/// Runs tasks of the kinds it was given handlers for.
pub struct Runner {
    settings: Settings,
    kinds: Vec<Kind>,
}

/// What all runs share.
#[derive(Clone)]
struct Settings {
    ledger: Ledger,
    owner: String,
    lease_for: Duration,
    grace: Duration,
    status: Status,
}

struct Kind {
    name: String,
    concurrency: usize,
    handler: Arc<dyn Handler>,
}

impl Runner {
    /// A runner without handlers, leases of 30 s and 5 s of grace.
    pub fn new(ledger: Ledger) -> Runner {
        let owner = std::process::id().to_string();
        let (lease_for, grace) = (Duration::from_secs(30), Duration::from_secs(5));
        let settings = Settings { ledger, owner, lease_for, grace, status: Status::default() };
        Runner { settings, kinds: Vec::new() }
    }

    /// Sets the name that leases carry; the process id unless set.
    pub fn owner(mut self, owner: impl Into<String>) -> Runner {
        self.settings.owner = owner.into();
        self
    }

    /// Sets how long a lease lasts without being extended. It is extended each third of it.
    pub fn lease_for(mut self, duration: Duration) -> Runner {
        self.settings.lease_for = duration;
        self
    }

    /// Sets how long a handler that is to stop may take before it is dropped.
    pub fn grace(mut self, duration: Duration) -> Runner {
        self.settings.grace = duration;
        self
    }

    /// Runs tasks of `kind` with `handler`, at most `concurrency` (at least one) at a time.
    pub fn on(mut self, kind: impl Into<String>, concurrency: usize, handler: impl Handler) -> Runner {
        let kind = Kind { name: kind.into(), concurrency: concurrency.max(1), handler: Arc::new(handler) };
        self.settings.status.begin(&kind.name);
        self.kinds.push(kind);
        self
    }

    /// A view of what the runner does, for a console or a doctor. Stays valid while and after it runs.
    pub fn status(&self) -> Status {
        self.settings.status.clone()
    }

    /// Works until `shutdown` (or until the ledger is closed), then stops the handlers and gives their tasks back at once.
    pub async fn run(self, shutdown: CancellationToken) {
        pool::Pool::new(self.settings, self.kinds).run(shutdown).await;
    }
}
