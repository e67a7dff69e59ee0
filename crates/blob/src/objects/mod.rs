//! The objects under everything: small ones replaced atomically, large ones written once, both durable when a call returns.
//!
//! All of it goes through `object_store`; a local directory additionally has [`local::Local`] for what the trait cannot
//! say (sorted paging without stat calls, open files, durable deletes, a path for child processes).
//!
//! **Power loss.** `LocalFileSystem::with_fsync(true)` writes to a staging name, syncs the file, renames it and syncs the
//! directory (new parents too) before it answers; [`Objects::prepare_dir`] closes the one gap left, two writers racing
//! to make the same directory. So an object is on disk, whole, before the record that names it is written, and the record is on
//! disk before anyone is told.

pub(crate) mod local;
pub(crate) mod pool;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload,
    UpdateVersion,
};

use crate::error::{Error, store_error};
use local::Local;

/// Bytes collected before a part is handed to the store; S3 wants 5 MiB at least, and memory per upload is twice this.
const REMOTE_PART: usize = 8 << 20;
/// The same for a local directory: large enough that the hop to a blocking thread does not matter.
const LOCAL_PART: usize = 1 << 20;
/// Keys fetched ahead from a remote listing at a time.
pub(crate) const LIST_PAGE: usize = 5000;

/// The objects of one storage account.
#[derive(Debug, Clone)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    local: Option<Arc<Local>>,
}

/// What a replaced object had when it was read; guards the next write where several processes share a store.
#[derive(Debug, Clone)]
pub(crate) struct Version(UpdateVersion);

/// When a small object may be written.
#[derive(Debug, Clone)]
pub(crate) enum Write {
    /// Only where nothing is.
    Create,
    /// Only over what was read.
    Replace(Version),
}

impl Objects {
    pub(crate) fn local(root: PathBuf) -> Result<Self, crate::OpenError> {
        let local = Local::open(root.clone())?;
        let store =
            object_store::local::LocalFileSystem::new_with_prefix(&root).map_err(crate::OpenError::Store)?;
        Ok(Self { store: Arc::new(store.with_fsync(true)), local: Some(Arc::new(local)) })
    }

    pub(crate) fn remote(store: Arc<dyn ObjectStore>) -> Self {
        Self { store, local: None }
    }

    /// The local directory, when it is one.
    pub(crate) fn on_disk(&self) -> Option<&Arc<Local>> {
        self.local.as_ref()
    }

    /// Makes a directory durably, before objects are put into it; nothing to do on stores without directories.
    pub(crate) async fn prepare_dir(&self, dir: &str) -> Result<(), Error> {
        match &self.local {
            Some(local) => local.prepare_dir(dir).await,
            None => Ok(()),
        }
    }

