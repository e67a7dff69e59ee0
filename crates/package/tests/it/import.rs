//! Foreign files: what we serve of them decodes to the frames that they have.

use millrace_media::MediaKind;
use millrace_package::{
    TrackIndex,
    import::{Import, ImportError, ImportWarning, Importer, IsmTrack, SourceBlob, parse_ism},
};

use crate::{
    ffmpeg::{Media, frame_hashes, packets, same_frames},
    store::Store,
};

const SOURCE: &str = "-f lavfi -i testsrc2=size=320x180:rate=25:duration=13 \
     -f lavfi -i sine=frequency=440:sample_rate=48000:duration=13";
const H264: &str =
    "-c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p -force_key_frames expr:gte(t,n_forced*2)";
const AAC: &str = "-c:a aac -aac_pns 0 -b:a 64k -ac 2";

/// Imports one file and gives what it became, checked for warnings.
fn import(media: &Media, args: &str) -> (Store, Import) {
    let mut store = Store::default();
    store.put("in.mp4", media.make("in.mp4", args));
    let import = store.import(&["in.mp4"], None).unwrap();
    assert_eq!(import.warnings, [], "{args}");
    (store, import)
}

fn video(import: &Import) -> &TrackIndex {
    &import.tracks.iter().find(|track| track.index.kind() == MediaKind::Video).unwrap().index
}

fn audio(import: &Import) -> &TrackIndex {
    &import.tracks.iter().find(|track| track.index.kind() == MediaKind::Audio).unwrap().index
}

/// Every frame of the source comes out of our segments.
fn check_frames(media: &Media, store: &Store, index: &TrackIndex, stream: &str) {
    let out = media.write("out.mp4", &store.cmaf(index));
    let expected = frame_hashes(&media.path("in.mp4"), stream);
    let found = frame_hashes(&out, &format!("{}:0", &stream[..1]));
    assert!(same_frames(&found, &expected, stream), "{stream}: {} for {}", found.len(), expected.len());
}

#[test]
fn progressive_files_play_frame_by_frame() {
    let media = Media::new();
    for layout in [
        "",
        "-movflags +faststart",
        "-movflags +frag_keyframe+empty_moov",
        "-movflags +frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets",
        "-movflags +frag_keyframe+separate_moof+omit_tfhd_offset+delay_moov",
    ] {
        let (store, import) = import(&media, &format!("{SOURCE} {H264} {AAC} {layout}"));
        let video = video(&import);
        check_frames(&media, &store, video, "v:0");
        // Without an edit list ffmpeg lets the pictures begin two frames late.
        let begin = video.rows()[0].time;
        let times: Vec<u64> = video.segments().map(|segment| segment.time - begin).collect();
        let second = u64::from(video.timescale().get());
        assert!(begin == 0 || (begin == second * 2 / 25 && layout.ends_with("empty_moov")), "{layout}");
        assert_eq!(times, [0, 6 * second, 12 * second], "{layout}");
        assert_eq!(video.end() - begin, 13 * second, "{layout}");
        let audio = audio(&import);
        check_frames(&media, &store, audio, "a:0");
        for (ours, theirs) in audio.segments().zip(video.segments()) {
            let (ours, theirs) = (ours.time * 1000 / 48_000, theirs.time * 1000 / second);
            assert!(ours.abs_diff(theirs) <= 91, "{layout}: {ours} {theirs}");
        }
    }
}

#[test]
fn only_a_little_of_a_large_file_is_read() {
    let media = Media::new();
    for layout in ["", "-movflags +frag_keyframe+empty_moov+default_base_moof"] {
        let bytes = media.make("in.mp4", &format!("{SOURCE} {H264} -crf 1 {AAC} {layout}"));
        let blob = SourceBlob { name: "in.mp4".into(), size: bytes.len() as u64, etag: String::new() };
        let mut importer = Importer::new(vec![blob], None).unwrap();
        let mut read = 0;
        while let Some(need) = importer.need() {
            read += need.len;
            let start = need.offset as usize;
            let bytes = bytes::Bytes::copy_from_slice(&bytes[start..start + need.len as usize]);
            importer.feed(bytes).unwrap();
        }
        assert!(read * 10 < bytes.len() as u64, "{layout}: {read} of {}", bytes.len());
        assert_eq!(importer.finish().unwrap().tracks.len(), 2);
    }
}

