//! Assembly as a type: [`Server::load`] opens everything, [`Server::run`] serves until it is told to stop.
//!
//! Order matters in three places, each said where it happens: listeners are bound before credentials are
//! written (ports may be chosen by the system), routers are mounted before the ready line is printed, and
//! listeners drain before the workers stop.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use millrace_api::{AuthConfig, TokenKeys};
use millrace_blob::endpoint::Endpoint;
use millrace_blob::{AccountConfig, Blobs, Key, Place};
use millrace_catalog::{Catalog, Setup};
use millrace_encode::Encoder;
use millrace_ledger::Ledger;
use millrace_ledger::runner::Runner;
use millrace_origin::Origin;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::{Config, Settings};
use crate::credentials::{Credentials, Endpoints};
use crate::listen::{Listener, Speaks};
use crate::secrets::Secrets;
use crate::{console, housekeeping, tls};

/// Everything that was opened, ready to serve.
pub struct Server {
    credentials: Credentials,
    tls: Arc<rustls::ServerConfig>,
    listeners: Listeners,
    routers: Routers,
    workers: Runner,
    catalog: Catalog,
    stop: CancellationToken,
}

/// The sockets.
struct Listeners {
    https: Listener,
    http: Listener,
    blob: Listener,
}

/// What answers on them.
struct Routers {
    /// API, console and streaming.
    everything: Router,
    /// Streaming alone.
    streams: Router,
    /// Blobs.
    blob: Router,
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
    server.run().await;
    Ok(())
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
    /// Opens data, listeners and domain.
    ///
    /// # Errors
    /// The first thing that could not be opened, with what to do about it.
    pub async fn load(config: Config, stop: CancellationToken) -> Result<Self> {
        // A second installation is harmless: the provider is the same one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        make_private_dir(&config.data_dir)?;
        // The ledger's lock comes first: a second server on this data must not touch credentials or ports.
        let ledger = Ledger::open(millrace_ledger::Config::new(config.data_dir.join("ledger.db"))).await?;
        let listeners = Listeners {
            https: Listener::bind(config.https, "--https").await?,
            http: Listener::bind(config.http, "--http").await?,
            blob: Listener::bind(config.blob, "--blob").await?,
        };
        let credentials =
            Credentials::load_or_create(&config.data_dir.canonicalize()?, listeners.endpoints(&config))?;
        credentials.write(&config.data_dir)?;
        let secrets = Secrets::load_or_create(&config.data_dir, || Ok(TokenKeys::generate()?.to_pem()))?;
        let blobs = open_blobs(&config, &credentials, &secrets).await?;
        let catalog = Catalog::open(ledger.clone(), blobs.clone(), setup(&credentials)).await?;
        let encoder = Encoder::new(catalog.clone(), encoding(&config))
            .with_context(|| format!("cannot prepare {} for encoding", config.data_dir.display()))?;
        let workers = encoder.register(catalog.register(Runner::new(ledger)));
        let plain_blob = listeners.plain_blob(&credentials.endpoints);
        let routers = Routers::new(&catalog, blobs, &credentials, &secrets, plain_blob)?;
        let tls = tls::server_config(certificates(&config, &listeners), stop.clone())?;
        Ok(Self { credentials, tls, listeners, routers, workers, catalog, stop })
    }

    /// Where and as whom clients reach this server.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Serves until `stop`, drains, and returns.
    pub async fn run(self) {
        let Self { credentials, tls, listeners, routers, workers, catalog, stop } = self;
        let plain = listeners.http.address().ip().is_loopback();
        let plain = if plain { routers.everything.clone() } else { routers.streams };
        let blob = if listeners.blob.address().ip().is_loopback() {
            Speaks::Both(tls.clone(), routers.blob.clone(), routers.blob)
        } else {
            Speaks::Tls(tls.clone(), routers.blob)
        };
        println!("{}", ready_line(&credentials.endpoints));
        tokio::join!(
            listeners.https.serve(Speaks::Tls(tls, routers.everything), stop.clone()),
            listeners.http.serve(Speaks::Plain(plain), stop.clone()),
            listeners.blob.serve(blob, stop.clone()),
            workers.run(stop.clone()),
            housekeeping::run(catalog.ledger().clone(), catalog.blobs().clone(), stop),
        );
    }
}

