//! Where connections come from: TCP and rustls, or a connector of the caller's in their place.
//!
//! One type for both, so that hyper's client is compiled once. Never looks at what a connection
//! carries.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;
use tower_service::Service;

use crate::BoxError;

/// TCP and TLS as they are; anything else behind one pointer for each connection.
#[derive(Clone)]
pub(crate) enum Connector {
    Ours(HttpsConnector<HttpConnector>),
    Own(OwnConnector),
}

/// A connector of the caller's.
#[derive(Clone)]
pub(crate) struct OwnConnector {
    connections: BoxCloneSyncService<Uri, Stream, BoxError>,
    #[cfg(feature = "http2")]
    may_be_http2: bool,
}

impl OwnConnector {
    /// `is_http2` says whether a connection agreed on HTTP/2.
    pub(crate) fn new<C>(connector: C, is_http2: Option<fn(&C::Response) -> bool>) -> Self
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        C::Error: Into<BoxError>,
        C::Future: Send + 'static,
    {
        let connections = connector
            .map_response(move |stream: C::Response| Stream::Own {
                is_http2: is_http2.is_some_and(|is_http2| is_http2(&stream)),
                stream: TokioIo::new(Box::new(stream)),
            })
            .map_err(|error: C::Error| error.into());
        Self {
            connections: BoxCloneSyncService::new(connections),
            #[cfg(feature = "http2")]
            may_be_http2: is_http2.is_some(),
        }
    }
}

impl fmt::Debug for OwnConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnConnector").finish_non_exhaustive()
    }
}

#[cfg(feature = "http2")]
impl Connector {
    /// Whether a connection may be one of HTTP/2 though the client did not ask for it.
    pub(crate) fn may_be_http2(&self) -> bool {
        matches!(self, Self::Own(own) if own.may_be_http2)
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        match self {
            Self::Ours(connector) => connector.poll_ready(cx),
            Self::Own(own) => own.connections.poll_ready(cx),
        }
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        match self {
            Self::Ours(connector) => {
                let connecting = connector.call(uri);
                Box::pin(async move { connecting.await.map(Stream::Ours) })
            }
            Self::Own(own) => own.connections.call(uri),
        }
    }
}

/// Both halves of a connection.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection.
#[allow(
    clippy::large_enum_variant,
    reason = "the large one is the common one, and it is moved once"
)]
pub(crate) enum Stream {
    Ours(MaybeHttpsStream<TokioIo<TcpStream>>),
    Own {
        stream: TokioIo<Box<dyn Duplex>>,
        is_http2: bool,
    },
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            // Without the addresses of both ends, of which hyper-util would put a copy into each
            // reply: nobody reads them.
            Self::Ours(stream) if stream.connected().is_negotiated_h2() => {
                Connected::new().negotiated_h2()
            }
            Self::Ours(_) => Connected::new(),
            Self::Own { is_http2: true, .. } => Connected::new().negotiated_h2(),
            Self::Own { .. } => Connected::new(),
        }
    }
}

impl rt::Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Ours(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Own { stream, .. } => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl rt::Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Ours(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Own { stream, .. } => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Ours(stream) => Pin::new(stream).poll_flush(cx),
            Self::Own { stream, .. } => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Ours(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Own { stream, .. } => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Ours(stream) => stream.is_write_vectored(),
            Self::Own { stream, .. } => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Ours(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Own { stream, .. } => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }
}
