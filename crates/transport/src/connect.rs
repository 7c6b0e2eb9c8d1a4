//! The hyper-util client: pool, timeout of the connection, meaning of hyper's errors.
//!
//! Never sees credentials but as a header of a request that passed the origin guards.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use crate::BoxError;
use crate::body::Body;
use crate::connector::Connector;
use crate::error::{Error, ErrorKind, TimeoutPhase};

pub(crate) type HyperClient = legacy::Client<Bounded<Connector>, Body>;

/// Idle connections are dropped before servers do it: many close after 20 to 60 s, and a request
/// that races with the close may be lost with its fate unknown.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// Beyond this many idle connections to the one host, the rest is closed.
const POOL_SIZE: usize = 64;

/// Connections over TCP and, for `https`, TLS.
pub(crate) fn tcp(tls: rustls::ClientConfig, allow_http: bool) -> Connector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    // Requests are small and written at once: waiting for more to send only delays them.
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(Duration::from_secs(30)));
    let schemes = HttpsConnectorBuilder::new().with_tls_config(tls);
    let schemes = if allow_http {
        schemes.https_or_http()
    } else {
        schemes.https_only()
    };
    Connector::Ours(schemes.enable_http1().wrap_connector(tcp))
}

/// The client and its pool, over any connections.
pub(crate) fn client(connector: Connector, connect: Option<Duration>) -> HyperClient {
    legacy::Client::builder(TokioExecutor::new())
        // Without the timer hyper-util never closes idle connections.
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_SIZE)
        .build(Bounded {
            inner: connector,
            limit: connect,
        })
}

/// Bounds name resolution, TCP and TLS together; the TCP connector's own timeout covers TCP only.
#[derive(Clone)]
pub(crate) struct Bounded<C> {
    inner: C,
    limit: Option<Duration>,
}

impl<C> Service<Uri> for Bounded<C>
where
    C: Service<Uri, Error: Into<BoxError>, Future: Send + 'static>,
{
    type Response = C::Response;
    type Error = BoxError;
    // A box for each new connection, not for each request; hyper-util asks for a future that can
    // move.
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        let limit = self.limit;
        Box::pin(async move {
            let Some(limit) = limit else {
                return connecting.await.map_err(Into::into);
            };
            match tokio::time::timeout(limit, connecting).await {
                Ok(connected) => connected.map_err(Into::into),
                Err(_) => Err(Box::new(NotInTime(limit)) as BoxError),
            }
        })
    }
}

/// Marks a connect timeout on its way through hyper-util.
#[derive(Debug)]
struct NotInTime(Duration);

impl fmt::Display for NotInTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no connection within {:?}", self.0)
    }
}

impl StdError for NotInTime {}

/// What a failure of hyper-util means. Everything but a failed connect may have reached the server:
/// a connection that closes without an answer says nothing about what the server did.
pub(crate) fn translate(error: legacy::Error) -> Error {
    if !error.is_connect() {
        let detail = describe(&error).unwrap_or_else(|| "no reply".into());
        return Error::new(ErrorKind::Io)
            .with_detail(detail)
            .with_source(error);
    }
    if let Some(NotInTime(limit)) = chain(&error).find_map(|cause| cause.downcast_ref()) {
        return Error::timeout(TimeoutPhase::Connect, *limit);
    }
    let detail = describe(&error).unwrap_or_default();
    Error::new(ErrorKind::Connect)
        .with_detail(detail)
        .with_source(error)
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // An `io::Error` around another error hides it from `source`.
        match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// The cause in words that are worth a place in the one line of the error.
fn describe(error: &legacy::Error) -> Option<String> {
    if let Some(tls) = chain(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return Some(format!("TLS: {tls}"));
    }
    if chain(error).any(|cause| {
        cause
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_incomplete_message)
    }) {
        return Some("closed before the reply was complete".to_owned());
    }
    if let Some(parse) = chain(error)
        .find_map(|cause| cause.downcast_ref::<hyper::Error>())
        .filter(|e| e.is_parse())
    {
        return Some(parse.to_string());
    }
    // The innermost one: texts of the operating system and the resolver, which name no host and
    // quote no data.
    chain(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .last()
        .map(ToString::to_string)
}
