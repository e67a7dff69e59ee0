//! Fetching an input from the web, without becoming someone's door into the network.
//!
//! Names are resolved here, every address is checked, and the connection goes to exactly the checked addresses (a name that
//! resolves differently a moment later changes nothing). Redirects are followed by hand, each checked in the same way.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use reqwest::header::LOCATION;
use reqwest::{Client, Response, StatusCode};
use tokio::io::AsyncWriteExt;
use tokio_util::sync::CancellationToken;
use url::{Host, Url};

use super::guard::is_public;
use crate::problem::{Code, Failure, Problem};

/// As browsers allow.
const MAX_REDIRECTS: usize = 10;
const CONNECT: Duration = Duration::from_secs(20);
/// A server that sends nothing for so long is gone.
const SILENCE: Duration = Duration::from_secs(60);
/// Bytes between two looks at the disk.
const SYNC_EVERY: u64 = 256 << 20;

/// Fetches inputs.
pub(super) struct Fetcher {
    allow_private: bool,
    max_bytes: u64,
}

impl Fetcher {
    /// `allow_private` lifts the check of addresses.
    pub(super) fn new(allow_private: bool, max_bytes: u64) -> Fetcher {
        Fetcher { allow_private, max_bytes }
    }

    /// Fetches `url` into the file `to`. Sentences call it `name`: addresses may hold secrets.
    pub(super) async fn fetch(
        &self,
        url: &str,
        name: &str,
        to: &Path,
        stop: &CancellationToken,
    ) -> Result<(), Failure> {
        let url = Url::parse(url).map_err(|_| refused(name, "is not an address"))?;
        let work = async {
            let response = self.open(url, name).await?;
            self.store(response, name, to).await
        };
        tokio::select! {
            () = stop.cancelled() => Err(Failure::Stopped),
            done = work => Ok(done?),
        }
    }

    async fn open(&self, mut url: Url, name: &str) -> Result<Response, Problem> {
        for _ in 0..=MAX_REDIRECTS {
            let client = self.client_for(&url, name).await?;
            let response = client.get(url.clone()).send().await.map_err(|error| unreachable(name, &error))?;
            if !response.status().is_redirection() {
                return accept(response, name);
            }
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
            url = to.and_then(|to| url.join(to).ok()).ok_or_else(|| refused(name, "redirects to nowhere"))?;
        }
        Err(refused(name, "redirects too often"))
    }

    /// A client that can connect to the checked addresses of this one host alone.
    async fn client_for(&self, url: &Url, name: &str) -> Result<Client, Problem> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused(name, "leads to something other than http or https"));
        }
        let port = url.port_or_known_default().unwrap_or(80);
        let builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE);
        let builder = match url.host().ok_or_else(|| refused(name, "has no host"))? {
            Host::Ipv4(address) => {
                self.checked(&[SocketAddr::from((address, port))], name).map(|_| builder)?
            }
            Host::Ipv6(address) => {
                self.checked(&[SocketAddr::from((address, port))], name).map(|_| builder)?
            }
            Host::Domain(domain) => {
                let found = tokio::net::lookup_host((domain, port)).await;
                let found: Vec<SocketAddr> =
                    found.map_err(|_| away(name, "its host name cannot be resolved"))?.collect();
                let checked = self.checked(&found, name)?;
                builder.resolve_to_addrs(domain, &checked)
            }
        };
        builder.build().map_err(|error| Problem::service(format!("The HTTP client cannot start: {error}.")))
    }

    /// All of the addresses, if every one may be opened: a mixed answer is an attack or a mistake.
    fn checked(&self, addresses: &[SocketAddr], name: &str) -> Result<Vec<SocketAddr>, Problem> {
        if addresses.is_empty() {
            return Err(away(name, "its host name cannot be resolved"));
        }
        let may = |address: &IpAddr| self.allow_private || is_public(*address);
        if addresses.iter().all(|address| may(&address.ip())) {
            return Ok(addresses.to_vec());
        }
        Err(refused(
            name,
            "leads to a loopback, link-local or private address, which this server does not open \
             unless it runs with --allow-private-targets",
        ))
    }

    async fn store(&self, mut response: Response, name: &str, to: &Path) -> Result<(), Problem> {
        let expected = response.content_length();
        if expected.is_some_and(|length| length > self.max_bytes) {
            return Err(too_large(name, self.max_bytes));
        }
        let io = |error: std::io::Error| Problem::io(&format!("Keeping '{name}'"), &error);
        let mut file = tokio::fs::File::create(to).await.map_err(io)?;
        let (mut length, mut synced) = (0_u64, 0_u64);
        while let Some(bytes) = response.chunk().await.map_err(|error| unreachable(name, &error))? {
            length += bytes.len() as u64;
            if length > self.max_bytes {
                return Err(too_large(name, self.max_bytes));
            }
            file.write_all(&bytes).await.map_err(io)?;
            if length - synced > SYNC_EVERY {
                // Keeps a fast sender from filling the memory with pages that wait for the disk.
                file.sync_data().await.map_err(io)?;
                synced = length;
            }
        }
        if expected.is_some_and(|expected| expected != length) {
            return Err(away(name, "the transfer broke off"));
        }
        file.sync_all().await.map_err(io)
    }
}

fn accept(response: Response, name: &str) -> Result<Response, Problem> {
    match response.status() {
        status if status.is_success() => Ok(response),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(away(name, "its server is busy")),
        status if status.is_server_error() => Err(away(name, &format!("its server answered {status}"))),
        status => Err(Problem::new(
            Code::DownloadNotAccessible,
            format!("'{name}' could not be fetched: its server answered {status}."),
        )),
    }
}

fn refused(name: &str, why: &str) -> Problem {
    Problem::new(Code::DownloadNotAccessible, format!("The address of '{name}' {why}."))
}

fn away(name: &str, why: &str) -> Problem {
    Problem::new(Code::DownloadTransientError, format!("'{name}' could not be fetched: {why}."))
}

fn too_large(name: &str, limit: u64) -> Problem {
    let gigabytes = limit >> 30;
    Problem::new(
        Code::ContentUnsupported,
        format!("'{name}' is larger than the {gigabytes} GB that one input may have."),
    )
}

/// reqwest's text names the address with its query, which may hold a signature.
fn unreachable(name: &str, error: &reqwest::Error) -> Problem {
    let why = match error {
        error if error.is_timeout() => "its server did not answer in time",
        error if error.is_connect() => "no connection to its server could be made",
        _ => "the transfer broke off",
    };
    away(name, why)
}
