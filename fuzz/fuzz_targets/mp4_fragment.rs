//! Reads a fragment, and makes a Smooth Streaming one of it.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use millrace_media::Timescale;
use millrace_mp4::BoxHeader;
use millrace_mp4::read::{Fragment, TrackDefaults};
use millrace_mp4::smooth::{SmoothFragment, fragment_header};

fuzz_target!(|data: &[u8]| {
    let data = Bytes::copy_from_slice(data);
    let defaults = TrackDefaults { track_id: 1, duration: 512, ..TrackDefaults::default() };
    let Ok(fragment) = Fragment::parse_with(&data, 1 << 40, |_| defaults) else { return };
    for track in &fragment.tracks {
        let (mut count, mut bytes, mut duration) = (0, 0, 0);
        for sample in track.samples() {
            count += 1;
            bytes += u64::from(sample.size);
            duration += u64::from(sample.duration);
        }
        assert_eq!((count, bytes, duration), (track.sample_count, track.bytes, track.duration));
    }
    let duration = fragment.tracks.first().map_or(0, |track| track.duration);
    let smooth =
        SmoothFragment { track_id: 9, timescale: Timescale::HNS, defaults, time: 7, duration, lookahead: &[(8, 9)] };
    let Ok(head) = fragment_header(&data, &smooth) else { return };
    let header = BoxHeader::parse(&head).ok().flatten().expect("we write whole boxes");
    let moof = head.slice(..header.size.expect("a size") as usize);
    let again = Fragment::parse_with(&moof, 0, |_| TrackDefaults::default()).expect("we read what we write");
    let (old, new) = (&fragment.tracks[0], &again.tracks[0]);
    assert_eq!((new.track_id, new.base_decode_time, new.bytes), (9, Some(7), old.bytes));
    assert_eq!((new.sample_count, new.duration), (old.sample_count, if old.sample_count > 0 { duration } else { 0 }));
    assert!(new.samples().next().is_none_or(|sample| sample.offset == head.len() as u64));
});
