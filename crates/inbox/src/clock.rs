//! The time that leases, polls and retries are measured by. Never sleeps.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Tells the time. All processes on one store should agree on it to within a few seconds.
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

/// Milliseconds since 1970, as the stores keep them; what is earlier counts as 1970.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn millis(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Reads [`millis`] back.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) fn instant(millis: i64) -> SystemTime {
    later(
        UNIX_EPOCH,
        Duration::from_millis(u64::try_from(millis).unwrap_or_default()),
    )
}

/// An instant that much later; the same where the platform's time ends before it.
pub(crate) fn later(at: SystemTime, by: Duration) -> SystemTime {
    at.checked_add(by).unwrap_or(at)
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
        assert_eq!(millis(UNIX_EPOCH - Duration::from_secs(1)), 0);
        assert_eq!(later(at, Duration::MAX), at);
        assert_eq!(earlier(at, Duration::MAX), UNIX_EPOCH);
    }
}
