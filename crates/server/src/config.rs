//! Settings from flags, `MILLRACE_…` variables and `millrace.toml`, in that order of precedence.
//!
//! [`Settings`] is what a person may say (everything optional); [`Config`] is what the server runs
//! with (everything decided). The rest of the crate sees only [`Config`].

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;

/// Read when `--config` is not given and the file exists in the working directory.
const DEFAULT_FILE: &str = "millrace.toml";

/// Every setting, each as flag, environment variable and key of `millrace.toml`.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Configuration file [default: ./millrace.toml if it exists].
    #[arg(long, env = "MILLRACE_CONFIG")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Where everything is kept [default: ./millrace-data].
    #[arg(long, env = "MILLRACE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// API, console and streaming over TLS; port 0 asks the system for one [default: 127.0.0.1:8443].
    #[arg(long, env = "MILLRACE_HTTPS")]
    pub https: Option<SocketAddr>,
    /// Streaming in plain, for players and CDNs; on loopback also API and console [default: 127.0.0.1:8080].
    #[arg(long, env = "MILLRACE_HTTP")]
    pub http: Option<SocketAddr>,
    /// Azure-Blob-compatible endpoint, TLS (on loopback plain too) [default: 127.0.0.1:10000].
    #[arg(long, env = "MILLRACE_BLOB")]
    pub blob: Option<SocketAddr>,
    /// Host name under which clients reach this server; goes into URLs and the certificate [default: the address bound].
    #[arg(long, env = "MILLRACE_HOST_NAME")]
    pub host_name: Option<String>,
    /// Certificate chain (PEM) to use instead of one from Millrace's own authority; needs --tls-key.
    #[arg(long, env = "MILLRACE_TLS_CERT", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Private key (PEM) of --tls-cert.
    #[arg(long, env = "MILLRACE_TLS_KEY", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Let HTTP job inputs reach loopback, link-local and private addresses.
    #[arg(long, env = "MILLRACE_ALLOW_PRIVATE_TARGETS", num_args = 0..=1, default_missing_value = "true")]
    pub allow_private_targets: Option<bool>,
    /// Encoding children that run at the same time [default: from the number of cores].
    #[arg(long, env = "MILLRACE_ENCODERS")]
    pub encoders: Option<usize>,
    /// The ffmpeg to run [default: ffmpeg from PATH].
    #[arg(long, env = "MILLRACE_FFMPEG")]
    pub ffmpeg: Option<PathBuf>,
    /// The ffprobe to run [default: ffprobe from PATH].
    #[arg(long, env = "MILLRACE_FFPROBE")]
    pub ffprobe: Option<PathBuf>,
    /// What to log, as a tracing filter [default: info].
    #[arg(long, env = "MILLRACE_LOG")]
    pub log: Option<String>,
    /// Log as one JSON object a line.
    #[arg(long, env = "MILLRACE_LOG_JSON", num_args = 0..=1, default_missing_value = "true")]
    pub log_json: Option<bool>,
}

/// What the server runs with.
#[derive(Debug, Clone)]
pub struct Config {
    /// Root of all state; created 0700 when absent.
    pub data_dir: PathBuf,
    /// TLS listener of API, console and streaming.
    pub https: SocketAddr,
    /// Plain listener.
    pub http: SocketAddr,
    /// Blob listener.
    pub blob: SocketAddr,
    /// Name that clients use, if not the bound address.
    pub host_name: Option<String>,
    /// Operator's certificate and key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whether job inputs may name private addresses.
    pub allow_private_targets: bool,
    /// Encoding children at a time; at least 1.
    pub encoders: usize,
    /// Path or name of ffmpeg.
    pub ffmpeg: PathBuf,
    /// Path or name of ffprobe.
    pub ffprobe: PathBuf,
    /// tracing filter.
    pub log: String,
    /// JSON logs.
    pub log_json: bool,
}

impl Settings {
    /// Reads the file, lays flags and variables over it and decides what is left.
    ///
    /// # Errors
    /// A file that was named and cannot be read, an unknown key or a bad value, with its place.
    pub fn resolve(self) -> Result<Config> {
        let file = match &self.config {
            Some(path) => Self::read(path)?,
            None if Path::new(DEFAULT_FILE).exists() => Self::read(Path::new(DEFAULT_FILE))?,
            None => Self::default(),
        };
        let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
        let tls = match (self.tls_cert.or(file.tls_cert), self.tls_key.or(file.tls_key)) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => bail!("tls_cert and tls_key go together: give both or neither"),
        };
        let encoders = self.encoders.or(file.encoders);
        if encoders == Some(0) {
            bail!("encoders must be at least 1");
        }
        Ok(Config {
            data_dir: self.data_dir.or(file.data_dir).unwrap_or_else(|| "millrace-data".into()),
            https: self.https.or(file.https).unwrap_or_else(|| loopback(8443)),
            http: self.http.or(file.http).unwrap_or_else(|| loopback(8080)),
            blob: self.blob.or(file.blob).unwrap_or_else(|| loopback(10000)),
            host_name: self.host_name.or(file.host_name),
            tls,
            allow_private_targets: self.allow_private_targets.or(file.allow_private_targets).unwrap_or(false),
            encoders: encoders.unwrap_or_else(default_encoders),
            ffmpeg: self.ffmpeg.or(file.ffmpeg).unwrap_or_else(|| "ffmpeg".into()),
            ffprobe: self.ffprobe.or(file.ffprobe).unwrap_or_else(|| "ffprobe".into()),
            log: self.log.or(file.log).unwrap_or_else(|| "info".into()),
            log_json: self.log_json.or(file.log_json).unwrap_or(false),
        })
    }

    fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not a valid configuration", path.display()))
    }
}

/// x264 keeps about four cores busy in one child that writes a whole ladder; more children than that only
/// raise memory.
fn default_encoders() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    cores.div_ceil(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_stay_on_loopback() {
        let config = Settings { config: None, ..Settings::default() }.resolve().unwrap();
        for address in [config.https, config.http, config.blob] {
            assert!(address.ip().is_loopback(), "{address}");
        }
        assert!(!config.allow_private_targets);
    }

    #[test]
    fn flags_win_over_the_file_and_unknown_keys_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.toml");
        std::fs::write(&path, "http = \"127.0.0.1:1\"\nhttps = \"127.0.0.1:2\"\n").unwrap();
        let settings = Settings {
            config: Some(path.clone()),
            https: Some("127.0.0.1:9".parse().unwrap()),
            ..Settings::default()
        };
        let config = settings.clone().resolve().unwrap();
        assert_eq!(config.http.port(), 1);
        assert_eq!(config.https.port(), 9);

        std::fs::write(&path, "htps = \"127.0.0.1:1\"\n").unwrap();
        let error = format!("{:#}", settings.resolve().unwrap_err());
        assert!(error.contains("htps"), "{error}");
    }

    #[test]
    fn half_a_certificate_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.toml");
        std::fs::write(&path, "tls_cert = \"a.pem\"\n").unwrap();
        assert!(Settings { config: Some(path), ..Settings::default() }.resolve().is_err());
    }
}
