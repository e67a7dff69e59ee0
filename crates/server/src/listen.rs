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

/// Connections one listener holds at a time; further ones wait in the kernel's backlog.
const MAX_CONNECTIONS: usize = 8192;
/// A peer that has not finished its TLS handshake or request head by then is dropped.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// Requests under way get this long after SIGTERM.
const DRAIN: Duration = Duration::from_secs(10);
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
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
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
    match speaks {
        Speaks::Plain(router) => http(stream, Came { peer, https: false }, router, watcher).await,
        Speaks::Tls(config, router) => tls(stream, peer, config, router, watcher).await,
        Speaks::Both(config, secure, plain) => {
            let mut first = [0u8; 1];
            match tokio::time::timeout(HEAD_TIMEOUT, stream.peek(&mut first)).await {
                Ok(Ok(1)) if first[0] == TLS_HANDSHAKE_BYTE => {
                    tls(stream, peer, config, secure, watcher).await
                }
                Ok(Ok(1)) => http(stream, Came { peer, https: false }, plain, watcher).await,
                _ => {}
            }
        }
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
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    if let Err(error) = watcher.watch(serving.into_owned()).await {
        tracing::debug!(error = %error, "connection ended early");
    }
}
