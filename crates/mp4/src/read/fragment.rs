//! A movie fragment (`moof`, ISO/IEC 14496-12 §8.8): samples of one or more tracks, told again from the start.

use bytes::Bytes;

use super::fragment_samples::Run;
use super::{FragmentSamples, Movie, TrackDefaults};
use crate::atom::Atom;
use crate::limits::{MAX_FRAGMENT_SAMPLES, MAX_RUNS, MAX_TRACKS};
use crate::{ParseError, Problem};

/// Smooth Streaming's absolute time of a fragment ([MS-SSTR] §2.2.4.4).
pub(crate) const TFXD: [u8; 16] =
    [0x6d, 0x1d, 0x9b, 0x05, 0x42, 0xd5, 0x44, 0xe6, 0x80, 0xe2, 0x14, 0x1d, 0xaf, 0xf7, 0x57, 0xb2];
/// Smooth Streaming's times of the fragments that follow ([MS-SSTR] §2.2.4.5).
pub(crate) const TFRF: [u8; 16] =
    [0xd4, 0x80, 0x7e, 0xf2, 0xca, 0x39, 0x46, 0x95, 0x8e, 0x54, 0x26, 0xcb, 0x9e, 0x46, 0xa7, 0x9f];

/// A parsed `moof`.
#[derive(Clone, Debug)]
pub struct Fragment {
    /// Its number, ascending in a stream.
    pub sequence: u32,
    /// Its tracks in order, one entry per `traf`; a track may come twice.
    pub tracks: Vec<TrackFragment>,
}

/// The samples of one track in a fragment.
#[derive(Clone, Debug)]
pub struct TrackFragment {
    /// The track.
    pub track_id: u32,
    /// Decode time of the first sample in ticks of the track (`tfdt`, or else `tfxd`); `None` when the fragment does not
    /// say, and then it follows the one before ([`super::Timeline`]).
    pub base_decode_time: Option<u64>,
    /// What a Smooth Streaming `tfxd` box says.
    pub absolute: Option<AbsoluteTime>,
    /// Number of its sample entry, from 1.
    pub sample_entry: u32,
    /// Number of samples.
    pub sample_count: u32,
    /// Ticks of all samples together.
    pub duration: u64,
    /// Bytes of all samples together.
    pub bytes: u64,
    pub(super) runs: Vec<Run>,
}

/// Time and duration of a fragment in ticks of the track, as `tfxd` writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbsoluteTime {
    /// When it begins.
    pub time: u64,
    /// How long it lasts; 0 in a live stream that does not know yet.
    pub duration: u64,
}

impl Fragment {
    /// Reads a whole `moof` box, header included, that begins at `moof_offset` of the file. Sample offsets in what it
    /// gives, and offsets in errors, count from the start of the file.
    pub fn parse(moof: &Bytes, moof_offset: u64, movie: &Movie) -> Result<Self, ParseError> {
        Self::parse_with(moof, moof_offset, |track_id| movie.defaults_of(track_id))
    }

    /// Like [`Self::parse`], with the defaults of each track from elsewhere than a movie.
    pub fn parse_with(
        moof: &Bytes,
        moof_offset: u64,
        defaults: impl Fn(u32) -> TrackDefaults,
    ) -> Result<Self, ParseError> {
        let atom = Atom::expect(moof, moof_offset, b"moof")?;
        let mut fragment = Self { sequence: 0, tracks: Vec::new() };
        let mut reader = Reader { moof_offset, data_end: moof_offset, samples: 0, runs: 0, source: moof };
        for child in atom.children() {
            let child = child?;
            match &child.kind.0 {
                b"mfhd" => fragment.sequence = child.full()?.2.u32()?,
                b"traf" => {
                    if fragment.tracks.len() == MAX_TRACKS {
                        let limit = MAX_TRACKS as u64;
                        return Err(child.error(Problem::TooMany { what: "track fragments", limit }));
                    }
                    fragment.tracks.push(reader.traf(&child, &defaults)?);
                }
                _ => {}
            }
        }
        Ok(fragment)
    }
}

impl TrackFragment {
    /// Its samples in decode order. Constant memory.
    pub fn samples(&self) -> FragmentSamples {
        FragmentSamples::new(&self.runs)
    }
}

