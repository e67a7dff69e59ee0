//! Foreign files: what we serve of them decodes to the frames that they have.

use millrace_media::MediaKind;
use millrace_package::{
    TrackIndex,
    import::{Import, ImportError, ImportWarning, IsmTrack, parse_ism},
};

use crate::{
    ffmpeg::{Media, frame_hashes, packets, probe},
    store::Store,
};

const SOURCE: &str = "-f lavfi -i testsrc2=size=320x180:rate=25:duration=13 \
     -f lavfi -i sine=frequency=440:sample_rate=48000:duration=13";
const H264: &str =
    "-c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p -force_key_frames expr:gte(t,n_forced*2)";
const AAC: &str = "-c:a aac -b:a 64k -ac 2";

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
    assert!(expected.len() > 10);
    assert_eq!(found.len(), expected.len());
    assert!(found == expected, "frames of {stream} differ");
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
        for (ours, theirs) in audio.segments().zip(video.segments()) {
            let (ours, theirs) = (ours.time * 1000 / 48_000, theirs.time * 1000 / second);
            assert!(ours.abs_diff(theirs) <= 91, "{layout}: {ours} {theirs}");
        }
    }
}
