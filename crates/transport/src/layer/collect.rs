//! Reads the body of a reply into memory, up to a cap, so that what stands outside (timeouts,
//! retries) covers the body.
//!
//! Never allocates more than the cap, whatever `Content-Length` says, and never copies a body that
//! came in one piece.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response, response};
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::expects_document;
use crate::BoxError;
use crate::body::Body;
use crate::error::{Error, ErrorKind};
use crate::options::Overrides;
use crate::progress::Progress;

/// The most that is reserved on the word of a header. Larger bodies grow as they come.
const RESERVE_CAP: usize = 8 * 1024 * 1024;

/// Frames without data that are skipped at one go: a body can give them without end, and no timeout
/// would be looked at meanwhile.
pub(crate) const EMPTY_FRAMES: usize = 64;

/// The largest bodies that are read, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BodyCaps {
    /// Documents: 8 MiB unless set.
    pub json: usize,
    /// Files, and replies to raw requests: 64 MiB unless set.
    pub bytes: usize,
    /// Bodies of replies that are not 2xx: 64 KiB unless set. What lies above is dropped; it is no
    /// error.
    pub error: usize,
}

impl Default for BodyCaps {
    fn default() -> Self {
        Self {
            json: 8 * 1024 * 1024,
            bytes: 64 * 1024 * 1024,
            error: 64 * 1024,
        }
    }
}

impl BodyCaps {
    fn of<B>(self, request: &Request<B>) -> usize {
        if expects_document(request) {
            self.json
        } else {
            Overrides::bytes_cap(request, self.bytes)
        }
    }
}

/// In the extensions of a request whose 2xx body is left on the wire. Of any other reply the body is
/// collected all the same: retries and errors want it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnTheWire;

/// Reads bodies whole.
///
/// A 2xx reply whose body is above the cap is an error ([`ErrorKind::TooLarge`]); one whose body
/// breaks off is an error ([`ErrorKind::Io`]). Any other reply keeps its status and what there is
/// of its body: the status says more than the page that a proxy sent with it.
#[derive(Clone, Copy, Debug, Default)]
pub struct CollectLayer {
    caps: BodyCaps,
}

impl CollectLayer {
    /// With these caps.
    #[must_use]
    pub fn new(caps: BodyCaps) -> Self {
        Self { caps }
    }
}

impl<S> Layer<S> for CollectLayer {
    type Service = Collect<S>;

    fn layer(&self, inner: S) -> Collect<S> {
        Collect {
            inner,
            caps: self.caps,
        }
    }
}

/// The service of [`CollectLayer`].
#[derive(Clone, Debug)]
pub struct Collect<S> {
    inner: S,
    caps: BodyCaps,
}

impl<S, B, R> Service<Request<B>> for Collect<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<Error>>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Error;
    type Future = CollectFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (good, bad) = (self.caps.of(&request), self.caps.error);
        let progress = request.extensions().get::<Progress>().cloned();
        let on_the_wire = request.extensions().get::<OnTheWire>().is_some();
        CollectFuture {
            on_the_wire,
            head: self.inner.call(request),
            body: None,
            parts: None,
            read: Read::default(),
            good,
            bad,
            progress,
        }
    }
}

pin_project! {
    /// The future of [`Collect`].
    pub struct CollectFuture<F, R> {
        #[pin]
        head: F,
        #[pin]
        body: Option<R>,
        parts: Option<response::Parts>,
        read: Read,
        // The caps for a 2xx and for any other reply.
        good: usize,
        bad: usize,
        // Told of the head: whoever ends the wait for the body needs to know that there was one.
        progress: Option<Progress>,
        on_the_wire: bool,
    }
}

impl<F, R, E> Future for CollectFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<Error>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if this.body.is_none() {
            let response = ready!(this.head.poll(cx)).map_err(Into::into)?;
            let (parts, body) = response.into_parts();
            let good = parts.status.is_success();
            if let Some(progress) = this.progress.as_ref() {
                progress.heard(parts.status);
            }
            if good && *this.on_the_wire {
                return Poll::Ready(Ok(Response::from_parts(parts, Body::boxed(body))));
            }
            *this.read = Read::new(&body, if good { *this.good } else { *this.bad }, good);
            *this.parts = Some(parts);
            this.body.set(Some(body));
        }
        let end = match this.body.as_mut().as_pin_mut() {
            Some(body) => ready!(this.read.poll(body, cx)),
            None => End::Done,
        };
        // Dropping a body that was not read to its end closes the connection instead of reusing it.
        this.body.set(None);
        let Some(parts) = this.parts.take() else {
            return Poll::Ready(Err(
                Error::new(ErrorKind::Io).with_detail("the reply was read already")
            ));
        };
        let length = this.read.length;
        let error = match end {
            End::Done => {
                return Poll::Ready(Ok(Response::from_parts(
                    parts,
                    Body::whole(this.read.take()),
                )));
            }
            _ if !parts.status.is_success() => {
                return Poll::Ready(Ok(Response::from_parts(
                    parts,
                    Body::cut(this.read.take(), true),
                )));
            }
            End::TooLarge => Error::too_large(this.read.cap),
            End::Broken(error) => Error::broken_off(length as u64, error),
        };
        Poll::Ready(Err(error.with_head(parts.status, parts.headers)))
    }
}

