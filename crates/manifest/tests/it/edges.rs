//! Titles at the edges of what exists.

use millrace_manifest::{
    Bandwidth, ContentKey, Media, NothingToPlay, Presentation, PresentationError, State, Timeline, Track,
    TrackName, WallClock,
    dash::{self, Profile, UtcTiming},
    hls::{self, Flavour, Options},
    smooth::{self, Version},
};

use crate::titles::{audio, grid, growing, nonzero, present, title, video};

fn master(presentation: &Presentation, flavour: Flavour) -> String {
    hls::master(presentation, flavour, &Options::default()).expect("a master")
}

fn mpd(presentation: &Presentation) -> String {
    dash::mpd(presentation, Profile::Cmaf, &UtcTiming::Direct(WallClock(0))).expect("an MPD")
}

fn lines(text: &str, prefix: &str) -> usize {
    text.lines().filter(|line| line.trim_start().starts_with(prefix)).count()
}

fn with_segments(mut track: Track, timescale: u32, segments: &[(u64, u64)]) -> Track {
    track.timescale = nonzero(timescale);
    track.segments = Timeline::from_segments(segments.iter().copied()).expect("a timeline");
    track.fragments = track.segments.clone();
    track
}

#[test]
fn the_target_covers_every_duration_as_printed() {
    for (timescale, segments, target) in [
        (1000, vec![(0, 20)], 6),
        (1000, vec![(0, 6000), (6000, 6499)], 6),
        (1000, vec![(0, 6500)], 7),
        // 6.4999996 s prints as 6.500000, which a reader rounds to 7.
        (10_000_000, vec![(0, 64_999_996)], 7),
        (30_000, vec![(0, 180_180), (180_180, 180_180)], 6),
        (1000, vec![(0, 10_400)], 10),
    ] {
        let presentation =
            present(State::Complete, vec![with_segments(video(360, 500_000, 30), timescale, &segments)]);
        let text = hls::media(&presentation, &presentation.tracks()[0], Flavour::Cmaf).expect("a playlist");
        assert!(text.contains(&format!("#EXT-X-TARGETDURATION:{target}\n")), "{segments:?}: {text}");
    }
}

#[test]
fn the_target_stays_while_a_title_grows() {
    let target = |frames: u64, state: State| {
        let presentation = present(state, vec![video(360, 500_000, frames)]);
        let text = hls::media(&presentation, &presentation.tracks()[0], Flavour::Cmaf).expect("a playlist");
        text.lines().find(|line| line.starts_with("#EXT-X-TARGETDURATION")).map(str::to_owned)
    };
    let first = target(10, growing());
    assert!(first.is_some());
    for frames in [60, 180, 181, 1000] {
        assert_eq!(target(frames, growing()), first);
        assert_eq!(target(frames, State::Complete), first);
    }
}

#[test]
fn only_the_end_of_a_playlist_changes_while_it_grows() {
    let text = |frames: u64| {
        let presentation = present(growing(), vec![video(360, 500_000, frames)]);
        hls::media(&presentation, &presentation.tracks()[0], Flavour::Cmaf).expect("a playlist")
    };
    assert!(text(900).starts_with(&text(540)));
    assert!(!text(540).starts_with(&text(900)));
}

#[test]
fn a_gap_is_part_of_the_segment_before_it() {
    let track = with_segments(audio("en", 64_000, 30), 1000, &[(0, 5000), (6000, 5000)]);
    let presentation = present(State::Complete, vec![track]);
    let text = hls::media(&presentation, &presentation.tracks()[0], Flavour::Cmaf).expect("a playlist");
    assert!(text.contains("#EXTINF:6.000000,\n") && text.contains("#EXTINF:5.000000,\n"), "{text}");
    assert!(mpd(&presentation).contains("<S t=\"6000\" d=\"5000\"/>"));
    assert!(
        smooth::manifest(&presentation, Version::V2_2, &[])
            .expect("a manifest")
            .contains("<c t=\"60000000\" d=\"50000000\"/>")
    );
}

