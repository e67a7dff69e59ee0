//! Writing blobs whole: content first, durable; then the record that makes it visible.

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use md5::{Digest, Md5};
use uuid::Uuid;

use crate::account::{Account, content_key};
use crate::error::Error;
use crate::name::{BlobName, ContainerName};
use crate::objects::ObjectWriter;
use crate::observe::Change;
use crate::properties::{Condition, ETag, Head, Metadata, Properties};
use crate::record::{BlobRecord, Extent};

/// How a blob is to be written.
#[derive(Debug, Clone, Default)]
pub struct Put {
    /// Kept with the content. With `content_md5` set, the content must have it.
    pub properties: Properties,
    /// Kept with the content.
    pub metadata: Metadata,
    /// Must hold when the content becomes visible.
    pub condition: Condition,
    /// Compute and keep the MD5 when none is given (costs about 1.5 CPU-seconds per GB).
    pub compute_md5: bool,
}

impl Put {
    /// Overwrites whatever is there.
    pub fn of_type(content_type: impl Into<String>) -> Self {
        Self { properties: Properties::of_type(content_type), ..Self::default() }
    }

    /// Only if no blob is there: [`Error::BlobAlreadyExists`] otherwise.
    pub fn absent(mut self) -> Self {
        self.condition = Condition::absent();
        self
    }

    /// Only over the version with this tag: [`Error::ConditionNotMet`] otherwise.
    pub fn matching(mut self, tag: ETag) -> Self {
        self.condition = Condition::matches(tag);
        self
    }
}

/// A blob being written. Nothing is visible before [`Writer::finish`]; dropping it leaves nothing.
#[derive(Debug)]
pub struct Writer {
    account: Account,
    container: ContainerName,
    id: Uuid,
    name: BlobName,
    put: Put,
    object: Uuid,
    content: ObjectWriter,
    digest: Option<Md5>,
    length: u64,
}

impl Writer {
    /// Adds bytes. Memory stays constant however long the blob becomes.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        if let Some(digest) = &mut self.digest {
            digest.update(&bytes);
        }
        self.length = self.length.saturating_add(bytes.len() as u64);
        self.content.write(bytes).await
    }

    /// Takes over an MD5 that was computed while the bytes came: kept, and checked against one given before.
    pub(crate) fn check_md5(&mut self, found: [u8; 16]) -> Result<(), Error> {
        self.digest = None;
        if self.put.properties.content_md5.is_some_and(|wanted| wanted != found) {
            return Err(Error::Md5Mismatch);
        }
        self.put.properties.content_md5 = Some(found);
        Ok(())
    }

    /// Bytes so far.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Makes the blob visible, durably and in one step.
    pub async fn finish(self) -> Result<Head, Error> {
        let Writer { account, container, id, name, mut put, object, content, digest, length } = self;
        if let Some(digest) = digest {
            let found: [u8; 16] = digest.finalize().into();
            if put.properties.content_md5.is_some_and(|wanted| wanted != found) {
                return Err(Error::Md5Mismatch);
            }
            put.properties.content_md5 = Some(found);
        }
        let extents = if length == 0 { Vec::new() } else { vec![Extent { object, offset: 0, length }] };
        if length > 0
            && let Err(error) = content.finish().await
        {
            // Where a container's directory went away with it, that is the reason.
            account.still(&container, id).await?;
            return Err(error);
        }
        let published = account.publish(&container, id, &name, put, extents, "PutBlob").await;
        if published.is_err() && length > 0 {
            account.discard(id, vec![object]).await;
        }
        published
    }
}

impl Account {
    /// Writes a blob from memory.
    pub async fn put(
        &self,
        container: &ContainerName,
        name: &BlobName,
        bytes: impl Into<Bytes>,
        put: Put,
    ) -> Result<Head, Error> {
        let mut writer = self.writer(container, name, put).await?;
        writer.write(bytes.into()).await?;
        writer.finish().await
    }

