//! Manifests over HTTP: formats, filters, conditions, compression, growth.

use std::io::Read;

use http::{Method, StatusCode};
use millrace_package::{
    PointerState,
    filter::{Condition, Filter, TimeRange},
};

use crate::stage::{Stage, between, media::Track};

fn only(property: &str, value: &str) -> Filter {
    let tracks = vec![vec![Condition::parse(property, "Equal", value).unwrap()]];
    Filter { tracks, ..Filter::default() }
}

#[tokio::test]
async fn every_format_has_its_type() {
    let stage = Stage::film().await;
    for (below, content_type, holds) in [
        ("film.ism/manifest(format=m3u8-cmaf)", "application/vnd.apple.mpegurl", "format=m3u8-cmaf)"),
        ("film.ism/Manifest(format=m3u8-cmaf).m3u8", "application/vnd.apple.mpegurl", "format=m3u8-cmaf)"),
        ("film.ism/manifest(format=m3u8-aapl)", "application/vnd.apple.mpegurl", "format=m3u8-aapl)"),
        ("film.ism/manifest(format=m3u8-aapl-v3)", "application/vnd.apple.mpegurl", "format=m3u8-aapl-v3)"),
        ("FILM.ISM/manifest(format=mpd-time-cmaf)", "application/dash+xml", "profile:cmaf:2019"),
        ("film.ism/manifest(format=mpd-time-csf)", "application/dash+xml", "isoff-live:2011\""),
        ("film.ism/manifest", "text/xml; charset=utf-8", "MinorVersion=\"2\""),
        ("film.ism/manifest(format=fmp4-v20)", "text/xml; charset=utf-8", "MinorVersion=\"0\""),
    ] {
        let answer = stage.get(below).await.ok();
        assert_eq!(answer.header("content-type"), content_type, "{below}");
        assert!(answer.text().contains(holds), "{below}: {}", answer.text());
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("cache-control"), "public, max-age=15");
    }
}

#[tokio::test]
async fn every_uri_of_a_master_is_answered_down_to_the_last_segment() {
    let stage = Stage::film().await;
    // Two pictures and one sound alone with 4 segments each; two renditions; two times 10 key frames; headers for all.
    for (format, expected) in [("m3u8-cmaf", 47), ("m3u8-aapl", 40), ("m3u8-aapl-v3", 12)] {
        let master = stage.get(&format!("film.ism/manifest(format={format})")).await.ok();
        let lines = master.text().lines();
        let own = lines.clone().filter(|line| line.starts_with("QualityLevels"));
        let named = lines.filter(|line| line.contains("URI=\"")).map(|line| between(line, "URI=\"", "\""));
        let mut segments = 0;
        for uri in own.chain(named) {
            let playlist = stage.get(&format!("film.ism/{uri}")).await.ok();
            let map = playlist.text().lines().filter(|line| line.contains("EXT-X-MAP"));
            let map = map.map(|line| between(line, "URI=\"../", "\""));
            for segment in playlist.text().lines().filter_map(|line| line.strip_prefix("../")).chain(map) {
                let answer = stage.get(&format!("film.ism/{segment}")).await.ok();
                assert!(!answer.bytes().is_empty(), "{segment}");
                segments += 1;
            }
        }
        assert_eq!(segments, expected, "{format}");
    }
}

/// The largest rate of the segments of a playlist that are at least half as long as its target.
async fn peak(stage: &Stage, playlist: &str) -> u64 {
    let text = stage.get(&format!("film.ism/{playlist}")).await.ok().text().to_owned();
    let durations = text.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
    let uris = text.lines().filter_map(|line| line.strip_prefix("../"));
    let mut peak = 0.0f64;
    for (duration, uri) in durations.zip(uris) {
        let seconds: f64 = duration.trim_end_matches(',').parse().unwrap();
        let bits = stage.get(&format!("film.ism/{uri}")).await.ok().bytes().len() as f64 * 8.0;
        if seconds >= 3.0 {
            peak = peak.max(bits / seconds);
        }
    }
    peak as u64
}

#[tokio::test]
async fn bandwidth_is_true_to_what_is_served() {
    let stage = Stage::film().await;
    for format in ["m3u8-cmaf", "m3u8-aapl", "m3u8-aapl-v3"] {
        let master = stage.get(&format!("film.ism/manifest(format={format})")).await.ok();
        let sounds = master.text().lines().filter(|line| line.starts_with("#EXT-X-MEDIA"));
        let mut sound = 0;
        for line in sounds {
            sound = sound.max(peak(&stage, between(line, "URI=\"", "\"")).await);
        }
        let mut lines = master.text().lines();
        while let Some(line) = lines.next() {
            let Some(told) = line.strip_prefix("#EXT-X-STREAM-INF:BANDWIDTH=") else { continue };
            let told: u64 = told.split(',').next().unwrap().parse().unwrap();
            let alone = !line.contains("RESOLUTION");
            let real = peak(&stage, lines.next().unwrap()).await + if alone { 0 } else { sound };
            assert!(told >= real, "{format}: {line}: {real}");
            // These streams are all overhead: of pictures of 120 bytes, one packet of 188 each.
            assert!(told <= real + real / 2, "{format}: {line}: {real}");
        }
    }
}

