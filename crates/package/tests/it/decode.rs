//! Every format that is planned decodes to the frames of the source.

use std::path::Path;

use bytes::Bytes;
use millrace_media::{MediaKind, Timescale, TrackConfig};
use millrace_mp4::{
    BoxHeader,
    read::{Fragment, TrackDefaults},
    write::{TrackInit, init_segment},
};
use millrace_package::{PlanError, TrackIndex, import::Import, plan};

use crate::{
    ffmpeg::{Media, frame_hashes, packets, same_frames},
    store::Store,
};

/// B-frames, key frames every 2 s, and a length that is no multiple of anything. No noise substitution in the sound: what
/// a decoder makes of it depends on how many frames it has seen.
const SOURCE: &str = "-f lavfi -i testsrc2=size=320x180:rate=30000/1001:duration=14.3 \
     -f lavfi -i sine=frequency=440:sample_rate=44100:duration=14.3 \
     -c:v libx264 -preset ultrafast -bf 3 -b_strategy 0 -g 60 -keyint_min 60 -sc_threshold 0 -pix_fmt yuv420p \
     -c:a aac -aac_pns 0 -b:a 64k -ac 2";

struct Title {
    media: Media,
    store: Store,
    import: Import,
}

impl Title {
    fn new() -> Self {
        Self::made_of(SOURCE)
    }

    fn made_of(source: &str) -> Self {
        let (media, mut store) = (Media::new(), Store::default());
        store.put("in.mp4", media.make("in.mp4", source));
        let import = store.import(&["in.mp4"], None).unwrap();
        assert_eq!(import.warnings, []);
        Self { media, store, import }
    }

    fn index(&self, kind: MediaKind) -> &TrackIndex {
        &self.import.tracks.iter().find(|track| track.index.kind() == kind).unwrap().index
    }

    fn source(&self, stream: &str) -> Vec<String> {
        frame_hashes(&self.media.path("in.mp4"), stream)
    }

    fn assert_frames(&self, path: &Path, stream: &str) {
        let (found, expected) = (frame_hashes(path, stream), self.source(stream));
        assert!(
            same_frames(&found, &expected, stream),
            "{stream}: {} frames for {}",
            found.len(),
            expected.len()
        );
    }

    /// Presentation times of a file's packets in milliseconds, in order, from the first.
    fn times(&self, name: &str, stream: &str) -> Vec<i64> {
        let seconds = |text: String| (text.parse::<f64>().unwrap() * 1000.0).round() as i64;
        let mut times: Vec<i64> =
            packets(&self.media.path(name), stream, "pts_time").into_iter().map(seconds).collect();
        times.sort_unstable();
        let first = times[0];
        times.into_iter().map(|time| time - first).collect()
    }

    fn assert_times(&self, name: &str, stream: &str, source: &str) {
        let (ours, theirs) = (self.times(name, stream), self.times("in.mp4", source));
        // ffprobe shows the source's priming frame, which begins before zero, too.
        let theirs = &theirs[theirs.len() - ours.len()..];
        let begin = theirs[0];
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert!(ours.abs_diff(theirs - begin) <= 1, "{name} {stream}: {ours} {theirs}");
        }
    }
}

#[test]
fn cmaf_plays() {
    let title = Title::new();
    for (kind, stream) in [(MediaKind::Video, "v:0"), (MediaKind::Audio, "a:0")] {
        let path = title.media.write("out.mp4", &title.store.cmaf(title.index(kind)));
        title.assert_frames(&path, stream);
        title.assert_times("out.mp4", stream, stream);
    }
    // A control: a segment less does not pass.
    let index = title.index(MediaKind::Video);
    let whole = title.store.cmaf(index);
    let last = index.last_segment().unwrap();
    let short = &whole[..whole.len() - last.size as usize];
    let path = title.media.write("short.mp4", short);
    assert!(frame_hashes(&path, "v:0") != title.source("v:0"));
}

/// Initialization segment and all fragments as Smooth Streaming has them.
fn smooth(title: &Title, index: &TrackIndex) -> Vec<u8> {
    let config = TrackConfig { timescale: Timescale::HNS, ..index.config().clone() };
    let mut out = init_segment(&[TrackInit::new(&config)]).unwrap().to_vec();
    for row in index.rows() {
        let scale = std::num::NonZeroU32::new(index.timescale().get()).unwrap();
        let time = millrace_manifest::smooth::chunk_time(row.time, scale);
        out.extend_from_slice(&title.store.run(plan::smooth(index, time).unwrap()));
    }
    out
}

#[test]
fn smooth_plays() {
    let title = Title::new();
    for (kind, stream) in [(MediaKind::Video, "v:0"), (MediaKind::Audio, "a:0")] {
        let index = title.index(kind);
        let path = title.media.write("out.ismv", &smooth(&title, index));
        title.assert_frames(&path, stream);
        title.assert_times("out.ismv", stream, stream);
        assert_eq!(plan::smooth(index, 1).unwrap_err(), PlanError::NotFound { time: 1 });
    }
}

/// When a Smooth Streaming client shows the samples, in milliseconds: it counts from the time of each fragment.
fn smooth_times(file: &[u8]) -> Vec<i64> {
    let mut rest = Bytes::copy_from_slice(file);
    let mut times = Vec::new();
    while let Some(header) = BoxHeader::parse(&rest).unwrap() {
        let atom = rest.split_to(header.size.unwrap() as usize);
        if header.kind.0 != *b"moof" {
            continue;
        }
        let fragment = Fragment::parse_with(&atom, 0, |_| TrackDefaults::default()).unwrap();
        let track = &fragment.tracks[0];
        let absolute = track.absolute.unwrap();
        assert_eq!(track.duration, absolute.duration);
        let mut decoded = absolute.time as i64;
        for sample in track.samples() {
            times.push((decoded + sample.cto + 5000).div_euclid(10_000));
            decoded += i64::from(sample.duration);
        }
    }
    times
}

