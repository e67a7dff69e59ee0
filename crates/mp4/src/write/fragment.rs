//! A movie fragment of one track: `moof` and the header of its `mdat`.

use bytes::Bytes;

use super::{Boxes, WriteError};
use crate::limits::MAX_FRAGMENT_SAMPLES;

/// A sample as a track run lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunSample {
    /// Ticks of the track until the next sample is decoded.
    pub duration: u32,
    /// Bytes.
    pub size: u32,
    /// Presentation time minus decode time, in ticks; may be negative.
    pub cto: i32,
    /// Whether decoding can start here.
    pub key: bool,
}

/// sample_depends_on = 2: a key frame stands alone.
pub(crate) const KEY_FLAGS: u32 = 0x0200_0000;
/// sample_depends_on = 1, sample_is_non_sync_sample = 1.
pub(crate) const DELTA_FLAGS: u32 = 0x0101_0000;

const DATA_OFFSET: u32 = 0x1;
const FIRST_FLAGS: u32 = 0x4;
const DURATIONS: u32 = 0x100;
const SIZES: u32 = 0x200;
const FLAGS: u32 = 0x400;
const OFFSETS: u32 = 0x800;

const DEFAULT_DURATION: u32 = 0x8;
const DEFAULT_SIZE: u32 = 0x10;
const DEFAULT_FLAGS: u32 = 0x20;
const BASE_IS_MOOF: u32 = 0x02_0000;

/// The `moof` of one track's fragment and the header of the `mdat` after it; the samples' bytes follow directly.
///
/// `sequence` counts fragments from 1. `base_decode_time` is in ticks of the track. The run is of version 1 with signed
/// composition offsets, as CMAF wants (ISO/IEC 23000-19 §7.5.17), and leaves out every column that is the same for all
/// samples. More than 4 GiB of samples get a 64-bit `mdat`.
///
/// ```
/// use millrace_mp4::write::{RunSample, fragment_header};
///
/// let picture = b"coded";
/// let sample = RunSample { duration: 3000, size: picture.len() as u32, cto: 0, key: true };
/// let head = fragment_header(1, 1, 90_000, &[sample])?;
/// let segment = [&head[..], picture].concat();
/// assert!(millrace_mp4::dump::text(&segment).contains("tfdt 20: time 90000"));
/// # Ok::<(), millrace_mp4::write::WriteError>(())
/// ```
pub fn fragment_header(
    sequence: u32,
    track_id: u32,
    base_decode_time: u64,
    samples: &[RunSample],
) -> Result<Bytes, WriteError> {
    let run = Run::new(samples)?;
    let mut out = Boxes::with_capacity(128 + samples.len() * 16);
    let mut data_offset_at = 0;
    out.boxed(b"moof", |out| {
        out.full(b"mfhd", 0, 0, |out| out.u32(sequence));
        out.boxed(b"traf", |out| {
            data_offset_at = run_boxes(out, track_id, &run, |out| {
                out.full(b"tfdt", 1, 0, |out| out.u64(base_decode_time));
            });
        });
    });
    mdat_header(&mut out, run.bytes);
    let data_offset = out.len() as u32;
    out.patch(data_offset_at, data_offset);
    Ok(out.into_bytes())
}

/// `styp` before a media segment: brands `msdh` and `msix` for DASH, `cmfs` for a CMAF segment.
pub fn styp() -> Bytes {
    let mut out = Boxes::default();
    out.boxed(b"styp", |out| {
        out.bytes(b"msdh");
        out.u32(0);
        for brand in [b"msdh", b"msix", b"cmfs"] {
            out.bytes(brand);
        }
    });
    out.into_bytes()
}

/// Samples with what they have in common worked out.
pub(crate) struct Run<'a> {
    samples: &'a [RunSample],
    /// Bytes of all samples.
    pub(crate) bytes: u64,
    flags: u32,
}

