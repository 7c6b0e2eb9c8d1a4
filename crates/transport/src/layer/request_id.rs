//! One id per operation, the same on all its attempts, so that a log of the server can be found
//! from an error.
//!
//! An id that the caller set stays; one that the server answers with wins. Never a secret, never
//! derived from one.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderName, HeaderValue, Request};
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Span, level_filters::LevelFilter};

use crate::progress::Progress;
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

impl<S, B> Service<Request<B>> for RequestId<S>
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
        let RequestIdLayer { header, ids } = &self.settings;
        let progress = Progress::of(&mut request);
        let mut is_new = false;
        let given = request.headers().get(header);
        let id = progress.request_id_or(|| {
            is_new = true;
            given.map_or_else(|| CallId::Made(ids.next()), |id| CallId::Given(id.clone()))
        });
        if is_new {
            // Looked at first: finding out that there is no span costs more.
            let span = match LevelFilter::current() {
                LevelFilter::OFF => Span::none(),
                _ => Span::current(),
            };
            if !span.is_disabled() {
                span.record("request_id", tracing::field::debug(id.header()));
            }
        }
        if given.is_none() {
            let id = id.header();
            request.headers_mut().insert(header.clone(), id);
        }
        self.inner.call(request)
    }
}

/// The id of one call. One that was made is kept as text, because a copy of a header value costs an
/// allocation that only failures need.
pub(crate) enum CallId {
    Given(HeaderValue),
    Made([u8; 32]),
}

impl CallId {
    pub(crate) fn header(&self) -> HeaderValue {
        match self {
            Self::Given(id) => id.clone(),
            // Sixteen digits and letters, twice.
            Self::Made(id) => {
                HeaderValue::from_bytes(id).unwrap_or_else(|_| HeaderValue::from_static("0"))
            }
        }
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

    fn next(&self) -> [u8; 32] {
        const DIGITS: [u8; 16] = *b"0123456789abcdef";
        let mut hex = [b'0'; 32];
        let halves = [self.client, self.calls.next()];
        for (half, bits) in hex.chunks_exact_mut(16).zip(halves) {
            for (pair, byte) in half.chunks_exact_mut(2).zip(bits.to_be_bytes()) {
                if let [high, low] = pair {
                    // Four bits are always one of sixteen digits.
                    *high = DIGITS.get(usize::from(byte >> 4)).copied().unwrap_or(b'0');
                    *low = DIGITS.get(usize::from(byte & 15)).copied().unwrap_or(b'0');
                }
            }
        }
        hex
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_differ_within_and_between_clients() {
        let (one, two) = (Ids::new(), Ids::new());
        let ids: HashSet<[u8; 32]> = (0..1000).flat_map(|_| [one.next(), two.next()]).collect();
        assert_eq!(ids.len(), 2000);
        assert!(ids.iter().flatten().all(u8::is_ascii_hexdigit));
    }
}
