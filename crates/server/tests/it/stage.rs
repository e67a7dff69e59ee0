//! A server and its API: what tests need to put media on and see it played.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use millrace_server::client::Client;
use millrace_server::credentials::Credentials;
use millrace_testkit::{TestServer, repository};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::published::MILLRACE;

/// For a machine that does other things too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// Between two questions to the server.
const PAUSE: Duration = Duration::from_millis(50);

/// A running server of the test's own, or one that tests share.
pub(crate) struct House {
    pub(crate) server: TestServer,
    pub(crate) dir: TempDir,
}

impl House {
    /// A server with these flags, and a directory for the test's files.
    pub(crate) fn open(flags: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let flags = flags(dir.path());
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let server = TestServer::start(Path::new(MILLRACE), &dir.path().join("data"), &flags);
        Self { server, dir }
    }

    /// A client; each test has its own, as connections belong to the test's runtime.
    pub(crate) fn stage(&self) -> Stage<'_> {
        let credentials = Credentials::read(&self.server.credentials_path()).expect("credentials");
        Stage { house: self, client: Client::new(credentials).expect("a client") }
    }

    /// Where a file of the test goes.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// A house and a client of it.
pub(crate) struct Stage<'a> {
    pub(crate) house: &'a House,
    pub(crate) client: Client,
}

