//! What a local directory can do beyond the object store trait: reads from open files without a thread hop, sorted
//! listings without a stat per file, deletes that survive power loss, paths for child processes.

use std::fs::{self, File, TryLockError};
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use rustix::io::ReadWriteFlags;

use super::pool::{CHUNK, Pool};
use crate::error::{Error, io_error};

/// Files kept open for reading; well under the usual limit of 1024 descriptors.
const OPEN_FILES: u64 = 256;
/// An unused file is closed after this; one that was deleted meanwhile gives its space back then.
const OPEN_IDLE: std::time::Duration = std::time::Duration::from_secs(60);
/// Where whole trees wait to be removed.
const TRASH: &str = "trash";
/// Where second names and children's output live; emptied when the directory is opened.
const SCRATCH: &str = "scratch";

/// One account's directory. Its lock file keeps a second process out: names are locked in memory.
#[derive(Debug)]
pub(crate) struct Local {
    root: PathBuf,
    opened: SystemTime,
    files: moka::sync::Cache<String, Arc<File>>,
    pool: Arc<Pool>,
    making: Mutex<()>,
    _lock: File,
}

impl Local {
    pub(crate) fn open(root: PathBuf) -> Result<Self, crate::OpenError> {
        let failed = |source| crate::OpenError::Directory { path: root.clone(), source };
        fs::create_dir_all(&root).map_err(failed)?;
        let lock = File::create(root.join("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(crate::OpenError::Locked(root)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let scratch = root.join(SCRATCH);
        if scratch.is_dir() {
            fs::remove_dir_all(&scratch).map_err(failed)?;
        }
        fs::create_dir_all(&scratch).map_err(failed)?;
        fs::create_dir_all(root.join("containers")).map_err(failed)?;
        sync_dir(&root).map_err(failed)?;
        Ok(Self {
            opened: SystemTime::now(),
            files: moka::sync::Cache::builder().max_capacity(OPEN_FILES).time_to_idle(OPEN_IDLE).build(),
            pool: Arc::default(),
            making: Mutex::new(()),
            _lock: lock,
            root,
        })
    }

    /// The file of an object.
    pub(crate) fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// A fresh name below the scratch directory.
    pub(crate) fn scratch_path(&self) -> PathBuf {
        self.root.join(SCRATCH).join(uuid::Uuid::new_v4().to_string())
    }

    pub(crate) async fn prepare_dir(self: &Arc<Self>, dir: &str) -> Result<(), Error> {
        let (this, dir) = (Arc::clone(self), self.path(dir));
        blocking(move || this.make_dir(&dir)).await
    }

    /// Under one lock, so that whoever finds a directory made knows that it is also durable.
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if dir.is_dir() {
            return Ok(());
        }
        fs::create_dir_all(dir)?;
        dir.ancestors().skip(1).take_while(|parent| parent.starts_with(&self.root)).try_for_each(sync_dir)
    }

    pub(crate) async fn get(&self, key: &str) -> Result<Option<Bytes>, Error> {
        let path = self.path(key);
        blocking(move || match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        })
        .await
    }

    pub(crate) async fn delete(&self, key: &str) -> Result<(), Error> {
        self.files.invalidate(key);
        let path = self.path(key);
        blocking(move || match fs::remove_file(&path) {
            Ok(()) => path.parent().map_or(Ok(()), sync_dir),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        })
        .await
    }

