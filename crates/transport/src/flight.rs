//! One login for many who wait for it.
//!
//! There is no task of its own and no leader: whoever is polled carries the login on. So the login
//! goes on when the caller that began it is dropped, and also when that caller still exists and is
//! only not polled, as a page that a stream fetches ahead while the loop around it makes another
//! call. When nobody waits any more, the login is dropped. Never decides when to log in.

use std::collections::BTreeMap;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use tokio::time::Instant;

use crate::clock;
use crate::error::Error;
use crate::lease::Lease;

/// A login that has no borrowed parts: it outlives the call that began it.
pub(crate) type BoxedLogin = Pin<Box<dyn Future<Output = Result<Lease, Error>> + Send>>;

/// A login under way, and who waits for it.
pub(crate) struct Flight {
    began: Option<Instant>,
    inner: Mutex<Inner>,
}

struct Inner {
    stage: Stage,
    /// Whether the login asked to be polled since its last poll began.
    due: bool,
    waiting: usize,
    next_seat: u64,
    wakers: BTreeMap<u64, Waker>,
}

enum Stage {
    /// Nobody polls the login at this moment.
    Idle(BoxedLogin),
    /// Somebody does, outside the lock, because a login may run code of anyone.
    Polling,
    Ended(Result<Lease, Error>),
    /// All who waited went away before the end.
    GivenUp,
}

impl Flight {
    /// Begins a login. It is not polled before the seat is.
    pub(crate) fn begin(login: BoxedLogin) -> (Arc<Self>, Seat) {
        let flight = Arc::new(Self {
            began: clock::now(),
            inner: Mutex::new(Inner {
                stage: Stage::Idle(login),
                due: true,
                waiting: 1,
                next_seat: 1,
                wakers: BTreeMap::new(),
            }),
        });
        let seat = Seat {
            flight: Arc::clone(&flight),
            number: 0,
        };
        (flight, seat)
    }

    /// A seat in it, if it is still under way.
    pub(crate) fn join(self: &Arc<Self>) -> Option<Seat> {
        let mut inner = self.inner();
        if !inner.stage.is_under_way() {
            return None;
        }
        let number = inner.next_seat;
        inner.next_seat = number.wrapping_add(1);
        inner.waiting = inner.waiting.saturating_add(1);
        Some(Seat {
            flight: Arc::clone(self),
            number,
        })
    }

    /// Whether it may still end.
    pub(crate) fn is_under_way(&self) -> bool {
        self.inner().stage.is_under_way()
    }

    /// The instant before the login was sent.
    pub(crate) fn began(&self) -> Option<Instant> {
        self.began
    }

    /// Polls the login, if that is due and nobody else does it.
    fn advance(self: &Arc<Self>, seat: u64, cx: &mut Context<'_>) -> Advance {
        // Dropped outside the lock: the last waker of a task may drop the task.
        let mut stale = None;
        let mut login = {
            let mut inner = self.inner();
            match &inner.stage {
                Stage::Ended(end) => return Advance::Ended(share(end)),
                Stage::GivenUp => {
                    return Advance::Ended(Err(Error::auth("the login was given up")));
                }
                Stage::Idle(_) | Stage::Polling => {}
            }
            let known = inner.wakers.get(&seat);
            if !known.is_some_and(|known| known.will_wake(cx.waker())) {
                stale = inner.wakers.insert(seat, cx.waker().clone());
            }
            if !inner.due {
                return Advance::Waiting;
            }
            match mem::replace(&mut inner.stage, Stage::Polling) {
                Stage::Idle(login) => {
                    inner.due = false;
                    login
                }
                stage => {
                    inner.stage = stage;
                    return Advance::Waiting;
                }
            }
        };
        drop(stale);
        let turn = Turn(self);
        let waker = Waker::from(Arc::clone(self));
        let result = login.as_mut().poll(&mut Context::from_waker(&waker));
        mem::forget(turn);
        if let Poll::Ready(result) = result {
            return Advance::Landed(result);
        }
        let mut inner = self.inner();
        inner.stage = Stage::Idle(login);
        // Those who were woken while the login was being polled found nothing to do.
        if inner.due {
            let wakers = mem::take(&mut inner.wakers);
            drop(inner);
            wake(wakers);
        }
        Advance::Waiting
    }

    /// Tells all who wait how it ended.
    fn end(&self, end: Result<Lease, Error>) {
        let mut inner = self.inner();
        inner.stage = Stage::Ended(end);
        let wakers = mem::take(&mut inner.wakers);
        drop(inner);
        wake(wakers);
    }

    /// Nothing that can panic runs under the lock but wakers' clones; a poisoned one holds a good
    /// value.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stage {
    fn is_under_way(&self) -> bool {
        matches!(self, Self::Idle(_) | Self::Polling)
    }
}

/// What the login itself is woken with: whoever waits may carry it on, because it is not known who
/// of them will be polled.
impl Wake for Flight {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut inner = self.inner();
        inner.due = true;
        let wakers = mem::take(&mut inner.wakers);
        drop(inner);
        wake(wakers);
    }
}

fn wake(wakers: BTreeMap<u64, Waker>) {
    wakers.into_values().for_each(Waker::wake);
}

fn share(end: &Result<Lease, Error>) -> Result<Lease, Error> {
    match end {
        Ok(lease) => Ok(lease.clone()),
        Err(error) => Err(error.twin()),
    }
}

/// Where a poll led to.
enum Advance {
    Waiting,
    /// The login ended in this poll; the flight has yet to be told.
    Landed(Result<Lease, Error>),
    Ended(Result<Lease, Error>),
}

/// Ends the flight when a poll of the login panics, so that the others do not wait for ever.
struct Turn<'a>(&'a Flight);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.end(Err(Error::auth("the login panicked")));
    }
}

/// One who waits. Dropping it gives up waiting.
pub(crate) struct Seat {
    flight: Arc<Flight>,
    number: u64,
}

impl Seat {
    /// Waits for the end of the login. `land` runs once for all who wait, before any of them knows.
    pub(crate) async fn wait(
        &self,
        land: impl Fn(&Arc<Flight>, &Result<Lease, Error>) + Send,
    ) -> Result<Lease, Error> {
        std::future::poll_fn(|cx| match self.flight.advance(self.number, cx) {
            Advance::Waiting => Poll::Pending,
            Advance::Ended(end) => Poll::Ready(end),
            Advance::Landed(end) => {
                land(&self.flight, &end);
                self.flight.end(share(&end));
                Poll::Ready(end)
            }
        })
        .await
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = self.flight.inner();
        let waker = inner.wakers.remove(&self.number);
        inner.waiting = inner.waiting.saturating_sub(1);
        let given_up = (inner.waiting == 0 && inner.stage.is_under_way())
            .then(|| mem::replace(&mut inner.stage, Stage::GivenUp));
        drop(inner);
        // Outside the lock: both may run code of anyone.
        drop((waker, given_up));
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flight").finish_non_exhaustive()
    }
}
