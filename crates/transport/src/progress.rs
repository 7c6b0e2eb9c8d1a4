//! How far a call has come: its attempts, what became of them, and until when it may go on.
//!
//! Travels in the extensions of the request, shared by all attempts and by the client that made the
//! call. Costs one allocation; the log stays empty while all goes well.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use http::{HeaderValue, Request, StatusCode};
use tokio::time::Instant;

use crate::clock;
use crate::error::ErrorKind;
use crate::layer::request_id::CallId;

/// How many attempts are noted: a policy can allow any number of them.
const LONGEST_LOG: usize = 1000;

/// The progress of one call.
#[derive(Clone)]
pub(crate) struct Progress(Arc<Inner>);

struct Inner {
    /// `None` where there is no clock.
    started: Option<Instant>,
    deadline: OnceLock<Instant>,
    attempts: AtomicU32,
    /// Whether the stack had the request: a layer of a user's may answer by itself, or make another
    /// request of it that does not know its call.
    entered: AtomicBool,
    /// How many attempts may have had their effect: they went to the transport, and nothing said
    /// since what became of them. A count, because a layer of a user's may send a request twice.
    unsettled: AtomicU32,
    /// The status of the reply whose body is under way; zero while there is none.
    head: AtomicU16,
    /// Whether an attempt before the present one may have.
    may_have_run_before: AtomicBool,
    request_id: OnceLock<CallId>,
    log: Mutex<Vec<Attempt>>,
}

impl Progress {
    /// A call that starts now.
    pub(crate) fn start() -> Self {
        Self(Arc::new(Inner {
            started: clock::now(),
            deadline: OnceLock::new(),
            attempts: AtomicU32::new(0),
            entered: AtomicBool::new(false),
            unsettled: AtomicU32::new(0),
            head: AtomicU16::new(0),
            may_have_run_before: AtomicBool::new(false),
            request_id: OnceLock::new(),
            log: Mutex::default(),
        }))
    }

    /// The progress of a request, which has one from here on.
    pub(crate) fn of<B>(request: &mut Request<B>) -> Self {
        if let Some(progress) = request.extensions().get::<Self>() {
            return progress.clone();
        }
        let progress = Self::start();
        request.extensions_mut().insert(progress.clone());
        progress
    }

    /// Sets when the call ends at the latest, and gives it. `None` for no end, or none that a clock
    /// can express.
    pub(crate) fn end_within(&self, limit: Option<Duration>) -> Option<Instant> {
        let deadline = self.0.started?.checked_add(limit?)?;
        Some(*self.0.deadline.get_or_init(|| deadline))
    }

    /// How long the call may still take; `None` for any time.
    pub(crate) fn left(&self) -> Option<Duration> {
        let deadline = self.0.deadline.get()?;
        Some(deadline.saturating_duration_since(clock::now()?))
    }

    /// Counts one more attempt, now handed to the transport, and gives its number, from 1.
    pub(crate) fn begin(&self) -> u32 {
        self.0.unsettled.fetch_add(1, Ordering::Relaxed);
        self.0
            .attempts
            .fetch_add(1, Ordering::Relaxed)
            .saturating_add(1)
    }

    /// How often the request was handed to the transport.
    pub(crate) fn attempts(&self) -> u32 {
        self.0.attempts.load(Ordering::Relaxed)
    }

    /// The request came to the stack.
    pub(crate) fn enter(&self) {
        self.0.entered.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_entered(&self) -> bool {
        self.0.entered.load(Ordering::Relaxed)
    }

    /// It is known what became of an attempt: it did not run, or the server said how it ended.
    pub(crate) fn settle(&self) {
        let unsettled = &self.0.unsettled;
        let _ = unsettled.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            count.checked_sub(1)
        });
    }

    /// How many attempts may have had their effect.
    pub(crate) fn unsettled(&self) -> u32 {
        self.0.unsettled.load(Ordering::Relaxed)
    }

    /// The attempt that failed just now may have run, and is repeated all the same.
    pub(crate) fn repeated(&self) {
        self.0.may_have_run_before.store(true, Ordering::Relaxed);
    }

    pub(crate) fn may_have_run_before(&self) -> bool {
        self.0.may_have_run_before.load(Ordering::Relaxed)
    }

    /// The head of a reply is there; its body may never be.
    pub(crate) fn heard(&self, status: StatusCode) {
        self.0.head.store(status.as_u16(), Ordering::Relaxed);
    }

    /// The status of the reply that the attempt under way, or the one that has just failed, was
    /// waiting for the rest of.
    pub(crate) fn head(&self) -> Option<StatusCode> {
        StatusCode::from_u16(self.0.head.load(Ordering::Relaxed)).ok()
    }

    /// The id of the call, which is made or taken once for all attempts.
    pub(crate) fn request_id_or(&self, make: impl FnOnce() -> CallId) -> &CallId {
        self.0.request_id.get_or_init(make)
    }

    /// The id that the call was sent with, if it came so far.
    pub(crate) fn request_id(&self) -> Option<HeaderValue> {
        self.0.request_id.get().map(CallId::header)
    }

    /// Since the call started.
    pub(crate) fn elapsed(&self) -> Duration {
        clock::since(self.0.started)
    }

    /// Notes an attempt that failed; none is under way from here on.
    pub(crate) fn note(&self, attempt: Attempt) {
        self.0.head.store(0, Ordering::Relaxed);
        let mut log = self.log();
        // The last one stays the last one.
        log.truncate(LONGEST_LOG - 1);
        log.push(attempt);
    }

    /// What was noted, for the error that ends the call.
    pub(crate) fn take_log(&self) -> Vec<Attempt> {
        std::mem::take(&mut *self.log())
    }

    /// Only ever held for a push or a take, so a poisoned lock holds a good list.
    fn log(&self) -> MutexGuard<'_, Vec<Attempt>> {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("attempts", &self.attempts())
            .finish_non_exhaustive()
    }
}

/// One attempt of a call that did not succeed; see
/// [`Error::attempt_log`](crate::Error::attempt_log).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// The status of the reply, if there was one.
    pub status: Option<StatusCode>,
    /// What failed; `None` when a reply came whole, whatever its status.
    pub failure: Option<ErrorKind>,
    /// When it began, counted from the start of the call.
    pub began: Duration,
    /// How long it took.
    pub took: Duration,
}
