//! The sample table (`stbl`): six tables that together say where every sample is and when (ISO/IEC 14496-12 §8.6, §8.7).

use bytes::Bytes;

use super::Samples;
use crate::atom::Atom;
use crate::{BoxPath, ParseError, Problem};

/// Where a track's samples are. The tables are slices of the `moov`; nothing is expanded.
#[derive(Clone, Debug)]
pub struct SampleTable {
    pub(super) path: BoxPath,
    pub(super) offset: u64,
    pub(super) count: u32,
    pub(super) sizes: Sizes,
    /// Pairs of (count, delta).
    pub(super) durations: Bytes,
    /// Pairs of (count, offset).
    pub(super) offsets: Bytes,
    /// Triples of (first chunk, samples per chunk, sample entry).
    pub(super) chunk_runs: Bytes,
    pub(super) chunks: Chunks,
    /// Numbers of key samples; `None` when all are.
    pub(super) keys: Option<Bytes>,
}

/// Bytes of samples.
#[derive(Clone, Debug)]
pub(super) enum Sizes {
    Uniform(u32),
    /// `stsz`, or `stz2` of 16 bits: a table of this many bits per entry (4, 8, 16 or 32).
    Table(u8, Bytes),
}

/// Offsets of chunks in the file.
#[derive(Clone, Debug)]
pub(super) enum Chunks {
    Short(Bytes),
    Long(Bytes),
}

impl SampleTable {
    /// Number of samples.
    pub fn len(&self) -> u32 {
        self.count
    }

    /// Whether there are none, as in fragmented files.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether every sample is a key sample because the file says nothing else (no `stss`).
    pub fn all_key(&self) -> bool {
        self.keys.is_none()
    }

    /// Samples in decode order. Constant memory; an inconsistent table shows as an error that ends the iterator.
    pub fn samples(&self) -> Samples<'_> {
        Samples::new(self)
    }

    pub(super) fn parse(stbl: &Atom<'_>, source: &Bytes) -> Result<Self, ParseError> {
        let (count, sizes) = sizes(stbl, source)?;
        let pairs = |kind: &[u8; 4]| -> Result<Bytes, ParseError> {
            stbl.child(kind)?.map_or(Ok(Bytes::new()), |atom| table(&atom, 8, source))
        };
        let chunk_runs = stbl.child(b"stsc")?.map_or(Ok(Bytes::new()), |atom| table(&atom, 12, source))?;
        let keys = stbl.child(b"stss")?.map(|atom| table(&atom, 4, source)).transpose()?;
        Ok(Self {
            path: stbl.path,
            offset: stbl.offset,
            count,
            sizes,
            durations: pairs(b"stts")?,
            offsets: pairs(b"ctts")?,
            chunk_runs,
            chunks: chunks(stbl, source)?,
            keys,
        })
    }

    pub(super) fn error(&self, problem: &'static str) -> ParseError {
        ParseError { path: self.path, offset: self.offset, problem: Problem::Invalid(problem) }
    }
}

/// The entries of a table box, which have to be there: a count beyond the box is an error, not an allocation.
fn table(atom: &Atom<'_>, entry: usize, source: &Bytes) -> Result<Bytes, ParseError> {
    let (_, _, mut fields) = atom.full()?;
    let count = fields.u32()?;
    Ok(source.slice_ref(fields.table(count, entry)?))
}

fn sizes(stbl: &Atom<'_>, source: &Bytes) -> Result<(u32, Sizes), ParseError> {
    if let Some(stsz) = stbl.child(b"stsz")? {
        let (_, _, mut fields) = stsz.full()?;
        let uniform = fields.u32()?;
        let count = fields.u32()?;
        return Ok(match uniform {
            0 => (count, Sizes::Table(32, source.slice_ref(fields.table(count, 4)?))),
            size => (count, Sizes::Uniform(size)),
        });
    }
    let Some(stz2) = stbl.child(b"stz2")? else { return Ok((0, Sizes::Uniform(0))) };
    let (_, _, mut fields) = stz2.full()?;
    fields.skip(3)?;
    let bits = fields.u8()?;
    let count = fields.u32()?;
    let bytes = match bits {
        4 => fields.table(count.div_ceil(2), 1)?,
        8 => fields.table(count, 1)?,
        16 => fields.table(count, 2)?,
        _ => return Err(stz2.error(Problem::Invalid("sizes of an odd number of bits"))),
    };
    Ok((count, Sizes::Table(bits, source.slice_ref(bytes))))
}

fn chunks(stbl: &Atom<'_>, source: &Bytes) -> Result<Chunks, ParseError> {
    if let Some(co64) = stbl.child(b"co64")? {
        return Ok(Chunks::Long(table(&co64, 8, source)?));
    }
    match stbl.child(b"stco")? {
        Some(stco) => Ok(Chunks::Short(table(&stco, 4, source)?)),
        None => Ok(Chunks::Short(Bytes::new())),
    }
}

impl Sizes {
    pub(super) fn get(&self, index: u32) -> Option<u32> {
        let at = index as usize;
        match self {
            Self::Uniform(size) => Some(*size),
            Self::Table(32, table) => entry::<4>(table, at).map(u32::from_be_bytes),
            Self::Table(16, table) => entry::<2>(table, at).map(|size| u16::from_be_bytes(size).into()),
            Self::Table(8, table) => table.get(at).map(|size| u32::from(*size)),
            Self::Table(_, table) => {
                let pair = *table.get(at / 2)?;
                Some(u32::from(if at.is_multiple_of(2) { pair >> 4 } else { pair & 15 }))
            }
        }
    }
}

impl Chunks {
    pub(super) fn get(&self, index: u32) -> Option<u64> {
        let at = index as usize;
        match self {
            Self::Short(table) => entry::<4>(table, at).map(|offset| u32::from_be_bytes(offset).into()),
            Self::Long(table) => entry::<8>(table, at).map(u64::from_be_bytes),
        }
    }
}

/// Entry number `index` of a table of `N`-byte entries.
pub(super) fn entry<const N: usize>(table: &[u8], index: usize) -> Option<[u8; N]> {
    table.as_chunks::<N>().0.get(index).copied()
}
