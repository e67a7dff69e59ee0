//! Broken input: whatever it is, an answer comes back, and soon.

use bytes::Bytes;
use millrace_mp4::read::{Fragment, Movie, TrackDefaults};
use millrace_mp4::smooth::{SmoothFragment, fragment_header};
use millrace_mp4::stream::Demuxer;
use millrace_mp4::{BoxHeader, dump};
use proptest::prelude::*;

use crate::support::*;

/// Reads bytes in every way there is. Walks are cut: their length is bounded by constants, not by patience.
fn read_everything(data: &Bytes) {
    let _ = BoxHeader::parse(data);
    let _ = dump::text(data);
    for movie in [Movie::parse(data), Movie::find(data)].into_iter().flatten() {
        for track in &movie.tracks {
            let _ = (movie.presentation_offset(track), track.config.rfc6381());
            track.samples.samples().take(10_000).for_each(drop);
        }
    }
    read_fragment(data);
    let mut demuxer = Demuxer::new();
    for piece in data.chunks(997) {
        if demuxer.push(Bytes::copy_from_slice(piece)).is_err() {
            break;
        }
        while let Ok(Some(_)) = demuxer.next_event() {}
    }
    let _ = demuxer.finish();
}

fn read_fragment(data: &Bytes) {
    if let Ok(fragment) = Fragment::parse_with(data, u64::MAX / 2, |_| TrackDefaults::default()) {
        for track in &fragment.tracks {
            track.samples().take(10_000).for_each(drop);
        }
    }
    let timescale = millrace_media::Timescale::MPEG;
    let defaults = TrackDefaults::default();
    let smooth =
        SmoothFragment { track_id: 1, timescale, defaults, time: 0, duration: u64::MAX, lookahead: &[] };
    let _ = fragment_header(data, &smooth);
}

/// Small files of each kind, heads only where the media does not matter.
fn seeds() -> Vec<Bytes> {
    let media = Media::new();
    let short = "-f lavfi -i testsrc=s=64x36:r=25:d=0.4 -f lavfi -i sine=r=48000:d=0.4";
    let codecs = "-c:v libx264 -preset veryfast -bf 2 -g 5 -pix_fmt yuv420p -c:a aac";
    let fragmented = "-movflags +frag_keyframe+empty_moov+default_base_moof";
    let made = [
        media.make(&format!("{short} {codecs} -movflags +faststart"), "a.mp4"),
        media.make(&format!("{short} {codecs} {fragmented}"), "b.mp4"),
        media.make(&format!("{short} {codecs} -f ismv"), "c.ismv"),
        media.make(
            &format!("{short} -c:v libx265 -x265-params log-level=none:info=0 -c:a eac3 -ac 6"),
            "d.mov",
        ),
    ];
    made.iter().map(|path| Bytes::from(std::fs::read(path).expect("a file"))).collect()
}

/// The file and each of its top-level boxes alone.
fn parts(file: &Bytes) -> Vec<Bytes> {
    let boxes = top_level(file).into_iter().filter(|(kind, ..)| kind != "mdat");
    let alone = boxes.map(|(_, offset, size)| file.slice(offset..offset + size));
    std::iter::once(file.clone()).chain(alone).collect()
}

#[test]
fn cut_files_never_panic() {
    for part in seeds().iter().flat_map(parts) {
        let step = (part.len() / 150).max(1);
        for cut in (0..part.len()).step_by(step) {
            read_everything(&part.slice(..cut));
        }
    }
}

#[test]
fn spoilt_files_never_panic() {
    let parts: Vec<_> = seeds().iter().flat_map(parts).collect();
    let config = ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() };
    let spoil = (0..parts.len(), prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8));
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&spoil, |(part, changes)| {
        let mut bytes = parts[part].to_vec();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        read_everything(&bytes.into());
        Ok(())
    });
    result.expect("no input makes a parser panic");
}

/// Lengths, counts and flags are where parsers trip: fill whole words with extreme values.
#[test]
fn extreme_words_never_panic() {
    // Every word of the smaller heads: longer ones hold the same boxes again.
    for part in seeds().iter().flat_map(parts).filter(|part| part.len() < 2000) {
        for at in 0..part.len().saturating_sub(4) {
            for word in [0, 0x7fff_ffff, u32::MAX] {
                let mut bytes = part.to_vec();
                bytes[at..at + 4].copy_from_slice(&word.to_be_bytes());
                let bytes = bytes.into();
                let _ = Movie::parse(&bytes).map(|movie| {
                    movie.tracks.iter().for_each(|track| track.samples.samples().take(100).for_each(drop));
                });
                read_fragment(&bytes);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn noise_never_panics(
        kind in prop::sample::select(vec!["moov", "moof", "mdat", "ftyp", "uuid", "trun", "stsd"]),
        noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let bytes = [&(noise.len() as u32 + 8).to_be_bytes()[..], kind.as_bytes(), &noise].concat();
        read_everything(&bytes.into());
        read_everything(&noise.into());
    }
}
