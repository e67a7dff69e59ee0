//! `millrace upload`: a file into an asset, through a transform, out as URLs that play.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use url::Url;
use uuid::Uuid;

use crate::client::{Client, Target};

/// Small enough to retry cheaply, large enough that 50,000 of them (Azure's limit for one blob) hold 390 GiB.
const BLOCK: u64 = 8 * 1024 * 1024;
/// Blocks on their way at a time; memory is this many blocks.
const PARALLEL: usize = 4;
/// Sends of one block before giving up.
const ATTEMPTS: u32 = 4;
/// How often a job's progress is asked for.
const POLL: Duration = Duration::from_millis(500);
/// A file whose tracks are not found by then is none that can be streamed: the longest take a few seconds.
const INDEXING: Duration = Duration::from_secs(30);
/// What URLs of whole files are called.
const DOWNLOAD: &str = "Download";
/// Transforms that are made on first use: name and built-in preset are the same word.
const BUILT_IN: [&str; 12] = [
    "AdaptiveStreaming",
    "H264MultipleBitrate1080p",
    "H264MultipleBitrate720p",
    "H264MultipleBitrateSD",
    "H264SingleBitrate1080p",
    "H264SingleBitrate720p",
    "H264SingleBitrateSD",
    "H265AdaptiveStreaming",
    "H265SingleBitrate1080p",
    "H265SingleBitrate720p",
    "AACGoodQualityAudio",
    "CopyAllBitrateNonInterleaved",
];

/// What to upload and what becomes of it.
#[derive(Debug, Clone, Args)]
pub struct UploadArgs {
    /// The video or audio file.
    pub file: PathBuf,
    /// Encode with this transform; a built-in preset's name makes the transform on first use.
    #[arg(long)]
    pub transform: Option<String>,
    /// Make it playable and print the URLs; without --transform the file is streamed as it is.
    #[arg(long)]
    pub publish: bool,
    /// Name of the asset [default: the file's name and a few random letters].
    #[arg(long)]
    pub name: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: Target,
}

/// Runs the verb.
///
/// # Errors
/// The first step that failed, as a sentence.
pub async fn run(args: UploadArgs) -> Result<()> {
    let client = args.target.connect()?;
    let urls = title(&client, &args.file, args.name, args.transform.as_deref(), args.publish).await?;
    for (protocol, url) in urls {
        println!("{protocol:<16} {url}");
    }
    Ok(())
}

/// Uploads, encodes and publishes one file; returns (protocol, URL) pairs, none unless published.
///
/// # Errors
/// As [`run`].
pub async fn title(
    client: &Client,
    file: &Path,
    name: Option<String>,
    transform: Option<&str>,
    publish: bool,
) -> Result<Vec<(String, String)>> {
    let name = name.unwrap_or_else(|| asset_name(file));
    client.call(Method::PUT, &format!("assets/{name}"), Some(&json!({"properties": {}}))).await?;
    send_file(client, &name, file).await?;
    let Some(transform) = transform else {
        return if publish { publish_as_it_is(client, &name).await } else { Ok(Vec::new()) };
    };
    ensure_transform(client, transform).await?;
    let output = format!("{name}-out");
    client.call(Method::PUT, &format!("assets/{output}"), Some(&json!({"properties": {}}))).await?;
    let job = format!("transforms/{transform}/jobs/{name}");
    let body = json!({"properties": {
        "input": {"@odata.type": "#Microsoft.Media.JobInputAsset", "assetName": name},
        "outputs": [{"@odata.type": "#Microsoft.Media.JobOutputAsset", "assetName": output}],
    }});
    client.call(Method::PUT, &job, Some(&body)).await?;
    watch(client, &job).await?;
    if publish { locate(client, &output).await } else { Ok(Vec::new()) }
}

