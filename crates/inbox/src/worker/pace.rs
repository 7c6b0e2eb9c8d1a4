//! How fast the service may be asked: so many looks a second, with a small burst. Knows no store.

use std::time::Duration;

use tokio::time::Instant;

/// A bucket of looks that fills with time.
#[derive(Debug)]
pub(super) struct Pace {
    period: Duration,
    burst: u32,
    /// When the bucket is full again.
    full: Instant,
}

impl Pace {
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        Self {
            period: Duration::from_secs(1) / per_second.max(1),
            burst: burst.max(1),
            full: Instant::now(),
        }
    }

    /// Takes up to `wanted` looks, and waits until there is one. Dropped half way it takes none.
    pub(super) async fn take(&mut self, wanted: u32) -> u32 {
        loop {
            let now = Instant::now();
            let room = (self.period * self.burst).saturating_sub(self.full.duration_since(now));
            let looks = room
                .as_nanos()
                .checked_div(self.period.as_nanos())
                .unwrap_or_default();
            let looks = u32::try_from(looks).unwrap_or(u32::MAX).min(wanted);
            if looks > 0 {
                self.full = self.full.max(now) + self.period * looks;
                return looks;
            }
            tokio::time::sleep_until(now + self.period.saturating_sub(room)).await;
        }
    }

    /// Gives back looks that were taken and not used.
    pub(super) fn give_back(&mut self, looks: u32) {
        let unused = self.period * looks;
        self.full = self.full.checked_sub(unused).unwrap_or(self.full);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_more_than_the_rate_and_the_burst_are_given() {
        let start = Instant::now();
        let mut pace = Pace::new(10, 4);
        assert_eq!(pace.take(8).await, 4);
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            assert_eq!(pace.take(8).await, 1);
        }
        // Twenty more at ten a second; timers are exact to a millisecond.
        assert!(
            (2000..2030).contains(&start.elapsed().as_millis()),
            "{:?}",
            start.elapsed()
        );
    }

    /// A period of nothing would be a bucket of nothing, asked again at once and for ever.
    #[tokio::test(start_paused = true)]
    async fn the_highest_rate_still_gives() {
        let mut pace = Pace::new(super::super::MOST_LOOKS, u32::MAX);
        assert_eq!(pace.take(u32::MAX).await, u32::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_given_back_is_there_again() {
        let start = Instant::now();
        let mut pace = Pace::new(1, 2);
        for _ in 0..10 {
            assert_eq!(pace.take(2).await, 2);
            pace.give_back(2);
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(pace.take(9).await, 2, "a pause does not pile up");
    }
}
