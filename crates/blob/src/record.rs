//! The stored records: what makes a blob, a container and a waiting block exist.
//!
//! A blob exists when its record does, and the record names the immutable content objects that hold its bytes. One
//! atomic replacement of a small object therefore changes content and properties together, and no crash can pair the
//! properties of one write with the bytes of another.

use std::collections::HashSet;
use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Error;
use crate::properties::{ETag, Head, Metadata, Properties};

/// The version written today; readers refuse what they do not know.
const VERSION: u32 = 1;

/// A run of a blob's bytes: `length` bytes of content object `object` from `offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extent {
    #[serde(rename = "o")]
    pub(crate) object: Uuid,
    #[serde(rename = "at", default, skip_serializing_if = "is_zero")]
    pub(crate) offset: u64,
    #[serde(rename = "n")]
    pub(crate) length: u64,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// A committed block: its id (hex of the decoded bytes) and length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Block(pub(crate) String, pub(crate) u64);

/// The record of a blob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BlobRecord {
    pub(crate) version: u32,
    /// The whole name: keys of long names do not spell it out.
    pub(crate) name: String,
    pub(crate) etag: ETag,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    #[serde(default)]
    pub(crate) properties: Properties,
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub(crate) metadata: Metadata,
    /// The content in order.
    pub(crate) extents: Vec<Extent>,
    /// Present on blobs made of blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) blocks: Option<Vec<Block>>,
}

impl BlobRecord {
    pub(crate) fn new(name: &str, now: Timestamp, extents: Vec<Extent>) -> Self {
        Self {
            version: VERSION,
            name: name.to_owned(),
            etag: ETag::fresh(),
            created: now,
            modified: now,
            properties: Properties::default(),
            metadata: Metadata::new(),
            extents,
            blocks: None,
        }
    }

    pub(crate) fn length(&self) -> u64 {
        self.extents.iter().fold(0, |sum, extent| sum.saturating_add(extent.length))
    }

    pub(crate) fn head(&self) -> Head {
        Head {
            length: self.length(),
            etag: self.etag.clone(),
            modified: self.modified,
            created: self.created,
            properties: self.properties.clone(),
            metadata: self.metadata.clone(),
            committed_blocks: self
                .blocks
                .as_ref()
                .map(|blocks| u32::try_from(blocks.len()).unwrap_or(u32::MAX)),
        }
    }

    pub(crate) fn objects(&self) -> HashSet<Uuid> {
        self.extents.iter().map(|extent| extent.object).collect()
    }
}

/// Where each extent begins in the content.
pub(crate) fn starts(extents: &[Extent]) -> Vec<u64> {
    let running = extents.iter().scan(0u64, |at, extent| {
        let start = *at;
        *at = at.saturating_add(extent.length);
        Some(start)
    });
    running.collect()
}

/// The parts of `extents` that make up bytes `range` of their concatenation.
pub(crate) fn slice(extents: &[Extent], range: Range<u64>) -> Vec<Extent> {
    slice_from(extents, &starts(extents), range)
}

/// [`slice`] with [`starts`] computed before, for many ranges of one list.
pub(crate) fn slice_from(extents: &[Extent], starts: &[u64], range: Range<u64>) -> Vec<Extent> {
    let first = starts.partition_point(|start| *start <= range.start).saturating_sub(1);
    let mut parts = Vec::new();
    for (extent, at) in extents.iter().zip(starts).skip(first) {
        let (from, to) = (range.start.max(*at), range.end.min(at.saturating_add(extent.length)));
        if from < to {
            let offset = extent.offset + (from - at);
            parts.push(Extent { object: extent.object, offset, length: to - from });
        }
        if *at >= range.end {
            break;
        }
    }
    parts
}

/// Appends `extent`, joining it to the last one where they touch.
pub(crate) fn push_joined(extents: &mut Vec<Extent>, extent: Extent) {
    if extent.length == 0 {
        return;
    }
    if let Some(last) = extents.last_mut()
        && last.object == extent.object
        && last.offset + last.length == extent.offset
    {
        last.length += extent.length;
        return;
    }
    extents.push(extent);
}

