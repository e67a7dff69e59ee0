//! What may not be served is not: windows, deletions, policies, private files, methods.

use http::{Method, StatusCode};
use jiff::Timestamp;
use millrace_origin::{Origin, Protocols};

use crate::stage::{ALL, LOCATOR, Stage};

const NONE: Protocols = Protocols { hls: false, dash: false, smooth: false, download: false };

/// One of everything.
async fn everything(stage: &Stage) -> Vec<String> {
    let mpd = stage.get("film.ism/manifest(format=mpd-time-cmaf)").await.ok();
    let key = crate::stage::between(mpd.text(), "Representation id=\"", "\"").to_owned();
    let smooth = stage.get("film.ism/manifest").await.ok();
    let url = crate::stage::between(smooth.text(), "Url=\"", "\"");
    let chunk = url.replace("{bitrate}", "300000").replace("{start time}", "0");
    vec![
        "film.ism/manifest(format=m3u8-cmaf)".to_owned(),
        "film.ism/manifest(format=mpd-time-cmaf)".to_owned(),
        "film.ism/manifest".to_owned(),
        "film.ism/QualityLevels(1)/Manifest(sound-en,format=m3u8-aapl)".to_owned(),
        format!("film.ism/{key}/init.mp4"),
        format!("film.ism/{key}/0.m4s"),
        format!("film.ism/{key}/0.ts"),
        format!("film.ism/{chunk}"),
        "video-low.cmf".to_owned(),
    ]
}

async fn check_all(stage: &Stage, paths: &[String], expected: (u16, &str)) {
    for path in paths {
        let (status, code) = stage.get(path).await.refusal();
        assert_eq!((status, code.as_str()), expected, "{path}");
    }
}

#[tokio::test]
async fn nothing_is_served_outside_of_the_window_however_often_it_was_before() {
    let stage = Stage::film().await;
    let paths = everything(&stage).await;
    let window = |second| Some(Timestamp::from_second(second).unwrap());
    stage.entry(|entry| (entry.starts, entry.ends) = (window(999_999), window(1_000_010)));
    for path in &paths {
        stage.get(path).await.ok();
    }
    for (second, open) in [(999_998, false), (999_999, true), (1_000_009, true), (1_000_010, false)] {
        stage.set_second(second);
        match open {
            true => assert!(stage.get(&paths[5]).await.status == StatusCode::OK, "{second}"),
            false => check_all(&stage, &paths, (404, "MPE_UNAUTHORIZED")).await,
        }
    }
}

#[tokio::test]
async fn caches_are_told_when_the_window_ends() {
    let stage = Stage::film().await;
    let paths = everything(&stage).await;
    stage.entry(|entry| entry.ends = Some(Timestamp::from_second(1_000_010).unwrap()));
    assert_eq!(stage.get(&paths[5]).await.ok().header("cache-control"), "public, max-age=10");
    assert_eq!(stage.get(&paths[0]).await.ok().header("cache-control"), "public, max-age=10");
    stage.set_second(1_000_009);
    assert_eq!(stage.get(&paths[0]).await.ok().header("cache-control"), "public, max-age=1");
}

#[tokio::test]
async fn nothing_is_served_once_the_locator_is_gone() {
    let stage = Stage::film().await;
    let paths = everything(&stage).await;
    for path in &paths {
        stage.get(path).await.ok();
    }
    stage.catalog.lock().unwrap().entries.clear();
    check_all(&stage, &paths, (404, "MPE_RESOURCE_NOT_FOUND")).await;
}

#[tokio::test]
async fn nothing_is_served_while_the_endpoint_is_stopped() {
    let stage = Stage::film().await;
    let paths = everything(&stage).await;
    stage.catalog.lock().unwrap().stopped = true;
    check_all(&stage, &paths, (503, "MPE_STREAMING_ENDPOINT_STOPPED")).await;
    stage.catalog.lock().unwrap().stopped = false;
    stage.get(&paths[0]).await.ok();
}

#[tokio::test]
async fn nothing_is_served_of_a_container_that_is_gone() {
    let stage = Stage::film().await;
    let paths = everything(&stage).await;
    for path in &paths {
        stage.get(path).await.ok();
    }
    stage.store.delete_container(&stage.container).await.unwrap();
    for path in &paths {
        assert_eq!(stage.get(path).await.refusal().0, 404, "{path}");
    }
}

