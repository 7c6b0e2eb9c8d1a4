//! What a failed attempt proves, and so whether it may be repeated.
//!
//! The heart of the crate: an operation with effects is sent again only when the failure proves that
//! it did not run.

use http::StatusCode;

use crate::error::{ErrorKind, TimeoutPhase};
use crate::operation::RetryClass;

/// What one attempt came to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen {
    /// A whole reply, and whether it carries a `Retry-After` that can be read.
    Reply(StatusCode, bool),
    /// A failure, and whether the request may have reached the server.
    Failure(ErrorKind, bool),
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not to be repeated.
    Final,
    /// May be repeated.
    Again(Cost),
}

/// What a repetition costs of the budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// The server turned the request away because there were too many.
    Throttled,
    /// Anything else.
    Transient,
}

impl Cost {
    pub(super) const fn tokens(self) -> u32 {
        match self {
            Self::Throttled => 5,
            Self::Transient => 14,
        }
    }
}

/// Judges an attempt. `trusts_503`: see
/// [`RetryPolicy::retry_unsafe_503`](super::RetryPolicy::retry_unsafe_503).
pub(crate) fn judge(class: RetryClass, seen: Seen, trusts_503: bool) -> Verdict {
    let repeatable = class.is_repeatable();
    let again = match seen {
        // Turned away before it ran.
        Seen::Reply(StatusCode::TOO_MANY_REQUESTS, _) => return Verdict::Again(Cost::Throttled),
        Seen::Reply(StatusCode::SERVICE_UNAVAILABLE, true) => repeatable || trusts_503,
        Seen::Reply(status, _) => repeatable && is_transient(status),
        Seen::Failure(
            ErrorKind::Connect
            | ErrorKind::Io
            | ErrorKind::Timeout(
                TimeoutPhase::Connect | TimeoutPhase::FirstByte | TimeoutPhase::Attempt,
            ),
            sent,
        ) => repeatable || !sent,
        Seen::Failure(_, _) => false,
    };
    if again {
        Verdict::Again(Cost::Transient)
    } else {
        Verdict::Final
    }
}

/// Whether an operation of this class, having ended like this, may or may not have had its effect.
pub(crate) fn leaves_unknown(class: RetryClass, seen: Seen) -> bool {
    if class.is_repeatable() {
        return false;
    }
    match seen {
        // An answer of the application's own below 500 says what became of it; a gateway's answers
        // and a crash do not. 408 is what some proxies answer for a backend that took too long.
        Seen::Reply(status, _) => status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT,
        Seen::Failure(kind, sent) => {
            sent && matches!(
                kind,
                ErrorKind::Connect
                    | ErrorKind::Io
                    | ErrorKind::Timeout(_)
                    | ErrorKind::TooLarge
                    | ErrorKind::Decode
                    | ErrorKind::File
            )
        }
    }
}

/// Whether an attempt of an operation of this class, having ended like this, leaves nothing open:
/// it did not run, or the server said how it ended.
pub(crate) fn settles(class: RetryClass, seen: Seen, verdict: Verdict) -> bool {
    match seen {
        Seen::Failure(_, false) | Seen::Reply(StatusCode::TOO_MANY_REQUESTS, _) => true,
        _ if class.is_repeatable() => false,
        _ => verdict != Verdict::Final || !leaves_unknown(class, seen),
    }
}

/// The statuses of servers and gateways in trouble that may be gone a moment later.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind as Kind;

    const CLASSES: [RetryClass; 4] = [
        RetryClass::Read,
        RetryClass::IdempotentWrite,
        RetryClass::UnsafeWrite,
        RetryClass::EffectfulRead,
    ];

    fn reply(status: u16) -> Seen {
        Seen::Reply(StatusCode::from_u16(status).unwrap(), false)
    }

    /// For each class: `a`gain, `f`inal, or final with an unknown outcome, `u`.
    fn row(seen: Seen) -> String {
        let letter = |class| match judge(class, seen, false) {
            Verdict::Again(_) => 'a',
            Verdict::Final if leaves_unknown(class, seen) => 'u',
            Verdict::Final => 'f',
        };
        CLASSES.map(letter).iter().collect()
    }

    #[test]
    fn replies_are_judged_by_class_and_status() {
        for status in [
            200, 201, 204, 301, 302, 307, 400, 401, 403, 404, 409, 410, 422,
        ] {
            assert_eq!(row(reply(status)), "ffff", "{status}");
        }
        assert_eq!(row(reply(429)), "aaaa");
        for status in [408, 500, 502, 503, 504] {
            assert_eq!(row(reply(status)), "aauu", "{status}");
        }
        for status in [501, 505, 520, 599] {
            assert_eq!(row(reply(status)), "ffuu", "{status}");
        }
        let busy = Seen::Reply(StatusCode::SERVICE_UNAVAILABLE, true);
        assert_eq!(row(busy), "aauu");
        for class in CLASSES {
            assert_eq!(judge(class, busy, true), Verdict::Again(Cost::Transient));
            assert_eq!(
                judge(class, reply(429), false),
                Verdict::Again(Cost::Throttled)
            );
        }
    }

    #[test]
    fn failures_are_judged_by_class_and_by_whether_the_request_left() {
        for phase in [TimeoutPhase::FirstByte, TimeoutPhase::Attempt] {
            assert_eq!(row(Seen::Failure(Kind::Timeout(phase), true)), "aauu");
        }
        assert_eq!(row(Seen::Failure(Kind::Io, true)), "aauu");
        assert_eq!(row(Seen::Failure(Kind::Io, false)), "aaaa");
        assert_eq!(row(Seen::Failure(Kind::Connect, false)), "aaaa");
        let no_connection = Kind::Timeout(TimeoutPhase::Connect);
        assert_eq!(row(Seen::Failure(no_connection, false)), "aaaa");
        // None for the last of several attempts; one before it had one.
        assert_eq!(row(Seen::Failure(Kind::Connect, true)), "aauu");
        for kind in [Kind::TooLarge, Kind::Decode, Kind::File] {
            assert_eq!(row(Seen::Failure(kind, true)), "ffuu", "{kind:?}");
        }
        let deadline = Kind::Timeout(TimeoutPhase::Operation);
        assert_eq!(row(Seen::Failure(deadline, true)), "ffuu");
        assert_eq!(row(Seen::Failure(deadline, false)), "ffff");
        for kind in [
            Kind::Build,
            Kind::Origin,
            Kind::Auth,
            Kind::Unauthorized,
            Kind::Refused,
        ] {
            assert_eq!(row(Seen::Failure(kind, false)), "ffff", "{kind:?}");
        }
    }
}