struct Reader<'a> {
    moof_offset: u64,
    /// Where the data of the track fragment before ends: the base of one that names none (§8.8.7.1).
    data_end: u64,
    samples: u32,
    runs: usize,
    source: &'a Bytes,
}

/// `tfhd` with defaults filled in.
struct Header {
    defaults: TrackDefaults,
    base: u64,
}

impl Reader<'_> {
    fn traf(
        &mut self,
        traf: &Atom<'_>,
        defaults: &impl Fn(u32) -> TrackDefaults,
    ) -> Result<TrackFragment, ParseError> {
        let header = self.header(&traf.require(b"tfhd")?, defaults)?;
        let mut fragment = TrackFragment {
            track_id: header.defaults.track_id,
            base_decode_time: None,
            absolute: None,
            sample_entry: header.defaults.sample_entry,
            sample_count: 0,
            duration: 0,
            bytes: 0,
            runs: Vec::new(),
        };
        let mut position = header.base;
        for child in traf.children() {
            let child = child?;
            match &child.kind.0 {
                b"tfdt" => {
                    let (version, _, mut fields) = child.full()?;
                    fragment.base_decode_time = Some(fields.word(version)?);
                }
                b"uuid" if child.uuid == Some(TFXD) => fragment.absolute = Some(absolute_time(&child)?),
                b"trun" => position = self.run(&child, &header, position, &mut fragment)?,
                _ => {}
            }
        }
        self.data_end = position;
        let absolute = fragment.absolute.map(|absolute| absolute.time);
        fragment.base_decode_time = fragment.base_decode_time.or(absolute);
        Ok(fragment)
    }

    fn header(
        &self,
        tfhd: &Atom<'_>,
        defaults: &impl Fn(u32) -> TrackDefaults,
    ) -> Result<Header, ParseError> {
        let (_, flags, mut fields) = tfhd.full()?;
        let track_id = fields.u32()?;
        let mut defaults = TrackDefaults { track_id, ..defaults(track_id) };
        // Without a base, the first track fragment counts from the moof and each later one from the data before it.
        let mut base = if flags & 0x02_0000 != 0 { self.moof_offset } else { self.data_end };
        if flags & 0x1 != 0 {
            base = fields.u64()?;
        }
        for (flag, field) in [
            (0x2, &mut defaults.sample_entry),
            (0x8, &mut defaults.duration),
            (0x10, &mut defaults.size),
            (0x20, &mut defaults.flags),
        ] {
            if flags & flag != 0 {
                *field = fields.u32()?;
            }
        }
        Ok(Header { defaults, base })
    }

    /// Takes a `trun` whose data begins at `position` unless it says otherwise; gives where its data ends.
    fn run(
        &mut self,
        trun: &Atom<'_>,
        header: &Header,
        position: u64,
        fragment: &mut TrackFragment,
    ) -> Result<u64, ParseError> {
        let run = Run::parse(trun, header.base, position, header.defaults, self.source)?;
        self.samples = self.samples.saturating_add(run.count());
        if self.samples > MAX_FRAGMENT_SAMPLES {
            let limit = MAX_FRAGMENT_SAMPLES.into();
            return Err(trun.error(Problem::TooMany { what: "samples in a fragment", limit }));
        }
        let (duration, bytes) = run.totals();
        let end = run.offset().checked_add(bytes);
        let end = end.ok_or_else(|| trun.error(Problem::Invalid("samples beyond the end of any file")))?;
        fragment.sample_count += run.count();
        fragment.duration += duration;
        fragment.bytes += bytes;
        // A run of no samples has nothing to walk, and a million of them would still be held.
        if run.count() > 0 {
            self.runs += 1;
            if self.runs > MAX_RUNS {
                let limit = MAX_RUNS as u64;
                return Err(trun.error(Problem::TooMany { what: "track runs in a fragment", limit }));
            }
            fragment.runs.push(run);
        }
        Ok(end)
    }
}

fn absolute_time(tfxd: &Atom<'_>) -> Result<AbsoluteTime, ParseError> {
    let (version, _, mut fields) = tfxd.full()?;
    Ok(AbsoluteTime { time: fields.word(version)?, duration: fields.word(version)? })
}
