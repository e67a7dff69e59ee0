//! Samples in, exact rows out.

use bytes::Bytes;
use millrace_media::{
    CodecConfig, Format, FourCc, Language, Sample, Timescale, TrackConfig, VideoFormat, codec::AvcConfig,
};
use millrace_package::{Fragment, FragmentError, Fragmenter, Grid, Row, chunker::MAX_SAMPLES};

use crate::index::audio_config;

const AVCC: &[u8] = &[1, 66, 0, 30, 0xff, 0xe1, 0, 3, 0x67, 66, 0, 1, 0, 2, 0x68, 0xce];

pub(crate) fn video_config(timescale: u32) -> TrackConfig {
    let avc = AvcConfig::parse(FourCc::new(b"avc1"), Bytes::from_static(AVCC)).unwrap();
    TrackConfig {
        id: 1,
        timescale: Timescale::new(timescale).unwrap(),
        language: Language::undetermined(),
        codec: CodecConfig::Avc(avc),
        format: Format::Video(VideoFormat::new(320, 180)),
    }
}

fn grid(millis: u32) -> Grid {
    Grid::millis(millis.try_into().unwrap())
}

fn sample(dts: i64, pts: i64, duration: u32, key: bool) -> Sample {
    Sample { track: 1, dts, pts, duration, key, data: Bytes::from_static(b"0123456789") }
}

fn cut(config: &TrackConfig, grid: Grid, samples: impl IntoIterator<Item = Sample>) -> Vec<Fragment> {
    let mut fragmenter = Fragmenter::new(config, grid);
    let mut fragments: Vec<Fragment> =
        samples.into_iter().filter_map(|sample| fragmenter.push(sample).unwrap()).collect();
    fragments.extend(fragmenter.finish().unwrap());
    for fragment in &fragments {
        assert_eq!(fragment.to_bytes().len(), fragment.row.size as usize);
        assert_eq!(fragment.head.len(), fragment.row.head_size as usize);
    }
    fragments
}

/// (time, duration, samples, size of the key frame) of every fragment.
fn rows(fragments: &[Fragment]) -> Vec<(u64, u32, u32, u32)> {
    let short = |Row { time, duration, samples, key_size, .. }: Row| (time, duration, samples, key_size);
    fragments.iter().map(|fragment| short(fragment.row)).collect()
}

#[test]
fn video_is_cut_at_key_frames_on_the_grid() {
    // 10 frames a second, a key frame every half second.
    let frames = (0..47).map(|n| sample(n * 10, n * 10, 10, n % 5 == 0));
    let found = rows(&cut(&video_config(100), grid(2000), frames));
    assert_eq!(found, [(0, 200, 20, 10), (200, 200, 20, 10), (400, 70, 7, 10)]);
    // Key frames off the grid: each of a new step begins a fragment.
    let frames = (0..50).map(|n| sample(n * 10, n * 10, 10, n % 15 == 0));
    let found = rows(&cut(&video_config(100), grid(2000), frames));
    assert_eq!(found, [(0, 300, 30, 10), (300, 150, 15, 10), (450, 50, 5, 10)]);
}

#[test]
fn rounded_times_do_not_move_an_edge() {
    // Milliseconds of 29.97 frames per second: the key frame at 2.002 s is told as 2.002, the one at 4.004 as 4.004.
    let time = |n: i64| (n * 1001 * 1000 + 15_000) / 30_000;
    let frames = (0..150).map(|n| sample(time(n), time(n), (time(n + 1) - time(n)) as u32, n % 60 == 0));
    let exact = Grid { num: 60_060.try_into().unwrap(), den: 30_000.try_into().unwrap() };
    let found = rows(&cut(&video_config(1000), exact, frames));
    assert_eq!(found, [(0, 2002, 60, 10), (2002, 2002, 60, 10), (4004, 1001, 30, 10)]);
}

