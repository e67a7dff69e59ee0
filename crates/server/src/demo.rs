//! `millrace demo`: a server with a sample title, really uploaded, encoded and published.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use clap::Args;
use reqwest::Method;
use serde_json::Value;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::assembly::{self, Server};
use crate::client::Client;
use crate::config::{Config, Settings};
use crate::upload;

/// Name of the asset; its presence means that an earlier start made it.
const SAMPLE: &str = "sample";
/// Long enough to seek about in, short enough to encode while one waits.
const SAMPLE_SECONDS: u32 = 30;

/// What to show.
#[derive(Debug, Clone, Args)]
pub struct DemoArgs {
    /// A video of yours instead of the generated sample.
    #[arg(long)]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub settings: Settings,
}

/// Runs the server until it is told to stop, and the sample beside it.
///
/// # Errors
/// The server cannot start, or the sample cannot be made, uploaded or encoded.
pub async fn run(args: DemoArgs) -> Result<()> {
    let config = args.settings.resolve()?;
    assembly::start_logging(&Config { log: quiet(&config), ..config.clone() })?;
    let stop = CancellationToken::new();
    let server = Server::load(config.clone(), stop.clone()).await?;
    let client = Client::new(server.credentials().clone())?;
    let signals = tokio::spawn(assembly::stop_on_signal(stop.clone()));
    let serving = tokio::spawn(server.run());
    let shown = tokio::select! {
        shown = show(&client, &config, args.file) => shown,
        () = stop.cancelled() => Ok(()),
    };
    if shown.is_err() {
        stop.cancel();
    }
    serving.await?;
    signals.abort();
    shown
}

/// The demo talks to a person: its log shows only what went wrong, unless they asked for more.
fn quiet(config: &Config) -> String {
    if config.log == "info" { "warn".into() } else { config.log.clone() }
}

async fn show(client: &Client, config: &Config, file: Option<PathBuf>) -> Result<()> {
    let urls = match client.find(&format!("streamingLocators/{SAMPLE}-out")).await? {
        Some(_) if file.is_none() => upload::paths(client, &format!("{SAMPLE}-out")).await?,
        _ => encode(client, config, file).await?,
    };
    let endpoints = &client.credentials.endpoints;
    println!("\nThe console   {}/console/", endpoints.http);
    println!(
        "Its key       {}  (apiKey in {})",
        client.credentials.api_key,
        config.data_dir.join("credentials.json").display()
    );
    println!("\nThe sample plays at");
    for (protocol, url) in urls {
        println!("  {protocol:<16} {url}");
    }
    println!("\nCtrl-C stops the server; everything stays in {}.", config.data_dir.display());
    Ok(())
}

async fn encode(client: &Client, config: &Config, file: Option<PathBuf>) -> Result<Vec<(String, String)>> {
    let (path, name) = match file {
        Some(path) => (path, None),
        None => {
            clear_unfinished(client).await?;
            (generate(config).await?, Some(SAMPLE.to_owned()))
        }
    };
    upload::title(client, &path, name, Some("AdaptiveStreaming"), true).await
}

/// An interrupted demo leaves a job or assets behind; a job is created once only, so they go first.
async fn clear_unfinished(client: &Client) -> Result<()> {
    let job = format!("transforms/AdaptiveStreaming/jobs/{SAMPLE}");
    if let Some(found) = client.find(&job).await? {
        if !is_final(&found) {
            client.call(Method::POST, &format!("{job}/cancelJob"), None).await?;
            upload::settled(client, &job).await?;
        }
        client.call(Method::DELETE, &job, None).await?;
    }
    for asset in [SAMPLE.to_owned(), format!("{SAMPLE}-out")] {
        client.call(Method::DELETE, &format!("assets/{asset}"), None).await?;
    }
    Ok(())
}

fn is_final(job: &Value) -> bool {
    matches!(job["properties"]["state"].as_str(), Some("Finished" | "Error" | "Canceled"))
}

/// A moving test picture with a clock and a tone: every player problem is visible or audible in it.
async fn generate(config: &Config) -> Result<PathBuf> {
    let path = config.data_dir.join("sample.mp4");
    if path.exists() {
        return Ok(path);
    }
    let staged = config.data_dir.join("sample.new.mp4");
    println!("Making a sample of {SAMPLE_SECONDS} s");
    let video = format!("testsrc2=size=1280x720:rate=30:duration={SAMPLE_SECONDS}");
    let audio = format!("sine=frequency=330:beep_factor=4:sample_rate=48000:duration={SAMPLE_SECONDS}");
    let output = Command::new(&config.ffmpeg)
        .args([
            "-hide_banner",
            "-loglevel",
            "error",
            "-nostdin",
            "-y",
            "-f",
            "lavfi",
            "-i",
            &video,
            "-f",
            "lavfi",
            "-i",
            &audio,
        ])
        .args(["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", "-g", "60"])
        .args(["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-movflags", "+faststart"])
        .arg(&staged)
        .stdin(Stdio::null())
        .output()
        .await
        .with_context(|| {
            format!("cannot run {}; `millrace doctor` tells what is missing", config.ffmpeg.display())
        })?;
    if !output.status.success() {
        bail!("ffmpeg could not make the sample: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    rename(&staged, &path)?;
    Ok(path)
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to).with_context(|| format!("cannot write {}", to.display()))
}
