//! Failures, one enum per operation, named by what the caller does about them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::query::QueryError;
use crate::resource::Expect;
use crate::task::TaskId;

/// What the database itself can suffer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// The disk (or a quota) is full. Nothing was written, nothing is lost; works again when there is space.
    #[error("no space left for the database")]
    NoSpace,
    /// Another program holds a lock on the database for too long. Try again.
    #[error("the database is locked by another program")]
    Busy,
    /// The file is not a database or is damaged. Needs an operator.
    #[error("the database is damaged: {0}")]
    Corrupt(Arc<sqlx::Error>),
    /// The ledger was closed.
    #[error("the ledger is closed")]
    Closed,
    /// A row that this version cannot read: written by a newer one, or by hand.
    #[error("column {column} of table {table} holds what this version cannot read")]
    Unreadable {
        /// Its table.
        table: &'static str,
        /// Its column.
        column: &'static str,
    },
    /// Anything else, such as a failing disk. Whether it was written is unknown until the database is opened again.
    #[error("the database failed: {0}")]
    Other(Arc<sqlx::Error>),
}

impl Fault {
    /// Whether the same call may succeed later without anyone repairing anything but space.
    pub fn is_transient(&self) -> bool {
        matches!(self, Fault::NoSpace | Fault::Busy)
    }
}

/// SQLite's primary result codes that callers treat apart (<https://sqlite.org/rescode.html>).
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const NOT_A_DB: i32 = 26;
    /// The WAL index could not grow: on a full disk this comes before `FULL`.
    pub(super) const IOERR_SHMSIZE: i32 = 4874;
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Fault {
        if matches!(error, sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed) {
            return Fault::Closed;
        }
        let extended = error
            .as_database_error()
            .and_then(|database| database.code())
            .and_then(|code| code.parse::<i32>().ok());
        match extended.map(|extended| (extended, extended & 0xff)) {
            Some((code::IOERR_SHMSIZE, _)) | Some((_, code::FULL)) => Fault::NoSpace,
            Some((_, code::BUSY | code::LOCKED)) => Fault::Busy,
            Some((_, code::CORRUPT | code::NOT_A_DB)) => Fault::Corrupt(Arc::new(error)),
            _ => Fault::Other(Arc::new(error)),
        }
    }
}

/// Why a ledger could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process (or another handle of this one) has it open.
    #[error("{path} is in use by another process{holder}", path = path.display())]
    InUse {
        /// The database.
        path: PathBuf,
        /// ` (pid N)` if known, else empty.
        holder: String,
    },
    /// The directory or lock file could not be made.
    #[error("cannot use {path}: {source}", path = path.display())]
    Io {
        /// What was tried.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The database was made by a newer version, or its migrations were changed.
    #[error("the database cannot be brought to this version: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why a commit did not happen. In every case none of its steps did, except for [`Fault::Other`], where it is unknown.
///
/// `step` counts the steps of the commit from 0.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// A resource is not as expected.
    #[error("{kind} {name} is at version {found:?}, expected {expected:?}")]
    Precondition {
        /// Which step.
        step: usize,
        /// The resource's kind.
        kind: String,
        /// Its scope.
        scope: String,
        /// Its name.
        name: String,
        /// What the step required.
        expected: Expect,
        /// Its version, if it exists.
        found: Option<i64>,
    },
    /// The id belongs to another resource of the kind, or the resource has another id.
    #[error("the id {id} cannot be given to this {kind}")]
    IdTaken {
        /// Which step.
        step: usize,
        /// The resource's kind.
        kind: String,
        /// The id.
        id: String,
    },
    /// An unfinished task of that kind and key exists, and [`crate::IfExists::Refuse`] was chosen.
    #[error("a task {kind} {key} exists")]
    TaskExists {
        /// Which step.
        step: usize,
        /// The task's kind.
        kind: String,
        /// Its key.
        key: String,
        /// The task that exists.
        task: TaskId,
    },
    /// The lease is no longer valid: the task was given to another, or is finished.
    #[error("the lease on task {task:?} was lost")]
    LeaseLost {
        /// Which step.
        step: usize,
        /// The task.
        task: TaskId,
    },
    /// The commit is larger than the ledger takes.
    #[error("the commit is too large: {what} {size}, at most {most}")]
    TooLarge {
        /// What is counted.
        what: &'static str,
        /// How much there is.
        size: usize,
        /// How much is taken.
        most: usize,
    },
    /// The database failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl CommitError {
    /// Which step was refused; `None` if none was.
    pub fn step(&self) -> Option<usize> {
        match self {
            CommitError::Precondition { step, .. }
            | CommitError::IdTaken { step, .. }
            | CommitError::TaskExists { step, .. }
            | CommitError::LeaseLost { step, .. } => Some(*step),
            CommitError::TooLarge { .. } | CommitError::Fault(_) => None,
        }
    }
}

/// The lease is no longer valid.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LeaseLost {
    /// The task was given to another, or is finished.
    #[error("the lease was lost")]
    Lost,
    /// The database failed; the lease may still be valid.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Why something could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The query is not acceptable.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The database failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> ReadError {
        ReadError::Fault(error.into())
    }
}
