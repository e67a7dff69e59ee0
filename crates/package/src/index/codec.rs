//! The stored form of an index.
//!
//! ```text
//! magic "MRTI"   version u16   state u16 (0 growing, 1 complete)   content key u64   sections u32   CRC-32 of all before
//! section:  tag [4]   length u32   CRC-32 of the payload   payload
//!   "fact"  JSON, so that facts may be added                     "init"  the initialization segment
//!   "objs"  u16 length and name, for each object
//!   "rows"  time u64, duration, size, head, key, samples, end of extents u32
//!   "exts"  offset u64, object u32, length u32
//! ```
//!
//! Big-endian. Sections of other tags are skipped. Everything is checked before it is believed, and nothing is
//! allocated beyond a small multiple of the input.

use std::{num::NonZeroU32, sync::Arc};

use bytes::{BufMut, Bytes, BytesMut};
use millrace_manifest::{ContentKey, Role, TrackName};
use millrace_media::TrackConfig;
use millrace_mp4::{ParseError, read::Movie};
use serde::{Deserialize, Serialize};

use super::{
    Grid, MAX_EXTENTS, MAX_INIT, MAX_OBJECT_NAME, MAX_OBJECTS, MAX_ROWS, ObjectRange, Row, TrackFacts,
    TrackIndex, TrackState,
    builder::{AppendError, check_extents, check_row},
};

/// The only version so far.
pub const FORMAT_VERSION: u16 = 1;

const MAGIC: &[u8; 4] = b"MRTI";
const ROW_BYTES: usize = 32;
const EXTENT_BYTES: usize = 16;
/// Facts are a few hundred bytes; labels are what users type.
const MAX_FACTS: usize = 1 << 16;
/// There are five tags; the rest is room for later versions.
const MAX_SECTIONS: u32 = 64;

/// Why bytes are not an index.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// They do not begin like one.
    #[error("not a track index")]
    NotAnIndex,
    /// Written by a later release.
    #[error("the track index has version {found}, this release reads {FORMAT_VERSION}")]
    Newer {
        /// What it says.
        found: u16,
    },
    /// They end too early.
    #[error("the track index is cut short")]
    Truncated,
    /// A checksum differs.
    #[error("section {0} of the track index is damaged")]
    Damaged(&'static str),
    /// A required section is not there.
    #[error("section {0} of the track index is missing")]
    Missing(&'static str),
    /// A limit of this module.
    #[error("section {0} of the track index is too large")]
    TooLarge(&'static str),
    /// The checksums are right and the content is not.
    #[error("section {0} of the track index makes no sense")]
    Invalid(&'static str),
    /// A row that could not have been pushed.
    #[error("a row of the track index makes no sense")]
    Row(#[from] AppendError),
    /// The initialization segment is none.
    #[error("the initialization segment cannot be read: {0}")]
    Init(#[from] ParseError),
    /// The initialization segment has not exactly one track.
    #[error("the initialization segment has {0} tracks")]
    Tracks(usize),
}

/// Why an index cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Facts of more than 64 KiB.
    #[error("the facts of a track take {0} bytes, too many")]
    Facts(usize),
}

impl TrackIndex {
    /// The stored form.
    pub fn encode(&self) -> Result<Bytes, EncodeError> {
        let facts = StoredFacts::from(&self.facts).to_json();
        if facts.len() > MAX_FACTS {
            return Err(EncodeError::Facts(facts.len()));
        }
        let mut out = BytesMut::with_capacity(
            512 + self.init.len()
                + facts.len()
                + self.rows.len() * ROW_BYTES
                + self.extents.len() * EXTENT_BYTES,
        );
        self.put_header(&mut out);
        put_section(&mut out, b"fact", &facts);
        put_section(&mut out, b"init", &self.init);
        put_section(&mut out, b"objs", &self.object_bytes());
        put_section(&mut out, b"rows", &self.row_bytes());
        put_section(&mut out, b"exts", &self.extent_bytes());
        Ok(out.freeze())
    }

    fn put_header(&self, out: &mut BytesMut) {
        out.put_slice(MAGIC);
        out.put_u16(FORMAT_VERSION);
        out.put_u16(match self.state {
            TrackState::Growing => 0,
            TrackState::Complete => 1,
        });
        out.put_u64(self.key.0);
        out.put_u32(5);
        out.put_u32(crc32fast::hash(out));
    }

    fn object_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for name in &self.objects {
            // At most MAX_OBJECT_NAME: the builder and the decoder both see to it.
            out.put_u16(name.len() as u16);
            out.put_slice(name.as_bytes());
        }
        out
    }

    fn row_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.rows.len() * ROW_BYTES);
        for (row, end) in self.rows.iter().zip(&self.ends) {
            out.put_u64(row.time);
            out.put_u32(row.duration);
            out.put_u32(row.size);
            out.put_u32(row.head_size);
            out.put_u32(row.key_size);
            out.put_u32(row.samples);
            out.put_u32(*end);
        }
        out
    }

    fn extent_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.extents.len() * EXTENT_BYTES);
        for extent in &self.extents {
            out.put_u64(extent.offset);
            out.put_u32(extent.object);
            out.put_u32(extent.len);
        }
        out
    }

    /// Reads the stored form. The work and the memory are in proportion to `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader(bytes);
        let (state, key, sections) = header(&mut reader)?;
        let mut stored = Sections::default();
        for _ in 0..sections {
            stored.take(&mut reader)?;
        }
        // A copy, lest the small init keep all of `bytes` alive.
        let init = Bytes::copy_from_slice(stored.init.ok_or(DecodeError::Missing("init"))?);
        let config = config_of(&init)?;
        let objects = objects(stored.objects.ok_or(DecodeError::Missing("objs"))?)?;
        let extents = extents(stored.extents.ok_or(DecodeError::Missing("exts"))?)?;
        let (rows, ends) = rows(stored.rows.ok_or(DecodeError::Missing("rows"))?)?;
        check(&rows, &ends, &extents, objects.len())?;
        Ok(Self {
            state,
            key,
            facts: facts(stored.facts.ok_or(DecodeError::Missing("fact"))?)?,
            init,
            config,
            objects,
            rows,
            ends,
            extents,
        })
    }
}

