//! Over a real socket, where lengths and the ends of answers are what HTTP says they are.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::stage::{LOCATOR, Stage, between};

/// Everything that a server sends in answer to requests that it is asked to close after, as (head, body).
async fn exchange(address: std::net::SocketAddr, method: &str, below: &str) -> (String, Vec<u8>) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let request = format!("{method} /{LOCATOR}/{below} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let body = answer.split_off(end + 4);
    (String::from_utf8(answer).unwrap().to_ascii_lowercase(), body)
}

#[tokio::test]
async fn answers_have_a_length_and_keep_it() {
    let stage = Stage::film().await;
    let mpd = stage.get("film.ism/manifest(format=mpd-time-cmaf)").await.ok();
    let key = between(mpd.text(), "Representation id=\"", "\"").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, stage.router()).into_future());
    for below in [
        format!("film.ism/{key}/0.m4s"),
        format!("film.ism/{key}/0.ts"),
        format!("film.ism/{key}/init.mp4"),
        "film.ism/manifest(format=m3u8-cmaf)".to_owned(),
        "video-low.cmf".to_owned(),
    ] {
        let whole = stage.get(&below).await.ok();
        let length = format!("\r\ncontent-length: {}\r\n", whole.bytes().len());
        let (head, body) = exchange(address, "GET", &below).await;
        assert!(head.starts_with("http/1.1 200") && head.contains(&length), "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
        assert_eq!(body, whole.bytes().as_ref(), "{below}");
        let (head, body) = exchange(address, "HEAD", &below).await;
        assert!(head.contains(&length) && body.is_empty(), "{head}");
    }
    server.abort();
}

#[tokio::test]
async fn an_answer_that_cannot_be_finished_is_cut_off() {
    let stage = Stage::film().await;
    let mpd = stage.get("film.ism/manifest(format=mpd-time-cmaf)").await.ok();
    let low = between(mpd.text(), "Representation id=\"", "\"").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, stage.router()).into_future());
    let whole = exchange(address, "GET", &format!("film.ism/{low}/450000.m4s")).await;
    stage.put("video-low.cmf", vec![0; 100]).await;
    let (head, body) = exchange(address, "GET", &format!("film.ism/{low}/450000.m4s")).await;
    assert!(!head.starts_with("http/1.1 200") || body.len() < whole.1.len(), "{head}");
    server.abort();
}
