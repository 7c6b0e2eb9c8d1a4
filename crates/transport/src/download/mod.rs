//! A reply whose body is read as it comes: constant memory, however large the file.
//!
//! Owns what is checked before the end: content type, first bytes, announced length, caps, idle and
//! total time. Retries nothing: what was given away cannot be taken back.

mod checked;
mod file_name;
pub(crate) mod write;

use std::fmt;
use std::future::poll_fn;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, HeaderValue, Response, StatusCode, response};

use self::checked::Checked;
use self::write::{Failure, Temporary};
use crate::body::Body;
use crate::error::{self, Error, ErrorKind};
use crate::layer::collect::Read;
use crate::observe::Watch;
use crate::operation::{Operation, OperationInfo};
use crate::progress::Progress;

pub(crate) use self::checked::Limits;

/// Bytes that are written at one go, if they are there.
const BATCH: usize = 256 * 1024;

/// An operation whose reply is a file: it can be [downloaded](crate::Client::download), piece by
/// piece, beside being read into memory.
///
/// ```
/// # use accredit_transport::http::Method;
/// # use accredit_transport::{BytesOperation, DecodeError, EncodeError, Operation, OperationInfo, Reply, RequestEncoder, ResponseKind, RetryClass, bytes::Bytes};
/// struct Report;
///
/// impl Operation for Report {
///     type Output = Bytes;
///     const INFO: OperationInfo =
///         OperationInfo::new("reports.retrieve", Method::GET, "/report", RetryClass::Read, ResponseKind::Bytes);
///
///     fn encode(&self, _: &mut RequestEncoder) -> Result<(), EncodeError> {
///         Ok(())
///     }
///
///     fn decode(reply: Reply) -> Result<Bytes, DecodeError> {
///         Ok(reply.body)
///     }
/// }
///
/// impl BytesOperation for Report {
///     const MAGIC: &'static [u8] = b"%PDF-";
/// }
/// ```
pub trait BytesOperation: Operation {
    /// What every file of this operation begins with; a download that begins otherwise fails. Empty
    /// where it can be anything.
    const MAGIC: &'static [u8] = b"";
}

/// A file on its way: the head of the reply is there, the body comes as it is asked for.
///
/// The limits of the call ended with the head, but for a deadline that the call set for itself. The
/// body has its own: no byte for a while, while someone waits for one
/// ([`idle_timeout`](crate::ClientBuilder::idle_timeout)), all of it
/// ([`download_timeout`](crate::ClientBuilder::download_timeout)), and a size
/// ([`bytes_cap`](crate::ClientBuilder::bytes_cap)). A body that is shorter or longer than announced
/// is an error. Dropping a download closes its connection.
///
/// It is also a [`Stream`] of its chunks, which ends after the first error.
///
/// ```no_run
/// # use accredit_transport::{BytesOperation, Client};
/// # async fn example<O: BytesOperation>(client: Client, report: O) -> Result<(), Box<dyn std::error::Error>> {
/// let download = client.download(&report).await?.expect_content_type("application/pdf")?;
/// let written = download.write_to("report.pdf").await?;
/// println!("{written} bytes");
/// # Ok(())
/// # }
/// ```
#[must_use = "a download that is not read is given up"]
pub struct Download {
    head: response::Parts,
    request_id: Option<HeaderValue>,
    file_name: Option<String>,
    body: Checked,
    state: State,
    info: &'static OperationInfo,
    progress: Progress,
    /// Told of the end, once.
    watch: Option<Watch>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Complete,
    Failed,
}

/// What a client knows of a reply that it makes a download of.
pub(crate) struct Opening {
    pub(crate) info: &'static OperationInfo,
    pub(crate) progress: Progress,
    pub(crate) watch: Watch,
    pub(crate) request_id: Option<HeaderValue>,
    pub(crate) limits: Limits,
    /// The deadline that the call set for itself.
    pub(crate) deadline: Option<Duration>,
    pub(crate) magic: &'static [u8],
    /// Whether the request asked for a part of the file.
    pub(crate) wants_part: bool,
}

impl Download {
    /// A download of a reply with a 2xx status.
    pub(crate) fn open(response: Response<Body>, opening: Opening) -> Result<Self, Error> {
        let Opening {
            info,
            progress,
            watch,
            request_id,
            limits,
            deadline,
            magic,
            wants_part,
        } = opening;
        let (head, body) = response.into_parts();
        let call = deadline.and_then(|limit| Some((progress.end_within(Some(limit))?, limit)));
        let mut download = Self {
            file_name: file_name::from_headers(&head.headers),
            body: Checked::new(body, &head.headers, info.method(), limits, call),
            head,
            request_id,
            state: State::Open,
            info,
            progress,
            watch: Some(watch),
        };
        download.body.expect_magic(magic);
        if download.status() == StatusCode::PARTIAL_CONTENT && !wants_part {
            let error = Error::new(ErrorKind::Decode);
            return Err(download.fail(error.with_detail("it is only a part of the file")));
        }
        match download.body.check_announced(limits.cap) {
            Ok(()) => Ok(download),
            Err(error) => Err(download.fail(error)),
        }
    }

