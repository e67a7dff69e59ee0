//! CMAF fragments made into Smooth Streaming ones ([MS-SSTR] §2.2.4): a new `moof`, the same `mdat`.

use bytes::Bytes;
use millrace_media::{Timescale, rescale};

use crate::atom::{Atom, Atoms};
use crate::read::{Fragment, FragmentSample, TFRF, TFXD, TrackDefaults};
use crate::write::{Boxes, Run, RunSample, WriteError, mdat_header, run_boxes};
use crate::{BoxPath, ParseError};

/// What a Smooth Streaming fragment says beside its samples. Its times are absolute, in units of 100 ns, and have to be the
/// ones of the manifest and the URL.
#[derive(Clone, Copy, Debug)]
pub struct SmoothFragment<'a> {
    /// Track number to write.
    pub track_id: u32,
    /// The clock of the CMAF track.
    pub timescale: Timescale,
    /// Defaults of the CMAF track's `trex`; all zero for tracks that [`crate::write`] made.
    pub defaults: TrackDefaults,
    /// When the fragment begins.
    pub time: u64,
    /// How long it lasts; the durations of its samples are made to add up to it.
    pub duration: u64,
    /// (time, duration) of the fragments that follow, for a client at the live edge; at most 255, none for VOD.
    pub lookahead: &'a [(u64, u64)],
}

/// Why a fragment cannot be served as Smooth Streaming.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmoothError {
    /// The `moof` is broken.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The new one cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// It is not a CMAF fragment: one track, its samples one after another.
    #[error("not a CMAF fragment: {0}")]
    NotCmaf(&'static str),
}

/// Makes the head of a Smooth Streaming fragment from the head of a CMAF one.
///
/// `cmaf_head` begins with the `moof` (a `styp` or other boxes before it are passed over) and reaches to the first
/// sample. What comes back takes the place of those bytes: a `moof` in a timescale of 10 MHz without `tfdt`, with `tfxd` and,
/// when there is a lookahead, `tfrf`, and the header of the `mdat`; the samples' bytes follow unchanged.
pub fn fragment_header(cmaf_head: &[u8], smooth: &SmoothFragment<'_>) -> Result<Bytes, SmoothError> {
    let moof = find_moof(cmaf_head)?;
    let source = Bytes::copy_from_slice(moof.whole);
    let fragment = Fragment::parse_with(&source, 0, |_| smooth.defaults)?;
    let [track] = fragment.tracks.as_slice() else {
        return Err(SmoothError::NotCmaf("it has not exactly one track"));
    };
    let samples = rescaled(track.samples(), smooth)?;
    let run = Run::new(&samples)?;
    if smooth.lookahead.len() > u8::MAX.into() {
        return Err(WriteError::TooMany { what: "fragments of lookahead", limit: u8::MAX.into() }.into());
    }
    Ok(write(fragment.sequence, smooth, &run))
}

fn find_moof(head: &[u8]) -> Result<Atom<'_>, SmoothError> {
    for atom in Atoms::of(head, 0) {
        let atom = atom?;
        match &atom.kind.0 {
            b"moof" => return Ok(atom),
            b"mdat" => break,
            _ => {}
        }
    }
    let problem = crate::Problem::Missing(millrace_media::FourCc::new(b"moof"));
    Err(ParseError { path: BoxPath::ROOT, offset: head.len() as u64, problem }.into())
}

fn rescaled(
    samples: impl Iterator<Item = FragmentSample>,
    smooth: &SmoothFragment<'_>,
) -> Result<Vec<RunSample>, SmoothError> {
    let samples: Vec<_> = samples.collect();
    let contiguous =
        samples.windows(2).all(|pair| pair[0].offset + u64::from(pair[0].size) == pair[1].offset);
    if !contiguous {
        return Err(SmoothError::NotCmaf("its samples do not follow each other"));
    }
    let to_hns = |ticks: i64| rescale(ticks, smooth.timescale, Timescale::HNS);
    let mut ticks = 0_i64;
    let mut out = Vec::with_capacity(samples.len());
    for (index, sample) in samples.iter().enumerate() {
        // Ends are rounded, not durations, so that errors do not add up; the last end is the fragment's own.
        let start = to_hns(ticks);
        ticks += i64::from(sample.duration);
        let last = index + 1 == samples.len();
        let end = if last { i64::try_from(smooth.duration).unwrap_or(i64::MAX) } else { to_hns(ticks) };
        let duration = u32::try_from(end - start);
        let duration = duration.map_err(|_| SmoothError::NotCmaf("its samples last longer than it does"))?;
        let cto = i32::try_from(to_hns(sample.cto));
        let cto = cto.map_err(|_| SmoothError::NotCmaf("a composition offset of minutes"))?;
        out.push(RunSample { duration, size: sample.size, cto, key: sample.key });
    }
    Ok(out)
}

fn write(sequence: u32, smooth: &SmoothFragment<'_>, run: &Run<'_>) -> Bytes {
    let mut out = Boxes::with_capacity(256 + run.len() * 16 + smooth.lookahead.len() * 16);
    let mut data_offset_at = 0;
    out.boxed(b"moof", |out| {
        out.full(b"mfhd", 0, 0, |out| out.u32(sequence));
        out.boxed(b"traf", |out| {
            data_offset_at = run_boxes(out, smooth.track_id, run, |_| {});
            out.full_uuid(&TFXD, 1, |out| {
                out.u64(smooth.time);
                out.u64(smooth.duration);
            });
            if !smooth.lookahead.is_empty() {
                out.full_uuid(&TFRF, 1, |out| {
                    out.u8(smooth.lookahead.len() as u8);
                    for (time, duration) in smooth.lookahead {
                        out.u64(*time);
                        out.u64(*duration);
                    }
                });
            }
        });
    });
    mdat_header(&mut out, run.bytes);
    let data_offset = out.len() as u32;
    out.patch(data_offset_at, data_offset);
    out.into_bytes()
}