impl<F, R> fmt::Debug for CollectFuture<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectFuture")
            .field("read", &self.read.length)
            .finish_non_exhaustive()
    }
}

/// How reading ended.
enum End {
    Done,
    TooLarge,
    Broken(BoxError),
}

/// What was read so far: nothing, one frame as it came, or a buffer of several.
#[derive(Default)]
pub(crate) struct Read {
    cap: usize,
    /// What the headers announce, zero if they do not.
    expected: usize,
    too_large: bool,
    first: Bytes,
    buffer: Vec<u8>,
    length: usize,
}

impl Read {
    /// `strict`: an announced length above the cap is refused unread, instead of read up to the cap.
    fn new<R: HttpBody>(body: &R, cap: usize, strict: bool) -> Self {
        let announced = body.size_hint().exact();
        Self {
            too_large: strict && announced.is_some_and(|length| in_memory(length) > cap),
            ..Self::expecting(announced, cap)
        }
    }

    /// For a body that is polled elsewhere.
    pub(crate) fn expecting(length: Option<u64>, cap: usize) -> Self {
        Self {
            cap,
            expected: length.map_or(0, in_memory).min(cap),
            ..Self::default()
        }
    }

    fn poll<R>(&mut self, mut body: Pin<&mut R>, cx: &mut Context<'_>) -> Poll<End>
    where
        R: HttpBody<Data = Bytes>,
        R::Error: Into<BoxError>,
    {
        if self.too_large {
            return Poll::Ready(End::TooLarge);
        }
        let mut empty = 0;
        while empty < EMPTY_FRAMES {
            let frame = match ready!(body.as_mut().poll_frame(cx)) {
                None => return Poll::Ready(End::Done),
                Some(Ok(frame)) => frame,
                Some(Err(error)) => return Poll::Ready(End::Broken(error.into())),
            };
            // Trailers carry nothing that anyone reads.
            match frame.into_data() {
                Ok(data) if !data.is_empty() => {
                    if self.push(data).is_err() {
                        return Poll::Ready(End::TooLarge);
                    }
                }
                _ => empty += 1,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Keeps a frame, or as much of it as fits under the cap.
    pub(crate) fn push(&mut self, mut data: Bytes) -> Result<(), ()> {
        let room = self.cap.saturating_sub(self.length);
        let fits = data.len() <= room;
        data.truncate(room);
        self.length += data.len();
        if self.first.is_empty() && self.buffer.is_empty() {
            self.first = data;
        } else {
            if self.buffer.is_empty() {
                self.buffer
                    .reserve_exact(self.expected.max(self.length).min(RESERVE_CAP));
                self.buffer.extend_from_slice(&self.first);
                self.first.clear();
            }
            self.buffer.extend_from_slice(&data);
        }
        if fits { Ok(()) } else { Err(()) }
    }

    pub(crate) fn take(&mut self) -> Bytes {
        if self.buffer.is_empty() {
            std::mem::take(&mut self.first)
        } else {
            std::mem::take(&mut self.buffer).into()
        }
    }
}

/// A length that is announced, or the longest there can be.
fn in_memory(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_frame_is_not_copied() {
        let frame = Bytes::from(vec![7; 100]);
        let mut read = Read {
            cap: 100,
            ..Read::default()
        };
        assert!(read.push(frame.clone()).is_ok());
        assert_eq!(read.take().as_ptr(), frame.as_ptr());
    }

    #[test]
    fn several_frames_take_one_allocation_of_the_announced_length() {
        let mut read = Read {
            cap: 1000,
            expected: 300,
            ..Read::default()
        };
        for _ in 0..3 {
            assert!(read.push(Bytes::from(vec![7; 100])).is_ok());
        }
        assert_eq!((read.buffer.len(), read.buffer.capacity()), (300, 300));
    }

    #[test]
    fn a_lying_length_reserves_little() {
        let mut read = Read {
            cap: usize::MAX,
            expected: usize::MAX,
            ..Read::default()
        };
        assert!(read.push(Bytes::from_static(b"a")).is_ok());
        assert!(read.push(Bytes::from_static(b"b")).is_ok());
        assert!(read.buffer.capacity() <= RESERVE_CAP);
    }

    #[test]
    fn what_lies_above_the_cap_is_cut() {
        let mut read = Read {
            cap: 3,
            ..Read::default()
        };
        assert!(read.push(Bytes::from_static(b"ab")).is_ok());
        assert!(read.push(Bytes::from_static(b"cd")).is_err());
        assert_eq!(read.take(), "abc");
    }
}
