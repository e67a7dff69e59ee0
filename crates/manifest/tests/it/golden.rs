//! Every format of one title as text. `UPDATE_GOLDEN=1` writes the files anew, for a person to read the difference.

use std::{fs, path::PathBuf};

use millrace_manifest::{
    MediaTime, Presentation, State, WallClock,
    dash::{self, Profile, UtcTiming},
    hls::{self, Flavour, Options},
    smooth::{self, Version},
};

use crate::titles::{growing, title};

fn check(name: &str, actual: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, actual).expect("the golden file is writable");
    }
    let expected = fs::read_to_string(&path).expect("the golden file exists; UPDATE_GOLDEN=1 makes it");
    assert_eq!(actual, expected, "{name} differs; UPDATE_GOLDEN=1 accepts it");
}

fn mpd(presentation: &Presentation, profile: Profile) -> String {
    dash::mpd(presentation, profile, &UtcTiming::Direct(WallClock(1_795_364_960_000))).expect("an MPD")
}

#[test]
fn masters() {
    let title = title(State::Complete);
    let master = |flavour, options: &Options| hls::master(&title, flavour, options).expect("a master");
    check("master-cmaf.m3u8", &master(Flavour::Cmaf, &Options::default()));
    check("master-ts.m3u8", &master(Flavour::Ts, &Options::default()));
    check("master-v3.m3u8", &master(Flavour::MuxedTs, &Options::default()));
    let filters = vec!["top;1".to_owned(), "short".to_owned()];
    check("master-filtered.m3u8", &master(Flavour::Cmaf, &Options { audio_only: false, filters }));
}

#[test]
fn media_playlists() {
    let (whole, growing) = (title(State::Complete), title(growing()));
    let media = |title: &Presentation, name, flavour| {
        hls::media(title, title.track(name).expect("the track"), flavour).expect("a playlist")
    };
    check("video-cmaf.m3u8", &media(&whole, "video-720p", Flavour::Cmaf));
    check("video-cmaf-growing.m3u8", &media(&growing, "video-720p", Flavour::Cmaf));
    check("video-ts.m3u8", &media(&whole, "VIDEO-720P", Flavour::Ts));
    check("video-v3.m3u8", &media(&whole, "video-720p", Flavour::MuxedTs));
    check("video-v3-growing.m3u8", &media(&growing, "video-720p", Flavour::MuxedTs));
    check("audio-cmaf.m3u8", &media(&whole, "aac_en_128000", Flavour::Cmaf));
    let track = whole.track("video-720p").expect("the track");
    check("keyframes-cmaf.m3u8", &hls::key_frames(&whole, track, Flavour::Cmaf).expect("key frames"));
    check("keyframes-ts.m3u8", &hls::key_frames(&whole, track, Flavour::Ts).expect("key frames"));
}

#[test]
fn mpds() {
    check("cmaf.mpd", &mpd(&title(State::Complete), Profile::Cmaf));
    check("csf.mpd", &mpd(&title(State::Complete), Profile::Csf));
    check("growing.mpd", &mpd(&title(growing()), Profile::Cmaf));
    check("growing-expected.mpd", &mpd(&title(growing()).expecting(96_000), Profile::Cmaf));
    check(
        "trimmed.mpd",
        &mpd(&title(State::Complete).starting_at(MediaTime::from_millis(12_500)), Profile::Cmaf),
    );
}

#[test]
fn smooth_manifests() {
    let filtered =
        smooth::manifest(&title(State::Complete), Version::V2_2, &["a".to_owned(), "b;c".to_owned()]);
    assert!(filtered.expect("a manifest").contains("={start time},filter=a;b%3Bc)\""));
    check("smooth.xml", &smooth::manifest(&title(State::Complete), Version::V2_2, &[]).expect("a manifest"));
    check(
        "smooth-v20.xml",
        &smooth::manifest(&title(State::Complete), Version::V2_0, &[]).expect("a manifest"),
    );
    // A growing title is shown as what exists of it, so the text is the same.
    check("smooth.xml", &smooth::manifest(&title(growing()), Version::V2_2, &[]).expect("a manifest"));
}
