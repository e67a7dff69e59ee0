//! `kill -9` at random moments of upload, encoding and publishing: nothing that was answered is lost, and every
//! job ends Finished with every frame.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine;
use millrace_server::client::Client;
use millrace_server::credentials::Credentials;
use millrace_testkit::{Clip, TestServer, clip};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::published::MILLRACE;

/// Rounds, one kill each.
const KILLS: u64 = 20;
const BLOCK: usize = 64 * 1024;
const SECONDS: u32 = 5;
const RATE: u32 = 25;
/// A job of five seconds of small picture takes about three; this is for a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where in a title's life the server dies.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Upload,
    Encode,
    Publish,
}

struct Round {
    server: TestServer,
    client: Client,
    name: String,
    random: StdRng,
}

impl Round {
    fn die(&mut self, why: &str) {
        eprintln!("{}: killed {why}", self.name);
        self.server.restart();
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        self.client.call(method, path, Some(&body)).await.expect("the call succeeds between kills")
    }

    /// Puts every block, dying once in the middle of one when `die`; blocks answered before must still be there.
    async fn upload(&mut self, bytes: &[u8], die: bool) {
        let name = self.name.clone();
        self.call(Method::PUT, &format!("assets/{name}"), json!({"properties": {}})).await;
        let expiry = "2099-01-01T00:00:00Z";
        let sas = self
            .call(
                Method::POST,
                &format!("assets/{name}/listContainerSas"),
                json!({"permissions": "ReadWrite", "expiryTime": expiry}),
            )
            .await;
        let sas = sas["assetContainerSasUrls"][0].as_str().expect("a URL").to_owned();
        let (container, query) = sas.split_once('?').expect("a signature");
        let blob = format!("{container}/in.mp4?{query}");
        let blocks: Vec<&[u8]> = bytes.chunks(BLOCK).collect();
        let ids: Vec<String> = (0..blocks.len())
            .map(|i| base64::engine::general_purpose::STANDARD.encode(format!("{i:06}")))
            .collect();
        let fatal = die.then(|| self.random.random_range(1..blocks.len()));
        for (index, block) in blocks.iter().enumerate() {
            let url =
                format!("{blob}&comp=block&blockid={}", ids[index].replace('+', "%2B").replace('=', "%3D"));
            if fatal == Some(index) {
                let torn = self.client.http.put(&url).body(block.to_vec()).send();
                let torn = tokio::spawn(torn);
                let pause = self.random.random_range(0..3000);
                tokio::time::sleep(Duration::from_micros(pause)).await;
                self.die(&format!("in block {index} of {}", blocks.len()));
                drop(torn.await);
            }
            let answer =
                self.client.http.put(&url).body(block.to_vec()).send().await.expect("the server is back");
            assert_eq!(answer.status(), StatusCode::CREATED);
        }
        let list: String = ids.iter().map(|id| format!("<Latest>{id}</Latest>")).collect();
        let list = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{list}</BlockList>");
        let answer = self
            .client
            .http
            .put(format!("{blob}&comp=blocklist"))
            .body(list)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), StatusCode::CREATED, "every block that was answered 201 is still there");
    }

    async fn submit(&self) -> String {
        let name = &self.name;
        let preset = json!({"@odata.type": "#Microsoft.Media.BuiltInStandardEncoderPreset", "presetName": "AdaptiveStreaming"});
        self.call(Method::PUT, "transforms/ladder", json!({"properties": {"outputs": [{"preset": preset}]}}))
            .await;
        self.call(Method::PUT, &format!("assets/{name}-out"), json!({"properties": {}})).await;
        let job = format!("transforms/ladder/jobs/{name}");
        let body = json!({"properties": {
            "input": {"@odata.type": "#Microsoft.Media.JobInputAsset", "assetName": name},
            "outputs": [{"@odata.type": "#Microsoft.Media.JobOutputAsset", "assetName": format!("{name}-out")}]}});
        self.call(Method::PUT, &job, body).await;
        job
    }

    /// Asks for the job until `enough`; progress and states never go back, kill or no kill.
    async fn wait(&self, job: &str, enough: impl Fn(&str, u64) -> bool) -> (String, u64) {
        let begin = Instant::now();
        let mut before = 0;
        loop {
            let seen = self.client.call(Method::GET, job, None).await.expect("the job is there");
            let state = seen["properties"]["state"].as_str().expect("a state").to_owned();
            let progress = seen["properties"]["outputs"][0]["progress"].as_u64().unwrap_or(0);
            assert!(progress >= before, "progress went from {before} to {progress}");
            before = progress;
            if enough(&state, progress) {
                return (state, progress);
            }
            assert!(!matches!(state.as_str(), "Error" | "Canceled"), "{seen}");
            assert!(begin.elapsed() < PATIENCE, "still {state} at {progress} %\n{}", self.server.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn locate(&mut self, die: bool) -> String {
        let name = self.name.clone();
        let locator = format!("streamingLocators/{name}");
        let body = json!({"properties": {"assetName": format!("{name}-out"), "streamingPolicyName": "Predefined_ClearStreamingOnly"}});
        if die {
            let (client, path, body) = (self.client.clone(), locator.clone(), body.clone());
            let torn = tokio::spawn(async move { client.call(Method::PUT, &path, Some(&body)).await });
            let pause = self.random.random_range(0..8000);
            tokio::time::sleep(Duration::from_micros(pause)).await;
            self.die("while publishing");
            // Answered means kept; unanswered may be either.
            if let Ok(Ok(_)) = torn.await {
                assert!(
                    self.client.find(&locator).await.expect("an answer").is_some(),
                    "a published locator was lost"
                );
            }
        }
        if self.client.find(&locator).await.expect("an answer").is_none() {
            self.call(Method::PUT, &locator, body).await;
        }
        let paths =
            self.client.call(Method::POST, &format!("{locator}/listPaths"), None).await.expect("paths");
        let all = paths["streamingPaths"]
            .as_array()
            .expect("paths")
            .iter()
            .flat_map(|p| p["paths"].as_array())
            .flatten();
        let path = all.filter_map(Value::as_str).find(|path| path.contains("m3u8-cmaf")).expect("HLS");
        format!("{}{path}", self.server.http())
    }
}

fn count_frames(url: &str) -> String {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-count_frames",
            "-select_streams",
            "v:0",
            "-show_entries",
            "stream=nb_read_frames",
            "-of",
            "csv=p=0",
            url,
        ])
        .output()
        .expect("ffprobe runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next().unwrap_or_default().trim_matches(',').to_owned()
}

async fn life_of_a_title(mut round: Round, bytes: &[u8], moment: Moment) -> Round {
    round.upload(bytes, matches!(moment, Moment::Upload)).await;
    let job = round.submit().await;
    match moment {
        Moment::Upload => {}
        Moment::Encode => {
            let at = round.random.random_range(0..90);
            let (state, progress) = round.wait(&job, |state, seen| seen >= at || state == "Finished").await;
            round.die(&format!("at {progress} % ({state})"));
        }
        Moment::Publish => {
            let at = round.random.random_range(85..=100);
            let (state, progress) = round.wait(&job, |state, seen| seen >= at || state == "Finished").await;
            round.die(&format!("at {progress} % ({state})"));
        }
    }
    round.wait(&job, |state, _| state == "Finished").await;
    let url = round.locate(matches!(moment, Moment::Publish)).await;
    assert_eq!(count_frames(&url), (SECONDS * RATE).to_string(), "{url}");
    round
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_lose_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let shape = Clip { size: (480, 270), rate: "25", seconds: f64::from(SECONDS), audio: true };
    let bytes = std::fs::read(clip(dir.path(), "in.mp4", &shape)).expect("the clip");
    let server = TestServer::start(Path::new(MILLRACE), &dir.path().join("data"), &[]);
    let client =
        Client::new(Credentials::read(&server.credentials_path()).expect("credentials")).expect("a client");
    let seed = std::env::var("MILLRACE_TEST_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(rand::random);
    eprintln!("MILLRACE_TEST_SEED={seed}");
    let mut round = Round { server, client, name: String::new(), random: StdRng::seed_from_u64(seed) };
    for number in 0..KILLS {
        round.name = format!("title-{number}");
        let moment = [Moment::Upload, Moment::Encode, Moment::Encode, Moment::Publish][(number % 4) as usize];
        round = life_of_a_title(round, &bytes, moment).await;
    }
}
