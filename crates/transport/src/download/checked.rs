//! A body on the wire, counted, compared with what was promised, and bounded in time and size.
//!
//! Keeps nothing of what it gives out. Its errors know what happened to the body and nothing of the
//! call it belongs to.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use http_body::Body as _;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::body::Body;
use crate::clock;
use crate::error::{Error, ErrorKind, TimeoutPhase};
use crate::layer::collect::EMPTY_FRAMES;

/// The limits of a download.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The longest wait for a byte.
    pub(crate) idle: Option<Duration>,
    /// The longest time from the head of the reply to its end.
    pub(crate) total: Option<Duration>,
    /// The largest file, in bytes.
    pub(crate) cap: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: clock::default_limit(10),
            total: clock::default_limit(5 * 60),
            cap: 64 * 1024 * 1024,
        }
    }
}

/// When a body has to be there, and what is said if it is not.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) at: Instant,
    phase: TimeoutPhase,
    limit: Duration,
}

impl End {
    /// The earlier of the end of a call and the end of its download, which starts now.
    fn earlier(call: Option<(Instant, Duration)>, total: Option<Duration>) -> Option<Self> {
        let call = call.map(|(at, limit)| Self {
            at,
            phase: TimeoutPhase::Operation,
            limit,
        });
        let total = total.and_then(|limit| {
            Some(Self {
                at: clock::now()?.checked_add(limit)?,
                phase: TimeoutPhase::Download,
                limit,
            })
        });
        call.into_iter().chain(total).min_by_key(|end| end.at)
    }

    pub(super) fn error(self, received: u64) -> Error {
        late(self.phase, self.limit, received)
    }
}

fn late(phase: TimeoutPhase, limit: Duration, received: u64) -> Error {
    Error::new(ErrorKind::Timeout(phase)).with_detail(format!(
        "{} within {limit:?}, {received} bytes came",
        phase.missing()
    ))
}

/// A body with its checks.
pub(super) struct Checked {
    body: Body,
    received: u64,
    expected: Option<u64>,
    cap: usize,
    /// What is still to be seen of the first bytes.
    magic: &'static [u8],
    idle: Option<Duration>,
    end: Option<End>,
    /// While the consumer waits: until when it does.
    patience: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Checked {
    /// `call`: when the call has to be over, and the limit that says so.
    pub(super) fn new(
        body: Body,
        headers: &HeaderMap,
        method: &Method,
        limits: Limits,
        call: Option<(Instant, Duration)>,
    ) -> Self {
        Self {
            expected: expected(&body, headers, method),
            body,
            received: 0,
            cap: limits.cap,
            magic: &[],
            idle: limits.idle,
            end: End::earlier(call, limits.total),
            patience: None,
            sleep: None,
        }
    }

    pub(super) fn expected(&self) -> Option<u64> {
        self.expected
    }

    pub(super) fn received(&self) -> u64 {
        self.received
    }

    pub(super) fn end(&self) -> Option<End> {
        self.end
    }

    /// The consumer does something else before it asks again.
    pub(super) fn stop_waiting(&mut self) {
        self.patience = None;
    }

    /// Drops the body, so that its connection is closed unless it was read to the end.
    pub(super) fn close(&mut self) {
        self.body = Body::default();
        self.sleep = None;
    }

    /// Refuses a body that begins otherwise.
    pub(super) fn expect_magic(&mut self, magic: &'static [u8]) {
        self.magic = magic;
    }

    /// Refuses a body that is announced to be larger than `cap`.
    pub(super) fn check_announced(&self, cap: usize) -> Result<(), Error> {
        match self.expected {
            Some(expected) if exceeds(expected, cap) => Err(Error::new(ErrorKind::TooLarge)
                .with_detail(format!(
                    "the limit is {cap} bytes and {expected} are announced"
                ))),
            _ => Ok(()),
        }
    }

    /// The next bytes, never none; `None` when the body is complete and is what was promised.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        for _ in 0..EMPTY_FRAMES {
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => return self.poll_patience(cx).map(Err),
            };
            match frame {
                None => return Poll::Ready(self.completed().map(|()| None)),
                Some(Err(error)) => {
                    return Poll::Ready(Err(Error::broken_off(self.received, error)));
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => {
                        return Poll::Ready(self.accept(data).map(Some));
                    }
                    // Trailers carry nothing that anyone reads.
                    _ => {}
                },
            }
        }
        cx.waker().wake_by_ref();
        self.poll_patience(cx).map(Err)
    }

    /// Counts and compares what came.
    fn accept(&mut self, data: Bytes) -> Result<Bytes, Error> {
        self.patience = None;
        if let Some(end) = self.end
            && clock::now().is_some_and(|now| now >= end.at)
        {
            return Err(end.error(self.received));
        }
        self.received = self.received.saturating_add(data.len() as u64);
        if exceeds(self.received, self.cap) {
            return Err(Error::too_large(self.cap));
        }
        if let Some(expected) = self.expected
            && self.received > expected
        {
            return Err(Error::new(ErrorKind::Io)
                .with_detail(format!("the body goes on after its {expected} bytes")));
        }
        let known = self.magic.len().min(data.len());
        let (head, rest) = self.magic.split_at(known);
        if !data.starts_with(head) {
            return Err(not_the_file().with_page(data));
        }
        self.magic = rest;
        Ok(data)
    }

    fn completed(&self) -> Result<(), Error> {
        if let Some(expected) = self.expected
            && self.received < expected
        {
            return Err(Error::new(ErrorKind::Io).with_detail(format!(
                "the body ended after {} of {expected} bytes",
                self.received
            )));
        }
        if self.magic.is_empty() {
            Ok(())
        } else {
            Err(not_the_file())
        }
    }

    /// Counts the time that the consumer waits for a byte.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<Error> {
        let until = match self.patience {
            Some(until) => until,
            None => {
                let idle = self.idle.and_then(|limit| clock::now()?.checked_add(limit));
                let end = self.end.map(|end| end.at);
                let Some(until) = idle.into_iter().chain(end).min() else {
                    return Poll::Pending;
                };
                match &mut self.sleep {
                    Some(sleep) => sleep.as_mut().reset(until),
                    None => self.sleep = Some(Box::pin(sleep_until(until))),
                }
                *self.patience.insert(until)
            }
        };
        if let Some(sleep) = &mut self.sleep {
            ready!(sleep.as_mut().poll(cx));
        }
        Poll::Ready(match (self.end, self.idle) {
            (Some(end), _) if end.at <= until => end.error(self.received),
            (_, idle) => late(TimeoutPhase::Idle, idle.unwrap_or_default(), self.received),
        })
    }
}

