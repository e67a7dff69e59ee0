//! Inputs as they come: each encodes right, or the job says why not.
//!
//! Every video here flashes white and beeps once a second from second 0.4 on, so that what is measured on the output is
//! compared with what the input shows by itself. Chunks are as short as they can be, so that every input is cut several times.

use std::path::{Path, PathBuf};

use millrace_catalog::job::{ErrorCode, Job, JobState};
use millrace_catalog::preset::{
    AacAudio, Codec, Complexity, Dimension, Fade, Filters, Format, H264Layer, H264Video, H265Layer,
    H265Video, Mp4Format, Preset, Rectangle, Rotation, Standard, VideoCommon, VideoLayer,
};
use millrace_encode::plan::ChunkLengths;

use crate::house::{House, asset_input};
use crate::media::{ask, flashes_and_beeps, frames, make, size};

/// One layer of the source's size, as quick as can be.
fn quick() -> Preset {
    let layer = VideoLayer { bitrate: 600_000, ..VideoLayer::default() };
    let video = H264Video {
        common: VideoCommon::default(),
        complexity: Complexity::Speed,
        layers: vec![H264Layer { video: layer, ..H264Layer::default() }],
        ..H264Video::default()
    };
    Preset::Standard(Standard {
        codecs: vec![Codec::H264Video(video), Codec::AacAudio(AacAudio::default())],
        formats: vec![Format::Mp4(Mp4Format {
            filename_pattern: "{Basename}{Extension}".parse().expect("a pattern"),
            output_files: Vec::new(),
        })],
        filters: None,
    })
}

/// A job on one file, with chunks of one GOP.
async fn run(house: &House, file: &Path) -> Job {
    let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    house.upload("in", file, &name).await;
    house.transform("t", vec![quick()]).await;
    house.submit("t", asset_input("in", &[&name]), &["out"]).await;
    house.ended("t").await
}

async fn house() -> House {
    House::open_with(|config| {
        config.lengths = ChunkLengths { first_us: 2_000_000, other_us: 2_000_000 };
        config.encoders = 2;
    })
    .await
}

/// What an output must show.
#[derive(Debug, Clone, Copy)]
struct Expect {
    frames: u64,
    size: (u32, u32),
    /// Whether flashes and beeps are compared; short clips have none.
    sync: bool,
}

/// The output of a job that finished: one file with picture and sound.
async fn output(house: &House, job: &Job) -> PathBuf {
    assert_eq!(job.state, JobState::Finished, "{:?}", job.outputs[0].error);
    let names = house.names("out", false).await;
    let name = names.iter().find(|name| name.ends_with(".mp4")).expect("an output").clone();
    house.download("out", &name).await
}

async fn check(house: &House, file: &Path, expect: Expect) -> PathBuf {
    let job = run(house, file).await;
    let path = output(house, &job).await;
    assert_eq!(frames(&path), expect.frames, "frames of {}", file.display());
    assert_eq!(size(&path), expect.size, "size of {}", file.display());
    assert_eq!(ask(&path, "-select_streams v -show_entries stream=sample_aspect_ratio"), ["1:1"]);
    if expect.sync {
        in_sync(file, &path);
    }
    path
}

/// Flashes and beeps are as far apart as in the input, within 20 ms.
fn in_sync(input: &Path, output: &Path) {
    let apart = |path: &Path| -> Vec<f64> {
        let (flashes, beeps) = flashes_and_beeps(path, path);
        assert!(
            flashes.len() >= 2 && flashes.len() == beeps.len(),
            "{}: {flashes:?}, {beeps:?}",
            path.display()
        );
        flashes.iter().zip(&beeps).map(|(flash, beep)| beep - flash).collect()
    };
    let (before, mut after) = (apart(input), apart(output));
    // ffmpeg reads negative composition offsets as a late start; by its own times, ours begins with the first frame at 0.
    let late = first_frame(output);
    after.iter_mut().for_each(|apart| *apart += late);
    assert_eq!(before.len(), after.len(), "{before:?} {after:?}");
    for (before, after) in before.iter().zip(&after) {
        assert!((before - after).abs() < 0.020, "{}: {before:?} became {after:?}", input.display());
    }
}

