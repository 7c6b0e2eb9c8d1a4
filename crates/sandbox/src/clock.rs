//! The time of the sandbox: the machine's, moved forward at will, or frozen.
//!
//! Every timestamp, token lifetime and expiry of both services follows this clock, and a data file
//! keeps how it runs. It never sleeps and starts no timer.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Unit, Zoned};
use rusqlite::Connection;
use rusqlite::types::{FromSql, FromSqlResult, ValueRef};

use crate::json::Json;
use crate::{Error, store};

/// The settings key of how the clock runs.
const SETTING: &str = "clock";

/// How the clock of a sandbox runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clock {
    /// The machine's clock; advancing it adds to it.
    #[default]
    System,
    /// Stands at this instant until it is advanced: two runs give the same timestamps.
    Frozen(Timestamp),
}

/// The running clock.
#[derive(Debug)]
pub(crate) struct RunningClock(Mutex<Mode>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    System { ahead: SignedDuration },
    Frozen { now: Timestamp },
}

impl From<Clock> for Mode {
    fn from(clock: Clock) -> Self {
        match clock {
            Clock::System => Self::System {
                ahead: SignedDuration::ZERO,
            },
            Clock::Frozen(now) => Self::Frozen { now },
        }
    }
}

impl Mode {
    fn written(self) -> String {
        match self {
            Self::System { ahead } => format!("ahead {ahead}"),
            Self::Frozen { now } => format!("frozen {now}"),
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("ahead", ahead) => ahead.parse().ok().map(|ahead| Self::System { ahead }),
            ("frozen", now) => now.parse().ok().map(|now| Self::Frozen { now }),
            _ => None,
        }
    }
}

impl RunningClock {
    pub(crate) fn new(mode: Mode) -> Self {
        Self(Mutex::new(mode))
    }

    /// The clock of a store: as it is told to run, or else as the store last kept it.
    pub(crate) fn start(told: Option<Clock>, db: &Connection) -> Result<Self, Error> {
        if let Some(told) = told {
            let clock = Self::new(told.into());
            clock.keep(db)?;
            return Ok(clock);
        }
        let Some(kept) = store::setting(db, SETTING)? else {
            return Ok(Self::new(Clock::System.into()));
        };
        let mode = Mode::read(&kept).ok_or_else(|| {
            Error::refused_file("the data file holds a clock that nobody can read")
        })?;
        Ok(Self::new(mode))
    }

    /// Lets the store keep how the clock runs.
    pub(crate) fn keep(&self, db: &Connection) -> rusqlite::Result<()> {
        store::set_setting(db, SETTING, Some(&self.mode().written()))
    }

    /// The present, to the microsecond: what Django stores and prints.
    pub(crate) fn now(&self) -> Timestamp {
        let mode = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = match mode {
            Mode::System { ahead } => {
                // It only goes forward from an instant that did fit: what does not fit is beyond the end of time.
                Timestamp::now()
                    .checked_add(ahead)
                    .unwrap_or(Timestamp::MAX)
            }
            Mode::Frozen { now } => now,
        };
        now.round(Unit::Microsecond).unwrap_or(now)
    }

    /// How it runs, to be kept.
    pub(crate) fn mode(&self) -> Mode {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs as it did when its mode was kept.
    pub(crate) fn resume(&self, mode: Mode) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = mode;
    }

    /// Moves the clock forward; it stops at the end of representable time.
    pub(crate) fn advance(&self, by: Duration) {
        let by = SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX);
        let mut mode = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *mode {
            Mode::System { ahead } => *ahead = ahead.saturating_add(by),
            Mode::Frozen { now } => *now = now.checked_add(by).unwrap_or(Timestamp::MAX),
        }
    }

    /// Freezes the clock at an instant.
    pub(crate) fn freeze(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Mode::Frozen { now };
    }

    /// Lets the clock run from an instant, as fast as the machine's.
    pub(crate) fn run(&self, now: Timestamp) {
        let ahead = now.duration_since(Timestamp::now());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Mode::System { ahead };
    }

    /// Whether the clock stands still between two advances.
    pub(crate) fn is_frozen(&self) -> bool {
        matches!(
            *self.0.lock().unwrap_or_else(PoisonError::into_inner),
            Mode::Frozen { .. }
        )
    }
}

