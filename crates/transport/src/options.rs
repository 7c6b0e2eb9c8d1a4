//! What one call can set for itself, above the client's settings.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Request};

use crate::error::{RedactedHeaders, TimeoutPhase};

/// Settings of one call.
///
/// ```
/// use std::time::Duration;
/// use accredit_transport::CallOptions;
///
/// let options = CallOptions::new().deadline(Duration::from_secs(5)).attempt_timeout(Duration::from_secs(2));
/// ```
#[derive(Clone, Default)]
pub struct CallOptions {
    limits: Limits,
    headers: HeaderMap,
}

impl CallOptions {
    /// The client's settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bounds the whole operation.
    #[must_use]
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.limits.operation = Some(Some(limit));
        self
    }

    /// Lifts the bound of the whole operation.
    #[must_use]
    pub fn no_deadline(mut self) -> Self {
        self.limits.operation = Some(None);
        self
    }

    /// Bounds one attempt with its body.
    #[must_use]
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.limits.attempt = Some(Some(limit));
        self
    }

    /// Bounds the wait for the head of the reply.
    #[must_use]
    pub fn first_byte_timeout(mut self, limit: Duration) -> Self {
        self.limits.first_byte = Some(Some(limit));
        self
    }

    /// Sends a header along, in the place of the operation's or the client's own of that name. It
    /// cannot replace `Authorization` on an authenticated call.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(crate) fn has_timer(&self) -> bool {
        let Limits {
            operation,
            attempt,
            first_byte,
        } = self.limits;
        [operation, attempt, first_byte]
            .into_iter()
            .flatten()
            .flatten()
            .next()
            .is_some()
    }

    pub(crate) fn apply<B>(&self, request: &mut Request<B>) {
        for (name, value) in &self.headers {
            request.headers_mut().insert(name.clone(), value.clone());
        }
        if self.limits != Limits::default() {
            request.extensions_mut().insert(self.limits);
        }
    }
}

impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { limits, headers } = self;
        f.debug_struct("CallOptions")
            .field("limits", limits)
            .field("headers", &RedactedHeaders(headers))
            .finish()
    }
}

/// The limits of one call, in the extensions of its request: `Some(None)` lifts the client's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Limits {
    operation: Option<Option<Duration>>,
    attempt: Option<Option<Duration>>,
    first_byte: Option<Option<Duration>>,
}

impl Limits {
    /// The limit of a phase for this request: its own, or else `default`.
    pub(crate) fn of<B>(
        request: &Request<B>,
        phase: TimeoutPhase,
        default: Option<Duration>,
    ) -> Option<Duration> {
        let own = request
            .extensions()
            .get::<Self>()
            .and_then(|limits| match phase {
                TimeoutPhase::Operation => limits.operation,
                TimeoutPhase::Attempt => limits.attempt,
                TimeoutPhase::FirstByte => limits.first_byte,
                TimeoutPhase::Connect => None,
            });
        own.unwrap_or(default)
    }
}
