//! Opening: lock, connect, migrate, void the leases of earlier processes, start the writer.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::lock::Lock;
use super::progress::Progress;
use super::rows::micros;
use super::writer::Writer;
use super::{Store, writer};
use crate::change;
use crate::error::{Fault, OpenError};
use crate::ledger::Config;

/// How long a statement waits for a lock of a foreign program (a backup, `sqlite3`) before it fails as busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a reader waits for a connection of the pool before it fails as busy.
const READER_TIMEOUT: Duration = Duration::from_secs(30);
/// The write-ahead log is cut back to this after a checkpoint, so one large commit does not hold space for ever.
const JOURNAL_LIMIT: u32 = 64 << 20;
/// SQLite's page, in bytes: its default, which is written into the database when it is made.
const PAGE: u64 = 4096;
/// Openings that are remembered.
const INSTANCES_KEPT: i64 = 100;
/// A run cut short by the end of its process does not count as an attempt, this many times. Beyond it the task itself is
/// suspected of ending the process, and its runs count.
const FREE_INTERRUPTIONS: i64 = 100;

impl Store {
    pub(crate) async fn open(config: &Config) -> Result<Store, OpenError> {
        let lock = Lock::take(&config.path)?;
        let options = options(config);
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(Fault::from)?;
        sqlx::migrate!("migrations/sqlite").run(&mut connection).await?;
        sync_directory(&config.path)?;
        let database_id = begin_instance(&mut connection, micros(config.clock.now())).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(config.readers.max(1))
            .acquire_timeout(READER_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options.clone().read_only(true).optimize_on_close(false, None));
        let progress = Arc::new(Progress::default());
        let (writes, queue) = mpsc::channel(writer::QUEUE);
        let changes = broadcast::Sender::new(change::BACKLOG);
        let weak = changes.downgrade();
        let closing = CancellationToken::new();
        let writer = Writer {
            connection: Some(connection),
            options,
            clock: config.clock.clone(),
            queue,
            changes,
            progress: progress.clone(),
            closing: closing.clone(),
            _lock: lock,
        };
        let ended = start(writer)?;
        Ok(Store { database_id, progress, readers, writes, changes: weak, closing, ended })
    }

    pub(super) fn readers(&self) -> &sqlx::SqlitePool {
        &self.readers
    }
}

/// Starts the writer on a thread of its own: it is woken for each statement, and waking a thread that waits for nothing else
/// is a third cheaper than finding a worker of the runtime. Gives a token that is cancelled at its end, however it ends.
fn start(writer: Writer) -> Result<CancellationToken, OpenError> {
    let (ended, runtime) = (CancellationToken::new(), tokio::runtime::Handle::current());
    let guard = ended.clone().drop_guard();
    let run = move || {
        let _guard = guard;
        runtime.block_on(writer.run());
    };
    let thread = std::thread::Builder::new().name("ledger-writer".into()).spawn(run);
    thread.map_err(|source| OpenError::Io { path: "ledger-writer".into(), source })?;
    Ok(ended)
}

fn options(config: &Config) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(&config.path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY_TIMEOUT)
        .page_size(PAGE as u32)
        .pragma("journal_size_limit", JOURNAL_LIMIT.to_string())
        .optimize_on_close(true, 1000)
        // It would measure and format each statement.
        .disable_statement_logging();
    match config.max_bytes {
        Some(bytes) => options.pragma("max_page_count", (bytes / PAGE).max(1).to_string()),
        None => options,
    }
}

/// SQLite syncs what it writes into files, but not the directory entry of a database that it has just made.
fn sync_directory(database: &Path) -> Result<(), OpenError> {
    let directory = match database.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let synced = std::fs::File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(|source| OpenError::Io { path: directory.to_owned(), source })
}

/// Notes this process and queues again whatever an earlier one was running. Gives the database's id.
async fn begin_instance(connection: &mut SqliteConnection, now: i64) -> Result<Uuid, Fault> {
    let mut tx = connection.begin().await?;
    sqlx::query("INSERT INTO instance (pid, opened) VALUES ($1, $2)")
        .bind(i64::from(std::process::id()))
        .bind(now)
        .execute(&mut *tx)
        .await?;
    sqlx::query("DELETE FROM instance WHERE id <= (SELECT MAX(id) FROM instance) - $1")
        .bind(INSTANCES_KEPT)
        .execute(&mut *tx)
        .await?;
    sqlx::query(
        "UPDATE task SET state = 'queued', owner = NULL, lease_until = NULL, interruptions = interruptions + 1,
             attempt = CASE WHEN interruptions < $1 THEN attempt - 1 ELSE attempt END
         WHERE state = 'running'",
    )
    .bind(FREE_INTERRUPTIONS)
    .execute(&mut *tx)
    .await?;
    sqlx::query("INSERT INTO meta (key, value) VALUES ('database_id', $1) ON CONFLICT (key) DO NOTHING")
        .bind(Uuid::new_v4().to_string())
        .execute(&mut *tx)
        .await?;
    let id: String =
        sqlx::query_scalar("SELECT value FROM meta WHERE key = 'database_id'").fetch_one(&mut *tx).await?;
    tx.commit().await?;
    Uuid::parse_str(&id).map_err(|_| Fault::Unreadable { table: "meta", column: "value" })
}