#[test]
fn sound_alone_is_always_offered_when_there_is_nothing_else() {
    let presentation = present(State::Complete, vec![audio("en", 64_000, 300), audio("fr", 64_000, 300)]);
    let options = Options { audio_only: false, filters: Vec::new() };
    for flavour in [Flavour::Cmaf, Flavour::Ts, Flavour::MuxedTs] {
        let text = hls::master(&presentation, flavour, &options).expect("a master");
        assert_eq!(lines(&text, "#EXT-X-STREAM-INF"), 1, "{text}");
        assert_eq!(lines(&text, "#EXT-X-I-FRAME"), 0);
        assert!(!text.contains("RESOLUTION"));
    }
    assert_eq!(lines(&mpd(&presentation), "<AdaptationSet"), 2);
}

#[test]
fn pictures_alone_have_no_audio_group() {
    let presentation = present(State::Complete, vec![video(360, 500_000, 300)]);
    for flavour in [Flavour::Cmaf, Flavour::Ts, Flavour::MuxedTs] {
        let text = master(&presentation, flavour);
        assert_eq!((lines(&text, "#EXT-X-STREAM-INF"), lines(&text, "#EXT-X-MEDIA")), (1, 0), "{text}");
        assert!(!text.contains("AUDIO=") && !text.contains("mp4a"));
    }
    assert!(!mpd(&presentation).contains("audio/mp4"));
}

#[test]
fn audio_only_can_be_switched_off() {
    let options = Options { audio_only: false, filters: Vec::new() };
    for flavour in [Flavour::Cmaf, Flavour::Ts, Flavour::MuxedTs] {
        let with = master(&title(State::Complete), flavour);
        let without = hls::master(&title(State::Complete), flavour, &options).expect("a master");
        assert!(lines(&with, "#EXT-X-STREAM-INF") > lines(&without, "#EXT-X-STREAM-INF"));
        let streams = without.lines().filter(|line| line.starts_with("#EXT-X-STREAM-INF"));
        assert!(streams.into_iter().all(|line| line.contains("RESOLUTION=")), "{without}");
    }
}

#[test]
fn every_group_has_the_same_renditions() {
    let frames = 300;
    let mut commentary = audio("en", 96_000, frames);
    commentary.label = Some("Director".to_owned());
    let mut surround = audio("en", 384_000, frames);
    surround.codecs = "ec-3".to_owned();
    let tracks = vec![
        video(360, 500_000, frames),
        audio("en", 64_000, frames),
        audio("en", 128_000, frames),
        audio("fr", 128_000, frames),
        commentary,
        surround,
    ];
    let text = master(&present(State::Complete, tracks), Flavour::Cmaf);
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.lines().filter(|line| line.starts_with("#EXT-X-MEDIA")) {
        let value = |key: &str| {
            line.split(&format!("{key}=\"")).nth(1).and_then(|v| v.split('"').next()).map(str::to_owned)
        };
        let (group, name) = (value("GROUP-ID").expect("a group"), value("NAME").expect("a name"));
        match groups.iter_mut().find(|(id, _)| *id == group) {
            Some((_, names)) => names.push(name),
            None => groups.push((group, vec![name])),
        }
    }
    // AAC at two rates, and E-AC-3.
    assert_eq!(groups.len(), 3, "{text}");
    assert!(groups.iter().all(|(_, names)| *names == ["en", "fr", "Director"]), "{groups:?}");
    assert_eq!(lines(&text, "#EXT-X-MEDIA") - text.matches("DEFAULT=NO").count(), 3);
    // English and the commentary are one language: a player that chooses by itself must find one of them.
    assert_eq!(text.matches("AUTOSELECT=NO").count(), 3);
    assert!(
        text.lines()
            .find(|l| l.starts_with("#EXT-X-STREAM-INF"))
            .expect("a variant")
            .contains("\"avc1.64001f,mp4a.40.2\"")
    );
}

#[test]
fn the_first_quality_is_listed_first() {
    let presentation = title(State::Complete).with_first_quality(2_000_000);
    let text = master(&presentation, Flavour::Cmaf);
    let first = text.lines().find(|line| line.starts_with("QualityLevels")).expect("a variant");
    assert_eq!(first, "QualityLevels(2500000)/Manifest(video-720p,format=m3u8-cmaf)");
    assert_eq!(presentation.videos().count(), 2);
    let lowest = master(&title(State::Complete), Flavour::Cmaf);
    assert!(
        lowest
            .lines()
            .find(|line| line.starts_with("QualityLevels"))
            .expect("a variant")
            .contains("video-360p")
    );
}

