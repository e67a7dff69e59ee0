//! One process per database: an advisory lock on a file beside it, which the system drops when the process ends, however
//! it ends. SQLite itself would let a second process in, and two would void each other's leases.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use crate::error::OpenError;

/// Longest process id that is read from a lock file.
const LONGEST_PID: u64 = 20;

/// Held while the database is open.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Makes the database's directory if needed and takes it.
    pub(super) fn take(database: &Path) -> Result<Lock, OpenError> {
        let directory = match database.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(directory).map_err(|source| io(directory, source))?;
        let path = beside(database);
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.map_err(|source| io(&path, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(database, &file)),
            Err(TryLockError::Error(source)) => return Err(io(&path, source)),
        }
        // Only a hint for the other process's message: on a full disk the lock holds without it.
        if let Err(error) = write_pid(&mut file) {
            tracing::warn!(%error, path = %path.display(), "cannot note the process id");
        }
        Ok(Lock { _file: file })
    }
}

fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())
}

fn in_use(database: &Path, file: &File) -> OpenError {
    let mut pid = String::new();
    let read = file.take(LONGEST_PID).read_to_string(&mut pid);
    let holder = match read.ok().and_then(|_| pid.trim().parse::<u32>().ok()) {
        Some(pid) => format!(" (pid {pid})"),
        None => String::new(),
    };
    OpenError::InUse { path: database.to_owned(), holder }
}

fn io(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), source }
}
