//! The budget of repetitions: what stops a storm when a server is down.
//!
//! Never holds back a first attempt.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A bucket of tokens that repetitions take from and successes fill.
///
/// A repetition costs 14 tokens, one after a 429 costs 5, a success earns 1. A full bucket of 500
/// therefore lasts for 35 repetitions in a row; after that, calls fail with their first attempt
/// until successes earn more. A clone shares the bucket.
///
/// ```
/// use accredit_transport::{RetryBudget, RetryPolicy};
///
/// let budget = RetryBudget::default();
/// let policy = RetryPolicy::default().budget(budget.clone());
/// assert_eq!(budget.left(), 500);
/// ```
#[derive(Clone)]
pub struct RetryBudget(Arc<Bucket>);

struct Bucket {
    size: u32,
    tokens: AtomicU32,
}

impl RetryBudget {
    /// A full bucket of this size.
    #[must_use]
    pub fn new(tokens: u32) -> Self {
        Self(Arc::new(Bucket {
            size: tokens,
            tokens: AtomicU32::new(tokens),
        }))
    }

    /// How many tokens are left.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.0.tokens.load(Ordering::Relaxed)
    }

    /// Takes tokens if there are enough.
    pub(super) fn take(&self, cost: u32) -> bool {
        self.0
            .tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                tokens.checked_sub(cost)
            })
            .is_ok()
    }

    /// Adds one token, if there is room.
    pub(super) fn earn(&self) {
        // Looked at first: a full bucket is the normal case and needs no write.
        if self.left() < self.0.size {
            let _ = self
                .0
                .tokens
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                    (tokens < self.0.size).then(|| tokens + 1)
                });
        }
    }
}

impl Default for RetryBudget {
    /// A bucket of 500.
    fn default() -> Self {
        Self::new(500)
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("left", &self.left())
            .field("size", &self.0.size)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_bucket_pays_for_35_repetitions() {
        let budget = RetryBudget::default();
        assert_eq!((0..100).filter(|_| budget.take(14)).count(), 35);
        assert_eq!(budget.left(), 10);
        assert!(budget.take(5) && budget.take(5) && !budget.take(5));
    }

    #[test]
    fn successes_fill_it_to_the_brim_and_no_further() {
        let budget = RetryBudget::new(20);
        assert!(budget.take(14));
        for _ in 0..100 {
            budget.earn();
        }
        assert_eq!(budget.left(), 20);
    }
}
