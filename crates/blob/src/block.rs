//! Uploads in blocks: each block is a content object of its own, and committing a list of them writes one record.

use std::collections::HashMap;

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::account::{Account, content_key, data_dir};
use crate::error::Error;
use crate::key::hex;
use crate::name::{BlobName, ContainerName};
use crate::objects::{ObjectWriter, Write};
use crate::observe::Change;
use crate::properties::Head;
use crate::record::{self, BlobRecord, Block, Extent, StagedRecord, push_joined, slice_from, starts};
use crate::write::Put;

/// Blocks of a blob (Azure's own bound).
pub const MAX_BLOCKS: usize = 50_000;
/// Bytes of a block (Azure's own bound): 4000 MiB.
pub const MAX_BLOCK_BYTES: u64 = 4000 << 20;
/// Blocks that may wait for a list: those of two complete lists, as in Azure.
const MAX_STAGED: usize = 2 * MAX_BLOCKS;
/// One block in so many looks how many wait already. Counting for each would make the upload of many blocks quadratic; this
/// way a few hundred may come in excess.
const COUNT_ONE_IN: u128 = 256;
/// Records read from the store at a time.
const FETCHES: usize = 32;

/// A block's id: 1-64 bytes, base64 on the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(Vec<u8>);

impl BlockId {
    /// Checks the length.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let bytes = bytes.into();
        if (1..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(Error::InvalidBlockId) }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn hex(&self) -> String {
        hex(&self.0)
    }

    fn from_hex(text: &str) -> Result<Self, Error> {
        let digit = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        let bytes: Option<Vec<u8>> = (0..text.len()).step_by(2).map(digit).collect();
        Self::new(bytes.ok_or(Error::InvalidBlockId)?)
    }
}

/// Where a block list looks for a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockListEntry {
    /// Among the blob's present blocks.
    Committed(BlockId),
    /// Among those that wait.
    Uncommitted(BlockId),
    /// Among those that wait, then among the present ones.
    Latest(BlockId),
}

/// A block's id and length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockInfo {
    /// Its id.
    pub id: BlockId,
    /// Bytes.
    pub length: u64,
}

/// The blocks of a blob.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockList {
    /// The blob's facts; `None` while only blocks wait.
    pub head: Option<Head>,
    /// In content order.
    pub committed: Vec<BlockInfo>,
    /// In id order; they expire a week after the last one came.
    pub uncommitted: Vec<BlockInfo>,
}

/// A block being uploaded. Nothing counts before [`BlockWriter::finish`]; dropping it leaves nothing.
#[derive(Debug)]
pub struct BlockWriter {
    account: Account,
    id: Uuid,
    name: BlobName,
    block: BlockId,
    object: Uuid,
    content: ObjectWriter,
    length: u64,
}

impl BlockWriter {
    /// Adds bytes; constant memory.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), Error> {
        self.length = self.length.saturating_add(bytes.len() as u64);
        self.content.write(bytes).await
    }

    /// Makes the block wait for its list, durably. It replaces an earlier one of the same id.
    pub async fn finish(self) -> Result<(), Error> {
        let Self { account, id, name, block, object, content, length } = self;
        content.finish().await?;
        let staged = StagedRecord::new(name.as_str(), block.hex(), object, length, account.inner.clock.now());
        let _lock = account.lock(id, &name).await;
        match account.stage(id, &name, &staged).await {
            Ok(Some(old)) => account.discard_staged(id, &name, &[old]).await,
            Ok(None) => Ok(()),
            Err(error) => {
                account.discard(id, vec![object]).await;
                Err(error)
            }
        }
    }
}

impl Account {
    /// Begins a block.
    pub async fn block_writer(
        &self,
        container: &ContainerName,
        name: &BlobName,
        block: BlockId,
    ) -> Result<BlockWriter, Error> {
        let id = self.container_record(container).await?.id;
        let object = Uuid::now_v7();
        if object.as_u128().is_multiple_of(COUNT_ONE_IN) {
            let waiting = self.inner.objects.list(&staged_dir(id, name), "", MAX_STAGED + 1).await?;
            if waiting.len() > MAX_STAGED {
                return Err(Error::TooManyBlocks);
            }
        }
        let content = self.inner.objects.create(&content_key(id, object)).await?;
        Ok(BlockWriter { account: self.clone(), id, name: name.clone(), block, object, content, length: 0 })
    }

