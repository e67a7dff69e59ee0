//! What manifests are told of a title, whole, filtered and growing.

use std::num::NonZeroU32;

use millrace_manifest::{Bandwidth, Media, Presentation, WallClock};
use millrace_media::TrackConfig;
use millrace_mp4::write::{TrackInit, init_segment};
use millrace_package::{
    Row, TrackFacts, TrackIndex, TrackIndexBuilder,
    filter::{Condition, Filter, TimeRange},
    present::{PresentError, Publication, presentation},
};

use crate::{
    chunker::video_config,
    index::{audio_config, facts},
};

fn one(text: u32) -> NonZeroU32 {
    text.try_into().unwrap()
}

/// 15 s in fragments of 2 s of `bytes` each.
fn track(
    config: &TrackConfig,
    name: &str,
    bitrate: u32,
    language: Option<&str>,
    bytes: u32,
) -> TrackIndexBuilder {
    let facts = TrackFacts {
        bitrate,
        language: language.map(str::to_owned),
        frame_rate: None,
        default: language != Some("de"),
        ..facts(name)
    };
    let init = init_segment(&[TrackInit::new(config)]).unwrap();
    let mut builder = TrackIndexBuilder::new(init, facts, name.as_bytes()).unwrap();
    let object = builder.object("o").unwrap();
    let second = config.timescale.get();
    for at in 0..8_u32 {
        let duration = if at == 7 { second } else { 2 * second };
        let size = if at == 1 { bytes * 2 } else { bytes };
        let row = Row {
            time: u64::from(at * 2 * second),
            duration,
            size,
            head_size: 10,
            key_size: 100,
            samples: 25 * duration / second,
        };
        builder.push_stored(row, object, 0).unwrap();
    }
    builder
}

fn title() -> Vec<TrackIndex> {
    let (video, audio) = (video_config(1000), audio_config(48_000));
    [
        track(&audio, "audio_de", 96_000, Some("de"), 24_000),
        track(&video, "video_high", 2_000_000, None, 500_000),
        track(&audio, "audio_en", 128_000, Some("en-GB"), 32_000),
        track(&video, "video_low", 500_000, None, 125_000),
    ]
    .into_iter()
    .map(TrackIndexBuilder::seal)
    .collect()
}

fn shown(filters: &[Filter]) -> Result<Presentation, PresentError> {
    presentation(&title(), filters, Publication::Complete)
}

fn names(presentation: &Presentation) -> Vec<&str> {
    presentation.tracks().iter().map(|track| track.name.as_str()).collect()
}

fn select(entries: &[&[(&str, &str, &str)]]) -> Filter {
    let condition = |(property, operation, value): &(&str, &str, &str)| {
        Condition::parse(property, operation, value).unwrap()
    };
    let entry = |entry: &&[(&str, &str, &str)]| entry.iter().map(condition).collect();
    Filter { tracks: entries.iter().map(entry).collect(), ..Filter::default() }
}

fn range(start: u64, end: Option<u64>) -> Filter {
    Filter { range: Some(TimeRange { start, end, timescale: one(1000) }), ..Filter::default() }
}

#[test]
fn says_what_is_true_of_the_media() {
    let presentation = shown(&[]).unwrap();
    assert_eq!(names(&presentation), ["video_low", "video_high", "audio_en", "audio_de"]);
    assert_eq!((presentation.target_ms(), presentation.duration_ms()), (one(6000), 15_000));
    let low = &presentation.tracks()[0];
    // 4 × 125,000 bytes in the first 6 s; the short last segment is no peak.
    assert_eq!(low.bandwidth, Bandwidth { peak: 666_667, average: 600_000 });
    assert_eq!(low.segments.segments().collect::<Vec<_>>(), [(0, 6000), (6000, 6000), (12_000, 3000)]);
    assert_eq!(low.fragments.len(), 8);
    let Media::Video(video) = &low.media else { panic!("a video") };
    assert_eq!((video.width, video.height, video.sample_aspect), (320, 180, (1, 1)));
    assert_eq!(video.frame_rate, Some((one(25), one(1))));
    assert!(video.key_frames.is_some_and(|rate| rate.peak < 2000));
    assert_eq!(low.codecs, "avc1.42001e");
    assert_eq!(low.smooth.as_ref().map(|smooth| smooth.four_cc), Some("H264"));
}

