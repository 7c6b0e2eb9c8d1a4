//! Faults of the connection: resets, cut and dripping bodies, closes that nobody announced.
//!
//! A [`Wire`] is a TCP stream that can be told to fail, by the [`Line`] that its connection's
//! answers share. Put it below TLS: then a reset is a reset there, too. It decides nothing: an
//! answer brings its [`Plan`] along, in its extensions.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::Response;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// What the connection does to an answer, or after it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Plan {
    /// RST instead of the answer.
    Reset,
    /// So many bytes of the body, then the end.
    Cut(usize),
    /// So many bytes at a time, with a pause between.
    Drip(usize, Duration),
    /// The whole answer, then the end.
    CloseAfter,
    /// The whole answer, and the end when the next request has come.
    CloseOnNext,
}

/// As if there were no faults.
const OPEN: u8 = 0;
/// The next write resets the connection.
const RESET: u8 = 1;
/// The next write fails, which closes the connection.
const CLOSED: u8 = 2;
/// What is written goes out, then the connection closes.
const FLUSH_AND_CLOSE: u8 = 3;
/// The next request closes the connection.
const SPENT: u8 = 4;

/// What has been decided about one connection.
#[derive(Debug)]
pub(crate) struct Line(AtomicU8);

impl Line {
    fn set(&self, state: u8) {
        self.0.store(state, Ordering::Release);
    }

    fn is(&self, state: u8) -> bool {
        self.0.load(Ordering::Acquire) == state
    }

    /// Lets a request be answered, and does with the answer what its plan says.
    pub(crate) async fn carry(
        self: Arc<Self>,
        answer: impl Future<Output = Result<Response<Body>, Infallible>>,
    ) -> Result<Response<Body>, Infallible> {
        if self.is(SPENT) {
            self.set(CLOSED);
            return Ok(Response::new(Body::empty()));
        }
        let mut response = answer.await?;
        let Some(plan) = response.extensions_mut().remove::<Plan>() else {
            return Ok(response);
        };
        if matches!(plan, Plan::Reset) {
            self.set(RESET);
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        // Answers are made whole in memory, so there is nothing that could fail or be too long.
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .unwrap_or_default();
        let body = Body::new(Tail::new(bytes, plan, self));
        Ok(Response::from_parts(parts, body))
    }
}

/// Puts a stream on a line.
pub(crate) fn tap(stream: TcpStream) -> (Wire, Arc<Line>) {
    let line = Arc::new(Line(AtomicU8::new(OPEN)));
    let wire = Wire {
        stream,
        line: Arc::clone(&line),
    };
    (wire, line)
}

/// A TCP stream that fails when it is told to.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    line: Arc<Line>,
}

impl Wire {
    fn may_write(&self) -> io::Result<()> {
        if self.line.is(RESET) {
            self.stream.set_zero_linger()?;
            return Err(broken());
        }
        if self.line.is(CLOSED) {
            return Err(broken());
        }
        Ok(())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.may_write()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.may_write()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.may_write()?;
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        // Whoever flushes has written all that it had.
        if self.line.is(FLUSH_AND_CLOSE) {
            return Poll::Ready(Err(broken()));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

fn broken() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "the connection was broken by an injected fault",
    )
}

/// A body that comes in pieces or does not come to its end, and what its line does afterwards.
struct Tail {
    chunks: VecDeque<Bytes>,
    /// What the head promises of what is to come.
    promised: u64,
    interval: Option<Duration>,
    pause: Option<Pin<Box<Sleep>>>,
    /// Whether less comes than was promised.
    is_cut: bool,
    /// The line's state once the last piece is written.
    after: u8,
    line: Arc<Line>,
}

impl Tail {
    fn new(mut bytes: Bytes, plan: Plan, line: Arc<Line>) -> Self {
        let promised = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let mut chunks = VecDeque::new();
        let mut interval = None;
        let mut is_cut = false;
        let mut after = OPEN;
        match plan {
            Plan::Reset => {}
            Plan::Cut(length) => {
                is_cut = promised > 0;
                bytes.truncate(length.min(bytes.len().saturating_sub(1)));
            }
            Plan::Drip(length, pause) => {
                interval = Some(pause);
                while bytes.len() > length {
                    chunks.push_back(bytes.split_to(length));
                }
            }
            Plan::CloseAfter => after = FLUSH_AND_CLOSE,
            Plan::CloseOnNext => after = SPENT,
        }
        if bytes.is_empty() {
            // Nobody asks an empty body for its end.
            line.set(after);
        } else {
            chunks.push_back(bytes);
        }
        Self {
            chunks,
            promised,
            interval,
            pause: None,
            is_cut,
            after,
            line,
        }
    }
}

impl HttpBody for Tail {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
        }
        let Some(chunk) = self.chunks.pop_front() else {
            if self.is_cut {
                // The server flushes what it has whenever a body makes it wait; that closes the
                // connection and ends the wait.
                self.line.set(FLUSH_AND_CLOSE);
                return Poll::Pending;
            }
            return Poll::Ready(None);
        };
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.promised = self.promised.saturating_sub(length);
        if self.chunks.is_empty() {
            if self.after != OPEN {
                self.line.set(self.after);
            }
        } else if let Some(interval) = self.interval {
            self.pause = Some(Box::pin(tokio::time::sleep(interval)));
        }
        Poll::Ready(Some(Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty() && !self.is_cut
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
