//! Whatever the segments are, each format tells exactly those: its timeline is read back by code that shares nothing
//! with the renderer.

use millrace_manifest::{
    Presentation, State, Timeline, Track, WallClock,
    dash::{self, Profile, UtcTiming},
    hls::{self, Flavour},
    smooth::{self, Version},
};
use proptest::prelude::*;
use quick_xml::{Reader, events::Event};

use crate::titles::{audio, nonzero, present};

const SCALES: [u32; 7] = [1, 1000, 30_000, 44_100, 48_000, 90_000, 10_000_000];

/// (start, duration) pairs with equal neighbours, odd ones and gaps.
fn segments() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let step = (0u64..3, prop_oneof![Just(180_180u64), Just(6), 1u64..1_000_000], 1usize..4);
    (0u64..1 << 40, prop::collection::vec(step, 1..30)).prop_map(|(mut at, steps)| {
        let mut segments = Vec::new();
        for (gap, duration, count) in steps {
            at += if gap == 2 { duration / 2 } else { 0 };
            for _ in 0..count {
                segments.push((at, duration));
                at += duration;
            }
        }
        segments
    })
}

fn title(segments: &[(u64, u64)], scale: u32) -> Presentation {
    let timeline = Timeline::from_segments(segments.iter().copied()).expect("in order");
    let track = Track {
        timescale: nonzero(scale),
        segments: timeline.clone(),
        fragments: timeline,
        ..audio("en", 64_000, 30)
    };
    present(State::Complete, vec![track])
}

/// Attributes of every element of that name, as numbers.
fn elements(xml: &str, name: &str) -> Vec<Vec<(String, u64)>> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    loop {
        match reader.read_event().expect("well-formed") {
            Event::Empty(element) | Event::Start(element) if element.name().as_ref() == name => {
                let attributes = element.attributes().map(|attribute| {
                    let attribute = attribute.expect("an attribute");
                    let value = attribute.value.parse().expect("a number");
                    (attribute.key.as_ref().to_owned(), value)
                });
                found.push(attributes.collect());
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}

/// `more` is what the attribute `r` of a run of one would be.
fn expand(runs: Vec<Vec<(String, u64)>>, more: u64) -> Vec<(u64, u64)> {
    let mut at = 0;
    let mut segments = Vec::new();
    for run in runs {
        let value = |name: &str| run.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
        at = value("t").unwrap_or(at);
        let duration = value("d").expect("a duration");
        for _ in 0..value("r").unwrap_or(more) + 1 - more {
            segments.push((at, duration));
            at += duration;
        }
    }
    segments
}

fn exact_100ns(ticks: u64, scale: u32) -> u64 {
    let twice = u128::from(ticks) * 20_000_000 / u128::from(scale);
    twice.div_ceil(2) as u64
}

proptest! {
    #[test]
    fn an_mpd_tells_the_segments(segments in segments(), scale in prop::sample::select(&SCALES[..])) {
        let clock = UtcTiming::Direct(WallClock(0));
        let text = dash::mpd(&title(&segments, scale), Profile::Cmaf, &clock).expect("an MPD");
        prop_assert_eq!(expand(elements(&text, "S"), 0), segments);
    }

    #[test]
    fn a_smooth_manifest_tells_the_chunks(segments in segments(), scale in prop::sample::select(&SCALES[..5])) {
        let text = smooth::manifest(&title(&segments, scale), Version::V2_2, &[]).expect("a manifest");
        let boundaries: Vec<_> = expand(elements(&text, "c"), 1).iter().map(|(start, length)| (*start, start + length)).collect();
        let expected = segments.iter().map(|(start, d)| (exact_100ns(*start, scale), exact_100ns(start + d, scale)));
        prop_assert_eq!(boundaries, expected.collect::<Vec<_>>());
    }

    #[test]
    fn a_playlist_tells_the_segments(segments in segments(), scale in prop::sample::select(&SCALES[..6])) {
        let presentation = title(&segments, scale);
        let text = hls::media(&presentation, &presentation.tracks()[0], Flavour::Ts).expect("a playlist");
        let uris = text.lines().filter(|line| !line.starts_with('#'));
        let starts: Vec<u64> = uris.map(|uri| uri.rsplit('/').next().unwrap().trim_end_matches(".ts").parse().unwrap()).collect();
        prop_assert_eq!(&starts, &segments.iter().map(|(start, _)| *start).collect::<Vec<_>>());
        // However many durations a player adds up, it is never more than a microsecond away from the media.
        let first = starts[0] as f64 / f64::from(scale);
        let mut micros = 0u64;
        for (line, (index, _)) in text.lines().filter(|line| line.starts_with("#EXTINF")).zip(segments.iter().enumerate()) {
            let at = (starts[index] as f64 / f64::from(scale) - first) * 1e6;
            prop_assert!((micros as f64 - at).abs() <= 1.0 + at * 1e-9, "{micros} is not {at}");
            let seconds = line.trim_start_matches("#EXTINF:").trim_end_matches(',');
            prop_assert_eq!(seconds.split('.').nth(1).map(str::len), Some(6));
            micros += seconds.replace('.', "").parse::<u64>().expect("a number");
        }
    }
}

#[test]
fn reading_back_notices_a_segment_that_moved() {
    let segments = [(0, 100), (100, 100), (250, 50)];
    let text = smooth::manifest(&title(&segments, 1000), Version::V2_2, &[]).expect("a manifest");
    let moved = text.replace("t=\"2500000\"", "t=\"2500001\"");
    assert_ne!(text, moved);
    assert_eq!(expand(elements(&text, "c"), 1)[2], (2_500_000, 500_000));
    assert_eq!(expand(elements(&moved, "c"), 1)[2], (2_500_001, 500_000));
}
