//! Bounds how many calls run at once; one more fails at once instead of waiting in line.
//!
//! Never queues. tower's concurrency limit with its load shedding is not it: the permit of a caller
//! that gave up waiting counts as taken until it is handed back, so that it also turns callers away
//! while there is room, and it brings a package of its own.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_layer::Layer;
use tower_service::Service;

use crate::error::{Error, ErrorKind};

/// Lets so many calls run at once and no more, over all clones of its service.
///
/// A call has its place from the moment it asks whether the inner service is ready until its reply
/// is complete, or for as long as the extensions of a reply live whose body is still on the wire.
#[derive(Clone, Debug, Default)]
pub struct InFlightLayer {
    places: Option<Places>,
}

#[derive(Clone, Debug)]
struct Places {
    limit: usize,
    free: Arc<Semaphore>,
}

impl InFlightLayer {
    /// At most `limit` calls; `None` for no limit.
    #[must_use]
    pub fn new(limit: Option<usize>) -> Self {
        let places = limit.map(|limit| Places {
            limit,
            free: Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS))),
        });
        Self { places }
    }
}

impl<S> Layer<S> for InFlightLayer {
    type Service = InFlight<S>;

    fn layer(&self, inner: S) -> InFlight<S> {
        InFlight {
            inner,
            places: self.places.clone(),
            place: None,
        }
    }
}

/// The service of [`InFlightLayer`].
pub struct InFlight<S> {
    inner: S,
    places: Option<Places>,
    place: Option<OwnedSemaphorePermit>,
}

impl<S: Clone> Clone for InFlight<S> {
    /// The clone has no place yet.
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            places: self.places.clone(),
            place: None,
        }
    }
}

impl<S> InFlight<S> {
    /// Takes a place, where there are any to take; gives whether there is none left.
    fn is_full(&mut self) -> bool {
        if let Some(places) = &self.places
            && self.place.is_none()
        {
            self.place = Arc::clone(&places.free).try_acquire_owned().ok();
            return self.place.is_none();
        }
        false
    }
}

impl<S, B, R> Service<Request<B>> for InFlight<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<Error>>,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = InFlightFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // A call that will be refused is ready to be.
        if self.is_full() {
            return Poll::Ready(Ok(()));
        }
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let place = self.place.take();
        let inner = match &self.places {
            Some(places) if place.is_none() => Err(places.limit),
            _ => Ok(self.inner.call(request)),
        };
        InFlightFuture::new(inner, place)
    }
}

pin_project! {
    /// The future of [`InFlight`].
    pub struct InFlightFuture<F> {
        #[pin]
        inner: Option<F>,
        place: Option<OwnedSemaphorePermit>,
        limit: usize,
    }
}

impl<F> InFlightFuture<F> {
    fn new(inner: Result<F, usize>, place: Option<OwnedSemaphorePermit>) -> Self {
        let limit = inner.as_ref().err().copied().unwrap_or_default();
        Self {
            inner: inner.ok(),
            place,
            limit,
        }
    }
}

/// In the extensions of a reply: its call's place, for as long as its body may still be on the wire.
#[derive(Clone)]
struct Place(#[expect(dead_code, reason = "held, not read")] Arc<OwnedSemaphorePermit>);

impl<F, R, E> Future for InFlightFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<Error>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            let detail = format!("{} calls are under way, which is the limit", this.limit);
            return Poll::Ready(Err(Error::new(ErrorKind::Overloaded).with_detail(detail)));
        };
        let mut result = ready!(inner.poll(cx)).map_err(Into::into);
        if let Some(place) = this.place.take()
            && let Ok(response) = &mut result
        {
            response.extensions_mut().insert(Place(Arc::new(place)));
        }
        Poll::Ready(result)
    }
}

impl<S: fmt::Debug> fmt::Debug for InFlight<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight")
            .field("inner", &self.inner)
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for InFlightFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlightFuture").finish_non_exhaustive()
    }
}
