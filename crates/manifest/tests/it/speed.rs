//! The work of rendering grows with the text and with nothing else.

use millrace_manifest::{
    State, WallClock,
    dash::{self, Profile, UtcTiming},
    hls::{self, Flavour},
};

use crate::titles::{audio, present, video};

#[test]
fn a_playlist_is_written_into_one_allocation() {
    let presentation =
        present(State::Complete, vec![video(360, 500_000, 216_000), audio("en", 128_000, 216_000)]);
    for track in presentation.tracks() {
        let text = hls::media(&presentation, track, Flavour::Cmaf).expect("a playlist");
        assert_eq!(text.lines().filter(|line| line.starts_with("#EXTINF")).count(), 1200);
        assert!(text.capacity() < text.len() * 2, "{} of {}", text.len(), text.capacity());
    }
}

#[test]
fn equal_segments_cost_an_mpd_nothing() {
    let size = |frames| {
        let presentation = present(State::Complete, vec![video(360, 500_000, frames)]);
        dash::mpd(&presentation, Profile::Cmaf, &UtcTiming::Direct(WallClock(0))).expect("an MPD").len()
    };
    assert!(size(216_000) < size(1800) + 32);
}