#[test]
fn bandwidth_is_the_peak_with_the_sound_and_covers_the_packing() {
    let bandwidth = |text: &str| -> u64 {
        let line = text.lines().find(|line| line.starts_with("#EXT-X-STREAM-INF")).expect("a variant");
        let value =
            line.trim_start_matches("#EXT-X-STREAM-INF:BANDWIDTH=").split(',').next().expect("a value");
        value.parse().expect("a number")
    };
    let presentation = present(State::Complete, vec![video(360, 600_000, 300), audio("en", 128_000, 300)]);
    assert_eq!(bandwidth(&master(&presentation, Flavour::Cmaf)), 750_000 + 132_000);
    assert!(bandwidth(&master(&presentation, Flavour::Ts)) > (750_000 + 132_000) * 188 / 184);
}

#[test]
fn a_codec_that_a_format_cannot_hold_is_left_out() {
    let mut vp9 = video(360, 500_000, 300);
    vp9.codecs = "vp09.00.30.08".to_owned();
    vp9.smooth = None;
    let presentation = present(State::Complete, vec![vp9]);
    let track = &presentation.tracks()[0];
    assert!(master(&presentation, Flavour::Cmaf).contains("vp09"));
    assert_eq!(hls::master(&presentation, Flavour::Ts, &Options::default()), Err(NothingToPlay));
    assert_eq!(hls::media(&presentation, track, Flavour::Ts), Err(NothingToPlay));
    assert_eq!(smooth::manifest(&presentation, Version::V2_2, &[]), Err(NothingToPlay));
}

#[test]
fn key_frames_need_pictures() {
    let presentation = title(State::Complete);
    let track = |name| presentation.track(name).expect("the track");
    assert!(hls::key_frames(&presentation, track("video-360p"), Flavour::Cmaf).is_ok());
    assert_eq!(hls::key_frames(&presentation, track("video-360p"), Flavour::MuxedTs), Err(NothingToPlay));
    assert_eq!(hls::key_frames(&presentation, track("aac_en_128000"), Flavour::Cmaf), Err(NothingToPlay));
}

#[test]
fn tracks_of_different_grids_have_timelines_of_their_own() {
    let mut other = video(720, 2_000_000, 300);
    other.segments = grid(90_090, 300 * 1001);
    other.fragments = grid(90_090, 300 * 1001);
    let presentation = present(State::Complete, vec![video(360, 500_000, 300), other]);
    let text = mpd(&presentation);
    assert_eq!((lines(&text, "<AdaptationSet"), lines(&text, "<SegmentTimeline")), (1, 2), "{text}");
    assert_eq!(
        lines(&smooth::manifest(&presentation, Version::V2_2, &[]).expect("a manifest"), "<StreamIndex"),
        2
    );
}

#[test]
fn smooth_names_tracks_of_one_bitrate_apart_and_finds_them_again() {
    let presentation = present(State::Complete, vec![video(360, 500_000, 300), video(720, 500_000, 300)]);
    let text = smooth::manifest(&presentation, Version::V2_2, &[]).expect("a manifest");
    assert!(text.contains("Bitrate=\"500000\"") && text.contains("Bitrate=\"500001\""), "{text}");
    let name =
        |bitrate| smooth::resolve(&presentation, "Video-360P", bitrate).map(|track| track.name.as_str());
    assert_eq!((name(500_000), name(500_001), name(500_002)), (Some("video-360p"), Some("video-720p"), None));
    assert_eq!(smooth::resolve(&presentation, "video-720p", 500_001), None);
}

#[test]
fn a_rendition_that_lags_does_not_promise_chunks() {
    let presentation = present(growing(), vec![video(360, 500_000, 600), video(720, 2_000_000, 300)]);
    let text = smooth::manifest(&presentation, Version::V2_2, &[]).expect("a manifest");
    assert!(text.contains("Chunks=\"5\""), "{text}");
    assert_eq!(lines(&text, "<StreamIndex"), 1);
}

