//! Writes an operation to a request: path, query, headers, body.
//!
//! Owns percent-encoding: nothing that a caller passes as a value can change the shape of the path
//! or the query. Never knows the origin; that is added (and pinned) by the base URI layer.

use std::fmt::{self, Display, Write as _};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use http::uri::PathAndQuery;
use http::{Request, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::body::Body;
use crate::error::EncodeError;
use crate::operation::OperationInfo;

/// All that is not unreserved in RFC 3986 is encoded, in paths and queries alike: slashes, plus
/// signs, non-ASCII.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Collects the parts of one request.
///
/// Path parameters come first and in the order of the template: the target is written once, into
/// one allocation.
///
/// ```
/// use accredit_transport::http::Method;
/// use accredit_transport::{OperationInfo, RequestEncoder, ResponseKind, RetryClass};
///
/// static INFO: OperationInfo =
///     OperationInfo::new("files.list", Method::GET, "/users/{user}/files", RetryClass::Read, ResponseKind::Page);
///
/// let mut encoder = RequestEncoder::new(&INFO);
/// encoder.path("user", "a/b")?;
/// encoder.query("q", "x&y");
/// encoder.query_list("kind", &["pdf", "png"])?;
/// let request = encoder.finish()?;
/// assert_eq!(request.uri(), "/users/a%2Fb/files?q=x%26y&kind=pdf,png");
/// # Ok::<(), accredit_transport::EncodeError>(())
/// ```
pub struct RequestEncoder {
    info: &'static OperationInfo,
    /// Path and query as far as they are written.
    target: String,
    /// The part of the path template that is not written yet.
    template: &'static str,
    has_query: bool,
    headers: HeaderMap,
    body: Body,
    /// The first fault of a setter that does not return one itself.
    fault: Option<EncodeError>,
}

impl RequestEncoder {
    /// Starts the request of an operation.
    #[must_use]
    pub fn new(info: &'static OperationInfo) -> Self {
        Self {
            info,
            target: String::with_capacity(info.path().len() + 64),
            template: info.path(),
            has_query: false,
            // Mostly none: what the layers add is not known here, and not for each attempt's copy.
            headers: HeaderMap::new(),
            body: Body::default(),
            fault: None,
        }
    }

    /// Fills the path parameter `{name}` with one percent-encoded segment.
    ///
    /// # Errors
    ///
    /// When the value is empty, `.` or `..` (a server or proxy would resolve these to another
    /// path), and when `name` is not the next parameter of the template.
    pub fn path(&mut self, name: &'static str, value: impl Display) -> Result<(), EncodeError> {
        self.path_segment(name, &value)
    }

    fn path_segment(&mut self, name: &'static str, value: &dyn Display) -> Result<(), EncodeError> {
        let next = cut(self.template, b'{').and_then(|(before, rest)| {
            cut(rest, b'}').map(|(parameter, after)| (before, parameter, after))
        });
        let Some((before, parameter, after)) = next else {
            return Err(EncodeError::new(
                name,
                "the path has no such parameter left",
            ));
        };
        if parameter != name {
            return Err(EncodeError::new(
                name,
                "is not the next parameter of the path",
            ));
        }
        self.target.push_str(before);
        let start = self.target.len();
        write_encoded(&mut self.target, name, value)?;
        match self.target.get(start..) {
            Some("" | "." | "..") | None => Err(EncodeError::new(
                name,
                "is empty or a dot segment, which would name another path",
            )),
            Some(_) => {
                self.template = after;
                Ok(())
            }
        }
    }

    /// Adds `name=value`, percent-encoded, behind what the query holds so far.
    pub fn query(&mut self, name: &str, value: impl Display) {
        self.query_pair(name, &value);
    }

    fn query_pair(&mut self, name: &str, value: &dyn Display) {
        self.query_name(name);
        if let Err(error) = write_encoded(&mut self.target, name, value) {
            self.fault.get_or_insert(error);
        }
    }

    /// Adds `name=value` if there is a value.
    pub fn query_opt<T: Display>(&mut self, name: &str, value: Option<&T>) {
        if let Some(value) = value {
            self.query_pair(name, value);
        }
    }

    /// Adds `name=a,b,c`.
    ///
    /// # Errors
    ///
    /// When the list is empty: a server takes that for no filter at all, and gives everything to
    /// who asked for nothing. When a value holds a comma or is empty: the server would read another
    /// list than the caller wrote.
    pub fn query_list<T: Display>(&mut self, name: &str, values: &[T]) -> Result<(), EncodeError> {
        if values.is_empty() {
            return Err(EncodeError::new(
                name,
                "is an empty list, which a server takes for none at all",
            ));
        }
        for (index, value) in values.iter().enumerate() {
            self.query_list_item(name, index == 0, value)?;
        }
        Ok(())
    }

    /// Adds `name=a,b,c` if there is a list.
    ///
    /// # Errors
    ///
    /// As [`query_list`](Self::query_list): also when there is one and it is empty.
    pub fn query_list_opt<T: Display>(
        &mut self,
        name: &str,
        values: Option<&[T]>,
    ) -> Result<(), EncodeError> {
        values.map_or(Ok(()), |values| self.query_list(name, values))
    }

    fn query_list_item(
        &mut self,
        name: &str,
        first: bool,
        value: &dyn Display,
    ) -> Result<(), EncodeError> {
        if first {
            self.query_name(name);
        } else {
            self.target.push(',');
        }
        let start = self.target.len();
        write_encoded(&mut self.target, name, value)?;
        let written = self.target.get(start..).unwrap_or_default();
        if written.is_empty() {
            return Err(EncodeError::new(name, "a list holds an empty value"));
        }
        // `%2C` is what an encoded comma looks like; a percent sign of the value itself reads
        // `%25`.
        if written.contains("%2C") {
            return Err(EncodeError::new(
                name,
                "a value of a comma list holds a comma",
            ));
        }
        Ok(())
    }

    fn query_name(&mut self, name: &str) {
        self.flush_template();
        self.target.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        self.target.extend(utf8_percent_encode(name, ENCODED));
        self.target.push('=');
    }

    /// Writes what is left of the template; from here on no path parameter can be filled.
    fn flush_template(&mut self) {
        if let Some((_, rest)) = cut(self.template, b'{') {
            let name = rest.split_once('}').map_or(rest, |(name, _)| name);
            self.fault.get_or_insert_with(|| {
                EncodeError::new(name, "a parameter of the path was not filled")
            });
        }
        self.target.push_str(self.template);
        self.template = "";
    }

    /// Sets the body to `body` as JSON, serialised once, and the content type to
    /// `application/json`.
    ///
    /// # Errors
    ///
    /// When the value does not serialise (a map whose keys are no strings, say).
    pub fn json<T: Serialize + ?Sized>(&mut self, body: &T) -> Result<(), EncodeError> {
        let json = serde_json::to_vec(body).map_err(|error| EncodeError::body(&error))?;
        self.bytes(HeaderValue::from_static("application/json"), json);
        Ok(())
    }

    /// Sets the body and its content type.
    pub fn bytes(&mut self, content_type: HeaderValue, body: impl Into<Bytes>) {
        self.body(content_type, Body::whole(body));
    }

    /// Sets a body that may still be on its way, such as that of an [`Upload`](crate::Upload), and its content type. A
    /// request whose body is not whole is sent once.
    pub fn body(&mut self, content_type: HeaderValue, body: Body) {
        self.headers.insert(CONTENT_TYPE, content_type);
        self.body = body;
    }

    /// Sets a header of this operation. What the layers add later (request id, authorization)
    /// stands above it.
    pub fn header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.insert(name, value);
    }

    /// The facts of the operation that is being written.
    #[must_use]
    pub fn info(&self) -> &'static OperationInfo {
        self.info
    }

    /// The request, with a relative URI and the facts of its operation in the extensions.
    ///
    /// # Errors
    ///
    /// When a path parameter was not filled, or a query value could not be written.
    pub fn finish(mut self) -> Result<Request<Body>, EncodeError> {
        self.flush_template();
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let target = PathAndQuery::from_maybe_shared(Bytes::from(self.target))
            .map_err(|_| EncodeError::new("path", "the template is no valid path"))?;
        let mut request = Request::new(self.body);
        *request.method_mut() = self.info.method().clone();
        *request.uri_mut() = Uri::from(target);
        *request.headers_mut() = self.headers;
        request.extensions_mut().insert(self.info);
        Ok(request)
    }
}

