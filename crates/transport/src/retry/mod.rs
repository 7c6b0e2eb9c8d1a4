//! When a failed attempt is repeated: the policy. What carries it out is the
//! [retry layer](crate::layer::retry).
//!
//! Whether a repetition is *safe* is no setting: it follows from the class of the operation and from
//! what the failure proves. Settings say how often, how soon and at what cost.

mod backoff;
mod budget;
mod classify;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use budget::RetryBudget;
pub(crate) use classify::{Cost, Seen, Verdict, is_transient, judge, leaves_unknown, settles};

use crate::random::Random;

/// How often, how soon and at what cost failed attempts are repeated.
///
/// ```
/// use std::time::Duration;
/// use accredit_transport::{Client, RetryPolicy};
///
/// let client = Client::builder()
///     .base_uri("https://api.example.com")
///     .retry(RetryPolicy::default().attempts(5).cap(Duration::from_secs(2)))
///     .build()?;
/// # Ok::<(), accredit_transport::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct RetryPolicy {
    attempts: u32,
    base: Duration,
    cap: Duration,
    max_retry_after: Duration,
    retry_unsafe_503: bool,
    budget: Budget,
    random: Arc<Random>,
}

/// What repetitions draw on.
#[derive(Clone, Debug)]
enum Budget {
    /// That of the client: one of its own, which the policies of single calls share.
    Client,
    Shared(RetryBudget),
    Unlimited,
}

impl Default for RetryPolicy {
    /// 3 attempts; waits drawn from zero up to 100 ms, then 200 ms, doubling up to 5 s; a
    /// `Retry-After` of up to 30 s; the client's own [budget](RetryBudget), also when the policy is
    /// that of a single call.
    fn default() -> Self {
        Self {
            attempts: 3,
            base: Duration::from_millis(100),
            cap: Duration::from_secs(5),
            max_retry_after: Duration::from_secs(30),
            retry_unsafe_503: false,
            budget: Budget::Client,
            random: Arc::new(Random::new()),
        }
    }
}

impl RetryPolicy {
    /// One attempt. Even so a request is sent again, once, when the server refused its token and
    /// the token source has another.
    pub fn none() -> Self {
        Self::default().attempts(1)
    }

    /// How often a request is sent at most. Zero counts as one.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The longest that the first wait can be; each further one can be twice as long.
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// The longest that any wait can be that the server did not ask for.
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// The longest `Retry-After` that is waited for. When the server asks for more, the call fails
    /// at once and the error [tells how long](crate::Error::retry_after).
    pub fn max_retry_after(mut self, limit: Duration) -> Self {
        self.max_retry_after = limit;
        self
    }

    /// Whether a 503 with a `Retry-After` proves that an operation with effects did not run. True
    /// only for servers whose 503 comes from in front of the application; off unless set.
    pub fn retry_unsafe_503(mut self, retry: bool) -> Self {
        self.retry_unsafe_503 = retry;
        self
    }

    /// Repetitions draw on this budget; several clients of one host can share it.
    pub fn budget(mut self, budget: RetryBudget) -> Self {
        self.budget = Budget::Shared(budget);
        self
    }

    /// Nothing limits how much of the traffic repetitions can be.
    pub fn no_budget(mut self) -> Self {
        self.budget = Budget::Unlimited;
        self
    }

    /// Draws the waits from a sequence that is the same for the same seed: for tests and
    /// simulations.
    pub fn seed(mut self, seed: u64) -> Self {
        self.random = Arc::new(Random::seeded(seed));
        self
    }

    pub(crate) fn most(&self) -> u32 {
        self.attempts
    }

    /// The same policy with a budget, if it needs one: that of `client`, or else a new one.
    pub(crate) fn with_budget_of(mut self, client: Option<&Self>) -> Self {
        if matches!(self.budget, Budget::Client) {
            self.budget = match client {
                Some(client) => client.budget.clone(),
                None => Budget::Shared(RetryBudget::default()),
            };
        }
        self
    }

