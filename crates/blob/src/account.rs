//! A storage account: its containers, and the shared state of everything else.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard, Semaphore};
use uuid::Uuid;

use crate::error::Error;
use crate::key;
use crate::name::{BlobName, ContainerName};
use crate::objects::{Objects, Version, Write};
use crate::observe::{BlobEvent, Change, Observer};
use crate::open::{Clock, Key};
use crate::properties::{Condition, ETag, Metadata};
use crate::record::{self, BlobRecord, ContainerRecord};

/// Locks that names share by hash: enough that two writers seldom meet.
const LOCKS: usize = 256;
/// Container records kept in memory.
const CONTAINERS_CACHED: u64 = 20_000;
/// Memory for blob records, as counted by [`weigh`].
const RECORDS_BYTES: u64 = 16 << 20;
/// Tries against other processes writing the same name on a shared store.
pub(crate) const WRITE_TRIES: usize = 8;

/// A storage account. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Account {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    name: String,
    keys: [Key; 2],
    pub(crate) objects: Objects,
    pub(crate) clock: Clock,
    locks: Vec<Mutex<()>>,
    container_locks: Vec<Mutex<()>>,
    containers: moka::sync::Cache<ContainerName, Arc<ContainerRecord>>,
    records: moka::sync::Cache<(Uuid, String), Arc<BlobRecord>>,
    observer: OnceLock<Arc<dyn Observer>>,
    /// One joining of extents at a time: it is disk work that must not crowd out uploads.
    pub(crate) joining: Semaphore,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("name", &self.name)
            .field("objects", &self.objects)
            .finish_non_exhaustive()
    }
}

/// A container's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerInfo {
    /// Its name.
    pub name: ContainerName,
    /// Changes with its metadata.
    pub etag: ETag,
    /// When it was made or its metadata changed.
    pub modified: Timestamp,
    /// Caller's names and values.
    pub metadata: Metadata,
}

/// A page of containers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Containers {
    /// In name order.
    pub items: Vec<ContainerInfo>,
    /// Pass as `after` for the next page; `None` at the end.
    pub next: Option<String>,
}

