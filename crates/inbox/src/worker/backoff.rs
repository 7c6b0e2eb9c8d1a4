//! How long to wait before the next look or attempt: doubling, capped, with jitter. Reads no clock.

use std::time::Duration;

/// `first`, doubled `times` times, at most `longest`; a random part of the second half is taken off, so that those who failed
/// together do not come back together.
pub(super) fn wait(first: Duration, longest: Duration, times: u32) -> Duration {
    let doubled = first.saturating_mul(2_u32.saturating_pow(times));
    jittered(doubled.min(longest))
}

/// Between half and all of a time.
pub(super) fn jittered(time: Duration) -> Duration {
    let half = time / 2;
    let nanos = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
    time.saturating_sub(Duration::from_nanos(fastrand::u64(0..=nanos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_scatter() {
        let (first, longest) = (Duration::from_secs(1), Duration::from_secs(900));
        for times in 0..70 {
            let full = first
                .saturating_mul(2_u32.saturating_pow(times))
                .min(longest);
            let waits: Vec<_> = (0..100).map(|_| wait(first, longest, times)).collect();
            assert!(waits.iter().all(|wait| full / 2 <= *wait && *wait <= full));
            assert!(waits.iter().any(|wait| *wait != waits[0]));
        }
        assert_eq!(wait(Duration::ZERO, longest, 3), Duration::ZERO);
    }
}
