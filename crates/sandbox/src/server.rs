//! The HTTP server: accepts connections, serves each in a task of its own, and ends in bounded time.
//!
//! It knows nothing of what is answered. It is no `axum::serve`, because that one waits for ever for
//! a client that holds back the rest of its request, while listening and while stopping.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::faults::wire::{self, Line};
use crate::front::Front;

/// How long a connection may take for a request's head, and so how long it may idle between two.
const HEAD_LIMIT: Duration = Duration::from_secs(60);
/// How long a connection may take to agree on TLS.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long calls under way have to end once the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait after a failed accept: out of file handles, the next one would fail at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Serves until `stop` fires or its sender is gone; then lets the calls under way end, and drops the
/// connections that have not ended after [`STOP_LIMIT`].
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    front: Front,
    mut stop: oneshot::Receiver<()>,
) {
    let stopping = watch::Sender::new(());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stop => break,
            // Reaps what has ended, so that the set does not grow; disabled while it is empty.
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(welcome(stream, tls.clone(), front.clone(), stopping.subscribe()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    drop(stopping);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_LIMIT, ended).await.is_err() {
        tracing::debug!(count = connections.len(), "unfinished connections dropped");
        connections.shutdown().await;
    }
}

/// Serves one connection, over TLS where the sandbox speaks it.
async fn welcome(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    front: Front,
    mut stopping: watch::Receiver<()>,
) {
    // Answers are written whole: waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    // Below TLS, so that a reset is one there, too.
    let (stream, line) = wire::tap(stream);
    let Some(tls) = tls else {
        return converse(stream, line, front, stopping).await;
    };
    let shaken = tokio::select! {
        shaken = tokio::time::timeout(HANDSHAKE_LIMIT, tls.accept(stream)) => shaken,
        _ = stopping.changed() => return,
    };
    match shaken {
        // Boxed, so that connections without TLS do not carry its size.
        Ok(Ok(stream)) => Box::pin(converse(stream, line, front, stopping)).await,
        Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// Serves one connection until it ends, or until the calls under way have ended once the server
/// stops.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    line: Arc<Line>,
    front: Front,
    mut stopping: watch::Receiver<()>,
) {
    let service = service_fn(move |request| Arc::clone(&line).carry(front.clone().answer(request)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        // Nothing is ever sent: this is the end of the sender.
        _ = stopping.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
