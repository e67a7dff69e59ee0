//! Listeners: accept, speak TLS or not, serve HTTP/1.1 and HTTP/2, drain.
//!
//! A loopback port may speak both: the first byte of a TLS connection is always 0x16 (RFC 8446 §5.1,
//! handshake), and no HTTP request begins with it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use millrace_api::ClientScheme;
use millrace_blob::sas::Transport;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::idle::Watched;

/// Connections one listener holds at a time; further ones wait in the kernel's backlog.
const MAX_CONNECTIONS: usize = 8192;
/// Share of the process's file descriptors that the connections of one listener may take: three listeners together leave a
/// quarter for blobs, the ledger and children.
const DESCRIPTORS_PER_CONNECTION: u64 = 4;
/// A connection on which no byte moves either way for so long is closed. Longer than any request takes to be answered.
const STILL: Duration = Duration::from_secs(300);
/// A peer that has not finished its TLS handshake or request head by then is dropped.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Requests under way get this long after SIGTERM: with closing the rest, the process is gone within 10 s.
const DRAIN: Duration = Duration::from_secs(8);
/// Pause after a failed accept (out of file descriptors): the cause outlives an instant retry.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const TLS_HANDSHAKE_BYTE: u8 = 0x16;

/// What a listener speaks.
#[derive(Clone)]
pub enum Speaks {
    /// Plain HTTP only.
    Plain(Router),
    /// TLS only.
    Tls(Arc<ServerConfig>, Router),
    /// Both on one port: TLS to the first router, plain to the second.
    Both(Arc<ServerConfig>, Router, Router),
}

/// An open socket and what it will speak.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Opens a port; 0 asks the system for one.
    ///
    /// # Errors
    /// The address is taken or not ours, said with the flag that chooses it.
    pub async fn bind(address: SocketAddr, flag: &str) -> Result<Self> {
        let socket = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}; choose another with {flag} (port 0 takes a free one)")
        })?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// The address with the port that the system chose.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then drains.
    pub async fn serve(self, speaks: Speaks, stop: CancellationToken) {
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(max_connections()));
        loop {
            let place = tokio::select! {
                () = stop.cancelled() => break,
                place = places.clone().acquire_owned() => place,
            };
            let Ok(place) = place else { break };
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    tokio::spawn(connection(stream, peer, speaks.clone(), graceful.watcher(), place));
                }
                Err(error) => {
                    tracing::warn!(%error, address = %self.address, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.socket);
        drain(graceful).await;
    }
}

/// As many as the system's limit allows, which is raised as far as it goes: shells often start with 1024 descriptors, and a
/// server whose connections take them all cannot open a file any more.
fn max_connections() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let limit = if setrlimit(Resource::Nofile, raised).is_ok() { raised } else { limit };
    let fair = limit.current.map_or(u64::MAX, |files| files / DESCRIPTORS_PER_CONNECTION);
    usize::try_from(fair).unwrap_or(usize::MAX).clamp(1, MAX_CONNECTIONS)
}

async fn drain(graceful: GracefulShutdown) {
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish within {} s of the signal", DRAIN.as_secs());
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    speaks: Speaks,
    watcher: Watcher,
    _place: OwnedSemaphorePermit,
) {
    let _ = stream.set_nodelay(true);
    let peer = peer.ip();
    // A peer that says nothing would never reach the bound for request heads.
    let mut first = [0u8; 1];
    let Ok(Ok(1)) = tokio::time::timeout(HEAD_TIMEOUT, stream.peek(&mut first)).await else { return };
    let [first] = first;
    match speaks {
        Speaks::Plain(router) => http(stream, Came { peer, https: false }, router, watcher).await,
        Speaks::Tls(config, router) => tls(stream, peer, config, router, watcher).await,
        Speaks::Both(config, secure, plain) => match first {
            TLS_HANDSHAKE_BYTE => tls(stream, peer, config, secure, watcher).await,
            _ => http(stream, Came { peer, https: false }, plain, watcher).await,
        },
    }
}

async fn tls(stream: TcpStream, peer: IpAddr, config: Arc<ServerConfig>, router: Router, watcher: Watcher) {
    match tokio::time::timeout(HEAD_TIMEOUT, TlsAcceptor::from(config).accept(stream)).await {
        Ok(Ok(stream)) => http(stream, Came { peer, https: true }, router, watcher).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake timed out"),
    }
}

/// How a connection came, which HTTP itself does not say.
#[derive(Clone, Copy)]
struct Came {
    peer: IpAddr,
    https: bool,
}

impl Came {
    fn mark<B>(self, request: &mut Request<B>) {
        let extensions = request.extensions_mut();
        extensions.insert(ClientScheme(if self.https { "https" } else { "http" }));
        extensions.insert(Transport { https: self.https, peer: Some(self.peer) });
    }
}

async fn http<S>(stream: S, came: Came, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Some(Duration::from_secs(30)));
    let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
        came.mark(&mut request);
        router.clone().oneshot(request)
    });
    let serving = builder.serve_connection(TokioIo::new(Watched::new(stream, STILL)), service);
    if let Err(error) = watcher.watch(serving.into_owned()).await {
        tracing::debug!(error = %error, "connection ended early");
    }
}
