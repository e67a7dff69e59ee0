//! What there is beside one ladder with one sound: filters, languages, single tracks, other people's files, pictures,
//! copies, downloads and stitched inputs, each through the HTTP API and seen by clients that others wrote.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use millrace_testkit::{Clip, clip};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::stage::{House, asset_input, ffmpeg, harness};

/// Length of most sources.
const SECONDS: f64 = 8.0;

fn house() -> &'static House {
    static SHARED: OnceLock<House> = OnceLock::new();
    SHARED.get_or_init(|| House::open(|_| vec!["--encoders".to_owned(), "2".to_owned()]))
}

fn small() -> Clip {
    Clip { size: (320, 180), rate: "25", seconds: SECONDS, audio: true }
}

/// A source of the test's own.
fn source(name: &str, shape: &Clip) -> PathBuf {
    clip(house().dir.path(), name, shape)
}

fn path(file: &Path) -> &str {
    file.to_str().expect("UTF-8")
}

fn built_in(preset: &str) -> Value {
    json!({"@odata.type": "#Microsoft.Media.BuiltInStandardEncoderPreset", "presetName": preset})
}

fn layer(bitrate: u32, height: &str) -> Value {
    json!({"bitrate": bitrate, "width": "100%", "height": height})
}

/// Two small layers and the sound.
fn two_layers(more: &[Value]) -> Value {
    let mut codecs = vec![
        json!({"@odata.type": "#Microsoft.Media.H264Video", "complexity": "Speed", "keyFrameInterval": "PT2S",
            "layers": [layer(400_000, "100%"), layer(150_000, "50%")]}),
        json!({"@odata.type": "#Microsoft.Media.AacAudio", "channels": 2, "samplingRate": 48000, "bitrate": 96000}),
    ];
    codecs.extend_from_slice(more);
    let mp4 = json!({"@odata.type": "#Microsoft.Media.Mp4Format", "filenamePattern": "{Basename}_{Bitrate}{Extension}"});
    let mut formats = vec![mp4];
    if !more.is_empty() {
        formats.push(json!({"@odata.type": "#Microsoft.Media.JpgFormat", "filenamePattern": "{Basename}-{Index}{Extension}"}));
    }
    json!({"@odata.type": "#Microsoft.Media.StandardEncoderPreset", "codecs": codecs, "formats": formats})
}

