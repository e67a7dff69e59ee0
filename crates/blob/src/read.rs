//! Reading blobs: facts, ranges, streams.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use uuid::Uuid;

use crate::account::{Account, content_key};
use crate::error::Error;
use crate::name::{BlobName, ContainerName};
use crate::objects::pool::CHUNK;
use crate::properties::{Condition, Head};
use crate::record::{BlobRecord, Extent, slice};

/// Bytes asked of a remote store at a time: one request's latency is worth this much.
const REMOTE_CHUNK: u64 = 4 << 20;

/// Which bytes of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByteRange {
    /// All.
    All,
    /// From an offset to the end; the offset must lie within the blob.
    From(u64),
    /// First and last byte, both included; the last is cut to the blob's end.
    Between(u64, u64),
    /// The last so many.
    Last(u64),
}

impl ByteRange {
    /// The offsets within a blob of `length` bytes.
    fn resolve(&self, length: u64) -> Result<Range<u64>, Error> {
        let beyond = Err(Error::InvalidRange { length });
        match *self {
            ByteRange::All => Ok(0..length),
            ByteRange::From(start) if start < length => Ok(start..length),
            ByteRange::Between(start, last) if start < length && start <= last => {
                Ok(start..length.min(last.saturating_add(1)))
            }
            ByteRange::Last(count) if count > 0 && length > 0 => Ok(length.saturating_sub(count)..length),
            _ => beyond,
        }
    }
}

impl From<Range<u64>> for ByteRange {
    fn from(range: Range<u64>) -> Self {
        match range.end.checked_sub(1) {
            Some(last) => ByteRange::Between(range.start, last),
            None => ByteRange::Last(0),
        }
    }
}

/// A version of a blob, opened for reading: facts and bytes belong together whatever happens to the name.
#[derive(Debug)]
pub struct Read {
    account: Account,
    id: Uuid,
    name: BlobName,
    record: Arc<BlobRecord>,
    range: Range<u64>,
}

impl Read {
    /// The blob's facts.
    pub fn head(&self) -> Head {
        self.record.head()
    }

    /// The bytes that will come, as offsets in the blob.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The bytes in chunks of up to 256 KiB, in buffers that are used again once dropped: pass them on, do not collect them.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
        let source = Source {
            parts: slice(&self.record.extents, self.range.clone()).into(),
            account: self.account,
            id: self.id,
            name: self.name,
            record: self.record,
            at: self.range.start,
            end: self.range.end,
            open: None,
        };
        futures_util::stream::try_unfold(source, |mut source| async move {
            Ok(source.next().await?.map(|bytes| (bytes, source)))
        })
    }

    /// The bytes at once. [`Error::TooLarge`] when they are more than `limit`.
    pub async fn bytes(self, limit: u64) -> Result<Bytes, Error> {
        let length = self.range.end - self.range.start;
        if length > limit {
            return Err(Error::TooLarge { length, limit });
        }
        let parts = slice(&self.record.extents, self.range.clone());
        if let [part] = parts.as_slice() {
            let key = content_key(self.id, part.object);
            match self.account.inner.objects.read(&key, part.offset..part.offset + part.length).await {
                Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {}
                other => return other,
            }
        }
        let mut all = BytesMut::with_capacity(usize::try_from(length).unwrap_or(0));
        let mut stream = std::pin::pin!(self.into_stream());
        while let Some(bytes) = futures_util::StreamExt::next(&mut stream).await {
            all.extend_from_slice(&bytes?);
        }
        Ok(all.freeze())
    }
}

/// Where a stream of a blob's bytes stands.
struct Source {
    account: Account,
    id: Uuid,
    name: BlobName,
    record: Arc<BlobRecord>,
    parts: std::collections::VecDeque<Extent>,
    at: u64,
    end: u64,
    open: Option<(Uuid, Arc<File>)>,
}