#[test]
fn a_varying_frame_rate_keeps_its_times() {
    let title = Title::made_of(
        "-f lavfi -i testsrc2=size=320x180:rate=50:duration=12 \
         -vf select=not(mod(n\\,7))*lt(mod(n\\,150)\\,100)+not(mod(n\\,150)) -fps_mode vfr \
         -c:v libx264 -preset ultrafast -bf 3 -b_strategy 0 -sc_threshold 0 -pix_fmt yuv420p \
         -force_key_frames expr:gte(t,n_forced*3+0.1)",
    );
    let index = title.index(MediaKind::Video);
    for (name, bytes) in [("out.mp4", title.store.cmaf(index)), ("out.ismv", smooth(&title, index))] {
        let path = title.media.write(name, &bytes);
        title.assert_frames(&path, "v:0");
        title.assert_times(name, "v:0", "v:0");
    }
    let expected = title.times("in.mp4", "v:0");
    let mut found = smooth_times(&smooth(&title, index));
    found.sort_unstable();
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!(found.abs_diff(*expected) <= 1, "{found} {expected}");
    }
    let segments = index.segments().map(|segment| plan::ts_segment(index, None, segment.time).unwrap());
    let bytes: Vec<u8> = segments.flat_map(|plan| title.store.run(plan)).collect();
    title.media.write("out.ts", &bytes);
    title.assert_times("out.ts", "v:0", "v:0");
}

#[test]
fn transport_streams_play() {
    let title = Title::new();
    for (kind, stream) in [(MediaKind::Video, "v:0"), (MediaKind::Audio, "a:0")] {
        let index = title.index(kind);
        let segments = index.segments().map(|segment| plan::ts_segment(index, None, segment.time).unwrap());
        let bytes: Vec<u8> = segments.flat_map(|plan| title.store.run(plan)).collect();
        let path = title.media.write("out.ts", &bytes);
        title.assert_frames(&path, stream);
        title.assert_times("out.ts", stream, stream);
        let dts: Vec<f64> = packets(&path, stream, "dts_time").iter().map(|t| t.parse().unwrap()).collect();
        assert!(dts.windows(2).all(|pair| pair[0] < pair[1]), "decode times of {stream} rise");
    }
}

#[test]
fn muxed_transport_streams_have_every_sound_once() {
    let title = Title::new();
    let (video, audio) = (title.index(MediaKind::Video), title.index(MediaKind::Audio));
    let segments =
        video.segments().map(|segment| plan::ts_segment(video, Some(audio), segment.time).unwrap());
    let bytes: Vec<u8> = segments.flat_map(|plan| title.store.run(plan)).collect();
    let path = title.media.write("out.ts", &bytes);
    for stream in ["v:0", "a:0"] {
        title.assert_frames(&path, stream);
        title.assert_times("out.ts", stream, stream);
    }
    // Sound and picture keep their distance.
    let first = |stream: &str| packets(&path, stream, "pts_time")[0].parse::<f64>().unwrap();
    assert!((first("v:0") - first("a:0")).abs() < 0.024, "{} {}", first("v:0"), first("a:0"));
}

#[test]
fn key_frames_stand_alone() {
    let title = Title::new();
    let index = title.index(MediaKind::Video);
    let source = title.source("v:0");
    let mut cmaf = index.init().to_vec();
    let mut ts = Vec::new();
    let mut expected = Vec::new();
    let mut frame = 0;
    for row in index.rows() {
        let plan = plan::keyframe(index, row.time).unwrap();
        if let plan::Step::Read(request) = &plan.step {
            assert_eq!(request.len(), u64::from(row.head_size + row.key_size), "no more than that is read");
        }
        cmaf.extend_from_slice(&title.store.run(plan));
        ts.extend_from_slice(&title.store.run(plan::ts_keyframe(index, row.time).unwrap()));
        expected.push(source[frame].clone());
        frame += row.samples as usize;
    }
    assert_eq!((frame, expected.len()), (source.len(), index.rows().len()));
    for (name, bytes) in [("keys.mp4", &cmaf), ("keys.ts", &ts)] {
        assert!(frame_hashes(&title.media.write(name, bytes), "v:0") == expected, "{name}");
    }
}

#[test]
fn a_clear_segment_needs_no_look_at_media() {
    let title = Title::new();
    let index = title.index(MediaKind::Audio);
    let segment = index.segments().nth(1).unwrap();
    let plan = plan::segment(index, segment.time).unwrap();
    let plan::Step::Body(body) = &plan.step else { panic!("it is read first") };
    assert_eq!((body.len(), plan.content_type), (segment.size, "audio/mp4"));
    let whole = title.store.body(body);
    for range in [0..1, 0..500, 700..9000, body.len() - 3..body.len() + 5] {
        let part = title.store.body(&body.slice(range.clone()));
        let end = whole.len().min(range.end as usize);
        assert_eq!(part, whole.slice(range.start as usize..end), "{range:?}");
    }
    let between = index.rows()[segment.rows.start + 1].time;
    assert_eq!(plan::segment(index, between).unwrap_err(), PlanError::NotFound { time: between });
}
