//! A blob as a file that a child process can open.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use crate::account::{Account, content_key};
use crate::error::{Error, io_error};
use crate::name::{BlobName, ContainerName};
use crate::objects::local::{Local, blocking, sync_dir};
use crate::properties::Condition;
use crate::read::ByteRange;
use crate::record::{BlobRecord, Extent};
use crate::write::Put;

/// Tries to catch a version that is not being replaced just then.
const TRIES: usize = 4;

/// A file with exactly a blob's bytes, good for reading as long as this value lives. Never write to it.
#[derive(Debug)]
pub struct LocalFile {
    path: PathBuf,
    /// On a local store a second name of the content, elsewhere a copy; either goes when this is dropped.
    _scratch: Scratch,
}

impl LocalFile {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[derive(Debug)]
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.0.display(), %error, "a scratch file remains until the next start");
        }
    }
}

impl Account {
    /// The blob as a file that a child process can read.
    ///
    /// On a local store this is the content itself under a second name (a hard link, so that a delete or overwrite of the
    /// blob does not take it from under a running child); a blob of several blocks is joined first, once. On a remote store it
    /// is a copy.
    pub async fn local_file(&self, container: &ContainerName, name: &BlobName) -> Result<LocalFile, Error> {
        let id = self.container_record(container).await?.id;
        let Some(local) = self.inner.objects.on_disk().cloned() else {
            return self.copy_out(container, name).await;
        };
        for _ in 0..TRIES {
            let record = self.record(id, name).await?;
            let link = local.scratch_path();
            match record.extents.as_slice() {
                [] => {
                    let path = link.clone();
                    blocking(move || File::create(path).map(drop)).await?;
                    return Ok(LocalFile { path: link.clone(), _scratch: Scratch(link) });
                }
                [only] if only.offset == 0 => {
                    let (from, to, length) =
                        (local.path(&content_key(id, only.object)), link.clone(), only.length);
                    if blocking(move || whole_link(&from, &to, length)).await? {
                        return Ok(LocalFile { path: link.clone(), _scratch: Scratch(link) });
                    }
                }
                _ => {}
            }
            self.join(container, name).await?;
        }
        Err(Error::ConditionNotMet { not_modified: false })
    }

    /// Makes a blob of many extents one object, on a local store. Readers notice nothing: tag and bytes stay.
    pub async fn join(&self, container: &ContainerName, name: &BlobName) -> Result<(), Error> {
        let id = self.container_record(container).await?.id;
        let Some(local) = self.inner.objects.on_disk().cloned() else { return Ok(()) };
        let _one =
            self.inner.joining.acquire().await.map_err(|_| Error::Io(io::ErrorKind::BrokenPipe.into()))?;
        let record = self.record(id, name).await?;
        if is_whole(&local, id, &record).await? {
            return Ok(());
        }
        let object = Uuid::now_v7();
        let parts: Vec<(PathBuf, Extent)> =
            record.extents.iter().map(|part| (local.path(&content_key(id, part.object)), *part)).collect();
        let to = local.path(&content_key(id, object));
        let length = record.length();
        blocking(move || has_room(&to, length).and_then(|()| concatenate(&parts, &to))).await?;
        let swapped = self.swap(id, name, &record, object).await;
        match &swapped {
            Ok(true) => self.discard(id, record.objects().into_iter().collect()).await,
            Ok(false) | Err(_) => self.discard(id, vec![object]).await,
        }
        swapped.map(drop)
    }

    /// Joins in the background, so that a job that starts later finds one file.
    pub(crate) fn join_later(&self, container: &ContainerName, name: &BlobName) {
        if self.inner.objects.on_disk().is_none() {
            return;
        }
        let (account, container, name) = (self.clone(), container.clone(), name.clone());
        tokio::spawn(async move {
            if account.repeats(&container, &name).await.unwrap_or(true) {
                return;
            }
            if let Err(error) = account.join(&container, &name).await {
                tracing::debug!(%container, %name, %error, "blocks stay apart for now");
            }
        });
    }

    /// Whether the blob is longer than the objects it is made of: a list may name one block 50,000 times, and copying that out
    /// unasked would turn a small upload into terabytes.
    async fn repeats(&self, container: &ContainerName, name: &BlobName) -> Result<bool, Error> {
        let id = self.container_record(container).await?.id;
        let record = self.record(id, name).await?;
        let mut parts: Vec<(Uuid, u64, u64)> =
            record.extents.iter().map(|part| (part.object, part.offset, part.length)).collect();
        parts.sort_unstable();
        Ok(parts.windows(2).any(|pair| match pair {
            [(object, offset, length), (next, begins, _)] => {
                object == next && offset.saturating_add(*length) > *begins
            }
            _ => false,
        }))
    }

