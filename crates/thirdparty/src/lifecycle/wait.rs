//! Waiting until an investment is as it is wanted: it is read again and again.

use std::future::poll_fn;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use accredit_models::thirdparty::{Investment, InvestmentId, InvestmentStatus};
use accredit_transport::{self as transport, Error, ErrorKind, Operation as _, TimeoutPhase};

use super::status;
use crate::Client;
use crate::operations::investments::Retrieve;

/// How often it is looked at, unless set.
const EVERY: Duration = Duration::from_secs(10);
/// How long it is waited for, unless set.
const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// Waits for an investment: see [`Investments::wait`](crate::resources::Investments::wait).
#[derive(Clone, Debug)]
#[must_use = "nothing is waited for until `until`"]
pub struct Wait {
    client: Client,
    id: InvestmentId,
    every: Duration,
    deadline: Option<Duration>,
}

/// How waiting for an investment ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Waited {
    /// It is as it was wanted.
    Reached(Box<Investment>),
    /// It is not, and its status can no longer become what was wanted: it was cancelled, say, or has passed that by. Which
    /// status can follow which is inferred from their names.
    Ended(Box<Investment>),
    /// Time is up; this is how it was last seen.
    TimedOut(Box<Investment>),
}

impl Wait {
    pub(crate) fn new(client: &Client, id: InvestmentId) -> Self {
        Self {
            client: client.clone(),
            id,
            every: EVERY,
            deadline: Some(DEADLINE),
        }
    }

    /// The longest that it is not looked at; each wait is between the half of it and the whole, at random. 10 s unless set.
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// How long to wait in all; `None` for as long as it takes. 15 minutes unless set.
    pub fn deadline(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.deadline = limit.into();
        self
    }

    /// Until it has this status. A status that comes and goes between two looks is not seen: then the wait
    /// [ends](Waited::Ended) with the later one.
    ///
    /// Dropping the future is harmless: nothing but reads is under way.
    ///
    /// # Errors
    ///
    /// That of the read, as [`Call::send`](crate::Call::send), unless it is transient: then it is read again until time is up.
    /// Where no read succeeded until then, the last error.
    pub async fn until(self, status: InvestmentStatus) -> Result<Waited, Error> {
        self.until_any([status]).await
    }

    /// Until it has one of these statuses.
    ///
    /// # Errors
    ///
    /// As [`until`](Self::until).
    pub async fn until_any(
        self,
        statuses: impl IntoIterator<Item = InvestmentStatus>,
    ) -> Result<Waited, Error> {
        let wanted: Vec<_> = statuses.into_iter().collect();
        self.watch(|investment| match &investment.status {
            Some(status) if wanted.contains(status) => Seen::Wanted,
            Some(status) if !status::can_become(status, &wanted) => Seen::Never,
            _ => Seen::NotYet,
        })
        .await
    }

    /// Until this is true of it. The wait [ends](Waited::Ended) when it is not and the status is one after which nothing comes.
    ///
    /// # Errors
    ///
    /// As [`until`](Self::until).
    pub async fn until_matching(
        self,
        mut matches: impl FnMut(&Investment) -> bool + Send,
    ) -> Result<Waited, Error> {
        self.watch(|investment| {
            if matches(investment) {
                Seen::Wanted
            } else if investment.status.as_ref().is_some_and(status::is_last) {
                Seen::Never
            } else {
                Seen::NotYet
            }
        })
        .await
    }

    async fn watch(self, judge: impl FnMut(&Investment) -> Seen + Send) -> Result<Waited, Error> {
        let mut last = None;
        let outcome = match self.deadline {
            None => Some(self.look(judge, &mut last).await),
            Some(deadline) => {
                let mut work = pin!(self.look(judge, &mut last));
                let mut alarm = pin!(transport::pause(deadline));
                poll_fn(|context| {
                    if let Poll::Ready(outcome) = work.as_mut().poll(context) {
                        return Poll::Ready(Some(outcome));
                    }
                    alarm.as_mut().poll(context).map(|rung| rung.err().map(Err))
                })
                .await
            }
        };
        match (outcome, last) {
            (Some(outcome), _) => outcome,
            (None, Some(Ok(investment))) => Ok(Waited::TimedOut(investment)),
            (None, Some(Err(error))) => Err(error),
            (None, None) => Err(Error::new(ErrorKind::Timeout(TimeoutPhase::Operation))
                .with_operation(const { &Retrieve::INFO })
                .with_detail("not read once within the deadline")),
        }
    }

    /// Looks until there is something to say; `last` is what was seen last, or why nothing was.
    async fn look(
        &self,
        mut judge: impl FnMut(&Investment) -> Seen + Send,
        last: &mut Option<Result<Box<Investment>, Error>>,
    ) -> Result<Waited, Error> {
        let random = RandomState::new();
        let mut looks = 0_u64;
        loop {
            match self.client.execute(&Retrieve::new(self.id)).await {
                Ok(investment) => {
                    let investment = Box::new(investment);
                    match judge(&investment) {
                        Seen::Wanted => return Ok(Waited::Reached(investment)),
                        Seen::Never => return Ok(Waited::Ended(investment)),
                        Seen::NotYet => *last = Some(Ok(investment)),
                    }
                }
                Err(error) if error.is_transient() => {
                    if !matches!(last, Some(Ok(_))) {
                        *last = Some(Err(error));
                    }
                }
                Err(error) => return Err(error),
            }
            transport::pause(jittered(self.every, random.hash_one(looks))).await?;
            looks += 1;
        }
    }
}

/// What a look says.
enum Seen {
    Wanted,
    Never,
    NotYet,
}

/// Between the half and the whole of it, so that those who wait together do not ask together.
fn jittered(every: Duration, random: u64) -> Duration {
    let half = every / 2;
    let part = u32::try_from(random % 1024).unwrap_or_default();
    half + half / 1024 * part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_differ_between_the_half_and_the_whole() {
        let every = Duration::from_secs(10);
        assert_eq!(jittered(every, 1024), every / 2);
        assert_ne!(jittered(every, 1), jittered(every, 2));
        assert!(jittered(every, 1023) <= every && jittered(every, 1023) > every / 10 * 9);
        assert_eq!(jittered(Duration::ZERO, 7), Duration::ZERO);
        assert!(jittered(Duration::MAX, 1023) <= Duration::MAX);
    }
}