/// The form of every timestamp in the store: UTC, always six digits, so
/// that the order of the texts is the order of the instants.
pub(crate) fn stored(at: Timestamp) -> String {
    format!("{at:.6}")
}

/// A stored timestamp as Django prints it: the same, without a fraction when that is zero.
#[derive(Clone, Debug)]
pub(crate) struct Moment(String);

impl Moment {
    pub(crate) fn new(stored: &str) -> Self {
        Self(stored.replace(".000000Z", "Z"))
    }
}

impl FromSql for Moment {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(Self::new)
    }
}

impl From<Moment> for Json {
    fn from(moment: Moment) -> Self {
        moment.0.into()
    }
}

/// Reads [`stored`] back.
pub(crate) fn read(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// A stored timestamp as VerifyInvestor prints it in objects: `2017-06-15T02:01:37.113Z`.
pub(crate) fn milliseconds(text: &str) -> String {
    read(text)
        .and_then(|at| at.round(rounding()).ok())
        .map_or_else(|| text.to_owned(), |at| format!("{at:.3}"))
}

/// An instant as VerifyInvestor prints it at its root: `2018-01-11T15:28:38.972-08:00`.
pub(crate) fn pacific(at: Timestamp) -> String {
    let at = at.round(rounding()).unwrap_or(at);
    // The rule instead of a zone's name: it needs no time zone database.
    let zone = TimeZone::posix("PST8PDT,M3.2.0,M11.1.0").unwrap_or(TimeZone::UTC);
    let local = Zoned::new(at, zone);
    local.strftime("%Y-%m-%dT%H:%M:%S.%3f%:z").to_string()
}

/// The UTC date of a stored timestamp.
pub(crate) fn date(text: &str) -> Option<jiff::civil::Date> {
    read(text).map(|at| at.to_zoned(TimeZone::UTC).date())
}

fn rounding() -> jiff::TimestampRound {
    jiff::TimestampRound::new()
        .smallest(Unit::Millisecond)
        .mode(jiff::RoundMode::Trunc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_have_the_forms_of_both_services() {
        let at: Timestamp = "2018-01-11T23:28:38.972999Z".parse().unwrap();
        assert_eq!(stored(at), "2018-01-11T23:28:38.972999Z");
        assert_eq!(
            stored("2018-01-11T23:28:38Z".parse().unwrap()),
            "2018-01-11T23:28:38.000000Z"
        );
        assert_eq!(milliseconds(&stored(at)), "2018-01-11T23:28:38.972Z");
        assert_eq!(pacific(at), "2018-01-11T15:28:38.972-08:00");
        assert_eq!(
            pacific("2018-04-30T18:09:10.451Z".parse().unwrap()),
            "2018-04-30T11:09:10.451-07:00"
        );
    }

    #[test]
    fn a_clock_runs_from_where_it_was_told_to() {
        let past: Timestamp = "2001-01-01T00:00:00Z".parse().unwrap();
        let clock = RunningClock::new(Clock::Frozen(past).into());
        clock.run(past);
        assert!(!clock.is_frozen());
        let now = clock.now();
        assert!(past <= now && now.duration_since(past) < SignedDuration::from_mins(1));
    }

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = RunningClock::new(Clock::Frozen(start).into());
        assert_eq!(clock.now(), start);
        clock.advance(Duration::from_secs(36_000));
        assert_eq!(clock.now(), "2026-01-01T10:00:00Z".parse().unwrap());
        clock.advance(Duration::MAX);
        assert_eq!(
            clock.now(),
            Timestamp::MAX
                .round(Unit::Microsecond)
                .unwrap_or(Timestamp::MAX)
        );
    }

    #[test]
    fn how_it_runs_is_read_as_it_was_written() {
        for mode in [
            Mode::from(Clock::System),
            Mode::System {
                ahead: SignedDuration::new(-3_600, -1),
            },
            Mode::System {
                ahead: SignedDuration::MAX,
            },
            Mode::Frozen {
                now: Timestamp::MAX,
            },
        ] {
            assert_eq!(Mode::read(&mode.written()), Some(mode), "{mode:?}");
        }
        for text in ["", "frozen", "frozen now", "ahead ", "ahead 1"] {
            assert_eq!(Mode::read(text), None, "{text}");
        }
    }
}
