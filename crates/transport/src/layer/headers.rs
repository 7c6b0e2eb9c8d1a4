//! Headers that every request has unless it brings its own. Built once; a request pays a reference
//! count for each.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderMap, Request};
use tower_layer::Layer;
use tower_service::Service;

use crate::error::RedactedHeaders;

/// Adds default headers.
#[derive(Clone)]
pub struct DefaultHeadersLayer(Arc<HeaderMap>);

impl DefaultHeadersLayer {
    /// Each name once: of several values the first is sent.
    #[must_use]
    pub fn new(headers: HeaderMap) -> Self {
        let mut first = HeaderMap::with_capacity(headers.keys_len());
        for name in headers.keys() {
            if let Some(value) = headers.get(name) {
                first.insert(name.clone(), value.clone());
            }
        }
        Self(Arc::new(first))
    }
}

impl std::fmt::Debug for DefaultHeadersLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DefaultHeadersLayer")
            .field(&RedactedHeaders(&self.0))
            .finish()
    }
}

impl<S> Layer<S> for DefaultHeadersLayer {
    type Service = DefaultHeaders<S>;

    fn layer(&self, inner: S) -> DefaultHeaders<S> {
        DefaultHeaders {
            inner,
            headers: self.clone(),
        }
    }
}

/// The service of [`DefaultHeadersLayer`].
#[derive(Clone, Debug)]
pub struct DefaultHeaders<S> {
    inner: S,
    headers: DefaultHeadersLayer,
}

impl<S, B> Service<Request<B>> for DefaultHeaders<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        // So it is for most requests; then there is nothing to look for.
        let is_empty = request.headers().is_empty();
        for (name, value) in &*self.headers.0 {
            if is_empty || !request.headers().contains_key(name) {
                request.headers_mut().insert(name.clone(), value.clone());
            }
        }
        self.inner.call(request)
    }
}
