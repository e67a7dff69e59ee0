//! The `moov` box: everything about a file but its samples.

use bytes::Bytes;
use millrace_media::Timescale;

use super::Track;
use super::track::{chapter_references, known_duration};
use crate::atom::{Atom, Atoms};
use crate::limits::MAX_TRACKS;
use crate::{ParseError, Problem};

/// A parsed `moov`. Sample tables stay in its bytes.
///
/// ```
/// use millrace_mp4::{ParseError, read::Movie};
///
/// fn key_times(moov: &bytes::Bytes) -> Result<Vec<i64>, ParseError> {
///     let movie = Movie::parse(moov)?;
///     let mut times = Vec::new();
///     for track in &movie.tracks {
///         let offset = movie.presentation_offset(track);
///         for sample in track.samples.samples() {
///             let sample = sample?;
///             if sample.key {
///                 times.push(sample.pts() + offset);
///             }
///         }
///     }
///     Ok(times)
/// }
///
/// let error = key_times(&bytes::Bytes::from_static(b"\0\0\0\x08moov")).unwrap_err();
/// assert_eq!(error.to_string(), "moov at byte 0: no mvhd box");
/// ```
#[derive(Clone, Debug)]
pub struct Movie {
    /// The clock of `duration` and of edit durations.
    pub timescale: Timescale,
    /// Ticks of the movie timescale, from `mehd` or else `mvhd`; `None` when unknown.
    pub duration: Option<u64>,
    /// Whether samples come in fragments (`mvex` is there).
    pub is_fragmented: bool,
    /// Video, audio and text tracks in the order of the file. Tracks of other kinds are left out.
    pub tracks: Vec<Track>,
    /// Defaults for fragments (`trex`), of all tracks, those left out too.
    pub defaults: Vec<TrackDefaults>,
}

/// What a fragment's samples are when it does not say (`trex`, ISO/IEC 14496-12 §8.8.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrackDefaults {
    /// The track.
    pub track_id: u32,
    /// Number of the sample entry, from 1.
    pub sample_entry: u32,
    /// Ticks of a sample.
    pub duration: u32,
    /// Bytes of a sample.
    pub size: u32,
    /// Flags of a sample (§8.8.3.1).
    pub flags: u32,
}

impl Movie {
    /// Reads a whole `moov` box, header included. Offsets in errors count from its first byte.
    pub fn parse(moov: &Bytes) -> Result<Self, ParseError> {
        let atom = Atom::expect(moov, 0, b"moov")?;
        Self::parse_atom(&atom, moov)
    }

    /// Reads the `moov` somewhere in a whole file or initialisation segment.
    pub fn find(file: &Bytes) -> Result<Self, ParseError> {
        for atom in Atoms::of(file, 0) {
            let atom = atom?;
            if atom.kind.0 == *b"moov" {
                return Self::parse_atom(&atom, file);
            }
        }
        let missing = Problem::Missing(millrace_media::FourCc::new(b"moov"));
        Err(ParseError { path: crate::BoxPath::ROOT, offset: file.len() as u64, problem: missing })
    }

    /// The track of this number.
    pub fn track(&self, id: u32) -> Option<&Track> {
        self.tracks.iter().find(|track| track.config.id == id)
    }

    /// Defaults for fragments of this track; all zero when the file has none.
    pub fn defaults_of(&self, track_id: u32) -> TrackDefaults {
        let found = self.defaults.iter().find(|defaults| defaults.track_id == track_id);
        found.copied().unwrap_or(TrackDefaults { track_id, sample_entry: 1, ..Default::default() })
    }

    /// Ticks of the track to add to its decode and composition times (its edit list as one offset).
    pub fn presentation_offset(&self, track: &Track) -> i64 {
        track.edits.presentation_offset(self.timescale, track.config.timescale)
    }

    fn parse_atom(moov: &Atom<'_>, source: &Bytes) -> Result<Self, ParseError> {
        let (timescale, mut duration) = movie_header(&moov.require(b"mvhd")?)?;
        let mut movie =
            Self { timescale, duration, is_fragmented: false, tracks: Vec::new(), defaults: Vec::new() };
        let mut chapters = Vec::new();
        let mut seen = 0;
        for child in moov.children() {
            let child = child?;
            match &child.kind.0 {
                b"trak" => {
                    seen += 1;
                    within_limit(&child, seen)?;
                    chapters.extend(chapter_references(&child)?);
                    movie.add(&child, source)?;
                }
                b"mvex" => {
                    movie.is_fragmented = true;
                    duration = movie.read_mvex(&child)?.or(duration);
                }
                _ => {}
            }
        }
        for track in &mut movie.tracks {
            track.is_chapters = chapters.contains(&track.config.id);
        }
        movie.duration = duration;
        Ok(movie)
    }

    fn add(&mut self, trak: &Atom<'_>, source: &Bytes) -> Result<(), ParseError> {
        let Some(track) = Track::parse(trak, source)? else { return Ok(()) };
        if self.track(track.config.id).is_some() {
            return Err(trak.error(Problem::Invalid("two tracks of one number")));
        }
        self.tracks.push(track);
        Ok(())
    }

    /// Takes the `trex` boxes; gives the duration of `mehd`.
    fn read_mvex(&mut self, mvex: &Atom<'_>) -> Result<Option<u64>, ParseError> {
        let mut duration = None;
        for child in mvex.children() {
            let child = child?;
            match &child.kind.0 {
                b"mehd" => {
                    let (version, _, mut fields) = child.full()?;
                    duration = known_duration(fields.word(version)?, version);
                }
                b"trex" => {
                    within_limit(&child, self.defaults.len() + 1)?;
                    let (_, _, mut fields) = child.full()?;
                    self.defaults.push(TrackDefaults {
                        track_id: fields.u32()?,
                        sample_entry: fields.u32()?,
                        duration: fields.u32()?,
                        size: fields.u32()?,
                        flags: fields.u32()?,
                    });
                }
                _ => {}
            }
        }
        Ok(duration)
    }
}

fn within_limit(atom: &Atom<'_>, count: usize) -> Result<(), ParseError> {
    let too_many = Problem::TooMany { what: "tracks", limit: MAX_TRACKS as u64 };
    if count > MAX_TRACKS { Err(atom.error(too_many)) } else { Ok(()) }
}

fn movie_header(mvhd: &Atom<'_>) -> Result<(Timescale, Option<u64>), ParseError> {
    let (version, _, mut fields) = mvhd.full()?;
    fields.word(version)?;
    fields.word(version)?;
    let timescale = fields.u32()?;
    let duration = known_duration(fields.word(version)?, version);
    let timescale =
        Timescale::new(timescale).ok_or_else(|| mvhd.error(Problem::Invalid("a timescale of 0")))?;
    Ok((timescale, duration))
}
