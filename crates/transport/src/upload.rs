//! A file on its way to the server: from the disk or from a stream, in constant memory, once.
//!
//! Its length is known and its first bytes are checked before anything is sent: some servers read a body of unknown
//! length as an empty one. Knows nothing of the form or document that the file becomes a part of.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http_body::{Frame, SizeHint};

use crate::BoxError;
use crate::body::Body;
use crate::download::write::{Failure, at, step};
use crate::error::{Error, ErrorKind};

/// How much of a file is in memory at once.
const CHUNK: u64 = 64 * 1024;

/// A chunk that is being read, and the file to read on from.
type Chunk = Pin<Box<dyn Future<Output = Result<(File, Bytes), Failure>> + Send>>;

type Chunks = Pin<Box<dyn Stream<Item = Result<Bytes, BoxError>> + Send>>;

/// A file that can be sent once.
///
/// ```no_run
/// # async fn example() -> Result<(), accredit_transport::Error> {
/// use accredit_transport::Upload;
///
/// // At most 1 MiB, and nothing but a PDF.
/// let scan = Upload::open("scan.pdf", 1024 * 1024, b"%PDF").await?;
/// println!("{} bytes to send", scan.length());
/// # Ok(())
/// # }
/// ```
pub struct Upload {
    length: u64,
    /// Read already, to be looked at.
    head: Bytes,
    rest: Chunks,
}

impl Upload {
    /// A file of the disk, which is opened and looked at here, and read while it is sent.
    ///
    /// # Errors
    ///
    /// [`Build`](ErrorKind::Build) when it cannot be opened, is empty, is longer than `limit` bytes, or does not begin with
    /// `magic`. Nothing was sent then.
    pub async fn open(
        path: impl Into<PathBuf>,
        limit: u64,
        magic: &'static [u8],
    ) -> Result<Self, Error> {
        let path = path.into();
        let open = move || {
            let mut file = File::open(path).map_err(at("opening the file"))?;
            let length = file.metadata().map_err(at("opening the file"))?.len();
            let mut head = Vec::new();
            let most = u64::try_from(magic.len()).unwrap_or(u64::MAX);
            let looked_at = file.by_ref().take(most).read_to_end(&mut head);
            looked_at.map_err(at("reading the file"))?;
            Ok((file, length, Bytes::from(head)))
        };
        let (file, length, head) = step(open).await.map_err(Failure::unsent)?;
        let rest = Box::pin(Reading::Idle(file));
        Self { length, head, rest }.checked(limit, magic)
    }

    /// A stream of `length` bytes in all. It is read here until its first bytes can be looked at, and the rest while it is
    /// sent; it is an error then if it gives more or fewer bytes than that.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and when the stream fails before its first bytes are there.
    pub async fn stream<S, B, E>(
        stream: S,
        length: u64,
        limit: u64,
        magic: &'static [u8],
    ) -> Result<Self, Error>
    where
        S: Stream<Item = Result<B, E>> + Send + 'static,
        B: Into<Bytes>,
        E: Into<BoxError>,
    {
        let mut rest: Chunks = Box::pin(Converted(Box::pin(stream)));
        let mut head = Bytes::new();
        while head.len() < magic.len() {
            let next = std::future::poll_fn(|cx| rest.as_mut().poll_next(cx)).await;
            match next {
                None => break,
                Some(Ok(chunk)) if head.is_empty() => head = chunk,
                Some(Ok(chunk)) => head = [&head[..], &chunk[..]].concat().into(),
                Some(Err(error)) => {
                    return Err(refused("the stream failed at its beginning").with_source(error));
                }
            }
        }
        Self { length, head, rest }.checked(limit, magic)
    }

    fn checked(self, limit: u64, magic: &[u8]) -> Result<Self, Error> {
        let read = u64::try_from(self.head.len()).unwrap_or(u64::MAX);
        if self.length == 0 || self.head.is_empty() {
            return Err(refused("the file is empty"));
        }
        if self.length > limit {
            let length = self.length;
            return Err(refused(format!(
                "the file has {length} bytes, the limit is {limit}"
            )));
        }
        if read > self.length {
            return Err(refused(LONGER));
        }
        if !self.head.starts_with(magic) {
            return Err(refused("the file does not begin as such a file does"));
        }
        Ok(self)
    }

    /// How many bytes the file has.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The file as the body of a request, between two texts; the length of the whole is known.
    #[must_use]
    pub fn into_body(self, before: Bytes, after: Bytes) -> Body {
        let read = u64::try_from(self.head.len()).unwrap_or(u64::MAX);
        Body::boxed(Sending {
            before: [before, self.head],
            left: self.length.saturating_sub(read),
            rest: Some(self.rest),
            after,
        })
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upload({} bytes)", self.length)
    }
}

const LONGER: &str = "the file is longer than was said";
const SHORTER: &str = "the file is shorter than was said";

fn refused(detail: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Build).with_detail(detail)
}

/// A stream with the types of ours.
struct Converted<S>(Pin<Box<S>>);

impl<S, B, E> Stream for Converted<S>
where
    S: Stream<Item = Result<B, E>>,
    B: Into<Bytes>,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.0.as_mut().poll_next(cx));
        Poll::Ready(item.map(|chunk| chunk.map(Into::into).map_err(Into::into)))
    }
}

/// The rest of a file, read a chunk at a time where it may block.
enum Reading {
    Idle(File),
    Busy(Chunk),
    Done,
}

