//! The time that leases, polls and retries are measured by. Never sleeps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time. All processes on one store should agree on it to within a few seconds.
///
/// A clock may be set. When it jumps ahead, leases are over early, and a handler may be called while an earlier call of it still
/// runs: [`Change::key`](crate::Change::key) tells them apart. When it goes back, the worker notices within a minute
/// what was dated ahead of it, and lets those waits and leases begin anew ([`Store::redate`](crate::Store::redate)).
///
/// A closure will do, for tests:
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use accredit_inbox::Inbox;
///
/// let inbox = Inbox::in_memory().clock(|| UNIX_EPOCH + Duration::from_secs(1_800_000_000));
/// # let _ = inbox;
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The present.
    fn now(&self) -> SystemTime;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

impl<F: Fn() -> SystemTime + Send + Sync + 'static> Clock for F {
    fn now(&self) -> SystemTime {
        self()
    }
}

/// The longest that anything waits, whatever was asked for: a century.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// By how much the clocks of one store may differ.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(10);

/// Milliseconds since 1970, as the stores keep them; what is earlier counts as 1970.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn millis(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Reads [`millis`] back.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn instant(millis: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}

/// An instant that much later, by a century at most: "never" is not "now".
pub(crate) fn later(at: SystemTime, by: Duration) -> SystemTime {
    at.checked_add(by.min(LONGEST)).unwrap_or(at)
}

/// An instant that much earlier; 1970 where it would be before.
pub(crate) fn earlier(at: SystemTime, by: Duration) -> SystemTime {
    at.checked_sub(by).unwrap_or(UNIX_EPOCH).max(UNIX_EPOCH)
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use super::*;

    #[test]
    fn instants_are_kept_to_the_millisecond() {
        let at = UNIX_EPOCH + Duration::from_micros(1_234_567);
        assert_eq!(millis(at), 1234);
        assert_eq!(instant(1234), UNIX_EPOCH + Duration::from_millis(1234));
        assert_eq!(instant(-5), UNIX_EPOCH);
        let far = UNIX_EPOCH + 3 * LONGEST;
        assert_eq!(instant(millis(far)), far);
        assert_eq!(millis(UNIX_EPOCH - Duration::from_secs(1)), 0);
        assert_eq!(later(at, Duration::MAX), at + LONGEST);
        assert_eq!(later(at, LONGEST / 2), at + LONGEST / 2);
        assert_eq!(earlier(at, Duration::MAX), UNIX_EPOCH);
    }
}
