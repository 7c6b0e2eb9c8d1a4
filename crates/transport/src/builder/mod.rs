//! Settings of a client, checked once when it is built. Nothing is sent and no file is read while
//! building.

mod build;
#[cfg(feature = "hyper")]
mod connections;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri, header};
use tower_layer::Layer;
use tower_service::Service;

use crate::body::Body;
use crate::client::LayeredService;
use crate::download::Limits;
use crate::error::{ConfigError, Error};
use crate::layer::DecompressLayer;
use crate::layer::base_uri::FRAMING;
use crate::layer::collect::BodyCaps;
use crate::observe::{Observed, Observer};
use crate::retry::RetryPolicy;
use crate::token::{Token, TokenSource};
use crate::transport::Carrier;
use crate::{BoxError, RedactedUri, clock};

/// Settings of a [`Client`](crate::Client).
///
/// ```
/// use std::time::Duration;
/// use accredit_transport::{Client, Token};
///
/// let client = Client::builder()
///     .base_uri("https://api.example.com/v1")
///     .token(Token::new("Bearer", "abc")?)
///     .user_agent("my-app/1.0")
///     .deadline(Duration::from_secs(30))
///     .build()?;
/// # Ok::<(), accredit_transport::ConfigError>(())
/// ```
#[must_use]
pub struct ClientBuilder {
    base_uri: Option<Uri>,
    source: Option<Arc<dyn TokenSource>>,
    headers: HeaderMap,
    request_id: HeaderName,
    timeouts: Timeouts,
    retry: RetryPolicy,
    caps: BodyCaps,
    decompress: DecompressLayer,
    downloads: Limits,
    allow_insecure_loopback: bool,
    transport: Option<Carrier>,
    max_headers: usize,
    layers: Vec<BoxedLayer>,
    observer: Observed,
    max_in_flight: Option<usize>,
    #[cfg(feature = "hyper")]
    tls: crate::tls::TlsSettings,
    #[cfg(feature = "hyper")]
    connector: Option<crate::connector::OwnConnector>,
    #[cfg(feature = "hyper")]
    http2: bool,
    /// The first fault of a setter, told by `build`.
    fault: Option<ConfigError>,
}

type BoxedLayer = Box<dyn FnOnce(LayeredService) -> LayeredService + Send>;

