//! Initialisation segments: `ftyp` and a `moov` without samples.

use bytes::Bytes;
use millrace_media::{Format, Rotation, TrackConfig, VideoFormat};

use super::sample_entry::sample_entry;
use super::{Boxes, WriteError};
use crate::limits::MAX_TRACKS;

/// One track of an initialisation segment.
#[derive(Clone, Copy, Debug)]
pub struct TrackInit<'a> {
    /// What the track is.
    pub config: &'a TrackConfig,
    /// Its sample entry as a box, taken over byte for byte; made from `config` when absent.
    pub sample_entry: Option<&'a [u8]>,
    /// Ticks of the track, when already known (`mehd`).
    pub duration: Option<u64>,
    /// Media time in ticks at which the presentation begins: an edit list that trims an encoder's delay. 0 writes none.
    pub media_time: u64,
    /// What players may show for the track (`hdlr`); empty writes the kind.
    pub name: &'a str,
}

impl<'a> TrackInit<'a> {
    /// A track of this configuration, of unknown duration, from its first sample on.
    pub fn new(config: &'a TrackConfig) -> Self {
        Self { config, sample_entry: None, duration: None, media_time: 0, name: "" }
    }
}

/// The movie's clock: milliseconds, in which `mehd` and edit durations are told.
const MOVIE_TIMESCALE: u32 = 1000;