impl Stream for Reading {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match std::mem::replace(&mut *self, Self::Done) {
                Self::Done => return Poll::Ready(None),
                Self::Idle(mut file) => {
                    let read = move || {
                        let mut chunk = Vec::new();
                        let read = file.by_ref().take(CHUNK).read_to_end(&mut chunk);
                        read.map_err(at("reading the file"))?;
                        Ok((file, Bytes::from(chunk)))
                    };
                    *self = Self::Busy(Box::pin(step(read)));
                }
                Self::Busy(mut read) => match read.as_mut().poll(cx) {
                    Poll::Pending => {
                        *self = Self::Busy(read);
                        return Poll::Pending;
                    }
                    Poll::Ready(Err(failure)) => {
                        return Poll::Ready(Some(Err(failure.into_cause().into())));
                    }
                    Poll::Ready(Ok((_, chunk))) if chunk.is_empty() => return Poll::Ready(None),
                    Poll::Ready(Ok((file, chunk))) => {
                        *self = Self::Idle(file);
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                },
            }
        }
    }
}

/// A body that is sent as it is read.
struct Sending {
    before: [Bytes; 2],
    /// How many bytes of the file are still to come.
    left: u64,
    rest: Option<Chunks>,
    after: Bytes,
}

impl http_body::Body for Sending {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if let Some(text) = this.before.iter_mut().find(|text| !text.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(text)))));
        }
        while let Some(rest) = &mut this.rest {
            let fault = match ready!(rest.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) if chunk.is_empty() => continue,
                Some(Ok(chunk)) => {
                    let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                    if let Some(left) = this.left.checked_sub(length) {
                        this.left = left;
                        return Poll::Ready(Some(Ok(Frame::data(chunk))));
                    }
                    LONGER.into()
                }
                Some(Err(error)) => error,
                None if this.left > 0 => SHORTER.into(),
                None => {
                    this.rest = None;
                    break;
                }
            };
            this.rest = None;
            this.after = Bytes::new();
            return Poll::Ready(Some(Err(fault)));
        }
        let after = std::mem::take(&mut this.after);
        Poll::Ready((!after.is_empty()).then(|| Ok(Frame::data(after))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none()
            && self.after.is_empty()
            && self.before.iter().all(|text| text.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        let [before, head] = &self.before;
        let texts = [before, head, &self.after].map(|text| u64::try_from(text.len()));
        let texts: u64 = texts.into_iter().map(|length| length.unwrap_or(0)).sum();
        SizeHint::with_exact(self.left.saturating_add(texts))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use http_body::Body as _;
    use http_body_util::BodyExt as _;

    use super::*;

    struct Given(VecDeque<Result<&'static str, &'static str>>);

    impl Stream for Given {
        type Item = Result<&'static str, &'static str>;

        fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            Poll::Ready(self.0.pop_front())
        }
    }

    async fn upload<const N: usize>(
        chunks: [Result<&'static str, &'static str>; N],
        length: u64,
    ) -> Result<Upload, Error> {
        Upload::stream(Given(chunks.into()), length, 10, b"%P").await
    }

    #[tokio::test]
    async fn the_length_is_right_from_the_first_byte_to_the_last() {
        let upload = upload([Ok("%"), Ok("PDF"), Ok(""), Ok("-1")], 6)
            .await
            .unwrap();
        assert_eq!(
            (upload.length(), &*format!("{upload:?}")),
            (6, "Upload(6 bytes)")
        );
        let mut body = upload.into_body(Bytes::from("<"), Bytes::from(">>"));
        assert!(body.try_clone().is_none(), "sent once");
        let mut seen = vec![(body.size_hint().exact(), body.is_end_stream())];
        let mut whole = Vec::new();
        while let Some(frame) = body.frame().await {
            whole.extend_from_slice(&frame.unwrap().into_data().unwrap());
            seen.push((body.size_hint().exact(), body.is_end_stream()));
        }
        assert_eq!(whole, b"<%PDF-1>>");
        let expected = [9, 8, 4, 2, 0].map(|left| (Some(left), left == 0));
        assert_eq!(seen, expected);
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn what_is_wrong_at_the_beginning_is_known_before_anything_is_sent() {
        for (chunks, length, fault) in [
            ([Ok("%"), Ok("")], 4, "does not begin"),
            ([Ok("<html>"), Ok("")], 6, "does not begin"),
            ([Ok(""), Ok("")], 4, "empty"),
            ([Ok("%PDF"), Ok("")], 0, "empty"),
            ([Ok("%PDF"), Ok("")], 3, "longer"),
            ([Ok("%PDF"), Ok("")], 11, "the limit is 10"),
            ([Ok("%"), Err("broken")], 4, "failed at its beginning"),
        ] {
            let error = upload(chunks, length).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Build);
            assert!(error.to_string().contains(fault), "{error}");
        }
        assert!(
            upload([Ok("%PDF"), Ok("")], 10).await.is_ok(),
            "the limit itself"
        );
    }

    #[tokio::test]
    async fn a_body_of_another_length_than_was_said_ends_in_an_error_and_not_in_the_end_of_the_form()
     {
        for (chunks, length, fault) in [
            ([Ok("%P"), Ok("DF")], 5, SHORTER),
            ([Ok("%P"), Ok("DF")], 3, LONGER),
            ([Ok("%P"), Err("broken")], 4, "broken"),
        ] {
            let upload = upload(chunks, length).await.unwrap();
            let mut body = upload.into_body(Bytes::from("<"), Bytes::from(">"));
            let mut whole = Vec::new();
            let error = loop {
                match body.frame().await.unwrap() {
                    Ok(frame) => whole.extend_from_slice(&frame.into_data().unwrap()),
                    Err(error) => break error,
                }
            };
            assert_eq!(error.to_string(), fault);
            assert!(!whole.contains(&b'>') && body.frame().await.is_none());
        }
    }
}