    /// Names `object` as the content if the version is still the one that was copied.
    async fn swap(
        &self,
        id: Uuid,
        name: &BlobName,
        copied: &BlobRecord,
        object: Uuid,
    ) -> Result<bool, Error> {
        let _lock = self.lock(id, name).await;
        let length = copied.length();
        let always = Condition::default();
        let swapped = self.replace(id, name, &always, |old| {
            let mut record = old.cloned().ok_or(Error::BlobNotFound)?;
            // Properties may have changed meanwhile, which renews the tag: the extents tell.
            if record.extents != copied.extents {
                return Err(Error::ConditionNotMet { not_modified: false });
            }
            record.extents = vec![Extent { object, offset: 0, length }];
            Ok(record)
        });
        match swapped.await {
            Ok(_) => Ok(true),
            Err(Error::BlobNotFound | Error::ConditionNotMet { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn copy_out(&self, container: &ContainerName, name: &BlobName) -> Result<LocalFile, Error> {
        let path = std::env::temp_dir().join(format!("millrace-{}", Uuid::new_v4()));
        let scratch = Scratch(path.clone());
        let mut file = tokio::fs::File::create(&path).await.map_err(io_error)?;
        let mut stream = std::pin::pin!(self.read(container, name, ByteRange::All).await?.into_stream());
        while let Some(bytes) = stream.next().await {
            file.write_all(&bytes?).await.map_err(io_error)?;
        }
        file.flush().await.map_err(io_error)?;
        Ok(LocalFile { path, _scratch: scratch })
    }

    /// Writes a blob from a file that a child process made. The file is consumed: on a local store of the same file system it
    /// becomes the content without a copy.
    pub async fn put_file(
        &self,
        container: &ContainerName,
        name: &BlobName,
        file: &Path,
        put: Put,
    ) -> Result<crate::Head, Error> {
        let id = self.container_record(container).await?.id;
        if let Some(local) = self.inner.objects.on_disk()
            && !put.compute_md5
            && put.properties.content_md5.is_none()
        {
            let object = Uuid::now_v7();
            let (from, to) = (file.to_owned(), local.path(&content_key(id, object)));
            if let Some(length) = blocking(move || adopt(&from, &to)).await? {
                let extents =
                    if length == 0 { Vec::new() } else { vec![Extent { object, offset: 0, length }] };
                let published = self.publish(container, id, name, put, extents, "PutBlob").await;
                if published.is_err() || length == 0 {
                    self.discard(id, vec![object]).await;
                }
                return published;
            }
        }
        let source = tokio::fs::File::open(file).await.map_err(io_error)?;
        let head = self
            .put_stream(container, name, tokio_util::io::ReaderStream::with_capacity(source, 1 << 18), put)
            .await?;
        tokio::fs::remove_file(file).await.map_err(io_error)?;
        Ok(head)
    }

    /// A directory for child processes' output, on the store's file system where it has one; emptied at the next start.
    pub async fn scratch_dir(&self) -> Result<PathBuf, Error> {
        let path = match self.inner.objects.on_disk() {
            Some(local) => local.scratch_path(),
            None => std::env::temp_dir().join(format!("millrace-{}", Uuid::new_v4())),
        };
        let made = path.clone();
        blocking(move || fs::create_dir_all(made)).await?;
        Ok(path)
    }
}

/// True when one object holds the blob and nothing else.
async fn is_whole(local: &Arc<Local>, id: Uuid, record: &BlobRecord) -> Result<bool, Error> {
    match record.extents.as_slice() {
        [] => Ok(true),
        [only] if only.offset == 0 => {
            let (path, length) = (local.path(&content_key(id, only.object)), only.length);
            blocking(move || Ok(fs::metadata(path)?.len() == length)).await
        }
        _ => Ok(false),
    }
}

/// A second name for a content file that holds exactly the blob. `false` when it holds more, or is gone.
fn whole_link(from: &Path, to: &Path, length: u64) -> io::Result<bool> {
    match fs::metadata(from) {
        Ok(facts) if facts.len() == length => {}
        Ok(_) => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    match fs::hard_link(from, to) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Refuses a copy that cannot fit, before it takes the space of everything else that is being written.
fn has_room(to: &Path, length: u64) -> io::Result<()> {
    let facts = rustix::fs::statvfs(to.parent().unwrap_or(to))?;
    if facts.f_bavail.saturating_mul(facts.f_frsize) < length {
        return Err(io::ErrorKind::StorageFull.into());
    }
    Ok(())
}

/// Copies the parts into one new durable file; the kernel copies, and shares blocks where the file system can.
fn concatenate(parts: &[(PathBuf, Extent)], to: &Path) -> io::Result<()> {
    let mut staged = to.as_os_str().to_owned();
    staged.push("#1");
    let staged = PathBuf::from(staged);
    let written = copy_parts(parts, &staged).and_then(|()| fs::rename(&staged, to));
    if written.is_err() {
        fs::remove_file(&staged).ok();
    }
    written?;
    to.parent().map_or(Ok(()), sync_dir)
}

fn copy_parts(parts: &[(PathBuf, Extent)], to: &Path) -> io::Result<()> {
    let mut out = File::create(to)?;
    for (path, part) in parts {
        let mut from = File::open(path)?;
        from.seek(SeekFrom::Start(part.offset))?;
        let copied = io::copy(&mut io::Read::take(from, part.length), &mut out)?;
        if copied != part.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    out.sync_all()
}

/// Moves a file into the store, durably; its length, or `None` when it is on another file system.
fn adopt(from: &Path, to: &Path) -> io::Result<Option<u64>> {
    let file = File::open(from)?;
    file.sync_all()?;
    let length = file.metadata()?.len();
    match fs::rename(from, to) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => return Ok(None),
        Err(error) => return Err(error),
    }
    to.parent().map_or(Ok(()), sync_dir)?;
    Ok(Some(length))
}