#[test]
fn other_codecs_play() {
    for (codec, stream) in [
        (
            "-c:v libx265 -preset ultrafast -x265-params log-level=none:bframes=3:keyint=50 -tag:v hvc1 -an",
            "v:0",
        ),
        ("-vn -c:a ac3 -b:a 192k", "a:0"),
        ("-vn -c:a eac3 -b:a 192k", "a:0"),
        ("-vn -c:a libopus -strict experimental", "a:0"),
    ] {
        let media = Media::new();
        let (store, import) = import(&media, &format!("{SOURCE} {codec}"));
        assert_eq!(import.tracks.len(), 1);
        let index = &import.tracks[0].index;
        let out = media.write("out.mp4", &store.cmaf(index));
        let (found, expected) =
            (packets(&out, stream, "size"), packets(&media.path("in.mp4"), stream, "size"));
        assert!(
            found.len() > 10 && expected.ends_with(&found) && expected.len() - found.len() <= 1,
            "{codec}"
        );
        assert!(frame_hashes(&out, stream).len() > 10, "{codec}");
    }
}

#[test]
fn a_cut_into_a_group_of_pictures_keeps_picture_and_sound_together() {
    let media = Media::new();
    media.make("long.mp4", &format!("{SOURCE} {H264} {AAC}"));
    // The copy begins at the key frame at 2 s; its edit list hides the second up to 3 s.
    let (store, import) = import(&media, "-ss 3 -i long.mp4 -c copy");
    let (video, audio) = (video(&import), audio(&import));
    assert_eq!(video.rows()[0].time, 0);
    // ffmpeg copies the sound of the hidden second too.
    let begin = audio.rows()[0].time * 1000 / 48_000;
    assert!(begin < 22, "sound begins at {begin} ms");
    let out = media.write("out.mp4", &store.cmaf(video));
    assert_eq!(frame_hashes(&out, "v:0").len(), 25 * 11);
}

#[test]
fn times_far_from_zero_are_brought_back() {
    let media = Media::new();
    let (store, import) = import(
        &media,
        &format!("{SOURCE} {H264} {AAC} -output_ts_offset 3600 -movflags +frag_keyframe+delay_moov"),
    );
    check_frames(&media, &store, video(&import), "v:0");
    assert_eq!(video(&import).rows()[0].time, 0);
    // The priming frame, which now lay before zero, is gone.
    assert!(audio(&import).rows()[0].time < 1024);
}

