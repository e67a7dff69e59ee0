//! What a runner has been doing, for people.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::TaskId;

/// The latest failure of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct LastError {
    /// When.
    pub at: Timestamp,
    /// Of which task; `None` if the runner itself could not work (the database failed).
    pub task: Option<TaskId>,
    /// What was said.
    pub message: String,
}

/// Counts of one kind since the runner was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KindStatus {
    /// Running now.
    pub running: u64,
    /// Ended well.
    pub done: u64,
    /// Will run again after a failure.
    pub retried: u64,
    /// Ended in error.
    pub failed: u64,
    /// Ended by request.
    pub cancelled: u64,
    /// Given back.
    pub released: u64,
    /// Runs that panicked (also counted by how they ended).
    pub panicked: u64,
    /// Runs whose lease was lost.
    pub leases_lost: u64,
    /// The latest failure.
    pub last_error: Option<LastError>,
}

/// A shared view of all kinds of a runner.
#[derive(Clone, Debug, Default)]
pub struct Status {
    kinds: Arc<Mutex<BTreeMap<String, KindStatus>>>,
}

impl Status {
    /// All kinds, by name.
    pub fn kinds(&self) -> BTreeMap<String, KindStatus> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, KindStatus>> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, kind: &str) {
        self.update(kind, |_| {});
    }

    pub(super) fn update(&self, kind: &str, change: impl FnOnce(&mut KindStatus)) {
        change(self.lock().entry(kind.to_owned()).or_default());
    }

    pub(super) fn error(&self, kind: &str, at: Timestamp, task: Option<TaskId>, message: String) {
        tracing::warn!(kind, task = task.map(|task| task.0), error = message, "a task's run failed");
        self.update(kind, |status| status.last_error = Some(LastError { at, task, message }));
    }
}
