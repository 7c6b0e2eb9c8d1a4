//! What carries requests: hyper, or a service of the caller's in its place. The innermost service
//! of the stack.
//!
//! Owns the translation of foreign errors into ours, above all whether a request was sent.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;
use tower_service::Service;

use crate::BoxError;
use crate::body::Body;
use crate::error::Error;

/// Hyper as it is, so that it costs no box; anything else behind one.
#[derive(Clone)]
pub(crate) enum Transport {
    #[cfg(feature = "hyper")]
    Hyper(crate::connect::HyperClient),
    Custom(BoxCloneSyncService<Request<Body>, Response<Body>, Error>),
}

impl Transport {
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

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            #[cfg(feature = "hyper")]
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
        match self {
            // A pool has no back pressure of its own.
            #[cfg(feature = "hyper")]
            Self::Hyper(_) => Poll::Ready(Ok(())),
            Self::Custom(service) => service.poll_ready(cx),
        }
    }

    fn call(&mut self, request: Request<Body>) -> TransportFuture {
        match self {
            #[cfg(feature = "hyper")]
            Self::Hyper(client) => TransportFuture::Hyper(client.request(request)),
            Self::Custom(service) => TransportFuture::Custom(service.call(request)),
        }
    }
}

pub(crate) enum TransportFuture {
    #[cfg(feature = "hyper")]
    Hyper(hyper_util::client::legacy::ResponseFuture),
    Custom(Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>),
}

impl Future for TransportFuture {
    type Output = Result<Response<Body>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            #[cfg(feature = "hyper")]
            Self::Hyper(future) => {
                let response =
                    ready!(Pin::new(future).poll(cx)).map_err(crate::connect::translate)?;
                Poll::Ready(Ok(response.map(Body::hyper)))
            }
            Self::Custom(future) => Poll::Ready(ready!(future.as_mut().poll(cx))),
        }
    }
}
