//! The durable core: resources, tasks with leases, and the outbox.
//!
//! Everything the product must not forget goes through one call, [`Ledger::commit`], with one value, [`Commit`]: a list of
//! steps that happen together or not at all, on disk before the call returns. Concurrent callers share one `fsync` (group
//! commit) and never each other's failures.
//!
//! * A [`Resource`] is a named JSON document with a version. Writers state what they expect ([`Expect`]).
//! * A [`Task`] is work to be done once. A worker takes a [`Lease`] on it; the lease's epoch fences every later write, so a
//!   worker that was paused or replaced cannot finish what is no longer its own.
//! * An [`Event`] is announced in the commit that made it true and read in order from [`Ledger::events`].
//! * [`Ledger::subscribe`] tells what a commit touched, so nothing polls.
//! * [`runner::Runner`] drives tasks: claims, keeps leases alive, cancels, retries, drains.
//!
//! All SQL is inside this crate; no name of a database appears in its API except in [`Config`].
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use millrace_ledger::{Commit, Config, Event, Expect, Ledger, NewTask, Put};
//!
//! let ledger = Ledger::open(Config::new("data/ledger.db")).await?;
//! let receipt = ledger
//!     .commit(
//!         Commit::new()
//!             .put(Put::new("asset", "media", "Intro", serde_json::json!({})).expect(Expect::Absent))
//!             .enqueue(NewTask::new("index", "intro", serde_json::json!({})))
//!             .announce(Event::new("Millrace.AssetCreated", "assets/Intro", "media", serde_json::json!({}))),
//!     )
//!     .await?;
//! assert_eq!(receipt.version(0), Some(1));
//! # Ok(()) }
//! ```

mod change;
mod clock;
mod commit;
mod error;
mod event;
mod ledger;
mod query;
mod resource;
mod sqlite;
mod task;

pub mod runner;

pub use change::{Change, Changes, Touched};
pub use clock::{Clock, ManualClock, SystemClock};
pub use commit::{Commit, Done, Receipt};
pub use error::{CommitError, Fault, LeaseLost, OpenError, ReadError};
pub use event::{Event, StoredEvent};
pub use ledger::{Config, Ledger, Purged, Retention};
pub use query::{
    BadCursor, Cmp, Cursor, Expr, Field, MAX_DEPTH, MAX_PAGE, MAX_TERMS, Order, Page, Query, QueryError,
    Value,
};
pub use resource::{Expect, Put, Resource};
pub use task::{Backoff, Due, GroupSummary, IfExists, Lease, NewTask, Outcome, Task, TaskId, TaskState};