#[test]
fn anamorphic_pictures_are_shown_in_proportion() {
    let mut track = video(576, 1_000_000, 300);
    let Media::Video(facts) = &mut track.media else { panic!("a video track") };
    (facts.width, facts.sample_aspect, facts.key_frames) = (720, (16, 15), None);
    facts.frame_rate = None;
    let presentation = present(State::Complete, vec![track]);
    let text = master(&presentation, Flavour::Cmaf);
    assert!(text.contains("RESOLUTION=768x576") && !text.contains("FRAME-RATE"), "{text}");
    assert!(mpd(&presentation).contains("par=\"4:3\"") && mpd(&presentation).contains("sar=\"16:15\""));
    assert!(
        smooth::manifest(&presentation, Version::V2_2, &[])
            .expect("a manifest")
            .contains("DisplayWidth=\"768\"")
    );
}

#[test]
fn languages_that_are_none_are_not_told() {
    for language in ["und", "", "e\"n", "en_US", "-", "a-", "abcdefghi", "1a"] {
        let mut track = audio("en", 64_000, 300);
        track.language = Some(language.to_owned());
        let presentation = present(State::Complete, vec![track]);
        assert!(!master(&presentation, Flavour::Cmaf).contains("LANGUAGE"), "{language}");
        assert!(!mpd(&presentation).contains("lang="), "{language}");
    }
    let mut track = audio("en", 64_000, 300);
    track.language = Some("zh-Hant-TW".to_owned());
    assert!(mpd(&present(State::Complete, vec![track])).contains("lang=\"zh-Hant-TW\""));
}

#[test]
fn what_has_no_segment_yet_is_not_promised() {
    let mut empty = video(720, 2_000_000, 300);
    (empty.segments, empty.fragments) = (Timeline::default(), Timeline::default());
    let presentation = present(growing(), vec![video(360, 500_000, 300), empty.clone()]);
    assert_eq!(lines(&mpd(&presentation), "<Representation"), 1);
    let nothing = present(growing(), vec![empty]);
    let clock = UtcTiming::Direct(WallClock(0));
    assert_eq!(dash::mpd(&nothing, Profile::Cmaf, &clock), Err(NothingToPlay));
    assert_eq!(smooth::manifest(&nothing, Version::V2_2, &[]), Err(NothingToPlay));
}

#[test]
fn only_a_growing_title_has_a_clock() {
    let clock = UtcTiming::HttpIso("https://example.test/time?a&b".to_owned());
    let text = |state| dash::mpd(&title(state), Profile::Csf, &clock).expect("an MPD");
    assert!(text(growing()).contains("http-iso:2014\" value=\"https://example.test/time?a&amp;b\""));
    assert!(
        text(growing()).contains("type=\"dynamic\"")
            && !text(growing()).contains("mediaPresentationDuration")
    );
    assert!(
        !text(State::Complete).contains("UTCTiming") && text(State::Complete).contains("type=\"static\"")
    );
}

#[test]
fn tracks_that_could_be_confused_are_refused() {
    let make = |tracks| Presentation::new(ContentKey(1), State::Complete, nonzero(6000), tracks);
    assert_eq!(make(Vec::new()), Err(PresentationError::NoTracks));
    let (one, mut two) = (video(360, 500_000, 30), video(720, 500_000, 30));
    two.name = TrackName::sanitized("VIDEO-360P");
    assert_eq!(make(vec![one.clone(), two.clone()]), Err(PresentationError::DuplicateName(two.name.clone())));
    two.name = TrackName::sanitized("other");
    two.key = one.key;
    assert_eq!(make(vec![one, two.clone()]), Err(PresentationError::DuplicateKey(two.key)));
    let many: Vec<_> = (0..129).map(|height| video(height + 1, 1000, 30)).collect();
    assert_eq!(make(many), Err(PresentationError::TooManyTracks(129)));
}

#[test]
fn a_peak_below_the_average_is_never_told() {
    let mut track = video(360, 500_000, 300);
    track.bandwidth = Bandwidth { peak: 10, average: 20 };
    let text = master(&present(State::Complete, vec![track]), Flavour::Cmaf);
    assert!(text.contains("BANDWIDTH=20,AVERAGE-BANDWIDTH=20,"), "{text}");
}