    /// The status, always 2xx.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The headers of the reply. They may hold personal data.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }

    /// The id under which the server may find the request in its logs.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_ref().and_then(|id| id.to_str().ok())
    }

    /// The content type without its parameters, as the server wrote it, if it is one.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        error::content_type(&self.head.headers)
    }

    /// How long the file is, if the server says so; a file of another length is an error.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.body.expected()
    }

    /// How many bytes have come.
    #[must_use]
    pub fn received(&self) -> u64 {
        self.body.received()
    }

    /// The name that the server suggests, safe to use in any directory: without a path, control
    /// characters, leading dots, or a meaning of its own on Windows; at most 255 bytes long. It may
    /// be personal data.
    #[must_use]
    pub fn file_name(&self) -> Option<&str> {
        self.file_name.as_deref()
    }

    /// Gives up unless the content type is this one, whatever its parameters.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Decode`] for another, and for none: the page of a proxy, say, with a good
    /// status.
    pub fn expect_content_type(mut self, essence: &str) -> Result<Self, Error> {
        let found = self.content_type();
        if found.is_some_and(|found| found.eq_ignore_ascii_case(essence)) {
            return Ok(self);
        }
        let found = found.unwrap_or("no content type");
        let detail = format!("expected {essence}, not {found}");
        Err(self.fail(Error::new(ErrorKind::Decode).with_detail(detail)))
    }

    /// Gives up as soon as the file turns out to begin otherwise; a file that
    /// [`write_to`](Self::write_to) makes gets its name only after that. In the place of what the
    /// operation [itself](BytesOperation::MAGIC) expects.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Build`] when the first bytes were read already.
    pub fn expect_magic(mut self, magic: &'static [u8]) -> Result<Self, Error> {
        self.check_unread()?;
        self.body.expect_magic(magic);
        Ok(self)
    }

    /// The next bytes, as they come from the wire; `None` when the file is complete. It can be
    /// dropped and called again, as in a `select!`.
    ///
    /// # Errors
    ///
    /// [`Io`](ErrorKind::Io) when the body breaks off or has not the announced length,
    /// [`Timeout`](ErrorKind::Timeout) in the phase [`Idle`](crate::TimeoutPhase::Idle),
    /// [`Download`](crate::TimeoutPhase::Download) or [`Operation`](crate::TimeoutPhase::Operation),
    /// [`TooLarge`](ErrorKind::TooLarge) above the cap, [`Decode`](ErrorKind::Decode) for other
    /// first bytes than expected.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// The rest of the file in memory, if it is at most `limit` bytes long.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Self::chunk), and [`TooLarge`](ErrorKind::TooLarge) above the limit: at once
    /// when the server announces it.
    pub async fn collect(mut self, limit: usize) -> Result<Bytes, Error> {
        self.body
            .check_announced(limit)
            .map_err(|error| self.fail(error))?;
        let mut read = Read::expecting(self.body.expected(), limit);
        while let Some(chunk) = self.chunk().await? {
            if read.push(chunk).is_err() {
                return Err(self.fail(Error::too_large(limit)));
            }
        }
        Ok(read.take())
    }

    /// Writes the file and gives its length. Under this name there is never a part of it: what comes
    /// goes to a temporary file in the same directory, is brought to the disk when it is complete
    /// and checked, and then gets the name, in the place of a file or a link that had it. On Unix
    /// only its owner may read it. When anything fails, or the future is dropped, the temporary file
    /// is removed.
    ///
    /// # Errors
    ///
    /// As [`chunk`](Self::chunk), [`ErrorKind::File`] when the file cannot be written, and
    /// [`ErrorKind::Build`] when the first bytes were read already.
    pub async fn write_to(mut self, path: impl AsRef<Path>) -> Result<u64, Error> {
        self.check_unread()?;
        let target = path.as_ref().to_owned();
        drop(path);
        let mut file = self.step(move || Temporary::create(target)).await?;
        loop {
            let chunks = poll_fn(|cx| self.poll_batch(cx)).await?;
            if chunks.is_empty() {
                break;
            }
            file = self.step(move || file.append(&chunks)).await?;
        }
        // Two steps: whoever gives up during the first must not find a file later.
        file = self.step(move || file.sync()).await?;
        self.step(move || file.keep()).await?;
        self.succeed();
        Ok(self.received())
    }

    /// A step of the file system, within the time that the whole may take.
    async fn step<T: Send + 'static>(
        &mut self,
        work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let step = write::step(work);
        let result = match self.body.end() {
            None => step.await,
            Some(end) => match tokio::time::timeout_at(end.at, step).await {
                Ok(result) => result,
                Err(_) => return Err(self.fail(end.error(self.received()))),
            },
        };
        result.map_err(|failure| self.fail(failure.into_error(self.received())))
    }

    /// What is there already, up to a size that is worth a step of the file system; nothing when the
    /// file is complete.
    fn poll_batch(&mut self, cx: &mut Context<'_>) -> Poll<Result<Vec<Bytes>, Error>> {
        let mut chunks = Vec::new();
        let mut length = 0_usize;
        while length < BATCH {
            match self.poll_body(cx)? {
                Poll::Ready(Some(chunk)) => {
                    length = length.saturating_add(chunk.len());
                    chunks.push(chunk);
                }
                Poll::Ready(None) => break,
                Poll::Pending if chunks.is_empty() => return Poll::Pending,
                Poll::Pending => {
                    // The time of the disk is not the server's.
                    self.body.stop_waiting();
                    break;
                }
            }
        }
        Poll::Ready(Ok(chunks))
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        let chunk = ready!(self.poll_body(cx))?;
        if chunk.is_none() {
            self.succeed();
        }
        Poll::Ready(Ok(chunk))
    }

    /// A chunk, or the end of the body, which is not yet that of a download to a file.
    fn poll_body(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        match self.state {
            State::Open => {}
            State::Complete => return Poll::Ready(Ok(None)),
            State::Failed => {
                let error = Error::new(ErrorKind::Io).with_detail("the download failed before");
                return Poll::Ready(Err(self.told(error)));
            }
        }
        Poll::Ready(match ready!(self.body.poll(cx)) {
            Ok(Some(chunk)) => Ok(Some(chunk)),
            Ok(None) => {
                self.end(State::Complete);
                Ok(None)
            }
            Err(error) => Err(self.fail(error)),
        })
    }

    fn check_unread(&mut self) -> Result<(), Error> {
        if self.state == State::Open && self.received() == 0 {
            return Ok(());
        }
        let error = Error::new(ErrorKind::Build).with_detail("the first bytes were read already");
        Err(self.fail(error))
    }

    /// Ends the download, and with it the connection, with an error that knows the call.
    #[cold]
    fn fail(&mut self, error: Error) -> Error {
        self.end(State::Failed);
        self.body.close();
        self.record(Some(error.kind()));
        let error = self.told(error);
        match self.watch.take() {
            Some(watch) => watch.failed(error),
            None => error,
        }
    }

    fn end(&mut self, state: State) {
        self.state = state;
        // A place among the calls in flight is kept there.
        self.head.extensions.clear();
    }

    /// The file is where it should be.
    fn succeed(&mut self) {
        if let Some(watch) = self.watch.take() {
            watch.succeeded(self.head.status);
            self.record(None);
        }
    }

    /// Adds what is known of the call.
    fn told(&self, error: Error) -> Error {
        let mut error = error.with_head(self.head.status, self.head.headers.clone());
        if let Some(id) = &self.request_id {
            error.set_request_id(id.clone());
        }
        error.ended(Some(self.info), &self.progress)
    }

    fn record(&self, failure: Option<ErrorKind>) {
        tracing::debug!(
            operation = self.info.name(),
            request_id = self.request_id.as_ref().map(tracing::field::debug),
            bytes = self.received(),
            failure = failure.map(ErrorKind::name),
            "download"
        );
    }
}

