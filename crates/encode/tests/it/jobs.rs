//! Whole jobs: what they leave behind, how they go on, how they stop.

use millrace_catalog::job::{ClipTime, ErrorCode, JobInput, JobState};
use millrace_catalog::preset::{
    BuiltInName, Codec, Dimension, Format, ImageCommon, JpgImage, JpgLayer, PngImage, PngLayer, Position,
    Preset, Standard, StretchMode,
};
use millrace_encode::plan::ChunkLengths;
use millrace_package::{PointerState, TrackState};

use crate::house::{House, asset_clip, asset_input, built_in};
use crate::media::{ask, frames, make, size};

#[tokio::test(flavor = "multi_thread")]
async fn adaptive_streaming_from_upload_to_files() {
    let house = House::open().await;
    let film = make(
        house.dir.path(),
        "My film.mp4",
        "-f lavfi -i testsrc2=s=640x360:r=30000/1001:d=9 -f lavfi -i sine=f=440:r=48000:d=9 \
         -c:v libx264 -preset ultrafast -bf 2 -g 45 -c:a aac -shortest",
    );
    let job = house.encode(&film, BuiltInName::AdaptiveStreaming).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.outputs[0].error);
    assert_eq!(job.outputs[0].progress, 100);

    let names = house.names("out", false).await;
    let expected_frames = frames(&film);
    for name in names.iter().filter(|name| name.ends_with(".mp4") && !name.contains("_aac_")) {
        let path = house.download("out", name).await;
        assert_eq!(frames(&path), expected_frames, "{name}");
        let (width, height) = size(&path);
        assert!(name.contains(&format!("_{width}x{height}_")), "{name}");
        assert_eq!(
            ask(&path, "-select_streams v -show_entries stream=r_frame_rate"),
            ["30000/1001"],
            "{name}"
        );
    }
    assert!(
        names.iter().any(|name| name == "My film.ism") && names.iter().any(|name| name == "My film.ismc"),
        "{names:?}"
    );

    let pointer = house.pointer("out").await;
    assert_eq!((pointer.state, pointer.name.as_str()), (PointerState::Complete, "My film"));
    let indexes = house.indexes("out").await;
    assert!(indexes.iter().all(|index| index.state() == TrackState::Complete));
    // All renditions are cut at the same places.
    let cuts: Vec<Vec<u64>> = indexes
        .iter()
        .filter(|index| index.config().video().is_some())
        .map(|index| index.rows().iter().map(|row| row.time).collect())
        .collect();
    assert_eq!(cuts.len(), 3);
    assert!(cuts.windows(2).all(|pair| pair[0] == pair[1]), "{cuts:?}");
    assert_eq!(cuts[0][1], 180_180, "two seconds are 60 frames of 3003 ticks");
    // Work in progress is swept up.
    let left = house.names("out", true).await;
    assert!(!left.iter().any(|name| name.starts_with("_millrace/work/")), "{left:?}");
    assert_eq!(
        left.iter().filter(|name| name.starts_with("_millrace/index/")).count(),
        indexes.len(),
        "{left:?}"
    );
}

/// Chunks of one GOP, one at a time: a job of many steps.
fn slowly(config: &mut millrace_encode::Config) {
    config.lengths = ChunkLengths { first_us: 2_000_000, other_us: 2_000_000 };
    config.encoders = 1;
}

