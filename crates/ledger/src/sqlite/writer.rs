//! The one writer. It takes whatever waits, makes it one transaction, and answers after the commit is on disk. While the disk
//! syncs one group, the next one gathers; there is no artificial delay.
//!
//! A group is first written without savepoints, which would be a third of its statements. Only when a write is refused
//! after it has written something, the group is rolled back and written again with a savepoint around each.

use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use super::lock::Lock;
use super::progress::{Noted, Progress};
use super::rows::micros;
use super::tx::{Halt, Pending, Tx, plain};
use crate::change::Touched;
use crate::clock::Clock;
use crate::error::Fault;

/// Writes that wait. Beyond it callers wait for a place: back-pressure.
pub(super) const QUEUE: usize = 1024;
/// Most writes of one group: enough to make the sync cheap, few enough that the first does not wait long for the last.
const GROUP: usize = 512;
/// Most statements of one group, roughly; a single larger write is a group of its own.
const GROUP_WEIGHT: usize = 8192;
/// Most bytes of one group, roughly.
const GROUP_BYTES: usize = 16 << 20;

type Group = Vec<Box<dyn Pending>>;

pub(super) struct Writer {
    /// `None` after a failure that leaves its state unknown.
    pub(super) connection: Option<SqliteConnection>,
    pub(super) options: SqliteConnectOptions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) queue: mpsc::Receiver<Box<dyn Pending>>,
    pub(super) changes: broadcast::Sender<Arc<[Touched]>>,
    pub(super) progress: Arc<Progress>,
    pub(super) closing: CancellationToken,
    /// Held until the last write is done.
    pub(super) _lock: Lock,
}

/// What woke the writer.
enum Wake {
    Write(Box<dyn Pending>),
    Progress,
    Closing,
}

impl Writer {
    /// Works until the ledger is closed or its last handle is dropped.
    pub(super) async fn run(mut self) {
        loop {
            match self.wake().await {
                Wake::Write(first) => {
                    let group = self.gather(first);
                    self.write(group).await;
                }
                Wake::Progress => self.write(Vec::new()).await,
                Wake::Closing => break,
            }
        }
        self.queue.close();
        while let Some(first) = self.queue.recv().await {
            let group = self.gather(first);
            self.write(group).await;
        }
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the ledger's writer did not close cleanly");
        }
    }

    async fn wake(&mut self) -> Wake {
        tokio::select! {
            biased;
            _ = self.closing.cancelled() => Wake::Closing,
            write = self.queue.recv() => write.map_or(Wake::Closing, Wake::Write),
            _ = self.progress.due(&*self.clock) => Wake::Progress,
        }
    }

    /// The first write and those that wait already, up to the limits.
    fn gather(&mut self, first: Box<dyn Pending>) -> Group {
        let (mut weight, mut bytes) = (first.weight(), first.bytes());
        let mut group = vec![first];
        while group.len() < GROUP && weight < GROUP_WEIGHT && bytes < GROUP_BYTES {
            let Ok(next) = self.queue.try_recv() else { break };
            weight += next.weight();
            bytes += next.bytes();
            group.push(next);
        }
        group
    }

    /// Commits a group and answers it. A group that the database fails is tried again one by one, so that a write too large
    /// for the space that is left does not fail its neighbours.
    async fn write(&mut self, mut group: Group) {
        match self.transact(&mut group).await {
            Err(_) if group.len() > 1 => {
                for one in group {
                    let mut alone = vec![one];
                    let outcome = self.transact(&mut alone).await;
                    answer(alone, outcome);
                }
            }
            outcome => answer(group, outcome),
        }
    }

    async fn transact(&mut self, group: &mut Group) -> Result<(), Fault> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => SqliteConnection::connect_with(&self.options).await?,
        };
        let now = self.clock.now();
        let noted = self.progress.take(now);
        let mut tx =
            Tx { connection: &mut connection, now: micros(now), touched: Vec::new(), careful: false };
        let mut outcome = attempt(&mut tx, group, &noted).await;
        if let Err(Halt::Refused) = outcome {
            tx.touched.clear();
            tx.careful = true;
            outcome = match plain(tx.connection, "ROLLBACK").await {
                Ok(()) => attempt(&mut tx, group, &noted).await,
                Err(fault) => Err(Halt::Fault(fault)),
            };
        }
        let touched = std::mem::take(&mut tx.touched);
        let fault = match outcome {
            Ok(()) => {
                self.connection = Some(connection);
                if !touched.is_empty() {
                    // An error means only that nobody listens.
                    let _ = self.changes.send(touched.into());
                }
                return Ok(());
            }
            Err(Halt::Fault(fault)) => fault,
            Err(Halt::Refused) => Fault::Closed,
        };
        self.progress.give_back(noted);
        self.connection = recover(connection, &fault).await;
        Err(fault)
    }
}

fn answer(group: Group, outcome: Result<(), Fault>) {
    for write in group {
        write.answer(outcome.clone());
    }
}

async fn attempt(tx: &mut Tx<'_>, group: &mut Group, noted: &Noted) -> Result<(), Halt> {
    plain(tx.connection, "BEGIN IMMEDIATE").await?;
    noted.apply(tx).await?;
    for write in group.iter_mut() {
        write.apply(tx).await?;
    }
    Ok(plain(tx.connection, "COMMIT").await?)
}

/// Rolls back. A connection whose disk failed is not trusted again: its cache may hold what the disk does not.
async fn recover(mut connection: SqliteConnection, fault: &Fault) -> Option<SqliteConnection> {
    // Fails when SQLite has rolled back by itself, as it does for some faults.
    let _ = plain(&mut connection, "ROLLBACK").await;
    match fault {
        Fault::NoSpace | Fault::Busy => Some(connection),
        _ => {
            let _ = connection.close().await;
            None
        }
    }
}