fn not_the_file() -> Error {
    Error::new(ErrorKind::Decode).with_detail("the file does not begin as it should")
}

fn exceeds(length: u64, cap: usize) -> bool {
    usize::try_from(length).map_or(true, |length| length > cap)
}

/// How long the body will be. The header is asked first, because a transport of the caller's may
/// know no better than its body; not where the body is no longer what the header speaks of.
fn expected(body: &Body, headers: &HeaderMap, method: &Method) -> Option<u64> {
    if *method == Method::HEAD {
        return None;
    }
    let announced = || {
        let value = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
        value
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| value.parse().ok())?
    };
    let is_plain = !headers.contains_key(header::CONTENT_ENCODING)
        && !headers.contains_key(header::TRANSFER_ENCODING);
    is_plain
        .then(announced)
        .flatten()
        .or_else(|| body.size_hint().exact())
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn of(body: Body, headers: &[(http::HeaderName, &'static str)], method: &Method) -> Checked {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), http::HeaderValue::from_static(value)))
            .collect();
        Checked::new(body, &headers, method, Limits::default(), None)
    }

    #[test]
    fn a_length_is_expected_only_where_it_is_that_of_the_body() {
        let length = || (header::CONTENT_LENGTH, "9");
        let expected = |headers: &[_], method| {
            let unsized_body = Body::boxed(http_body_util::StreamBody::new(Never));
            of(unsized_body, headers, &method).expected()
        };
        assert_eq!(expected(&[length()], Method::GET), Some(9));
        // A HEAD is answered with the length of what is not sent.
        assert_eq!(expected(&[length()], Method::HEAD), None);
        let chunked = (header::TRANSFER_ENCODING, "chunked");
        assert_eq!(expected(&[length(), chunked], Method::GET), None);
        let coded = (header::CONTENT_ENCODING, "br");
        assert_eq!(expected(&[length(), coded], Method::GET), None);
        for junk in ["", "-1", "+9", "9, 9", "99999999999999999999", "x"] {
            let headers = [(header::CONTENT_LENGTH, junk)];
            assert_eq!(expected(&headers, Method::GET), None, "{junk}");
        }
        assert_eq!(expected(&[], Method::GET), None);
        // A body that knows.
        assert_eq!(
            of(Body::whole("abc"), &[], &Method::GET).expected(),
            Some(3)
        );
    }

    /// Nothing, ever.
    struct Never;

    impl futures_core::Stream for Never {
        type Item = Result<http_body::Frame<Bytes>, crate::BoxError>;

        fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_time_of_waiting_counts_as_idle() {
        let never = Body::boxed(http_body_util::StreamBody::new(Never));
        let mut body = of(never, &[], &Method::GET);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(body.poll(&mut cx).is_pending());
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(body.poll(&mut cx).is_pending());
        body.stop_waiting();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(body.poll(&mut cx).is_pending());
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(body.poll(&mut cx).is_pending());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(body.poll(&mut cx).is_ready());
    }
}
