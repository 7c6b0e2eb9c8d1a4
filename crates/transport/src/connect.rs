//! Connections and clients over them: limits, timeout of the connection, meaning of hyper's errors.
//!
//! Never sees credentials but as a header of a request that passed the origin guards.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::client::conn::http1;
use hyper_rustls::HttpsConnectorBuilder;
#[cfg(feature = "http2")]
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
#[cfg(feature = "http2")]
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use crate::BoxError;
#[cfg(feature = "http2")]
use crate::body::Body;
use crate::connector::Connector;
use crate::error::{Error, ErrorKind, TimeoutPhase};
use crate::pool::Pool;
use crate::stall::Watched;

/// The client of those who offer HTTP/2.
#[cfg(feature = "http2")]
pub(crate) type HyperClient = legacy::Client<Bounded<Connector>, Body>;

/// Idle connections are dropped before servers do it: many close after 20 to 60 s, and a request
/// that races with the close may be lost with its fate unknown.
pub(crate) const POOL_IDLE: Duration = Duration::from_secs(15);

/// Beyond this many idle connections to the one host, the rest is closed.
pub(crate) const POOL_SIZE: usize = 64;

/// How long an HTTP/2 connection with open requests may be silent before it is asked whether it is
/// alive, and how long it has for the answer.
#[cfg(feature = "http2")]
const PING_AFTER: Duration = Duration::from_secs(5);
#[cfg(feature = "http2")]
const PONG_WITHIN: Duration = Duration::from_secs(5);

/// The largest head of a reply, in bytes, for HTTP/2 too: more than servers and proxies let through. Over HTTP/1.1 it is also
/// what a connection reads at once, and so what each of them may keep: hyper's own 408 KiB are larger than most replies.
const HEAD_LIMIT: u32 = 64 * 1024;

/// As many headers as hyper takes unless told otherwise; it allocates for each reply when it is.
const MAX_HEADERS: usize = 100;

/// Connections over TCP and, for `https`, TLS.
pub(crate) fn tcp(tls: rustls::ClientConfig, allow_http: bool, http2: bool) -> Connector {
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
    #[cfg(feature = "http2")]
    if http2 {
        return Connector::Ours(schemes.enable_all_versions().wrap_connector(tcp));
    }
    #[cfg(not(feature = "http2"))]
    let _: bool = http2;
    // Offers nothing by ALPN: a feature that another crate switched on must not change what is
    // spoken.
    Connector::Ours(schemes.enable_http1().wrap_connector(tcp))
}

/// HTTP/1.1 over any connections to one origin.
pub(crate) fn pool(
    connector: Connector,
    connect: Option<Duration>,
    max_headers: usize,
    root: Uri,
) -> Pool {
    let mut http = http1::Builder::new();
    http.max_buf_size(HEAD_LIMIT as usize);
    if max_headers != MAX_HEADERS {
        http.max_headers(max_headers);
    }
    let connector = Bounded {
        inner: connector,
        limit: connect,
    };
    Pool::new(connector, http, max_headers, root)
}

/// Both versions of HTTP, over any connections.
#[cfg(feature = "http2")]
pub(crate) fn client(
    connector: Connector,
    connect: Option<Duration>,
    max_headers: usize,
) -> HyperClient {
    let mut builder = legacy::Client::builder(TokioExecutor::new());
    builder
        // Without the timer hyper-util never closes idle connections.
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_SIZE)
        .http1_max_buf_size(HEAD_LIMIT as usize)
        .timer(TokioTimer::new())
        // One dead connection would stop all calls, each until its own timeout.
        .http2_keep_alive_interval(PING_AFTER)
        .http2_keep_alive_timeout(PONG_WITHIN)
        .http2_max_header_list_size(HEAD_LIMIT);
    if max_headers != MAX_HEADERS {
        builder.http1_max_headers(max_headers);
    }
    builder.build(Bounded {
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
    type Response = Watched<C::Response>;
    type Error = BoxError;
    // A box for each new connection, not for each request; hyper-util asks for a future that can
    // move.
    type Future = Pin<Box<dyn Future<Output = Result<Watched<C::Response>, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.inner.call(uri);
        let limit = self.limit;
        Box::pin(async move {
            let connected = match limit {
                None => connecting.await,
                Some(limit) => match tokio::time::timeout(limit, connecting).await {
                    Ok(connected) => connected,
                    Err(_) => return Err(Box::new(NotInTime(limit)) as BoxError),
                },
            };
            connected.map(Watched::new).map_err(Into::into)
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

/// What a failure of hyper-util means.
#[cfg(feature = "http2")]
pub(crate) fn translate(error: legacy::Error, max_headers: usize) -> Error {
    if error.is_connect() {
        unreachable(error.into())
    } else {
        broken(error, max_headers)
    }
}

/// No connection.
pub(crate) fn unreachable(error: BoxError) -> Error {
    if let Some(NotInTime(limit)) = chain(&*error).find_map(|cause| cause.downcast_ref()) {
        return Error::timeout(TimeoutPhase::Connect, *limit);
    }
    let detail = describe(&*error).unwrap_or_default();
    Error::new(ErrorKind::Connect)
        .with_detail(detail)
        .with_source(error)
}

/// No reply. Everything but a stream that the server says it refused may have reached the server: a
/// connection that closes without an answer says nothing about what the server did.
pub(crate) fn broken<E>(error: E, max_headers: usize) -> Error
where
    E: StdError + Send + Sync + 'static,
{
    #[cfg(feature = "http2")]
    if let Some(cause) = chain(&error).find_map(|cause| cause.downcast_ref::<h2::Error>())
        && let Some(reason) = cause.reason()
    {
        let processed = may_have_been_processed(cause);
        // Not its `Display`: it quotes what the server wrote.
        let detail = format!("HTTP/2: {}", reason.description());
        let mut failed = Error::new(ErrorKind::Io)
            .with_detail(detail)
            .with_source(h2::Error::from(reason));
        failed.set_sent(processed);
        return failed;
    }
    if chain(&error)
        .filter_map(|cause| cause.downcast_ref())
        .any(is_too_large)
    {
        return Error::new(ErrorKind::TooLarge)
            .with_detail(head_limits(max_headers))
            .with_source(error);
    }
    let detail = describe(&error).unwrap_or_else(|| "no reply".into());
    Error::new(ErrorKind::Io)
        .with_detail(detail)
        .with_source(error)
}

/// Whether a head of HTTP/1.1 broke a limit. By its text: the question exists in hyper for servers
/// only, and all of hyper's server is a lot for an answer. A test notices when the text changes.
fn is_too_large(error: &hyper::Error) -> bool {
    error.is_parse() && error.to_string() == "message head is too large"
}

/// The limits of a head, in words.
fn head_limits(max_headers: usize) -> String {
    format!(
        "the limits of the head are {max_headers} headers and {} KiB",
        HEAD_LIMIT / 1024
    )
}

/// Whether the server may have done something with a request of which it said this.
#[cfg(feature = "http2")]
fn may_have_been_processed(error: &h2::Error) -> bool {
    let reason = error.reason();
    let refused = error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM);
    // On its way out, and this stream came after the last one that it took. With another reason the
    // same error may come of a connection that broke down under all its streams.
    let leaving = error.is_go_away() && reason == Some(h2::Reason::NO_ERROR);
    !(error.is_remote() && (refused || leaving))
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
fn describe(error: &(dyn StdError + 'static)) -> Option<String> {
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
