//! Waits between attempts: exponential, with full jitter.
//!
//! Full jitter draws from zero up to the exponential bound, so that clients that failed together do
//! not come back together. tower's `ExponentialBackoff` adds jitter on top of the bound instead,
//! which keeps them in step.

use std::time::Duration;

use crate::random::Random;

/// A wait after attempt `number` (from 1): up to `base`, doubled with each attempt, at most `cap`.
pub(super) fn draw(random: &Random, base: Duration, cap: Duration, number: u32) -> Duration {
    let factor = 1_u32
        .checked_shl(number.saturating_sub(1))
        .unwrap_or(u32::MAX);
    let bound = base.saturating_mul(factor).min(cap);
    // 584 years are enough for a bound.
    let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(random.up_to(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_within_the_doubling_bound_and_use_it() {
        let random = Random::seeded(3);
        let (base, cap) = (Duration::from_millis(100), Duration::from_secs(5));
        for (number, bound) in [
            (1, 100),
            (2, 200),
            (3, 400),
            (6, 3200),
            (7, 5000),
            (99, 5000),
        ] {
            let bound = Duration::from_millis(bound);
            let waits: Vec<_> = (0..500).map(|_| draw(&random, base, cap, number)).collect();
            assert!(waits.iter().all(|wait| *wait <= bound));
            assert!(waits.iter().any(|wait| *wait < bound / 10));
            assert!(waits.iter().any(|wait| *wait > bound * 9 / 10));
        }
    }

    #[test]
    fn extremes_do_not_overflow() {
        let random = Random::seeded(3);
        let _ = draw(&random, Duration::MAX, Duration::MAX, u32::MAX);
        assert_eq!(
            draw(&random, Duration::ZERO, Duration::MAX, 5),
            Duration::ZERO
        );
    }
}
