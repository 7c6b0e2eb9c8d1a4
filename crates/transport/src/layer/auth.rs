//! Puts the token on requests of its own origin, and on no other.
//!
//! The last guard before the wire: a request to another scheme, host or port is refused rather than
//! sent without the token, and clear text is refused unless loopback was allowed. A 401 is reported
//! to the source of the token, and marked where the source can give another; the request is not
//! replayed here, because repeating requests belongs to one layer only and that is not this one.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::AUTHORIZATION;
use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::info_of;
use crate::error::{ConfigError, Error, ErrorKind};
use crate::operation::OperationInfo;
use crate::origin::Origin;
use crate::token::{Token, TokenSource};

/// Authorises requests.
#[derive(Clone)]
pub struct AuthLayer(Arc<Settings>);

struct Settings {
    source: Option<Arc<dyn TokenSource>>,
    origin: Origin,
}

/// In the extensions of a 401: its token was refused, and the source can give another. The same
/// request with that one was not refused yet.
#[derive(Clone, Copy)]
pub(crate) struct Renewable;

/// In the extensions of a request: the token of this call, in the place of the source's.
#[derive(Clone)]
pub(crate) struct OwnToken(pub(crate) Token);

impl AuthLayer {
    /// Sends tokens of `source` to `origin`. Without a source, operations that need credentials
    /// fail before they are sent.
    ///
    /// # Errors
    ///
    /// When the origin is clear-text `http`, unless it is a loopback host and that was allowed.
    pub fn new(
        source: Option<Arc<dyn TokenSource>>,
        origin: Origin,
        allow_insecure_loopback: bool,
    ) -> Result<Self, ConfigError> {
        origin.check(allow_insecure_loopback)?;
        Ok(Self(Arc::new(Settings { source, origin })))
    }
}

impl fmt::Debug for AuthLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthLayer")
            .field("origin", &self.0.origin)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Auth<S> {
        Auth {
            inner,
            settings: Arc::clone(&self.0),
        }
    }
}

/// The service of [`AuthLayer`].
#[derive(Clone)]
pub struct Auth<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S> fmt::Debug for Auth<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("origin", &self.settings.origin)
            .finish_non_exhaustive()
    }
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<S, B, R> Service<Request<B>> for Auth<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<Error>> + Clone,
{
    type Response = Response<R>;
    type Error = Error;
    type Future = AuthFuture<S, B, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let settings = &self.settings;
        let mut future = AuthFuture {
            waiting: None,
            inner: None,
            rejecting: None,
            refused: None,
            source: None,
            token: None,
        };
        // Anonymous requests, too: nothing of this client leaves the origin.
        if !settings.origin.contains(request.uri()) {
            future.refused =
                Some(Error::new(ErrorKind::Origin).with_detail("the request names another origin"));
            return future;
        }
        let info = info_of(&request);
        let authenticated = info.is_none_or(OperationInfo::is_authenticated);
        if authenticated && let Some(OwnToken(token)) = request.extensions().get().cloned() {
            future.inner = Some(self.inner.call(authorised(request, &token)));
            return future;
        }
        let source = match (&settings.source, authenticated) {
            (Some(source), true) => source,
            (None, true) if info.is_some() => {
                future.refused = Some(Error::auth(
                    "the operation needs credentials and the client has none",
                ));
                return future;
            }
            _ => {
                future.inner = Some(self.inner.call(request));
                return future;
            }
        };
        future.source = Some(Arc::clone(source));
        match source.ready() {
            Some(token) => {
                future.inner = Some(self.inner.call(authorised(request, &token)));
                future.token = Some(token);
            }
            None => {
                // The service that is ready goes along; its clone stays here to be made ready for
                // the next call.
                let clone = self.inner.clone();
                let service = std::mem::replace(&mut self.inner, clone);
                let source = Arc::clone(source);
                let token: Boxed<Result<Token, Error>> =
                    Box::pin(async move { source.token().await });
                future.waiting = Some(Box::new(Waiting {
                    token,
                    request,
                    service,
                }));
            }
        }
        future
    }
}

/// `insert`, not `append`: two values would leave the choice to the server. The value is marked
/// sensitive.
fn authorised<B>(mut request: Request<B>, token: &Token) -> Request<B> {
    request.headers_mut().insert(AUTHORIZATION, token.header());
    request
}

