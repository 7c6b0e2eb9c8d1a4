//! What carries requests: hyper, or a service of the caller's in its place. The innermost service
//! of the stack.
//!
//! Owns the translation of foreign errors into ours, above all whether a request was sent.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;
use tower_service::Service;

use crate::BoxError;
use crate::body::Body;
use crate::error::{Error, ErrorKind};

/// A carrier, and what it may bring back.
#[derive(Clone)]
pub(crate) struct Transport {
    carrier: Carrier,
    max_headers: usize,
}

/// Hyper, or anything else behind a box.
#[derive(Clone)]
pub(crate) enum Carrier {
    #[cfg(feature = "hyper")]
    Pool(crate::pool::Pool),
    #[cfg(feature = "http2")]
    Hyper(std::sync::Arc<crate::connect::HyperClient>),
    Custom(BoxCloneSyncService<Request<Body>, Response<Body>, Error>),
}

impl Transport {
    pub(crate) fn new(carrier: Carrier, max_headers: usize) -> Self {
        Self {
            carrier,
            max_headers,
        }
    }
}

impl Carrier {
    pub(crate) fn custom<S, B>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send + 'static,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::Custom(BoxCloneSyncService::new(
            service
                .map_response(|response: Response<B>| response.map(Body::boxed))
                .map_err(|error: S::Error| Error::from(error.into())),
        ))
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            #[cfg(feature = "hyper")]
            Self::Pool(_) => "Pool",
            #[cfg(feature = "http2")]
            Self::Hyper(_) => "Hyper",
            Self::Custom(_) => "Custom",
        })
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Body>;
    type Error = Error;
    type Future = TransportFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match &mut self.carrier {
            // A pool has no back pressure of its own.
            #[cfg(feature = "hyper")]
            Carrier::Pool(_) => Poll::Ready(Ok(())),
            #[cfg(feature = "http2")]
            Carrier::Hyper(_) => Poll::Ready(Ok(())),
            Carrier::Custom(service) => service.poll_ready(cx),
        }
    }

    fn call(&mut self, request: Request<Body>) -> TransportFuture {
        TransportFuture {
            carried: match &mut self.carrier {
                #[cfg(feature = "hyper")]
                Carrier::Pool(pool) => Carried::Pool(pool.request(request)),
                #[cfg(feature = "http2")]
                Carrier::Hyper(client) => Carried::Hyper(client.request(request)),
                Carrier::Custom(service) => Carried::Custom(service.call(request)),
            },
            max_headers: self.max_headers,
        }
    }
}

pub(crate) struct TransportFuture {
    carried: Carried,
    max_headers: usize,
}

enum Carried {
    #[cfg(feature = "hyper")]
    Pool(crate::pool::Exchange),
    #[cfg(feature = "http2")]
    Hyper(hyper_util::client::legacy::ResponseFuture),
    Custom(Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>),
}

impl Future for TransportFuture {
    type Output = Result<Response<Body>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self {
            carried,
            max_headers,
        } = self.get_mut();
        let response = match carried {
            #[cfg(feature = "hyper")]
            Carried::Pool(exchange) => ready!(Pin::new(exchange).poll(cx))?,
            #[cfg(feature = "http2")]
            Carried::Hyper(future) => ready!(Pin::new(future).poll(cx))
                .map_err(|error| crate::connect::translate(error, *max_headers))?
                .map(|body| Body::hyper(body, None)),
            Carried::Custom(future) => ready!(future.as_mut().poll(cx))?,
        };
        // Hyper counts the headers of HTTP/1.1 only.
        if response.headers().len() > *max_headers {
            return Poll::Ready(Err(too_many_headers(&response, *max_headers)));
        }
        Poll::Ready(Ok(response))
    }
}

/// Keeps the status, and none of the headers: the error may live long.
#[cold]
fn too_many_headers(response: &Response<Body>, limit: usize) -> Error {
    let count = response.headers().len();
    Error::new(ErrorKind::TooLarge)
        .with_detail(format!("{count} headers, and the limit is {limit}"))
        .with_head(response.status(), HeaderMap::new())
}
