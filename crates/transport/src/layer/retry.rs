//! Repeats what failed and may be repeated.
//!
//! Carries out the [policy](crate::RetryPolicy): decides after each attempt, waits, sends again. A
//! request without a class, or with a body that cannot be sent twice, is sent once. The first
//! attempt never waits.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Extensions, HeaderMap, Method, Request, Response, StatusCode, Uri};
use pin_project_lite::pin_project;
use tokio::time::Sleep;
use tower_layer::Layer;
use tower_service::Service;

use super::auth::Renewable;
use super::{info_of, status_of};
use crate::body::Body;
use crate::clock;
use crate::error::{Error, ErrorKind};
use crate::observe::{GaveUpEvent, Observed, Observer, RetryEvent, millis, name_of};
use crate::operation::OperationInfo;
use crate::options::Overrides;
use crate::progress::{Attempt, Progress};
use crate::retry::{Cost, GivenUp, RetryPolicy, Seen, Verdict, judge, settles};
use crate::retry_after;

/// Repeats attempts as a [policy](RetryPolicy) says.
#[derive(Clone, Debug)]
pub struct RetryLayer {
    policy: Arc<RetryPolicy>,
    observer: Observed,
    counted: bool,
}

impl RetryLayer {
    /// With this policy, unless a call brings its own.
    #[must_use]
    pub fn new(policy: RetryPolicy) -> Self {
        Self {
            policy: Arc::new(policy.with_budget_of(None)),
            observer: Observed::default(),
            counted: false,
        }
    }

    /// Trusts the count of attempts: with an attempt trace at the bottom of the stack, an attempt
    /// that is not counted was not sent.
    pub(crate) fn counted(mut self) -> Self {
        self.counted = true;
        self
    }

    /// Tells the observer of every repetition, and of every end of them.
    #[must_use]
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        self.observed(Observed::by(observer))
    }

    pub(crate) fn observed(mut self, observer: Observed) -> Self {
        self.observer = observer;
        self
    }
}

impl<S: Clone> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Retry<S> {
        Retry {
            spare: Arc::new(inner.clone()),
            inner,
            policy: Arc::clone(&self.policy),
            observer: self.observer.clone(),
            counted: self.counted,
        }
    }
}

/// The service of [`RetryLayer`].
#[derive(Clone, Debug)]
pub struct Retry<S> {
    inner: S,
    /// What repetitions are sent through: a clone for those that are made, not for each call.
    spare: Arc<S>,
    policy: Arc<RetryPolicy>,
    observer: Observed,
    counted: bool,
}

impl<S, R> Service<Request<Body>> for Retry<S>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<Error>> + Clone,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = RetryFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let info = info_of(&request);
        let own = request.extensions().get::<Overrides>();
        let policy = match own.map(|own| (&own.retry, own.attempts)) {
            None | Some((None, None)) => Arc::clone(&self.policy),
            Some((retry, attempts)) => {
                let policy = retry.as_ref().unwrap_or(&self.policy).clone();
                let attempts = attempts.unwrap_or(policy.most());
                Arc::new(policy.attempts(attempts).with_budget_of(Some(&self.policy)))
            }
        };
        let progress = Progress::of(&mut request);
        let template = info.and_then(|info| Template::of(&request, info, &progress));
        let sent_before = self.counted.then(|| progress.attempts());
        RetryFuture {
            state: State::Attempt {
                future: self.inner.call(request),
            },
            repeat: Repeat {
                spare: Arc::clone(&self.spare),
                service: None,
                policy,
                observer: self.observer.clone(),
                info,
                progress,
                template,
                number: 1,
                began: Duration::ZERO,
                sent_before,
                replays: 0,
            },
        }
    }
}

/// What a further attempt is made from. All of it is shared with the first attempt, but for the
/// header map.
struct Template {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
    info: &'static OperationInfo,
    progress: Progress,
    /// What else there was, put there by a call's options or by layers of the user's: a copy that
    /// most calls do not need.
    others: Option<Extensions>,
}

impl Template {
    /// `None` when the body can be sent only once.
    fn of(
        request: &Request<Body>,
        info: &'static OperationInfo,
        progress: &Progress,
    ) -> Option<Self> {
        let extensions = request.extensions();
        Some(Self {
            body: request.body().try_clone()?,
            method: request.method().clone(),
            uri: request.uri().clone(),
            headers: request.headers().clone(),
            info,
            progress: progress.clone(),
            others: (extensions.len() > 2).then(|| extensions.clone()),
        })
    }

