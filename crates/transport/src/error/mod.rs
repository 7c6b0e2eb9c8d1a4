//! The one error of a call: opaque, one pointer wide, useful in one line.
//!
//! Never shows its source, a body or a header value in `Display`, and redacts bodies and headers in
//! `Debug`.

mod codec;
mod config;
mod kind;
mod show;

use std::borrow::Cow;
use std::convert::Infallible;
use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

pub use codec::{DecodeError, EncodeError};
pub use config::ConfigError;
pub use kind::{ErrorKind, TimeoutPhase};
pub(crate) use show::{RedactedHeaders, content_type};

use crate::operation::{OperationInfo, Reply};
use crate::progress::{Attempt, Progress};
use crate::retry::{self, Seen};
use crate::{BoxError, retry_after};

/// How much of a body an error keeps, in bytes, when the body was not already cut to the client's
/// cap.
const BODY_CAP: usize = 64 * 1024;

/// Why a call failed.
///
/// `Display` is one line that says which operation failed and how (`investments.list: 502 Bad
/// Gateway (text/html, 1523 bytes)`); the cause, where there is one, is the
/// [`source`](StdError::source). What the server sent is kept: status, headers, a bounded body.
///
/// ```
/// use accredit_transport::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
/// use accredit_transport::http::StatusCode;
/// use accredit_transport::{Error, Reply};
///
/// let json = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
/// let error = Error::from_reply(Reply::new(StatusCode::NOT_FOUND, json, r#"{"detail":"Not found."}"#));
/// assert!(error.is_not_found());
/// assert_eq!(error.to_string(), "404 Not Found");
///
/// #[derive(serde::Deserialize)]
/// struct Problem {
///     detail: String,
/// }
/// assert_eq!(error.api::<Problem>().unwrap().detail, "Not found.");
/// ```
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    info: Option<&'static OperationInfo>,
    /// What is known beyond the kind; no values, no secrets.
    detail: Cow<'static, str>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    attempts: u32,
    log: Vec<Attempt>,
    sent: bool,
    /// Whether the operation may have had its effect, and a second run would be a second effect.
    unknown: bool,
    /// For `Auth`: whether what the token source met was transient.
    transient_cause: bool,
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Bytes,
    truncated: bool,
    request_id: Option<HeaderValue>,
    refusal: Option<String>,
}

