//! Chromium plays every protocol with players that others wrote.

use std::process::Command;

use millrace_testkit::repository;
use serde_json::{Value, json};

use crate::published::published;

/// Runs the browser harness over a list of `{player, url, …}`.
fn play(requests: &Value) -> Vec<Value> {
    let output = Command::new("node")
        .arg(repository().join("e2e/playback/play.mjs"))
        .arg(requests.to_string())
        .output()
        .expect("node runs; `make test` installs it");
    assert!(output.status.success(), "the harness failed: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the harness prints JSON")
}

fn failures(results: &[Value]) -> Vec<String> {
    results.iter().filter(|r| r["ok"] != json!(true)).map(Value::to_string).collect()
}

#[test]
fn every_player_plays_every_protocol() {
    let title = published();
    let (cmaf, ts) = (title.url("format=m3u8-cmaf"), title.url("format=m3u8-aapl"));
    let (dash, csf) = (title.url("format=mpd-time-cmaf"), title.url("format=mpd-time-csf"));
    let smooth = title.smooth();
    let v3 = ts.replace("m3u8-aapl", "m3u8-aapl-v3");
    let results = play(&json!([
        {"player": "shaka", "url": cmaf}, {"player": "hls", "url": cmaf}, {"player": "native", "url": cmaf},
        {"player": "shaka", "url": ts}, {"player": "hls", "url": ts}, {"player": "hls", "url": v3},
        {"player": "shaka", "url": dash}, {"player": "dash", "url": dash}, {"player": "dash", "url": csf},
        {"player": "dashmss", "url": smooth}, {"player": "shaka4", "url": smooth},
    ]));
    assert_eq!(results.len(), 11);
    assert_eq!(failures(&results), Vec::<String>::new());
    for result in &results {
        assert!(result["audioBytes"].as_u64() > Some(0), "silent: {result}");
    }
}

#[test]
fn players_seek() {
    let title = published();
    let results = play(&json!([
        {"player": "shaka", "url": title.url("format=m3u8-cmaf"), "seek": 7.5},
        {"player": "hls", "url": title.url("format=m3u8-aapl"), "seek": 7.5},
        {"player": "dash", "url": title.url("format=mpd-time-cmaf"), "seek": 7.5},
        {"player": "dashmss", "url": title.smooth(), "seek": 7.5},
    ]));
    assert_eq!(failures(&results), Vec::<String>::new());
    assert!(results.iter().all(|r| r["from"].as_f64() >= Some(7.5)), "{results:?}");
}

/// The same check must say no where nothing can play.
#[test]
fn a_broken_manifest_fails_the_same_check() {
    let title = published();
    let nowhere = title.url("format=m3u8-cmaf").replace("format=m3u8-cmaf", "format=m3u8-cmaf,filter=nosuch");
    let missing = title.url("format=mpd-time-cmaf").replacen(".ism", "x.ism", 1);
    let results = play(&json!([{"player": "hls", "url": nowhere}, {"player": "dash", "url": missing}]));
    assert_eq!(failures(&results).len(), 2, "{results:?}");
}
