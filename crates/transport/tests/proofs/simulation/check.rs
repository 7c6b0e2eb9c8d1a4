//! What must hold for every call of every run, whatever the server does.

use std::time::Duration;

use accredit_transport::{Error, ErrorKind};

use super::schedule::{Plan, Settings};
use super::world::{Seen, answer_to};

/// The most that a call may come back after its deadline. Timers tick in milliseconds.
const LATE: Duration = Duration::from_millis(20);

/// How a call ended.
pub(crate) struct Ended {
    pub(crate) how: How,
    pub(crate) took: Duration,
}

pub(crate) enum How {
    /// It came back.
    With(Result<String, Error>),
    /// Its future was dropped.
    Dropped,
}

impl How {
    /// One word, for the counts.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::With(Ok(_)) => String::from("ok"),
            Self::With(Err(error)) => match error.kind() {
                ErrorKind::Status => format!("status {}", error.status().unwrap().as_u16() / 100),
                ErrorKind::OutcomeUnknown if error.likely_applied() => {
                    String::from("unknown, likely applied")
                }
                kind => format!("{kind:?}"),
            },
            Self::Dropped => String::from("dropped"),
        }
    }
}

/// What is broken, in words; nothing when all is well.
pub(crate) fn violations(
    number: usize,
    plan: &Plan,
    settings: &Settings,
    ended: &Ended,
    seen: Seen,
) -> Vec<String> {
    let Seen { requests, runs } = seen;
    let mut broken = Vec::new();
    let mut must = |holds: bool, what: &str| {
        if !holds {
            broken.push(format!("{what} ({requests} requests, {runs} runs)"));
        }
    };
    must(
        ended.took <= plan.deadline + LATE,
        "came back after its deadline",
    );
    if plan.operation.is_unsafe() {
        must(runs <= 1, "ran more than once");
    }
    let allowed = plan.attempts.unwrap_or(settings.attempts);
    must(
        requests <= allowed + 1,
        "more requests than attempts and a replay",
    );
    match &ended.how {
        How::Dropped => {}
        How::With(Ok(text)) => {
            must(runs >= 1, "said to be done and never ran");
            must(
                *text == answer_to(number),
                "read what is no reply to this call",
            );
        }
        How::With(Err(error)) => {
            must(
                requests <= error.attempts(),
                "more requests than the error counts",
            );
            must(
                error.attempts() <= allowed + 1,
                "counts more attempts than allowed",
            );
            must(
                error.attempt_log().len() <= allowed as usize + 1,
                "logs more attempts than allowed",
            );
            if !error.may_have_been_sent() {
                must(runs == 0, "said to be never sent, and ran");
            }
            if plan.operation.is_unsafe() {
                unsafe_error(error, runs, &mut must);
            } else {
                must(
                    error.kind() != ErrorKind::OutcomeUnknown,
                    "an unknown outcome of what may be repeated",
                );
            }
        }
    }
    broken
}

fn unsafe_error(error: &Error, runs: u32, must: &mut impl FnMut(bool, &str)) {
    if error.kind() == ErrorKind::OutcomeUnknown {
        if error.likely_applied() {
            must(runs == 1, "said to be likely applied, and never ran");
        }
    } else {
        must(
            runs == 0,
            "ran, and the error does not say that it may have",
        );
    }
    if error.is_retryable() {
        must(runs == 0, "said to be safe to repeat, and ran");
    }
}
