//! Imports a file, and plans every kind of answer out of the result.
#![no_main]

use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use millrace_package::{
    Plan, Step, TrackIndex,
    import::{ImportedTrack, Importer, SourceBlob, parse_ism},
    plan,
};

/// Fragments that are looked at: a few show what all would.
const ENOUGH: usize = 8;

fn check(file: &Bytes, track: &ImportedTrack, plan: Plan) {
    let Step::Read(request) = plan.step else { return };
    let mut bytes = BytesMut::new();
    for extent in request.reads() {
        let object = if &*extent.object == "in.mp4" { file } else { &track.heads };
        let start = extent.offset as usize;
        bytes.extend_from_slice(&object[start..start + extent.len as usize]);
    }
    // The media may be nonsense; that is an error and nothing worse.
    let _ = request.finish(bytes.freeze());
}

fn check_all(file: &Bytes, track: &ImportedTrack) {
    let index: &TrackIndex = &track.index;
    TrackIndex::decode(&index.encode().unwrap()).unwrap();
    for row in index.rows().iter().take(ENOUGH) {
        let plans = [plan::keyframe(index, row.time), plan::ts_keyframe(index, row.time)];
        plans.into_iter().flatten().for_each(|plan| check(file, track, plan));
    }
    for segment in index.segments().take(ENOUGH) {
        let plans = [plan::ts_segment(index, None, segment.time), plan::smooth(index, segment.time)];
        plans.into_iter().flatten().for_each(|plan| check(file, track, plan));
    }
}

fuzz_target!(|data: &[u8]| {
    let _ = parse_ism(data);
    let file = Bytes::copy_from_slice(data);
    let blob = SourceBlob { name: "in.mp4".to_owned(), size: data.len() as u64, etag: String::new() };
    let Ok(mut importer) = Importer::new(vec![blob], None) else { return };
    while let Some(need) = importer.need() {
        let start = need.offset as usize;
        let bytes = file.slice(start..start + need.len as usize);
        if importer.feed(bytes).is_err() {
            return;
        }
    }
    if let Ok(import) = importer.finish() {
        import.tracks.iter().for_each(|track| check_all(&file, track));
    }
});