    /// Uploads a block from memory.
    pub async fn put_block(
        &self,
        container: &ContainerName,
        name: &BlobName,
        block: BlockId,
        bytes: impl Into<Bytes>,
    ) -> Result<(), Error> {
        let mut writer = self.block_writer(container, name, block).await?;
        writer.write(bytes.into()).await?;
        writer.finish().await
    }

    /// Makes the listed blocks the content of the blob, in that order; all other waiting blocks are dropped.
    ///
    /// Copies no content, however large: the record lists the blocks' objects. `put.properties.content_md5` is kept as given,
    /// unchecked, as in Azure.
    pub async fn put_block_list(
        &self,
        container: &ContainerName,
        name: &BlobName,
        list: &[BlockListEntry],
        put: Put,
    ) -> Result<Head, Error> {
        if list.len() > MAX_BLOCKS {
            return Err(Error::TooManyBlocks);
        }
        let id = self.container_record(container).await?.id;
        let now = self.inner.clock.now();
        let (head, garbage) = {
            let _lock = self.lock(id, name).await;
            let staged = self.staged(id, name).await?;
            let waiting: HashMap<&str, &StagedRecord> =
                staged.iter().map(|block| (block.id.as_str(), block)).collect();
            let (new, old) = self
                .replace(id, name, &put.condition, |old| {
                    let (extents, blocks) = assemble(list, &waiting, old)?;
                    let mut record = BlobRecord::new(name.as_str(), now, extents);
                    record.created = old.map_or(now, |old| old.created);
                    record.properties = put.properties.clone();
                    record.metadata = put.metadata.clone();
                    record.blocks = Some(blocks);
                    Ok(record)
                })
                .await?;
            self.drop_staged_records(id, name, &staged).await?;
            self.still(container, id).await?;
            let kept = new.objects();
            let before =
                old.iter().flat_map(BlobRecord::objects).chain(staged.iter().map(|block| block.object));
            let garbage: Vec<Uuid> = before.filter(|object| !kept.contains(object)).collect();
            (new.head(), garbage)
        };
        self.discard(id, garbage).await;
        self.announce(container, name, Change::Created { operation: "PutBlockList", head: head.clone() })
            .await;
        Ok(head)
    }

    /// The blob's blocks, committed and waiting. [`Error::BlobNotFound`] when there are neither.
    pub async fn block_list(&self, container: &ContainerName, name: &BlobName) -> Result<BlockList, Error> {
        let id = self.container_record(container).await?.id;
        let record = match self.record(id, name).await {
            Ok(record) => Some(record),
            Err(Error::BlobNotFound) => None,
            Err(error) => return Err(error),
        };
        let staged = self.staged(id, name).await?;
        if record.is_none() && staged.is_empty() {
            return Err(Error::BlobNotFound);
        }
        let info = |id: &str, length| Ok(BlockInfo { id: BlockId::from_hex(id)?, length });
        let blocks = record.as_ref().and_then(|record| record.blocks.as_deref()).unwrap_or_default();
        let committed: Result<_, Error> = blocks.iter().map(|block| info(&block.0, block.1)).collect();
        let uncommitted: Result<_, Error> =
            staged.iter().map(|block| info(&block.id, block.length)).collect();
        Ok(BlockList {
            head: record.map(|record| record.head()),
            committed: committed?,
            uncommitted: uncommitted?,
        })
    }

    /// Writes a waiting block's record; answers the one it replaced. The caller holds the name's lock.
    async fn stage(
        &self,
        id: Uuid,
        name: &BlobName,
        staged: &StagedRecord,
    ) -> Result<Option<StagedRecord>, Error> {
        let dir = staged_dir(id, name);
        let objects = &self.inner.objects;
        objects.prepare_dir(&dir).await?;
        let key = format!("{dir}/{}", staged.id);
        for _ in 0..crate::account::WRITE_TRIES {
            let (old, write) = match objects.get(&key).await? {
                Some((bytes, version)) => (Some(record::from_bytes(&bytes)?), Write::Replace(version)),
                None => (None, Write::Create),
            };
            if objects.put(&key, record::to_bytes(staged)?, write).await? {
                return Ok(old);
            }
        }
        Err(Error::ConditionNotMet { not_modified: false })
    }