/// Building errors: for tests of one's own error handling, and for layers, transports and token
/// sources.
impl Error {
    /// An error of this kind and nothing else.
    #[must_use]
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            info: None,
            detail: Cow::Borrowed(""),
            source: None,
            attempts: 0,
            log: Vec::new(),
            unknown: kind == ErrorKind::OutcomeUnknown,
            sent: kind.may_have_been_sent(),
            transient_cause: false,
            status: None,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            truncated: false,
            request_id: None,
            refusal: None,
        }))
    }

    /// The error of a reply whose status is not 2xx.
    #[must_use]
    pub fn from_reply(reply: Reply) -> Self {
        let mut error = Self::new(match reply.status {
            StatusCode::UNAUTHORIZED => ErrorKind::Unauthorized,
            _ => ErrorKind::Status,
        });
        let inner = &mut *error.0;
        inner.status = Some(reply.status);
        inner.headers = reply.headers;
        inner.body = reply.body;
        inner.truncated = reply.truncated;
        error
    }

    /// No credentials: what a [`TokenSource`](crate::TokenSource) answers when it has nothing to
    /// send.
    #[must_use]
    pub fn auth(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Auth).with_detail(detail)
    }

    /// The same failure as a refusal of the credentials: for services that answer a wrong password with another status
    /// than 401.
    #[must_use]
    pub fn into_unauthorized(mut self) -> Self {
        self.0.kind = ErrorKind::Unauthorized;
        self
    }

    /// Adds what is known beyond the kind. It is shown to users: no values, no secrets.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Names the operation that failed.
    #[must_use]
    pub fn with_operation(mut self, info: &'static OperationInfo) -> Self {
        self.0.info = Some(info);
        self
    }

    pub(crate) fn timeout(phase: TimeoutPhase, limit: Duration) -> Self {
        Self::new(ErrorKind::Timeout(phase))
            .with_detail(format!("{} within {limit:?}", phase.missing()))
    }

    pub(crate) fn too_large(cap: usize) -> Self {
        Self::new(ErrorKind::TooLarge).with_detail(format!("the limit is {cap} bytes"))
    }

    pub(crate) fn broken_off(received: u64, cause: BoxError) -> Self {
        Self::new(ErrorKind::Io)
            .with_detail(format!("the body broke off after {received} bytes"))
            .with_source(cause)
    }

    pub(crate) fn encode(info: &'static OperationInfo, error: &EncodeError) -> Self {
        Self::new(ErrorKind::Build)
            .with_operation(info)
            .with_detail(error.to_string())
    }

    /// The error of a 2xx reply that could not be read, or in which the server refused.
    pub(crate) fn decode(error: DecodeError, reply: Reply) -> Self {
        let mut failed = Self::from_reply(reply);
        let inner = &mut *failed.0;
        if inner.body.len() > BODY_CAP {
            // A copy of the head, so that a kept error does not hold megabytes.
            inner.body = Bytes::copy_from_slice(inner.body.get(..BODY_CAP).unwrap_or_default());
            inner.truncated = true;
        }
        match error.into_refusal() {
            Ok(message) => {
                inner.kind = ErrorKind::Refused;
                inner.refusal = message;
            }
            Err(malformed) => {
                inner.kind = ErrorKind::Decode;
                inner.detail = malformed.to_string().into();
                // Its text is shown already; only what lies below is a source.
                if malformed.source().is_some() {
                    inner.source = Some(Arc::new(show::Below(malformed)));
                }
            }
        }
        failed
    }

    /// The failure of a token source as the failure of the request that needed the token. That
    /// request was not sent, whatever happened to the login; status, headers and body are those of
    /// the login.
    pub(crate) fn into_auth(mut self) -> Self {
        if self.0.kind != ErrorKind::Auth {
            self.0.transient_cause = self.is_transient();
            self.0.detail = self.to_string().into();
            // Refused credentials stay that: it is what the caller has to know.
            if self.0.kind != ErrorKind::Unauthorized {
                self.0.kind = ErrorKind::Auth;
            }
        }
        self.0.info = None;
        self.0.attempts = 0;
        self.0.sent = false;
        self.0.unknown = false;
        self
    }

    /// The same failure once more, for each of those who waited for what failed.
    pub(crate) fn twin(&self) -> Self {
        Self(self.0.clone())
    }

    /// Fills in what the layers know and the place of failure did not.
    pub(crate) fn in_operation(
        mut self,
        info: Option<&'static OperationInfo>,
        attempts: u32,
    ) -> Self {
        self.0.info = self.0.info.or(info);
        self.0.attempts = self.0.attempts.max(attempts);
        self
    }

    /// The error as it ends a call: with its attempts, and with what it says about the operation's
    /// effect. A layer of a user's may have made it, of whatever it likes: what is known of the
    /// attempts counts for more than its kind.
    pub(crate) fn ended(self, info: Option<&'static OperationInfo>, progress: &Progress) -> Self {
        // A layer made another request of this one, or cannot be seen through.
        let is_untold = self.0.attempts > progress.attempts() || !progress.has_entered();
        let mut error = self.in_operation(info, progress.attempts());
        let inner = &mut *error.0;
        // The error of another call that a layer made stands for this one.
        inner.info = info;
        inner.log = progress.take_log();
        if inner.request_id.is_none() {
            inner.request_id = progress.request_id();
        }
        let unsettled = progress.unsettled();
        if let Some(info) = info {
            let may_have_run = inner.sent && (unsettled > 0 || is_untold);
            let seen = match (inner.kind, inner.status) {
                (ErrorKind::Status, Some(status)) => {
                    Seen::Reply(status, retry_after::from_headers(&inner.headers).is_some())
                }
                (ErrorKind::Timeout(_), Some(status)) if !status.is_success() => {
                    Seen::Reply(status, false)
                }
                (kind, _) => Seen::Failure(kind, may_have_run),
            };
            inner.unknown = retry::leaves_unknown(info.class(), seen);
            // Two that nobody has settled, though it is known what became of them: a 2xx that says no
            // in its body, and any other no of which the deadline cut off the words.
            let told = inner.kind == ErrorKind::Refused
                || matches!(seen, Seen::Reply(..)) && progress.head().is_some();
            let open = unsettled.saturating_sub(u32::from(told));
            inner.unknown |= !info.class().is_repeatable() && open > 0;
        }
        // The last attempt may have found no connection, and one before it an open one.
        inner.sent |= unsettled > 0 || progress.may_have_run_before();
        error
    }

    /// The id of the server's own, if it answered with one in this header.
    pub(crate) fn identified_by(mut self, header: &HeaderName) -> Self {
        if let Some(id) = self.0.headers.get(header) {
            self.0.request_id = Some(id.clone());
        }
        self
    }

    pub(crate) fn set_sent(&mut self, sent: bool) {
        self.0.sent = sent;
    }

    /// The head of the reply during which it failed.
    pub(crate) fn with_head(mut self, status: StatusCode, headers: HeaderMap) -> Self {
        self.0.status = Some(status);
        self.0.headers = headers;
        self
    }

    /// The status of the reply that was under way when time ran out, unless it is known.
    pub(crate) fn in_reply(mut self, status: Option<StatusCode>) -> Self {
        if matches!(self.0.kind, ErrorKind::Timeout(_)) {
            self.0.status = self.0.status.or(status);
        }
        self
    }

    /// The beginning of a body that was not what it should be.
    pub(crate) fn with_page(mut self, mut page: Bytes) -> Self {
        page.truncate(BODY_CAP);
        self.0.body = page;
        self.0.truncated = true;
        self
    }

    pub(crate) fn set_request_id(&mut self, id: HeaderValue) {
        self.0.request_id.get_or_insert(id);
    }
}