/// Waits until a job is in a final state.
///
/// # Errors
/// The server cannot be asked.
pub async fn settled(client: &Client, job: &str) -> Result<()> {
    loop {
        let state = client.call(Method::GET, job, None).await?;
        if matches!(state["properties"]["state"].as_str(), Some("Finished" | "Error" | "Canceled")) {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// A readable name that the API accepts, unique enough that two uploads of one file do not meet.
fn asset_name(file: &Path) -> String {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let safe: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .take(40)
        .collect();
    let safe = safe.trim_matches('-');
    let unique = &Uuid::new_v4().simple().to_string()[..6];
    if safe.is_empty() { format!("upload-{unique}") } else { format!("{safe}-{unique}") }
}

async fn ensure_transform(client: &Client, name: &str) -> Result<()> {
    let path = format!("transforms/{name}");
    if client.find(&path).await?.is_some() {
        return Ok(());
    }
    let Some(preset) = BUILT_IN.iter().find(|preset| preset.eq_ignore_ascii_case(name)) else {
        bail!(
            "there is no transform {name}; make one through the API, or name a built-in preset: {}",
            BUILT_IN.join(", ")
        );
    };
    let body = json!({"properties": {"outputs": [
        {"preset": {"@odata.type": "#Microsoft.Media.BuiltInStandardEncoderPreset", "presetName": preset}}
    ]}});
    client.call(Method::PUT, &path, Some(&body)).await.map(drop)
}

async fn send_file(client: &Client, asset: &str, file: &Path) -> Result<()> {
    let length =
        tokio::fs::metadata(file).await.with_context(|| format!("cannot read {}", file.display()))?.len();
    let expiry = jiff::Timestamp::now().saturating_add(jiff::SignedDuration::from_hours(24))?;
    let body = json!({"permissions": "ReadWrite", "expiryTime": expiry.to_string()});
    let answer = client.call(Method::POST, &format!("assets/{asset}/listContainerSas"), Some(&body)).await?;
    let sas = answer["assetContainerSasUrls"][0].as_str().context("the server gave no upload URL")?;
    let file_name = file.file_name().context("that is not a file")?.to_string_lossy();
    let blob = blob_url(sas, &file_name)?;

    let bar = bar("upload", length);
    let blocks: Vec<u64> = (0..length.div_ceil(BLOCK)).collect();
    stream::iter(blocks.iter().map(|&index| send_block(client, &blob, file, index, length, &bar)))
        .buffer_unordered(PARALLEL)
        .try_collect::<Vec<()>>()
        .await?;
    let list: String = blocks.iter().map(|&index| format!("<Latest>{}</Latest>", block_id(index))).collect();
    let list = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>{list}</BlockList>");
    let mut url = blob.clone();
    url.query_pairs_mut().append_pair("comp", "blocklist");
    send(client, url, list.into_bytes(), Duration::from_secs(300))
        .await
        .context("the upload was not accepted")?;
    bar.finish();
    Ok(())
}

async fn send_block(
    client: &Client,
    blob: &Url,
    file: &Path,
    index: u64,
    length: u64,
    bar: &ProgressBar,
) -> Result<()> {
    let start = index * BLOCK;
    let mut bytes = vec![0u8; usize::try_from(BLOCK.min(length - start))?];
    let mut source = tokio::fs::File::open(file).await?;
    source.seek(std::io::SeekFrom::Start(start)).await?;
    source
        .read_exact(&mut bytes)
        .await
        .with_context(|| format!("{} changed while it was read", file.display()))?;
    let mut url = blob.clone();
    url.query_pairs_mut().append_pair("comp", "block").append_pair("blockid", &block_id(index));
    let size = bytes.len() as u64;
    let bytes = bytes::Bytes::from(bytes);
    let mut attempt = 1;
    loop {
        match send(client, url.clone(), bytes.clone(), Duration::from_secs(120)).await {
            Ok(()) => break,
            Err(error) if attempt == ATTEMPTS => {
                return Err(error.context("a part of the file could not be sent"));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(250 << attempt)).await,
        }
        attempt += 1;
    }
    bar.inc(size);
    Ok(())
}

/// All ids of one blob must have the same length (Put Block, "blockid").
fn block_id(index: u64) -> String {
    STANDARD.encode(format!("{index:08}"))
}

async fn send(client: &Client, url: Url, bytes: impl Into<reqwest::Body>, timeout: Duration) -> Result<()> {
    let response = client
        .http
        .put(url)
        .body(bytes)
        .timeout(timeout)
        .send()
        .await
        .map_err(reqwest::Error::without_url)?;
    if response.status() != StatusCode::CREATED {
        let status = response.status();
        let code =
            response.headers().get("x-ms-error-code").and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
        bail!("the blob endpoint answered {status} {code}");
    }
    Ok(())
}

fn blob_url(container_sas: &str, blob: &str) -> Result<Url> {
    let mut url = Url::parse(container_sas).context("the server gave an upload URL that is none")?;
    url.path_segments_mut().map_err(|()| anyhow::anyhow!("the upload URL has no path"))?.push(blob);
    Ok(url)
}

async fn watch(client: &Client, job: &str) -> Result<()> {
    let bar = bar_percent("encode");
    loop {
        let state = client.call(Method::GET, job, None).await?;
        let output = &state["properties"]["outputs"][0];
        bar.set_position(output["progress"].as_u64().unwrap_or(0));
        match state["properties"]["state"].as_str().unwrap_or_default() {
            "Finished" => {
                bar.finish();
                return Ok(());
            }
            "Error" => {
                bar.abandon();
                bail!("encoding failed: {}", reason(output));
            }
            "Canceled" => {
                bar.abandon();
                bail!("the job was cancelled");
            }
            _ => tokio::time::sleep(POLL).await,
        }
    }
}

fn reason(output: &Value) -> String {
    let error = &output["error"];
    let detail = error["details"][0]["message"].as_str();
    detail.or(error["message"].as_str()).unwrap_or("the server gave no reason").to_owned()
}

async fn locate(client: &Client, asset: &str) -> Result<Vec<(String, String)>> {
    let locator = format!("streamingLocators/{asset}");
    let body = json!({"properties": {
        "assetName": asset, "streamingPolicyName": "Predefined_DownloadAndClearStreaming"}});
    client.call(Method::PUT, &locator, Some(&body)).await?;
    paths(client, asset).await
}

/// Publishes a file that was not encoded: the server indexes it once a locator asks for it, so the URLs come a moment later.
async fn publish_as_it_is(client: &Client, asset: &str) -> Result<Vec<(String, String)>> {
    let bar = styled(ProgressBar::new_spinner(), "index", "{prefix:>8} {spinner} {elapsed:>4}");
    let started = Instant::now();
    let mut urls = locate(client, asset).await?;
    while urls.iter().all(|(protocol, _)| protocol == DOWNLOAD) {
        if started.elapsed() > INDEXING {
            bar.abandon();
            eprintln!("The file cannot be streamed as it is; encode it with --transform AdaptiveStreaming.");
            return Ok(urls);
        }
        bar.tick();
        tokio::time::sleep(POLL).await;
        urls = paths(client, asset).await?;
    }
    bar.finish();
    Ok(urls)
}

/// The URLs of a locator, in the order of the API.
///
/// # Errors
/// As [`run`].
pub async fn paths(client: &Client, locator: &str) -> Result<Vec<(String, String)>> {
    let paths = client.call(Method::POST, &format!("streamingLocators/{locator}/listPaths"), None).await?;
    let base = &client.credentials.endpoints.http;
    let mut urls = Vec::new();
    for streaming in paths["streamingPaths"].as_array().into_iter().flatten() {
        let protocol = streaming["streamingProtocol"].as_str().unwrap_or("?");
        for path in streaming["paths"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            urls.push((protocol.to_owned(), format!("{base}{path}")));
        }
    }
    // Manifests and metadata can be downloaded too; a person wants the films.
    let files = paths["downloadPaths"].as_array().into_iter().flatten().filter_map(Value::as_str);
    for path in files.filter(|path| path.ends_with(".mp4")) {
        urls.push((DOWNLOAD.to_owned(), format!("{base}{path}")));
    }
    Ok(urls)
}

fn bar(what: &'static str, length: u64) -> ProgressBar {
    let style = "{prefix:>8} [{wide_bar:.cyan/blue}] {bytes}/{total_bytes} {eta:>4}";
    styled(ProgressBar::new(length), what, style)
}

fn bar_percent(what: &'static str) -> ProgressBar {
    styled(ProgressBar::new(100), what, "{prefix:>8} [{wide_bar:.green/blue}] {pos:>3} % {elapsed:>4}")
}

fn styled(bar: ProgressBar, what: &'static str, template: &str) -> ProgressBar {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(what);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asset_names_are_safe_for_any_file() {
        for file in ["My Film (final).mp4", "../../etc/passwd", "ünïcödé.mov", "....mp4", "a"] {
            let name = asset_name(Path::new(file));
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{name}");
            assert!(!name.starts_with('-'), "{name}");
        }
    }

    #[test]
    fn blob_names_are_escaped_and_the_signature_stays() {
        let url = blob_url("http://127.0.0.1:1/asset-1?sv=1&sig=a%2Bb", "a b#?.mp4").unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:1/asset-1/a%20b%23%3F.mp4?sv=1&sig=a%2Bb");
    }
}
