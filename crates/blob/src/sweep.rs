//! Housekeeping: what crashes left behind, and blocks nobody committed. Nothing here is needed for correctness.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::account::{Account, content_key, data_dir};
use crate::error::Error;
use crate::name::{BlobName, ContainerName};
use crate::record::{self, BlobRecord, StagedRecord};

/// Blocks are dropped when no further one came for so long, as in Azure.
pub(crate) const STAGED_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Content that nothing names is left alone for so long: it may belong to an upload that is still running.
const CONTENT_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What a sweep removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Deleted containers whose bytes were still there.
    pub containers: u64,
    /// Blocks that waited too long.
    pub blocks: u64,
    /// Content objects that nothing names.
    pub objects: u64,
    /// Half-written files of an earlier process (local stores).
    pub staging: u64,
}

impl Account {
    /// Removes leftovers. Safe at any time beside everything else; meant to run after start and daily. Reads every blob record.
    pub async fn sweep(&self) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        // Data directories first: a container made after this is not among them.
        let ids = self.data_ids().await?;
        let mut kept = HashSet::new();
        for name in self.inner.objects.list("containers", "", usize::MAX).await? {
            let Ok(name) = ContainerName::new(name) else { continue };
            match self.container_record(&name).await {
                Ok(record) => drop(kept.insert(record.id)),
                Err(Error::ContainerNotFound) => {}
                Err(error) => return Err(error),
            }
        }
        let now = self.inner.clock.now();
        for id in ids {
            if kept.contains(&id) {
                swept.blocks += self.sweep_blocks(id, now).await?;
                swept.objects += self.sweep_content(id, now).await?;
            } else {
                self.inner.objects.delete_dir(&format!("data/{id}")).await?;
                swept.containers += 1;
            }
        }
        if let Some(local) = self.inner.objects.on_disk() {
            swept.staging = local.clean(vec!["data".into(), "containers".into()]).await?;
        }
        Ok(swept)
    }

    /// Containers that have data, whether or not they still exist. One being made has data before it has a record, so its
    /// name's lock is not enough: ids younger than the content bound are left out.
    async fn data_ids(&self) -> Result<Vec<Uuid>, Error> {
        let names = self.inner.objects.list_dirs("data").await?;
        let limit = self.inner.clock.now() - CONTENT_KEPT;
        let ids = names.iter().filter_map(|name| Uuid::parse_str(name).ok());
        let mut known = Vec::new();
        for id in ids {
            if older(id, limit) || self.is_named(id).await? {
                known.push(id);
            }
        }
        Ok(known)
    }

    async fn is_named(&self, id: Uuid) -> Result<bool, Error> {
        for name in self.inner.objects.list("containers", "", usize::MAX).await? {
            let Ok(name) = ContainerName::new(name) else { continue };
            if self.container_record(&name).await.is_ok_and(|record| record.id == id) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn sweep_blocks(&self, id: Uuid, now: Timestamp) -> Result<u64, Error> {
        let dir = data_dir(id, "staged");
        let mut names = HashSet::new();
        let mut last_dir = String::new();
        for key in self.inner.objects.list(&dir, "", usize::MAX).await? {
            let blob_dir = key.split('/').next().unwrap_or_default();
            if blob_dir == last_dir {
                continue;
            }
            last_dir = blob_dir.to_owned();
            if let Some((bytes, _)) = self.inner.objects.get(&format!("{dir}/{key}")).await? {
                names.insert(record::from_bytes::<StagedRecord>(&bytes)?.name);
            }
        }
        let mut dropped = 0;
        for name in names {
            let Ok(name) = BlobName::new(name) else { continue };
            let _lock = self.lock(id, &name).await;
            let staged = self.staged(id, &name).await?;
            if Self::last_staged(&staged).is_some_and(|last| now.duration_since(last) > STAGED_KEPT) {
                self.drop_staged(id, &name).await?;
                dropped += staged.len() as u64;
            }
        }
        Ok(dropped)
    }

    async fn sweep_content(&self, id: Uuid, now: Timestamp) -> Result<u64, Error> {
        let objects = &self.inner.objects;
        let limit = now - CONTENT_KEPT;
        let content = objects.list(&data_dir(id, "content"), "", usize::MAX).await?;
        let mut orphans: HashSet<Uuid> = content
            .iter()
            .filter_map(|key| Uuid::parse_str(key).ok())
            .filter(|object| older(*object, limit))
            .collect();
        if orphans.is_empty() {
            return Ok(0);
        }
        // Blocks before blobs: a commit in between moves content from the first to the second.
        for dir in [data_dir(id, "staged"), data_dir(id, "blobs")] {
            for key in objects.list(&dir, "", usize::MAX).await? {
                let Some((bytes, _)) = objects.get(&format!("{dir}/{key}")).await? else { continue };
                if dir.ends_with("staged") {
                    orphans.remove(&record::from_bytes::<StagedRecord>(&bytes)?.object);
                } else {
                    record::from_bytes::<BlobRecord>(&bytes)?.extents.iter().for_each(|part| {
                        orphans.remove(&part.object);
                    });
                }
            }
        }
        for object in &orphans {
            objects.delete(&content_key(id, *object)).await?;
        }
        Ok(orphans.len() as u64)
    }
}

/// Ids carry their time (UUID version 7).
fn older(id: Uuid, limit: Timestamp) -> bool {
    let Some(stamp) = id.get_timestamp() else { return true };
    let (seconds, _) = stamp.to_unix();
    i64::try_from(seconds).is_ok_and(|seconds| seconds < limit.as_second())
}
