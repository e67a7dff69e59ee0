//! Where tests open ledgers, and what they say often.

use std::future::Future;
use std::time::Duration;

use millrace_ledger::{Commit, Config, Expect, Lease, Ledger, ManualClock, NewTask, Put};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A directory with one database that can be opened again and again.
pub(crate) struct Place {
    directory: TempDir,
    pub(crate) clock: ManualClock,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { directory: TempDir::new().expect("a temporary directory"), clock: ManualClock::default() }
    }

    pub(crate) fn config(&self) -> Config {
        Config::new(self.directory.path().join("ledger.db")).clock(self.clock.clone())
    }

    pub(crate) async fn open(&self) -> Ledger {
        Ledger::open(self.config()).await.expect("the ledger opens")
    }

    pub(crate) fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("ledger.db")
    }
}

/// A place and its open ledger.
pub(crate) async fn fresh() -> (Place, Ledger) {
    let place = Place::new();
    let ledger = place.open().await;
    (place, ledger)
}

pub(crate) fn asset(name: &str) -> Put {
    Put::new("asset", "media", name, json!({"name": name}))
}

pub(crate) fn create(name: &str) -> Commit {
    Commit::new().put(asset(name).expect(Expect::Absent))
}

pub(crate) fn task(key: &str) -> NewTask {
    NewTask::new("work", key, json!({"key": key}))
}

pub(crate) const LEASE: Duration = Duration::from_secs(30);

pub(crate) async fn enqueue(ledger: &Ledger, task: NewTask) {
    ledger.commit(Commit::new().enqueue(task)).await.expect("enqueued");
}

/// Claims exactly one task of kind `work`.
pub(crate) async fn claim_one(ledger: &Ledger) -> Lease {
    let mut leases = claim(ledger, 1).await;
    leases.pop().expect("a task is due")
}

pub(crate) async fn claim(ledger: &Ledger, limit: usize) -> Vec<Lease> {
    ledger.claim(&["work"], "test", LEASE, limit).await.expect("a claim")
}

/// Fails instead of hanging. Only a bound: no test waits for it when all is well.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(Duration::from_secs(60), future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} did not happen"),
    }
}

pub(crate) fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}