impl Account {
    pub(crate) fn new(name: String, keys: [Key; 2], objects: Objects, clock: Clock) -> Self {
        let records = moka::sync::Cache::builder().weigher(weigh).max_capacity(RECORDS_BYTES).build();
        let inner = Inner {
            name,
            keys,
            objects,
            clock,
            locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
            container_locks: (0..LOCKS).map(|_| Mutex::new(())).collect(),
            containers: moka::sync::Cache::new(CONTAINERS_CACHED),
            records,
            observer: OnceLock::new(),
            joining: Semaphore::new(1),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The account's name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// `key1` and `key2`.
    pub fn keys(&self) -> &[Key; 2] {
        &self.inner.keys
    }

    /// Sets who hears of changes; once, right after opening. `false`: somebody does already.
    pub fn observe(&self, observer: Arc<dyn Observer>) -> bool {
        self.inner.observer.set(observer).is_ok()
    }

    /// Makes a container. [`Error::ContainerAlreadyExists`] when it is there.
    pub async fn create_container(
        &self,
        name: &ContainerName,
        metadata: Metadata,
    ) -> Result<ContainerInfo, Error> {
        let _lock = self.lock_container(name).await;
        let record = ContainerRecord::new(self.inner.clock.now(), metadata);
        let objects = &self.inner.objects;
        if objects.get(&container_key(name)).await?.is_some() {
            return Err(Error::ContainerAlreadyExists);
        }
        for part in ["blobs", "content"] {
            objects.prepare_dir(&data_dir(record.id, part)).await?;
        }
        if !objects.put(&container_key(name), record::to_bytes(&record)?, Write::Create).await? {
            return Err(Error::ContainerAlreadyExists);
        }
        let info = container_info(name, &record);
        self.remember_container(name, record);
        Ok(info)
    }

    /// Makes a container unless it is there.
    pub async fn ensure_container(&self, name: &ContainerName) -> Result<(), Error> {
        match self.create_container(name, Metadata::new()).await {
            Ok(_) | Err(Error::ContainerAlreadyExists) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// A container's facts.
    pub async fn container(&self, name: &ContainerName) -> Result<ContainerInfo, Error> {
        Ok(container_info(name, &*self.container_record(name).await?))
    }

    /// Whether a container is there.
    pub async fn container_exists(&self, name: &ContainerName) -> Result<bool, Error> {
        match self.container_record(name).await {
            Ok(_) => Ok(true),
            Err(Error::ContainerNotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Replaces a container's metadata.
    pub async fn set_container_metadata(
        &self,
        name: &ContainerName,
        metadata: Metadata,
    ) -> Result<ContainerInfo, Error> {
        let _lock = self.lock_container(name).await;
        for _ in 0..WRITE_TRIES {
            let (mut record, version) = self.fetch_container(name).await?.ok_or(Error::ContainerNotFound)?;
            record.metadata = metadata.clone();
            record.etag = ETag::fresh();
            record.modified = self.inner.clock.now();
            let bytes = record::to_bytes(&record)?;
            if self.inner.objects.put(&container_key(name), bytes, Write::Replace(version)).await? {
                let info = container_info(name, &record);
                self.remember_container(name, record);
                return Ok(info);
            }
        }
        Err(Error::ConditionNotMet { not_modified: false })
    }

    /// Deletes a container with all its blobs. Gone at once; its bytes are removed before this returns, or by the
    /// next sweep.
    pub async fn delete_container(&self, name: &ContainerName) -> Result<(), Error> {
        let id = {
            let _lock = self.lock_container(name).await;
            let (record, _) = self.fetch_container(name).await?.ok_or(Error::ContainerNotFound)?;
            self.inner.objects.delete(&container_key(name)).await?;
            self.inner.containers.invalidate(name);
            record.id
        };
        if let Err(error) = self.inner.objects.delete_dir(&format!("data/{id}")).await {
            tracing::warn!(container = %name, %error, "the bytes of a deleted container remain until the next sweep");
        }
        Ok(())
    }

    /// Containers whose names begin with `prefix` and sort after `after`, at most `limit`.
    pub async fn list_containers(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Containers, Error> {
        let mut page = Containers::default();
        let keys = self.inner.objects.list("containers", after, usize::MAX).await?;
        for key in keys {
            if !key.starts_with(prefix) {
                continue;
            }
            if page.items.len() >= limit {
                page.next = page.items.last().map(|last| last.name.to_string());
                break;
            }
            let Ok(name) = ContainerName::new(key) else { continue };
            match self.container(&name).await {
                Ok(info) => page.items.push(info),
                Err(Error::ContainerNotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(page)
    }

    /// The container's record; remembered only where no other process can change it.
    pub(crate) async fn container_record(&self, name: &ContainerName) -> Result<Arc<ContainerRecord>, Error> {
        if let Some(record) = self.inner.containers.get(name) {
            return Ok(record);
        }
        // Under the lock, so that a slow reader cannot put back what a writer just replaced.
        let _lock = self.lock_container(name).await;
        let (record, _) = self.fetch_container(name).await?.ok_or(Error::ContainerNotFound)?;
        Ok(self.remember_container(name, record))
    }

    async fn fetch_container(
        &self,
        name: &ContainerName,
    ) -> Result<Option<(ContainerRecord, Version)>, Error> {
        match self.inner.objects.get(&container_key(name)).await? {
            Some((bytes, version)) => Ok(Some((record::from_bytes(&bytes)?, version))),
            None => Ok(None),
        }
    }

    fn remember_container(&self, name: &ContainerName, record: ContainerRecord) -> Arc<ContainerRecord> {
        let record = Arc::new(record);
        if self.inner.objects.on_disk().is_some() {
            self.inner.containers.insert(name.clone(), Arc::clone(&record));
        }
        record
    }

    /// Keeps other writers in this process off a blob.
    pub(crate) async fn lock(&self, id: Uuid, name: &BlobName) -> MutexGuard<'_, ()> {
        pick(&self.inner.locks, (id, name)).lock().await
    }

    /// The same for a container. Taken before a blob's lock or not at all.
    async fn lock_container(&self, name: &ContainerName) -> MutexGuard<'_, ()> {
        pick(&self.inner.container_locks, name).lock().await
    }

    /// The blob's record.
    pub(crate) async fn record(&self, id: Uuid, name: &BlobName) -> Result<Arc<BlobRecord>, Error> {
        let key = (id, key::encode(name));
        if let Some(record) = self.inner.records.get(&key) {
            return Ok(record);
        }
        let _lock = self.lock(id, name).await;
        let (record, _) = self.fetch(id, name).await?.ok_or(Error::BlobNotFound)?;
        Ok(self.remember(id, name, record))
    }

    pub(crate) async fn fetch(
        &self,
        id: Uuid,
        name: &BlobName,
    ) -> Result<Option<(BlobRecord, Version)>, Error> {
        match self.inner.objects.get(&blob_key(id, name)).await? {
            Some((bytes, version)) => Ok(Some((record::from_bytes(&bytes)?, version))),
            None => Ok(None),
        }
    }

    fn remember(&self, id: Uuid, name: &BlobName, record: BlobRecord) -> Arc<BlobRecord> {
        let record = Arc::new(record);
        if self.inner.objects.on_disk().is_some() {
            self.inner.records.insert((id, key::encode(name)), Arc::clone(&record));
        }
        record
    }

    pub(crate) fn forget(&self, id: Uuid, name: &BlobName) {
        self.inner.records.invalidate(&(id, key::encode(name)));
    }

    /// Replaces a blob's record with what `change` makes of the present one, atomically. The caller holds the name's lock.
    ///
    /// Answers the new record and the one it replaced.
    pub(crate) async fn replace(
        &self,
        id: Uuid,
        name: &BlobName,
        condition: &Condition,
        mut change: impl FnMut(Option<&BlobRecord>) -> Result<BlobRecord, Error>,
    ) -> Result<(Arc<BlobRecord>, Option<BlobRecord>), Error> {
        for _ in 0..WRITE_TRIES {
            let found = self.fetch(id, name).await?;
            let (old, write) = match found {
                Some((old, version)) => (Some(old), Write::Replace(version)),
                None => (None, Write::Create),
            };
            condition.check_write(old.as_ref().map(|old| (&old.etag, old.modified)))?;
            let new = change(old.as_ref())?;
            if self.inner.objects.put(&blob_key(id, name), record::to_bytes(&new)?, write).await? {
                return Ok((self.remember(id, name, new), old));
            }
        }
        Err(Error::ConditionNotMet { not_modified: false })
    }

    pub(crate) async fn announce(&self, container: &ContainerName, name: &BlobName, change: Change) {
        if let Some(observer) = self.inner.observer.get() {
            let event = BlobEvent {
                account: self.inner.name.clone(),
                container: container.clone(),
                name: name.clone(),
                change,
            };
            observer.blob_changed(event).await;
        }
    }
}

fn pick(locks: &[Mutex<()>], name: impl Hash) -> &Mutex<()> {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let at = usize::try_from(hasher.finish() % LOCKS as u64).unwrap_or(0);
    // `at` is below LOCKS, and both tables have LOCKS locks.
    &locks[at]
}

fn container_info(name: &ContainerName, record: &ContainerRecord) -> ContainerInfo {
    ContainerInfo {
        name: name.clone(),
        etag: record.etag.clone(),
        modified: record.modified,
        metadata: record.metadata.clone(),
    }
}

/// Rough bytes of memory of a cached record.
fn weigh(key: &(Uuid, String), record: &Arc<BlobRecord>) -> u32 {
    let blocks = record.blocks.as_ref().map_or(0, |blocks| blocks.len() * 160);
    u32::try_from(512 + 2 * key.1.len() + record.extents.len() * 32 + blocks).unwrap_or(u32::MAX)
}

pub(crate) fn container_key(name: &ContainerName) -> String {
    format!("containers/{name}")
}

pub(crate) fn data_dir(id: Uuid, part: &str) -> String {
    format!("data/{id}/{part}")
}

pub(crate) fn blob_key(id: Uuid, name: &BlobName) -> String {
    format!("data/{id}/blobs/{}", key::encode(name))
}

pub(crate) fn content_key(id: Uuid, object: Uuid) -> String {
    format!("data/{id}/content/{object}")
}
