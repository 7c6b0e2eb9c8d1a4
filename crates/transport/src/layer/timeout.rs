//! Bounds one phase of a request, and says in the error which.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Request;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::alarm::Alarm;
use crate::error::{Error, TimeoutPhase};
use crate::options::Overrides;

/// Fails with a timeout of its phase when the inner service takes longer than the limit.
///
/// What the phase is depends on what the layer wraps: around [`collect`](super::collect) it is the
/// attempt with its body, inside it the wait for the head of the reply.
#[derive(Clone, Copy, Debug)]
pub struct TimeoutLayer {
    phase: TimeoutPhase,
    limit: Option<Duration>,
    nested: bool,
}

impl TimeoutLayer {
    /// `None` for no limit but what a call sets for itself.
    #[must_use]
    pub fn new(phase: TimeoutPhase, limit: Option<Duration>) -> Self {
        Self {
            phase,
            limit,
            nested: false,
        }
    }

    /// For a place in the client's own stack, where the limits around this one are ours.
    pub(crate) fn nested(mut self) -> Self {
        self.nested = true;
        self
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Timeout<S> {
        Timeout {
            inner,
            settings: *self,
        }
    }
}

/// The service of [`TimeoutLayer`].
#[derive(Clone, Debug)]
pub struct Timeout<S> {
    inner: S,
    settings: TimeoutLayer,
}

impl<S, B> Service<Request<B>> for Timeout<S>
where
    S: Service<Request<B>, Error: Into<Error>>,
{
    type Response = S::Response;
    type Error = Error;
    type Future = TimeoutFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let TimeoutLayer {
            phase,
            limit,
            nested,
        } = self.settings;
        let limit = Overrides::limit(&request, phase, limit);
        TimeoutFuture {
            alarm: Alarm::after(limit).nested(nested),
            inner: self.inner.call(request),
            phase,
            limit,
        }
    }
}

pin_project! {
    /// The future of [`Timeout`].
    pub struct TimeoutFuture<F> {
        #[pin]
        inner: F,
        #[pin]
        alarm: Alarm,
        phase: TimeoutPhase,
        limit: Option<Duration>,
    }
}

impl<F, R, E> Future for TimeoutFuture<F>
where
    F: Future<Output = Result<R, E>>,
    E: Into<Error>,
{
    type Output = Result<R, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.alarm.poll(this.inner, cx).map(|result| match result {
            Ok(result) => result.map_err(Into::into),
            Err(passed) => {
                let mut error = Error::timeout(*this.phase, this.limit.unwrap_or_default());
                if passed.nothing_sent {
                    error.set_sent(false);
                }
                Err(error)
            }
        })
    }
}

impl<F> fmt::Debug for TimeoutFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimeoutFuture")
            .field("phase", &self.phase)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
