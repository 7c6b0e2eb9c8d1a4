//! Content codings of replies: asks for gzip where it was switched on, undoes it, and refuses what
//! was not asked for.
//!
//! Inside the collecting layer, whose caps so count the bytes that come out and not those that come
//! in. Never undoes more than one coding.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{HeaderMap, Request, Response, header};
use http_body::Body as _;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::body::Body;
use crate::error::{Error, ErrorKind};

/// Undoes the content coding of replies, or says which it was.
///
/// A 2xx reply in a coding that was not asked for is an error
/// ([`ErrorKind::Decode`]) that names it: read as a document, it would be nonsense. Any other reply
/// is passed on as it came: its status says more than its body. So is the reply to a request that
/// brings an `Accept-Encoding` of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct DecompressLayer {
    #[cfg(feature = "gzip")]
    gzip: bool,
}

impl DecompressLayer {
    /// Asks for no coding.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for gzip where documents are expected, and undoes it.
    #[cfg(feature = "gzip")]
    #[must_use]
    pub fn gzip(mut self, ask: bool) -> Self {
        self.gzip = ask;
        self
    }
}

impl<S> Layer<S> for DecompressLayer {
    type Service = Decompress<S>;

    fn layer(&self, inner: S) -> Decompress<S> {
        Decompress {
            inner,
            #[cfg(feature = "gzip")]
            gzip: self.gzip,
        }
    }
}

/// The service of [`DecompressLayer`].
#[derive(Clone, Debug)]
pub struct Decompress<S> {
    inner: S,
    #[cfg(feature = "gzip")]
    gzip: bool,
}

/// What the request says about codings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Nothing,
    #[cfg(feature = "gzip")]
    Gzip,
    /// The caller's own `Accept-Encoding`: the body is theirs to read.
    Other,
}

impl<S, B> Service<Request<B>> for Decompress<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error: Into<Error>>,
{
    type Response = Response<Body>;
    type Error = Error;
    type Future = DecompressFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    #[cfg_attr(not(feature = "gzip"), allow(unused_mut))]
    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let asked = match request.headers().contains_key(header::ACCEPT_ENCODING) {
            true => Asked::Other,
            #[cfg(feature = "gzip")]
            // Files are mostly compressed already, and their length is worth knowing.
            false if self.gzip && super::expects_document(&request) => {
                gzip::ask(&mut request);
                Asked::Gzip
            }
            false => Asked::Nothing,
        };
        DecompressFuture {
            step: Step::Waiting {
                inner: self.inner.call(request),
            },
            asked,
        }
    }
}

pin_project! {
    /// The future of [`Decompress`].
    pub struct DecompressFuture<F> {
        #[pin]
        step: Step<F>,
        asked: Asked,
    }
}

#[cfg(not(feature = "gzip"))]
pin_project! {
    #[project = StepProjection]
    enum Step<F> {
        Waiting { #[pin] inner: F },
    }
}

#[cfg(feature = "gzip")]
pin_project! {
    #[project = StepProjection]
    enum Step<F> {
        Waiting { #[pin] inner: F },
        Inflating { #[pin] inner: gzip::Inflating },
    }
}

impl<F, E> Future for DecompressFuture<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
    E: Into<Error>,
{
    type Output = Result<Response<Body>, Error>;

    #[cfg_attr(not(feature = "gzip"), allow(unused_mut))]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.as_mut().project();
        let response = match this.step.as_mut().project() {
            StepProjection::Waiting { inner } => ready!(inner.poll(cx)).map_err(Into::into)?,
            #[cfg(feature = "gzip")]
            StepProjection::Inflating { inner } => return gzip::finish(inner, cx),
        };
        if !response.headers().contains_key(header::CONTENT_ENCODING) {
            return Poll::Ready(Ok(response));
        }
        match judge(&response, *this.asked) {
            Verdict::AsItIs => Poll::Ready(Ok(response)),
            Verdict::Refuse(codings) => Poll::Ready(Err(refuse(response, &codings))),
            #[cfg(feature = "gzip")]
            Verdict::Inflate => {
                this.step.set(Step::Inflating {
                    inner: gzip::inflate(response),
                });
                self.poll(cx)
            }
        }
    }
}

impl<F> fmt::Debug for DecompressFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecompressFuture").finish_non_exhaustive()
    }
}

/// What to do with a reply that names a coding.
enum Verdict {
    AsItIs,
    Refuse(String),
    #[cfg(feature = "gzip")]
    Inflate,
}