/// A request that waits for its token.
struct Waiting<S, B> {
    token: Boxed<Result<Token, Error>>,
    request: Request<B>,
    service: S,
}

pin_project! {
    /// The future of [`Auth`]: waits for a token, then for the reply, then, after a 401, until the
    /// source knows.
    pub struct AuthFuture<S, B, R>
    where
        S: Service<Request<B>>,
    {
        // Boxed: only slow paths need them, and every call pays for the size of its future.
        waiting: Option<Box<Waiting<S, B>>>,
        #[pin]
        inner: Option<S::Future>,
        rejecting: Option<Box<(Boxed<bool>, Response<R>)>>,
        refused: Option<Error>,
        source: Option<Arc<dyn TokenSource>>,
        token: Option<Token>,
    }
}

impl<S, B, R> Future for AuthFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<Error>>,
{
    type Output = Result<Response<R>, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(error) = this.refused.take() {
            return Poll::Ready(Err(error));
        }
        if let Some(waiting) = this.waiting.as_mut() {
            let token = ready!(waiting.token.as_mut().poll(cx)).map_err(Error::into_auth)?;
            if let Some(waiting) = this.waiting.take() {
                let Waiting {
                    request,
                    mut service,
                    ..
                } = *waiting;
                this.inner
                    .set(Some(service.call(authorised(request, &token))));
                *this.token = Some(token);
            }
        }
        if let Some(inner) = this.inner.as_mut().as_pin_mut() {
            let response = ready!(inner.poll(cx)).map_err(Into::into)?;
            this.inner.set(None);
            let rejected =
                (response.status() == StatusCode::UNAUTHORIZED).then(|| this.token.take());
            let (Some(Some(token)), Some(source)) = (rejected, this.source.take()) else {
                return Poll::Ready(Ok(response));
            };
            let told: Boxed<bool> = Box::pin(async move { source.invalidate(&token).await });
            *this.rejecting = Some(Box::new((told, response)));
        }
        if let Some(rejecting) = this.rejecting.as_mut()
            && ready!(rejecting.0.as_mut().poll(cx))
        {
            rejecting.1.extensions_mut().insert(Renewable);
        }
        match this.rejecting.take() {
            Some(rejecting) => Poll::Ready(Ok(rejecting.1)),
            // Polled again after the end: there is no second answer.
            None => Poll::Pending,
        }
    }
}

impl<S: Service<Request<B>>, B, R> fmt::Debug for AuthFuture<S, B, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthFuture")
            .field("waits_for_token", &self.waiting.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use async_trait::async_trait;
    use tower::ServiceExt as _;

    use super::*;

    struct Source(bool);

    #[async_trait]
    impl TokenSource for Source {
        async fn token(&self) -> Result<Token, Error> {
            Token::new("Token", "t").map_err(|_| Error::auth(""))
        }

        async fn invalidate(&self, _: &Token) -> bool {
            self.0
        }
    }

    async fn is_marked(source: impl TokenSource + 'static, status: StatusCode) -> bool {
        let origin = Origin::of(&"https://a.test".parse().unwrap()).unwrap();
        let layer = AuthLayer::new(Some(Arc::new(source)), origin, false).unwrap();
        let service = tower::service_fn(move |_: Request<()>| {
            let mut response = Response::new(());
            *response.status_mut() = status;
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let request = Request::get("https://a.test/").body(()).unwrap();
        let response = layer.layer(service).oneshot(request).await.unwrap();
        response.extensions().get::<Renewable>().is_some()
    }

    #[tokio::test]
    async fn only_a_401_whose_token_can_be_replaced_is_marked() {
        assert!(is_marked(Source(true), StatusCode::UNAUTHORIZED).await);
        assert!(!is_marked(Source(true), StatusCode::FORBIDDEN).await);
        assert!(!is_marked(Source(true), StatusCode::OK).await);
        assert!(!is_marked(Source(false), StatusCode::UNAUTHORIZED).await);
        let fixed = Token::new("Token", "t").unwrap();
        assert!(!is_marked(fixed, StatusCode::UNAUTHORIZED).await);
    }
}
