//! The command line's own client of the API: the same calls that the official SDKs make.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use reqwest::{Certificate, Method, StatusCode};
use serde_json::Value;

use crate::credentials::{self, Credentials};

/// The versions of the two halves of the API, as the last official SDKs send them.
const API_VERSION: &str = "2022-08-01";
const ENCODING_API_VERSION: &str = "2022-07-01";
/// No single API call takes longer; uploads of blocks have their own limit.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// Which server to talk to.
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// Data directory of the server on this machine.
    #[arg(long, env = "MILLRACE_DATA_DIR", default_value = "millrace-data")]
    pub data_dir: PathBuf,
    /// A credentials.json copied from another machine, instead of --data-dir.
    #[arg(long, env = "MILLRACE_CREDENTIALS")]
    pub credentials: Option<PathBuf>,
}

impl Target {
    /// Connects with the credentials of the target.
    ///
    /// # Errors
    /// The credentials or the authority's certificate cannot be read.
    pub fn connect(&self) -> Result<Client> {
        let path = self.credentials.clone().unwrap_or_else(|| self.data_dir.join(credentials::FILE));
        Client::new(Credentials::read(&path)?)
    }
}

/// An authenticated client of one server.
#[derive(Clone)]
pub struct Client {
    /// Where and as whom.
    pub credentials: Credentials,
    /// Trusts the server's authority too; for blob traffic as well.
    pub http: reqwest::Client,
}

impl Client {
    /// A client that trusts what the system trusts, and the server's own authority if it has one.
    ///
    /// # Errors
    /// The authority's file is unreadable or not PEM.
    pub fn new(credentials: Credentials) -> Result<Self> {
        let http = reqwest::Client::builder()
            .tls_certs_merge(authority(&credentials.ca_file)?)
            .no_proxy()
            .build()
            .context("cannot set up the HTTP client")?;
        Ok(Self { credentials, http })
    }

    /// One call below the media account; `path` begins without a slash.
    ///
    /// # Errors
    /// The server cannot be reached, or refused: then its code and sentence.
    pub async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        match self.try_call(method.clone(), path, body).await? {
            (status, value) if status.is_success() => Ok(value),
            (status, value) => bail!("{method} {path}: {}", refusal(status, &value)),
        }
    }

    /// Like [`Client::call`], but absence is an answer.
    ///
    /// # Errors
    /// As [`Client::call`], but for 404.
    pub async fn find(&self, path: &str) -> Result<Option<Value>> {
        match self.try_call(Method::GET, path, None).await? {
            (status, value) if status.is_success() => Ok(Some(value)),
            (StatusCode::NOT_FOUND, _) => Ok(None),
            (status, value) => bail!("GET {path}: {}", refusal(status, &value)),
        }
    }

    async fn try_call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value)> {
        let version = if path.starts_with("transforms") { ENCODING_API_VERSION } else { API_VERSION };
        let base = &self.credentials.endpoints.https;
        let url = format!("{base}{}/{path}?api-version={version}", self.credentials.account_path());
        let mut request =
            self.http.request(method, url).bearer_auth(&self.credentials.api_key).timeout(CALL_TIMEOUT);
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.with_context(|| format!("cannot reach {base}"))?;
        let status = response.status();
        let text = response.text().await.context("the answer broke off")?;
        Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
    }
}

/// Our authority's certificate; a server that runs with its operator's certificate may never have made one.
fn authority(path: &Path) -> Result<Option<Certificate>> {
    match std::fs::read(path) {
        Ok(pem) => Certificate::from_pem(&pem)
            .map(Some)
            .with_context(|| format!("{} is not a certificate", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// What an ARM error body says, or the bare status.
fn refusal(status: StatusCode, body: &Value) -> String {
    let error = &body["error"];
    match (error["code"].as_str(), error["message"].as_str()) {
        (Some(code), Some(message)) => format!("{message} ({code})"),
        _ => status.to_string(),
    }
}
