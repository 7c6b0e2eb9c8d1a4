//! One span and one deadline for a whole operation, whatever happens inside.
//!
//! Owns the count of attempts and completes errors with it. Never retries.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Span;
use tracing::field::Empty;

use super::{info_of, status_of};
use crate::alarm::Alarm;
use crate::error::{Error, TimeoutPhase};
use crate::observe::name_of;
use crate::operation::OperationInfo;
use crate::options::Overrides;
use crate::progress::Progress;

/// Opens the span `operation` and bounds the time of all that happens inside.
#[derive(Clone, Debug)]
pub struct OperationLayer {
    deadline: Option<Duration>,
    counted: bool,
}

impl OperationLayer {
    /// `None` for no deadline.
    #[must_use]
    pub fn new(deadline: Option<Duration>) -> Self {
        Self {
            deadline,
            counted: false,
        }
    }

    /// Trusts the count of attempts: with an attempt trace at the bottom of the stack, a count of
    /// zero proves that nothing was sent.
    pub(crate) fn counted(mut self) -> Self {
        self.counted = true;
        self
    }
}

impl<S> Layer<S> for OperationLayer {
    type Service = Operation<S>;

    fn layer(&self, inner: S) -> Operation<S> {
        Operation {
            inner,
            settings: self.clone(),
        }
    }
}

/// The service of [`OperationLayer`].
#[derive(Clone, Debug)]
pub struct Operation<S> {
    inner: S,
    settings: OperationLayer,
}

impl<S> Operation<S> {
    /// Starts an operation. Waiting until the inner service takes a request is a part of it, under
    /// its deadline.
    pub(crate) fn start<B, R>(
        &self,
        mut request: Request<B>,
    ) -> OperationFuture<Start<S, Request<B>>>
    where
        S: Service<Request<B>, Response = Response<R>, Error: Into<Error>> + Clone,
    {
        let info = info_of(&request);
        let limit = Overrides::limit(&request, TimeoutPhase::Operation, self.settings.deadline);
        let span = tracing::info_span!(
            "operation",
            operation = name_of(info),
            request_id = Empty,
            attempts = Empty,
            status = Empty,
        );
        let progress = Progress::of(&mut request);
        progress.enter();
        let alarm = Alarm::at(progress.end_within(limit));
        OperationFuture {
            inner: Start(Stage::Waiting {
                service: self.inner.clone(),
                request: Some(request),
            }),
            alarm,
            limit,
            span,
            info,
            progress,
            counted: self.settings.counted,
        }
    }
}

impl<S, B, R> Service<Request<B>> for Operation<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<Error>> + Clone,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = OperationFuture<Start<S, Request<B>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        self.start(request)
    }
}

/// Waits until a service takes a request, then for what comes of it. The future of that is boxed,
/// because all futures of the stack are a part of it: moved from layer to layer once is enough.
pub struct Start<S: Service<R>, R>(Stage<S, R>);

enum Stage<S: Service<R>, R> {
    Waiting { service: S, request: Option<R> },
    Called(Pin<Box<S::Future>>),
}

impl<S: Service<R>, R> fmt::Debug for Start<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").finish_non_exhaustive()
    }
}

// Nothing is pinned in place.
impl<S: Service<R>, R> Unpin for Start<S, R> {}

impl<S: Service<R>, R> Future for Start<S, R> {
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self(stage) = self.get_mut();
        loop {
            match stage {
                Stage::Waiting { service, request } => {
                    ready!(service.poll_ready(cx))?;
                    // Taken once: the next stage follows at once.
                    let Some(request) = request.take() else {
                        return Poll::Pending;
                    };
                    *stage = Stage::Called(Box::pin(service.call(request)));
                }
                Stage::Called(future) => return future.as_mut().poll(cx),
            }
        }
    }
}

pin_project! {
    /// The future of [`Operation`].
    pub struct OperationFuture<F> {
        #[pin]
        inner: F,
        #[pin]
        alarm: Alarm,
        limit: Option<Duration>,
        span: Span,
        info: Option<&'static OperationInfo>,
        progress: Progress,
        counted: bool,
    }
}

impl<F, R, E> Future for OperationFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<Error>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _entered = this.span.enter();
        let result = match ready!(this.alarm.poll(this.inner, cx)) {
            Ok(result) => result.map_err(Into::into),
            Err(passed) => {
                let mut error =
                    Error::timeout(TimeoutPhase::Operation, this.limit.unwrap_or_default());
                if passed.nothing_sent {
                    // The attempt under way was counted when it was handed to the transport.
                    this.progress.settle();
                    error.set_sent(false);
                }
                Err(error.in_reply(this.progress.head()))
            }
        };
        let attempts = this.progress.attempts();
        if !this.span.is_disabled() {
            this.span.record("attempts", attempts);
            if let Some(status) = status_of(&result) {
                this.span.record("status", status.as_u16());
            }
        }
        Poll::Ready(result.map_err(|error| {
            let mut error = error.in_operation(*this.info, attempts);
            if *this.counted && attempts == 0 && error.is_timeout() {
                error.set_sent(false);
            }
            error
        }))
    }
}

impl<F> fmt::Debug for OperationFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OperationFuture").finish_non_exhaustive()
    }
}
