//! Validators that we did not write: media-doctor, hls-parser in strict mode, ffprobe.

use std::path::Path;
use std::process::{Command, Output};

use millrace_testkit::repository;

use crate::published::{RATE, SECONDS, published};

/// AAC frames of 1024 samples at 48 kHz that hold the title's sound.
const AUDIO_FRAMES: u32 = (SECONDS * 48_000).div_ceil(1024);

fn fetch(url: &str) -> String {
    let output = Command::new("curl").args(["-sSf", "--compressed", url]).output().expect("curl runs");
    assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("manifests are UTF-8")
}

fn media_doctor(check: &str, manifest: &str, dir: &Path) -> Output {
    let path = dir.join("manifest");
    std::fs::write(&path, manifest).expect("written");
    Command::new(repository().join(".tools/media-doctor/bin/media-doctor"))
        .args([check, "--json", "--input"])
        .arg(&path)
        .output()
        .expect("media-doctor runs; `make test` installs it")
}

/// media-doctor's findings; none is what we want.
fn issues(check: &str, manifest: &str, dir: &Path) -> Vec<String> {
    let output = media_doctor(check, manifest, dir);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("media-doctor: {}", String::from_utf8_lossy(&output.stderr)));
    let list =
        report["issues"].as_array().or_else(|| report["findings"].as_array()).or_else(|| report.as_array());
    list.unwrap_or_else(|| panic!("a report of another shape: {report}"))
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// URIs of a playlist: plain lines and URI attributes.
fn uris(base: &str, playlist: &str) -> Vec<String> {
    let folder = &base[..=base.rfind('/').expect("a path")];
    let attribute = |line: &str| Some(line.split_once("URI=\"")?.1.split_once('"')?.0.to_owned());
    playlist
        .lines()
        .filter_map(|line| if line.starts_with('#') { attribute(line) } else { Some(line.to_owned()) })
        .filter(|uri| !uri.is_empty())
        .map(|uri| format!("{folder}{uri}"))
        .collect()
}

fn playlists(master: &str) -> Vec<(String, String)> {
    let text = fetch(master);
    let media = uris(master, &text).into_iter().map(|uri| (uri.clone(), fetch(&uri)));
    let mut all: Vec<_> = media.collect();
    all.push((master.to_owned(), text));
    all
}

#[test]
fn media_doctor_finds_nothing_in_hls_and_dash() {
    let title = published();
    let dir = title.dir.path();
    for format in ["format=m3u8-cmaf", "format=m3u8-aapl"] {
        let all = playlists(title.url(format));
        assert!(all.len() > 3, "a ladder has several playlists");
        for (url, text) in all {
            assert_eq!(issues("check-hls", &text, dir), Vec::<String>::new(), "{url}\n{text}");
        }
    }
    for format in ["format=mpd-time-cmaf", "format=mpd-time-csf"] {
        let text = fetch(title.url(format));
        assert_eq!(issues("check-dash", &text, dir), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn media_doctor_sees_what_is_wrong() {
    let title = published();
    let dir = tempfile::tempdir().expect("a directory");
    let (_, media) = playlists(title.url("format=m3u8-cmaf")).swap_remove(0);
    let target = media.lines().find(|l| l.starts_with("#EXT-X-TARGETDURATION")).expect("a target").to_owned();
    let broken = media.replace(&target, "#EXT-X-TARGETDURATION:1");
    assert!(!issues("check-hls", &broken, dir.path()).is_empty());
    let mpd = fetch(title.url("format=mpd-time-cmaf"));
    let start = mpd.find(" mediaPresentationDuration=").expect("the attribute");
    let end = start + 1 + mpd[start + 1..].find(' ').expect("another attribute");
    let broken = format!("{}{}", &mpd[..start], &mpd[end..]);
    assert!(!issues("check-dash", &broken, dir.path()).is_empty());
}

fn hls_parser(url: &str) -> Output {
    Command::new("node")
        .arg(repository().join("e2e/playback/hls-check.mjs"))
        .arg(url)
        .output()
        .expect("node runs")
}

#[test]
fn hls_parser_accepts_every_playlist_in_strict_mode() {
    let title = published();
    for url in [title.url("format=m3u8-cmaf").to_owned(), title.url("format=m3u8-aapl").to_owned()] {
        let output = hls_parser(&url);
        assert!(output.status.success(), "{url}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(!hls_parser(title.url("format=mpd-time-cmaf")).status.success(), "an MPD is no playlist");
}

fn ffprobe(url: &str, entries: &str) -> String {
    let output = Command::new("ffprobe")
        .args(["-v", "warning", "-count_frames", "-show_entries", entries, "-of", "csv=p=0", url])
        .output()
        .expect("ffprobe runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "ffprobe warns of {url}");
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

#[test]
fn ffprobe_counts_every_frame_of_every_rendition() {
    let title = published();
    let master = title.url("format=m3u8-cmaf");
    let text = fetch(master);
    let variants: Vec<String> =
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
    assert!(variants.len() >= 4, "720p makes at least four rungs:\n{text}");
    let folder = &master[..=master.rfind('/').expect("a path")];
    for variant in variants {
        let counted = ffprobe(&format!("{folder}{variant}"), "stream=nb_read_frames");
        let expected = if variant.contains("aac") { AUDIO_FRAMES } else { RATE * SECONDS };
        assert!(counted.lines().any(|line| line == expected.to_string()), "{variant}: {counted}");
    }
}

#[test]
fn downloads_open_in_an_ordinary_player() {
    let title = published();
    let downloads: Vec<&str> =
        title.urls.iter().map(|(_, url)| url.as_str()).filter(|url| url.ends_with(".mp4")).collect();
    assert!(downloads.len() >= 5, "a file for each rung and the sound: {:?}", title.urls);
    for url in downloads {
        let seen = ffprobe(url, "format=duration:stream=codec_type,nb_read_frames");
        let duration: f64 = seen.lines().last().expect("a duration").parse().expect("seconds");
        assert!((duration - f64::from(SECONDS)).abs() < 0.1, "{url}: {seen}");
    }
}
