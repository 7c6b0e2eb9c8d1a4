//! Throttling as DRF's `UserRateThrottle` does it: so many calls in any period, per user, or per
//! address where nobody is logged in.
//!
//! It counts on the sandbox's clock and is off until a rate is set.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

/// So many calls in any period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    calls: usize,
    period: SignedDuration,
    word: &'static str,
}

impl Rate {
    /// Reads `5/minute` as DRF writes rates.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let read = || {
            let (calls, period) = text.split_once('/')?;
            let (seconds, word) = match period.trim() {
                "s" | "sec" | "second" => (1, "second"),
                "m" | "min" | "minute" => (60, "minute"),
                "h" | "hour" => (3_600, "hour"),
                "d" | "day" => (86_400, "day"),
                _ => return None,
            };
            Some(Self {
                calls: calls.trim().parse().ok()?,
                period: SignedDuration::from_secs(seconds),
                word,
            })
        };
        read().ok_or_else(|| {
            "\"rate\" must be a number of calls and a period of second, minute, hour or day, such as 5/minute"
                .to_owned()
        })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.calls, self.word)
    }
}

/// The rate, and when who called.
#[derive(Debug, Default)]
pub(crate) struct Throttle(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    rate: Option<Rate>,
    /// By user or address; the oldest call first.
    calls: HashMap<String, VecDeque<Timestamp>>,
}

/// A call too many; how many seconds to wait, where that can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany(pub(crate) Option<u64>);

impl Throttle {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        let throttle = Self::default();
        throttle.lock().rate = rate;
        throttle
    }

    /// Sets the rate or, with `None`, ends the throttling. The calls so far count.
    pub(crate) fn set(&self, rate: Option<Rate>) {
        self.lock().rate = rate;
    }

    pub(crate) fn rate(&self) -> Option<Rate> {
        self.lock().rate
    }

    /// Forgets who called.
    pub(crate) fn forget(&self) {
        self.lock().calls.clear();
    }

    /// Counts a call, unless it is one too many.
    pub(crate) fn admit(
        &self,
        user: i64,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<(), TooMany> {
        let mut state = self.lock();
        let Some(rate) = state.rate else {
            return Ok(());
        };
        let calls = state.calls.entry(caller(user, headers)).or_default();
        calls.retain(|at| now.duration_since(*at) < rate.period);
        if calls.len() < rate.calls {
            calls.push_back(now);
            return Ok(());
        }
        // After a rate was lowered there may be more calls than it allows: then DRF gives no time.
        let left = match calls.front() {
            _ if calls.len() > rate.calls => None,
            Some(oldest) => Some(rate.period - now.duration_since(*oldest)),
            None => Some(rate.period),
        };
        Err(TooMany(left.map(whole_seconds)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The user, or else the address: `X-Forwarded-For` without blanks, as DRF takes it. Without one it
/// is this machine, since nobody else can reach the sandbox.
fn caller(user: i64, headers: &HeaderMap) -> String {
    if user > 0 {
        return user.to_string();
    }
    let forwarded: String = headers
        .get("x-forwarded-for")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    format!("@{forwarded}")
}

fn whole_seconds(left: SignedDuration) -> u64 {
    let up = i64::from(left.subsec_nanos() > 0);
    u64::try_from(left.as_secs() + up).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides_over_each_caller_by_itself() {
        let throttle = Throttle::new(Rate::read("2/min").ok());
        let none = HeaderMap::new();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        assert_eq!(throttle.admit(1, &none, at(0)), Ok(()));
        assert_eq!(throttle.admit(1, &none, at(20)), Ok(()));
        assert_eq!(throttle.admit(1, &none, at(59)), Err(TooMany(Some(1))));
        assert_eq!(throttle.admit(2, &none, at(59)), Ok(()));
        assert_eq!(throttle.admit(0, &none, at(59)), Ok(()));
        assert_eq!(throttle.admit(1, &none, at(60)), Ok(()));
        assert_eq!(throttle.admit(1, &none, at(60)), Err(TooMany(Some(20))));
        throttle.set(Rate::read("1/min").ok());
        assert_eq!(throttle.admit(1, &none, at(61)), Err(TooMany(None)));
        throttle.set(Rate::read("0/hour").ok());
        assert_eq!(throttle.admit(9, &none, at(0)), Err(TooMany(Some(3_600))));
        throttle.forget();
        throttle.set(None);
        assert_eq!(throttle.admit(1, &none, at(61)), Ok(()));
    }

    #[test]
    fn rates_are_read_as_drf_writes_them() {
        for (text, shown) in [
            ("5/min", "5/minute"),
            ("100/day", "100/day"),
            ("1 / s", "1/second"),
        ] {
            assert_eq!(
                Rate::read(text).map(|rate| rate.to_string()),
                Ok(shown.to_owned())
            );
        }
        for text in ["", "5", "5/fortnight", "-1/min", "x/min"] {
            assert!(Rate::read(text).is_err(), "{text}");
        }
    }
}
