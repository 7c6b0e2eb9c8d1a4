//! One event per attempt: method, path template, status, latency.
//!
//! Never a query, a filled path, a body or a header value: ids and filters are personal data, too.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Method, Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;
use tracing::{Level, Span};

use super::info_of;
use crate::clock;
use crate::error::Error;
use crate::observe::{AttemptEvent, AttemptOutcome, Observed, Observer, millis, name_of, path_of};
use crate::progress::Progress;

/// Counts and records attempts. Innermost, so that it sees what goes to the transport.
#[derive(Clone, Debug, Default)]
pub struct AttemptTraceLayer {
    observer: Observed,
}

impl AttemptTraceLayer {
    /// A layer that writes events for tracing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells the observer, too.
    #[must_use]
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        self.observed(Observed::by(observer))
    }

    pub(crate) fn observed(mut self, observer: Observed) -> Self {
        self.observer = observer;
        self
    }
}

impl<S> Layer<S> for AttemptTraceLayer {
    type Service = AttemptTrace<S>;

    fn layer(&self, inner: S) -> AttemptTrace<S> {
        AttemptTrace {
            inner,
            observer: self.observer.clone(),
        }
    }
}

/// The service of [`AttemptTraceLayer`].
#[derive(Clone, Debug)]
pub struct AttemptTrace<S> {
    inner: S,
    observer: Observed,
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
        let traced = tracing::enabled!(Level::DEBUG);
        let record = (traced || self.observer.get().is_some()).then(|| {
            let info = info_of(&request);
            Box::new(Record {
                operation: name_of(info),
                method: request.method().clone(),
                path: path_of(info),
                attempt,
                started: clock::now(),
                span: traced.then(Span::current),
                observer: self.observer.clone(),
                outcome: AttemptOutcome::Abandoned,
            })
        });
        AttemptTraceFuture {
            inner: self.inner.call(request),
            record,
        }
    }
}

/// What is told of an attempt when it ends, or when it is dropped before.
struct Record {
    operation: &'static str,
    method: Method,
    path: &'static str,
    attempt: u32,
    started: Option<Instant>,
    /// Where the event for tracing belongs, if there is one: the end of an attempt that is dropped
    /// comes outside of all spans.
    span: Option<Span>,
    observer: Observed,
    outcome: AttemptOutcome,
}

impl Drop for Record {
    fn drop(&mut self) {
        let latency = clock::since(self.started);
        if let Some(span) = &self.span {
            self.write(span, latency);
        }
        if let Some(observer) = self.observer.get() {
            observer.attempt_ended(&AttemptEvent {
                operation: self.operation,
                method: &self.method,
                path: self.path,
                attempt: self.attempt,
                outcome: self.outcome,
                latency,
            });
        }
    }
}

impl Record {
    fn write(&self, span: &Span, latency: Duration) {
        let Self {
            method,
            path,
            attempt,
            started,
            ..
        } = self;
        let latency_ms = started.map(|_| millis(latency));
        let failure = match self.outcome {
            AttemptOutcome::Reply(status) => {
                let status = status.as_u16();
                tracing::debug!(parent: span, %method, path, attempt, status, latency_ms, "attempt");
                return;
            }
            AttemptOutcome::Failed(kind) => kind.name(),
            AttemptOutcome::Abandoned => "abandoned",
        };
        tracing::debug!(parent: span, %method, path, attempt, failure, latency_ms, "attempt");
    }
}

pin_project! {
    /// The future of [`AttemptTrace`].
    pub struct AttemptTraceFuture<F> {
        #[pin]
        inner: F,
        record: Option<Box<Record>>,
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
        if let Some(mut record) = this.record.take() {
            record.outcome = match &result {
                Ok(response) => AttemptOutcome::Reply(response.status()),
                Err(error) => AttemptOutcome::Failed(error.kind()),
            };
        }
        Poll::Ready(result)
    }
}

impl<F> fmt::Debug for AttemptTraceFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AttemptTraceFuture").finish_non_exhaustive()
    }
}