/// Writes a file whose contents are there already, as [`Download::write_to`] writes one that comes: under its name there is
/// the whole of it or nothing, and on Unix only its owner may read it.
///
/// ```no_run
/// # async fn example(report: accredit_transport::bytes::Bytes) -> Result<(), accredit_transport::Error> {
/// accredit_transport::write_file("report.pdf", report).await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`ErrorKind::File`].
pub async fn write_file(path: impl AsRef<Path>, contents: Bytes) -> Result<(), Error> {
    let target = path.as_ref().to_owned();
    drop(path);
    let length = u64::try_from(contents.len()).unwrap_or(u64::MAX);
    let write = async {
        let file = write::step(move || Temporary::create(target)).await?;
        let file = write::step(move || file.append(&[contents])).await?;
        let file = write::step(move || file.sync()).await?;
        write::step(move || file.keep()).await
    };
    write
        .await
        .map_err(|failure: Failure| failure.into_error(length))
}

impl Stream for Download {
    type Item = Result<Bytes, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.state == State::Failed {
            return Poll::Ready(None);
        }
        this.poll_chunk(cx).map(Result::transpose)
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Headers and the name stay out: they may name persons.
        f.debug_struct("Download")
            .field("operation", &self.info.name())
            .field("status", &self.head.status)
            .field("request_id", &self.request_id)
            .field("length", &self.length())
            .field("received", &self.received())
            .finish_non_exhaustive()
    }
}