/// Seconds at which ffmpeg says that the first frame stands.
fn first_frame(path: &Path) -> f64 {
    let told = ask(path, "-select_streams v -show_entries packet=pts_time -read_intervals %+#1");
    told.first().and_then(|text| text.parse().ok()).expect("a time")
}

/// A dark picture that is white for a tenth of each second, and a tone for the same tenth.
fn flashing(size: &str, rate: &str, seconds: f64) -> String {
    format!(
        "-f lavfi -i 'color=black:s={size}:r={rate}:d={seconds},geq=lum=if(between(mod(T-0.3999\\,1)\\,0\\,0.1)*gt(T\\,0.3)\\,235\\,16):cb=128:cr=128' \
         -f lavfi -i 'aevalsrc=0.5*sin(2*PI*1000*t)*between(mod(t-0.4\\,1)\\,0\\,0.1)*gt(t\\,0.3):s=48000:d={seconds}' "
    )
}

const X264: &str = "-c:v libx264 -preset ultrafast -g 40 -bf 2 -pix_fmt yuv420p ";

#[tokio::test(flavor = "multi_thread")]
async fn the_measure_itself_finds_a_shift() {
    let dir = tempfile::tempdir().expect("a directory");
    let shifted = format!("{} -af adelay=60 {X264} -c:a aac", flashing("64x64", "25", 3.0));
    let path = make(dir.path(), "shifted.mp4", &shifted);
    let (flashes, beeps) = flashes_and_beeps(&path, &path);
    let off: Vec<f64> = flashes.iter().zip(&beeps).map(|(flash, beep)| beep - flash).collect();
    assert!(off.len() >= 2 && off.iter().all(|off| (off - 0.060).abs() < 0.015), "{off:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_mp4_in_many_chunks() {
    let house = house().await;
    let file =
        make(house.dir.path(), "plain.mp4", &format!("{} {X264} -c:a aac", flashing("128x72", "25", 7.0)));
    check(&house, &file, Expect { frames: 175, size: (128, 72), sync: true }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transport_stream_with_a_broken_start() {
    let house = house().await;
    let whole = make(
        house.dir.path(),
        "whole.ts",
        &format!(
            "{} -c:v mpeg2video -b:v 500k -g 20 -bf 2 -sc_threshold 1000000000 -c:a mp2 -f mpegts",
            flashing("128x96", "25", 5.0)
        ),
    );
    let bytes = std::fs::read(&whole).expect("the stream");
    let file = house.dir.path().join("broken.ts");
    // In the middle of a packet of the first pictures.
    std::fs::write(&file, &bytes[20_000..]).expect("a file");
    let job = run(&house, &file).await;
    let path = output(&house, &job).await;
    // The input's first beep has no picture left; of the others each meets its flash, as it was made.
    let (flashes, beeps) = flashes_and_beeps(&path, &path);
    let late = first_frame(&path);
    assert!(flashes.len() >= 4, "{flashes:?}");
    for flash in &flashes {
        let near = beeps.iter().any(|beep| (flash - late - beep).abs() < 0.020);
        assert!(near, "{flashes:?} {beeps:?}");
    }
    let expected = crate::media::frames_of_damaged(&file);
    assert!(expected > 80 && frames(&path).abs_diff(expected) <= 2, "{} of {expected}", frames(&path));
}

#[tokio::test(flavor = "multi_thread")]
async fn transport_stream_with_a_late_clock() {
    let house = house().await;
    let options = "-c:a aac -output_ts_offset 95000 -f mpegts";
    let file = make(
        house.dir.path(),
        "late.ts",
        &format!("{} {X264} {options}", flashing("128x72", "30000/1001", 5.0)),
    );
    check(&house, &file, Expect { frames: frames(&file), size: (128, 72), sync: true }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn matroska_with_millisecond_clock_and_start() {
    let house = house().await;
    let options = "-c:a libopus -output_ts_offset 3.217";
    let file = make(
        house.dir.path(),
        "start.mkv",
        &format!("{} {X264} {options}", flashing("128x72", "30000/1001", 5.0)),
    );
    let path = check(&house, &file, Expect { frames: frames(&file), size: (128, 72), sync: true }).await;
    let steps: Vec<String> = ask(&path, "-select_streams v -show_entries packet=duration");
    assert!(steps.iter().all(|step| step == "3003"), "frames stand on an even grid: {steps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_begins_later_or_earlier() {
    for (name, shift) in [("later.mp4", "0.7"), ("earlier.mp4", "-0.7")] {
        let house = house().await;
        // Picture first, sound shifted against it: the beep of the source is off by as much, and stays so.
        let sound = format!(
            "-itsoffset {shift} -f lavfi -i 'aevalsrc=0.5*sin(2*PI*1000*t)*between(mod(t-0.4\\,1)\\,0\\,0.1)*gt(t\\,0.3):s=48000:d=5'"
        );
        let video = flashing("128x72", "25", 5.0);
        let video = video.split("-f lavfi -i 'aevalsrc").next().expect("the picture").to_owned();
        let file = make(house.dir.path(), name, &format!("{video} {sound} {X264} -c:a aac"));
        let job = run(&house, &file).await;
        let path = output(&house, &job).await;
        let (flashes, beeps) = flashes_and_beeps(&path, &path);
        assert!(flashes.len() >= 4, "{flashes:?}");
        let shift: f64 = shift.parse().expect("a number");
        for beep in &beeps {
            let off = (beep - 0.4 - shift).rem_euclid(1.0);
            assert!(off.min(1.0 - off) < 0.020, "{name}: {flashes:?} {beeps:?}");
        }
        assert!(beeps.len() >= 3, "{beeps:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn variable_frame_rate_keeps_every_frame_in_its_place() {
    let house = house().await;
    // Every third frame is missing, and a whole second near a cut.
    let drop = "-vf 'select=gt(mod(n\\,3)\\,0)*not(between(t\\,1.7\\,2.3))' -vsync vfr";
    let file = make(
        house.dir.path(),
        "phone.mp4",
        &format!("{} {drop} {X264} -c:a aac", flashing("128x72", "30", 7.0)),
    );
    let path = check(&house, &file, Expect { frames: frames(&file), size: (128, 72), sync: true }).await;
    let times = |path: &Path| -> Vec<i64> {
        let text = ask(path, "-select_streams v -show_entries packet=pts_time");
        let mut times: Vec<i64> =
            text.iter().map(|time| (time.parse::<f64>().expect("a time") * 1000.0).round() as i64).collect();
        times.sort_unstable();
        times
    };
    let (input, output) = (times(&file), times(&path));
    assert_eq!(input.len(), output.len());
    for (before, after) in input.iter().zip(&output) {
        assert!(((before - input[0]) - (after - output[0])).abs() <= 1, "{input:?} {output:?}");
    }
    // Fragments join without a gap.
    for index in house.indexes("out").await {
        for pair in index.rows().windows(2) {
            assert_eq!(pair[0].end(), pair[1].time, "{}", index.facts().name);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_film_repeated_by_copy_keeps_every_frame() {
    let house = house().await;
    // The sound is 11 ms longer than the picture: the rate looks constant, and yet the frames of the third and fourth turn
    // stand 19 and 8 ms before the grid.
    let turn = make(
        house.dir.path(),
        "turn.mp4",
        &format!(
            "-f lavfi -i testsrc2=s=128x72:r=25:d=20 -f lavfi -i sine=d=20.005:sample_rate=48000 {X264} -c:a aac"
        ),
    );
    let repeat = format!("-stream_loop 3 -i {} -c copy", turn.display());
    let file = make(house.dir.path(), "film.mp4", &repeat);
    assert_eq!(frames(&file), 4 * 500);
    check(&house, &file, Expect { frames: 4 * 500, size: (128, 72), sync: false }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rotated_phone_video_stands_upright() {
    let house = house().await;
    let lying = make(
        house.dir.path(),
        "lying.mp4",
        &format!("-f lavfi -i 'color=black:s=128x72:r=25:d=2,drawbox=0:0:64:72:white:fill' {X264}"),
    );
    let file = make(
        house.dir.path(),
        "phone.mov",
        &format!("-i {} -c copy -metadata:s:v rotate=90", lying.display()),
    );
    let path = check(&house, &file, Expect { frames: 50, size: (72, 128), sync: false }).await;
    // White was on the left of the lying picture; ffmpeg 5 and 6 write this tag as a quarter turn to the left, which brings
    // it to the bottom.
    let level = |part: &str| -> f64 {
        let graph = format!(
            "-f lavfi -show_entries frame_tags=lavfi.signalstats.YAVG 'movie={},crop={part},signalstats'",
            path.display()
        );
        ask_lavfi(&graph)
    };
    let (top, bottom) = (level("72:32:0:0"), level("72:32:0:96"));
    assert!(top < 40.0 && bottom > 200.0, "top {top}, bottom {bottom}");
}

fn ask_lavfi(arguments: &str) -> f64 {
    let words = arguments.split(" '").collect::<Vec<_>>();
    let done = std::process::Command::new("ffprobe")
        .args(["-v", "error", "-of", "csv=p=0"])
        .args(words[0].split(' '))
        .arg(words[1].trim_end_matches('\''))
        .output()
        .expect("ffprobe runs");
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    text.lines().next().and_then(|line| line.trim_end_matches(',').parse().ok()).expect("a level")
}

#[tokio::test(flavor = "multi_thread")]
async fn anamorphic_and_odd_sizes_become_square_and_even() {
    for (name, size, aspect, expected) in [
        ("wide.mp4", "144x96", "-vf setsar=4/3", (192, 96)),
        ("odd.mkv", "131x75", "-vf setsar=1", (130, 74)),
    ] {
        let house = house().await;
        let codec = if name.ends_with("mkv") { "-c:v ffv1 -pix_fmt yuv444p" } else { X264 };
        let file =
            make(house.dir.path(), name, &format!("-f lavfi -i testsrc2=s={size}:r=25:d=3 {aspect} {codec}"));
        check(&house, &file, Expect { frames: 75, size: expected, sync: false }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn interlaced_becomes_progressive() {
    let house = house().await;
    let options = "-vf 'scale=128:96,tinterlace=mode=interleave_top,fieldorder=tff' -c:v mpeg2video -flags +ildct+ilme -b:v 800k -c:a mp2";
    let file = make(house.dir.path(), "fields.mpg", &format!("{} {options}", flashing("128x96", "50", 5.0)));
    let path = check(&house, &file, Expect { frames: frames(&file), size: (128, 96), sync: true }).await;
    assert_eq!(ask(&path, "-select_streams v -show_entries stream=field_order"), ["progressive"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_codecs_and_containers() {
    for (name, options) in [
        (
            "ten.mp4",
            "-c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv420p10le -c:a aac",
        ),
        ("web.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 300k -c:a libopus"),
        ("master.mov", "-c:v prores_ks -profile:v 0 -c:a pcm_s16le"),
        ("old.avi", "-c:v mpeg4 -bf 0 -c:a mp3"),
        ("flash.flv", "-c:v flv1 -b:v 400k -ar 44100 -c:a mp3"),
        ("h.mkv", "-c:v libx264 -preset ultrafast -bf 3 -g 30 -pix_fmt yuv422p10le -c:a ac3"),
    ] {
        let house = house().await;
        let file = make(house.dir.path(), name, &format!("{} {options}", flashing("128x72", "25", 5.0)));
        check(&house, &file, Expect { frames: 125, size: (128, 72), sync: true }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_audio_tracks_and_six_channels() {
    let house = house().await;
    let file = make(
        house.dir.path(),
        "tongues.mkv",
        &format!(
            "{} -f lavfi -i 'sine=f=300:d=4:r=44100,aformat=channel_layouts=5.1' -map 0:v -map 1:a -map 2:a {X264} \
             -c:a:0 aac -c:a:1 ac3 -metadata:s:a:0 language=eng -metadata:s:a:1 language=fra",
            flashing("128x72", "25", 4.0)
        ),
    );
    let path = check(&house, &file, Expect { frames: 100, size: (128, 72), sync: true }).await;
    let told = ask(&path, "-select_streams a -show_entries stream=channels,sample_rate:stream_tags=language");
    assert_eq!(told, ["48000,2,eng", "48000,2,fra"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn almost_nothing_is_still_a_video() {
    for (name, options, expected) in [
        ("one.mp4", format!("-f lavfi -i testsrc2=s=64x64:r=25:d=0.04 {X264}"), 1),
        ("twenty.mkv", format!("-f lavfi -i testsrc2=s=64x64:r=100:d=0.02 {X264}"), 2),
        ("silent.mp4", format!("-f lavfi -i testsrc2=s=64x64:r=10:d=3 {X264}"), 30),
    ] {
        let house = house().await;
        let file = make(house.dir.path(), name, &options);
        check(&house, &file, Expect { frames: expected, size: (64, 64), sync: false }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_without_picture() {
    let house = house().await;
    let file = make(house.dir.path(), "song.mp3", "-f lavfi -i sine=f=440:d=3 -c:a libmp3lame");
    let job = run(&house, &file).await;
    let path = output(&house, &job).await;
    assert_eq!(ask(&path, "-show_entries stream=codec_name"), ["aac"]);
    let lasts: f64 = ask(&path, "-show_entries format=duration")[0].parse().expect("a time");
    assert!((lasts - 3.0).abs() < 0.1, "{lasts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_files_are_told_by_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let film = make(
        dir.path(),
        "film.mp4",
        &format!("-f lavfi -i testsrc2=s=128x72:r=25:d=8 {X264} -movflags +faststart"),
    );
    let tail = make(dir.path(), "tail.mp4", &format!("-f lavfi -i testsrc2=s=128x72:r=25:d=4 {X264}"));
    let cut = |path: &Path, share: usize| {
        let bytes = std::fs::read(path).expect("the file");
        bytes[..bytes.len() * share / 100].to_vec()
    };
    let playlist =
        b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n".to_vec();
    let script = b"ffconcat version 1.0\nfile '/etc/passwd'\n".to_vec();
    for (name, bytes, code, says) in [
        ("empty.mp4", Vec::new(), ErrorCode::ContentMalformed, "empty"),
        (
            "letter.mp4",
            b"Dear reader, this is no film.\n".repeat(50),
            ErrorCode::ContentMalformed,
            "not a video",
        ),
        ("no index.mp4", cut(&tail, 60), ErrorCode::ContentMalformed, "truncated"),
        ("half.mp4", cut(&film, 50), ErrorCode::ContentMalformed, "truncated"),
        ("list.m3u8", playlist, ErrorCode::ContentUnsupported, "supported container"),
        ("list.mp4", script, ErrorCode::ContentUnsupported, "supported container"),
    ] {
        let house = house().await;
        let file = house.dir.path().join(name);
        std::fs::write(&file, bytes).expect("a file");
        let job = run(&house, &file).await;
        assert_eq!(job.state, JobState::Error, "{name}");
        let error = job.outputs[0].error.clone().expect("a reason");
        assert_eq!(error.code, code, "{name}: {}", error.message);
        assert!(error.message.contains(name) && error.message.contains(says), "{name}: {}", error.message);
    }
}

/// A preset of these codecs, with files named after track and size.
fn standard(codecs: Vec<Codec>, filters: Option<Filters>) -> Preset {
    Preset::Standard(Standard {
        codecs,
        formats: vec![Format::Mp4(Mp4Format {
            filename_pattern: "{Basename}-{Codec}-{Resolution}{Extension}".parse().expect("a pattern"),
            output_files: Vec::new(),
        })],
        filters,
    })
}

async fn run_preset(house: &House, file: &Path, preset: Preset) -> Job {
    let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    house.upload("in", file, &name).await;
    house.transform("t", vec![preset]).await;
    house.submit("t", asset_input("in", &[&name]), &["out"]).await;
    house.ended("t").await
}

#[tokio::test(flavor = "multi_thread")]
async fn h265_from_high_dynamic_range() {
    let house = house().await;
    let file = make(
        house.dir.path(),
        "hdr.mkv",
        "-f lavfi -i testsrc2=s=128x72:r=25:d=5 -c:v libx265 -preset ultrafast -pix_fmt yuv420p10le \
         -x265-params log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc \
         -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc",
    );
    let layer = VideoLayer { bitrate: 400_000, ..VideoLayer::default() };
    let video = H265Video {
        complexity: Complexity::Speed,
        layers: vec![H265Layer { video: layer, ..H265Layer::default() }],
        ..H265Video::default()
    };
    let job = run_preset(&house, &file, standard(vec![Codec::H265Video(video)], None)).await;
    let path = output(&house, &job).await;
    assert_eq!(frames(&path), 125);
    let told = ask(
        &path,
        "-select_streams v -show_entries stream=codec_name,codec_tag_string,pix_fmt,color_transfer",
    );
    assert_eq!(told, ["hevc,hvc1,yuv420p,bt709"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_of_their_own_rate_and_size() {
    let house = house().await;
    let file =
        make(house.dir.path(), "film.mp4", &format!("{} {X264} -c:a aac", flashing("192x108", "50", 5.0)));
    let layer = |rate: Option<&str>, height: u32| H264Layer {
        video: VideoLayer {
            bitrate: 300_000,
            height: Some(Dimension::Pixels(height)),
            frame_rate: rate.map(|rate| rate.parse().expect("a rate")),
            ..VideoLayer::default()
        },
        ..H264Layer::default()
    };
    let video = H264Video {
        complexity: Complexity::Speed,
        layers: vec![layer(None, 108), layer(Some("25"), 72), layer(Some("30000/1001"), 36)],
        ..H264Video::default()
    };
    let codecs = vec![Codec::H264Video(video), Codec::AacAudio(AacAudio::default())];
    let job = run_preset(&house, &file, standard(codecs, None)).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.outputs[0].error);
    for (size, count) in [("192x108", 250), ("128x72", 125), ("64x36", 150)] {
        let path = house.download("out", &format!("film-H264-{size}.mp4")).await;
        assert!(frames(&path).abs_diff(count) <= 1, "{size}: {}", frames(&path));
        in_sync(&file, &path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crop_rotation_and_fade() {
    let house = house().await;
    let file =
        make(house.dir.path(), "white.mp4", &format!("-f lavfi -i color=white:s=128x72:r=25:d=6 {X264}"));
    let fade = |start: Option<&str>| Fade {
        duration: "PT1S".parse().expect("a time"),
        start: start.map(|start| start.parse().expect("a time")),
        color: "black".parse().expect("a colour"),
    };
    let filters = Filters {
        rotation: Rotation::Rotate90,
        crop: Some(Rectangle { height: "50%".parse().ok(), ..Rectangle::default() }),
        fade_in: Some(fade(None)),
        fade_out: Some(fade(None)),
        ..Filters::default()
    };
    let layer = VideoLayer { bitrate: 400_000, ..VideoLayer::default() };
    let video = H264Video {
        complexity: Complexity::Speed,
        layers: vec![H264Layer { video: layer, ..H264Layer::default() }],
        ..H264Video::default()
    };
    let job = run_preset(&house, &file, standard(vec![Codec::H264Video(video)], Some(filters))).await;
    let path = output(&house, &job).await;
    assert_eq!((frames(&path), size(&path)), (150, (72, 64)));
    let levels: Vec<f64> = crate::media::levels(&path);
    // Black, then white over all inner chunks, then black.
    assert!(levels[0] < 30.0 && levels[12] > 60.0 && levels[12] < 200.0, "{levels:?}");
    assert!(levels[30..120].iter().all(|level| *level > 220.0), "{levels:?}");
    assert!(levels[149] < 40.0, "{levels:?}");
}