/// What ffprobe says of `entries`, a line for each.
fn ffprobe(url: &str, entries: &str) -> Vec<String> {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-show_entries", entries, "-of", "csv=p=0", url])
        .output()
        .expect("ffprobe runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ffprobe complains of {url}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(|line| line.trim_end_matches(',').to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Seconds of a file or title.
fn duration(url: &str) -> f64 {
    ffprobe(url, "format=duration").first().expect("a duration").parse().expect("seconds")
}

fn play(requests: &Value) -> Vec<Value> {
    let output = harness("play.mjs").arg(requests.to_string()).output().expect("node runs");
    assert!(output.status.success(), "the harness failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the harness prints JSON")
}

#[track_caller]
fn assert_plays(requests: Vec<Value>) -> Vec<Value> {
    let results = play(&json!(requests));
    let failed: Vec<String> = results.iter().filter(|r| r["ok"] != true).map(Value::to_string).collect();
    assert_eq!((results.len(), failed), (requests.len(), Vec::new()));
    results
}

#[tokio::test]
async fn filters_choose_tracks_times_and_the_first_quality() {
    let stage = house().stage();
    let output = stage
        .encoded("filtered", two_layers(&[]), &source("filtered.mp4", &Clip { seconds: 20.0, ..small() }))
        .await;
    let track = |property: &str, value: &str| json!({"trackSelections": [{"property": property, "operation": "Equal", "value": value}]});
    let put = async |name: &str, body: Value| {
        stage.put(&format!("assets/{output}/assetFilters/{name}"), body).await;
    };
    put("low", json!({"tracks": [track("Bitrate", "0-200000"), track("Type", "Audio")]})).await;
    put("first", json!({"firstQuality": {"bitrate": 400_000}})).await;
    put("german", json!({"tracks": [track("Language", "de")]})).await;
    let range = json!({"timescale": 1, "startTimestamp": 6, "endTimestamp": 12});
    stage.put("accountFilters/middle", json!({"presentationTimeRange": range})).await;
    let paths = stage.published(&output).await;
    let variants = |text: &str| {
        text.lines()
            .filter(|line| line.contains("RESOLUTION=") && !line.contains("I-FRAME"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };

    let whole = variants(&stage.text(&paths.url("m3u8-cmaf", "")).await);
    assert_eq!(whole.len(), 2, "{whole:?}");
    assert!(whole[0].contains("RESOLUTION=160x90"), "{whole:?}");
    let low = variants(&stage.text(&paths.url("m3u8-cmaf", "filter=low")).await);
    assert!(low.len() == 1 && low[0].contains("RESOLUTION=160x90"), "{low:?}");
    let first = variants(&stage.text(&paths.url("m3u8-cmaf", "filter=first")).await);
    assert!(first.len() == 2 && first[0].contains("RESOLUTION=320x180"), "{first:?}");
    let (status, _) = stage.fetch(&paths.url("m3u8-cmaf", "filter=german")).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "nothing is German");

    // Six of twenty seconds, as ffmpeg and a player see them.
    assert!((duration(&paths.url("m3u8-cmaf", "")) - 20.0).abs() < 0.2);
    let middle = paths.url("m3u8-cmaf", "filter=middle;low");
    assert!((duration(&middle) - 6.0).abs() < 0.2, "{}", duration(&middle));
    let results = assert_plays(vec![
        json!({"player": "hls", "url": middle}),
        json!({"player": "dash", "url": paths.url("mpd-time-cmaf", "filter=middle")}),
    ]);
    assert_eq!(results[0]["width"], 160);

    // The locator's own filter needs no URL.
    let more = json!({"assetName": output, "streamingPolicyName": "Predefined_ClearStreamingOnly", "filters": ["middle"]});
    stage.put("streamingLocators/with-filter", more).await;
    let url = stage.playable("with-filter").await.url("m3u8-cmaf", "");
    assert!((duration(&url) - 6.0).abs() < 0.2);
}

#[tokio::test]
async fn languages_become_renditions() {
    let stage = house().stage();
    let (first, two) = (source("eng.mp4", &small()), house().file("two.mp4"));
    ffmpeg(&[
        "-i",
        path(&first),
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=880:sample_rate=48000:duration=8",
        "-map",
        "0:v",
        "-map",
        "0:a",
        "-map",
        "1:a",
        "-c:v",
        "copy",
        "-c:a",
        "aac",
        "-metadata:s:a:0",
        "language=eng",
        "-metadata:s:a:1",
        "language=fra",
        path(&two),
    ]);
    let output = stage.encoded("languages", built_in("AdaptiveStreaming"), &two).await;
    let paths = stage.published(&output).await;
    let master = stage.text(&paths.url("m3u8-cmaf", "")).await;
    let renditions: Vec<&str> =
        master.lines().filter(|line| line.starts_with("#EXT-X-MEDIA:TYPE=AUDIO")).collect();
    assert_eq!(renditions.len(), 2, "{master}");
    for language in ["en", "fr"] {
        assert!(
            renditions.iter().any(|line| line.contains(&format!("LANGUAGE=\"{language}"))),
            "{renditions:?}"
        );
    }
    let mpd = stage.text(&paths.url("mpd-time-cmaf", "")).await;
    assert!(mpd.contains(" lang=\"en") && mpd.contains(" lang=\"fr"), "{mpd}");
    let results = assert_plays(vec![
        json!({"player": "shaka", "url": paths.url("m3u8-cmaf", "")}),
        json!({"player": "shaka", "url": paths.url("mpd-time-cmaf", "")}),
    ]);
    for result in results {
        assert_eq!(result["languages"], json!(["en", "fr"]), "{result}");
    }
}

#[tokio::test]
async fn sound_alone_and_picture_alone_play() {
    let stage = house().stage();
    let sound = house().file("sound.m4a");
    ffmpeg(&[
        "-f",
        "lavfi",
        "-i",
        "sine=frequency=440:sample_rate=48000:duration=8",
        "-c:a",
        "aac",
        path(&sound),
    ]);
    let sound = stage.encoded("sound", built_in("AACGoodQualityAudio"), &sound).await;
    let picture = source("picture.mp4", &Clip { audio: false, ..small() });
    let picture = stage.encoded("picture", built_in("AdaptiveStreaming"), &picture).await;
    let (sound, picture) = (stage.published(&sound).await, stage.published(&picture).await);
    assert_plays(vec![
        json!({"player": "hls", "url": sound.url("m3u8-cmaf", ""), "audioOnly": true}),
        json!({"player": "dash", "url": sound.url("mpd-time-cmaf", ""), "audioOnly": true}),
        json!({"player": "hls", "url": picture.url("m3u8-aapl", "")}),
        json!({"player": "shaka", "url": picture.url("mpd-time-cmaf", "")}),
    ]);
    let kinds = |url: &str| ffprobe(url, "stream=codec_type");
    assert!(kinds(&sound.url("m3u8-cmaf", "")).iter().all(|kind| kind == "audio"));
    assert!(kinds(&picture.url("m3u8-cmaf", "")).iter().all(|kind| kind == "video"));
}

#[tokio::test]
async fn hevc_decodes() {
    let stage = house().stage();
    let tiny = source("tiny.mp4", &Clip { seconds: 2.0, size: (160, 90), ..small() });
    let preset = json!({"@odata.type": "#Microsoft.Media.StandardEncoderPreset",
        "codecs": [{"@odata.type": "#Microsoft.Media.H265Video", "complexity": "Speed", "layers": [layer(150_000, "100%")]}],
        "formats": [{"@odata.type": "#Microsoft.Media.Mp4Format", "filenamePattern": "{Basename}{Extension}"}]});
    let output = stage.encoded("hevc", preset, &tiny).await;
    let url = stage.published(&output).await.url("m3u8-cmaf", "");
    assert!(stage.text(&url).await.contains("hvc1."));
    let seen = ffprobe(&url, "stream=codec_name,nb_read_frames");
    assert!(seen.iter().any(|line| line == "hevc,50"), "{seen:?}");
}

/// The server manifest that AMS wrote beside its MP4s.
fn ism(file: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<smil xmlns=\"http://www.w3.org/2001/SMIL20/Language\">\n<head>\
         <meta name=\"clientManifestRelativePath\" content=\"film.ismc\"/><meta name=\"formats\" content=\"mp4\"/></head>\n\
         <body><switch>\n<video src=\"{file}\" systemBitrate=\"400000\"/>\n\
         <audio src=\"{file}\" systemBitrate=\"96000\" systemLanguage=\"eng\"><param name=\"trackName\" value=\"sound\" valuetype=\"data\"/></audio>\n\
         </switch></body>\n</smil>\n"
    )
}

#[tokio::test]
async fn files_of_other_services_stream_as_they_are() {
    let stage = house().stage();
    let plain = source("film.mp4", &small());
    let manifest = house().file("film.ism");
    std::fs::write(&manifest, ism("film.mp4")).expect("written");
    let ismv = house().file("film.ismv");
    ffmpeg(&["-i", path(&plain), "-c", "copy", "-f", "ismv", path(&ismv)]);
    stage.asset("foreign-plain", &[&plain]).await;
    stage.asset("foreign-ism", &[&plain, &manifest]).await;
    stage.asset("foreign-ismv", &[&ismv]).await;
    let mut requests = Vec::new();
    for asset in ["foreign-plain", "foreign-ism", "foreign-ismv"] {
        let paths = stage.published(asset).await;
        for (player, url) in [
            ("hls", paths.url("m3u8-cmaf", "")),
            ("shaka", paths.url("m3u8-aapl", "")),
            ("dash", paths.url("mpd-time-csf", "")),
            ("dashmss", paths.smooth()),
        ] {
            requests.push(json!({"player": player, "url": url, "seconds": 1}));
        }
        let frames = ffprobe(&paths.url("m3u8-cmaf", ""), "stream=codec_type,nb_read_frames");
        assert!(frames.iter().any(|line| line == "video,200"), "{asset}: {frames:?}");
    }
    assert_plays(requests);
    // What is no media never gets a path.
    let text = house().file("notes.txt");
    std::fs::write(&text, "nothing to see").expect("written");
    stage.asset("no-media", &[&text]).await;
    stage.locator("no-media", "Predefined_ClearStreamingOnly", json!({})).await;
    assert!(stage.paths("no-media").await.streaming().is_empty());
}

#[tokio::test]
async fn pictures_and_files_come_out_of_jobs() {
    let stage = house().stage();
    let images = json!({"@odata.type": "#Microsoft.Media.JpgImage", "start": "0%", "step": "PT2S", "range": "100%",
        "layers": [{"width": "160", "height": "90", "quality": 80}]});
    let film = source("pictures.mp4", &small());
    let output = stage.encoded("pictures", two_layers(&[images]), &film).await;
    let sprite = json!({"@odata.type": "#Microsoft.Media.StandardEncoderPreset",
        "codecs": [{"@odata.type": "#Microsoft.Media.JpgImage", "start": "0%", "step": "PT1S", "range": "100%", "spriteColumn": 4,
            "layers": [{"width": "96", "height": "54"}]}],
        "formats": [{"@odata.type": "#Microsoft.Media.JpgFormat", "filenamePattern": "{Basename}-sprite{Extension}"}]});
    stage.transform("sprite", sprite).await;
    let job = stage.submit("sprite", asset_input("pictures"), "sprites").await;
    stage.finished(&job).await;
    stage.transform("copy", built_in("CopyAllBitrateNonInterleaved")).await;
    let job = stage.submit("copy", asset_input("pictures"), "copied").await;
    stage.finished(&job).await;

    let downloads = async |asset: &str| {
        stage.locator(asset, "Predefined_DownloadOnly", json!({})).await;
        let paths = stage.paths(asset).await;
        assert!(paths.streaming().is_empty(), "{asset}: downloads only");
        paths.downloads()
    };
    let size = |url: &str| ffprobe(url, "stream=width,height").swap_remove(0);
    let files = downloads(&output).await;
    let stills: Vec<&String> = files.iter().filter(|file| file.ends_with(".jpg")).collect();
    assert_eq!(stills.len(), 4, "{files:?}");
    assert!(stills.iter().all(|url| size(url) == "160,90"));
    let mp4: Vec<&String> = files.iter().filter(|file| file.ends_with(".mp4")).collect();
    assert!(mp4.len() >= 2 && mp4.iter().all(|url| (duration(url) - SECONDS).abs() < 0.1), "{files:?}");

    let files = downloads("sprites").await;
    let sheet = files.iter().find(|file| file.ends_with(".jpg")).expect("a sprite");
    assert_eq!(size(sheet), "384,108", "four columns of 96, two rows of 54");
    let vtt = files.iter().find(|file| file.ends_with(".vtt")).expect("a WebVTT file");
    let vtt = stage.text(vtt).await;
    assert!(vtt.starts_with("WEBVTT") && vtt.matches("#xywh=").count() == 8, "{vtt}");

    let files = downloads("copied").await;
    let kinds = files
        .iter()
        .filter(|file| file.ends_with(".mp4"))
        .flat_map(|url| ffprobe(url, "stream=codec_type,nb_read_frames"));
    assert!(kinds.clone().any(|line| line == "video,200"), "{:?}", kinds.collect::<Vec<_>>());

    // A locator for downloads streams nothing.
    let id = stage.get(&format!("streamingLocators/{output}")).await;
    let id = id["properties"]["streamingLocatorId"].as_str().expect("an id").to_owned();
    let url = format!("{}/{id}/pictures.ism/manifest(format=m3u8-cmaf)", house().server.http());
    assert_eq!(stage.fetch(&url).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn clips_are_stitched() {
    let stage = house().stage();
    let (one, other) = (source("one.mp4", &small()), source("other.mp4", &small()));
    stage.asset("one", &[&one]).await;
    stage.asset("other", &[&other]).await;
    stage.transform("stitch", two_layers(&[])).await;
    let at = |seconds: u32| json!({"@odata.type": "#Microsoft.Media.AbsoluteClipTime", "time": format!("PT{seconds}S")});
    let cut = |asset: &str, start: u32, end: u32| {
        let mut input = asset_input(asset);
        (input["start"], input["end"], input["files"]) = (at(start), at(end), json!([]));
        input
    };
    let input = json!({"@odata.type": "#Microsoft.Media.JobInputSequence", "inputs": [cut("one", 2, 5), cut("other", 1, 5)]});
    let job = stage.submit("stitch", input, "stitched").await;
    stage.finished(&job).await;
    let url = stage.published("stitched").await.url("m3u8-cmaf", "");
    assert!((duration(&url) - 7.0).abs() < 0.1, "{}", duration(&url));
    let frames = ffprobe(&url, "stream=codec_type,nb_read_frames");
    assert!(frames.iter().any(|line| line == "video,175"), "{frames:?}");
}