fn put_section(out: &mut BytesMut, tag: &[u8; 4], payload: &[u8]) {
    out.put_slice(tag);
    // Bounded by the limits of the module: the largest, extents, has 32 MiB.
    out.put_u32(payload.len() as u32);
    out.put_u32(crc32fast::hash(payload));
    out.put_slice(payload);
}

fn header(reader: &mut Reader<'_>) -> Result<(TrackState, ContentKey, u32), DecodeError> {
    const CHECKED: usize = 20;
    let checked = reader.0.get(..CHECKED);
    if reader.take(4).map_err(|_| DecodeError::NotAnIndex)? != MAGIC {
        return Err(DecodeError::NotAnIndex);
    }
    let found = reader.u16()?;
    if found != FORMAT_VERSION {
        return Err(DecodeError::Newer { found });
    }
    let state = match reader.u16()? {
        0 => TrackState::Growing,
        1 => TrackState::Complete,
        _ => return Err(DecodeError::Invalid("header")),
    };
    let key = ContentKey(reader.u64()?);
    let sections = reader.u32()?;
    let crc = reader.u32()?;
    if checked.map(crc32fast::hash) != Some(crc) {
        return Err(DecodeError::Damaged("header"));
    }
    if sections > MAX_SECTIONS {
        return Err(DecodeError::TooLarge("header"));
    }
    Ok((state, key, sections))
}

/// Payloads by tag, checksums already verified.
#[derive(Default)]
struct Sections<'a> {
    facts: Option<&'a [u8]>,
    init: Option<&'a [u8]>,
    objects: Option<&'a [u8]>,
    rows: Option<&'a [u8]>,
    extents: Option<&'a [u8]>,
}

impl<'a> Sections<'a> {
    fn take(&mut self, reader: &mut Reader<'a>) -> Result<(), DecodeError> {
        let tag = reader.take(4)?;
        let len = reader.u32()? as usize;
        let crc = reader.u32()?;
        let payload = reader.take(len)?;
        let (slot, name, most) = match tag {
            b"fact" => (&mut self.facts, "fact", MAX_FACTS),
            b"init" => (&mut self.init, "init", MAX_INIT),
            b"objs" => (&mut self.objects, "objs", MAX_OBJECTS * (MAX_OBJECT_NAME + 2)),
            b"rows" => (&mut self.rows, "rows", MAX_ROWS * ROW_BYTES),
            b"exts" => (&mut self.extents, "exts", MAX_EXTENTS * EXTENT_BYTES),
            _ => return Ok(()),
        };
        if payload.len() > most {
            return Err(DecodeError::TooLarge(name));
        }
        if crc32fast::hash(payload) != crc {
            return Err(DecodeError::Damaged(name));
        }
        *slot = Some(payload);
        Ok(())
    }
}

/// Codec and timescale of the only track of an initialization segment.
pub(super) fn config_of(init: &Bytes) -> Result<TrackConfig, DecodeError> {
    let movie = Movie::find(init)?;
    match <[_; 1]>::try_from(movie.tracks) {
        Ok([track]) => Ok(track.config),
        Err(tracks) => Err(DecodeError::Tracks(tracks.len())),
    }
}