impl<'a> Run<'a> {
    pub(crate) fn new(samples: &'a [RunSample]) -> Result<Self, WriteError> {
        if samples.len() > MAX_FRAGMENT_SAMPLES as usize {
            return Err(WriteError::TooMany {
                what: "samples in a fragment",
                limit: MAX_FRAGMENT_SAMPLES.into(),
            });
        }
        let bytes = samples.iter().map(|sample| u64::from(sample.size)).sum();
        let differs = |of: fn(&RunSample) -> u32| samples.windows(2).any(|pair| of(&pair[0]) != of(&pair[1]));
        let later_differ =
            samples.get(1..).unwrap_or_default().windows(2).any(|pair| pair[0].key != pair[1].key);
        let column = |wanted: bool, flag: u32| if wanted { flag } else { 0 };
        let flags = column(differs(|sample| sample.duration), DURATIONS)
            | column(differs(|sample| sample.size), SIZES)
            | column(later_differ, FLAGS)
            | column(!later_differ && differs(|sample| sample.key.into()), FIRST_FLAGS)
            | column(samples.iter().any(|sample| sample.cto != 0), OFFSETS)
            | DATA_OFFSET;
        Ok(Self { samples, bytes, flags })
    }

    pub(crate) fn len(&self) -> usize {
        self.samples.len()
    }

    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}

/// `tfhd`, what `between` writes, and `trun`; gives the place of the run's data_offset, to be patched.
pub(crate) fn run_boxes(
    out: &mut Boxes,
    track_id: u32,
    run: &Run<'_>,
    between: impl FnOnce(&mut Boxes),
) -> usize {
    let first = run.samples.first();
    let defaults = if run.has(DURATIONS) { 0 } else { DEFAULT_DURATION }
        | if run.has(SIZES) { 0 } else { DEFAULT_SIZE }
        | if run.has(FLAGS) { 0 } else { DEFAULT_FLAGS };
    out.full(b"tfhd", 0, BASE_IS_MOOF | defaults, |out| {
        out.u32(track_id);
        if !run.has(DURATIONS) {
            out.u32(first.map_or(0, |sample| sample.duration));
        }
        if !run.has(SIZES) {
            out.u32(first.map_or(0, |sample| sample.size));
        }
        if !run.has(FLAGS) {
            // The first sample's own flags stand in the run when they are not these.
            let usual = run.samples.get(1).or(first);
            out.u32(flags_of(usual.is_none_or(|sample| sample.key)));
        }
    });
    between(out);
    let mut data_offset_at = 0;
    out.full(b"trun", 1, run.flags, |out| {
        out.u32(run.samples.len() as u32);
        data_offset_at = out.len();
        out.u32(0);
        if run.has(FIRST_FLAGS) {
            out.u32(flags_of(first.is_none_or(|sample| sample.key)));
        }
        run.samples.iter().for_each(|sample| row(out, run, sample));
    });
    data_offset_at
}

fn row(out: &mut Boxes, run: &Run<'_>, sample: &RunSample) {
    if run.has(DURATIONS) {
        out.u32(sample.duration);
    }
    if run.has(SIZES) {
        out.u32(sample.size);
    }
    if run.has(FLAGS) {
        out.u32(flags_of(sample.key));
    }
    if run.has(OFFSETS) {
        out.u32(sample.cto as u32);
    }
}

fn flags_of(key: bool) -> u32 {
    if key { KEY_FLAGS } else { DELTA_FLAGS }
}

/// The header of an `mdat` of `bytes` payload bytes, 64-bit where it has to be.
pub(crate) fn mdat_header(out: &mut Boxes, bytes: u64) {
    match u32::try_from(bytes + 8) {
        Ok(size) => {
            out.u32(size);
            out.bytes(b"mdat");
        }
        Err(_) => {
            out.u32(1);
            out.bytes(b"mdat");
            out.u64(bytes + 16);
        }
    }
}