/// The limits of a client: 3 s to connect, 20 s to the first byte, 30 s for an attempt, 60 s for
/// all. Those of a download stand with it.
struct Timeouts {
    connect: Option<Duration>,
    first_byte: Option<Duration>,
    attempt: Option<Duration>,
    operation: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: clock::default_limit(3),
            first_byte: clock::default_limit(20),
            attempt: clock::default_limit(30),
            operation: clock::default_limit(60),
        }
    }
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ClientBuilder {
    /// The defaults; only [`base_uri`](Self::base_uri) is missing.
    pub fn new() -> Self {
        Self {
            base_uri: None,
            source: None,
            headers: HeaderMap::from_iter([
                (
                    header::USER_AGENT,
                    HeaderValue::from_static(concat!(
                        "accredit-transport/",
                        env!("CARGO_PKG_VERSION")
                    )),
                ),
                (header::ACCEPT, HeaderValue::from_static("application/json")),
            ]),
            request_id: HeaderName::from_static("x-request-id"),
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            caps: BodyCaps::default(),
            decompress: DecompressLayer::new(),
            downloads: Limits::default(),
            allow_insecure_loopback: false,
            transport: None,
            max_headers: 100,
            layers: Vec::new(),
            observer: Observed::default(),
            max_in_flight: None,
            #[cfg(feature = "hyper")]
            tls: crate::tls::TlsSettings::default(),
            #[cfg(feature = "hyper")]
            connector: None,
            #[cfg(feature = "hyper")]
            http2: false,
            fault: None,
        }
    }

    /// Where requests go. `https`, or `http` to this machine with
    /// [`allow_insecure_loopback`](Self::allow_insecure_loopback). A path in it stands before that
    /// of every request.
    pub fn base_uri(mut self, uri: impl AsRef<str>) -> Self {
        let uri = uri.as_ref();
        // A parser drops the one in silence, and says of the other only that it is invalid.
        let refused = if uri.contains('#') {
            Some("must not have a fragment")
        } else if uri.contains(|sign: char| sign.is_control() || sign.is_whitespace()) {
            Some("must not have blanks or control characters")
        } else {
            None
        };
        match (refused, uri.parse()) {
            (Some(reason), _) => self.fail(ConfigError::new("base_uri", reason)),
            (None, Ok(uri)) => self.base_uri = Some(uri),
            (None, Err(error)) => {
                self.fail(ConfigError::new("base_uri", "is no URI").with_source(error));
            }
        }
        self
    }

    /// One token for all authenticated requests.
    pub fn token(self, token: Token) -> Self {
        self.token_source(token)
    }

    /// Where the tokens of authenticated requests come from.
    pub fn token_source(mut self, source: impl TokenSource + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What the client calls itself.
    pub fn user_agent(mut self, name: impl AsRef<str>) -> Self {
        match HeaderValue::from_str(name.as_ref()) {
            Ok(value) => {
                self.headers.insert(header::USER_AGENT, value);
            }
            Err(error) => self.fail(
                ConfigError::new("user_agent", "does not fit in a header").with_source(error),
            ),
        }
        self
    }

    /// A header of every request that does not bring its own of that name. Not for credentials:
    /// they are bound to an origin, headers are not. Nor for `Host` and what frames a message.
    pub fn default_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        if name == header::AUTHORIZATION {
            self.fail(ConfigError::new(
                "default_header",
                "credentials come from a token or a token source",
            ));
        } else if FRAMING.contains(&name) {
            self.fail(ConfigError::new(
                "default_header",
                "where a message goes and where it ends follow from the URI and the body",
            ));
        } else if name == header::ACCEPT_ENCODING {
            self.fail(ConfigError::new(
                "default_header",
                "a coding that is asked for has to be undone: see the feature gzip",
            ));
        } else {
            self.headers.insert(name, value);
        }
        self
    }

    /// The header of the request id, `X-Request-Id` unless set.
    pub fn request_id_header(mut self, name: HeaderName) -> Self {
        if FRAMING.contains(&name) || [header::AUTHORIZATION, header::COOKIE].contains(&name) {
            self.fail(ConfigError::new(
                "request_id_header",
                "has a meaning of its own, and ids are recorded",
            ));
        }
        self.request_id = name;
        self
    }

    /// Bounds name resolution, TCP and TLS, or a connector of one's own; `None` for no limit. 3 s
    /// unless set. A transport of one's own is not bound by it.
    pub fn connect_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.timeouts.connect = limit.into();
        self
    }

    /// Bounds the wait for the head of a reply; `None` for no limit. 20 s unless set.
    pub fn first_byte_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.timeouts.first_byte = limit.into();
        self
    }

    /// Bounds one attempt with its body; `None` for no limit. 30 s unless set. In any case a
    /// connection is given up whose other end takes no byte of a request for 60 s.
    pub fn attempt_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.timeouts.attempt = limit.into();
        self
    }

    /// Bounds a whole operation, with logins and all that happens inside; `None` for no limit. 60 s
    /// unless set.
    pub fn deadline(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.timeouts.operation = limit.into();
        self
    }

    /// Bounds each wait for a byte of a [download](crate::Client::download); `None` for no limit. 10 s unless
    /// set. A consumer that takes its time does not count.
    pub fn idle_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.downloads.idle = limit.into();
        self
    }

    /// Bounds a [download](crate::Client::download) from the head of the reply to its end; `None` for no
    /// limit. 5 min unless set.
    pub fn download_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.downloads.total = limit.into();
        self
    }

    /// How often, how soon and at what cost failed attempts are repeated. What may be repeated at
    /// all follows from the [class](crate::RetryClass) of an operation.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// The largest document that is read, in bytes. 8 MiB unless set.
    pub fn json_cap(mut self, bytes: usize) -> Self {
        self.caps.json = bytes;
        self
    }

    /// The largest file, in bytes, whether it is downloaded or read into memory. 64 MiB unless set.
    pub fn bytes_cap(mut self, bytes: usize) -> Self {
        self.caps.bytes = bytes;
        self.downloads.cap = bytes;
        self
    }

    /// How much is kept of the body of a reply that is not 2xx, in bytes. 64 KiB unless set.
    pub fn error_cap(mut self, bytes: usize) -> Self {
        self.caps.error = bytes;
        self
    }

    /// Asks for documents in gzip. The caps count what comes out. Off unless set; files are never
    /// asked for in gzip.
    #[cfg(feature = "gzip")]
    pub fn gzip(mut self, ask: bool) -> Self {
        self.decompress = self.decompress.gzip(ask);
        self
    }

    /// The most headers that a reply may have: 100 unless set, 10,000 at most. More, or a head
    /// above 64 KiB, is [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge).
    pub fn max_headers(mut self, count: usize) -> Self {
        // A header map holds no more than some 24,000, and panics beyond.
        if count > 10_000 {
            self.fail(ConfigError::new("max_headers", "is above 10,000"));
        }
        self.max_headers = count;
        self
    }

    /// Allows clear-text `http` to `localhost`, `127.0.0.0/8` and `[::1]`: for servers of one's own
    /// tests.
    pub fn allow_insecure_loopback(mut self, allow: bool) -> Self {
        self.allow_insecure_loopback = allow;
        self
    }

    /// Lets at most so many calls run at once; one more fails at once, with
    /// [`ErrorKind::Overloaded`](crate::ErrorKind::Overloaded), and is not sent. Waiting between
    /// attempts counts as running, and so does a download until it is dropped. No limit unless set.
    pub fn max_in_flight(mut self, calls: usize) -> Self {
        if calls == 0 {
            self.fail(ConfigError::new("max_in_flight", "zero lets nothing run"));
        }
        self.max_in_flight = Some(calls);
        self
    }

    /// Wraps a layer around everything, outside span and deadline. The layer that is added last
    /// sees a request first.
    ///
    /// What the stack knows of a call counts for more than the error that a layer makes of it: an
    /// operation with effects whose request went out, and of which nothing said what became, ends in
    /// [`OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown), also when the layer sent it twice and the
    /// second one failed harmlessly. A layer that refuses a call by itself says so with an error that
    /// means it, such as [`Overloaded`](crate::ErrorKind::Overloaded); a foreign one may mean anything.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<LayeredService> + Send + 'static,
        L::Service:
            Service<Request<Body>, Response = Response<Body>> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request<Body>>>::Error: Into<Error> + 'static,
        <L::Service as Service<Request<Body>>>::Future: Send + 'static,
    {
        self.layers.push(Box::new(move |inner| {
            LayeredService::new(layer.layer(inner))
        }));
        self
    }

    /// Tells this observer of calls, attempts and repetitions as they end: for metrics. There is one
    /// at most; one that tells others is easily written.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Observed::by(Arc::new(observer));
        self
    }

    /// Sends requests through this service in the place of hyper. It sees them as they would go
    /// out: absolute URI, all headers, the token.
    ///
    /// ```
    /// use accredit_transport::{Body, Client};
    /// use accredit_transport::http::{Request, Response};
    ///
    /// let client = Client::builder()
    ///     .base_uri("https://api.example.com")
    ///     .transport(tower::service_fn(async |request: Request<Body>| {
    ///         Ok::<_, std::convert::Infallible>(Response::new(request.uri().to_string()))
    ///     }))
    ///     .build()?;
    /// # Ok::<(), accredit_transport::ConfigError>(())
    /// ```
    pub fn transport<S, B>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.transport = Some(Carrier::custom(service));
        self
    }

    fn fail(&mut self, fault: ConfigError) {
        self.fault.get_or_insert(fault);
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and the token source stay out.
        let base_uri = self.base_uri.as_ref().map(Uri::to_string);
        f.debug_struct("ClientBuilder")
            .field("base_uri", &base_uri.as_deref().map(RedactedUri))
            .field("transport", &self.transport)
            .field("layers", &self.layers.len())
            .finish_non_exhaustive()
    }
}