    /// A small object and its version; `None` where there is none.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<(Bytes, Version)>, Error> {
        if let Some(local) = &self.local {
            let version = Version(UpdateVersion { e_tag: None, version: None });
            return Ok(local.get(key).await?.map(|bytes| (bytes, version)));
        }
        let found = match self.store.get_opts(&path(key)?, GetOptions::default()).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(store_error(error)),
        };
        let version =
            Version(UpdateVersion { e_tag: found.meta.e_tag.clone(), version: found.meta.version.clone() });
        Ok(Some((found.bytes().await.map_err(store_error)?, version)))
    }

    /// Writes a small object atomically. `false`: the condition failed (someone else wrote).
    ///
    /// A local directory belongs to one process, which holds the name's lock, so a replacement needs no check there.
    pub(crate) async fn put(&self, key: &str, bytes: Bytes, write: Write) -> Result<bool, Error> {
        let mode = match write {
            Write::Create => PutMode::Create,
            Write::Replace(_) if self.local.is_some() => PutMode::Overwrite,
            Write::Replace(version) => PutMode::Update(version.0),
        };
        let options = PutOptions { mode, ..PutOptions::default() };
        match self.store.put_opts(&path(key)?, PutPayload::from_bytes(bytes), options).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => {
                Ok(false)
            }
            Err(error) => Err(store_error(error)),
        }
    }

    /// Removes an object, durably; one that is not there is no error.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), Error> {
        if let Some(local) = &self.local {
            return local.delete(key).await;
        }
        match self.store.delete(&path(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(store_error(error)),
        }
    }

    /// Begins a large object. It exists only after [`ObjectWriter::finish`]; dropping the writer leaves nothing.
    pub(crate) async fn create(&self, key: &str) -> Result<ObjectWriter, Error> {
        let upload = self.store.put_multipart(&path(key)?).await.map_err(store_error)?;
        let part = if self.local.is_some() { LOCAL_PART } else { REMOTE_PART };
        Ok(ObjectWriter { upload: Some(upload), pending: Vec::new(), pending_length: 0, part })
    }

    /// Some of an object's bytes, at once; for ranges that were bounded before.
    pub(crate) async fn read(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        if let Some(local) = &self.local {
            return local.read(key, range).await;
        }
        let options = GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
        let found = match self.store.get_opts(&path(key)?, options).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Err(missing()),
            Err(error) => return Err(store_error(error)),
        };
        let bytes = found.bytes().await.map_err(store_error)?;
        let wanted = range.end.saturating_sub(range.start);
        if u64::try_from(bytes.len()).ok() == Some(wanted) { Ok(bytes) } else { Err(missing()) }
    }

    /// Keys below `dir` that sort after `after` (both without the directory), in order.
    ///
    /// At least `limit` of them where there are as many; a local directory answers with all, as it has read them anyway.
    pub(crate) async fn list(&self, dir: &str, after: &str, limit: usize) -> Result<Vec<String>, Error> {
        if let Some(local) = &self.local {
            return local.list(dir, after).await;
        }
        let prefix = path(dir)?;
        let skip = dir.len() + 1;
        let stream = if after.is_empty() {
            self.store.list(Some(&prefix))
        } else {
            self.store.list_with_offset(Some(&prefix), &path(&format!("{dir}/{after}"))?)
        };
        let relative = stream
            .map_ok(|meta| meta.location.as_ref().get(skip..).unwrap_or_default().to_owned())
            .take(limit.max(1));
        let mut keys: Vec<String> = relative.try_collect().await.map_err(store_error)?;
        keys.retain(|key| !key.is_empty());
        Ok(keys)
    }

    /// Names of the directories right below `dir`.
    pub(crate) async fn list_dirs(&self, dir: &str) -> Result<Vec<String>, Error> {
        if let Some(local) = &self.local {
            return local.list_dirs(dir).await;
        }
        let found = self.store.list_with_delimiter(Some(&path(dir)?)).await.map_err(store_error)?;
        Ok(found.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned)).collect())
    }

    /// Removes everything below `dir`.
    pub(crate) async fn delete_dir(&self, dir: &str) -> Result<(), Error> {
        if let Some(local) = &self.local {
            return local.delete_dir(dir).await;
        }
        loop {
            let keys = self.list(dir, "", LIST_PAGE).await?;
            if keys.is_empty() {
                return Ok(());
            }
            let paths = keys.into_iter().map(|key| path_of(dir, &key)).collect::<Vec<_>>();
            let stream = futures_util::stream::iter(paths).boxed();
            self.store.delete_stream(stream).try_collect::<Vec<_>>().await.map_err(store_error)?;
        }
    }
}

fn path_of(dir: &str, key: &str) -> Result<Path, object_store::Error> {
    Ok(Path::parse(format!("{dir}/{key}"))?)
}

fn path(key: &str) -> Result<Path, Error> {
    Path::parse(key).map_err(|error| Error::Damaged(error.to_string()))
}

/// A content object that a record names is not there, or shorter than recorded.
pub(crate) fn missing() -> Error {
    Error::Io(std::io::Error::from(std::io::ErrorKind::NotFound))
}

/// Writes a large object in constant memory.
#[derive(Debug)]
pub(crate) struct ObjectWriter {
    upload: Option<Box<dyn MultipartUpload>>,
    pending: Vec<Bytes>,
    pending_length: usize,
    part: usize,
}

impl ObjectWriter {
    /// Adds bytes; waits for the store now and then, which is what bounds memory.
    pub(crate) async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        let mut rest = bytes;
        // Parts of one size, as some stores demand.
        while !rest.is_empty() {
            let room = self.part.saturating_sub(self.pending_length).min(rest.len());
            let piece = rest.split_to(room);
            self.pending_length += piece.len();
            self.pending.push(piece);
            if self.pending_length >= self.part {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let payload: PutPayload = std::mem::take(&mut self.pending).into_iter().collect();
        self.pending_length = 0;
        let Some(upload) = &mut self.upload else { return Err(missing()) };
        upload.put_part(payload).await.map_err(store_error)
    }

    /// Makes the object exist, durably.
    pub(crate) async fn finish(mut self) -> Result<(), Error> {
        self.flush().await?;
        let Some(mut upload) = self.upload.take() else { return Err(missing()) };
        upload.complete().await.map(drop).map_err(store_error)
    }
}

impl Drop for ObjectWriter {
    fn drop(&mut self) {
        if let Some(mut upload) = self.upload.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // A remote upload must be told; what this misses at a crash, the sweep and the store's own expiry find.
            drop(runtime.spawn(async move { upload.abort().await }));
        }
    }
}
