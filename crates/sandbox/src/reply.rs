//! What a handler gives back: an answer, or a failure that undoes what the call wrote.
//!
//! It knows no service: the error bodies of each are in its own module.

use axum::body::Body;
use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};

use crate::inspector::Kept;
use crate::json::Json;

/// The result of a handler.
pub(crate) type Outcome = Result<Reply, Failure>;

/// An answer before it becomes an HTTP response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    content_type: Option<&'static str>,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
}

impl Reply {
    pub(crate) fn json(status: StatusCode, body: &Json) -> Self {
        Self::new(status, Some("application/json"), body.to_bytes())
    }

    pub(crate) fn ok(body: &Json) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) fn html(status: StatusCode, body: String) -> Self {
        Self::new(status, Some("text/html; charset=utf-8"), body.into_bytes())
    }

    pub(crate) fn text(status: StatusCode, body: &str) -> Self {
        Self::new(
            status,
            Some("text/plain; charset=utf-8"),
            body.as_bytes().to_vec(),
        )
    }

    pub(crate) fn pdf(body: Vec<u8>) -> Self {
        Self::new(StatusCode::OK, Some("application/pdf"), body)
    }

    /// JSON that is a text already.
    pub(crate) fn document(text: String) -> Self {
        Self::new(StatusCode::OK, Some("application/json"), text.into_bytes())
    }

    pub(crate) fn empty(status: StatusCode) -> Self {
        Self::new(status, None, Vec::new())
    }

    /// Sends the client elsewhere. A location that is no header value gives 400 instead.
    pub(crate) fn redirect(status: StatusCode, location: &str) -> Self {
        HeaderValue::from_str(location).map_or_else(
            |_| {
                Self::text(
                    StatusCode::BAD_REQUEST,
                    "That is not an address to return to.",
                )
            },
            |location| Self::empty(status).header(header::LOCATION, location),
        )
    }

    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The content type without its parameters.
    pub(crate) fn media_type(&self) -> Option<&'static str> {
        self.content_type?.split(';').next()
    }

    /// Writes a JSON body anew; any other stays.
    #[must_use]
    pub(crate) fn map_json(mut self, write: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        if self.content_type == Some("application/json") {
            self.body = write(&self.body).into();
        }
        self
    }

    fn new(status: StatusCode, content_type: Option<&'static str>, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    /// The body as the inspector keeps it.
    pub(crate) fn kept(&self) -> Kept {
        Kept::new(self.content_type.unwrap_or_default(), &self.body)
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(content_type) = self.content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        headers.extend(self.headers);
        response
    }
}

/// Why a handler stopped. Whatever it had written is rolled back.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The service's own refusal.
    Refused(Reply),
    /// Our store failed; the client sees the service's 500.
    Store(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

impl From<Reply> for Failure {
    fn from(reply: Reply) -> Self {
        Self::Refused(reply)
    }
}
