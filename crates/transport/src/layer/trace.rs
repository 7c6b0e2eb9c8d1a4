//! One event per attempt: method, path template, status, latency.
//!
//! Never a query, a filled path, a body or a header value: ids and filters are personal data, too.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Method, Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Level;

use super::info_of;
use crate::clock;
use crate::error::Error;
use crate::progress::Progress;

/// Counts and records attempts. Innermost, so that it sees what goes to the transport.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttemptTraceLayer {
    _private: (),
}

impl AttemptTraceLayer {
    /// The layer; it has no settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl<S> Layer<S> for AttemptTraceLayer {
    type Service = AttemptTrace<S>;

    fn layer(&self, inner: S) -> AttemptTrace<S> {
        AttemptTrace { inner }
    }
}

/// The service of [`AttemptTraceLayer`].
#[derive(Clone, Debug)]
pub struct AttemptTrace<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for AttemptTrace<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<Error>>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = AttemptTraceFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let attempt = request
            .extensions()
            .get::<Progress>()
            .map_or(1, Progress::begin);
        let record = tracing::enabled!(Level::DEBUG).then(|| Record {
            method: request.method().clone(),
            path: info_of(&request).map_or("raw", |info| info.path()),
            attempt,
            started: clock::now(),
        });
        AttemptTraceFuture {
            inner: self.inner.call(request),
            record,
        }
    }
}

/// What an event says of its attempt.
struct Record {
    method: Method,
    path: &'static str,
    attempt: u32,
    started: Option<Instant>,
}

impl Record {
    fn write<R>(&self, result: &Result<Response<R>, Error>) {
        let Self {
            method,
            path,
            attempt,
            started,
        } = self;
        let millis =
            started.map(|started| u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX));
        match result {
            Ok(response) => {
                let status = response.status().as_u16();
                tracing::debug!(%method, path, attempt, status, latency_ms = millis, "attempt");
            }
            Err(error) => {
                let failure = error.kind().name();
                tracing::debug!(%method, path, attempt, failure, latency_ms = millis, "attempt");
            }
        }
    }
}

pin_project! {
    /// The future of [`AttemptTrace`].
    pub struct AttemptTraceFuture<F> {
        #[pin]
        inner: F,
        record: Option<Record>,
    }
}

impl<F, R, E> Future for AttemptTraceFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<Error>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.inner.poll(cx)).map_err(Into::into);
        if let Some(record) = this.record.take() {
            record.write(&result);
        }
        Poll::Ready(result)
    }
}

impl<F> fmt::Debug for AttemptTraceFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptTraceFuture").finish_non_exhaustive()
    }
}