fn judge(response: &Response<Body>, asked: Asked) -> Verdict {
    let codings = codings(response.headers());
    match codings.as_str() {
        "" => Verdict::AsItIs,
        _ if asked == Asked::Other => Verdict::AsItIs,
        // No body, as of a 204: nothing that could be misread.
        _ if response.body().is_end_stream() => Verdict::AsItIs,
        #[cfg(feature = "gzip")]
        "gzip" | "x-gzip" if asked == Asked::Gzip => Verdict::Inflate,
        _ if !response.status().is_success() => Verdict::AsItIs,
        _ => Verdict::Refuse(codings),
    }
}

#[cold]
fn refuse(response: Response<Body>, codings: &str) -> Error {
    let (parts, _) = response.into_parts();
    Error::new(ErrorKind::Decode)
        .with_detail(format!(
            "it has the content coding `{}`, which was not asked for",
            presentable(codings)
        ))
        .with_head(parts.status, parts.headers)
}

/// The codings of a body but `identity`, in lower case and divided by commas: mostly one.
pub(crate) fn codings(headers: &HeaderMap) -> String {
    let mut all = String::new();
    for value in headers.get_all(header::CONTENT_ENCODING) {
        let value = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        for coding in value.split(',').map(str::trim) {
            if !coding.is_empty() && coding != "identity" {
                if !all.is_empty() {
                    all.push_str(", ");
                }
                all.push_str(coding);
            }
        }
    }
    all
}

/// A name that a server wrote, for the one line of an error: only if it is plain and short.
pub(crate) fn presentable(codings: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*, ".contains(&byte);
    if codings.len() <= 40 && codings.bytes().all(is_plain) {
        codings
    } else {
        "?"
    }
}

#[cfg(feature = "gzip")]
mod gzip {
    use std::future::{Ready, ready};
    use std::pin::Pin;
    use std::task::{Context, Poll, ready};

    use http::{HeaderValue, Request, Response, header};
    use http_body_util::BodyExt as _;
    use tower_http::decompression::{Decompression, ResponseFuture};
    use tower_service::Service;

    use crate::body::Body;
    use crate::error::{Error, ErrorKind};

    const GZIP: HeaderValue = HeaderValue::from_static("gzip");

    pub(super) fn ask<B>(request: &mut Request<B>) {
        request.headers_mut().insert(header::ACCEPT_ENCODING, GZIP);
    }

    pub(super) type Inflating = ResponseFuture<Ready<Result<Response<Body>, Error>>>;

    /// tower-http has its decoder only as a service around one that answers: this one has its
    /// answer already.
    struct Answered(Option<Response<Body>>);

    impl Service<Request<()>> for Answered {
        type Response = Response<Body>;
        type Error = Error;
        type Future = Ready<Result<Response<Body>, Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            let answer = self.0.take();
            ready(answer.ok_or_else(|| Error::new(ErrorKind::Io).with_detail("answered already")))
        }
    }

    pub(super) fn inflate(mut response: Response<Body>) -> Inflating {
        // In the one spelling that tower-http knows.
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_ENCODING, GZIP);
        Decompression::new(Answered(Some(response))).call(Request::new(()))
    }

    /// The reply with its body as it was before, in pieces of 4 KiB at most, whatever they were
    /// compressed to.
    pub(super) fn finish(
        inflating: Pin<&mut Inflating>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<Body>, Error>> {
        let response = ready!(inflating.poll(cx))?;
        // Fused: the decoder panics when it is asked again after an error of the connection.
        Poll::Ready(Ok(response.map(|body| Body::boxed(body.fuse()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_is_no_coding_and_case_does_not_count() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                let value = http::HeaderValue::from_static(value);
                headers.append(header::CONTENT_ENCODING, value);
            }
            codings(&headers)
        };
        assert_eq!(of(&[]), "");
        assert_eq!(of(&["identity", "", " , Identity"]), "");
        assert_eq!(of(&["GZip"]), "gzip");
        assert_eq!(of(&["identity, gzip", "BR"]), "gzip, br");
        assert_eq!(of(&["gzip,gzip"]), "gzip, gzip");
    }

    #[test]
    fn odd_names_are_not_shown() {
        assert_eq!(presentable("x-zip, br"), "x-zip, br");
        assert_eq!(presentable("a`b"), "?");
        assert_eq!(presentable(&"a".repeat(41)), "?");
    }
}
