//! Progressive files of every kind, sample by sample against ffprobe.

use millrace_media::{CodecConfig, MediaKind, Ratio, Rotation};
use millrace_mp4::read::{Movie, Track};

use crate::support::*;

/// Every sample of every track as ffprobe sees it when told to leave edit lists alone.
fn check_samples(media: &Media, recipe: &str, name: &str) -> Movie {
    let path = media.make(recipe, name);
    let (_, movie) = open(&path);
    for (stream, track) in movie.tracks.iter().enumerate() {
        let expected = packets(&path, stream, &["-ignore_editlist", "1"]);
        assert!(!expected.is_empty(), "{name}: ffprobe sees no packets");
        assert_eq!(found(track), expected, "{name}, stream {stream}");
    }
    movie
}

fn found(track: &Track) -> Vec<Packet> {
    let samples = track.samples.samples().map(|sample| sample.expect("a sound table"));
    let packet = samples.map(|sample| Packet {
        dts: sample.dts,
        pts: sample.pts(),
        size: sample.size,
        pos: sample.offset,
        key: sample.key,
    });
    packet.collect()
}

/// The first packet's times with edit lists applied, the way players see them.
fn check_edits(media: &Media, name: &str, movie: &Movie) {
    for (stream, track) in movie.tracks.iter().enumerate() {
        let expected = &packets(&media.path(name), stream, &[])[0];
        let offset = movie.presentation_offset(track);
        let first = &found(track)[0];
        assert_eq!(
            (first.dts + offset, first.pts + offset),
            (expected.dts, expected.pts),
            "{name}, stream {stream}"
        );
    }
}

fn codecs(movie: &Movie) -> Vec<String> {
    movie.tracks.iter().map(|track| track.config.rfc6381()).collect()
}

#[test]
fn faststart_and_not() {
    let media = Media::new();
    for flags in ["", "-movflags +faststart"] {
        let movie = check_samples(&media, &format!("{VIDEO} {SOUND} {X264} -c:a aac {flags}"), "a.mp4");
        assert_eq!(codecs(&movie), ["avc1.42c00b", "mp4a.40.2"]);
        assert!(!movie.is_fragmented);
        assert_eq!(movie.tracks[0].samples.len(), 50);
        check_edits(&media, "a.mp4", &movie);
    }
}

#[test]
fn b_frames_have_offsets_and_an_edit() {
    let media = Media::new();
    let movie = check_samples(&media, &format!("{VIDEO} {BFRAMES}"), "b.mp4");
    let track = &movie.tracks[0];
    assert!(found(track).iter().any(|packet| packet.pts != packet.dts));
    assert!(movie.presentation_offset(track) < 0, "{:?}", track.edits);
    assert!(track.edits.is_simple());
    check_edits(&media, "b.mp4", &movie);
}

#[test]
fn negative_offsets_instead_of_an_edit() {
    let media = Media::new();
    let path = media.make(&format!("{VIDEO} {BFRAMES} -movflags +negative_cts_offsets"), "n.mp4");
    let (_, movie) = open(&path);
    let offsets: Vec<_> =
        movie.tracks[0].samples.samples().map(|sample| sample.expect("sound").cto).collect();
    assert!(offsets.iter().any(|cto| *cto < 0), "{offsets:?}");
    assert_eq!(offsets[0], 0);
}

#[test]
fn hevc_of_ten_bits() {
    let media = Media::new();
    let encoder =
        "-c:v libx265 -preset ultrafast -x265-params log-level=none:info=0 -pix_fmt yuv420p10le -tag:v hvc1";
    let movie = check_samples(&media, &format!("{VIDEO} {encoder} -color_primaries bt2020"), "h.mp4");
    let video = movie.tracks[0].config.video().expect("a picture");
    assert_eq!((video.width, video.height), (192, 108));
    assert!(codecs(&movie)[0].starts_with("hvc1.2.4.L"), "{:?}", codecs(&movie));
    assert_eq!(video.frame_rate, Ratio::new(25, 1));
    let movie = check_samples(&media, &format!("{VIDEO} {encoder} -tag:v hev1"), "hev1.mp4");
    assert!(codecs(&movie)[0].starts_with("hev1.2.4.L"));
}

#[test]
fn five_one_and_two_languages() {
    let media = Media::new();
    let recipe = format!(
        "{SOUND} {SOUND} -map 0 -map 1 -map 1 -c:a:0 aac -ac:a:0 6 -c:a:1 aac -ac:a:1 2 -c:a:2 ac3 \
         -metadata:s:a:0 language=eng -metadata:s:a:1 language=deu -metadata:s:a:1 handler_name=Deutsch"
    );
    let movie = check_samples(&media, &recipe, "l.mp4");
    let facts = movie.tracks.iter().map(|track| {
        let audio = track.config.audio().expect("sound");
        (track.config.rfc6381(), audio.channels, audio.sample_rate, track.config.language.to_string())
    });
    let facts: Vec<_> = facts.collect();
    assert_eq!(facts[0], ("mp4a.40.2".into(), 6, 48_000, "eng".into()));
    assert_eq!(facts[1], ("mp4a.40.2".into(), 2, 48_000, "deu".into()));
    assert_eq!(facts[2], ("ac-3".into(), 1, 48_000, "und".into()));
    assert_eq!(movie.tracks[1].handler_name, "Deutsch");
    check_edits(&media, "l.mp4", &movie);
}