    /// The waiting blocks in id order.
    pub(crate) async fn staged(&self, id: Uuid, name: &BlobName) -> Result<Vec<StagedRecord>, Error> {
        use futures_util::{StreamExt, TryStreamExt};
        let dir = staged_dir(id, name);
        // As many as there are: a bound here would keep a blob with too many from ever being deleted or swept.
        let keys = self.inner.objects.list(&dir, "", usize::MAX).await?;
        let fetches: Vec<_> =
            keys.into_iter().map(|key| self.staged_record(format!("{dir}/{key}"))).collect();
        let found: Vec<Option<StagedRecord>> =
            futures_util::stream::iter(fetches).buffered(FETCHES).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn staged_record(&self, key: String) -> Result<Option<StagedRecord>, Error> {
        match self.inner.objects.get(&key).await? {
            Some((bytes, _)) => record::from_bytes(&bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Drops all waiting blocks of a blob with their content. The caller holds the name's lock.
    pub(crate) async fn drop_staged(&self, id: Uuid, name: &BlobName) -> Result<(), Error> {
        let staged = self.staged(id, name).await?;
        if staged.is_empty() {
            return Ok(());
        }
        self.drop_staged_records(id, name, &staged).await?;
        self.discard_staged(id, name, &staged).await
    }

    /// Removes the content of blocks that wait no more. The caller holds the name's lock.
    ///
    /// After a crash in mid-commit a record may still wait whose content the blob has already: that is kept.
    async fn discard_staged(&self, id: Uuid, name: &BlobName, staged: &[StagedRecord]) -> Result<(), Error> {
        let found = self.fetch(id, name).await?;
        let kept = found.map(|(record, _)| record.objects()).unwrap_or_default();
        let garbage = staged.iter().map(|block| block.object);
        self.discard(id, garbage.filter(|object| !kept.contains(object)).collect()).await;
        Ok(())
    }

    async fn drop_staged_records(
        &self,
        id: Uuid,
        name: &BlobName,
        staged: &[StagedRecord],
    ) -> Result<(), Error> {
        if staged.is_empty() {
            return Ok(());
        }
        self.inner.objects.delete_dir(&staged_dir(id, name)).await
    }

    /// When the last waiting block of a blob came.
    pub(crate) fn last_staged(staged: &[StagedRecord]) -> Option<Timestamp> {
        staged.iter().map(|block| block.staged).max()
    }
}

pub(crate) fn staged_dir(id: Uuid, name: &BlobName) -> String {
    data_dir(id, &format!("staged/{}", hex(&Sha256::digest(name.as_str().as_bytes()))))
}

/// The content that a block list describes.
fn assemble(
    list: &[BlockListEntry],
    waiting: &HashMap<&str, &StagedRecord>,
    old: Option<&BlobRecord>,
) -> Result<(Vec<Extent>, Vec<Block>), Error> {
    let present = present_blocks(old);
    let starts = old.map(|old| starts(&old.extents)).unwrap_or_default();
    let (mut extents, mut blocks) = (Vec::new(), Vec::with_capacity(list.len()));
    for entry in list {
        let (id, in_waiting, in_present) = match entry {
            BlockListEntry::Committed(id) => (id.hex(), false, true),
            BlockListEntry::Uncommitted(id) => (id.hex(), true, false),
            BlockListEntry::Latest(id) => (id.hex(), true, true),
        };
        let staged = waiting.get(id.as_str()).filter(|_| in_waiting);
        let committed = present.get(id.as_str()).filter(|_| in_present);
        let length = if let Some(staged) = staged {
            push_joined(&mut extents, Extent { object: staged.object, offset: 0, length: staged.length });
            staged.length
        } else if let (Some(range), Some(old)) = (committed, old) {
            slice_from(&old.extents, &starts, range.clone())
                .into_iter()
                .for_each(|part| push_joined(&mut extents, part));
            range.end - range.start
        } else {
            return Err(Error::InvalidBlockList);
        };
        blocks.push(Block(id, length));
    }
    Ok((extents, blocks))
}

/// Where the blocks of a blob lie in its content.
fn present_blocks(old: Option<&BlobRecord>) -> HashMap<&str, std::ops::Range<u64>> {
    let blocks = old.and_then(|old| old.blocks.as_deref()).unwrap_or_default();
    let mut at = 0u64;
    let mut found = HashMap::with_capacity(blocks.len());
    for Block(id, length) in blocks {
        found.insert(id.as_str(), at..at.saturating_add(*length));
        at = at.saturating_add(*length);
    }
    found
}
