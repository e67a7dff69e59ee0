//! Growing an index.

use std::sync::Arc;

use bytes::Bytes;
use millrace_manifest::ContentKey;
use millrace_media::TrackConfig;
use sha2::{Digest, Sha256};

use super::{
    MAX_EXTENTS, MAX_INIT, MAX_OBJECT_NAME, MAX_OBJECTS, MAX_ROWS, ObjectRange, Row, TrackFacts, TrackIndex,
    TrackState,
    codec::{self, DecodeError},
};

/// Grows one index: fragments are pushed in the order of time, versions are taken with
/// [`snapshot`](Self::snapshot), and [`seal`](Self::seal) ends it.
#[derive(Debug)]
pub struct TrackIndexBuilder {
    index: TrackIndex,
}

/// Why a fragment cannot be added. The index is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// It begins before the one before it ends.
    #[error("a fragment at {time} begins before {end}, where the one before it ends")]
    Overlap {
        /// Its first tick.
        time: u64,
        /// First free tick.
        end: u64,
    },
    /// It lasts no time.
    #[error("the fragment at {time} lasts no time")]
    Empty {
        /// Its first tick.
        time: u64,
    },
    /// Its extents do not add up to its size, name no object, or it has none.
    #[error("the extents of the fragment at {time} do not make up its {size} bytes")]
    Extents {
        /// Its first tick.
        time: u64,
        /// Its size in bytes.
        size: u32,
    },
    /// Head and key frame are larger than the whole.
    #[error("the head of the fragment at {time} is larger than all of it")]
    Head {
        /// Its first tick.
        time: u64,
    },
    /// A name is empty or longer than [`MAX_OBJECT_NAME`].
    #[error("an object name of {0} bytes")]
    ObjectName(usize),
    /// One of the `MAX_` limits of this module.
    #[error("an index can hold no more {0}")]
    Full(&'static str),
    /// The index is complete.
    #[error("the index is complete and cannot grow")]
    Complete,
}

impl TrackIndexBuilder {
    /// A new index without fragments.
    ///
    /// `init` is the initialization segment, from which codec and timescale are read. `identity` is whatever tells this
    /// media from any other with the same settings (for instance the hash of the source and of the encoder's
    /// settings); with `init` and `facts` it makes up the content key.
    pub fn new(init: Bytes, facts: TrackFacts, identity: &[u8]) -> Result<Self, DecodeError> {
        if init.len() > MAX_INIT {
            return Err(DecodeError::TooLarge("init"));
        }
        let config = codec::config_of(&init)?;
        let index = TrackIndex {
            state: TrackState::Growing,
            key: content_key(&init, &facts, &config, identity),
            facts,
            init,
            config,
            objects: Vec::new(),
            rows: Vec::new(),
            ends: Vec::new(),
            extents: Vec::new(),
        };
        Ok(Self { index })
    }

    /// Goes on with a stored index.
    pub fn resume(index: TrackIndex) -> Result<Self, AppendError> {
        match index.state {
            TrackState::Growing => Ok(Self { index }),
            TrackState::Complete => Err(AppendError::Complete),
        }
    }

    /// The number of an object for [`ObjectRange::object`], added to the table if it is new.
    pub fn object(&mut self, name: &str) -> Result<u32, AppendError> {
        // Almost always the last one; a new chunk has a new name.
        let known = self.index.objects.iter().rposition(|o| &**o == name);
        let position = match known {
            Some(position) => position,
            None => self.add_object(name)?,
        };
        u32::try_from(position).map_err(|_| AppendError::Full("objects"))
    }

    fn add_object(&mut self, name: &str) -> Result<usize, AppendError> {
        if name.is_empty() || name.len() > MAX_OBJECT_NAME {
            return Err(AppendError::ObjectName(name.len()));
        }
        if self.index.objects.len() >= MAX_OBJECTS {
            return Err(AppendError::Full("objects"));
        }
        self.index.objects.push(Arc::from(name));
        Ok(self.index.objects.len() - 1)
    }