impl Listeners {
    fn endpoints(&self, config: &Config) -> Endpoints {
        let base =
            |scheme, listener: &Listener| base_url(scheme, config.host_name.as_deref(), listener.address());
        Endpoints {
            https: base("https", &self.https),
            http: base("http", &self.http),
            blob: base("https", &self.blob),
        }
    }

    /// The blob endpoint for browsers that came in plain http, which it answers on loopback alone.
    fn plain_blob(&self, endpoints: &Endpoints) -> Option<String> {
        self.blob.address().ip().is_loopback().then(|| endpoints.blob.replacen("https:", "http:", 1))
    }
}

impl Routers {
    fn new(
        catalog: &Catalog,
        blobs: Blobs,
        credentials: &Credentials,
        secrets: &Secrets,
        plain_blob: Option<String>,
    ) -> Result<Self> {
        let now: millrace_origin::Now = Arc::new(jiff::Timestamp::now);
        let origin = Origin::new(&millrace_origin::Config::default(), Arc::new(catalog.clone()), now);
        let auth = AuthConfig::new(
            &credentials.tenant_id,
            &credentials.client_id,
            &credentials.client_secret,
            &credentials.api_key,
            TokenKeys::from_pem(&secrets.token_key)?,
        );
        let endpoints = &credentials.endpoints;
        let config = millrace_api::Config {
            public_url: endpoints.https.clone(),
            blob_url: endpoints.blob.clone(),
            plain_blob_url: plain_blob,
        };
        let api = millrace_api::router(millrace_api::State { catalog: catalog.clone(), auth, config });
        let endpoint = Endpoint::new(blobs, millrace_blob::Clock::default());
        let streams = health().fallback_service(origin.router());
        Ok(Self {
            everything: console::router(credentials.into()).merge(api).merge(streams.clone()),
            streams,
            blob: millrace_blob::endpoint::router(Arc::new(endpoint)),
        })
    }
}

async fn open_blobs(config: &Config, credentials: &Credentials, secrets: &Secrets) -> Result<Blobs> {
    let key = |text: &String| Key::from_base64(text).context("a storage key in secrets.json is damaged");
    let [first, second] = &secrets.storage_keys;
    let account = AccountConfig {
        name: credentials.storage_account_name.clone(),
        keys: [key(first)?, key(second)?],
        place: Place::Directory(config.data_dir.join("storage").join(&credentials.storage_account_name)),
    };
    Ok(Blobs::open(millrace_blob::Config { accounts: vec![account], ..Default::default() }).await?)
}

fn encoding(config: &Config) -> millrace_encode::Config {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut encoding = millrace_encode::Config::new(config.data_dir.join("scratch"), cores);
    encoding.tools.ffmpeg.clone_from(&config.ffmpeg);
    encoding.tools.ffprobe.clone_from(&config.ffprobe);
    encoding.encoders = config.encoders;
    encoding.allow_private_targets = config.allow_private_targets;
    encoding
}

fn setup(credentials: &Credentials) -> Setup {
    let streaming = credentials.endpoints.https.trim_start_matches("https://").to_owned();
    Setup {
        subscription_id: credentials.subscription_id.clone(),
        resource_group: credentials.resource_group.clone(),
        account_name: credentials.account_name.clone(),
        location: "local".into(),
        storage_accounts: vec![credentials.storage_account_name.clone()],
        streaming_host: streaming,
        page_size: None,
    }
}

fn certificates(config: &Config, listeners: &Listeners) -> tls::Source {
    match config.tls.clone() {
        Some((cert, key)) => tls::Source::Files { cert, key },
        None => {
            let addresses = [listeners.https.address().ip(), listeners.blob.address().ip()];
            let names = tls::names(config.host_name.as_deref(), &addresses);
            tls::Source::Own { dir: config.data_dir.clone(), names }
        }
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