#[tokio::test]
async fn a_policy_opens_its_protocols_alone() {
    let stage = Stage::film().await;
    let paths = everything(&stage).await;
    for (protocols, open) in [
        (NONE, [false; 9]),
        (Protocols { hls: true, ..NONE }, [true, false, false, true, true, true, true, false, false]),
        (Protocols { dash: true, ..NONE }, [false, true, false, false, true, true, false, false, false]),
        (Protocols { smooth: true, ..NONE }, [false, false, true, false, false, false, false, true, false]),
        (
            Protocols { download: true, ..NONE },
            [false, false, false, false, false, false, false, false, true],
        ),
        (ALL, [true; 9]),
    ] {
        stage.entry(|entry| entry.protocols = protocols);
        for (path, open) in paths.iter().zip(open) {
            let answer = stage.get(path).await;
            match open {
                true => assert_eq!(answer.status, StatusCode::OK, "{path} under {protocols:?}"),
                false => {
                    assert_eq!(answer.refusal(), (403, "MPE_OUTPUT_FORMAT_BLOCKED".to_owned()), "{path}")
                }
            }
        }
    }
}

#[tokio::test]
async fn downloads_are_the_assets_own_files() {
    let stage = Stage::film().await;
    stage.put("my film.mp4", "0123456789").await;
    stage.put("dir/a.vtt", "WEBVTT").await;
    let answer = stage.get("my%20film.mp4").await.ok();
    assert_eq!((answer.text(), answer.header("content-type")), ("0123456789", "video/mp4"));
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
    assert!(answer.header("last-modified").ends_with(" GMT"), "{}", answer.header("last-modified"));
    assert_eq!(stage.get("dir/a.vtt").await.ok().header("content-type"), "text/vtt");
    // A page that someone uploaded is not one of the server's: its scripts run without the server's origin.
    assert_eq!(answer.header("content-security-policy"), "sandbox");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let part = stage.send(Method::GET, "my%20film.mp4", &[("range", "bytes=2-4")]).await;
    assert_eq!((part.status, part.text()), (StatusCode::PARTIAL_CONTENT, "234"));
    assert_eq!(part.header("content-range"), "bytes 2-4/10");
    let head = stage.send(Method::HEAD, "my%20film.mp4", &[]).await.ok();
    assert_eq!((head.header("content-length"), head.bytes().len()), ("10", 0));
    let tag = answer.header("etag");
    let again = stage.send(Method::GET, "my%20film.mp4", &[("if-none-match", tag)]).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    for (below, status) in [
        ("nothing.mp4", 404),
        ("_millrace/presentation.json", 404),
        ("%5fmillrace/presentation.json", 404),
        ("_millrace%2Fpresentation.json", 404),
        ("dir/../_millrace/presentation.json", 400),
        ("./_millrace/presentation.json", 400),
        ("..%2Fasset-one%2Fvideo-low.cmf", 400),
    ] {
        assert_eq!(stage.get(below).await.refusal().0, status, "{below}");
    }
}

#[tokio::test]
async fn scripts_of_any_page_may_ask() {
    let stage = Stage::film().await;
    let asked = [("origin", "https://example.test"), ("access-control-request-headers", "range, x-player")];
    let preflight = stage.send(Method::OPTIONS, "film.ism/manifest", &asked).await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert_eq!(preflight.header("access-control-allow-headers"), "range, x-player");
    assert!(preflight.header("access-control-allow-methods").contains("HEAD"));
    let refused = stage.get("film.ism/nonsense").await;
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    assert!(refused.header("access-control-expose-headers").contains("Content-Range"));
    let post = stage.send(Method::POST, "film.ism/manifest", &[]).await;
    assert_eq!((post.refusal().0, post.header("allow")), (405, "GET, HEAD, OPTIONS"));
}

#[test]
fn a_server_knows_which_paths_are_the_origins() {
    for (path, owned) in [
        (format!("/{LOCATOR}/film.ism/manifest"), true),
        (format!("/{LOCATOR}"), true),
        ("/subscriptions/x".to_owned(), false),
        ("/".to_owned(), false),
    ] {
        assert_eq!(Origin::owns(&path), owned, "{path}");
    }
}
