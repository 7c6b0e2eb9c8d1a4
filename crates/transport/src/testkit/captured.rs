//! A request as a scripted server got it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Extensions, HeaderMap, Method, Request, Uri};

use crate::error::RedactedHeaders;
use crate::observe::{name_of, path_of};
use crate::operation::OperationInfo;

/// A request as it would have gone out: with the full URI, all headers, the token and the body.
///
/// `Debug` shows neither the values of headers nor the body nor the filled path.
#[derive(Clone)]
pub struct Captured {
    info: Option<&'static OperationInfo>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    extensions: Extensions,
    body: Bytes,
    at: Duration,
}

impl Captured {
    pub(super) fn new(
        info: Option<&'static OperationInfo>,
        request: Request<Bytes>,
        at: Duration,
    ) -> Self {
        let (parts, body) = request.into_parts();
        Self {
            info,
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            extensions: parts.extensions,
            body,
            at,
        }
    }

    /// The name of the operation; `raw` for a raw request.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        name_of(self.info)
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The whole URI.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The path, percent-encoded as it was sent.
    #[must_use]
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// The query without its question mark, percent-encoded as it was sent; empty if there is none.
    #[must_use]
    pub fn query(&self) -> &str {
        self.uri.query().unwrap_or_default()
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The value of a header, if it is there once or more and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What layers put on the request beside.
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// The body; empty if there is none.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON.
    ///
    /// # Panics
    ///
    /// When it is none of this type.
    #[must_use]
    #[track_caller]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!("the body of {self:?} is not that JSON: {error}"),
        }
    }

    /// When it came, from the making of the script on, by tokio's clock.
    #[must_use]
    pub fn at(&self) -> Duration {
        self.at
    }
}

impl fmt::Debug for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            info,
            method,
            uri: _,
            headers,
            extensions: _,
            body,
            at,
        } = self;
        f.debug_struct("Captured")
            .field("operation", &name_of(*info))
            .field("method", method)
            .field("path", &path_of(*info))
            .field("headers", &RedactedHeaders(headers))
            .field("body", &format_args!("[{} bytes]", body.len()))
            .field("at", at)
            .finish()
    }
}