#[tokio::test]
async fn an_unchanged_manifest_is_not_sent_again() {
    let stage = Stage::film().await;
    let below = "film.ism/manifest(format=mpd-time-cmaf)";
    let first = stage.get(below).await.ok();
    let tag = first.header("etag").to_owned();
    let again = stage.send(Method::GET, below, &[("if-none-match", &tag)]).await;
    assert_eq!((again.status, again.bytes().len()), (StatusCode::NOT_MODIFIED, 0));
    assert_eq!(again.header("etag"), tag);
    let other = stage.send(Method::GET, below, &[("if-none-match", "\"other\"")]).await.ok();
    assert_eq!(other.bytes(), first.bytes());
}

#[tokio::test]
async fn compressed_text_is_the_same_text() {
    let stage = Stage::film().await;
    let below = "film.ism/manifest(format=mpd-time-cmaf)";
    let plain = stage.get(below).await.ok();
    let packed = stage.send(Method::GET, below, &[("accept-encoding", "br, gzip")]).await.ok();
    assert_eq!((packed.header("content-encoding"), packed.header("vary")), ("gzip", "Accept-Encoding"));
    assert_ne!(packed.header("etag"), plain.header("etag"));
    assert!(packed.bytes().len() < plain.bytes().len() / 2);
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed.bytes()[..]).read_to_string(&mut text).unwrap();
    assert_eq!(text, plain.text());
    assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "Accept-Encoding"));
}

#[tokio::test]
async fn head_tells_the_length_and_sends_nothing() {
    let stage = Stage::film().await;
    for below in ["film.ism/manifest(format=m3u8-cmaf)", "film.ism/manifest"] {
        let whole = stage.get(below).await.ok();
        let head = stage.send(Method::HEAD, below, &[]).await.ok();
        assert_eq!(head.bytes().len(), 0);
        assert_eq!(head.header("content-length"), whole.bytes().len().to_string());
        assert_eq!(head.header("etag"), whole.header("etag"));
    }
}

#[tokio::test]
async fn filters_of_the_url_and_of_the_locator_add_up() {
    let stage = Stage::film().await;
    {
        let mut catalog = stage.catalog.lock().unwrap();
        catalog.filters.insert("high".to_owned(), only("Name", "video-high"));
        catalog.filters.insert("german".to_owned(), only("Language", "de"));
        let range = TimeRange { start: 6, end: Some(12), timescale: std::num::NonZeroU32::MIN };
        catalog.filters.insert("middle".to_owned(), Filter { range: Some(range), ..Filter::default() });
    }
    let mpd = |below: &'static str| async { stage.get(below).await.ok().text().to_owned() };
    let german = mpd("film.ism/manifest(format=mpd-time-cmaf,filter=german)").await;
    assert!(
        german.contains("lang=\"de\"") && !german.contains("lang=\"en\"") && !german.contains("video/mp4")
    );
    let middle = mpd("film.ism/manifest(format=mpd-time-cmaf,filter=middle)").await;
    assert!(middle.contains("presentationTimeOffset=\"150000\"") && middle.contains("PT6S\""), "{middle}");
    let master = mpd("film.ism/manifest(format=m3u8-cmaf,filter=middle;high)").await;
    assert!(master.contains("filter=middle;high)"));
    stage.entry(|entry| entry.own_filters = vec!["german".to_owned()]);
    let both = stage.get("film.ism/manifest(format=mpd-time-cmaf,filter=high)").await;
    assert_eq!(both.refusal(), (415, "MPE_FILTER_REMOVED_ALL_STREAMS".to_owned()));
    let own = mpd("film.ism/manifest(format=mpd-time-cmaf)").await;
    assert_eq!(own, german);
}

#[tokio::test]
async fn a_filter_that_changed_is_the_new_one_at_once() {
    let stage = Stage::film().await;
    let below = "film.ism/manifest(format=mpd-time-cmaf,filter=f)";
    assert_eq!(stage.get(below).await.refusal(), (404, "MPE_EGRESS_FILTER_NOT_FOUND".to_owned()));
    let set = |filter| stage.catalog.lock().unwrap().filters.insert("f".to_owned(), filter);
    set(only("Type", "audio"));
    assert!(!stage.get(below).await.ok().text().contains("video/mp4"));
    set(only("Type", "video"));
    assert!(stage.get(below).await.ok().text().contains("video/mp4"));
}

