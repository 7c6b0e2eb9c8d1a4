//! One page under way: polled in place, or on a task of its own.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::Error;

pub(super) type PageFuture<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// A page under way. Dropping it cancels the request.
pub(super) enum Fetch<T> {
    Here(PageFuture<T>),
    #[cfg(feature = "hyper")]
    Task(task::AbortOnDrop<Result<T, Error>>),
    Done(Result<T, Error>),
    /// The runtime of the task has ended, and the page with it.
    #[cfg(feature = "hyper")]
    Lost,
}

impl<T: Send + 'static> Fetch<T> {
    /// A page that is wanted now: whoever polls for it does the work.
    pub(super) fn here(page: PageFuture<T>) -> Self {
        Self::Here(page)
    }

    /// A page that will be wanted: where there is a runtime, waiting and decoding do not take the
    /// time of whoever consumes the pages before it.
    pub(super) fn ahead(page: PageFuture<T>) -> Self {
        #[cfg(feature = "hyper")]
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            return Self::Task(task::spawn(&runtime, page));
        }
        Self::here(page)
    }

    /// Waits until the page is there.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        #[cfg(feature = "hyper")]
        if let Self::Task(task) = self {
            *self = match std::task::ready!(task.poll(cx)) {
                Some(page) => Self::Done(page),
                None => Self::Lost,
            };
        }
        self.advance(cx);
        match self {
            Self::Here(_) => Poll::Pending,
            _ => Poll::Ready(()),
        }
    }

    /// Moves a page on that has no task to do so.
    pub(super) fn advance(&mut self, cx: &mut Context<'_>) {
        if let Self::Here(page) = self
            && let Poll::Ready(page) = page.as_mut().poll(cx)
        {
            *self = Self::Done(page);
        }
    }

    /// The page, after [`poll`](Self::poll); `None` when it was lost.
    pub(super) fn into_page(self) -> Option<Result<T, Error>> {
        match self {
            Self::Done(page) => Some(page),
            _ => None,
        }
    }
}

#[cfg(feature = "hyper")]
mod task {
    //! A task that ends with its owner.

    use std::panic::resume_unwind;
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use tokio::runtime::Handle;
    use tokio::task::JoinHandle;
    use tracing::{Instrument as _, Span};

    pub(in super::super) struct AbortOnDrop<T>(JoinHandle<T>);

    pub(super) fn spawn<T: Send + 'static>(
        runtime: &Handle,
        future: Pin<Box<dyn Future<Output = T> + Send>>,
    ) -> AbortOnDrop<T> {
        AbortOnDrop(runtime.spawn(future.instrument(Span::current())))
    }

    impl<T> AbortOnDrop<T> {
        /// `None` when the task was cancelled: by its runtime, since we cancel only when dropped.
        pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
            match ready!(Pin::new(&mut self.0).poll(cx)) {
                Ok(output) => Poll::Ready(Some(output)),
                // A panic of a layer or a decoder goes where it would have gone without the task.
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    Err(_) => Poll::Ready(None),
                },
            }
        }
    }

    impl<T> Drop for AbortOnDrop<T> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
}
