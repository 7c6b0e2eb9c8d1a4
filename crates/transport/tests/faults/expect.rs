//! What a call has to come to, as data, and the comparison with what it came to.
//!
//! Exact: every property of an outcome is compared, none is left open.

use std::fmt;
use std::time::Duration;

use accredit_transport::{Error, ErrorKind, TimeoutPhase};

/// What one call came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The value of a decoded reply.
    Value(String),
    /// A reply of the raw door.
    Reply(u16),
    Failure(Failure),
    /// The caller let go of it.
    Dropped,
}

/// Everything that an error says of the fate of its call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) reason: ErrorKind,
    pub(crate) status: Option<u16>,
    pub(crate) sent: bool,
    pub(crate) applied: bool,
    pub(crate) attempts: u32,
    /// The wait that the server asked for, in seconds.
    pub(crate) hint: Option<u64>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            reason: error.reason(),
            status: error.status().map(|status| status.as_u16()),
            sent: error.may_have_been_sent(),
            applied: error.likely_applied(),
            attempts: error.attempts(),
            hint: error.retry_after().map(|wait| wait.as_secs()),
        }
    }
}

/// What all calls of a run have to come to, and what the server has to see of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expect {
    pub(crate) calls: Vec<Outcome>,
    /// Requests that the server read whole.
    pub(crate) requests: usize,
    /// Connections that it took; by the script, unless it says so.
    pub(crate) connections: Option<usize>,
}

/// A good reply to the first request.
pub(crate) fn ok() -> Expect {
    value("fine")
}

/// Another good reply to the first request.
pub(crate) fn value(value: &str) -> Expect {
    Expect {
        calls: vec![Outcome::Value(value.to_owned())],
        requests: 1,
        connections: None,
    }
}

/// A call that the caller let go of.
pub(crate) fn dropped() -> Expect {
    Expect {
        calls: vec![Outcome::Dropped],
        requests: 1,
        connections: None,
    }
}

/// A failure of the first attempt. Whether it was sent follows from the kind, unless it is said.
pub(crate) fn fails(kind: ErrorKind) -> Expect {
    let sent = !matches!(
        kind,
        ErrorKind::Build
            | ErrorKind::Origin
            | ErrorKind::Auth
            | ErrorKind::Connect
            | ErrorKind::Timeout(TimeoutPhase::Connect)
    );
    Expect {
        calls: vec![Outcome::Failure(Failure {
            kind,
            reason: kind,
            status: None,
            sent,
            applied: false,
            attempts: 1,
            hint: None,
        })],
        requests: usize::from(sent),
        connections: None,
    }
}

/// An operation with effects that may have run, for this reason.
pub(crate) fn unknown(reason: ErrorKind) -> Expect {
    fails(ErrorKind::OutcomeUnknown).failure(|failure| failure.reason = reason)
}

/// A reply that is an error.
pub(crate) fn refused(status: u16) -> Expect {
    fails(ErrorKind::Status).status(status)
}

/// A reply that leaves open whether the operation ran.
pub(crate) fn unclear(status: u16) -> Expect {
    unknown(ErrorKind::Status).status(status)
}

impl Expect {
    fn failure(mut self, change: impl FnOnce(&mut Failure)) -> Self {
        if let Some(Outcome::Failure(failure)) = self.calls.last_mut() {
            change(failure);
        }
        self
    }

    pub(crate) fn status(self, status: u16) -> Self {
        self.failure(|failure| failure.status = Some(status))
    }

    /// A 2xx was seen.
    pub(crate) fn applied(self) -> Self {
        self.failure(|failure| failure.applied = true)
    }

    /// Nothing left the client.
    pub(crate) fn unsent(mut self) -> Self {
        self.requests = 0;
        self.failure(|failure| failure.sent = false)
    }

    pub(crate) fn hint(self, seconds: u64) -> Self {
        self.failure(|failure| failure.hint = Some(seconds))
    }

    /// The failure of the last of so many attempts, each of them a request that the server saw, if
    /// it saw any.
    pub(crate) fn attempts(mut self, attempts: u32) -> Self {
        if self.requests > 0 {
            self.requests = attempts as usize;
        }
        self.failure(|failure| failure.attempts = attempts)
    }

    pub(crate) fn requests(mut self, requests: usize) -> Self {
        self.requests = requests;
        self
    }

    pub(crate) fn connections(mut self, connections: usize) -> Self {
        self.connections = Some(connections);
        self
    }

    /// This, and then another call; the requests of both.
    pub(crate) fn then(mut self, next: Self) -> Self {
        self.calls.extend(next.calls);
        self.requests += next.requests;
        self
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "ok {value:?}"),
            Self::Reply(status) => write!(f, "reply {status}"),
            Self::Failure(failure) => failure.fmt(f),
            Self::Dropped => f.write_str("dropped"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            reason,
            status,
            sent,
            applied,
            attempts,
            hint,
        } = self;
        match kind {
            ErrorKind::OutcomeUnknown => write!(f, "Unknown({})", Short(*reason))?,
            kind if kind == reason => write!(f, "{}", Short(*kind))?,
            kind => write!(f, "{}({})", Short(*kind), Short(*reason))?,
        }
        if let Some(status) = status {
            write!(f, " {status}")?;
        }
        if !sent {
            f.write_str(" unsent")?;
        }
        if *applied {
            f.write_str(" applied")?;
        }
        if let Some(hint) = hint {
            write!(f, " wait {hint}s")?;
        }
        write!(f, " ×{attempts}")
    }
}

/// A kind in few letters.
struct Short(ErrorKind);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ErrorKind::Timeout(phase) => write!(f, "Timeout({phase:?})"),
            kind => write!(f, "{kind:?}"),
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls: Vec<String> = self.calls.iter().map(ToString::to_string).collect();
        write!(f, "{} · {}r", calls.join(", "), self.requests)?;
        if let Some(connections) = self.connections {
            write!(f, " {connections}c")?;
        }
        Ok(())
    }
}

/// Seconds, for the limits and waits of the catalogue.
pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