    /// Adds a fragment whose bytes are the concatenation of `extents`. Neighbouring ranges are merged.
    pub fn push(&mut self, row: Row, extents: &[ObjectRange]) -> Result<(), AppendError> {
        let index = &mut self.index;
        if index.rows.len() >= MAX_ROWS {
            return Err(AppendError::Full("fragments"));
        }
        if index.extents.len() + extents.len() > MAX_EXTENTS {
            return Err(AppendError::Full("extents"));
        }
        check_row(&row, index.rows.last())?;
        check_extents(&row, extents, index.objects.len())?;
        let first = index.extents.len();
        for extent in extents {
            match index.extents.get_mut(first..).and_then(<[_]>::last_mut) {
                Some(last) if follows(last, extent) => last.len += extent.len,
                _ => index.extents.push(*extent),
            }
        }
        let end = u32::try_from(index.extents.len()).map_err(|_| AppendError::Full("extents"))?;
        index.ends.push(end);
        index.rows.push(row);
        Ok(())
    }

    /// Adds a fragment that is stored in one piece at `offset` of `object`.
    pub fn push_stored(&mut self, row: Row, object: u32, offset: u64) -> Result<(), AppendError> {
        let len = row.size;
        let extent = ObjectRange { object, len, offset };
        self.push(row, &[extent])
    }

    /// The index so far.
    pub fn index(&self) -> &TrackIndex {
        &self.index
    }

    /// A version that others may read; the builder goes on.
    pub fn snapshot(&self) -> TrackIndex {
        self.index.clone()
    }

    /// The last version.
    pub fn seal(mut self) -> TrackIndex {
        self.index.state = TrackState::Complete;
        self.index.rows.shrink_to_fit();
        self.index.ends.shrink_to_fit();
        self.index.extents.shrink_to_fit();
        self.index
    }
}

/// What [`TrackIndexBuilder::push`] and decoding ask of a row beside its extents.
pub(super) fn check_row(row: &Row, before: Option<&Row>) -> Result<(), AppendError> {
    let time = row.time;
    if row.duration == 0 {
        return Err(AppendError::Empty { time });
    }
    let in_range = time.checked_add(u64::from(row.duration)).is_some_and(|end| end <= i64::MAX as u64);
    let end = before.map_or(0, Row::end);
    if time < end || !in_range {
        return Err(AppendError::Overlap { time, end });
    }
    if u64::from(row.head_size) + u64::from(row.key_size) > u64::from(row.size) {
        return Err(AppendError::Head { time });
    }
    Ok(())
}

pub(super) fn check_extents(row: &Row, extents: &[ObjectRange], objects: usize) -> Result<(), AppendError> {
    let fits = |extent: &ObjectRange| {
        extent.len > 0
            && (extent.object as usize) < objects
            && extent.offset.checked_add(u64::from(extent.len)).is_some()
    };
    let total: u64 = extents.iter().map(|extent| u64::from(extent.len)).sum();
    if total != u64::from(row.size) || extents.is_empty() || !extents.iter().all(fits) {
        let (time, size) = (row.time, row.size);
        return Err(AppendError::Extents { time, size });
    }
    Ok(())
}

/// Whether `next` goes on where `last` ends, so that both are one range.
fn follows(last: &ObjectRange, next: &ObjectRange) -> bool {
    last.object == next.object
        && last.offset + u64::from(last.len) == next.offset
        && last.len.checked_add(next.len).is_some()
}

fn content_key(init: &[u8], facts: &TrackFacts, config: &TrackConfig, identity: &[u8]) -> ContentKey {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    field(init);
    field(facts.name.as_str().as_bytes());
    // The grid decides which fragments a segment URL stands for.
    field(&facts.segments.num.get().to_be_bytes());
    field(&facts.segments.den.get().to_be_bytes());
    field(&config.timescale.get().to_be_bytes());
    field(identity);
    let digest = hash.finalize();
    let first = digest.first_chunk::<8>().copied().unwrap_or_default();
    ContentKey(u64::from_be_bytes(first))
}
