use millrace_catalog::preset::{
    AacAudio, BuiltIn, BuiltInName, Codec, Dimension, Format, H264Layer, H264Video, Mp4Format,
    OutputFile as Wanted, Preset, Standard, VideoLayer,
};

use super::testing::{audio, clip, clip_of, video};
use super::*;

fn built_in(name: BuiltInName, clips: Vec<Clip>) -> Plan {
    plan(&Preset::BuiltIn(BuiltIn { name, configurations: None }), clips).expect("a plan")
}

fn rungs(plan: &Plan) -> Vec<(u32, u64)> {
    let bitrate = |track: &VideoTrack| match &track.make {
        VideoMake::Encode(encode) => encode.bitrate / 1000,
        VideoMake::Copy => 0,
    };
    plan.video.iter().map(|track| (track.size.1, bitrate(track))).collect()
}

#[test]
fn fixed_ladders_are_the_documented_ones() {
    let check = |name, expected: &[(u32, u64)]| {
        assert_eq!(rungs(&built_in(name, vec![clip(10.0)])), expected, "{name:?}");
    };
    use BuiltInName::*;
    check(
        H264MultipleBitrate1080p,
        &[
            (1080, 6000),
            (1080, 4700),
            (720, 3400),
            (540, 2250),
            (540, 1500),
            (360, 1000),
            (360, 650),
            (180, 400),
        ],
    );
    check(
        H264MultipleBitrate720p,
        &[(720, 3400), (540, 2250), (540, 1500), (360, 1000), (360, 650), (180, 400)],
    );
    check(H264MultipleBitrateSD, &[(480, 1900), (480, 1300), (360, 900), (360, 650), (240, 400)]);
    check(H264SingleBitrateSD, &[(480, 2200)]);
    check(H264SingleBitrate720p, &[(720, 4500)]);
    check(H264SingleBitrate1080p, &[(1080, 6750)]);
    check(H265SingleBitrate720p, &[(720, 1800)]);
    check(H265SingleBitrate1080p, &[(1080, 3500)]);
    check(AacGoodQualityAudio, &[]);
    check(CopyAllBitrateNonInterleaved, &[(1080, 0)]);
}

#[test]
fn fixed_ladders_do_not_scale_up() {
    let small = || vec![clip_of(Some(video(854, 480, 5.0)), vec![audio(1, 2, None)])];
    let check =
        |name, expected: &[(u32, u64)]| assert_eq!(rungs(&built_in(name, small())), expected, "{name:?}");
    use BuiltInName::*;
    check(H264MultipleBitrate1080p, &[(480, 1500), (360, 1000), (360, 650), (180, 400)]);
    check(H264SingleBitrate1080p, &[(480, 6750)]);
    check(H265SingleBitrate4K, &[(480, 9500)]);
}

#[test]
fn every_audio_track_is_made_and_one_is_the_default() {
    let mut second = audio(2, 6, Some("fra"));
    second.default = true;
    let source =
        clip_of(Some(video(640, 360, 5.0)), vec![audio(1, 2, Some("eng")), second, audio(3, 1, None)]);
    let plan = built_in(BuiltInName::AdaptiveStreaming, vec![source]);
    let told: Vec<_> = plan.audio.iter().map(|track| (track.name.as_str(), track.default)).collect();
    assert_eq!(told, [("aac_eng_2_128", false), ("aac_fra_2_128", true), ("aac_und_2_128", false)]);
}

#[test]
fn files_are_named_by_their_macros_and_labels() {
    let layer = |label: &str, height: u32, bitrate: u32| H264Layer {
        video: VideoLayer {
            label: Some(label.to_owned()),
            height: Some(Dimension::Pixels(height)),
            bitrate,
            ..VideoLayer::default()
        },
        ..H264Layer::default()
    };
    let video = H264Video {
        layers: vec![layer("HD", 720, 3_000_000), layer("SD", 360, 800_000)],
        ..Default::default()
    };
    let sound = AacAudio { label: Some("A".into()), ..AacAudio::default() };
    let file = |labels: &[&str]| Wanted { labels: labels.iter().map(|label| (*label).to_owned()).collect() };
    let preset = Preset::Standard(Standard {
        codecs: vec![Codec::H264Video(video), Codec::AacAudio(sound)],
        formats: vec![Format::Mp4(Mp4Format {
            filename_pattern: "{Basename}-{Label}-{Resolution}-{Codec}-{Bitrate}{Extension}"
                .parse()
                .expect("a pattern"),
            output_files: vec![file(&["HD", "A"]), file(&["SD"]), file(&["A"])],
        })],
        filters: None,
    });
    let plan = plan(&preset, vec![clip(5.0)]).expect("a plan");
    let told: Vec<_> =
        plan.files.iter().map(|file| (file.name.as_str(), file.video, file.audio.as_slice())).collect();
    assert_eq!(
        told,
        [
            ("in-HD-1280x720-H264-3000.mp4", Some(0), &[0][..]),
            ("in-SD-640x360-H264-800.mp4", Some(1), &[][..]),
            ("in-A--AAC-128.mp4", None, &[0][..]),
        ]
    );
}

#[test]
fn plans_are_the_same_twice_and_differ_with_anything() {
    let hash = |name, seconds| built_in(name, vec![clip(seconds)]).hash();
    let usual = hash(BuiltInName::AdaptiveStreaming, 10.0);
    assert_eq!(usual, hash(BuiltInName::AdaptiveStreaming, 10.0));
    assert_ne!(usual, hash(BuiltInName::AdaptiveStreaming, 10.5));
    assert_ne!(usual, hash(BuiltInName::H264MultipleBitrateSD, 10.0));
}
