//! Assembly as a type: [`Server::load`] opens everything, [`Server::run`] serves until it is told to stop.
//!
//! Order matters in three places, each said where it happens: listeners are bound before credentials are
//! written (ports may be chosen by the system), routers are mounted before the ready line is printed, and
//! listeners drain before the workers stop.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Settings};
use crate::credentials::{Credentials, Endpoints};
use crate::listen::{Listener, Speaks};
use crate::{console, tls};

/// Everything that was opened, ready to serve.
pub struct Server {
    credentials: Credentials,
    https: Listener,
    http: Listener,
    blob: Listener,
    stop: CancellationToken,
    config: Config,
}

/// Runs a server until SIGTERM or SIGINT.
///
/// # Errors
/// The server cannot start, or something it cannot live without failed.
pub async fn serve(settings: Settings) -> Result<()> {
    let config = settings.resolve()?;
    start_logging(&config)?;
    let stop = CancellationToken::new();
    let server = Server::load(config, stop.clone()).await?;
    tokio::spawn(stop_on_signal(stop));
    server.run().await
}

/// Cancels `stop` at the first SIGTERM or SIGINT; a second one ends the process at once.
pub async fn stop_on_signal(stop: CancellationToken) {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("cannot watch for signals");
        return;
    };
    for _ in 0..2 {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        if stop.is_cancelled() {
            std::process::exit(130);
        }
        tracing::info!("stopping");
        stop.cancel();
    }
}

/// Logs go to standard error; standard output is for the ready line.
///
/// # Errors
/// The filter is not one.
pub fn start_logging(config: &Config) -> Result<()> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log).with_context(|| {
        format!("`{}` is not a log filter; try info or millrace_encode=debug", config.log)
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log_json {
        builder.json().init()
    } else {
        builder.init()
    }
    Ok(())
}

impl Server {
    /// Opens data, listeners and certificates.
    ///
    /// # Errors
    /// The first thing that could not be opened, with what to do about it.
    pub async fn load(config: Config, stop: CancellationToken) -> Result<Self> {
        // A second installation is harmless: the provider is the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        make_private_dir(&config.data_dir)?;
        let https = Listener::bind(config.https, "--https").await?;
        let http = Listener::bind(config.http, "--http").await?;
        let blob = Listener::bind(config.blob, "--blob").await?;
        let base =
            |scheme, listener: &Listener| base_url(scheme, config.host_name.as_deref(), listener.address());
        let endpoints =
            Endpoints { https: base("https", &https), http: base("http", &http), blob: base("https", &blob) };
        let credentials = Credentials::load_or_create(&config.data_dir.canonicalize()?, endpoints)?;
        credentials.write(&config.data_dir)?;
        Ok(Self { credentials, https, http, blob, stop, config })
    }

    /// Where and as whom clients reach this server.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Serves until `stop`, drains, and returns.
    ///
    /// # Errors
    /// Certificates cannot be made.
    pub async fn run(self) -> Result<()> {
        let addresses = [self.https.address().ip(), self.blob.address().ip()];
        let source = match self.config.tls.clone() {
            Some((cert, key)) => tls::Source::Files { cert, key },
            None => tls::Source::Own {
                dir: self.config.data_dir.clone(),
                names: tls::names(self.config.host_name.as_deref(), &addresses),
            },
        };
        let tls = tls::server_config(source, self.stop.clone())?;
        let everything = console::router().merge(health());
        let plain = if self.http.address().ip().is_loopback() { everything.clone() } else { health() };
        println!("{}", ready_line(&self.credentials.endpoints));
        tokio::join!(
            self.https.serve(Speaks::Tls(tls.clone(), everything), self.stop.clone()),
            self.http.serve(Speaks::Plain(plain), self.stop.clone()),
            self.blob.serve(Speaks::Tls(tls, Router::new()), self.stop.clone()),
        );
        Ok(())
    }
}

fn health() -> Router {
    Router::new().route("/readyz", get(|| async { (StatusCode::OK, "ready\n") }))
}

fn ready_line(endpoints: &Endpoints) -> String {
    let mut line = String::from("millrace ready");
    for url in [&endpoints.https, &endpoints.http, &endpoints.blob] {
        let _ = write!(line, " {url}");
    }
    line
}

/// Clients cannot connect to 0.0.0.0: an unspecified address becomes localhost unless a host name is set.
fn base_url(scheme: &str, host_name: Option<&str>, address: SocketAddr) -> String {
    let port = address.port();
    match host_name {
        Some(name) => format!("{scheme}://{name}:{port}"),
        None if address.ip().is_unspecified() => format!("{scheme}://localhost:{port}"),
        None => format!("{scheme}://{address}"),
    }
}

fn make_private_dir(dir: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("cannot make the data directory {}", dir.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls_name_something_one_can_connect_to() {
        let check = |host, address: &str, expect| {
            assert_eq!(base_url("http", host, address.parse().unwrap()), expect);
        };
        check(None, "127.0.0.1:80", "http://127.0.0.1:80");
        check(None, "[::1]:80", "http://[::1]:80");
        check(None, "0.0.0.0:80", "http://localhost:80");
        check(Some("media.example"), "0.0.0.0:80", "http://media.example:80");
    }
}