/// `ftyp` and `moov` for fragments of these tracks. One track makes a CMAF header (brand `cmfc`).
pub fn init_segment(tracks: &[TrackInit<'_>]) -> Result<Bytes, WriteError> {
    check(tracks)?;
    let entries = tracks.iter().map(entry_bytes).collect::<Result<Vec<_>, _>>()?;
    let mut out = Boxes::with_capacity(1024 * tracks.len());
    ftyp(&mut out, tracks.len());
    out.boxed(b"moov", |out| {
        let next = tracks.iter().map(|track| track.config.id).max().unwrap_or(0).saturating_add(1);
        mvhd(out, next);
        for (track, entry) in tracks.iter().zip(&entries) {
            trak(out, track, entry);
        }
        mvex(out, tracks);
    });
    Ok(out.into_bytes())
}

fn check(tracks: &[TrackInit<'_>]) -> Result<(), WriteError> {
    if tracks.is_empty() {
        return Err(WriteError::NoTracks);
    }
    if tracks.len() > MAX_TRACKS {
        return Err(WriteError::TooMany { what: "tracks", limit: MAX_TRACKS as u64 });
    }
    for (index, track) in tracks.iter().enumerate() {
        let id = track.config.id;
        if id == 0 || tracks.iter().take(index).any(|before| before.config.id == id) {
            return Err(WriteError::TrackId(id));
        }
    }
    Ok(())
}

fn entry_bytes(track: &TrackInit<'_>) -> Result<Vec<u8>, WriteError> {
    match track.sample_entry {
        Some(entry) => Ok(entry.to_vec()),
        None => sample_entry(track.config).map(|entry| entry.into_bytes().to_vec()),
    }
}

fn ftyp(out: &mut Boxes, tracks: usize) {
    out.boxed(b"ftyp", |out| {
        out.bytes(b"iso6");
        out.u32(0);
        out.bytes(b"iso6mp41");
        if tracks == 1 {
            out.bytes(b"cmfc");
        }
    });
}

fn mvhd(out: &mut Boxes, next_track: u32) {
    out.full(b"mvhd", 0, 0, |out| {
        out.zeros(8);
        out.u32(MOVIE_TIMESCALE);
        out.u32(0);
        out.u32(0x0001_0000);
        out.u16(0x0100);
        out.zeros(10);
        matrix(out, Rotation::None, 0, 0);
        out.zeros(24);
        out.u32(next_track);
    });
}

fn trak(out: &mut Boxes, track: &TrackInit<'_>, entry: &[u8]) {
    out.boxed(b"trak", |out| {
        tkhd(out, track.config);
        edts(out, track);
        out.boxed(b"mdia", |out| {
            mdhd(out, track.config);
            hdlr(out, track);
            out.boxed(b"minf", |out| {
                media_header(out, track.config);
                out.boxed(b"dinf", |out| {
                    out.full(b"dref", 0, 0, |out| {
                        out.u32(1);
                        // Flag 1: the samples are in this file.
                        out.full(b"url ", 0, 1, |_| {});
                    });
                });
                stbl(out, entry);
            });
        });
    });
}

fn tkhd(out: &mut Boxes, config: &TrackConfig) {
    let upright = VideoFormat::new(0, 0);
    let video = config.video().unwrap_or(&upright);
    // The size before turning, pixels already stretched.
    let (width, height) = VideoFormat { rotation: Rotation::None, ..video.clone() }.display_size();
    // Enabled and in the movie.
    out.full(b"tkhd", 0, 3, |out| {
        out.zeros(8);
        out.u32(config.id);
        out.zeros(4 + 4 + 8);
        out.u16(0);
        // Sound tracks are alternatives of each other; pictures stand alone.
        out.u16(if config.audio().is_some() { 1 } else { 0 });
        out.u16(if config.audio().is_some() { 0x0100 } else { 0 });
        out.u16(0);
        matrix(out, video.rotation, width, height);
        out.u32(fixed(width));
        out.u32(fixed(height));
    });
}

/// 16.16 fixed point, held at its largest value.
fn fixed(pixels: u32) -> u32 {
    pixels.min(0xffff) << 16
}

/// The transformation of §6.2.2, with the shift that brings a turned picture back to the origin.
fn matrix(out: &mut Boxes, rotation: Rotation, width: u32, height: u32) {
    const ONE: i32 = 0x0001_0000;
    let (width, height) = (fixed(width), fixed(height));
    let (a, b, c, d, x, y) = match rotation {
        Rotation::None => (ONE, 0, 0, ONE, 0, 0),
        Rotation::Clockwise90 => (0, ONE, -ONE, 0, height, 0),
        Rotation::Half => (-ONE, 0, 0, -ONE, width, height),
        Rotation::Clockwise270 => (0, -ONE, ONE, 0, 0, width),
    };
    for value in [a as u32, b as u32, 0, c as u32, d as u32, 0, x, y, 0x4000_0000] {
        out.u32(value);
    }
}

fn edts(out: &mut Boxes, track: &TrackInit<'_>) {
    if track.media_time == 0 {
        return;
    }
    out.boxed(b"edts", |out| {
        out.full(b"elst", 1, 0, |out| {
            out.u32(1);
            // Duration 0: the rest of the track, however long it grows (§8.6.6.1).
            out.u64(0);
            out.u64(track.media_time);
            out.u32(0x0001_0000);
        });
    });
}

fn mdhd(out: &mut Boxes, config: &TrackConfig) {
    out.full(b"mdhd", 0, 0, |out| {
        out.zeros(8);
        out.u32(config.timescale.get());
        out.u32(0);
        out.u16(config.language.packed());
        out.u16(0);
    });
    // Three letters cannot hold a BCP 47 tag; elng can (§8.4.6).
    let tag = config.language.as_str();
    if millrace_media::Language::from_packed(config.language.packed()).as_str() != tag {
        out.full(b"elng", 0, 0, |out| {
            out.bytes(tag.as_bytes());
            out.u8(0);
        });
    }
}

fn hdlr(out: &mut Boxes, track: &TrackInit<'_>) {
    let (handler, kind) = match track.config.format {
        Format::Video(_) => (b"vide", "video"),
        Format::Audio(_) => (b"soun", "audio"),
        Format::Text if track.config.fourcc().0 == *b"stpp" => (b"subt", "subtitles"),
        Format::Text => (b"text", "text"),
    };
    let name = if track.name.is_empty() { kind } else { track.name };
    out.full(b"hdlr", 0, 0, |out| {
        out.u32(0);
        out.bytes(handler);
        out.zeros(12);
        // A zero inside would end the name early.
        out.bytes(name.split('\0').next().unwrap_or_default().as_bytes());
        out.u8(0);
    });
}

fn media_header(out: &mut Boxes, config: &TrackConfig) {
    match config.format {
        Format::Video(_) => out.full(b"vmhd", 0, 1, |out| out.zeros(8)),
        Format::Audio(_) => out.full(b"smhd", 0, 0, |out| out.zeros(4)),
        Format::Text if config.fourcc().0 == *b"stpp" => out.full(b"sthd", 0, 0, |_| {}),
        Format::Text => out.full(b"nmhd", 0, 0, |_| {}),
    }
}

fn stbl(out: &mut Boxes, entry: &[u8]) {
    out.boxed(b"stbl", |out| {
        out.full(b"stsd", 0, 0, |out| {
            out.u32(1);
            out.bytes(entry);
        });
        out.full(b"stts", 0, 0, |out| out.u32(0));
        out.full(b"stsc", 0, 0, |out| out.u32(0));
        out.full(b"stsz", 0, 0, |out| out.zeros(8));
        out.full(b"stco", 0, 0, |out| out.u32(0));
    });
}

fn mvex(out: &mut Boxes, tracks: &[TrackInit<'_>]) {
    out.boxed(b"mvex", |out| {
        let longest = tracks.iter().filter_map(movie_duration).max();
        if let Some(duration) = longest {
            out.full(b"mehd", 1, 0, |out| out.u64(duration));
        }
        for track in tracks {
            out.full(b"trex", 0, 0, |out| {
                out.u32(track.config.id);
                out.u32(1);
                out.zeros(12);
            });
        }
    });
}

fn movie_duration(track: &TrackInit<'_>) -> Option<u64> {
    let shown = track.duration?.saturating_sub(track.media_time);
    let scaled = u128::from(shown) * u128::from(MOVIE_TIMESCALE);
    let rounded = scaled.div_ceil(u128::from(track.config.timescale.get()));
    Some(u64::try_from(rounded).unwrap_or(u64::MAX))
}