#[tokio::test]
async fn a_growing_title_grows_before_the_players_eyes_and_ends() {
    let stage = Stage::empty().await;
    let mpd = "film.ism/manifest(format=mpd-time-cmaf)";
    assert_eq!(stage.get(mpd).await.refusal(), (404, "MPE_RESOURCE_NOT_FOUND".to_owned()));
    let mut track = Track::video("video", 300_000, 1);
    track.grow(0);
    track.store(&stage).await;
    stage.publish("film", PointerState::Growing, &[&track.builder.snapshot()]).await;
    assert_eq!(stage.get(mpd).await.refusal(), (412, "MPE_FRAGMENT_NOT_READY".to_owned()));

    // A segment is there once the next one has begun.
    (1..4).for_each(|index| track.grow(index));
    track.store(&stage).await;
    stage.publish("film", PointerState::Growing, &[&track.builder.snapshot()]).await;
    let growing = stage.get(mpd).await.ok();
    assert!(
        growing.text().contains("type=\"dynamic\"") && growing.text().contains("UTCTiming"),
        "{}",
        growing.text()
    );
    assert_eq!(growing.header("cache-control"), "public, max-age=1");
    let playlist = "film.ism/QualityLevels(300000)/Manifest(video,format=m3u8-cmaf)";
    let event = stage.get(playlist).await.ok().text().to_owned();
    assert!(event.contains("EVENT") && !event.contains("ENDLIST"));
    let key = track.builder.index().key();
    let later = stage.get(&format!("film.ism/{key}/150000.m4s")).await;
    assert_eq!(later.refusal(), (412, "MPE_FRAGMENT_NOT_READY".to_owned()));
    let first = stage.get(&format!("film.ism/{key}/0.m4s")).await.ok();

    stage.set_second(1_000_005);
    assert!(stage.get(mpd).await.ok().text().contains("1970-01-12T13:46:45.000Z"));

    (4..10).for_each(|index| track.grow(index));
    track.store(&stage).await;
    stage.publish("film", PointerState::Complete, &[&track.seal()]).await;
    let done = stage.get(mpd).await.ok();
    assert!(done.text().contains("type=\"static\"") && done.text().contains("PT20S"), "{}", done.text());
    let vod = stage.get(playlist).await.ok().text().to_owned();
    let listed = event.replace("EVENT", "VOD").replace("#EXT-X-START:TIME-OFFSET=0.001\n", "");
    assert!(vod.starts_with(&listed) && vod.contains("ENDLIST"), "{vod}");
    assert_eq!(stage.get(&format!("film.ism/{key}/0.m4s")).await.ok().bytes(), first.bytes());
    stage.get(&format!("film.ism/{key}/150000.m4s")).await.ok();
}

#[tokio::test]
async fn what_is_not_in_the_title_is_not_found() {
    let stage = Stage::film().await;
    for (below, status, code) in [
        ("other.ism/manifest", 404, "MPE_RESOURCE_NOT_FOUND"),
        ("film.ism/QualityLevels(1)/Manifest(nothing,format=m3u8-cmaf)", 404, "MPE_EGRESS_TRACK_NOT_FOUND"),
        ("film.ism/0000000000000000/init.mp4", 404, "MPE_EGRESS_TRACK_NOT_FOUND"),
        ("film.ism/manifest(format=m3u8-cmaf,filter=nothing)", 404, "MPE_EGRESS_FILTER_NOT_FOUND"),
        (
            "film.ism/manifest(format=m3u8-cmaf,filter=a;b;c;d)",
            415,
            "MPE_FILTER_COMPOSITION_FILTER_COUNT_OVER_LIMIT",
        ),
        ("film.ism/manifest(format=webm)", 400, "MPE_BAD_URL_SYNTAX"),
        ("film.ism/manifest(format=m3u8-cmaf,encryption=cenc)", 400, "MPE_BAD_URL_SYNTAX"),
        ("film.ism/nonsense", 400, "MPE_BAD_URL_SYNTAX"),
        (
            "film.ism/QualityLevels(1)/Manifest(sound-en,format=m3u8-cmaf,type=keyframes)",
            415,
            "MPE_MEDIA_ENCODING_NOT_SUPPORTED",
        ),
    ] {
        assert_eq!(stage.get(below).await.refusal(), (status, code.to_owned()), "{below}");
    }
}