    /// Writes a blob from a stream, in constant memory. A stream that fails leaves nothing.
    pub async fn put_stream<E>(
        &self,
        container: &ContainerName,
        name: &BlobName,
        stream: impl Stream<Item = Result<Bytes, E>> + Send,
        put: Put,
    ) -> Result<Head, Error>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut writer = self.writer(container, name, put).await?;
        let mut stream = std::pin::pin!(stream);
        while let Some(bytes) = stream.next().await {
            writer.write(bytes.map_err(|error| Error::Body(error.into()))?).await?;
        }
        writer.finish().await
    }

    /// Begins a blob that is written piece by piece.
    pub async fn writer(
        &self,
        container: &ContainerName,
        name: &BlobName,
        put: Put,
    ) -> Result<Writer, Error> {
        let id = self.container_record(container).await?.id;
        if put.condition != Condition::default() {
            // Refuse early what the end would refuse; the end decides.
            let found = match self.record(id, name).await {
                Ok(record) => Some(record),
                Err(Error::BlobNotFound) => None,
                Err(error) => return Err(error),
            };
            put.condition.check_write(found.as_ref().map(|record| (&record.etag, record.modified)))?;
        }
        let object = Uuid::now_v7();
        let content = self.inner.objects.create(&content_key(id, object)).await?;
        let digest = (put.compute_md5 || put.properties.content_md5.is_some()).then(Md5::new);
        Ok(Writer {
            account: self.clone(),
            container: container.clone(),
            id,
            name: name.clone(),
            put,
            object,
            content,
            digest,
            length: 0,
        })
    }

    /// Replaces properties, keeping content and metadata. `content_md5` is kept as given, unchecked.
    pub async fn set_properties(
        &self,
        container: &ContainerName,
        name: &BlobName,
        properties: Properties,
        condition: Condition,
    ) -> Result<Head, Error> {
        self.amend(container, name, condition, |record| record.properties = properties.clone()).await
    }

    /// Replaces metadata, keeping content and properties.
    pub async fn set_metadata(
        &self,
        container: &ContainerName,
        name: &BlobName,
        metadata: Metadata,
        condition: Condition,
    ) -> Result<Head, Error> {
        self.amend(container, name, condition, |record| record.metadata = metadata.clone()).await
    }

    async fn amend(
        &self,
        container: &ContainerName,
        name: &BlobName,
        condition: Condition,
        change: impl Fn(&mut BlobRecord),
    ) -> Result<Head, Error> {
        let id = self.container_record(container).await?.id;
        let _lock = self.lock(id, name).await;
        let now = self.inner.clock.now();
        let amended = self.replace(id, name, &condition, |old| {
            let mut record = old.cloned().ok_or(Error::BlobNotFound)?;
            change(&mut record);
            record.etag = ETag::fresh();
            record.modified = now;
            Ok(record)
        });
        Ok(amended.await?.0.head())
    }

    /// Deletes a blob. Gone, durably, when this returns; blocks that wait for it go too.
    pub async fn delete(
        &self,
        container: &ContainerName,
        name: &BlobName,
        condition: Condition,
    ) -> Result<(), Error> {
        let id = self.container_record(container).await?.id;
        let old = {
            let _lock = self.lock(id, name).await;
            let (old, _) = self.fetch(id, name).await?.ok_or(Error::BlobNotFound)?;
            condition.check_write(Some((&old.etag, old.modified)))?;
            self.inner.objects.delete(&crate::account::blob_key(id, name)).await?;
            self.forget(id, name);
            self.drop_staged(id, name).await?;
            old
        };
        self.discard(id, old.objects().into_iter().collect()).await;
        self.announce(container, name, Change::Deleted { head: old.head() }).await;
        Ok(())
    }

    /// Makes content that is on disk the content of a blob, and removes what it replaces.
    pub(crate) async fn publish(
        &self,
        container: &ContainerName,
        id: Uuid,
        name: &BlobName,
        put: Put,
        extents: Vec<Extent>,
        operation: &'static str,
    ) -> Result<Head, Error> {
        let now = self.inner.clock.now();
        let (head, replaced) = {
            let _lock = self.lock(id, name).await;
            let (new, old) = self
                .replace(id, name, &put.condition, |old| {
                    let mut record = BlobRecord::new(name.as_str(), now, extents.clone());
                    record.created = old.map_or(now, |old| old.created);
                    record.properties = put.properties.clone();
                    record.metadata = put.metadata.clone();
                    Ok(record)
                })
                .await?;
            self.drop_staged(id, name).await?;
            // Deleted while the record was written: nobody will ever see it.
            self.still(container, id).await?;
            (new.head(), old)
        };
        if let Some(old) = replaced {
            self.discard(id, old.objects().into_iter().collect()).await;
        }
        self.announce(container, name, Change::Created { operation, head: head.clone() }).await;
        Ok(head)
    }

    /// Fails with [`Error::ContainerNotFound`] once the container that a write began in was deleted, also when there is a new one
    /// of its name.
    pub(crate) async fn still(&self, container: &ContainerName, id: Uuid) -> Result<(), Error> {
        match self.container_record(container).await {
            Ok(record) if record.id == id => Ok(()),
            Ok(_) => Err(Error::ContainerNotFound),
            Err(error) => Err(error),
        }
    }

    /// Removes content that nothing names any more. Failing is no loss: the sweep finds it later.
    pub(crate) async fn discard(&self, id: Uuid, objects: Vec<Uuid>) {
        for object in objects {
            if let Err(error) = self.inner.objects.delete(&content_key(id, object)).await {
                tracing::warn!(%object, %error, "replaced content remains until the next sweep");
            }
        }
    }
}