impl Stage<'_> {
    /// PUT below the account; `body` is what goes into `properties`.
    pub(crate) async fn put(&self, path: &str, properties: Value) -> Value {
        let body = json!({"properties": properties});
        self.client
            .call(Method::PUT, path, Some(&body))
            .await
            .unwrap_or_else(|error| panic!("{path}: {error:#}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.client.call(Method::GET, path, None).await.unwrap_or_else(|error| panic!("{path}: {error:#}"))
    }

    /// An asset that holds these files, sent as Put Blob.
    pub(crate) async fn asset(&self, name: &str, files: &[&Path]) {
        self.put(&format!("assets/{name}"), json!({})).await;
        if files.is_empty() {
            return;
        }
        let body = json!({"permissions": "ReadWrite", "expiryTime": "2099-01-01T00:00:00Z"});
        let path = format!("assets/{name}/listContainerSas");
        let sas = self.client.call(Method::POST, &path, Some(&body)).await.expect("a SAS");
        let sas = sas["assetContainerSasUrls"][0].as_str().expect("a URL");
        let (container, query) = sas.split_once('?').expect("a signature");
        for file in files {
            let blob = file.file_name().expect("a name").to_str().expect("UTF-8");
            let bytes = std::fs::read(file).expect("the file");
            let request = self.client.http.put(format!("{container}/{blob}?{query}"));
            let answer =
                request.header("x-ms-blob-type", "BlockBlob").body(bytes).send().await.expect("an answer");
            assert_eq!(answer.status(), StatusCode::CREATED, "{blob}");
        }
    }

    /// A transform of one preset.
    pub(crate) async fn transform(&self, name: &str, preset: Value) {
        self.put(&format!("transforms/{name}"), json!({"outputs": [{"preset": preset}]})).await;
    }

    /// Submits a job from `input` (the wire's) into a new asset `output`; gives the job's path.
    pub(crate) async fn submit(&self, transform: &str, input: Value, output: &str) -> String {
        self.put(&format!("assets/{output}"), json!({})).await;
        let job = format!("transforms/{transform}/jobs/{output}");
        let outputs = json!([{"@odata.type": "#Microsoft.Media.JobOutputAsset", "assetName": output}]);
        self.put(&job, json!({"input": input, "outputs": outputs})).await;
        job
    }

    pub(crate) async fn state(&self, job: &str) -> String {
        let seen = self.get(job).await;
        let state = seen["properties"]["state"].as_str().expect("a state").to_owned();
        assert!(!matches!(state.as_str(), "Error" | "Canceled"), "{seen}\n{}", self.house.server.log());
        state
    }

    /// Waits until the job is finished.
    pub(crate) async fn finished(&self, job: &str) {
        until("the job", async || (self.state(job).await == "Finished").then_some(())).await;
    }

    /// An encoded asset out of one file: transform, job and all.
    pub(crate) async fn encoded(&self, name: &str, preset: Value, file: &Path) -> String {
        self.asset(name, &[file]).await;
        self.transform(name, preset).await;
        let output = format!("{name}-out");
        let job = self.submit(name, asset_input(name), &output).await;
        self.finished(&job).await;
        output
    }

    /// A locator named after the asset. `more` is added to its properties.
    pub(crate) async fn locator(&self, asset: &str, policy: &str, more: Value) {
        let mut properties = json!({"assetName": asset, "streamingPolicyName": policy});
        for (key, value) in more.as_object().expect("an object") {
            properties[key] = value.clone();
        }
        self.put(&format!("streamingLocators/{asset}"), properties).await;
    }

    /// What listPaths says now.
    pub(crate) async fn paths(&self, locator: &str) -> Paths {
        let path = format!("streamingLocators/{locator}/listPaths");
        let answer = self.client.call(Method::POST, &path, None).await.expect("paths");
        Paths { base: self.house.server.http(), answer }
    }

    /// Publishes an asset for streaming and waits until it has paths.
    pub(crate) async fn published(&self, asset: &str) -> Paths {
        self.locator(asset, "Predefined_ClearStreamingOnly", json!({})).await;
        self.playable(asset).await
    }

    /// Waits until a locator has streaming paths.
    pub(crate) async fn playable(&self, locator: &str) -> Paths {
        until("streaming paths", async || {
            let paths = self.paths(locator).await;
            (!paths.streaming().is_empty()).then_some(paths)
        })
        .await
    }

    /// GET without authentication, as a player does.
    pub(crate) async fn fetch(&self, url: &str) -> (StatusCode, bytes::Bytes) {
        let answer = self.client.http.get(url).send().await.expect("an answer");
        (answer.status(), answer.bytes().await.expect("the whole answer"))
    }

    /// The text of a manifest that is there.
    pub(crate) async fn text(&self, url: &str) -> String {
        let (status, bytes) = self.fetch(url).await;
        let text = String::from_utf8(bytes.to_vec()).expect("manifests are UTF-8");
        assert_eq!(status, StatusCode::OK, "{url}: {text}");
        text
    }
}

/// An answer of listPaths.
pub(crate) struct Paths {
    base: String,
    answer: Value,
}

impl Paths {
    /// URLs of manifests.
    pub(crate) fn streaming(&self) -> Vec<String> {
        let entries = self.answer["streamingPaths"].as_array().into_iter().flatten();
        let paths = entries.flat_map(|entry| entry["paths"].as_array().into_iter().flatten());
        paths.filter_map(Value::as_str).map(|path| format!("{}{path}", self.base)).collect()
    }

    /// URLs of files.
    pub(crate) fn downloads(&self) -> Vec<String> {
        let paths = self.answer["downloadPaths"].as_array().into_iter().flatten();
        paths.filter_map(Value::as_str).map(|path| format!("{}{path}", self.base)).collect()
    }

    /// The manifest of a format, with more options if there are any.
    pub(crate) fn url(&self, format: &str, more: &str) -> String {
        let all = self.streaming();
        let form = format!("(format={format})");
        let url =
            all.iter().find(|url| url.contains(&form)).unwrap_or_else(|| panic!("no {format} in {all:?}"));
        match more {
            "" => url.clone(),
            more => url.replace(&form, &format!("(format={format},{more})")),
        }
    }

    /// The Smooth manifest.
    pub(crate) fn smooth(&self) -> String {
        let all = self.streaming();
        all.iter()
            .find(|url| url.ends_with("/manifest"))
            .unwrap_or_else(|| panic!("no Smooth in {all:?}"))
            .clone()
    }
}

/// The wire's input of one asset.
pub(crate) fn asset_input(asset: &str) -> Value {
    json!({"@odata.type": "#Microsoft.Media.JobInputAsset", "assetName": asset})
}

/// Asks until there is an answer.
pub(crate) async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(begin.elapsed() < PATIENCE, "{what} did not come in {PATIENCE:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// ffmpeg with these arguments, quietly.
pub(crate) fn ffmpeg(arguments: &[&str]) {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"])
        .args(arguments)
        .output()
        .expect("ffmpeg runs; `make test` installs it");
    assert!(output.status.success(), "ffmpeg {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A tool of `e2e/playback`.
pub(crate) fn harness(tool: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(repository().join("e2e/playback").join(tool));
    command
}