fn objects(payload: &[u8]) -> Result<Vec<Arc<str>>, DecodeError> {
    let mut reader = Reader(payload);
    let mut names = Vec::new();
    while !reader.0.is_empty() {
        let len = usize::from(reader.u16()?);
        let name = std::str::from_utf8(reader.take(len)?).map_err(|_| DecodeError::Invalid("objs"))?;
        if name.is_empty() || len > MAX_OBJECT_NAME || names.len() >= MAX_OBJECTS {
            return Err(DecodeError::Invalid("objs"));
        }
        names.push(Arc::from(name));
    }
    Ok(names)
}

fn rows(payload: &[u8]) -> Result<(Vec<Row>, Vec<u32>), DecodeError> {
    let (records, []) = payload.as_chunks::<ROW_BYTES>() else {
        return Err(DecodeError::Invalid("rows"));
    };
    let mut rows = Vec::with_capacity(records.len());
    let mut ends = Vec::with_capacity(records.len());
    for record in records {
        let mut reader = Reader(record);
        rows.push(Row {
            time: reader.u64()?,
            duration: reader.u32()?,
            size: reader.u32()?,
            head_size: reader.u32()?,
            key_size: reader.u32()?,
            samples: reader.u32()?,
        });
        ends.push(reader.u32()?);
    }
    Ok((rows, ends))
}

fn extents(payload: &[u8]) -> Result<Vec<ObjectRange>, DecodeError> {
    let (records, []) = payload.as_chunks::<EXTENT_BYTES>() else {
        return Err(DecodeError::Invalid("exts"));
    };
    let mut extents = Vec::with_capacity(records.len());
    for record in records {
        let mut reader = Reader(record);
        extents.push(ObjectRange { offset: reader.u64()?, object: reader.u32()?, len: reader.u32()? });
    }
    Ok(extents)
}

/// Every row as if it were pushed again.
fn check(rows: &[Row], ends: &[u32], extents: &[ObjectRange], objects: usize) -> Result<(), DecodeError> {
    let (mut before, mut start) = (None, 0);
    for (row, &end) in rows.iter().zip(ends) {
        let end = end as usize;
        let own = extents.get(start..end).ok_or(DecodeError::Invalid("rows"))?;
        check_row(row, before)?;
        check_extents(row, own, objects)?;
        (before, start) = (Some(row), end);
    }
    match start == extents.len() {
        true => Ok(()),
        false => Err(DecodeError::Invalid("exts")),
    }
}

fn facts(payload: &[u8]) -> Result<TrackFacts, DecodeError> {
    let stored: StoredFacts = serde_json::from_slice(payload).map_err(|_| DecodeError::Invalid("fact"))?;
    stored.into_facts()
}

/// The twin of [`TrackFacts`] as JSON. New members are optional, so that old indexes stay readable.
#[derive(Serialize, Deserialize)]
struct StoredFacts {
    name: String,
    bitrate: u32,
    language: Option<String>,
    label: Option<String>,
    role: StoredRole,
    default: bool,
    frame_rate: Option<(NonZeroU32, NonZeroU32)>,
    #[serde(default)]
    decode_delay: u32,
    segments: Grid,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum StoredRole {
    Main,
    Alternate,
    Description,
    Commentary,
}

impl From<&TrackFacts> for StoredFacts {
    fn from(facts: &TrackFacts) -> Self {
        Self {
            name: facts.name.to_string(),
            bitrate: facts.bitrate,
            language: facts.language.clone(),
            label: facts.label.clone(),
            role: match facts.role {
                Role::Main => StoredRole::Main,
                Role::Alternate => StoredRole::Alternate,
                Role::Description => StoredRole::Description,
                Role::Commentary => StoredRole::Commentary,
            },
            default: facts.default,
            frame_rate: facts.frame_rate,
            decode_delay: facts.decode_delay,
            segments: facts.segments,
        }
    }
}

impl StoredFacts {
    fn to_json(&self) -> Vec<u8> {
        // Strings, numbers and enums only: nothing that JSON could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn into_facts(self) -> Result<TrackFacts, DecodeError> {
        let name: TrackName = self.name.parse().map_err(|_| DecodeError::Invalid("fact"))?;
        Ok(TrackFacts {
            name,
            bitrate: self.bitrate,
            language: self.language,
            label: self.label,
            role: match self.role {
                StoredRole::Main => Role::Main,
                StoredRole::Alternate => Role::Alternate,
                StoredRole::Description => Role::Description,
                StoredRole::Commentary => Role::Commentary,
            },
            default: self.default,
            frame_rate: self.frame_rate,
            decode_delay: self.decode_delay,
            segments: self.segments,
        })
    }
}

/// Takes big-endian numbers off the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }
}