    pub(crate) async fn delete_dir(&self, dir: &str) -> Result<(), Error> {
        let (from, trash) = (self.path(dir), self.path(TRASH));
        blocking(move || {
            fs::create_dir_all(&trash)?;
            let aside = trash.join(uuid::Uuid::new_v4().to_string());
            match fs::rename(&from, &aside) {
                Ok(()) => {
                    // Durably gone before anything is removed that it names.
                    from.parent().map_or(Ok(()), sync_dir)?;
                    fs::remove_dir_all(aside)
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// All keys below `dir` above `after`, sorted.
    pub(crate) async fn list(&self, dir: &str, after: &str) -> Result<Vec<String>, Error> {
        let (dir, after) = (self.path(dir), after.to_owned());
        blocking(move || {
            let mut keys = Vec::new();
            walk(&dir, "", &after, &mut keys)?;
            Ok(keys)
        })
        .await
    }

    /// Names of the directories right below `dir`.
    pub(crate) async fn list_dirs(&self, dir: &str) -> Result<Vec<String>, Error> {
        let dir = self.path(dir);
        blocking(move || {
            Ok(entries(&dir)?
                .into_iter()
                .filter_map(|name| name.strip_suffix('/').map(str::to_owned))
                .collect())
        })
        .await
    }

    /// Removes what uploads of an earlier process left half-written, and trees that were being deleted.
    pub(crate) async fn clean(&self, dirs: Vec<String>) -> Result<u64, Error> {
        let (trash, opened) = (self.path(TRASH), self.opened);
        let dirs: Vec<PathBuf> = dirs.iter().map(|dir| self.path(dir)).collect();
        blocking(move || {
            if trash.is_dir() {
                fs::remove_dir_all(&trash)?;
            }
            dirs.iter().try_fold(0, |count, dir| Ok(count + remove_staged(dir, opened)?))
        })
        .await
    }

    /// An object's file, open; kept open for the next reader.
    pub(crate) async fn open_file(&self, key: &str) -> Result<Arc<File>, Error> {
        if let Some(file) = self.files.get(key) {
            return Ok(file);
        }
        let path = self.path(key);
        let file = Arc::new(blocking(move || File::open(path)).await?);
        self.files.insert(key.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    pub(crate) async fn read(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        let file = self.open_file(key).await?;
        let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(|_| super::missing())?;
        if length <= CHUNK {
            return self.read_chunk(&file, range.start, length).await;
        }
        let mut buffer = vec![0; length];
        blocking(move || file.read_exact_at(&mut buffer, range.start).map(|()| buffer.into())).await
    }

    /// Up to [`CHUNK`] bytes into a pooled buffer: at once when the page cache has them, on a blocking thread otherwise.
    pub(crate) async fn read_chunk(
        &self,
        file: &Arc<File>,
        offset: u64,
        length: usize,
    ) -> Result<Bytes, Error> {
        let mut buffer = self.pool.take(length);
        let done = read_cached(file, offset, buffer.as_mut());
        if done == buffer.as_mut().len() {
            return Ok(buffer.freeze());
        }
        let file = Arc::clone(file);
        blocking(move || {
            let rest = buffer.as_mut().get_mut(done..).unwrap_or_default();
            file.read_exact_at(rest, offset.saturating_add(u64::try_from(done).unwrap_or(u64::MAX)))?;
            Ok(buffer.freeze())
        })
        .await
    }
}

/// Reads what the page cache holds without ever waiting for the disk; the number of bytes it got.
fn read_cached(file: &File, offset: u64, buffer: &mut [u8]) -> usize {
    let mut parts = [io::IoSliceMut::new(buffer)];
    rustix::io::preadv2(file, &mut parts, offset, ReadWriteFlags::NOWAIT).unwrap_or(0)
}

/// Runs file work on a blocking thread.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(io_error),
        Err(error) => Err(Error::Io(io::Error::other(error))),
    }
}

/// Makes a directory's entries durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// True for the names that half-written objects have.
fn is_staged(name: &str) -> bool {
    name.contains('#')
}

/// The entries of a directory in key order: a directory ends in `/`, as it does inside keys. Missing is empty.
fn entries(dir: &Path) -> io::Result<Vec<String>> {
    let found = match fs::read_dir(dir) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for entry in found {
        let entry = entry?;
        let Ok(mut name) = entry.file_name().into_string() else { continue };
        if is_staged(&name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            name.push('/');
        }
        names.push(name);
    }
    names.sort_unstable();
    Ok(names)
}

/// Depth is bounded by the key encoding (three directories and a hash).
fn walk(dir: &Path, prefix: &str, after: &str, keys: &mut Vec<String>) -> io::Result<()> {
    for name in entries(dir)? {
        let key = format!("{prefix}{name}");
        if name.ends_with('/') {
            if key.as_str() > after || after.starts_with(&key) {
                walk(&dir.join(&name), &key, after, keys)?;
            }
        } else if key.as_str() > after {
            keys.push(key);
        }
    }
    Ok(())
}

fn remove_staged(dir: &Path, before: SystemTime) -> io::Result<u64> {
    let found = match fs::read_dir(dir) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut removed = 0;
    for entry in found {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            removed += remove_staged(&entry.path(), before)?;
        } else if entry.file_name().to_str().is_some_and(is_staged) && entry.metadata()?.modified()? < before
        {
            fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}