#[test]
fn a_server_manifest_chooses_and_names_tracks() {
    let (media, mut store) = (Media::new(), Store::default());
    for (name, size) in [("low.mp4", "160x90"), ("high.mp4", "320x180")] {
        let args = format!("{SOURCE} -s {size} {H264} {AAC} -metadata:s:a:0 language=deu");
        store.put(name, media.make(name, &args));
    }
    let ism = br#"<smil><body><switch>
        <video src="high.mp4" systemBitrate="900000"><param name="trackID" value="1"/><param name="trackName" value="video"/></video>
        <video src="low.mp4" systemBitrate="300000"><param name="trackID" value="77"/><param name="trackName" value="video"/></video>
        <audio src="low.mp4" systemBitrate="64000" systemLanguage="ger"><param name="trackID" value="2"/></audio>
        </switch></body></smil>"#;
    let import = store.import(&["low.mp4", "high.mp4"], Some(parse_ism(ism).unwrap())).unwrap();
    assert_eq!(import.warnings, []);
    let described: Vec<(String, u32, Option<&str>)> = import
        .tracks
        .iter()
        .map(|track| track.index.facts())
        .map(|facts| (facts.name.to_string(), facts.bitrate, facts.language.as_deref()))
        .collect();
    assert_eq!(
        described,
        [
            ("video".into(), 900_000, None),
            ("video_2".into(), 300_000, None),
            ("audio_ger".into(), 64_000, Some("ger")),
        ]
    );
    let missing = parse_ism(br#"<smil><video src="gone.mp4"/></smil>"#).unwrap();
    assert!(
        matches!(store.import(&["low.mp4"], Some(missing)), Err(ImportError::MissingFile(name)) if name == "gone.mp4")
    );
    let wrong = vec![IsmTrack {
        kind: MediaKind::Text,
        file: "low.mp4".into(),
        track_id: None,
        bitrate: None,
        name: None,
        language: None,
    }];
    assert!(matches!(store.import(&["low.mp4"], Some(wrong)), Err(ImportError::MissingTrack(_))));
    // Without one, the same sound of both files is one track.
    let import = store.import(&["low.mp4", "high.mp4"], None).unwrap();
    let kinds: Vec<MediaKind> = import.tracks.iter().map(|track| track.index.kind()).collect();
    assert_eq!(kinds, [MediaKind::Video, MediaKind::Video, MediaKind::Audio]);
}

#[test]
fn key_frames_elsewhere_are_told() {
    let (media, mut store) = (Media::new(), Store::default());
    store.put("a.mp4", media.make("a.mp4", &format!("{SOURCE} {H264} -an")));
    store.put("b.mp4", media.make("b.mp4", &format!("{SOURCE} -c:v libx264 -preset ultrafast -g 70 -an")));
    let import = store.import(&["a.mp4", "b.mp4"], None).unwrap();
    assert_eq!(import.tracks.len(), 2);
    let misaligned = ImportWarning::Misaligned { track: "video_2".into(), reference: "video".into() };
    assert_eq!(import.warnings, [misaligned]);
}

#[test]
fn damage_ends_in_an_error_or_a_warning() {
    let (media, mut store) = (Media::new(), Store::default());
    let front = media.make("in.mp4", &format!("{SOURCE} {H264} {AAC} -movflags +faststart"));
    store.put("front.mp4", front[..front.len() / 2].to_vec());
    let import = store.import(&["front.mp4"], None).unwrap();
    assert_eq!(import.warnings, [ImportWarning::Truncated { file: "front.mp4".into() }]);
    for track in &import.tracks {
        assert!(track.index.end() > 0 && !store.cmaf(&track.index).is_empty());
    }
    let back = media.make("back.mp4", &format!("{SOURCE} {H264} {AAC}"));
    store.put("back.mp4", back[..back.len() / 2].to_vec());
    store.put("text.mp4", &b"this is not a movie, whatever it is called"[..]);
    store.put("empty.mp4", &b""[..]);
    for name in ["back.mp4", "text.mp4", "empty.mp4"] {
        let error = store.import(&[name], None).unwrap_err();
        assert!(matches!(error, ImportError::Scan { .. }), "{name}: {error}");
    }
    assert!(matches!(store.import(&[], None), Err(ImportError::NoFiles)));
}

#[test]
fn what_cannot_be_streamed_is_left_out() {
    let (media, mut store) = (Media::new(), Store::default());
    let bytes = media.make("in.mov", &format!("{SOURCE} -c:v mjpeg -pix_fmt yuvj420p {AAC}"));
    store.put("in.mov", bytes.clone());
    let import = store.import(&["in.mov"], None).unwrap();
    assert_eq!(import.tracks.len(), 1);
    assert!(
        matches!(&import.warnings[..], [ImportWarning::Unsupported { track: 1, .. }]),
        "{:?}",
        import.warnings
    );
    store.put("silent.mov", media.make("silent.mov", &format!("{SOURCE} -c:v mjpeg -pix_fmt yuvj420p -an")));
    assert!(
        matches!(store.import(&["silent.mov"], None), Err(ImportError::NoTracks(warnings)) if warnings.len() == 1)
    );
}

#[test]
fn another_version_of_a_file_has_other_urls() {
    let media = Media::new();
    let bytes = media.make("in.mp4", &format!("{SOURCE} {H264} -an"));
    let key = |etag: &str| {
        let blob = SourceBlob { name: "in.mp4".into(), size: bytes.len() as u64, etag: etag.into() };
        let mut importer = Importer::new(vec![blob], None).unwrap();
        while let Some(need) = importer.need() {
            let start = need.offset as usize;
            let bytes = bytes::Bytes::copy_from_slice(&bytes[start..start + need.len as usize]);
            importer.feed(bytes).unwrap();
        }
        importer.finish().unwrap().tracks[0].index.key()
    };
    assert_eq!(key("1"), key("1"));
    assert_ne!(key("1"), key("2"));
}
