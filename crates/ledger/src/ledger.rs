//! The handle that everyone holds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::change::Changes;
use crate::clock::{Clock, SystemClock};
use crate::commit::{Commit, Receipt};
use crate::error::{CommitError, Fault, LeaseLost, OpenError, ReadError};
use crate::event::StoredEvent;
use crate::query::{Page, Query};
use crate::resource::Resource;
use crate::sqlite::{Claim, Extend, Prepared, Purge, Store};
use crate::task::{GroupSummary, Lease, Task, TaskId};

/// How to open a ledger.
#[derive(Clone)]
pub struct Config {
    /// The database file. Its directory is made if needed; `-wal`, `-shm` and `.lock` files appear beside it.
    pub path: PathBuf,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Connections for reading, each a thread and up to 2 MB of cache.
    pub readers: u32,
    /// Most bytes that the database file may take; beyond it commits fail with [`Fault::NoSpace`].
    pub max_bytes: Option<u64>,
}

impl Config {
    /// The file at `path`, the machine's clock, four readers.
    pub fn new(path: impl Into<PathBuf>) -> Config {
        Config { path: path.into(), clock: Arc::new(SystemClock), readers: 4, max_bytes: None }
    }

    /// Sets the clock.
    pub fn clock(mut self, clock: impl Clock) -> Config {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the most bytes of the database file.
    pub fn max_bytes(mut self, bytes: u64) -> Config {
        self.max_bytes = Some(bytes);
        self
    }
}

/// What [`Ledger::purge`] may remove.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Tasks that finished before this moment.
    pub tasks_before: Option<Timestamp>,
    /// Events that were announced before this moment.
    pub events_before: Option<Timestamp>,
}

/// What [`Ledger::purge`] removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Finished tasks.
    pub tasks: u64,
    /// Events.
    pub events: u64,
}

/// An open database. Clones share it; it closes after the last one is dropped, or at [`Ledger::close`].
#[derive(Clone)]
pub struct Ledger {
    clock: Arc<dyn Clock>,
    store: Arc<Store>,
}

impl Ledger {
    /// Opens or creates the database, migrates it and takes it for this process alone. Leases of earlier processes are void:
    /// what they ran is queued again.
    pub async fn open(config: Config) -> Result<Ledger, OpenError> {
        let store = Store::open(&config).await?;
        Ok(Ledger { clock: config.clock, store: Arc::new(store) })
    }

    /// A GUID made with the database, to derive names from that are unique beyond it.
    pub fn database_id(&self) -> Uuid {
        self.store.database_id
    }

    /// The clock in use.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The resource of that address.
    pub async fn get(&self, kind: &str, scope: &str, name: &str) -> Result<Option<Resource>, ReadError> {
        self.store.get(kind, scope, name).await
    }

    /// The resource of that id (compared exactly).
    pub async fn get_by_id(&self, kind: &str, id: &str) -> Result<Option<Resource>, ReadError> {
        self.store.get_by_id(kind, id).await
    }

    /// One page of resources.
    pub async fn list(&self, query: &Query) -> Result<Page, ReadError> {
        self.store.list(query).await
    }

    /// How many resources match; order, place and limit of the query do not matter.
    pub async fn count(&self, query: &Query) -> Result<u64, ReadError> {
        self.store.count(query).await
    }

    /// Makes all steps true, or none. Returns after they are on disk. If the caller stops waiting, the commit may happen or
    /// not.
    pub async fn commit(&self, commit: Commit) -> Result<Receipt, CommitError> {
        self.store.write(Prepared::new(commit)?).await
    }

    /// Leases up to `limit` tasks of these kinds that are due: the kinds in the order given, in each the best first (by
    /// priority, then by time, then by age). A lease may come only to end the task: see [`Lease::due`].
    pub async fn claim(
        &self,
        kinds: &[&str],
        owner: &str,
        lease_for: Duration,
        limit: usize,
    ) -> Result<Vec<Lease>, Fault> {
        let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let claim = Claim { kinds, owner: owner.to_owned(), lease_for, limit };
        self.store.write(claim).await.map_err(only_fault)
    }

    /// Prolongs a lease to now + `lease_for`. Gives the lease as it is now; its task tells whether it was asked to stop.
    pub async fn extend(&self, lease: &Lease, lease_for: Duration) -> Result<Lease, LeaseLost> {
        let extended = self.store.write(Extend { fence: lease.into(), lease_for }).await;
        extended.map_err(|error| match error {
            CommitError::Fault(fault) => LeaseLost::Fault(fault),
            _ => LeaseLost::Lost,
        })
    }

    /// Notes progress (0 to 1) of a leased task. Returns at once: it is written with a later commit or within a second,
    /// and not at all if the lease is lost or the progress is less than is known.
    pub fn progress(&self, lease: &Lease, progress: f64) {
        self.store.progress.note(lease.into(), progress);
    }

    /// The earliest moment at which a task of these kinds is due, in the past if one waits already.
    pub async fn next_due(&self, kinds: &[&str]) -> Result<Option<Timestamp>, ReadError> {
        self.store.next_due(kinds).await
    }

    /// A task by its id.
    pub async fn task(&self, id: TaskId) -> Result<Option<Task>, ReadError> {
        self.store.task(id).await
    }

    /// The newest task of that kind and key.
    pub async fn task_by_key(&self, kind: &str, key: &str) -> Result<Option<Task>, ReadError> {
        self.store.task_by_key(kind, key).await
    }

    /// The tasks of a group, oldest first; at most 10,000, continuing after the task `after`.
    pub async fn tasks(&self, group: &str, after: Option<TaskId>) -> Result<Vec<Task>, ReadError> {
        self.store.tasks(group, after).await
    }

    /// States and progress of a group's tasks.
    pub async fn group(&self, group: &str) -> Result<GroupSummary, ReadError> {
        self.store.group(group).await
    }

    /// Up to `limit` events after position `after` (0 for the beginning), in order.
    pub async fn events(&self, after: i64, limit: usize) -> Result<Vec<StoredEvent>, ReadError> {
        self.store.events(after, limit).await
    }

    /// Removes what is older than it must be kept, a few rows at a time, so that commits go on meanwhile.
    pub async fn purge(&self, retention: Retention) -> Result<Purged, Fault> {
        let mut all = Purged::default();
        loop {
            let bite = self.store.write(Purge(retention)).await.map_err(only_fault)?;
            if bite == Purged::default() {
                return Ok(all);
            }
            all.tasks += bite.tasks;
            all.events += bite.events;
        }
    }

    /// Notifications of all commits from now on.
    pub fn subscribe(&self) -> Changes {
        self.store.subscribe()
    }

    /// Ends all handles: waits for commits under way, refuses later ones, and lets go of the database.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

/// For writes that are never refused.
fn only_fault(error: CommitError) -> Fault {
    match error {
        CommitError::Fault(fault) => fault,
        _ => Fault::Closed,
    }
}
