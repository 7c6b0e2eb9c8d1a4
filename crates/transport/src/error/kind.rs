//! The kinds of failure and what each one says about the fate of the request.

use std::fmt;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operation could not be written as a request.
    Build,
    /// The request names another origin than the client's, or one that may not be spoken to in
    /// clear text.
    Origin,
    /// There are no credentials for the request, because the token source failed.
    Auth,
    /// No connection could be made: name resolution, TCP or TLS.
    Connect,
    /// Time ran out.
    Timeout(TimeoutPhase),
    /// The connection failed after it had been made, or the body was cut off.
    Io,
    /// There were as many calls under way as the client was told to allow: nothing was sent.
    Overloaded,
    /// The server refused the credentials, with a 401 or with the status that it uses for that.
    Unauthorized,
    /// The server answered with another status that is not 2xx.
    Status,
    /// An operation with effects failed in a way that does not tell whether it ran: look before
    /// repeating it. [`Error::reason`](crate::Error::reason) is how it failed.
    OutcomeUnknown,
    /// The server answered 2xx and said in the body that it refused the operation.
    Refused,
    /// The server answered 2xx with a body that could not be read.
    Decode,
    /// The server answered with a body above the cap.
    TooLarge,
    /// A file that was being downloaded could not be written to the disk.
    File,
    /// A list was not followed to its end: the server's pages lead in a circle, or there are more
    /// pages or items than allowed. Every reply by itself was good.
    Pagination,
}

impl ErrorKind {
    /// Whether a request that failed in this way may have reached the server.
    pub(crate) const fn may_have_been_sent(self) -> bool {
        match self {
            Self::Build
            | Self::Origin
            | Self::Auth
            | Self::Connect
            | Self::Overloaded
            | Self::Timeout(TimeoutPhase::Connect) => false,
            Self::Timeout(_)
            | Self::Io
            | Self::Unauthorized
            | Self::Status
            | Self::OutcomeUnknown
            | Self::Refused
            | Self::Decode
            | Self::TooLarge
            | Self::File
            | Self::Pagination => true,
        }
    }

    /// A short stable name, for events and metrics: `connect`, `timeout`, `outcome_unknown`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Origin => "origin",
            Self::Auth => "auth",
            Self::Connect => "connect",
            Self::Timeout(_) => "timeout",
            Self::Io => "io",
            Self::Overloaded => "overloaded",
            Self::Unauthorized => "unauthorized",
            Self::Status => "status",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Refused => "refused",
            Self::Decode => "decode",
            Self::TooLarge => "too_large",
            Self::File => "file",
            Self::Pagination => "pagination",
        }
    }

    /// What `Display` says for the kind.
    pub(crate) const fn describe(self) -> &'static str {
        match self {
            Self::Build => "the request could not be built",
            Self::Origin => "refused to leave the origin",
            Self::Auth => "not authenticated",
            Self::Connect => "could not connect",
            Self::Timeout(_) => "timed out",
            Self::Io => "the connection failed",
            Self::Overloaded => "too many calls at once",
            Self::Unauthorized => "the server refused the credentials",
            Self::Status => "the server answered with an error",
            Self::OutcomeUnknown => "it may have run",
            Self::Refused => "refused by the server",
            Self::Decode => "the reply could not be read",
            Self::TooLarge => "the reply is too large",
            Self::File => "the file could not be written",
            Self::Pagination => "stopped before the end of the list",
        }
    }
}

/// Which limit ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// Name resolution, TCP and TLS: the request was not sent.
    Connect,
    /// From the start of the attempt to the head of the reply.
    FirstByte,
    /// One attempt with its whole body.
    Attempt,
    /// The whole operation.
    Operation,
    /// From one piece of a download to the next, while someone waits for it.
    Idle,
    /// From the head of the reply to the end of a download.
    Download,
}

impl TimeoutPhase {
    /// What did not happen in time.
    pub(crate) const fn missing(self) -> &'static str {
        match self {
            Self::Connect => "no connection",
            Self::FirstByte => "no reply",
            Self::Attempt => "no complete reply",
            Self::Operation => "not done",
            Self::Idle => "not a byte more",
            Self::Download => "no complete file",
        }
    }
}

impl fmt::Display for TimeoutPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::FirstByte => "first byte",
            Self::Attempt => "attempt",
            Self::Operation => "operation",
            Self::Idle => "idle",
            Self::Download => "download",
        })
    }
}
