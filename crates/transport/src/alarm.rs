//! Time limits around futures, of which mostly one is registered with the runtime.
//!
//! Limits are nested: the first byte in the attempt in the operation. Whoever is polled polls what
//! is inside, so while a timer inside is registered that rings no later than one's own, one's own
//! would wake nobody who is not woken anyway: it is registered when that is over. Registering a timer
//! is what a limit costs.
//!
//! What rings inside is told from within, once in each poll, and never kept: a future that is
//! dropped, or polled by another task, says nothing. Nor does it count what code of others polled
//! under a waker of its own: that timer need not wake us.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll, RawWakerVTable};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use crate::clock;

thread_local! {
    /// When the first timer rings that the futures polled just now wait for. Each limit empties it
    /// before it polls what is inside, so what is left in it by others is never read.
    static RINGS: Cell<Option<Ring>> = const { Cell::new(None) };
}

/// A timer that is registered, and whom it wakes.
#[derive(Clone, Copy)]
struct Ring {
    at: Instant,
    data: *const (),
    vtable: *const RawWakerVTable,
}

impl Ring {
    fn new(at: Instant, cx: &Context<'_>) -> Self {
        let waker = cx.waker();
        Self {
            at,
            data: waker.data(),
            vtable: waker.vtable(),
        }
    }

    fn wakes(&self, cx: &Context<'_>) -> bool {
        let own = Self::new(self.at, cx);
        own.data == self.data && own.vtable == self.vtable
    }
}

pin_project! {
    /// When a future has to be done.
    pub(crate) struct Alarm {
        at: Option<Instant>,
        #[pin]
        sleep: Option<Sleep>,
    }

    impl PinnedDrop for Alarm {
        fn drop(this: Pin<&mut Self>) {
            // It may have told in this very poll that it rings.
            if this.sleep.is_some() {
                RINGS.set(None);
            }
        }
    }
}

impl Alarm {
    /// In so long from now; `None`, and what no clock can express, for never.
    pub(crate) fn after(limit: Option<Duration>) -> Self {
        Self::at(limit.and_then(|limit| clock::now()?.checked_add(limit)))
    }

    /// At this time.
    pub(crate) fn at(at: Option<Instant>) -> Self {
        Self { at, sleep: None }
    }

    /// Polls a future under this limit: `None` when it has passed.
    pub(crate) fn poll<F: Future>(
        self: Pin<&mut Self>,
        inner: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<F::Output>> {
        RINGS.set(None);
        let result = inner.poll(cx);
        let rings = RINGS.take().filter(|ring| ring.wakes(cx));
        if let Poll::Ready(output) = result {
            return Poll::Ready(Some(output));
        }
        let mut this = self.project();
        let Some(at) = *this.at else {
            RINGS.set(rings);
            return Poll::Pending;
        };
        if this.sleep.is_none() {
            if rings.is_some_and(|ring| ring.at <= at) {
                RINGS.set(rings);
                return Poll::Pending;
            }
            this.sleep.set(Some(tokio::time::sleep_until(at)));
        }
        match this.sleep.as_pin_mut().map(|sleep| sleep.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(None),
            _ => {
                let first = rings.map_or(at, |ring| ring.at.min(at));
                RINGS.set(Some(Ring::new(first, cx)));
                Poll::Pending
            }
        }
    }

    /// As [`poll`](Self::poll), for the outermost limit of a call: what rings inside is no matter of
    /// whoever makes the call, who may poll it under another waker.
    pub(crate) fn poll_outermost<F: Future>(
        self: Pin<&mut Self>,
        inner: Pin<&mut F>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<F::Output>> {
        let before = RINGS.take();
        let result = self.poll(inner, cx);
        RINGS.set(before);
        result
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};
    use std::pin::pin;

    use super::*;

    fn seconds(seconds: u64) -> Alarm {
        Alarm::after(Some(Duration::from_secs(seconds)))
    }

    async fn limited<F: Future>(limit: u64, inner: F) -> Option<F::Output> {
        let (mut alarm, mut inner) = (pin!(seconds(limit)), pin!(inner));
        poll_fn(|cx| alarm.as_mut().poll(inner.as_mut(), cx)).await
    }

    #[tokio::test(start_paused = true)]
    async fn whichever_ends_first_ends_it() {
        for (outer, inner, took) in [(3, 2, 2), (2, 3, 2), (2, 2, 2)] {
            let start = Instant::now();
            let result = limited(outer, limited(inner, pending::<()>())).await;
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
            assert!(limited(2, pending::<()>()).await.is_none());
            assert!(limited(9, tokio::task::yield_now()).await.is_some());
            pending::<()>().await;
        };
        assert!(limited(5, work).await.is_none());
        assert_eq!(start.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_dropped_does_not_ring() {
        let start = Instant::now();
        let mut short = Some(Box::pin(limited(1, pending::<()>())));
        let forever = poll_fn(|cx| {
            if let Some(mut short) = short.take() {
                assert!(short.as_mut().poll(cx).is_pending());
            }
            Poll::<()>::Pending
        });
        assert!(limited(3, forever).await.is_none());
        assert_eq!(start.elapsed().as_secs(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_call_waits_for_does_not_ring() {
        let start = Instant::now();
        let (mut other, mut inner) = (pin!(seconds(1)), pin!(pending::<()>()));
        let mut told = false;
        let forever = poll_fn(|cx| {
            if !told {
                told = true;
                // Under a waker that wakes nobody here.
                let mut cx = Context::from_waker(std::task::Waker::noop());
                let polled = other.as_mut().poll_outermost(inner.as_mut(), &mut cx);
                assert!(polled.is_pending());
            }
            let _ = cx;
            Poll::<()>::Pending
        });
        assert!(limited(3, forever).await.is_none());
        assert_eq!(start.elapsed().as_secs(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_polled_under_another_waker_does_not_ring() {
        let start = Instant::now();
        let mut other = pin!(limited(1, pending::<()>()));
        let mut told = false;
        let forever = poll_fn(|_| {
            if !std::mem::replace(&mut told, true) {
                let mut noop = Context::from_waker(std::task::Waker::noop());
                assert!(other.as_mut().poll(&mut noop).is_pending());
            }
            Poll::<()>::Pending
        });
        let outcome = tokio::time::timeout(Duration::from_secs(99), limited(3, forever)).await;
        assert_eq!((outcome, start.elapsed().as_secs()), (Ok(None), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn one_timer_is_registered_for_all_that_end_later() {
        let (mut outer, mut inner) = (pin!(seconds(9)), pin!(seconds(5)));
        poll_fn(|cx| {
            let within = poll_fn(|cx| inner.as_mut().poll(pin!(pending::<()>()), cx));
            assert!(outer.as_mut().poll(pin!(within), cx).is_pending());
            Poll::Ready(())
        })
        .await;
        assert!(outer.sleep.is_none() && inner.sleep.is_some());
    }
}
