//! One id per operation, the same on all its attempts, so that a log of the server can be found
//! from an error.
//!
//! An id that the caller set stays; one that the server answers with wins. Never a secret, never
//! derived from one.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{HeaderName, HeaderValue, Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::error::Error;
use crate::random::Random;

/// Gives every request an id.
#[derive(Clone)]
pub struct RequestIdLayer {
    header: HeaderName,
    ids: Arc<Ids>,
}

impl RequestIdLayer {
    /// The id travels in `header`.
    #[must_use]
    pub fn new(header: HeaderName) -> Self {
        Self {
            header,
            ids: Arc::new(Ids::new()),
        }
    }
}

impl fmt::Debug for RequestIdLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestIdLayer")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for RequestIdLayer {
    type Service = RequestId<S>;

    fn layer(&self, inner: S) -> RequestId<S> {
        RequestId {
            inner,
            settings: self.clone(),
        }
    }
}

/// The service of [`RequestIdLayer`].
#[derive(Clone, Debug)]
pub struct RequestId<S> {
    inner: S,
    settings: RequestIdLayer,
}

impl<S, B, R> Service<Request<B>> for RequestId<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<Error>>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = RequestIdFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let RequestIdLayer { header, ids } = &self.settings;
        let id = match request.headers().get(header) {
            Some(id) => id.clone(),
            None => {
                let id = ids.next();
                request.headers_mut().insert(header.clone(), id.clone());
                id
            }
        };
        let span = tracing::Span::current();
        if !span.is_disabled() {
            span.record("request_id", tracing::field::debug(&id));
        }
        RequestIdFuture {
            inner: self.inner.call(request),
            header: header.clone(),
            id: Some(id),
        }
    }
}

pin_project! {
    /// The future of [`RequestId`]: a reply always has the header when it is done.
    pub struct RequestIdFuture<F> {
        #[pin]
        inner: F,
        header: HeaderName,
        id: Option<HeaderValue>,
    }
}

impl<F, R, E> Future for RequestIdFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<Error>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut result = ready!(this.inner.poll(cx)).map_err(Into::into);
        if let Some(id) = this.id.take() {
            match &mut result {
                Ok(response) => {
                    response.headers_mut().entry(&*this.header).or_insert(id);
                }
                Err(error) => {
                    let echoed = error.headers().get(&*this.header).cloned();
                    error.set_request_id(echoed.unwrap_or(id));
                }
            }
        }
        Poll::Ready(result)
    }
}

impl<F> fmt::Debug for RequestIdFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestIdFuture")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Ids of 128 bits: one half drawn once per client, the other a scrambled count, so that they are
/// unique without a random number generator and do not tell how many requests there were.
struct Ids {
    client: u64,
    calls: Random,
}

impl Ids {
    fn new() -> Self {
        Self {
            client: Random::new().next(),
            calls: Random::new(),
        }
    }

    fn next(&self) -> HeaderValue {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let mut bits = (u128::from(self.client) << 64) | u128::from(self.calls.next());
        let mut hex = [b'0'; 32];
        for digit in hex.iter_mut().rev() {
            // Four bits are always one of sixteen digits.
            *digit = DIGITS.get((bits & 15) as usize).copied().unwrap_or(b'0');
            bits >>= 4;
        }
        HeaderValue::from_bytes(&hex).unwrap_or_else(|_| HeaderValue::from_static("0"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ_within_and_between_clients() {
        let (one, two) = (Ids::new(), Ids::new());
        let ids: HashSet<HeaderValue> = (0..1000).flat_map(|_| [one.next(), two.next()]).collect();
        assert_eq!(ids.len(), 2000);
        assert!(ids.iter().all(|id| id.len() == 32));
    }
}