#[test]
fn rotated_and_anamorphic() {
    let media = Media::new();
    media.make(&format!("{VIDEO} {X264}"), "upright.mp4");
    let upright = media.path("upright.mp4");
    for (degrees, rotation) in
        [(90, Rotation::Clockwise270), (180, Rotation::Half), (270, Rotation::Clockwise90)]
    {
        let recipe = format!("-i {} -c copy -metadata:s:v rotate={degrees}", upright.display());
        let movie = check_samples(&media, &recipe, "turned.mp4");
        let video = movie.tracks[0].config.video().expect("a picture");
        // ffmpeg's own tag counts the turn the other way round.
        assert!([rotation.degrees(), (360 - rotation.degrees()) % 360].contains(&video.rotation.degrees()));
        assert_ne!(video.rotation, Rotation::None);
        let sideways = degrees != 180;
        assert_eq!(video.display_size(), if sideways { (108, 192) } else { (192, 108) });
    }
    let movie = check_samples(&media, &format!("{VIDEO} -vf setsar=4/3 {X264}"), "wide.mp4");
    let video = movie.tracks[0].config.video().expect("a picture");
    assert_eq!((video.sar, video.display_size()), (Ratio::new(4, 3).expect("a ratio"), (256, 108)));
    assert_eq!(video.display_aspect(), Ratio::new(64, 27));
}

#[test]
fn quicktime_files() {
    let media = Media::new();
    let movie = check_samples(
        &media,
        &format!("{VIDEO} {SOUND} {BFRAMES} -c:a aac -ac 2 -timecode 01:00:00:00"),
        "q.mov",
    );
    let kinds: Vec<_> = movie.tracks.iter().map(|track| track.config.kind()).collect();
    assert_eq!(kinds, [MediaKind::Video, MediaKind::Audio], "the timecode track is not played");
    let CodecConfig::Aac(aac) = &movie.tracks[1].config.codec else {
        panic!("the esds is inside a wave box")
    };
    assert_eq!((aac.channels, aac.sample_rate), (2, 48_000));
    let movie = check_samples(&media, &format!("{VIDEO} -c:v prores_ks"), "p.mov");
    assert_eq!(movie.tracks[0].config.fourcc().to_string(), "ap4h");
    assert!(movie.tracks[0].samples.all_key());
}

/// Three layouts of QuickTime's sound description.
#[test]
fn quicktime_sound_descriptions() {
    let media = Media::new();
    for (encoder, fourcc, rate, channels) in [
        ("-c:a pcm_s16be -ac 2", "twos", 48_000, 2),
        ("-c:a pcm_s24le -ac 2 -ar 96000", "lpcm", 96_000, 2),
        ("-c:a pcm_f32le -ac 2 -ar 96000", "lpcm", 96_000, 2),
        ("-c:a alac -ac 2", "alac", 48_000, 2),
    ] {
        let (_, movie) = open(&media.make(&format!("{SOUND} {encoder}"), "s.mov"));
        let track = &movie.tracks[0];
        let audio = track.config.audio().expect("sound");
        let found = (track.config.fourcc().to_string(), audio.sample_rate, audio.channels);
        assert_eq!(found, (fourcc.to_owned(), rate, channels), "{encoder}");
    }
}

#[test]
fn other_codecs() {
    let media = Media::new();
    let recipe = format!(
        "{VIDEO} {SOUND} -c:v libvpx-vp9 -pix_fmt yuv420p -deadline realtime -cpu-used 8 -c:a libopus -ac 2"
    );
    let movie = check_samples(&media, &recipe, "v.mp4");
    assert_eq!(codecs(&movie), ["vp09.00.10.08", "opus"]);
    let movie = check_samples(&media, &format!("{SOUND} -c:a libmp3lame"), "m.mp4");
    assert_eq!(codecs(&movie), ["mp4a.6B"]);
    let movie = check_samples(&media, &format!("{SOUND} -c:a eac3 -ac 6"), "e.mp4");
    assert_eq!(
        (codecs(&movie)[0].as_str(), movie.tracks[0].config.audio().map(|audio| audio.channels)),
        ("ec-3", Some(6))
    );
    let recipe = "-f lavfi -i testsrc=s=192x108:r=25:d=0.2 -c:v libsvtav1 -preset 12 -pix_fmt yuv420p";
    let movie = check_samples(&media, recipe, "1.mp4");
    assert!(codecs(&movie)[0].starts_with("av01.0.00M.08"), "{:?}", codecs(&movie));
}

#[test]
fn one_picture_and_a_late_start() {
    let media = Media::new();
    let movie = check_samples(&media, &format!("{VIDEO} -frames:v 1 {X264}"), "one.mp4");
    assert_eq!(movie.tracks[0].samples.len(), 1);
    let recipe = format!("{VIDEO} -itsoffset 0.5 {SOUND} {BFRAMES} -c:a aac");
    let movie = check_samples(&media, &recipe, "late.mp4");
    assert!(
        movie.presentation_offset(&movie.tracks[1]) > 20_000,
        "half a second at 48 kHz, less the priming"
    );
    check_edits(&media, "late.mp4", &movie);
}

#[test]
fn odd_sizes_are_the_cropped_ones() {
    let media = Media::new();
    let movie = check_samples(&media, &format!("-f lavfi -i testsrc=s=318x178:r=25:d=0.2 {X264}"), "o.mp4");
    let video = movie.tracks[0].config.video().expect("a picture");
    assert_eq!((video.width, video.height), (318, 178));
}
