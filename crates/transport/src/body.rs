//! The body of a request or a reply on its way through the stack.
//!
//! One type for what hyper, a test double or a collected buffer gives, so that the layers above
//! need no type parameter and hyper's own body needs no box.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;

use crate::BoxError;

/// The body of a request or a reply: whole, or still on its way.
///
/// A request whose body is not whole is sent once: a second attempt would have nothing to send.
pub struct Body(Repr);

/// Small, because a request is moved from layer to layer with its body: what requests do not have
/// stands behind a pointer.
enum Repr {
    /// Taken by whoever reads the body frame by frame.
    Whole(Bytes),
    Other(Box<Other>),
}

enum Other {
    /// What there is of a body whose rest is missing.
    Cut(Bytes),
    #[cfg(feature = "hyper")]
    Hyper(Arriving),
    Boxed(UnsyncBoxBody<Bytes, BoxError>),
}

impl Body {
    /// A body that is all there.
    #[must_use]
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(Repr::Whole(bytes.into()))
    }

    /// The same body again, if it is whole: a reference count, no copy.
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        self.as_bytes().cloned().map(Self::whole)
    }

    /// What there is of a body, and whether the rest is missing.
    pub(crate) fn cut(bytes: Bytes, truncated: bool) -> Self {
        if truncated {
            Self::other(Other::Cut(bytes))
        } else {
            Self::whole(bytes)
        }
    }

    fn other(other: Other) -> Self {
        Self(Repr::Other(Box::new(other)))
    }

    /// A body of another type, behind a pointer; one of this type as it is.
    pub fn boxed<B>(body: B) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut body = Some(body);
        if let Some(own) = (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>()
            && let Some(own) = own.take()
        {
            return own;
        }
        let Some(body) = body else {
            return Self::default();
        };
        Self::other(Other::Boxed(UnsyncBoxBody::new(body.map_err(Into::into))))
    }

    /// A body that arrives, and the connection that is held until it is there.
    #[cfg(feature = "hyper")]
    pub(crate) fn hyper(body: hyper::body::Incoming, hold: Option<crate::pool::Hold>) -> Self {
        Self::other(Other::Hyper(Arriving { body, hold }))
    }

    /// The bytes, if the body is all there; what a layer outside the stack sees of a buffered
    /// reply.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match &self.0 {
            Repr::Whole(bytes) => Some(bytes),
            Repr::Other(other) => match &**other {
                Other::Cut(bytes) => Some(bytes),
                #[cfg(feature = "hyper")]
                Other::Hyper(_) => None,
                Other::Boxed(_) => None,
            },
        }
    }

    /// The bytes and whether they are only a part, if the body is not still on the wire.
    pub(crate) fn into_bytes(self) -> Result<(Bytes, bool), Self> {
        match self.0 {
            Repr::Whole(bytes) => Ok((bytes, false)),
            Repr::Other(other) => match *other {
                Other::Cut(bytes) => Ok((bytes, true)),
                other => Err(Self::other(other)),
            },
        }
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::whole(Bytes::new())
    }
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Self::whole(bytes)
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self::whole(bytes)
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::whole(text)
    }
}

impl From<&'static str> for Body {
    fn from(text: &'static str) -> Self {
        Self::whole(text)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_bytes() {
            Some(bytes) => write!(f, "Body([{} bytes])", bytes.len()),
            None => f.write_str("Body([on the wire])"),
        }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let bytes = match &mut self.get_mut().0 {
            Repr::Whole(bytes) => bytes,
            Repr::Other(other) => match &mut **other {
                Other::Cut(bytes) => bytes,
                #[cfg(feature = "hyper")]
                Other::Hyper(arriving) => return arriving.poll_frame(cx),
                Other::Boxed(body) => return Pin::new(body).poll_frame(cx),
            },
        };
        let bytes = std::mem::take(bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Repr::Whole(bytes) => bytes.is_empty(),
            Repr::Other(other) => match &**other {
                Other::Cut(bytes) => bytes.is_empty(),
                #[cfg(feature = "hyper")]
                Other::Hyper(arriving) => arriving.body.is_end_stream(),
                Other::Boxed(body) => body.is_end_stream(),
            },
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Repr::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Repr::Other(other) => match &**other {
                Other::Cut(bytes) => SizeHint::with_exact(bytes.len() as u64),
                #[cfg(feature = "hyper")]
                Other::Hyper(arriving) => arriving.body.size_hint(),
                Other::Boxed(body) => body.size_hint(),
            },
        }
    }
}

/// A reply on its way.
#[cfg(feature = "hyper")]
struct Arriving {
    body: hyper::body::Incoming,
    hold: Option<crate::pool::Hold>,
}

#[cfg(feature = "hyper")]
impl Arriving {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = http_body::Body::poll_frame(Pin::new(&mut self.body), cx);
        if matches!(frame, Poll::Ready(None)) {
            self.give_back();
        }
        frame.map_err(Into::into)
    }

    fn give_back(&mut self) {
        if let Some(hold) = self.hold.take() {
            hold.give_back();
        }
    }
}

#[cfg(feature = "hyper")]
impl Drop for Arriving {
    fn drop(&mut self) {
        // What was not read to its end would be taken for the next reply.
        if http_body::Body::is_end_stream(&self.body) {
            self.give_back();
        }
    }
}