    fn request(&self) -> Option<Request<Body>> {
        let mut request = Request::new(self.body.try_clone()?);
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        if let Some(others) = &self.others {
            *request.extensions_mut() = others.clone();
        } else {
            request.extensions_mut().insert(self.info);
            request.extensions_mut().insert(self.progress.clone());
        }
        Some(request)
    }
}

pin_project! {
    /// The future of [`Retry`].
    pub struct RetryFuture<S>
    where
        S: Service<Request<Body>>,
    {
        #[pin]
        state: State<S::Future>,
        repeat: Repeat<S>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Attempt { #[pin] future: F },
        // Boxed: only failures wait, and every call pays for the size of its future.
        Wait { sleep: Option<Pin<Box<Sleep>>> },
        // Over, or between two attempts.
        Done,
    }
}

/// All that a repetition needs.
struct Repeat<S> {
    spare: Arc<S>,
    /// The clone of this call, when there is a repetition.
    service: Option<S>,
    policy: Arc<RetryPolicy>,
    observer: Observed,
    info: Option<&'static OperationInfo>,
    progress: Progress,
    template: Option<Template>,
    /// The number of the attempt under way, and when it began, since the start of the call.
    number: u32,
    began: Duration,
    /// How many attempts went to the transport before it, where they are counted.
    sent_before: Option<u32>,
    /// How often a refused token was answered with another one, at most once: those replays are
    /// none of the attempts that the policy counts.
    replays: u32,
}

impl<S, R> Future for RetryFuture<S>
where
    S: Service<Request<Body>, Response = Response<R>, Error: Into<Error>> + Clone,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProjection::Attempt { future } => {
                    let head = |error: Error| error.in_reply(this.repeat.progress.head());
                    let result = ready!(future.poll(cx)).map_err(|error| head(error.into()));
                    // What is left of the attempt goes first, so that its end is told before what
                    // follows from it.
                    this.state.set(State::Done);
                    match this.repeat.after(&result) {
                        Some(sleep) => this.state.set(State::Wait { sleep }),
                        None => return Poll::Ready(result),
                    }
                }
                StateProjection::Wait { sleep } => {
                    if let Some(sleep) = sleep {
                        ready!(sleep.as_mut().poll(cx));
                    }
                    ready!(this.repeat.service().poll_ready(cx)).map_err(Into::into)?;
                    let Some(future) = this.repeat.again() else {
                        let error = Error::new(ErrorKind::Io);
                        return Poll::Ready(Err(error.with_detail("the body is gone")));
                    };
                    this.state.set(State::Attempt { future });
                }
                // Polled again after the end: there is no second answer.
                StateProjection::Done => return Poll::Pending,
            }
        }
    }
}