impl fmt::Debug for RequestEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values stand in the target and the body: neither is shown.
        f.debug_struct("RequestEncoder")
            .field("operation", &self.info.name())
            .finish_non_exhaustive()
    }
}

/// Splits at an ASCII character. `split_once` prepares for long texts; a template is short.
fn cut(text: &str, at: u8) -> Option<(&str, &str)> {
    let index = text.bytes().position(|byte| byte == at)?;
    text.get(..index).zip(text.get(index + 1..))
}

/// Percent-encodes what a value displays straight into the target.
struct Encoded<'a>(&'a mut String);

impl fmt::Write for Encoded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(utf8_percent_encode(text, ENCODED));
        Ok(())
    }
}

fn write_encoded(target: &mut String, name: &str, value: &dyn Display) -> Result<(), EncodeError> {
    write!(Encoded(target), "{value}")
        .map_err(|_| EncodeError::new(name, "the value could not be written as text"))
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::operation::{ResponseKind, RetryClass};

    static TWO: OperationInfo = OperationInfo::new(
        "two",
        Method::PUT,
        "/a/{one}/b/{two}.pdf",
        RetryClass::IdempotentWrite,
        ResponseKind::Json,
    );
    static NONE: OperationInfo = OperationInfo::new(
        "none",
        Method::GET,
        "/",
        RetryClass::Read,
        ResponseKind::Page,
    );

    #[test]
    fn parameters_fill_the_template_in_order() {
        let mut encoder = RequestEncoder::new(&TWO);
        encoder.path("one", 7).unwrap();
        encoder.path("two", format_args!("x{}y", '/')).unwrap();
        let request = encoder.finish().unwrap();
        assert_eq!(request.uri(), "/a/7/b/x%2Fy.pdf");
        assert_eq!(request.method(), Method::PUT);
        assert_eq!(
            request
                .extensions()
                .get::<&'static OperationInfo>()
                .unwrap()
                .name(),
            "two"
        );
    }

    #[test]
    fn a_wrong_order_a_gap_and_a_surplus_are_errors() {
        assert!(RequestEncoder::new(&TWO).path("two", 1).is_err());
        assert!(RequestEncoder::new(&NONE).path("one", 1).is_err());
        let mut gap = RequestEncoder::new(&TWO);
        gap.path("one", 1).unwrap();
        assert_eq!(
            gap.finish().unwrap_err().to_string(),
            "`two`: a parameter of the path was not filled"
        );
        let mut early = RequestEncoder::new(&TWO);
        early.query("q", 1);
        assert!(early.path("one", 1).is_err());
        assert!(early.finish().is_err());
    }

    #[test]
    fn segments_that_name_another_path_are_refused() {
        for value in ["", ".", ".."] {
            let mut encoder = RequestEncoder::new(&TWO);
            assert!(encoder.path("one", value).is_err(), "{value:?}");
            assert!(
                encoder.finish().is_err(),
                "an error that was ignored does not vanish"
            );
        }
        for value in ["%2e%2e", "..%2f", "...", "a/..", "\\..", "\0", "\r\nX: y"] {
            let mut encoder = RequestEncoder::new(&TWO);
            encoder.path("one", value).unwrap();
            encoder.path("two", 2).unwrap();
            let uri = encoder.finish().unwrap().uri().to_string();
            assert_eq!(uri.matches('/').count(), 4, "{uri}");
        }
    }

    #[test]
    fn queries_keep_their_shape() {
        let mut encoder = RequestEncoder::new(&NONE);
        encoder.query("created_at__gte", "2024-01-01T00:00:00+02:00");
        encoder.query_opt("none", None::<&u8>);
        encoder.query_opt("some", Some(&"a&b=c #\u{fc}"));
        encoder.query("a[]", "");
        let request = encoder.finish().unwrap();
        let expected = "/?created_at__gte=2024-01-01T00%3A00%3A00%2B02%3A00\
                        &some=a%26b%3Dc%20%23%C3%BC&a%5B%5D=";
        assert_eq!(request.uri(), expected);
    }

    #[test]
    fn comma_lists_refuse_commas_gaps_and_nothing() {
        let mut encoder = RequestEncoder::new(&NONE);
        encoder.query_list_opt::<u8>("none", None).unwrap();
        encoder.query_list("id", &[1, 2, 3]).unwrap();
        encoder.query_list("percent", &["%2C"]).unwrap();
        assert_eq!(encoder.finish().unwrap().uri(), "/?id=1,2,3&percent=%252C");
        for bad in [["a", "b,c"], ["a", ""]] {
            assert!(
                RequestEncoder::new(&NONE).query_list("x", &bad).is_err(),
                "{bad:?}"
            );
        }
        let error = RequestEncoder::new(&NONE).query_list_opt::<u8>("id__in", Some(&[]));
        let line = "`id__in`: is an empty list, which a server takes for none at all";
        assert_eq!(error.unwrap_err().to_string(), line);
    }

    #[test]
    fn a_body_that_does_not_serialise_is_an_error_without_its_value() {
        let mut encoder = RequestEncoder::new(&NONE);
        let body = std::collections::BTreeMap::from([(vec!["canary"], 1)]);
        let error = encoder.json(&body).unwrap_err();
        assert!(
            !format!("{error} {error:?}").contains("canary"),
            "{error:?}"
        );
        encoder.query("q", "canary");
        assert!(!format!("{encoder:?}").contains("canary"));
    }

    #[test]
    fn a_value_that_cannot_be_written_is_an_error() {
        struct Broken;
        impl Display for Broken {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                Err(fmt::Error)
            }
        }
        let mut encoder = RequestEncoder::new(&NONE);
        encoder.query("q", Broken);
        assert!(encoder.finish().is_err());
    }
}