#[test]
fn filters_choose_tracks() {
    let check = |filters: &[Filter], expected: &[&str]| {
        assert_eq!(names(&shown(filters).unwrap()), expected, "{filters:?}");
    };
    let video = ("Type", "Equal", "video");
    let audio = ("Type", "Equal", "Audio");
    check(&[select(&[&[video]])], &["video_low", "video_high"]);
    check(
        &[select(&[&[video, ("Bitrate", "Equal", "0-1000000")], &[audio]])],
        &["video_low", "audio_en", "audio_de"],
    );
    check(
        &[select(&[&[video], &[audio, ("Language", "Equal", "en")]])],
        &["video_low", "video_high", "audio_en"],
    );
    check(&[select(&[&[("FourCC", "NotEqual", "mp4a")]])], &["video_low", "video_high"]);
    check(&[select(&[&[("Name", "Equal", "AUDIO_DE")]])], &["audio_de"]);
    // Two filters: both have to let it pass.
    check(&[select(&[&[audio]]), select(&[&[("Bitrate", "NotEqual", "96000")]])], &["audio_en"]);
    let nothing = select(&[&[video, audio]]);
    assert!(matches!(shown(&[nothing]), Err(PresentError::NoTrackLeft)));
}

#[test]
fn time_ranges_move_to_the_next_segment() {
    let check = |filters: &[Filter], start: u64, count: usize| {
        let presentation = shown(filters).unwrap();
        assert_eq!(presentation.start().ticks, start, "{filters:?}");
        assert!(presentation.tracks().iter().all(|track| track.segments.len() == count), "{filters:?}");
    };
    check(&[range(0, None)], 0, 3);
    check(&[range(1, None)], 6000, 2);
    check(&[range(6000, Some(12_000))], 6000, 1);
    check(&[range(0, Some(6001))], 0, 2);
    check(&[range(0, Some(99_000)), range(5000, None)], 6000, 2);
    for empty in [range(12_001, None), range(6000, Some(6000)), range(7000, Some(6000))] {
        assert!(matches!(shown(&[empty]), Err(PresentError::NoSegmentLeft)));
    }
}

#[test]
fn the_first_quality_of_the_last_filter_counts() {
    let first = |bitrate| Filter { first_quality: Some(bitrate), ..Filter::default() };
    let presentation = shown(&[first(1), first(1_900_000)]).unwrap();
    assert_eq!(presentation.videos().next().unwrap().0.name.as_str(), "video_high");
}

#[test]
fn no_track_of_a_growing_title_is_ahead() {
    let growing = Publication::Growing {
        availability_start: WallClock(0),
        published: WallClock(20_000),
        refresh_ms: one(2000),
        expected_ms: Some(20_000),
    };
    let (video, audio) = (video_config(1000), audio_config(48_000));
    let long = track(&video, "video", 1000, None, 1000).snapshot();
    let short = {
        let whole = track(&audio, "audio", 1000, None, 1000).snapshot();
        let mut builder = TrackIndexBuilder::new(whole.init().clone(), whole.facts().clone(), b"a").unwrap();
        let object = builder.object("o").unwrap();
        for row in &whole.rows()[..4] {
            builder.push_stored(*row, object, 0).unwrap();
        }
        builder
    };
    let counts = |tracks: &[TrackIndex]| -> Vec<usize> {
        let presentation = presentation(tracks, &[], growing).unwrap();
        assert!(presentation.is_growing());
        presentation.tracks().iter().map(|track| track.segments.len()).collect()
    };
    assert_eq!(counts(std::slice::from_ref(&long)), [2]);
    assert_eq!(counts(&[long.clone(), short.snapshot()]), [1, 1]);
    let expected =
        |filters: &[Filter]| presentation([&long], filters, growing).unwrap().expected_duration_ms().unwrap();
    assert_eq!(expected(&[]), 20_000);
    assert_eq!(expected(&[range(0, Some(15_000))]), 15_000);
    assert_eq!(expected(&[range(0, Some(2000))]), 6000, "never less than there is");
    // A track that is complete waits for nobody and keeps nobody waiting.
    assert_eq!(counts(&[long.clone(), short.seal()]), [2, 2]);
    let empty = TrackIndexBuilder::new(long.init().clone(), long.facts().clone(), b"x").unwrap().seal();
    assert!(matches!(presentation([&empty], &[], growing), Err(PresentError::TooEarly)));
    assert!(matches!(presentation([], &[], growing), Err(PresentError::NoTracks)));
}
