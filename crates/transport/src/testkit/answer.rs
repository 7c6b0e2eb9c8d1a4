//! What a scripted server does with a request.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::{Frame, SizeHint};

use super::Gate;
use crate::BoxError;
use crate::body::Body;
use crate::error::{Error, ErrorKind};

/// What a [`Script`](super::Script) does with one request, or with several.
///
/// ```
/// use accredit_transport::testkit::Answer;
/// use accredit_transport::ErrorKind;
///
/// let busy = Answer::status(429).header("retry-after", "1").times(2);
/// let broken = Answer::json(200, r#"{"id": 1}"#).cut_after(4);
/// let unreachable = Answer::fail(ErrorKind::Connect);
/// ```
#[derive(Clone)]
#[must_use = "an answer is given by a script"]
pub struct Answer {
    kind: Kind,
    headers: HeaderMap,
    body: Bytes,
    end: End,
    delay: Duration,
    gate: Option<Gate>,
    pub(super) times: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Status(StatusCode),
    Fail(ErrorKind),
    Hang,
}

/// How a body ends.
#[derive(Clone, Copy)]
enum End {
    Whole,
    Cut(usize),
    Stall(usize),
}

impl Answer {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            end: End::Whole,
            delay: Duration::ZERO,
            gate: None,
            times: 1,
        }
    }

    /// A reply with this status and no body.
    ///
    /// # Panics
    ///
    /// When it is no status.
    #[track_caller]
    pub fn status(status: u16) -> Self {
        match StatusCode::from_u16(status) {
            Ok(status) => Self::new(Kind::Status(status)),
            Err(_) => panic!("{status} is no status"),
        }
    }

    /// A reply with a JSON document, given as text.
    ///
    /// # Panics
    ///
    /// When it is no status.
    #[track_caller]
    pub fn json(status: u16, document: impl Into<Bytes>) -> Self {
        Self::status(status)
            .header("content-type", "application/json")
            .body(document)
    }

    /// No reply: the transport fails in this way.
    ///
    /// [`Connect`](ErrorKind::Connect) is a connection that could not be made,
    /// [`Io`](ErrorKind::Io) one that was lost after the request was sent.
    pub fn fail(kind: ErrorKind) -> Self {
        Self::new(Kind::Fail(kind))
    }

    /// No reply, ever.
    pub fn hang() -> Self {
        Self::new(Kind::Hang)
    }

    /// Adds a header to the reply.
    ///
    /// # Panics
    ///
    /// When it cannot be a header.
    #[track_caller]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let (Ok(name), Ok(value)) = (
            name.parse::<HeaderName>(),
            HeaderValue::from_bytes(value.as_ref()),
        ) else {
            panic!("{name:?} cannot be a header with that value");
        };
        if name == CONTENT_TYPE {
            self.headers.insert(name, value);
        } else {
            self.headers.append(name, value);
        }
        self
    }

    /// Sets the body of the reply.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The connection is lost after so many bytes of the body.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.end = End::Cut(bytes);
        self
    }

    /// After so many bytes of the body nothing comes any more.
    pub fn stall_after(mut self, bytes: usize) -> Self {
        self.end = End::Stall(bytes);
        self
    }

    /// Waits before it answers.
    pub fn delay(mut self, wait: Duration) -> Self {
        self.delay = wait;
        self
    }

    /// Waits until the gate lets it through.
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// The same for so many requests.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Answers one request.
    pub(super) async fn give(self) -> Result<Response<Body>, Error> {
        if let Some(gate) = &self.gate {
            gate.pass().await;
        }
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let status = match self.kind {
            Kind::Status(status) => status,
            Kind::Fail(kind) => return Err(Error::new(kind).with_detail("as the script says")),
            Kind::Hang => std::future::pending().await,
        };
        let mut response = Response::new(match self.end {
            End::Whole => Body::whole(self.body),
            End::Cut(bytes) => Body::boxed(Part::new(self.body, bytes, false)),
            End::Stall(bytes) => Body::boxed(Part::new(self.body, bytes, true)),
        });
        *response.status_mut() = status;
        *response.headers_mut() = self.headers;
        Ok(response)
    }
}

impl fmt::Debug for Answer {
    /// In short: what a failed check shows. Bodies and headers may hold secrets of the test.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Status(status) => write!(f, "{}", status.as_u16())?,
            Kind::Fail(kind) => write!(f, "fail({})", kind.name())?,
            Kind::Hang => f.write_str("hang")?,
        }
        match self.end {
            End::Whole => Ok(()),
            End::Cut(bytes) => write!(f, " cut after {bytes} bytes"),
            End::Stall(bytes) => write!(f, " stalled after {bytes} bytes"),
        }
    }
}

/// The first bytes of a body that was announced whole.
struct Part {
    announced: u64,
    bytes: Option<Bytes>,
    stalls: bool,
}

impl Part {
    fn new(body: Bytes, length: usize, stalls: bool) -> Self {
        Self {
            announced: body.len() as u64,
            bytes: Some(body.slice(..length.min(body.len()))),
            stalls,
        }
    }
}

impl http_body::Body for Part {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            Some(bytes) => {
                self.announced = self.announced.saturating_sub(bytes.len() as u64);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            // Nothing will wake it: that is what it is for.
            None if self.stalls => Poll::Pending,
            None => Poll::Ready(Some(Err("the script cut the body off".into()))),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
