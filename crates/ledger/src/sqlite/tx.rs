//! The transaction that a group of writes shares, and the shape of one write in it.
//!
//! The connection is a thread of its own, so each answer from it costs a switch of threads. A statement that returns one row
//! (`RETURNING` read by `fetch_optional`) has one answer, where `execute` has two: frequent writes use the former.

use futures_util::future::BoxFuture;
use sqlx::SqliteConnection;
use tokio::sync::oneshot;

use crate::change::Touched;
use crate::error::{CommitError, Fault};

/// The transaction under way.
pub(crate) struct Tx<'c> {
    pub(super) connection: &'c mut SqliteConnection,
    /// The moment of the whole group, in microseconds.
    pub(super) now: i64,
    /// What was touched so far.
    pub(super) touched: Vec<Touched>,
    /// Whether writes that may have to be undone alone are made in savepoints.
    pub(super) careful: bool,
}

/// Why a transaction is rolled back.
pub(super) enum Halt {
    /// The database failed.
    Fault(Fault),
    /// A write was refused after it had written something, and there was no savepoint to go back to.
    Refused,
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Halt {
        Halt::Fault(fault)
    }
}

/// One write: applied within a group, answered after the group is durable.
pub(crate) trait Write: Send + Sync + 'static {
    type Answer: Send + 'static;

    /// Statements it makes, roughly: bounds how long a group takes.
    fn weight(&self) -> usize;

    /// Bytes it writes, roughly: bounds the memory of a group.
    fn bytes(&self) -> usize;

    /// Makes the write. [`CommitError::Fault`] fails the whole group; other errors refuse only this write. A step is refused
    /// before it writes anything, so a refusal of step 0 leaves nothing to undo. May be called again, in another
    /// transaction, when the group failed.
    fn apply<'a>(&'a self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<Self::Answer, CommitError>>;
}

/// A [`Write`] with someone waiting for it, whatever its answer.
pub(super) trait Pending: Send {
    fn weight(&self) -> usize;
    fn bytes(&self) -> usize;
    /// Applies the write and keeps its answer for [`Pending::answer`].
    fn apply<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(), Halt>>;
    /// Tells the waiting one: the kept answer if the group is durable, else the group's fault.
    fn answer(self: Box<Self>, group: Result<(), Fault>);
}

pub(super) struct Waiting<W: Write> {
    write: W,
    reply: oneshot::Sender<Result<W::Answer, CommitError>>,
    kept: Option<Result<W::Answer, CommitError>>,
}

impl<W: Write> Waiting<W> {
    pub(super) fn new(write: W, reply: oneshot::Sender<Result<W::Answer, CommitError>>) -> Waiting<W> {
        Waiting { write, reply, kept: None }
    }
}

impl<W: Write> Pending for Waiting<W> {
    fn weight(&self) -> usize {
        self.write.weight()
    }

    fn bytes(&self) -> usize {
        self.write.bytes()
    }

    fn apply<'a>(&'a mut self, tx: &'a mut Tx<'_>) -> BoxFuture<'a, Result<(), Halt>> {
        Box::pin(async move {
            let in_savepoint = tx.careful && self.write.weight() > 1;
            let outcome = match in_savepoint {
                true => apply_in_savepoint(&self.write, tx).await,
                false => self.write.apply(tx).await,
            };
            match &outcome {
                Err(CommitError::Fault(fault)) => return Err(Halt::Fault(fault.clone())),
                Err(refused) if !in_savepoint && refused.step() != Some(0) => return Err(Halt::Refused),
                _ => {}
            }
            self.kept = Some(outcome);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, group: Result<(), Fault>) {
        let answer = match (group, self.kept) {
            (Ok(()), Some(kept)) => kept,
            (Ok(()), None) => Err(CommitError::Fault(Fault::Closed)),
            (Err(fault), _) => Err(CommitError::Fault(fault)),
        };
        // A caller that stopped waiting is not told, as the documentation of `Ledger::commit` says.
        let _ = self.reply.send(answer);
    }
}

async fn apply_in_savepoint<W: Write>(write: &W, tx: &mut Tx<'_>) -> Result<W::Answer, CommitError> {
    let touched = tx.touched.len();
    plain(tx.connection, "SAVEPOINT one").await?;
    let outcome = write.apply(tx).await;
    match &outcome {
        Ok(_) => plain(tx.connection, "RELEASE one").await?,
        // The transaction may be gone already; the group is rolled back in any case.
        Err(CommitError::Fault(_)) => {}
        Err(_) => {
            tx.touched.truncate(touched);
            plain(tx.connection, "ROLLBACK TO one").await?;
            plain(tx.connection, "RELEASE one").await?;
        }
    }
    outcome
}

/// Runs a statement without arguments or rows.
pub(super) async fn plain(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), Fault> {
    sqlx::query(sql).execute(connection).await?;
    Ok(())
}