impl<S> Repeat<S>
where
    S: Service<Request<Body>, Error: Into<Error>> + Clone,
{
    fn service(&mut self) -> &mut S {
        self.service.get_or_insert_with(|| S::clone(&self.spare))
    }

    /// Whether there is another attempt: none, one at once, or one after a wait.
    fn after<R>(&mut self, result: &Result<Response<R>, Error>) -> Option<Option<Pin<Box<Sleep>>>> {
        match result {
            Ok(response) if response.status().is_success() => {
                self.policy.succeeded();
                None
            }
            _ => self.after_failure(result),
        }
    }

    #[cold]
    fn after_failure<R>(
        &mut self,
        result: &Result<Response<R>, Error>,
    ) -> Option<Option<Pin<Box<Sleep>>>> {
        let (seen, hint) = match result {
            Ok(response) => {
                let hint = retry_after::from_headers(response.headers());
                (Seen::Reply(response.status(), hint.is_some()), hint)
            }
            Err(error) => {
                let seen = match error.status() {
                    // The server has said no; only its words are missing.
                    Some(status) if error.is_timeout() && !status.is_success() => {
                        Seen::Reply(status, false)
                    }
                    _ => Seen::Failure(error.reason(), error.may_have_been_sent() && self.sent()),
                };
                (seen, None)
            }
        };
        let status = status_of(result);
        self.note(result, status);
        let Some(info) = self.info else {
            if matches!(seen, Seen::Failure(_, false)) {
                self.settle();
            }
            return None;
        };
        if let Ok(response) = result
            && response.status() == StatusCode::UNAUTHORIZED
            && response.extensions().get::<Renewable>().is_some()
        {
            // Refused before it ran, for a token that the source can replace: sent once more.
            self.settle();
            if self.replays > 0 || self.template.is_none() {
                return None;
            }
            self.replays = 1;
            self.tell("unauthorized", status, Duration::ZERO);
            return Some(None);
        }
        let verdict = judge(info.class(), seen, self.policy.trusts_503());
        if settles(info.class(), seen, verdict) {
            self.settle();
        }
        let cost = match verdict {
            Verdict::Final => return None,
            Verdict::Again(cost) => cost,
        };
        match self.plan(cost, hint) {
            Ok(wait) => {
                if cost == Cost::Transient && !matches!(seen, Seen::Failure(_, false)) {
                    self.progress.repeated();
                }
                self.tell(reason(seen), status, wait);
                // Without a clock there is no waiting.
                Some((clock::EXISTS && !wait.is_zero()).then(|| Box::pin(tokio::time::sleep(wait))))
            }
            Err(given_up) => {
                self.tell_end(given_up, info, reason(seen), status);
                None
            }
        }
    }

    fn plan(&self, cost: Cost, hint: Option<Duration>) -> Result<Duration, GivenUp> {
        if self.template.is_none() {
            return Err(GivenUp::Body);
        }
        let number = self.number.saturating_sub(self.replays);
        let wait = self.policy.wait(number, hint, self.progress.left())?;
        self.policy.pay(cost)?;
        Ok(wait)
    }

    fn again(&mut self) -> Option<S::Future> {
        let request = self.template.as_ref()?.request()?;
        self.number = self.number.saturating_add(1);
        self.began = self.progress.elapsed();
        self.sent_before = self.sent_before.map(|_| self.progress.attempts());
        Some(self.service().call(request))
    }

    /// Whether the attempt under way went to the transport, as far as is known: time may run out
    /// while it waits for a token.
    fn sent(&self) -> bool {
        self.sent_before
            .is_none_or(|before| self.progress.attempts() > before)
    }

    /// The attempt under way leaves nothing open.
    fn settle(&self) {
        if self.sent() {
            self.progress.settle();
        }
    }

    fn note<R>(&self, result: &Result<Response<R>, Error>, status: Option<StatusCode>) {
        self.progress.note(Attempt {
            number: self.number,
            status,
            failure: result.as_ref().err().map(Error::reason),
            began: self.began,
            took: self.progress.elapsed().saturating_sub(self.began),
        });
    }

    /// Says why there will be another attempt, and when.
    fn tell(&self, reason: &str, status: Option<StatusCode>, wait: Duration) {
        let operation = name_of(self.info);
        tracing::debug!(
            operation,
            attempt = self.number,
            reason,
            wait_ms = millis(wait),
            "retry"
        );
        if let Some(observer) = self.observer.get() {
            observer.retried(&RetryEvent {
                operation,
                attempt: self.number,
                reason,
                status,
                wait,
                budget_left: self.policy.budget_left(),
            });
        }
    }

    /// Says why there will be no other attempt, although there could be.
    fn tell_end(
        &self,
        limit: GivenUp,
        info: &OperationInfo,
        reason: &str,
        status: Option<StatusCode>,
    ) {
        let operation = info.name();
        let attempts = self.progress.attempts();
        tracing::debug!(operation, attempts, reason, limit = limit.name(), "gave up");
        if let Some(observer) = self.observer.get() {
            observer.gave_up(&GaveUpEvent {
                operation,
                attempts,
                reason,
                status,
                limit,
                budget_left: self.policy.budget_left(),
            });
        }
    }
}

impl<S: Service<Request<Body>>> fmt::Debug for RetryFuture<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryFuture")
            .field("attempt", &self.repeat.number)
            .finish_non_exhaustive()
    }
}

/// A short stable name of what went wrong, for events.
fn reason(seen: Seen) -> &'static str {
    match seen {
        Seen::Reply(StatusCode::TOO_MANY_REQUESTS, _) => "throttled",
        Seen::Reply(_, _) => "status",
        Seen::Failure(kind, _) => kind.name(),
    }
}
