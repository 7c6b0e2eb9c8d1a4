//! Time limits around futures, of which mostly one is registered with the runtime.
//!
//! Limits are nested: the first byte in the attempt in the operation. Whoever is polled polls what
//! is inside, so while a timer inside is registered that rings no later than one's own, one's own
//! would wake nobody who is not woken anyway: it is registered when that is over. Registering a timer
//! is what a limit costs.
//!
//! Only the limits of one client's stack tell each other ([`Alarm::nested`]). No code of others
//! stands between them: each is polled by the next one out, in the same task, under the same waker,
//! and dropped with it. A [timeout layer](crate::layer::timeout) in a stack of one's own registers
//! its own timer. What rings is told from within, once in each poll, and never kept; a call inside a
//! call (a login, a transport that is a client) tells nothing to the outer one.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use crate::clock;

thread_local! {
    /// When the first timer rings that the nested limits polled just now wait for. Each limit empties
    /// it before it polls what is inside, so what is left in it by others is never read.
    static RINGS: Cell<Option<Instant>> = const { Cell::new(None) };

    /// Whether the request inside, polled just now, still waits for a connection. Told and emptied as
    /// the other.
    static UNSENT: Cell<bool> = const { Cell::new(false) };
}

/// Told in each poll of a request that is certain not to have left: if a limit around it is passed
/// now, nothing of it was sent.
#[cfg(feature = "hyper")]
pub(crate) fn nothing_sent() {
    UNSENT.set(true);
}

/// A limit was passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Whether what was inside is certain to have sent nothing.
    pub(crate) nothing_sent: bool,
}

pin_project! {
    /// When a future has to be done.
    pub(crate) struct Alarm {
        at: Option<Instant>,
        #[pin]
        sleep: Option<Sleep>,
        nested: bool,
    }
}

impl Alarm {
    /// In so long from now; `None`, and what no clock can express, for never.
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        Self::at(limit.and_then(|limit| clock::now()?.checked_add(limit)))
    }

    /// At this time.
    pub(crate) fn at(at: Option<Instant>) -> Self {
        Self {
            at,
            sleep: None,
            nested: false,
        }
    }

    /// Tells the limit around it when it rings. That one has to poll it with its own waker whenever
    /// it is polled itself, and to own it.
    pub(crate) fn nested(mut self, nested: bool) -> Self {
        self.nested = nested;
        self
    }

    /// Polls a future under this limit.
    pub(crate) fn poll<F: Future>(
        self: Pin<&mut Self>,
        inner: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<F::Output, Passed>> {
        let before = Before(RINGS.take(), UNSENT.take());
        let result = inner.poll(cx);
        let inside = RINGS.take();
        let nothing_sent = UNSENT.take();
        drop(before);
        if let Poll::Ready(output) = result {
            return Poll::Ready(Ok(output));
        }
        let mut this = self.project();
        let mut rings = inside;
        if let Some(at) = *this.at
            && (this.sleep.is_some() || inside.is_none_or(|inside| inside > at))
        {
            if this.sleep.is_none() {
                this.sleep.set(Some(tokio::time::sleep_until(at)));
            }
            if let Some(sleep) = this.sleep.as_pin_mut()
                && sleep.poll(cx).is_ready()
            {
                return Poll::Ready(Err(Passed { nothing_sent }));
            }
            rings = Some(inside.map_or(at, |inside| inside.min(at)));
        }
        if *this.nested {
            RINGS.set(rings);
            UNSENT.set(nothing_sent);
        }
        Poll::Pending
    }
}

/// What was told to the limit around, before what is inside was polled: given back at the end, also
/// when that panics.
struct Before(Option<Instant>, bool);

impl Drop for Before {
    fn drop(&mut self) {
        RINGS.set(self.0);
        UNSENT.set(self.1);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::pin::pin;
    use std::task::Waker;

    use super::*;

    fn seconds(seconds: u64) -> Alarm {
        Alarm::after(Some(Duration::from_secs(seconds)))
    }

    async fn under<F: Future>(alarm: Alarm, inner: F) -> Option<F::Output> {
        let (mut alarm, mut inner) = (pin!(alarm), pin!(inner));
        poll_fn(|cx| alarm.as_mut().poll(inner.as_mut(), cx))
            .await
            .ok()
    }

    /// A limit of a stack of its own.
    async fn limited<F: Future>(limit: u64, inner: F) -> Option<F::Output> {
        under(seconds(limit), inner).await
    }

    /// A limit right inside another one.
    async fn nested<F: Future>(limit: u64, inner: F) -> Option<F::Output> {
        under(seconds(limit).nested(true), inner).await
    }

    #[tokio::test(start_paused = true)]
    async fn whichever_ends_first_ends_it() {
        for (outer, inner, took) in [(3, 2, 2), (2, 3, 2), (2, 2, 2)] {
            let start = Instant::now();
            let result = limited(outer, nested(inner, pending::<()>())).await;
            assert_eq!(start.elapsed().as_secs(), took);
            assert_eq!(
                result.is_some(),
                inner <= outer,
                "the inner one tells first"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_holds_again_when_the_one_inside_is_over() {
        let start = Instant::now();
        let work = async {
            assert!(nested(2, pending::<()>()).await.is_none());
            assert!(nested(9, tokio::task::yield_now()).await.is_some());
            pending::<()>().await;
        };
        assert!(limited(5, work).await.is_none());
        assert_eq!(start.elapsed().as_secs(), 5);
    }

    /// Whatever code of others does in the first poll, the limit around it ends in time.
    async fn ends_in_time(first: impl FnOnce(&mut Context<'_>)) {
        let (start, mut first) = (Instant::now(), Some(first));
        let forever = poll_fn(|cx| {
            if let Some(first) = first.take() {
                first(cx);
            }
            Poll::<()>::Pending
        });
        let outcome = tokio::time::timeout(Duration::from_secs(99), limited(3, forever)).await;
        assert_eq!((outcome, start.elapsed().as_secs()), (Ok(None), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_inside_a_call_do_not_ring_for_it() {
        let call = || Box::pin(limited(1, nested(1, pending::<()>())));
        // Dropped in the same poll, kept and never polled again, polled under a waker that wakes
        // nobody.
        ends_in_time(|cx| assert!(call().as_mut().poll(cx).is_pending())).await;
        let mut kept = call();
        ends_in_time(|cx| assert!(kept.as_mut().poll(cx).is_pending())).await;
        let mut other = call();
        let mut noop = Context::from_waker(Waker::noop());
        ends_in_time(|_| assert!(other.as_mut().poll(&mut noop).is_pending())).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_panics_leaves_nothing_behind() {
        ends_in_time(|cx| {
            let mut inside = Box::pin(nested(1, pending::<()>()));
            let panics = poll_fn(|cx| -> Poll<()> {
                assert!(inside.as_mut().poll(cx).is_pending());
                panic!("as a layer of a user's may")
            });
            let mut call = Box::pin(limited(2, panics));
            let caught = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx)));
            assert!(caught.is_err());
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn one_timer_is_registered_for_all_that_end_later() {
        let (mut outer, mut inner) = (pin!(seconds(9)), pin!(seconds(5).nested(true)));
        poll_fn(|cx| {
            let within = poll_fn(|cx| inner.as_mut().poll(pin!(pending::<()>()), cx));
            assert!(outer.as_mut().poll(pin!(within), cx).is_pending());
            Poll::Ready(())
        })
        .await;
        assert!(outer.sleep.is_none() && inner.sleep.is_some());
    }
}
