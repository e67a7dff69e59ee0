//! What outsiders and users with rights may try, and must not get.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use millrace_server::client::Client;
use millrace_server::credentials::Credentials;
use millrace_testkit::{Clip, clip};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::stage::{House, PATIENCE, Stage};

/// The server allows 15 s for the first byte; the rest is for a busy machine.
const SILENCE: Duration = Duration::from_secs(30);
/// What SIGTERM may take, promised to whoever supervises the process, and the same allowance.
const DRAIN: Duration = Duration::from_secs(12);

/// Address of a container with a signature that allows everything a user can ask for.
async fn container(stage: &Stage<'_>, asset: &str) -> (String, String) {
    let wanted = json!({"permissions": "ReadWriteDelete", "expiryTime": "2099-01-01T00:00:00Z"});
    let path = format!("assets/{asset}/listContainerSas");
    let urls = stage.client.call(Method::POST, &path, Some(&wanted)).await.expect("a signature");
    let url = urls["assetContainerSasUrls"][0].as_str().expect("a URL");
    let (container, query) = url.split_once('?').expect("a signature");
    (container.to_owned(), query.to_owned())
}

async fn upload(stage: &Stage<'_>, asset: &str, name: &str, bytes: Vec<u8>) {
    let (container, query) = container(stage, asset).await;
    let put = stage.client.http.put(format!("{container}/{name}?{query}"));
    let answer = put.header("x-ms-blob-type", "BlockBlob").body(bytes).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED, "{name}");
}

/// Submits a job on `input` to the asset `{job}-out`.
async fn submit(stage: &Stage<'_>, job: &str, input: Value) -> String {
    let preset = json!({"@odata.type": "#Microsoft.Media.BuiltInStandardEncoderPreset", "presetName": "AdaptiveStreaming"});
    stage.put("transforms/ladder", json!({"outputs": [{"preset": preset}]})).await;
    stage.put(&format!("assets/{job}-out"), json!({})).await;
    let path = format!("transforms/ladder/jobs/{job}");
    let output = json!({"@odata.type": "#Microsoft.Media.JobOutputAsset", "assetName": format!("{job}-out")});
    stage.put(&path, json!({"input": input, "outputs": [output]})).await;
    path
}

fn asset_input(asset: &str) -> Value {
    json!({"@odata.type": "#Microsoft.Media.JobInputAsset", "assetName": asset})
}

