//! Smooth Streaming heads made of CMAF heads.

use bytes::Bytes;
use millrace_media::{Timescale, rescale};
use millrace_mp4::dump;
use millrace_mp4::read::{Fragment, Movie, TrackDefaults};
use millrace_mp4::smooth::{SmoothError, SmoothFragment, fragment_header};
use millrace_mp4::write::{self, RunSample, TrackInit};

use crate::support::*;

fn smooth(timescale: Timescale, time: u64, duration: u64) -> SmoothFragment<'static> {
    SmoothFragment {
        track_id: 1,
        timescale,
        defaults: TrackDefaults::default(),
        time,
        duration,
        lookahead: &[],
    }
}

fn ntsc() -> Timescale {
    Timescale::new(30_000).expect("not zero")
}

fn cmaf() -> Bytes {
    let sample = |cto, key| RunSample { duration: 1001, size: 10, cto, key };
    write::fragment_header(3, 7, 60_060, &[sample(0, true), sample(2002, false), sample(-1001, false)])
        .expect("a head")
}

#[test]
fn head_golden() {
    let lookahead = [(21_021_000, 1_001_000), (22_022_000, 1_001_000)];
    let wanted = SmoothFragment { lookahead: &lookahead, ..smooth(ntsc(), 20_020_000, 1_001_000) };
    let head = fragment_header(&cmaf(), &wanted).expect("a head");
    let text = dump::text(&[&head[..], &[0; 30]].concat());
    golden("smooth.txt", &text);
}

#[test]
fn durations_add_up_for_every_count() {
    let timescale = ntsc();
    for count in 1..200_i64 {
        let sample = RunSample { duration: 1001, size: 1, cto: 0, key: true };
        let cmaf = write::fragment_header(1, 1, 0, &vec![sample; count as usize]).expect("a head");
        // The fragment's own duration is a difference of rounded ends and may be a tick off.
        for slip in [-1, 0, 1] {
            let duration = (rescale(1001 * count, timescale, Timescale::HNS) + slip) as u64;
            let head = fragment_header(&cmaf, &smooth(timescale, 5, duration)).expect("a head");
            let moof = head.slice(..head.len() - 8);
            let fragment = Fragment::parse_with(&moof, 0, |_| TrackDefaults::default()).expect("our own");
            let track = &fragment.tracks[0];
            assert_eq!((track.duration, track.base_decode_time), (duration, Some(5)));
            assert_eq!(track.samples().next().map(|sample| sample.offset), Some(head.len() as u64));
            assert!(track.samples().all(|sample| sample.duration.abs_diff(333_667) <= 2));
        }
    }
}

#[test]
fn boxes_before_the_moof_are_passed_over() {
    let with_styp = [&write::styp()[..], &cmaf()].concat();
    let wanted = smooth(ntsc(), 0, 1_001_000);
    assert_eq!(fragment_header(&with_styp, &wanted), fragment_header(&cmaf(), &wanted));
}

#[test]
fn refuses_what_is_not_cmaf() {
    let wanted = smooth(ntsc(), 0, 1_001_000);
    assert!(matches!(fragment_header(b"\0\0\0\x08mdat", &wanted), Err(SmoothError::Parse(_))));
    assert!(matches!(fragment_header(b"", &wanted), Err(SmoothError::Parse(_))));
    assert!(matches!(fragment_header(b"\0\0\0\x08moof", &wanted), Err(SmoothError::NotCmaf(_))));
    let too_short = smooth(ntsc(), 0, 1000);
    assert!(matches!(fragment_header(&cmaf(), &too_short), Err(SmoothError::NotCmaf(_))));
}

/// ffmpeg plays the rewritten fragments behind an initialisation segment of 10 MHz.
#[test]
fn ffmpeg_decodes_the_same_frames() {
    let media = Media::new();
    let flags = "-movflags +frag_keyframe+empty_moov+default_base_moof";
    let path = media.make(&format!("{VIDEO} {X264} {flags}"), "source.mp4");
    let (file, movie) = open(&path);
    let track = &movie.tracks[0];
    let mut config = track.config.clone();
    config.timescale = Timescale::HNS;
    let mut out = write::init_segment(&[TrackInit::new(&config)]).expect("a segment").to_vec();
    let boxes = top_level(&file);
    for pair in boxes.windows(2).filter(|pair| pair[0].0 == "moof") {
        let (start, end) = (pair[0].1, pair[1].1 + pair[1].2);
        rewrite(&mut out, &file.slice(start..end), pair[0].2, &movie);
    }
    let ours = media.write("smooth.mp4", &out);
    assert_eq!(frames(&ours, "0:0"), frames(&path, "0:0"));
    assert_eq!(packets(&ours, 0, &[]).len(), 50);
}

fn rewrite(out: &mut Vec<u8>, fragment: &Bytes, moof_len: usize, movie: &Movie) {
    let track = &movie.tracks[0];
    let read = Fragment::parse(&fragment.slice(..moof_len), 0, movie).expect("a fragment");
    let hns = |ticks: u64| rescale(ticks as i64, track.config.timescale, Timescale::HNS) as u64;
    let time = read.tracks[0].base_decode_time.expect("a tfdt");
    let wanted = SmoothFragment {
        defaults: movie.defaults_of(track.config.id),
        ..smooth(track.config.timescale, hns(time), hns(read.tracks[0].duration))
    };
    let (head, samples) = fragment.split_at(moof_len + 8);
    out.extend_from_slice(&fragment_header(head, &wanted).expect("a head"));
    out.extend_from_slice(samples);
}
