//! What is recorded of calls: the names of spans and events, and hooks for metrics that tell the same
//! as typed values, without a metrics system.
//!
//! With [tracing](https://docs.rs/tracing), under the target `accredit_transport`:
//!
//! * span `operation` (info): `operation`, `request_id`, `attempts`, `status`;
//! * event `retry` (debug): `operation`, `attempt` (the one that failed), `reason` (`throttled`,
//!   `status`, `unauthorized` or the [name](crate::ErrorKind::name) of a failure), `wait_ms`;
//! * event `gave up` (debug): `operation`, `attempts`, `reason`, `limit` (what ended it: `attempts`,
//!   `budget`, `deadline`, `retry_after`, `body`);
//! * event `attempt` (debug): `method`, `path` (the template), `attempt`, `status` or `failure`
//!   (`abandoned` when a timeout, the deadline or the caller ended it), `latency_ms` (to the head of
//!   the reply);
//! * event `renewal failed` (warn): `failure`, `status`; a [`Session`](crate::Session) goes on with
//!   its old token;
//! * event `download` (debug), when a file is complete or has failed: `operation`, `request_id`,
//!   `bytes`, `failure`. The span ended with the head of the reply.
//!
//! Names and fields change like the rest of the public API. An [`Observer`] is told of attempts and
//! repetitions too, and of the start and the end of each call; a download ends with its file.
//!
//! Nothing that is recorded holds an id but the request's own, a filled path, a query, a body or the
//! value of a header. Without an observer a call pays for a look at an empty pointer: no clock is
//! read and nothing is allocated.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use tokio::time::Instant;

use crate::clock;
use crate::error::{Error, ErrorKind};
use crate::operation::OperationInfo;
use crate::progress::Progress;

pub use crate::retry::GivenUp;

/// What is told of calls while they run; see [`ClientBuilder::observer`](crate::ClientBuilder::observer).
///
/// All hooks do nothing unless they are written. They run inside the call, on its task: one that
/// waits, or that takes long, delays the call. One that panics unwinds through the call like any
/// other panic in its task; because the end of a call is told while it unwinds, a second panic
/// there ends the process. The hooks of one call come one after another, those of different calls
/// at the same time.
///
/// Counting the repetitions of each operation:
///
/// ```
/// use std::collections::BTreeMap;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use std::sync::{Arc, RwLock};
/// use accredit_transport::observe::{Observer, RetryEvent};
/// use accredit_transport::Client;
///
/// #[derive(Clone, Default)]
/// struct Retries(Arc<RwLock<BTreeMap<&'static str, AtomicU64>>>);
///
/// impl Observer for Retries {
///     fn retried(&self, event: &RetryEvent<'_>) {
///         if let Some(count) = self.0.read().unwrap().get(event.operation) {
///             count.fetch_add(1, Ordering::Relaxed);
///             return;
///         }
///         let mut counts = self.0.write().unwrap();
///         counts.entry(event.operation).or_default().fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let retries = Retries::default();
/// let client = Client::builder()
///     .base_uri("https://api.example.com")
///     .observer(retries.clone())
///     .build()?;
/// # Ok::<(), accredit_transport::ConfigError>(())
/// ```
pub trait Observer: Send + Sync {
    /// A call starts. Each is followed by one [`call_ended`](Self::call_ended).
    fn call_started(&self, _event: &StartEvent<'_>) {}

    /// An attempt went to the transport and came to an end.
    fn attempt_ended(&self, _event: &AttemptEvent<'_>) {}

    /// An attempt failed and there will be another.
    fn retried(&self, _event: &RetryEvent<'_>) {}

    /// An attempt failed in a way that could be repeated, and there will be no other.
    fn gave_up(&self, _event: &GaveUpEvent<'_>) {}

    /// A call is over, however it ended.
    fn call_ended(&self, _event: &CallEvent<'_>) {}
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn call_started(&self, event: &StartEvent<'_>) {
        (**self).call_started(event);
    }

    fn attempt_ended(&self, event: &AttemptEvent<'_>) {
        (**self).attempt_ended(event);
    }

    fn retried(&self, event: &RetryEvent<'_>) {
        (**self).retried(event);
    }

    fn gave_up(&self, event: &GaveUpEvent<'_>) {
        (**self).gave_up(event);
    }

    fn call_ended(&self, event: &CallEvent<'_>) {
        (**self).call_ended(event);
    }
}

/// The start of a call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StartEvent<'a> {
    /// The name of the operation; `raw` for a raw request.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'a Method,
    /// The path template, with `{names}` in the places of values; `raw` for a raw request.
    pub path: &'static str,
}

/// The end of an attempt: one request that was handed to the transport.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AttemptEvent<'a> {
    /// The name of the operation; `raw` for a raw request.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'a Method,
    /// The path template; `raw` for a raw request.
    pub path: &'static str,
    /// The number of the attempt within its call, from 1.
    pub attempt: u32,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// From the request to the head of the reply, or to the failure. Zero where there is no clock.
    pub latency: Duration,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttemptOutcome {
    /// The head of a reply came. Its body may still break off.
    Reply(StatusCode),
    /// The transport failed.
    Failed(ErrorKind),
    /// Neither came in time: a timeout or the deadline ran out, or the caller dropped the call.
    Abandoned,
}

/// A repetition: what failed, and when the next attempt is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RetryEvent<'a> {
    /// The name of the operation.
    pub operation: &'static str,
    /// The number of the attempt that failed, from 1.
    pub attempt: u32,
    /// Why: `throttled` (a 429), `status`, `unauthorized` (there is another token), or the
    /// [name](ErrorKind::name) of the failure.
    pub reason: &'a str,
    /// The status of the reply, if there was one.
    pub status: Option<StatusCode>,
    /// How long the next attempt waits.
    pub wait: Duration,
    /// What is left of the retry budget, this repetition paid; `None` without a budget.
    pub budget_left: Option<u32>,
}

/// The end of repetitions, short of success.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GaveUpEvent<'a> {
    /// The name of the operation.
    pub operation: &'static str,
    /// How often the request was handed to the transport.
    pub attempts: u32,
    /// Why the last attempt failed, in the words of [`RetryEvent::reason`].
    pub reason: &'a str,
    /// The status of the last reply, if there was one.
    pub status: Option<StatusCode>,
    /// What stood against another attempt.
    pub limit: GivenUp,
    /// What is left of the retry budget; `None` without a budget.
    pub budget_left: Option<u32>,
}

/// The end of a call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallEvent<'a> {
    /// The name of the operation; `raw` for a raw request.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: &'a Method,
    /// The path template; `raw` for a raw request.
    pub path: &'static str,
    /// How often the request was handed to the transport; zero when it was refused before.
    pub attempts: u32,
    /// The status of the reply that decided the call, if there was one.
    pub status: Option<StatusCode>,
    /// How it ended.
    pub outcome: Outcome,
    /// From start to end, with all waits, and with your own layers. Zero where there is no clock.
    pub took: Duration,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// There is a result. For a raw request that is any reply.
    Success,
    /// It failed, with an error of this kind.
    Failed(ErrorKind),
    /// The caller dropped it.
    Cancelled,
}

/// An observer, or none.
#[derive(Clone, Default)]
pub(crate) struct Observed(Option<Arc<dyn Observer>>);

impl Observed {
    pub(crate) fn by(observer: Arc<dyn Observer>) -> Self {
        Self(Some(observer))
    }

