//! Waiting for a verification request: it is read again and again until it changes. Reads only, so it can be dropped at any
//! point; a webhook tells sooner, where one can be received.

use std::{
    fmt,
    future::poll_fn,
    hash::{BuildHasher as _, RandomState},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use accredit_models::verifyinvestor::{
    VerificationRequest, VerificationRequestId, VerificationRequestStatus,
};
use accredit_transport::{Error, ErrorKind, Operation, TimeoutPhase};
use futures_core::{FusedStream, Stream};
use tokio::time::{Sleep, sleep};

use crate::{Client, operations::verification_requests::RetrieveShort};

/// Between two looks: investors and reviewers take hours and days.
const EVERY: Duration = Duration::from_secs(30);

/// How many looks in a row may fail for a reason that can pass.
const FAILURES: u32 = 10;

/// A verification request to wait for.
///
/// It is read at once, and then every 30 seconds or so: waits are drawn between half and one and a half times of that, so
/// that many who wait do not come at the same moment. A look that fails for a reason that can pass is repeated with the next
/// one, ten times in a row at most.
#[derive(Clone, Debug)]
#[must_use = "nothing is awaited until `until_decided` or `changes`"]
pub struct Wait {
    client: Client,
    id: VerificationRequestId,
    every: Duration,
    deadline: Option<Duration>,
}

impl Wait {
    pub(crate) fn new(client: &Client, id: VerificationRequestId) -> Self {
        Self {
            client: client.clone(),
            id,
            every: EVERY,
            deadline: None,
        }
    }

    /// Looks about this often. Below a second is a second.
    pub fn every(mut self, interval: Duration) -> Self {
        self.every = interval.max(Duration::from_secs(1));
        self
    }

    /// Gives up after this time; without it, waits as long as it takes.
    pub fn deadline(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.deadline = limit.into();
        self
    }

    /// Waits until the request is over, and gives it: accredited or not, expired, declined or cancelled
    /// ([`is_decided`](VerificationRequestStatus::is_decided)).
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), accredit_verifyinvestor::Error> {
    /// use std::time::Duration;
    ///
    /// let wait = client.verification_requests().wait(90_u64).deadline(Duration::from_secs(24 * 60 * 60));
    /// let request = wait.until_decided().await?;
    /// println!("{:?}", request.status);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As those of [`changes`](Self::changes).
    pub async fn until_decided(self) -> Result<VerificationRequest, Error> {
        let mut changes = self.changes();
        loop {
            match changes.try_next().await? {
                Some(request) if is_decided(&request) => return Ok(request),
                Some(_) => {}
                // It ends with a decision or an error, and this is neither.
                None => return Err(Error::new(ErrorKind::Io).with_detail("the changes ended")),
            }
        }
    }

    /// The request as it is now, and each time that it was found changed, up to the change that decides it. Of changes
    /// between two looks only the last is seen.
    pub fn changes(self) -> Changes {
        Changes {
            deadline: self.deadline,
            wait: self,
            end: None,
            last: None,
            failures: 0,
            state: State::New,
        }
    }
}

fn is_decided(request: &VerificationRequest) -> bool {
    request
        .status
        .as_ref()
        .is_some_and(VerificationRequestStatus::is_decided)
}

type Look = Pin<Box<dyn Future<Output = Result<VerificationRequest, Error>> + Send>>;

enum State {
    New,
    Looking(Look),
    Resting(Pin<Box<Sleep>>),
    Over,
}

/// The changes of a verification request, as a lazy [`Stream`]: see [`Wait::changes`].
///
/// Nothing is sent until it is polled. After the change that decides, and after an error, it gives `None` for ever.
///
/// ```no_run
/// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), accredit_verifyinvestor::Error> {
/// let mut changes = client.verification_requests().wait(90_u64).changes();
/// while let Some(request) = changes.try_next().await? {
///     println!("{:?}", request.status);
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream sends nothing until it is polled"]
pub struct Changes {
    wait: Wait,
    deadline: Option<Duration>,
    /// When it gives up, once it has begun, and the alarm for that.
    end: Option<Pin<Box<Sleep>>>,
    last: Option<Box<VerificationRequest>>,
    failures: u32,
    state: State,
}

impl Changes {
    /// The next change; `None` after the one that decided. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// Once: [`Timeout`](ErrorKind::Timeout) at the deadline; what a look failed with that cannot pass, such as a request
    /// that is not there, or that failed ten times in a row; [`Build`](ErrorKind::Build) on a platform without timers.
    pub async fn try_next(&mut self) -> Result<Option<VerificationRequest>, Error> {
        poll_fn(|cx| self.poll_change(cx)).await.transpose()
    }

    fn poll_change(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<VerificationRequest, Error>>> {
        loop {
            match &mut self.state {
                State::Over => return Poll::Ready(None),
                State::New => {
                    if cfg!(all(target_family = "wasm", target_os = "unknown")) {
                        let error = Error::new(ErrorKind::Build);
                        return self.fail(error.with_detail("this platform has no timers"));
                    }
                    self.end = self.deadline.map(|limit| Box::pin(sleep(limit)));
                    self.state = State::Looking(self.look());
                }
                State::Looking(look) => match look.as_mut().poll(cx) {
                    Poll::Ready(Ok(request)) => {
                        self.failures = 0;
                        self.rest();
                        if self.last.as_deref() != Some(&request) {
                            if is_decided(&request) {
                                self.state = State::Over;
                            }
                            self.last = Some(Box::new(request.clone()));
                            return Poll::Ready(Some(Ok(request)));
                        }
                    }
                    Poll::Ready(Err(error)) => {
                        self.failures = self.failures.saturating_add(1);
                        if !error.is_transient() || self.failures >= FAILURES {
                            return self.fail(error);
                        }
                        self.rest();
                    }
                    Poll::Pending => return self.poll_end(cx),
                },
                State::Resting(sleep) => match sleep.as_mut().poll(cx) {
                    Poll::Ready(()) => self.state = State::Looking(self.look()),
                    Poll::Pending => return self.poll_end(cx),
                },
            }
        }
    }

    /// Gives up when the time is over.
    fn poll_end(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<VerificationRequest, Error>>> {
        let is_over = self
            .end
            .as_mut()
            .is_some_and(|end| end.as_mut().poll(cx).is_ready());
        if !is_over {
            return Poll::Pending;
        }
        let status = self.last.as_ref().and_then(|last| last.status.as_ref());
        let status = status.map_or("unknown", VerificationRequestStatus::as_str);
        let limit = self.deadline.unwrap_or_default();
        let detail = format!("not decided within {limit:?}; the status is {status}");
        let error = Error::new(ErrorKind::Timeout(TimeoutPhase::Operation));
        self.fail(error.with_detail(detail))
    }

    fn fail(&mut self, error: Error) -> Poll<Option<Result<VerificationRequest, Error>>> {
        self.state = State::Over;
        let error = error.with_operation(const { &RetrieveShort::INFO });
        Poll::Ready(Some(Err(error)))
    }

    fn look(&self) -> Look {
        let client = self.wait.client.clone();
        let retrieve = RetrieveShort::new(self.wait.id);
        Box::pin(async move { client.execute(&retrieve).await })
    }

    fn rest(&mut self) {
        self.state = State::Resting(Box::pin(sleep(drawn(self.wait.every))));
    }
}

/// Between half and one and a half times of an interval. The keys of std's hash maps are random where the platform has
/// randomness, and nothing secret depends on it.
fn drawn(every: Duration) -> Duration {
    let share = u32::try_from(RandomState::new().hash_one(0_u8) % 1024).unwrap_or_default();
    let half = every / 2;
    half.saturating_add((every / 1024).saturating_mul(share))
}

impl Stream for Changes {
    type Item = Result<VerificationRequest, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_change(cx)
    }
}

impl FusedStream for Changes {
    fn is_terminated(&self) -> bool {
        matches!(self.state, State::Over)
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}
