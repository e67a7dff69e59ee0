//! One segment: tables, then the streams' access units in decoding order.

use bytes::Bytes;
use millrace_media::adts::AdtsError;
use millrace_media::codec::CodecConfig;
use millrace_media::nal::NalError;

use crate::elementary;
use crate::packet::{Mark, Pid};
use crate::{PACKET, pes, psi};

/// Ticks per second of every time in a transport stream.
pub const CLOCK_HZ: u32 = 90_000;
/// The clock runs this far ahead of decoding (100 ms): data arrives before it is due.
const CLOCK_LEAD: i64 = 9_000;
/// Audio frames share a PES up to this size (a dozen AAC frames): a header for each would cost 10 %.
const AUDIO_PES: usize = 2_930;
/// A program's streams; HLS puts one picture and one sound into a segment.
const MAX_STREAMS: usize = 8;

/// One sample, borrowed: length-prefixed NAL units or a raw audio frame, as ISO files store it.
#[derive(Debug, Clone, Copy)]
pub struct AccessUnit<'a> {
    /// Decoding time, 90 kHz; not after `pts`.
    pub dts: i64,
    /// Presentation time, 90 kHz.
    pub pts: i64,
    /// Whether decoding can start here.
    pub key: bool,
    /// The bytes.
    pub data: &'a [u8],
}

/// One elementary stream of the segment, its access units in decoding order.
#[derive(Debug, Clone, Copy)]
pub struct Stream<'a> {
    /// How to read the bytes.
    pub codec: &'a CodecConfig,
    /// The samples.
    pub units: &'a [AccessUnit<'a>],
}

/// Why a segment cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TsError {
    /// HLS carries no such codec in transport streams.
    #[error("codec {0} cannot travel in an MPEG-2 transport stream")]
    Codec(String),
    /// A segment needs at least one stream and at most eight.
    #[error("a segment cannot have {0} streams")]
    Streams(usize),
    /// An access unit would be shown before it is decoded.
    #[error("access unit at {pts} would have to be decoded at {dts}, after it is shown")]
    Order {
        /// Presentation time.
        pts: i64,
        /// Decoding time.
        dts: i64,
    },
    /// A video sample's NAL unit lengths do not add up.
    #[error(transparent)]
    Nal(#[from] NalError),
    /// An AAC frame that ADTS cannot carry.
    #[error(transparent)]
    Adts(#[from] AdtsError),
}

/// Writes a segment. The first stream carries the clock: put video first.
///
/// # Errors
/// See [`TsError`]; nothing is written then.
pub fn segment(streams: &[Stream<'_>]) -> Result<Bytes, TsError> {
    if streams.is_empty() || streams.len() > MAX_STREAMS {
        return Err(TsError::Streams(streams.len()));
    }
    let codecs: Vec<&CodecConfig> = streams.iter().map(|stream| stream.codec).collect();
    let mut out = Vec::with_capacity(capacity(streams));
    Pid::new(psi::PAT_PID).write(&mut out, &psi::pat(), Mark::default());
    Pid::new(psi::PMT_PID).write(&mut out, &psi::pmt(&codecs)?, Mark::default());

    let mut writers: Vec<Writer<'_>> = streams.iter().enumerate().map(Writer::new).collect();
    // Each turn takes at least one access unit from a stream, so the loop ends with the samples.
    while let Some(next) = earliest(&writers) {
        writers[next].write(&mut out)?;
    }
    Ok(out.into())
}

/// Input, 4 bytes of header in 188, and tables, delimiters and padding on top.
fn capacity(streams: &[Stream<'_>]) -> usize {
    let units = streams.iter().flat_map(|stream| stream.units);
    let bytes: usize = units.map(|unit| unit.data.len() + 64).sum();
    bytes + bytes / 40 + streams.len() * 16 * PACKET + 4 * PACKET
}

fn earliest(writers: &[Writer<'_>]) -> Option<usize> {
    let due =
        writers.iter().enumerate().filter_map(|(index, writer)| Some((writer.rest.first()?.dts, index)));
    due.min().map(|(_, index)| index)
}

/// One stream on its way into the segment.
struct Writer<'a> {
    codec: &'a CodecConfig,
    rest: &'a [AccessUnit<'a>],
    pid: Pid,
    clock: bool,
    payload: Vec<u8>,
    pes: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn new((index, stream): (usize, &Stream<'a>)) -> Self {
        Self {
            codec: stream.codec,
            rest: stream.units,
            pid: Pid::new(psi::FIRST_PID + index as u16),
            clock: index == 0,
            payload: Vec::new(),
            pes: Vec::new(),
        }
    }

    fn write(&mut self, out: &mut Vec<u8>) -> Result<(), TsError> {
        let Some(&first) = self.rest.first() else { return Ok(()) };
        if first.dts > first.pts {
            return Err(TsError::Order { pts: first.pts, dts: first.dts });
        }
        self.payload.clear();
        self.gather()?;
        self.pes.clear();
        pes::header(
            &mut self.pes,
            elementary::stream_id(self.codec),
            first.pts,
            first.dts,
            self.payload.len(),
        );
        self.pes.extend_from_slice(&self.payload);
        let mark = Mark { clock: self.clock.then_some(first.dts - CLOCK_LEAD), random_access: first.key };
        if self.rest.is_empty() {
            self.pid.write_last(out, &self.pes, mark);
        } else {
            self.pid.write(out, &self.pes, mark);
        }
        Ok(())
    }

    /// Moves the next access unit, or for audio the next few, into `payload`.
    fn gather(&mut self) -> Result<(), TsError> {
        let video = elementary::is_video(self.codec);
        while let Some((unit, rest)) = self.rest.split_first() {
            let full =
                !self.payload.is_empty() && (video || self.payload.len() + unit.data.len() > AUDIO_PES);
            if full {
                break;
            }
            elementary::append(&mut self.payload, self.codec, unit.key, unit.data)?;
            self.rest = rest;
        }
        Ok(())
    }
}