impl Source {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(&part) = self.parts.front() else { return Ok(None) };
        let bytes = match self.fetch(part).await {
            Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                let part = self.renew().await?;
                self.fetch(part).await?
            }
            other => other?,
        };
        let got = bytes.len() as u64;
        self.at += got;
        if let Some(part) = self.parts.front_mut() {
            part.offset += got;
            part.length = part.length.saturating_sub(got);
            if part.length == 0 {
                self.parts.pop_front();
            }
        }
        Ok(Some(bytes))
    }

    async fn fetch(&mut self, part: Extent) -> Result<Bytes, Error> {
        let key = content_key(self.id, part.object);
        let objects = &self.account.inner.objects;
        let Some(local) = objects.on_disk() else {
            return objects.read(&key, part.offset..part.offset + part.length.min(REMOTE_CHUNK)).await;
        };
        let file = match &self.open {
            Some((object, file)) if *object == part.object => Arc::clone(file),
            _ => local.open_file(&key).await?,
        };
        let length = part.length.min(CHUNK as u64);
        let bytes = local.read_chunk(&file, part.offset, usize::try_from(length).unwrap_or(CHUNK)).await?;
        self.open = Some((part.object, file));
        Ok(bytes)
    }

    /// The same content may have moved: extents are joined behind readers' backs. Anything else is a newer version, and
    /// its bytes must not be mixed with those already given.
    async fn renew(&mut self) -> Result<Extent, Error> {
        let gone = || {
            Error::Io(std::io::Error::new(
                std::io::ErrorKind::NotFound,
                "the blob was replaced while it was read",
            ))
        };
        let (record, _) = self.account.fetch(self.id, &self.name).await?.ok_or_else(gone)?;
        if record.content_differs(&self.record) {
            return Err(gone());
        }
        self.parts = slice(&record.extents, self.at..self.end).into();
        self.parts.front().copied().ok_or_else(gone)
    }
}

impl Account {
    /// A blob's facts.
    pub async fn head(&self, container: &ContainerName, name: &BlobName) -> Result<Head, Error> {
        let id = self.container_record(container).await?.id;
        Ok(self.record(id, name).await?.head())
    }

    /// Whether the blob is there.
    pub async fn exists(&self, container: &ContainerName, name: &BlobName) -> Result<bool, Error> {
        match self.head(container, name).await {
            Ok(_) => Ok(true),
            Err(Error::BlobNotFound | Error::ContainerNotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Opens a blob for reading.
    pub async fn read(
        &self,
        container: &ContainerName,
        name: &BlobName,
        range: impl Into<ByteRange>,
    ) -> Result<Read, Error> {
        self.read_if(container, name, range, &Condition::default()).await
    }

    /// Opens a blob for reading if the condition holds.
    pub async fn read_if(
        &self,
        container: &ContainerName,
        name: &BlobName,
        range: impl Into<ByteRange>,
        condition: &Condition,
    ) -> Result<Read, Error> {
        let id = self.container_record(container).await?.id;
        let record = self.record(id, name).await?;
        condition.check(&record.etag, record.modified)?;
        let range = range.into().resolve(record.length())?;
        Ok(Read { account: self.clone(), id, name: name.clone(), record, range })
    }

    /// A whole blob in memory, of at most `limit` bytes.
    pub async fn get(
        &self,
        container: &ContainerName,
        name: &BlobName,
        limit: u64,
    ) -> Result<(Head, Bytes), Error> {
        let read = self.read(container, name, ByteRange::All).await?;
        Ok((read.head(), read.bytes(limit).await?))
    }

    /// Exactly these bytes of a blob; [`Error::InvalidRange`] when it is shorter. Bound the range before: it is held in
    /// memory.
    pub async fn get_range(
        &self,
        container: &ContainerName,
        name: &BlobName,
        range: Range<u64>,
    ) -> Result<Bytes, Error> {
        if range.is_empty() {
            self.head(container, name).await?;
            return Ok(Bytes::new());
        }
        let read = self.read(container, name, range.clone()).await?;
        if read.range != range {
            return Err(Error::InvalidRange { length: read.record.length() });
        }
        read.bytes(range.end - range.start).await
    }
}
