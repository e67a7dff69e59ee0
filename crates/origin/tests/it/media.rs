//! Media over HTTP: the bytes that are stored, ranges of them, and what is made out of them.

use std::sync::Arc;

use http::{Method, StatusCode};
use millrace_package::PointerState;

use crate::stage::{Stage, between, media};

/// The film, with what is stored of its low video and its English sound.
async fn film() -> (Stage, String, bytes::Bytes, String, bytes::Bytes) {
    let stage = Stage::empty().await;
    let tracks = media::film(&stage, 10).await;
    let key = |at: usize| tracks[at].builder.index().key().to_string();
    let bytes = |at: usize| tracks[at].bytes.clone().freeze();
    let facts = (key(0), bytes(0), key(2), bytes(2));
    let sealed = tracks.map(|track| track.seal());
    stage.publish("film", PointerState::Complete, &sealed.each_ref()).await;
    (stage, facts.0, facts.1, facts.2, facts.3)
}

#[tokio::test]
async fn cmaf_segments_are_what_is_stored() {
    let (stage, video, stored, audio, sound) = film().await;
    for (key, stored, times, content_type) in [
        (&video, &stored, [0u64, 150_000, 300_000, 450_000], "video/mp4"),
        (&audio, &sound, [0, 288_768, 576_512, 864_256], "audio/mp4"),
    ] {
        let mut all = Vec::new();
        for time in times {
            let answer = stage.get(&format!("film.ism/{key}/{time}.m4s")).await.ok();
            assert_eq!(answer.header("content-type"), content_type);
            assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
            assert_eq!(answer.header("etag"), format!("\"{key}-{time}-m4s\""));
            assert_eq!(answer.header("content-length"), answer.bytes().len().to_string());
            all.extend_from_slice(answer.bytes());
        }
        assert_eq!(all, stored.as_ref(), "the segments are all of {key} in order");
    }
    let init = stage.get(&format!("film.ism/{video}/init.mp4")).await.ok();
    assert_eq!(&init.bytes()[4..8], b"ftyp");
}

#[tokio::test]
async fn any_range_of_a_segment() {
    let (stage, video, ..) = film().await;
    let below = format!("film.ism/{video}/150000.m4s");
    let whole = stage.get(&below).await.ok();
    let length = whole.bytes().len();
    assert_eq!(whole.header("accept-ranges"), "bytes");
    for (range, expected) in [
        ("bytes=0-0".to_owned(), 0..1),
        ("bytes=100-4999".to_owned(), 100..5000),
        (format!("bytes={}-", length - 7), length - 7..length),
        ("bytes=-5".to_owned(), length - 5..length),
        ("bytes=10-99999999".to_owned(), 10..length),
    ] {
        let part = stage.send(Method::GET, &below, &[("range", &range)]).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(
            part.header("content-range"),
            format!("bytes {}-{}/{length}", expected.start, expected.end - 1)
        );
        assert_eq!(part.bytes(), &whole.bytes().slice(expected));
    }
    let beyond = stage.send(Method::GET, &below, &[("range", &format!("bytes={length}-"))]).await;
    assert_eq!(beyond.refusal(), (416, "MPE_STORAGE_INVALID_RANGE".to_owned()));
    assert_eq!(beyond.header("content-range"), format!("bytes */{length}"));
    let stale = [("range", "bytes=0-0"), ("if-range", "\"another\"")];
    assert_eq!(stage.send(Method::GET, &below, &stale).await.ok().bytes().len(), length);
    let tag = whole.header("etag");
    let fresh = stage.send(Method::GET, &below, &[("range", "bytes=0-0"), ("if-range", tag)]).await;
    assert_eq!(fresh.status, StatusCode::PARTIAL_CONTENT);
    let had = stage.send(Method::GET, &below, &[("if-none-match", tag), ("range", "bytes=0-0")]).await;
    assert_eq!((had.status, had.bytes().len()), (StatusCode::NOT_MODIFIED, 0));
    let head = stage.send(Method::HEAD, &below, &[]).await.ok();
    assert_eq!((head.header("content-length"), head.bytes().len()), (length.to_string().as_str(), 0));
}

#[tokio::test]
async fn transport_streams_are_whole_packets() {
    let (stage, video, _, audio, _) = film().await;
    for below in [
        format!("{video}/0.ts"),
        format!("{audio}/288768.ts"),
        format!("{video}+{audio}/450000.ts"),
        format!("{video}/50000-i.ts"),
    ] {
        let answer = stage.get(&format!("film.ism/{below}")).await.ok();
        assert_eq!(answer.header("content-type"), "video/mp2t", "{below}");
        assert_eq!(answer.bytes().len() % 188, 0, "{below}");
        assert!(answer.bytes().chunks(188).all(|packet| packet[0] == 0x47), "{below}");
        let part = stage.send(Method::GET, &format!("film.ism/{below}"), &[("range", "bytes=188-375")]).await;
        assert_eq!(part.bytes(), &answer.bytes().slice(188..376), "{below}");
    }
}

