//! What to make of one look at a request: whether it moved, and when to look again. A pure function but for the jitter.

use std::time::{Duration, SystemTime};

use accredit_verifyinvestor::VerificationRequestStatus;

use super::{backoff, kept};
use crate::SourceError;
use crate::clock::later;
use crate::graph::Step;
use crate::store::{Look, RequestLease};

/// The first wait after a failure.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// The longest wait after failures.
pub(super) const LONGEST_RETRY: Duration = Duration::from_secs(15 * 60);
/// After so many answers in a row that there is no such request, one that was never seen is left alone until it is told of.
const GIVE_UP_MISSING: u32 = 10;

/// How often open requests are looked at when nothing happens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Poll {
    pub(super) first: Duration,
    pub(super) longest: Duration,
}

impl Poll {
    /// The waits that make these the longest times between two looks, when it takes up to a tick until a request is found due.
    pub(super) fn less(self, tick: Duration) -> Self {
        let less = |wait: Duration| wait.saturating_sub(tick).max(wait / 2);
        Self {
            first: less(self.first),
            longest: less(self.longest),
        }
    }
}

/// Judges what a source said of a leased request.
pub(super) fn judge(
    lease: &RequestLease,
    answer: Result<Option<VerificationRequestStatus>, SourceError>,
    poll: Poll,
    now: SystemTime,
) -> Look {
    match answer {
        Ok(Some(status)) if status.as_str().contains('\0') => {
            // No column of PostgreSQL holds it, and what can't be written down would be read again and again.
            let error = SourceError::new("the status holds a NUL, and can't be stored");
            failed(lease, &error, now)
        }
        Ok(status) => answered(lease, status, poll, now),
        Err(error) => failed(lease, &error, now),
    }
}

fn answered(
    lease: &RequestLease,
    status: Option<VerificationRequestStatus>,
    poll: Poll,
    now: SystemTime,
) -> Look {
    let step = status
        .as_ref()
        .map(|status| Step::between(lease.status.as_ref(), status));
    let (moved_to, refused) = match step {
        Some(Step::Forward) => (status, None),
        Some(Step::Backward) => (None, status),
        Some(Step::Same) | None => (None, None),
    };
    let ended = moved_to
        .as_ref()
        .or(lease.status.as_ref())
        .is_some_and(VerificationRequestStatus::is_decided);
    let wait = if moved_to.is_some() {
        backoff::jittered(poll.first.min(poll.longest))
    } else {
        backoff::wait(poll.first, poll.longest, lease.quiet)
    };
    Look {
        quiet: match moved_to {
            Some(_) => 0,
            None => lease.quiet.saturating_add(1),
        },
        moved_to,
        refused,
        answered: true,
        failures: 0,
        missing: 0,
        error: None,
        next: (!ended).then(|| later(now, wait)),
    }
}

