//! Decodes a track index; what decodes is consistent and encodes again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use millrace_package::{TrackIndex, plan};

/// Segments that are looked at: a few show what all would.
const ENOUGH: usize = 50;

fuzz_target!(|data: &[u8]| {
    let Ok(index) = TrackIndex::decode(data) else { return };
    let again = TrackIndex::decode(&index.encode().unwrap()).unwrap();
    assert_eq!(index.rows(), again.rows());
    for segment in index.segments().take(ENOUGH) {
        assert_eq!(index.segment_at(segment.time).as_ref(), Some(&segment));
        let plan = plan::segment(&index, segment.time).unwrap();
        if let plan::Step::Body(body) = plan.step {
            assert_eq!(body.len(), segment.size);
        }
    }
});
