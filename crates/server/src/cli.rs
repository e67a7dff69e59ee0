//! The command line: one verb per module, all of them thin over the same HTTP API that everybody uses.

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::{assembly, config, demo, doctor, upload};

/// A self-hosted media service: upload, encode, package, stream.
#[derive(Debug, Parser)]
#[command(name = "millrace", version, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the server until SIGTERM or Ctrl-C.
    Serve(config::Settings),
    /// Run a server with a sample title, uploaded, encoded and published, and print the pages to open.
    Demo(demo::DemoArgs),
    /// Upload a video, encode it and, with --publish, print the URLs that play it.
    Upload(upload::UploadArgs),
    /// Say what is missing on this machine or in this server, and how to mend it.
    Doctor(doctor::DoctorArgs),
}

/// Runs one verb to its end.
///
/// # Errors
/// Whatever stopped the verb, as a sentence for the person at the terminal.
pub fn run(cli: Cli) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    runtime.block_on(async {
        match cli.verb {
            Verb::Serve(settings) => assembly::serve(settings).await,
            Verb::Demo(args) => demo::run(args).await,
            Verb::Upload(args) => upload::run(args).await,
            Verb::Doctor(args) => doctor::run(args).await,
        }
    })
}