fn film(house: &House, seconds: u32) -> std::path::PathBuf {
    let arguments = format!(
        "-f lavfi -i testsrc2=s=320x180:r=25:d={seconds} -f lavfi -i sine=f=440:r=48000:d={seconds} \
         -c:v libx264 -preset ultrafast -bf 2 -g 60 -c:a aac"
    );
    make(house.dir.path(), "film.mp4", &arguments)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_job_goes_on_where_it_was() {
    let mut house = House::open_with(slowly).await;
    let film = film(&house, 12);
    house.upload("in", &film, "film.mp4").await;
    house.transform("t", vec![built_in(BuiltInName::AdaptiveStreaming)]).await;
    house.submit("t", asset_input("in", &["film.mp4"]), &["out"]).await;
    let mut seen = 0;
    for percent in [1, 40, 80] {
        let job = house.until("t", |job| job.outputs[0].progress >= percent || job.state.is_final()).await;
        assert!(job.outputs[0].progress >= seen, "progress went back");
        seen = job.outputs[0].progress;
        house = house.restart(slowly).await;
    }
    let job = house.ended("t").await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.outputs[0].error);
    for name in
        house.names("out", false).await.iter().filter(|name| name.contains("x") && name.ends_with(".mp4"))
    {
        let path = house.download("out", name).await;
        assert_eq!(frames(&path), 300, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_plays_while_it_grows() {
    let house = House::open_with(slowly).await;
    let film = film(&house, 20);
    house.upload("in", &film, "film.mp4").await;
    house.transform("t", vec![built_in(BuiltInName::H264MultipleBitrateSD)]).await;
    house.submit("t", asset_input("in", &["film.mp4"]), &["out"]).await;
    house.until("t", |job| job.outputs[0].progress >= 50 || job.state.is_final()).await;
    let pointer = house.pointer("out").await;
    let early = house.indexes("out").await;
    assert_eq!(pointer.state, PointerState::Growing);
    let job = house.ended("t").await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.outputs[0].error);
    let late = house.indexes("out").await;
    for (early, late) in early.iter().zip(&late) {
        assert_eq!((early.key(), early.init()), (late.key(), late.init()), "URLs stay good");
        assert!(late.rows().starts_with(early.rows()));
    }
    assert!(late[0].rows().len() > early[0].rows().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_children_within_two_seconds() {
    let house = House::open_with(slowly).await;
    let film = make(
        house.dir.path(),
        "film.mp4",
        "-f lavfi -i testsrc2=s=1280x720:r=25:d=30 -c:v libx264 -preset ultrafast -g 60",
    );
    house.upload("in", &film, "film.mp4").await;
    house.transform("t", vec![built_in(BuiltInName::AdaptiveStreaming)]).await;
    house.submit("t", asset_input("in", &["film.mp4"]), &["out"]).await;
    house.until("t", |job| job.outputs[0].progress >= 2).await;
    let begun = std::time::Instant::now();
    house.catalog.cancel_job("t", "job").await.expect("a cancellation");
    let job = house.ended("t").await;
    assert_eq!(job.state, JobState::Canceled);
    assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    let marker = house.dir.path().to_string_lossy().into_owned();
    assert!(!children_of(&marker), "an encoder still runs");
}

/// Whether any process names the directory on its command line and is ffmpeg.
fn children_of(marker: &str) -> bool {
    let processes = std::fs::read_dir("/proc").expect("a list of processes");
    let command =
        |entry: std::io::Result<std::fs::DirEntry>| std::fs::read(entry.ok()?.path().join("cmdline")).ok();
    processes.filter_map(command).any(|words| {
        let text = String::from_utf8_lossy(&words).into_owned();
        text.contains(marker) && text.starts_with("ffmpeg")
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn clips_are_stitched_to_the_frame() {
    let house = House::open_with(slowly).await;
    let first = film(&house, 5);
    let second = make(
        house.dir.path(),
        "tall.mkv",
        "-f lavfi -i testsrc2=s=90x160:r=25:d=4 -c:v libx264 -preset ultrafast",
    );
    house.upload("in", &first, "film.mp4").await;
    house.upload("other", &second, "tall.mkv").await;
    house.transform("t", vec![built_in(BuiltInName::H264SingleBitrateSD)]).await;
    let seconds = |text: &str| Some(ClipTime::Absolute(text.parse().expect("a duration")));
    let cut = millrace_catalog::job::Clip {
        start: seconds("PT1.5S"),
        end: seconds("PT3.5S"),
        ..asset_clip("in", &["film.mp4"])
    };
    let input = JobInput::Sequence(vec![cut.clone(), asset_clip("other", &["tall.mkv"]), cut]);
    house.submit("t", input, &["out"]).await;
    let job = house.ended("t").await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.outputs[0].error);
    let path = house.download("out", "film_320x180_2200.mp4").await;
    assert_eq!((frames(&path), size(&path)), (50 + 100 + 50, (320, 180)));
    let lasts: f64 = ask(&path, "-select_streams a -show_entries packet=pts_time")
        .last()
        .expect("sound")
        .parse()
        .expect("a time");
    assert!((lasts - 8.0).abs() < 0.1, "{lasts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_keep_every_sample() {
    let house = House::open_with(slowly).await;
    let film = film(&house, 6);
    let job = house.encode(&film, BuiltInName::CopyAllBitrateNonInterleaved).await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.outputs[0].error);
    let path = house.download("out", "film_video.mp4").await;
    let hash = |path: &std::path::Path| {
        let done = std::process::Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(path)
            .args(["-map", "0:v", "-f", "hash", "-"])
            .output()
            .expect("ffmpeg runs");
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    assert_eq!(hash(&path), hash(&film), "the same pictures");
}

#[tokio::test(flavor = "multi_thread")]
async fn thumbnails_and_sprites() {
    let house = House::open_with(slowly).await;
    let film = film(&house, 6);
    let position = |text: &str| text.parse::<Position>().expect("a position");
    let common = |start: &str, step: &str| ImageCommon {
        label: None,
        stretch_mode: StretchMode::AutoSize,
        start: position(start),
        step: Some(position(step)),
        range: None,
    };
    let small = |size: &str| size.parse::<Dimension>().ok();
    let preset = Preset::Standard(Standard {
        codecs: vec![
            Codec::JpgImage(JpgImage {
                common: common("0%", "PT1S"),
                layers: vec![JpgLayer { width: small("64"), ..JpgLayer::default() }],
                sprite_column: Some(3),
            }),
            Codec::PngImage(PngImage {
                common: common("PT1S", "PT2S"),
                layers: vec![PngLayer { height: small("50%"), ..PngLayer::default() }],
            }),
        ],
        formats: vec![
            Format::Jpg { filename_pattern: "sheet-{Basename}{Extension}".parse().expect("a pattern") },
            Format::Png { filename_pattern: "{Basename}-{Index}{Extension}".parse().expect("a pattern") },
        ],
        filters: None,
    });
    house.upload("in", &film, "film.mp4").await;
    house.transform("t", vec![preset]).await;
    house.submit("t", asset_input("in", &["film.mp4"]), &["out"]).await;
    let job = house.ended("t").await;
    assert_eq!(job.state, JobState::Finished, "{:?}", job.outputs[0].error);
    let names = house.names("out", false).await;
    for name in ["sheet-film.jpg", "sheet-film.vtt", "film-000001.png", "film-000003.png"] {
        assert!(names.iter().any(|found| found == name), "{name} in {names:?}");
    }
    assert_eq!(size(&house.download("out", "sheet-film.jpg").await), (3 * 64, 2 * 36));
    assert_eq!(size(&house.download("out", "film-000001.png").await), (160, 90));
    let map = String::from_utf8(house.bytes("out", "sheet-film.vtt").await).expect("text");
    assert!(map.contains("00:00:04.000 --> 00:00:05.000\nsheet-film.jpg#xywh=64,36,64,36"), "{map}");
}

#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_refused_also_behind_a_redirect() {
    let house = House::open_with(slowly).await;
    house.transform("t", vec![built_in(BuiltInName::AdaptiveStreaming)]).await;
    let input = JobInput::Clip(millrace_catalog::job::Clip {
        source: millrace_catalog::job::Source::Http { base_uri: None },
        ..asset_clip("", &["http://localhost:9/secret.mp4"])
    });
    house.submit("t", input, &["out"]).await;
    let job = house.ended("t").await;
    let error = job.outputs[0].error.clone().expect("a reason");
    assert_eq!(error.code, ErrorCode::DownloadNotAccessible);
    assert!(
        error.message.contains("secret.mp4") && error.message.contains("private address"),
        "{}",
        error.message
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_fails_need_not_end_the_others() {
    let house = House::open_with(slowly).await;
    let silent = make(
        house.dir.path(),
        "silent.mp4",
        "-f lavfi -i testsrc2=s=64x64:r=25:d=2 -c:v libx264 -preset ultrafast",
    );
    house.upload("in", &silent, "silent.mp4").await;
    let presets = vec![built_in(BuiltInName::AacGoodQualityAudio), built_in(BuiltInName::AdaptiveStreaming)];
    house.transform("t", presets).await;
    house.submit("t", asset_input("in", &[]), &["sound", "film"]).await;
    let job = house.ended("t").await;
    assert_eq!(job.state, JobState::Finished);
    let states: Vec<JobState> = job.outputs.iter().map(|output| output.state).collect();
    assert_eq!(states, [JobState::Error, JobState::Finished]);
    let error = job.outputs[0].error.clone().expect("a reason");
    assert_eq!(error.code, ErrorCode::ConfigurationUnsupported);
    assert!(error.message.contains("silent.mp4"), "{}", error.message);
}

/// Answers one request after the other: `/film.mp4` with the file, `/moved` with a redirect to it, all else with 404.
async fn web(film: Vec<u8>) -> std::net::SocketAddr {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let count = stream.read(&mut request).await.unwrap_or(0);
            let line = String::from_utf8_lossy(&request[..count]).into_owned();
            let (head, body) = match line.split(' ').nth(1) {
                Some("/film.mp4") => (format!("200 OK\r\ncontent-length: {}", film.len()), film.as_slice()),
                Some("/moved") => {
                    ("302 Found\r\nlocation: /film.mp4\r\ncontent-length: 0".to_owned(), &b""[..])
                }
                _ => ("404 Not Found\r\ncontent-length: 0".to_owned(), &b""[..]),
            };
            let _ =
                stream.write_all(format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n").as_bytes()).await;
            let _ = stream.write_all(body).await;
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn inputs_come_from_the_web_where_allowed() {
    for (path, state) in [("moved", JobState::Finished), ("gone.mp4", JobState::Error)] {
        let house = House::open_with(|config| config.allow_private_targets = true).await;
        let address = web(std::fs::read(film(&house, 2)).expect("the film")).await;
        house.transform("t", vec![built_in(BuiltInName::H264SingleBitrateSD)]).await;
        let input = JobInput::Clip(millrace_catalog::job::Clip {
            source: millrace_catalog::job::Source::Http { base_uri: Some(format!("http://{address}")) },
            ..asset_clip("", &[path])
        });
        house.submit("t", input, &["out"]).await;
        let job = house.ended("t").await;
        assert_eq!(job.state, state, "{:?}", job.outputs[0].error);
        match &job.outputs[0].error {
            Some(error) => assert!(
                error.message.contains("gone.mp4") && error.message.contains("404"),
                "{}",
                error.message
            ),
            None => assert_eq!(frames(&house.download("out", "moved_320x180_2200.mp4").await), 50),
        }
        let left = std::fs::read_dir(house.dir.path().join("scratch/inputs")).expect("a directory").count();
        assert_eq!(left, 0, "scratch is swept up");
    }
}
