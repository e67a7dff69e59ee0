//! `millrace doctor`: says what is missing and how to mend it.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use clap::Args;

use crate::client::Target;
use crate::config::Settings;

/// What to look at.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Settings that `serve` would run with.
    #[command(flatten)]
    pub settings: Settings,
}

/// One finding.
struct Finding {
    what: String,
    mend: Option<String>,
}

/// Runs every check and prints a line for each.
///
/// # Errors
/// Something needs mending.
pub async fn run(args: DoctorArgs) -> Result<()> {
    let config = args.settings.resolve()?;
    let mut findings = vec![
        tool(&config.ffmpeg, "ffmpeg"),
        tool(&config.ffprobe, "ffprobe"),
        encoder(&config.ffmpeg, "libx264", "H.264"),
        encoder(&config.ffmpeg, "libx265", "H.265"),
        encoder(&config.ffmpeg, "aac", "AAC"),
        writable(&config.data_dir),
    ];
    findings.push(server(&config.data_dir).await);
    let mut wrong = 0;
    for finding in &findings {
        match &finding.mend {
            None => println!("ok     {}", finding.what),
            Some(mend) => {
                wrong += 1;
                println!("wrong  {}\n       {mend}", finding.what);
            }
        }
    }
    if wrong > 0 {
        bail!("{wrong} of {} checks need mending", findings.len());
    }
    Ok(())
}

fn ok(what: impl Into<String>) -> Finding {
    Finding { what: what.into(), mend: None }
}

fn wrong(what: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { what: what.into(), mend: Some(mend.into()) }
}

fn tool(path: &Path, name: &str) -> Finding {
    match Command::new(path).arg("-version").output() {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            ok(text.lines().next().unwrap_or(name).to_owned())
        }
        _ => wrong(
            format!("{} does not run", path.display()),
            format!("install it (apt-get install ffmpeg) or point --{name} at one"),
        ),
    }
}

fn encoder(ffmpeg: &Path, name: &str, what: &str) -> Finding {
    let listed = Command::new(ffmpeg).args(["-hide_banner", "-encoders"]).output();
    let found = listed.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .any(|line| line.split_whitespace().nth(1) == Some(name))
    });
    if found {
        ok(format!("{what} encoder {name}"))
    } else {
        wrong(
            format!("ffmpeg has no {name}"),
            format!("{what} presets will fail; install an ffmpeg built with {name}"),
        )
    }
}

fn writable(dir: &Path) -> Finding {
    let probe = || -> std::io::Result<()> {
        std::fs::create_dir_all(dir)?;
        tempfile(dir)
    };
    match probe() {
        Ok(()) => ok(format!("data directory {} is writable", dir.display())),
        Err(error) => wrong(
            format!("data directory {}: {error}", dir.display()),
            "choose another with --data-dir, or give this user the right to write there",
        ),
    }
}

fn tempfile(dir: &Path) -> std::io::Result<()> {
    let path = dir.join(".doctor");
    std::fs::write(&path, b"x")?;
    std::fs::remove_file(path)
}

async fn server(data_dir: &Path) -> Finding {
    let target = Target { data_dir: data_dir.to_path_buf(), credentials: None };
    let Ok(client) = target.connect() else {
        return ok("no server has run here yet; start one with `millrace serve`");
    };
    let url = format!("{}/readyz", client.credentials.endpoints.https);
    match client.http.get(&url).timeout(std::time::Duration::from_secs(5)).send().await {
        Ok(answer) if answer.status().is_success() => {
            ok(format!("server ready at {}", client.credentials.endpoints.https))
        }
        Ok(answer) => wrong(
            format!("{url} answered {}", answer.status()),
            "look at the server's log on its standard error",
        ),
        Err(_) => ok(format!("no server answers at {} now", client.credentials.endpoints.https)),
    }
}