#[tokio::test]
async fn a_key_frame_is_a_fragment_of_its_own() {
    let (stage, video, ..) = film().await;
    let frame = stage.get(&format!("film.ism/{video}/50000-i.m4s")).await.ok();
    assert_eq!(&frame.bytes()[4..8], b"moof");
    assert!(frame.bytes().len() < 1200, "{}", frame.bytes().len());
    let missing = stage.get(&format!("film.ism/{video}/50001-i.m4s")).await;
    assert_eq!(missing.refusal(), (404, "MPE_FRAGMENT_TIMESTAMP_NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn every_chunk_of_a_smooth_manifest_is_served() {
    let (stage, ..) = film().await;
    let manifest = stage.get("film.ism/manifest(format=fmp4-v20)").await.ok();
    let mut chunks = 0;
    for stream in manifest.text().split("<StreamIndex").skip(1) {
        let template = between(stream, "Url=\"", "\"");
        for level in stream.split("<QualityLevel").skip(1) {
            let bitrate = between(level, "Bitrate=\"", "\"");
            let mut time = 0u64;
            for chunk in stream.split("<c").skip(1) {
                let url = template.replace("{bitrate}", bitrate).replace("{start time}", &time.to_string());
                let answer = stage.get(&format!("film.ism/{url}")).await.ok();
                assert_eq!(&answer.bytes()[4..8], b"moof", "{url}");
                assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
                time += between(chunk, "d=\"", "\"").parse::<u64>().unwrap();
                chunks += 1;
            }
        }
    }
    assert_eq!(chunks, 40);
    let template = between(manifest.text(), "Url=\"", "\"");
    let url =
        |bitrate: &str, time: &str| template.replace("{bitrate}", bitrate).replace("{start time}", time);
    for (url, code) in [
        (url("300001", "0"), "MPE_EGRESS_TRACK_NOT_FOUND"),
        (url("300000", "1"), "MPE_FRAGMENT_TIMESTAMP_NOT_FOUND"),
        (format!("0000000000000000{}", &url("300000", "0")[16..]), "MPE_EGRESS_TRACK_NOT_FOUND"),
    ] {
        assert_eq!(stage.get(&format!("film.ism/{url}")).await.refusal(), (404, code.to_owned()), "{url}");
    }
}

#[tokio::test]
async fn times_between_segments_are_not_found() {
    let (stage, video, ..) = film().await;
    for time in ["1", "50000", "600000", "18446744073709551615"] {
        let answer = stage.get(&format!("film.ism/{video}/{time}.m4s")).await;
        assert_eq!(answer.refusal(), (404, "MPE_FRAGMENT_TIMESTAMP_NOT_FOUND".to_owned()), "{time}");
    }
}

#[tokio::test]
async fn media_that_someone_deleted_is_not_promised() {
    let (stage, video, ..) = film().await;
    let name = millrace_blob::BlobName::new("video-low.cmf").unwrap();
    stage.store.delete(&stage.container, &name, millrace_blob::Condition::default()).await.unwrap();
    for below in [format!("{video}/0.m4s"), format!("{video}/0.ts")] {
        let answer = stage.get(&format!("film.ism/{below}")).await;
        assert_eq!(answer.refusal(), (404, "MPE_STORAGE_RESOURCE_NOT_FOUND".to_owned()), "{below}");
    }
}

#[tokio::test]
async fn a_cut_off_object_breaks_the_answer_off() {
    let (stage, video, stored, ..) = film().await;
    // The third segment begins inside of what is left, and ends outside.
    stage.put("video-low.cmf", stored.slice(..stored.len() * 7 / 10)).await;
    stage.get(&format!("film.ism/{video}/0.m4s")).await.ok();
    let answer = stage.get(&format!("film.ism/{video}/300000.m4s")).await;
    assert!(answer.status != StatusCode::OK || answer.body.is_err(), "a short answer must not look whole");
}

#[tokio::test]
async fn many_at_once_get_the_same() {
    let (stage, video, _, audio, _) = film().await;
    let stage = Arc::new(stage);
    let below = format!("film.ism/{video}+{audio}/0.ts");
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (stage, below) = (stage.clone(), below.clone());
            tokio::spawn(async move { stage.get(&below).await.ok().bytes().clone() })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
    // Made once: all of them share one allocation.
    assert!(answers.windows(2).all(|pair| pair[0].as_ptr() == pair[1].as_ptr()));
}