#[test]
fn sound_is_cut_at_the_frame_nearest_to_the_grid() {
    let frames = (-1..300).map(|n| sample(n * 1024, n * 1024, 1024, true));
    let fragments = cut(&audio_config(48_000), grid(2000), frames);
    // Edges at 96,000, 192,000 and 288,000 ticks: 93.75, 187.5 and 281.25 frames.
    let frame = |n: u64| n * 1024;
    assert_eq!(
        rows(&fragments),
        [
            (0, frame(94) as u32, 94, 10),
            (frame(94), frame(93) as u32, 93, 10),
            (frame(187), frame(94) as u32, 94, 10),
            (frame(281), frame(19) as u32, 19, 10),
        ]
    );
}

#[test]
fn priming_is_dropped_and_nothing_else_moves() {
    let found = |first: i64| {
        let frames = (0..5).map(|n| sample(first + n * 1024, first + n * 1024, 1024, true));
        rows(&cut(&audio_config(48_000), grid(2000), frames))
    };
    assert_eq!(found(0), [(0, 5120, 5, 10)]);
    assert_eq!(found(-1024), [(0, 4096, 4, 10)]);
    assert_eq!(found(-1025), [(1023, 3072, 3, 10)]);
    assert_eq!(found(100), [(100, 5120, 5, 10)]);
    assert_eq!(found(-9000), []);
}

#[test]
fn decode_times_begin_with_presentation() {
    // I P B: decoded two frames before it is shown, as ffmpeg's movie muxer tells it.
    let order = [(0, true), (3, false), (1, false), (2, false)];
    let frames = order.into_iter().zip(0..).map(|((shown, key), n)| sample(n * 10 - 20, shown * 10, 10, key));
    let mut fragmenter = Fragmenter::new(&video_config(100), grid(2000));
    for frame in frames {
        assert_eq!(fragmenter.push(frame).unwrap(), None);
    }
    assert_eq!(fragmenter.decode_delay(), 20);
    let fragment = fragmenter.finish().unwrap().unwrap();
    assert_eq!(rows(std::slice::from_ref(&fragment)), [(0, 40, 4, 10)]);
    let moof = fragment.head.slice(..fragment.head.len() - 8);
    let parsed = millrace_mp4::read::Fragment::parse_with(&moof, 0, |_| Default::default()).unwrap();
    let track = &parsed.tracks[0];
    assert_eq!((track.base_decode_time, parsed.sequence), (Some(0), 1));
    let offsets: Vec<i64> = track.samples().map(|sample| sample.cto).collect();
    assert_eq!(offsets, [0, 20, -10, -10]);
}

#[test]
fn video_begins_with_a_key_frame() {
    let frames = (0..10).map(|n| sample(n * 10, n * 10, 10, n == 4));
    assert_eq!(rows(&cut(&video_config(100), grid(2000), frames)), [(40, 60, 6, 10)]);
    let mut fragmenter = Fragmenter::new(&video_config(100), grid(2000));
    assert_eq!(fragmenter.push(sample(-10, -10, 10, true)), Err(FragmentError::BeforeZero { pts: -10 }));
}

#[test]
fn a_gap_is_not_played() {
    let mut times = vec![0, 10, 20];
    times.extend([500, 510]);
    let frames = times.into_iter().map(|time| sample(time, time, 10, true));
    assert_eq!(rows(&cut(&audio_config(100), grid(1000), frames)), [(0, 30, 3, 10), (500, 20, 2, 10)]);
}

#[test]
fn a_stream_with_one_key_frame_is_still_bounded() {
    let count = MAX_SAMPLES as i64 + 10;
    let frames = (0..count).map(|n| sample(n, n, 1, n == 0));
    let found = rows(&cut(&video_config(100), grid(2000), frames));
    assert_eq!(found, [(0, MAX_SAMPLES as u32, MAX_SAMPLES as u32, 10), (MAX_SAMPLES as u64, 10, 10, 0)]);
}

#[test]
fn time_may_not_run_backwards() {
    let mut fragmenter = Fragmenter::new(&audio_config(100), grid(2000));
    fragmenter.push(sample(10, 10, 1, true)).unwrap();
    assert_eq!(fragmenter.push(sample(9, 9, 1, true)), Err(FragmentError::Backwards { dts: 9, last: 10 }));
}
