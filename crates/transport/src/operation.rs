//! What an operation is: its static facts, how it is written to a request, how its reply is read.
//!
//! An operation is a value and does no I/O. Whether it may be repeated is one of its own facts and
//! never follows from the HTTP method: a `GET` can have effects and a `POST` can be a pure check.

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

use crate::encode::RequestEncoder;
use crate::error::{DecodeError, EncodeError, Error};

/// How often a request may reach the server.
///
/// A request without a class (the raw door) is never repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryClass {
    /// No effect on the server: may be repeated after any transient failure.
    Read,
    /// Has an effect, but a second run changes nothing more than the first: may be repeated like a
    /// read.
    IdempotentWrite,
    /// A second run would be a second effect: repeated only when the first provably did not run.
    UnsafeWrite,
    /// Looks like a read (often a `GET`) but makes the server do something: treated like an unsafe
    /// write.
    EffectfulRead,
}

impl RetryClass {
    /// Whether a second run has no effect beyond that of the first.
    #[must_use]
    pub const fn is_repeatable(self) -> bool {
        matches!(self, Self::Read | Self::IdempotentWrite)
    }
}

/// What a successful reply carries; it chooses the size cap of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ResponseKind {
    /// A JSON document.
    Json,
    /// One page of a JSON list.
    Page,
    /// A JSON document inside an envelope that can also say that the operation was refused.
    Envelope,
    /// A file.
    Bytes,
    /// Nothing; a body, if there is one, is read and dropped.
    Empty,
}

impl ResponseKind {
    /// Whether it is read as a document, as opposed to a file.
    pub(crate) const fn is_document(self) -> bool {
        match self {
            Self::Json | Self::Page | Self::Envelope | Self::Empty => true,
            Self::Bytes => false,
        }
    }
}

/// The static facts of an operation.
///
/// While a request is under way, a `&'static OperationInfo` stands in its extensions, where every
/// layer finds it.
///
/// ```
/// use accredit_transport::http::Method;
/// use accredit_transport::{OperationInfo, ResponseKind, RetryClass};
///
/// const LOGIN: OperationInfo =
///     OperationInfo::new("auth.login", Method::POST, "/login/", RetryClass::UnsafeWrite, ResponseKind::Json).anonymous();
/// assert_eq!(LOGIN.name(), "auth.login");
/// assert!(!LOGIN.is_authenticated());
/// ```
#[derive(Clone, Debug)]
pub struct OperationInfo {
    name: &'static str,
    method: Method,
    path: &'static str,
    class: RetryClass,
    response: ResponseKind,
    authenticated: bool,
}

impl OperationInfo {
    /// The facts of an operation that is sent with credentials.
    ///
    /// `name` is what errors and spans show (`"investments.list"`); `path` is a template with
    /// `{name}` parameters.
    #[must_use]
    pub const fn new(
        name: &'static str,
        method: Method,
        path: &'static str,
        class: RetryClass,
        response: ResponseKind,
    ) -> Self {
        Self {
            name,
            method,
            path,
            class,
            response,
            authenticated: true,
        }
    }

    /// The same operation, sent without credentials (a login).
    #[must_use]
    pub const fn anonymous(mut self) -> Self {
        self.authenticated = false;
        self
    }

    /// The stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The HTTP method.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The path template.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// How often the request may reach the server.
    #[must_use]
    pub const fn class(&self) -> RetryClass {
        self.class
    }

    /// What a successful reply carries.
    #[must_use]
    pub const fn response(&self) -> ResponseKind {
        self.response
    }

    /// Whether credentials are sent along.
    #[must_use]
    pub const fn is_authenticated(&self) -> bool {
        self.authenticated
    }
}

/// One call of an API as a value: how to write the request and how to read the reply.
///
/// ```
/// use accredit_transport::http::Method;
/// use accredit_transport::{
///     DecodeError, EncodeError, Operation, OperationInfo, Reply, RequestEncoder, ResponseKind, RetryClass,
/// };
///
/// struct Retrieve {
///     id: u64,
/// }
///
/// impl Operation for Retrieve {
///     type Output = String;
///     const INFO: OperationInfo =
///         OperationInfo::new("notes.retrieve", Method::GET, "/notes/{id}/", RetryClass::Read, ResponseKind::Json);
///
///     fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
///         request.path("id", self.id)
///     }
///
///     fn decode(reply: Reply) -> Result<String, DecodeError> {
///         reply.json()
///     }
/// }
/// ```
pub trait Operation: Send + Sync {
    /// What a successful reply reads as.
    type Output: Send;

    /// The static facts.
    const INFO: OperationInfo;

    /// Fills path parameters (first, and in the order of the template), query, headers and body.
    ///
    /// # Errors
    ///
    /// When a value cannot be written safely: an empty path segment, a comma inside a list, a body
    /// that does not serialise. Nothing was sent then.
    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError>;

    /// Reads a reply with a 2xx status.
    ///
    /// # Errors
    ///
    /// When the body is not what the operation promises, or says that the operation was refused.
    fn decode(reply: Reply) -> Result<Self::Output, DecodeError>;

    /// Reads an error that is an answer: some services say "no" to a question by a status that is not 2xx. `None`, which
    /// is what it is unless an operation says otherwise, leaves it an error. What is traced and observed stays the status.
    fn answer(error: &Error) -> Option<Self::Output> {
        let _ = error;
        None
    }
}

/// The facts of `O` with a lifetime that request extensions can hold.
pub(crate) const fn info<O: Operation>() -> &'static OperationInfo {
    const { &O::INFO }
}

/// A reply with its whole body.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, at most as long as the client's cap for the kind of reply.
    pub body: Bytes,
    /// Whether the body was cut off, at the cap for error bodies or because the connection broke.
    /// Never true on a 2xx.
    pub truncated: bool,
}

impl Reply {
    /// A reply, for tests of `decode`.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers,
            body: body.into(),
            truncated: false,
        }
    }

    /// What the server's clock showed, by the `Date` header: to read times that the server states
    /// without trusting the local clock.
    #[must_use]
    pub fn date(&self) -> Option<SystemTime> {
        crate::clock::of_server(&self.headers)
    }

    /// Reads the body as JSON.
    ///
    /// The body is checked as UTF-8 once; the JSON path of a fault is found by reading a second
    /// time, so that the good case does not pay for it.
    ///
    /// # Errors
    ///
    /// When the body is not valid JSON of this type; the error names the JSON path and never quotes
    /// the value.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, DecodeError> {
        crate::decode::json(&self.body)
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            status,
            headers,
            body,
            truncated,
        } = self;
        f.debug_struct("Reply")
            .field("status", status)
            .field("headers", &crate::error::RedactedHeaders(headers))
            .field("body", &format_args!("[{} bytes]", body.len()))
            .field("truncated", truncated)
            .finish()
    }
}