/// What is known.
impl Error {
    /// What went wrong, in the one word that a caller should act on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        if self.0.unknown {
            ErrorKind::OutcomeUnknown
        } else {
            self.0.kind
        }
    }

    /// What went wrong, technically: the kind, except for [`ErrorKind::OutcomeUnknown`], of which
    /// it is the cause.
    #[must_use]
    pub fn reason(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether an [outcome that is not known](ErrorKind::OutcomeUnknown) is probably a success: the
    /// server answered 2xx, and only what it said could not be read.
    #[must_use]
    pub fn likely_applied(&self) -> bool {
        self.0.unknown && self.0.status.is_some_and(|status| status.is_success())
    }

    /// The attempts that failed before or with this error, oldest first. A reply that came whole
    /// and could not be read is not among them; of more than a thousand, the first ones and the last
    /// are.
    #[must_use]
    pub fn attempt_log(&self) -> &[Attempt] {
        &self.0.log
    }

    /// The name of the operation, `None` for a raw request.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.info.map(OperationInfo::name)
    }

    /// The status of the reply, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The id under which the server may find the request in its logs.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_ref().and_then(|id| id.to_str().ok())
    }

    /// How often the request was handed to the transport.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The headers of the reply; empty if there was none. Of a reply that could not be read, or
    /// that refused, only the content type is kept.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The body of the reply: up to the client's cap for error bodies, or 64 KiB of a 2xx reply that
    /// could not be read. It may hold personal data.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// The body as the API's own error document, if it is one.
    #[must_use]
    pub fn api<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.0.body).ok()
    }

    /// What the server said when it refused an operation in a 2xx reply. It may hold personal data.
    #[must_use]
    pub fn refusal(&self) -> Option<&str> {
        self.0.refusal.as_deref()
    }

    /// How long the server asks to wait. Zero when the time is past; not capped: a server can ask
    /// for centuries.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after::from_headers(&self.0.headers)
    }
}

/// What to make of it.
impl Error {
    /// The server answered 404.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// The server refused the credentials, of this request or of the login that it needed.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.kind() == ErrorKind::Unauthorized
    }

    /// The server answered 429.
    #[must_use]
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Time ran out, in any phase.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.reason(), ErrorKind::Timeout(_))
    }

    /// Whether the cause may go away by itself. Says nothing about safety: see
    /// [`is_retryable`](Self::is_retryable).
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.0.kind {
            ErrorKind::Connect | ErrorKind::Timeout(_) | ErrorKind::Io | ErrorKind::Overloaded => {
                true
            }
            ErrorKind::Status => self.0.status.is_some_and(retry::is_transient),
            ErrorKind::Auth => self.0.transient_cause,
            ErrorKind::Build
            | ErrorKind::Origin
            | ErrorKind::Unauthorized
            | ErrorKind::OutcomeUnknown
            | ErrorKind::Refused
            | ErrorKind::Decode
            | ErrorKind::TooLarge
            | ErrorKind::File
            | ErrorKind::Pagination => false,
        }
    }

    /// Whether the same call may be made again without risking a second effect, with some hope of
    /// success.
    ///
    /// True for a transient failure when the operation has no second effect by its
    /// [class](crate::RetryClass), when the request provably was not sent, or when the server
    /// turned it away (429).
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let repeatable = self.0.info.is_some_and(|info| info.class().is_repeatable());
        !self.0.unknown
            && self.is_transient()
            && (repeatable || !self.may_have_been_sent() || self.is_rate_limited())
    }

    /// Whether any attempt may have reached the server, but for those that it turned away unrun.
    /// `false` is certain, `true` is not.
    ///
    /// When this is `true` for an operation with effects, look before repeating it.
    #[must_use]
    pub fn may_have_been_sent(&self) -> bool {
        self.0.sent
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source: &(dyn StdError + 'static) = self.0.source.as_deref()?;
        // Below a text that is shown already.
        if let Some(below) = source.downcast_ref::<show::Below>() {
            below.0.source()
        } else {
            Some(source)
        }
    }
}

impl From<BoxError> for Error {
    /// Takes an error of this type out of its box; anything else is an [`ErrorKind::Io`] whose
    /// request may have been sent.
    fn from(error: BoxError) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => *error,
            Err(other) => Self::new(ErrorKind::Io).with_source(other),
        }
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