    /// A success earns budget for later repetitions.
    pub(crate) fn succeeded(&self) {
        if let Budget::Shared(budget) = &self.budget {
            budget.earn();
        }
    }

    /// How long to wait before attempt `number + 1`, or why there is none.
    pub(crate) fn wait(
        &self,
        number: u32,
        hint: Option<Duration>,
        left: Option<Duration>,
    ) -> Result<Duration, GivenUp> {
        if number >= self.attempts {
            return Err(GivenUp::Attempts);
        }
        let own = backoff::draw(&self.random, self.base, self.cap, number);
        let wait = hint.map_or(own, |hint| hint.max(own));
        if hint.is_some_and(|hint| hint > self.max_retry_after) {
            return Err(GivenUp::RetryAfter);
        }
        // A wait that ends with the deadline leaves no time for an attempt.
        if left.is_some_and(|left| wait >= left) {
            return Err(GivenUp::Deadline);
        }
        Ok(wait)
    }

    /// Pays for a repetition.
    pub(crate) fn pay(&self, cost: Cost) -> Result<(), GivenUp> {
        match &self.budget {
            Budget::Shared(budget) if !budget.take(cost.tokens()) => Err(GivenUp::Budget),
            _ => Ok(()),
        }
    }

    pub(crate) fn budget_left(&self) -> Option<u32> {
        match &self.budget {
            Budget::Shared(budget) => Some(budget.left()),
            Budget::Client | Budget::Unlimited => None,
        }
    }

    pub(crate) fn trusts_503(&self) -> bool {
        self.retry_unsafe_503
    }
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            attempts,
            base,
            cap,
            max_retry_after,
            retry_unsafe_503,
            budget,
            random: _,
        } = self;
        f.debug_struct("RetryPolicy")
            .field("attempts", attempts)
            .field("base", base)
            .field("cap", cap)
            .field("max_retry_after", max_retry_after)
            .field("retry_unsafe_503", retry_unsafe_503)
            .field("budget", budget)
            .finish()
    }
}

/// Why a failure that could be repeated is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GivenUp {
    /// There were as many attempts as allowed.
    Attempts,
    /// The [budget](RetryBudget) is used up.
    Budget,
    /// The wait would have ended after the deadline.
    Deadline,
    /// The server asks for a longer wait than is allowed.
    RetryAfter,
    /// The body of the request is a stream, which can be sent once.
    Body,
}

impl GivenUp {
    /// A short stable name, for events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attempts => "attempts",
            Self::Budget => "budget",
            Self::Deadline => "deadline",
            Self::RetryAfter => "retry_after",
            Self::Body => "body",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn retry_after_is_capped() {
        let policy = RetryPolicy::default();
        let wait = |hint, left| policy.wait(1, Some(hint), left);
        assert_eq!(wait(30 * SECOND, None), Ok(30 * SECOND));
        assert_eq!(wait(31 * SECOND, None), Err(GivenUp::RetryAfter));
        assert_eq!(
            wait(Duration::from_secs(u64::MAX), None),
            Err(GivenUp::RetryAfter)
        );
        assert_eq!(wait(5 * SECOND, Some(5 * SECOND)), Err(GivenUp::Deadline));
        assert_eq!(wait(5 * SECOND, Some(6 * SECOND)), Ok(5 * SECOND));
    }

    #[test]
    fn a_short_hint_does_not_shorten_the_own_wait() {
        let policy = RetryPolicy::default().seed(1);
        let twin = RetryPolicy::default().seed(1);
        for _ in 0..50 {
            let own = policy.wait(2, None, None);
            assert_eq!(twin.wait(2, Some(Duration::ZERO), None), own);
        }
    }

    #[test]
    fn attempts_end() {
        let policy = RetryPolicy::default();
        assert!(policy.wait(2, None, None).is_ok());
        assert_eq!(policy.wait(3, None, None), Err(GivenUp::Attempts));
        assert_eq!(
            RetryPolicy::none().wait(1, None, None),
            Err(GivenUp::Attempts)
        );
        assert_eq!(RetryPolicy::none().attempts(0).attempts, 1);
    }
}