    pub(crate) fn get(&self) -> Option<&dyn Observer> {
        self.0.as_deref()
    }

    /// Follows a call from here to its end.
    pub(crate) fn watch(&self, info: Option<&'static OperationInfo>, method: &Method) -> Watch {
        let Some(observer) = &self.0 else {
            return Watch(None);
        };
        let open = Box::new(Open {
            observer: Arc::clone(observer),
            operation: name_of(info),
            method: method.clone(),
            path: path_of(info),
            started: clock::now(),
            progress: None,
            status: None,
            outcome: Outcome::Cancelled,
        });
        observer.call_started(&StartEvent {
            operation: open.operation,
            method: &open.method,
            path: open.path,
        });
        Watch(Some(open))
    }
}

impl fmt::Debug for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "set" } else { "none" })
    }
}

/// The name of an operation in events.
pub(crate) fn name_of(info: Option<&'static OperationInfo>) -> &'static str {
    info.map_or("raw", OperationInfo::name)
}

/// The path of an operation in events.
pub(crate) fn path_of(info: Option<&'static OperationInfo>) -> &'static str {
    info.map_or("raw", OperationInfo::path)
}

/// Tells how a call ended when it is dropped: cancelled, unless it was told otherwise.
pub(crate) struct Watch(Option<Box<Open>>);

struct Open {
    observer: Arc<dyn Observer>,
    operation: &'static str,
    method: Method,
    path: &'static str,
    started: Option<Instant>,
    progress: Option<Progress>,
    status: Option<StatusCode>,
    outcome: Outcome,
}

impl Watch {
    /// Takes the count of attempts from here.
    pub(crate) fn follow(&mut self, progress: &Progress) {
        if let Some(open) = &mut self.0 {
            open.progress = Some(progress.clone());
        }
    }

    pub(crate) fn succeeded(mut self, status: StatusCode) {
        if let Some(open) = &mut self.0 {
            open.status = Some(status);
            open.outcome = Outcome::Success;
        }
    }

    /// Tells the failure, and gives it back.
    pub(crate) fn failed(mut self, error: Error) -> Error {
        if let Some(open) = &mut self.0 {
            open.status = error.status();
            open.outcome = Outcome::Failed(error.kind());
        }
        error
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.observer.call_ended(&CallEvent {
            operation: self.operation,
            method: &self.method,
            path: self.path,
            attempts: self.progress.as_ref().map_or(0, Progress::attempts),
            status: self.status,
            outcome: self.outcome,
            took: clock::since(self.started),
        });
    }
}

/// A time as events for tracing have it: in whole milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