/// The record of a container. Its data live under `id`, so a container made anew never meets the old one's leftovers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContainerRecord {
    pub(crate) version: u32,
    pub(crate) id: Uuid,
    pub(crate) etag: ETag,
    pub(crate) modified: Timestamp,
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub(crate) metadata: Metadata,
}

impl ContainerRecord {
    pub(crate) fn new(now: Timestamp, metadata: Metadata) -> Self {
        Self { version: VERSION, id: Uuid::now_v7(), etag: ETag::fresh(), modified: now, metadata }
    }
}

/// A block that was uploaded and not yet committed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StagedRecord {
    pub(crate) version: u32,
    /// The blob it is for.
    pub(crate) name: String,
    /// Hex of the decoded id.
    pub(crate) id: String,
    pub(crate) object: Uuid,
    pub(crate) length: u64,
    pub(crate) staged: Timestamp,
}

impl StagedRecord {
    pub(crate) fn new(name: &str, id: String, object: Uuid, length: u64, staged: Timestamp) -> Self {
        Self { version: VERSION, name: name.to_owned(), id, object, length, staged }
    }
}

/// A record's stored text.
pub(crate) fn to_bytes<T: Serialize>(record: &T) -> Result<bytes::Bytes, Error> {
    serde_json::to_vec(record).map(Into::into).map_err(|error| Error::Damaged(error.to_string()))
}

/// Reads a record back, refusing versions that this program does not know.
pub(crate) fn from_bytes<T: for<'de> Deserialize<'de> + Versioned>(bytes: &[u8]) -> Result<T, Error> {
    let record: T = serde_json::from_slice(bytes).map_err(|error| Error::Damaged(error.to_string()))?;
    if record.version() > VERSION {
        return Err(Error::Damaged(format!("version {} is newer than this program", record.version())));
    }
    Ok(record)
}

/// Records that say which layout they have.
pub(crate) trait Versioned {
    fn version(&self) -> u32;
}

macro_rules! versioned {
    ($($record:ty),*) => {
        $(impl Versioned for $record {
            fn version(&self) -> u32 {
                self.version
            }
        })*
    };
}

versioned!(BlobRecord, ContainerRecord, StagedRecord);

impl BlobRecord {
    /// True unless both records surely hold the same bytes: joining extents keeps the tag, and every write renews it.
    pub(crate) fn content_differs(&self, other: &Self) -> bool {
        self.etag != other.etag
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(extents: &[Extent]) -> Vec<(Uuid, u64)> {
        let each = |extent: &Extent| {
            let object = extent.object;
            (extent.offset..extent.offset + extent.length).map(move |at| (object, at))
        };
        extents.iter().flat_map(each).collect()
    }

    proptest! {
        #[test]
        fn a_slice_of_extents_is_a_slice_of_their_bytes(
            extents in proptest::collection::vec((0u128..3, 0u64..9, 0u64..5), 0..8),
            start in 0u64..40,
            length in 0u64..40,
        ) {
            let extents: Vec<Extent> = extents
                .into_iter()
                .map(|(object, offset, length)| Extent { object: Uuid::from_u128(object), offset, length })
                .collect();
            let all = bytes(&extents);
            let range = usize::try_from(start).unwrap().min(all.len())
                ..usize::try_from(start + length).unwrap().min(all.len());
            let expected = &all[range];
            prop_assert_eq!(bytes(&slice(&extents, start..start + length)), expected);

            let mut joined = Vec::new();
            extents.iter().for_each(|extent| push_joined(&mut joined, *extent));
            prop_assert_eq!(bytes(&joined), all);
            prop_assert!(joined.iter().all(|extent| extent.length > 0));
        }
    }

    #[test]
    fn records_of_a_later_program_are_refused() {
        let mut record = BlobRecord::new("x", Timestamp::UNIX_EPOCH, Vec::new());
        let bytes = to_bytes(&record).unwrap();
        assert_eq!(from_bytes::<BlobRecord>(&bytes).unwrap(), record);
        record.version = VERSION + 1;
        let later = to_bytes(&record).unwrap();
        assert!(matches!(from_bytes::<BlobRecord>(&later), Err(Error::Damaged(_))));
        assert!(matches!(from_bytes::<BlobRecord>(b"{}"), Err(Error::Damaged(_))));
    }
}
