//! What one call can set for itself, above the client's settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Request};
use tokio::sync::{Mutex, MutexGuard};

use crate::clock;
use crate::error::{Error, ErrorKind, RedactedHeaders, TimeoutPhase};
use crate::layer::auth::OwnToken;
use crate::retry::RetryPolicy;
use crate::token::Token;

/// Settings of one call; what is not set is the client's. They have the names of the builder's.
///
/// ```
/// use std::time::Duration;
/// use accredit_transport::CallOptions;
///
/// let options = CallOptions::new().deadline(Duration::from_secs(5)).attempt_timeout(Duration::from_secs(2));
/// ```
#[derive(Clone, Default)]
pub struct CallOptions {
    overrides: Overrides,
    headers: HeaderMap,
    token: Option<Token>,
    turns: Option<Turns>,
}

/// Whose clones let one reply at a time be decoded, the longest waiting first.
///
/// Pages of a list come in bunches when they were asked for in a bunch. One after the other they
/// are given out one after the other, and so are the requests that take their places; all at once
/// they would share the processors, and the first would be there no sooner than the last.
#[derive(Clone, Default)]
pub(crate) struct Turns(Arc<Mutex<()>>);

impl CallOptions {
    /// None: the client's settings hold.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bounds the whole operation; `None` for no limit.
    #[must_use]
    pub fn deadline(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.overrides.operation = Some(limit.into());
        self
    }

    /// Bounds one attempt with its body; `None` for no limit.
    #[must_use]
    pub fn attempt_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.overrides.attempt = Some(limit.into());
        self
    }

    /// Bounds the wait for the head of the reply; `None` for no limit.
    #[must_use]
    pub fn first_byte_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.overrides.first_byte = Some(limit.into());
        self
    }

    /// Bounds each wait for a byte of a download; `None` for no limit.
    #[must_use]
    pub fn idle_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.overrides.idle = Some(limit.into());
        self
    }

    /// Bounds a download from the head of the reply to its end; `None` for no limit.
    #[must_use]
    pub fn download_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.overrides.download = Some(limit.into());
        self
    }

    /// The largest file, in bytes, whether it is downloaded or read into memory.
    #[must_use]
    pub fn bytes_cap(mut self, bytes: usize) -> Self {
        self.overrides.bytes_cap = Some(bytes);
        self
    }

    /// Sends the request at most this often, whatever the [policy](RetryPolicy).
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.overrides.attempts = Some(attempts);
        self
    }

    /// Repeats failed attempts by this policy; within the client's budget, unless it has its own.
    #[must_use]
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.overrides.retry = Some(policy);
        self
    }

    /// Sends a header along, in the place of the operation's or the client's own of that name. It
    /// cannot replace `Authorization` on an authenticated call.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sends this token along in the place of the client's. The client's
    /// [source](crate::TokenSource) is neither asked for one nor told of a 401.
    #[must_use]
    pub fn token(mut self, token: Token) -> Self {
        self.token = Some(token);
        self
    }

    /// Has the reply decoded in turn with the other calls of `turns`.
    pub(crate) fn in_turn(mut self, turns: &Turns) -> Self {
        self.turns = Some(turns.clone());
        self
    }

    /// Waits for the turn of this call; it lasts as long as the guard.
    pub(crate) async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match &self.turns {
            Some(turns) => Some(turns.0.lock().await),
            None => None,
        }
    }

    fn has_timer(&self) -> bool {
        let Overrides {
            operation,
            attempt,
            first_byte,
            idle,
            download,
            bytes_cap: _,
            attempts: _,
            retry: _,
        } = self.overrides;
        [operation, attempt, first_byte, idle, download]
            .into_iter()
            .flatten()
            .flatten()
            .next()
            .is_some()
    }

    /// Puts the settings on a request.
    pub(crate) fn apply<B>(&self, request: &mut Request<B>) -> Result<(), Error> {
        if self.has_timer() && !clock::EXISTS {
            return Err(Error::new(ErrorKind::Build).with_detail("this platform has no timers"));
        }
        for (name, value) in &self.headers {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        if !self.overrides.is_empty() {
            request.extensions_mut().insert(self.overrides.clone());
        }
        if let Some(token) = &self.token {
            request.extensions_mut().insert(OwnToken(token.clone()));
        }
        Ok(())
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            overrides,
            headers,
            token,
            turns: _,
        } = self;
        f.debug_struct("CallOptions")
            .field("overrides", overrides)
            .field("headers", &RedactedHeaders(headers))
            .field("token", token)
            .finish()
    }
}

/// What one call sets for itself, in the extensions of its request. Of a limit, `Some(None)` lifts
/// the client's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    operation: Option<Option<Duration>>,
    attempt: Option<Option<Duration>>,
    first_byte: Option<Option<Duration>>,
    idle: Option<Option<Duration>>,
    download: Option<Option<Duration>>,
    bytes_cap: Option<usize>,
    pub(crate) attempts: Option<u32>,
    pub(crate) retry: Option<RetryPolicy>,
}

impl Overrides {
    fn is_empty(&self) -> bool {
        let Self {
            operation,
            attempt,
            first_byte,
            idle,
            download,
            bytes_cap,
            attempts,
            retry,
        } = self;
        [operation, attempt, first_byte, idle, download]
            .iter()
            .all(|limit| limit.is_none())
            && bytes_cap.is_none()
            && attempts.is_none()
            && retry.is_none()
    }

    /// The limit of a phase for this request: its own, or else `default`.
    pub(crate) fn limit<B>(
        request: &Request<B>,
        phase: TimeoutPhase,
        default: Option<Duration>,
    ) -> Option<Duration> {
        let own = request
            .extensions()
            .get::<Self>()
            .and_then(|own| match phase {
                TimeoutPhase::Operation => own.operation,
                TimeoutPhase::Attempt => own.attempt,
                TimeoutPhase::FirstByte => own.first_byte,
                TimeoutPhase::Idle => own.idle,
                TimeoutPhase::Download => own.download,
                TimeoutPhase::Connect => None,
            });
        own.unwrap_or(default)
    }

    /// The deadline that the call set for itself.
    pub(crate) fn own_deadline<B>(request: &Request<B>) -> Option<Duration> {
        request.extensions().get::<Self>()?.operation?
    }

    /// The largest file for this request.
    pub(crate) fn bytes_cap<B>(request: &Request<B>, default: usize) -> usize {
        let own = request.extensions().get::<Self>();
        own.and_then(|own| own.bytes_cap).unwrap_or(default)
    }
}
