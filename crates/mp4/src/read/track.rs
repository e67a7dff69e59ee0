//! One track of a movie (`trak`).

use bytes::Bytes;
use millrace_media::{FourCc, Language, Rotation, Timescale, TrackConfig};

use super::sample_entry::{self, Handler};
use super::{EditList, SampleTable};
use crate::atom::Atom;
use crate::{ParseError, Problem};

/// One video, audio or text track of a movie.
#[derive(Clone, Debug)]
pub struct Track {
    /// What it is.
    pub config: TrackConfig,
    /// Its first sample entry, the whole box as it stands in `stsd`.
    pub sample_entry: Bytes,
    /// How many sample entries it has; samples of later ones are not described by `config`.
    pub sample_entries: u32,
    /// The name its maker gave the handler (`hdlr`): in AMS files often a title, else `VideoHandler` and the like.
    pub handler_name: String,
    /// Ticks of its timescale as `mdhd` claims; 0 or absent in fragmented files.
    pub duration: Option<u64>,
    /// Whether `tkhd` enables it.
    pub enabled: bool,
    /// alternate_group: tracks of one group replace each other.
    pub alternate_group: u16,
    /// Whether another track names it as its chapter list.
    pub is_chapters: bool,
    /// How media time becomes presentation time.
    pub edits: EditList,
    /// Where its samples are; empty in fragmented files.
    pub samples: SampleTable,
}

/// What `tkhd` says.
struct TrackHeader {
    id: u32,
    enabled: bool,
    alternate_group: u16,
    rotation: Rotation,
}

/// What `mdhd` and `elng` say.
struct MediaHeader {
    timescale: Timescale,
    duration: Option<u64>,
    language: Language,
}

impl Track {
    /// Reads a `trak`; `None` for a kind of track that is not played (timecode, hint, metadata).
    pub(super) fn parse(trak: &Atom<'_>, source: &Bytes) -> Result<Option<Self>, ParseError> {
        let mdia = trak.require(b"mdia")?;
        let (handler, handler_name) = handler(&mdia.require(b"hdlr")?)?;
        let Some(handler) = Handler::of(handler) else { return Ok(None) };
        let header = track_header(&trak.require(b"tkhd")?)?;
        let media = media_header(&mdia)?;
        let stbl = mdia.require(b"minf")?.require(b"stbl")?;
        let stsd = stbl.require(b"stsd")?;
        let (sample_entries, entry) = first_entry(&stsd)?;
        let (codec, format) = sample_entry::parse(&entry, handler, header.rotation, source)?;
        let edits = match trak.child(b"edts")?.map(|edts| edts.child(b"elst")).transpose()?.flatten() {
            Some(elst) => EditList::parse(&elst)?,
            None => EditList::default(),
        };
        let MediaHeader { timescale, duration, language } = media;
        Ok(Some(Self {
            config: TrackConfig { id: header.id, timescale, language, codec, format },
            sample_entry: source.slice_ref(entry.whole),
            sample_entries,
            handler_name,
            duration,
            enabled: header.enabled,
            alternate_group: header.alternate_group,
            is_chapters: false,
            edits,
            samples: SampleTable::parse(&stbl, source)?,
        }))
    }
}

/// Numbers of the tracks that this one names as chapter lists (`tref`/`chap`).
pub(super) fn chapter_references(trak: &Atom<'_>) -> Result<Vec<u32>, ParseError> {
    let Some(tref) = trak.child(b"tref")? else { return Ok(Vec::new()) };
    let Some(chap) = tref.child(b"chap")? else { return Ok(Vec::new()) };
    Ok(chap.body.as_chunks::<4>().0.iter().map(|id| u32::from_be_bytes(*id)).collect())
}

/// Handler type and name (§8.4.3). QuickTime writes the name with its length first, ISO files end it with a zero.
fn handler(hdlr: &Atom<'_>) -> Result<(FourCc, String), ParseError> {
    let (_, _, mut fields) = hdlr.full()?;
    fields.skip(4)?;
    let kind = fields.fourcc()?;
    fields.skip(12)?;
    let name = match fields.rest() {
        [len, name @ ..] if usize::from(*len) == name.len() && !name.is_empty() => name,
        name => name,
    };
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok((kind, String::from_utf8_lossy(name).into_owned()))
}

fn track_header(tkhd: &Atom<'_>) -> Result<TrackHeader, ParseError> {
    let (version, flags, mut fields) = tkhd.full()?;
    fields.word(version)?;
    fields.word(version)?;
    let id = fields.u32()?;
    fields.skip(4)?;
    fields.word(version)?;
    fields.skip(8 + 2)?;
    let alternate_group = fields.u16()?;
    fields.skip(4)?;
    let (a, b, _) = (fields.i32()?, fields.i32()?, fields.i32()?);
    let (c, d) = (fields.i32()?, fields.i32()?);
    if id == 0 {
        return Err(tkhd.error(Problem::Invalid("track number 0")));
    }
    // Only the signs matter: some phones write a scale along with the turn.
    let rotation = match (a.signum(), b.signum(), c.signum(), d.signum()) {
        (0, 1, -1, 0) => Rotation::Clockwise90,
        (-1, 0, 0, -1) => Rotation::Half,
        (0, -1, 1, 0) => Rotation::Clockwise270,
        _ => Rotation::None,
    };
    Ok(TrackHeader { id, enabled: flags & 1 == 1, alternate_group, rotation })
}

fn media_header(mdia: &Atom<'_>) -> Result<MediaHeader, ParseError> {
    let mdhd = mdia.require(b"mdhd")?;
    let (version, _, mut fields) = mdhd.full()?;
    fields.word(version)?;
    fields.word(version)?;
    let timescale = fields.u32()?;
    let duration = known_duration(fields.word(version)?, version);
    let mut language = Language::from_packed(fields.u16()?);
    if let Some(elng) = mdia.child(b"elng")? {
        let (_, _, fields) = elng.full()?;
        let tag = fields.rest().split(|byte| *byte == 0).next().unwrap_or_default();
        // A tag that is not one leaves the three letters of mdhd.
        if let Some(tag) = str::from_utf8(tag).ok().and_then(|tag| Language::new(tag).ok()) {
            language = tag;
        }
    }
    let timescale =
        Timescale::new(timescale).ok_or_else(|| mdhd.error(Problem::Invalid("a timescale of 0")))?;
    Ok(MediaHeader { timescale, duration, language })
}

/// All ones mean "unknown" (§8.2.2.3); 0 is what fragmented files say.
pub(super) fn known_duration(duration: u64, version: u8) -> Option<u64> {
    let unknown = if version == 0 { u32::MAX.into() } else { u64::MAX };
    (duration != 0 && duration != unknown).then_some(duration)
}

fn first_entry<'a>(stsd: &Atom<'a>) -> Result<(u32, Atom<'a>), ParseError> {
    let (_, _, mut fields) = stsd.full()?;
    let count = fields.u32()?;
    match stsd.children_after(8).next() {
        Some(entry) if count > 0 => Ok((count, entry?)),
        _ => Err(stsd.error(Problem::Invalid("no sample entry"))),
    }
}