async fn end_of(client: &Client, job: &str) -> Value {
    let begin = Instant::now();
    loop {
        let seen = client.call(Method::GET, job, None).await.expect("the job is there");
        if matches!(seen["properties"]["state"].as_str(), Some("Finished" | "Error" | "Canceled")) {
            return seen;
        }
        assert!(begin.elapsed() < PATIENCE, "{seen}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A title that takes several seconds to encode.
async fn start_long_job(stage: &Stage<'_>, name: &str) -> String {
    let shape = Clip { size: (1280, 720), rate: "25", seconds: 40.0, audio: false };
    let file = clip(stage.house.dir.path(), "long.mp4", &shape);
    stage.put(&format!("assets/{name}"), json!({})).await;
    upload(stage, name, "long.mp4", std::fs::read(file).expect("the clip")).await;
    submit(stage, name, asset_input(name)).await
}

/// The blob that ends in `end` in the work of a running job, once it is there.
async fn work_blob(stage: &Stage<'_>, asset: &str, end: &str) -> String {
    let begin = Instant::now();
    let (container, query) = container(stage, asset).await;
    let list = format!("{container}?{query}&restype=container&comp=list&prefix=_millrace/");
    loop {
        let answer = stage.client.http.get(&list).send().await.expect("an answer");
        let text = answer.text().await.expect("a listing");
        let mut names = text.split("<Name>").filter_map(|part| part.split("</Name>").next());
        if let Some(found) = names.find(|name| name.ends_with(end)) {
            return format!("{container}/{found}?{query}");
        }
        assert!(begin.elapsed() < PATIENCE, "{text}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Processes whose command line names a file below the test's directory.
fn children_of(house: &House) -> Vec<String> {
    let output = Command::new("ps").args(["-eo", "args"]).output().expect("ps runs");
    let place = house.dir.path().to_string_lossy().into_owned();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter(|line| line.contains("ffmpeg") && line.contains(&place)).map(str::to_owned).collect()
}

/// A peer that holds a connection and says nothing, or stops before its head is whole, costs others their place.
#[test]
fn silent_peers_are_let_go() {
    let house = House::open(|_| Vec::new());
    let endpoints = house.server.credentials()["endpoints"].clone();
    let open = |name: &str, first: &[u8]| {
        let url = endpoints[name].as_str().expect("an endpoint");
        let mut peer =
            TcpStream::connect(url.rsplit('/').next().expect("an authority")).expect("a connection");
        peer.write_all(first).expect("the server reads");
        peer.set_read_timeout(Some(SILENCE)).expect("a limit");
        (name.to_owned(), peer)
    };
    let peers = [
        open("http", b""),
        open("https", b""),
        open("blob", b""),
        open("http", b"GET /readyz HTTP/1.1\r\nHo"),
        open("https", b"\x16\x03"),
    ];
    for (name, mut peer) in peers {
        let mut rest = Vec::new();
        let ended = peer.read_to_end(&mut rest);
        assert!(ended.is_ok(), "{name} keeps a silent connection: {ended:?}");
    }
}

/// The plan of a running job lies where its user may write. One that names other files must not be followed.
#[tokio::test]
async fn a_forged_plan_opens_no_file() {
    let mut house = House::open(|_| Vec::new());
    let other = clip(house.dir.path(), "other.mp4", &Clip { seconds: 2.0, audio: false, ..Clip::default() });
    let job = start_long_job(&house.stage(), "forged").await;
    {
        let stage = house.stage();
        let url = work_blob(&stage, "forged-out", "plan.json").await;
        let plan = stage.client.http.get(&url).send().await.expect("an answer").text().await.expect("text");
        let mut plan: Value = serde_json::from_str(&plan).expect("a plan");
        plan["clips"][0]["input"]["place"] = json!({"Local": {"path": other}});
        let put = stage.client.http.put(&url).header("x-ms-blob-type", "BlockBlob").body(plan.to_string());
        assert_eq!(put.send().await.expect("an answer").status(), StatusCode::CREATED);
    }
    // What runs has read its plan; what starts again reads it again.
    house.server.restart();
    let ended = end_of(&house.stage().client, &job).await;
    assert_eq!(ended["properties"]["state"], "Error", "{ended}");
    assert!(ended.to_string().contains("not the one that was made"), "{ended}");
}

/// Scripts that make a decoder open other files: refused, and the sentence tells nothing of this machine.
#[tokio::test]
async fn playlists_in_disguise_leak_nothing() {
    let house = House::open(|_| Vec::new());
    let stage = house.stage();
    let secret = house.server.credentials_path();
    let secret = secret.display();
    let scripts = [
        ("hls", format!("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{secret}\n#EXT-X-ENDLIST\n")),
        ("concat", format!("ffconcat version 1.0\nfile '{secret}'\n")),
        ("sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\nm=video 5004 RTP/AVP 96\n".to_owned()),
    ];
    for (name, script) in scripts {
        stage.put(&format!("assets/{name}"), json!({})).await;
        upload(&stage, name, "film.mp4", script.into_bytes()).await;
        let job = submit(&stage, name, asset_input(name)).await;
        let ended = end_of(&stage.client, &job).await;
        assert_eq!(ended["properties"]["state"], "Error", "{name}: {ended}");
        let told = ended["properties"]["outputs"][0]["error"].to_string();
        let place = house.dir.path().to_string_lossy().into_owned();
        assert!(!told.contains(&place) && told.contains("film.mp4"), "{name}: {told}");
    }
}

/// Whoever reads logs must not become able to read assets, whatever was asked to be logged.
#[tokio::test]
async fn logs_hold_no_secrets_at_any_level() {
    let house = House::open(|_| vec!["--log".into(), "trace".into()]);
    let stage = house.stage();
    stage.put("assets/kept", json!({})).await;
    upload(&stage, "kept", "film.mp4", vec![7; 1000]).await;
    let (_, query) = container(&stage, "kept").await;
    let signature =
        query.split('&').find_map(|pair| pair.strip_prefix("sig=")).expect("a signature").to_owned();
    let files = json!(["http://someone:tell-nobody@10.0.0.1/a.mp4?sig=keep-this-too"]);
    let input = json!({"@odata.type": "#Microsoft.Media.JobInputHttp", "files": files});
    let job = submit(&stage, "web", input).await;
    let ended = end_of(&stage.client, &job).await;
    assert_eq!(ended["properties"]["state"], "Error", "{ended}");
    assert!(!ended["properties"]["outputs"].to_string().contains("tell-nobody"), "{ended}");
    let credentials = Credentials::read(&house.server.credentials_path()).expect("credentials");
    let log = house.server.log();
    assert!(log.contains("TRACE"), "nothing was logged");
    let secrets = [
        signature.as_str(),
        "tell-nobody",
        "keep-this-too",
        &credentials.client_secret,
        &credentials.api_key,
    ];
    for secret in secrets {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

/// SIGTERM with an encoder at work and uploads that stand still: gone in time, with 0, and nothing stays behind.
#[tokio::test]
async fn a_signal_ends_everything_in_time() {
    let mut house = House::open(|_| Vec::new());
    start_long_job(&house.stage(), "cut").await;
    let begin = Instant::now();
    while children_of(&house).is_empty() {
        assert!(begin.elapsed() < PATIENCE, "no encoder started\n{}", house.server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let address = house.server.http();
    let mut peer = TcpStream::connect(address.trim_start_matches("http://")).expect("a connection");
    let tenant = house.server.credentials()["tenantId"].as_str().expect("a tenant").to_owned();
    write!(
        peer,
        "POST /{tenant}/oauth2/v2.0/token HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\ngrant"
    )
    .expect("the server reads");
    let begin = Instant::now();
    assert_eq!(house.server.terminate(), Some(0), "{}", house.server.log());
    assert!(begin.elapsed() < DRAIN, "{:?}", begin.elapsed());
    assert_eq!(children_of(&house), Vec::<String>::new());
}
