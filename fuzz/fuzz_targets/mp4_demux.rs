//! Demuxes a stream whole and in small pieces: the samples are the same.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use millrace_media::Sample;
use millrace_mp4::stream::{DemuxError, Demuxer, Event};

/// Samples of no bytes cost nothing in the file; enough of them say what all of them would.
const ENOUGH: usize = 5_000;

fn demux(data: &Bytes, step: usize) -> (Vec<Sample>, Option<DemuxError>) {
    let mut demuxer = Demuxer::new();
    let mut samples = Vec::new();
    for start in (0..data.len()).step_by(step) {
        if let Err(error) = demuxer.push(data.slice(start..data.len().min(start + step))) {
            return (samples, Some(error));
        }
        loop {
            match demuxer.next_event() {
                Ok(Some(Event::Sample(sample))) => samples.push(sample),
                Ok(Some(Event::Movie(_))) => {}
                Ok(None) => break,
                Err(error) => return (samples, Some(error)),
            }
            if samples.len() == ENOUGH {
                return (samples, None);
            }
        }
    }
    (samples, demuxer.finish().err())
}

fuzz_target!(|data: &[u8]| {
    let data = Bytes::copy_from_slice(data);
    let whole = demux(&data, data.len().max(1));
    assert!(demux(&data, 13) == whole);
});