fn failed(lease: &RequestLease, error: &SourceError, now: SystemTime) -> Look {
    let missing = if error.is_missing() {
        lease.missing.saturating_add(1)
    } else {
        0
    };
    let look = Look {
        quiet: lease.quiet,
        error: Some(kept(error)),
        ..Look::default()
    };
    if missing >= GIVE_UP_MISSING && lease.status.is_none() {
        // An answer as good as another. Whoever tells of it again is asked for as often again.
        return Look {
            answered: true,
            ..look
        };
    }
    let wait = backoff::wait(FIRST_RETRY, LONGEST_RETRY, lease.failures)
        .max(error.asked_wait().min(LONGEST_RETRY));
    Look {
        failures: lease.failures.saturating_add(1),
        missing,
        next: Some(later(now, wait)),
        ..look
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use VerificationRequestStatus as Status;
    use accredit_verifyinvestor::VerificationRequestId;

    use super::*;

    const POLL: Poll = Poll {
        first: Duration::from_secs(60),
        longest: Duration::from_secs(900),
    };

    fn lease(status: Option<Status>) -> RequestLease {
        RequestLease {
            request: VerificationRequestId::new(90),
            fence: 1,
            hints: 0,
            status,
            sequence: 0,
            quiet: 0,
            failures: 0,
            missing: 0,
        }
    }

    fn seconds(look: &Look) -> u64 {
        let next = look.next.expect("another look");
        next.duration_since(UNIX_EPOCH).unwrap().as_secs()
    }

    #[test]
    fn a_step_ahead_is_taken_and_one_back_is_only_noted() {
        let ahead = judge(
            &lease(Some(Status::InReview)),
            Ok(Some(Status::Accredited)),
            POLL,
            UNIX_EPOCH,
        );
        assert_eq!(ahead.moved_to, Some(Status::Accredited));
        assert_eq!(ahead.next, None, "an end is not polled");
        let back = judge(
            &lease(Some(Status::Accredited)),
            Ok(Some(Status::InReview)),
            POLL,
            UNIX_EPOCH,
        );
        assert_eq!((back.moved_to, back.next), (None, None));
        assert_eq!(back.refused, Some(Status::InReview));
        let novel = Status::from_value("on_hold");
        let novelty = judge(
            &lease(Some(Status::Accredited)),
            Ok(Some(novel.clone())),
            POLL,
            UNIX_EPOCH,
        );
        assert_eq!(novelty.moved_to, Some(novel));
        assert!(novelty.next.is_some(), "polled on");
        let silent = judge(&lease(Some(Status::InReview)), Ok(None), POLL, UNIX_EPOCH);
        assert_eq!(
            (silent.moved_to, silent.refused, silent.answered),
            (None, None, true)
        );
        assert!(silent.next.is_some());
    }

    #[test]
    fn quiet_requests_are_polled_ever_more_rarely() {
        let mut lease = lease(Some(Status::InReview));
        for full in [60, 120, 240, 480, 900, 900, 900] {
            let look = judge(&lease, Ok(Some(Status::InReview)), POLL, UNIX_EPOCH);
            assert!(
                (full / 2..=full).contains(&seconds(&look)),
                "{full}: {look:?}"
            );
            lease.quiet = look.quiet;
        }
        let look = judge(&lease, Ok(Some(Status::WaitingForReview)), POLL, UNIX_EPOCH);
        assert_eq!(look.quiet, 0);
        assert!(seconds(&look) <= 60);
    }

    #[test]
    fn failures_back_off_and_heed_what_the_service_asks() {
        let mut lease = lease(Some(Status::InReview));
        for full in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            let look = judge(&lease, Err(SourceError::new("down")), POLL, UNIX_EPOCH);
            assert!(
                (full / 2..=full).contains(&seconds(&look)),
                "{full}: {look:?}"
            );
            assert!(!look.answered && look.error.is_some());
            lease.failures = look.failures;
        }
        lease.failures = 0;
        let told = SourceError::new("busy").wait(Duration::from_secs(77));
        assert_eq!(seconds(&judge(&lease, Err(told), POLL, UNIX_EPOCH)), 77);
        let centuries = SourceError::new("busy").wait(Duration::MAX);
        assert_eq!(
            seconds(&judge(&lease, Err(centuries), POLL, UNIX_EPOCH)),
            900
        );
    }

    #[test]
    fn a_request_that_was_never_there_is_left_alone_in_the_end() {
        let mut lease = lease(None);
        // Ten failures of another kind are no answer.
        for _ in 0..GIVE_UP_MISSING {
            let look = judge(&lease, Err(SourceError::new("down")), POLL, UNIX_EPOCH);
            (lease.failures, lease.missing) = (look.failures, look.missing);
        }
        for _ in 1..GIVE_UP_MISSING {
            let look = judge(&lease, Err(SourceError::missing()), POLL, UNIX_EPOCH);
            assert!(look.next.is_some() && !look.answered);
            (lease.failures, lease.missing) = (look.failures, look.missing);
        }
        let broken = judge(&lease, Err(SourceError::new("down")), POLL, UNIX_EPOCH);
        assert!(broken.next.is_some(), "only a missing request is given up");
        assert_eq!(broken.missing, 0, "and only after answers in a row");
        let last = judge(&lease, Err(SourceError::missing()), POLL, UNIX_EPOCH);
        assert_eq!((last.next, last.answered), (None, true));
        assert_eq!((last.failures, last.missing), (0, 0), "for the next time");
        assert!(last.error.is_some());
    }

    #[test]
    fn a_request_that_was_seen_is_never_given_up() {
        let mut lease = lease(Some(Status::InReview));
        for _ in 0..3 * GIVE_UP_MISSING {
            let look = judge(&lease, Err(SourceError::missing()), POLL, UNIX_EPOCH);
            assert!(look.next.is_some() && !look.answered);
            (lease.failures, lease.missing) = (look.failures, look.missing);
        }
    }

    #[test]
    fn what_a_database_can_not_hold_is_refused_and_not_stored() {
        let odd = Status::from_value("in\0review");
        let look = judge(&lease(None), Ok(Some(odd)), POLL, UNIX_EPOCH);
        assert_eq!((look.moved_to, look.answered), (None, false));
        assert!(look.next.is_some() && look.error.unwrap().contains("NUL"));
        let odd = SourceError::new("bad\0".repeat(400));
        let look = judge(&lease(None), Err(odd), POLL, UNIX_EPOCH);
        let error = look.error.unwrap();
        assert!(error.chars().count() <= 500 && !error.contains('\0'));
    }

    #[test]
    fn a_wait_without_an_end_is_no_hot_loop() {
        let never = Poll {
            first: Duration::MAX,
            longest: Duration::MAX,
        };
        let look = judge(&lease(None), Ok(None), never, UNIX_EPOCH);
        assert!(seconds(&look) > 40 * 365 * 24 * 60 * 60);
    }
}
