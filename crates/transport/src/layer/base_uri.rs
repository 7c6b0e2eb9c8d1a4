//! Makes request URIs absolute, on one origin.
//!
//! The authority is pinned: a request that names another origin is refused here, before credentials
//! or a connection exist for it. That holds for links of a server, too.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderName, Request, Uri, header};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::error::{ConfigError, Error, ErrorKind};
use crate::origin::Origin;

/// Puts requests on a base URI.
#[derive(Clone, Debug)]
pub struct BaseUriLayer(Arc<Base>);

#[derive(Debug)]
struct Base {
    origin: Origin,
    scheme: Scheme,
    authority: Authority,
    /// What stands before every relative path; without a slash at its end, mostly empty.
    prefix: String,
}

impl BaseUriLayer {
    /// `base` is absolute; a path in it stands before that of every relative request.
    ///
    /// # Errors
    ///
    /// When the URI is relative, has user information, a query, or another scheme than `http` and
    /// `https`.
    pub fn new(base: Uri) -> Result<Self, ConfigError> {
        let refuse = |reason: &'static str| ConfigError::new("base_uri", reason);
        let origin = Origin::of(&base).ok_or_else(|| {
            refuse("must be absolute, http or https, and without user information")
        })?;
        if base.query().is_some() {
            return Err(refuse("must not have a query"));
        }
        let prefix = base.path().trim_end_matches('/').to_owned();
        let parts = base.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(refuse("must be absolute"));
        };
        Ok(Self(Arc::new(Base {
            origin,
            scheme,
            authority,
            prefix,
        })))
    }

    /// The origin of the base URI.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.0.origin
    }

    /// The base without its path, as it was written.
    #[cfg(feature = "hyper")]
    pub(crate) fn root(&self) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.0.scheme.clone());
        parts.authority = Some(self.0.authority.clone());
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
        Uri::from_parts(parts).unwrap_or_default()
    }
}

impl Base {
    /// The absolute URI of a request, or why there is none.
    fn join(&self, uri: Uri) -> Result<Uri, &'static str> {
        let is_relative = uri.scheme().is_none() && uri.authority().is_none();
        if !is_relative && !self.origin.contains(&uri) {
            return Err("the request names another origin");
        }
        if !uri.path().starts_with('/') {
            return Err("the path of a request must start with a slash");
        }
        let mut parts = uri.into_parts();
        if is_relative && !self.prefix.is_empty() {
            let path = parts
                .path_and_query
                .as_ref()
                .map_or("/", PathAndQuery::as_str);
            let joined = Bytes::from([self.prefix.as_str(), path].concat());
            let joined = PathAndQuery::from_maybe_shared(joined)
                .map_err(|_| "the path does not fit in a URI")?;
            parts.path_and_query = Some(joined);
        }
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        Uri::from_parts(parts).map_err(|_| "the path does not fit in a URI")
    }
}

impl<S> Layer<S> for BaseUriLayer {
    type Service = BaseUri<S>;

    fn layer(&self, inner: S) -> BaseUri<S> {
        BaseUri {
            inner,
            base: Arc::clone(&self.0),
        }
    }
}

/// The service of [`BaseUriLayer`].
#[derive(Clone, Debug)]
pub struct BaseUri<S> {
    inner: S,
    base: Arc<Base>,
}

impl<S, B, R> Service<Request<B>> for BaseUri<S>
where
    S: Service<Request<B>, Response = R, Error: Into<Error>>,
{
    type Response = R;
    type Error = Error;
    type Future = BaseUriFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        match self.base.join(std::mem::take(request.uri_mut())) {
            Ok(uri) => {
                *request.uri_mut() = uri;
                // Looked for first: hardly any request has one, and removing hashes each name.
                if request.headers().keys().any(|name| FRAMING.contains(name)) {
                    for name in FRAMING {
                        request.headers_mut().remove(name);
                    }
                }
                BaseUriFuture {
                    inner: Some(self.inner.call(request)),
                    refused: "",
                }
            }
            Err(refused) => BaseUriFuture {
                inner: None,
                refused,
            },
        }
    }
}

/// Headers that say where a message goes and where it ends. They follow from the URI and the body:
/// a value from elsewhere could name another host or desynchronise a proxy.
pub(crate) const FRAMING: [HeaderName; 6] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::TE,
];

pin_project! {
    /// The future of [`BaseUri`].
    pub struct BaseUriFuture<F> {
        #[pin]
        inner: Option<F>,
        refused: &'static str,
    }
}

impl<F, R, E> Future for BaseUriFuture<F>
where
    F: Future<Output = Result<R, E>>,
    E: Into<Error>,
{
    type Output = Result<R, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        match this.inner.as_pin_mut() {
            Some(inner) => Poll::Ready(ready!(inner.poll(cx)).map_err(Into::into)),
            None => Poll::Ready(Err(Error::new(ErrorKind::Origin).with_detail(*this.refused))),
        }
    }
}

impl<F> fmt::Debug for BaseUriFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BaseUriFuture").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(base: &str, uri: &str) -> Result<String, &'static str> {
        let layer = BaseUriLayer::new(base.parse().unwrap()).unwrap();
        layer
            .0
            .join(uri.parse().unwrap())
            .map(|uri| uri.to_string())
    }

    #[test]
    fn relative_paths_go_behind_the_base() {
        assert_eq!(
            join("https://a.test", "/x?y=1").unwrap(),
            "https://a.test/x?y=1"
        );
        assert_eq!(
            join("https://a.test:8443/api/v1/", "/x").unwrap(),
            "https://a.test:8443/api/v1/x"
        );
        assert_eq!(
            join("https://a.test/", "/x%2F..%2Fy").unwrap(),
            "https://a.test/x%2F..%2Fy"
        );
    }

    #[test]
    fn another_origin_is_refused_and_ours_is_kept() {
        assert_eq!(
            join("https://a.test/api", "https://a.test:443/x").unwrap(),
            "https://a.test/x"
        );
        for foreign in [
            "https://b.test/x",
            "http://a.test/x",
            "https://a.test:444/x",
            "b.test:443",
            "https://a.test@b.test/",
            "*",
        ] {
            assert!(join("https://a.test", foreign).is_err(), "{foreign}");
        }
        // Looks like another host to a browser; is a path here.
        assert_eq!(
            join("https://a.test", "//b.test/x").unwrap(),
            "https://a.test//b.test/x"
        );
    }

    #[test]
    fn bases_that_say_too_much_are_refused() {
        for base in [
            "/relative",
            "https://user:password@a.test",
            "https://a.test/?q=1",
            "ftp://a.test",
            "a.test:443",
        ] {
            assert!(BaseUriLayer::new(base.parse().unwrap()).is_err(), "{base}");
        }
    }
}
