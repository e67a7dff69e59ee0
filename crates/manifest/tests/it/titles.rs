//! Presentations to render.

use std::num::NonZeroU32;

use millrace_manifest::{
    Audio, Bandwidth, ContentKey, Media, Presentation, Role, SmoothCodec, State, Timeline, Track, TrackName,
    Video, WallClock,
};

pub(crate) fn nonzero(value: u32) -> NonZeroU32 {
    NonZeroU32::new(value).expect("not zero")
}

/// Segments of `length` ticks until `end`, the last one shorter.
pub(crate) fn grid(length: u64, end: u64) -> Timeline {
    let starts = (0..end).step_by(length as usize);
    Timeline::from_segments(starts.map(|start| (start, length.min(end - start)))).expect("a grid")
}

/// A video track at 30000/1001 frames a second with segments of 180 frames and fragments of 60.
pub(crate) fn video(height: u32, bitrate: u32, frames: u64) -> Track {
    Track {
        name: TrackName::sanitized(&format!("video-{height}p")),
        key: ContentKey(u64::from(height) * 0x0001_0000_0001),
        codecs: "avc1.64001f".to_owned(),
        timescale: nonzero(30_000),
        bitrate,
        bandwidth: Bandwidth { peak: u64::from(bitrate) * 5 / 4, average: u64::from(bitrate) - 1000 },
        language: None,
        label: None,
        role: Role::Main,
        media: Media::Video(Video {
            width: height * 16 / 9 / 2 * 2,
            height,
            sample_aspect: (1, 1),
            frame_rate: Some((nonzero(30_000), nonzero(1001))),
            key_frames: Some(Bandwidth { peak: u64::from(bitrate) / 4, average: u64::from(bitrate) / 5 }),
        }),
        smooth: Some(SmoothCodec {
            four_cc: "H264",
            private_data: vec![0, 0, 0, 1, 0x67, 0x64, 0, 0, 0, 1, 0x68],
        }),
        segments: grid(180 * 1001, frames * 1001),
        fragments: grid(60 * 1001, frames * 1001),
    }
}

/// An AAC track at 48 kHz whose segments follow those of [`video`] as nearly as whole AAC frames can.
pub(crate) fn audio(language: &str, bitrate: u32, frames: u64) -> Track {
    let edge = |frame: u64| (frame * 1001 * 48_000 / 30_000).div_ceil(1024) * 1024;
    let every = |step: u64| {
        let starts = (0..frames).step_by(step as usize);
        Timeline::from_segments(starts.map(|at| (edge(at), edge((at + step).min(frames)) - edge(at))))
            .expect("a grid")
    };
    let name = format!("aac_{language}_{bitrate}");
    Track {
        key: ContentKey(name.bytes().fold(7, |sum: u64, b| sum.wrapping_mul(131).wrapping_add(u64::from(b)))),
        name: TrackName::sanitized(&name),
        codecs: "mp4a.40.2".to_owned(),
        timescale: nonzero(48_000),
        bitrate,
        bandwidth: Bandwidth { peak: u64::from(bitrate) + 4000, average: u64::from(bitrate) },
        language: Some(language.to_owned()),
        label: None,
        role: Role::Main,
        media: Media::Audio(Audio { sample_rate: 48_000, channels: 2 }),
        smooth: Some(SmoothCodec { four_cc: "AACL", private_data: vec![0x11, 0x90] }),
        segments: every(180),
        fragments: every(60),
    }
}

pub(crate) fn growing() -> State {
    State::Growing {
        availability_start: WallClock(1_795_364_000_000),
        published: WallClock(1_795_364_957_123),
        refresh_ms: nonzero(2000),
    }
}

pub(crate) fn present(state: State, tracks: Vec<Track>) -> Presentation {
    Presentation::new(ContentKey(0xfeed_0000_0000_beef), state, nonzero(6000), tracks)
        .expect("tracks fit together")
}

/// Two rungs, two languages and a surround track with a label that means harm; 1000 frames, about 33 s.
pub(crate) fn title(state: State) -> Presentation {
    let frames = 1000;
    let mut german = audio("de", 128_000, frames);
    german.role = Role::Alternate;
    german.label = Some("Deutsch \"\r\n#EXT-X-ENDLIST\n<Label>&".to_owned());
    let mut surround = audio("en", 384_000, frames);
    surround.codecs = "ec-3".to_owned();
    surround.media = Media::Audio(Audio { sample_rate: 48_000, channels: 6 });
    surround.smooth = None;
    present(
        state,
        vec![
            video(360, 600_000, frames),
            video(720, 2_500_000, frames),
            audio("en", 128_000, frames),
            german,
            surround,
        ],
    )
}
