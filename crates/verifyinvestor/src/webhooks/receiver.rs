//! Takes webhooks from HTTP requests of any server: who sends, how much, how long, and then the signature. Stores nothing and
//! reads no event.

use std::{fmt, future::poll_fn, net::IpAddr, pin::pin, sync::Arc, time::Duration};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::{Request, request::Parts};
use http_body::Body;
use tower_layer::Layer;
use tracing::field::display;

use super::{
    BODY_LIMIT, SIGNATURE_NAME, Verified, VerifyWebhook, WebhookError, Webhooks, signature,
    verified::ShortDigest,
};

/// How long a body may take unless told otherwise.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

type Peer = dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync;

/// Receives webhooks over HTTP: a tower layer, and what the axum extractor of [`Verified`] wants in the state.
///
/// It takes a request in this order, and refuses as early as it can:
///
/// 1. the sender's address, where [`only_from`](Self::only_from) asks for it: 401;
/// 2. the header with the signature: 401 when it is missing, double or no signature, before a byte of the body is read;
/// 3. the body, up to the [limit](Webhooks::body_limit): 413 once it is announced or turns out to be larger, with no more than the
///    limit held in memory; 400 when it breaks off or takes longer than [`body_timeout`](Self::body_timeout);
/// 4. the signature itself, over the bytes as they came: 401.
///
/// The method, the path and the content type are not looked at. Answers to what is refused have no body. What is logged is the
/// outcome, the length of the body, and the first four bytes of its SHA-256.
///
/// It needs a Tokio runtime with its timer on, as every server of hyper and axum has.
///
/// As a layer it hands the inner service a `Request<Verified>`, so that nothing else can arrive there; an error of the inner service
/// is answered with an empty 503:
///
/// ```
/// use std::convert::Infallible;
/// use accredit_verifyinvestor::transport::{bytes::Bytes, http::{Request, Response, StatusCode}};
/// use accredit_verifyinvestor::{Verified, WebhookReceiver, WebhookSigner, Webhooks};
/// use http_body_util::Full;
/// use tower::{ServiceBuilder, ServiceExt as _};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = ServiceBuilder::new()
///     .layer(WebhookReceiver::new(Webhooks::new("whsec")?))
///     .service_fn(async |webhook: Request<Verified>| {
///         println!("{:?}", webhook.body().event().map(|event| event.verification_request_id));
///         Ok::<_, Infallible>(Response::new(String::new()))
///     });
///
/// let body = Bytes::from_static(br#"{"verification_request_id": 90}"#);
/// let mut request = Request::new(Full::new(body.clone()));
/// *request.headers_mut() = WebhookSigner::new("whsec")?.headers(&body);
/// assert_eq!(service.clone().oneshot(request).await?.status(), StatusCode::OK);
///
/// let forged = Request::new(Full::new(body));
/// assert_eq!(service.oneshot(forged).await?.status(), StatusCode::UNAUTHORIZED);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct WebhookReceiver {
    webhooks: Webhooks,
    sources: Option<Sources>,
    body_timeout: Duration,
}

#[derive(Clone)]
struct Sources {
    allowed: Arc<[IpAddr]>,
    peer: Arc<Peer>,
}

impl WebhookReceiver {
    /// A receiver that takes webhooks from anywhere, as far as their signature is right.
    #[must_use]
    pub const fn new(webhooks: Webhooks) -> Self {
        Self {
            webhooks,
            sources: None,
            body_timeout: BODY_TIMEOUT,
        }
    }

    /// Takes webhooks from these addresses only, such as the vendor's [`SOURCE_ADDRESSES`](crate::SOURCE_ADDRESSES). Off unless asked
    /// for.
    ///
    /// `peer` tells a request's sender; a request of which it tells none is refused. **Behind a proxy or a load balancer the peer of
    /// the connection is the proxy, and this refuses everything**, unless `peer` reads a header that the proxy sets and nobody
    /// else can. An IPv4 address that is written as IPv6 is the same address. The addresses of staging are not published.
    ///
    /// ```
    /// use std::net::SocketAddr;
    /// use accredit_verifyinvestor::{SOURCE_ADDRESSES, WebhookReceiver, Webhooks};
    /// use axum::extract::ConnectInfo;
    ///
    /// let receiver = WebhookReceiver::new(Webhooks::new("whsec")?).only_from(SOURCE_ADDRESSES, |request| {
    ///     // Put there by `into_make_service_with_connect_info`.
    ///     request.extensions.get().map(|ConnectInfo::<SocketAddr>(address)| address.ip())
    /// });
    /// # Ok::<(), accredit_verifyinvestor::WebhookError>(())
    /// ```
    #[must_use]
    pub fn only_from(
        mut self,
        addresses: impl IntoIterator<Item = IpAddr>,
        peer: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static,
    ) -> Self {
        let allowed = addresses.into_iter().map(|address| address.to_canonical());
        self.sources = Some(Sources {
            allowed: allowed.collect(),
            peer: Arc::new(peer),
        });
        self
    }

    /// How long a body may take to come, from its first byte to its last; 10 s unless told otherwise.
    #[must_use]
    pub const fn body_timeout(mut self, limit: Duration) -> Self {
        self.body_timeout = limit;
        self
    }

    /// Takes one request, for servers that know neither tower nor axum; everything but the body stays as it was.
    ///
    /// # Errors
    ///
    /// [`WebhookError`]; its [`status`](WebhookError::status) is what to answer, with no body.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime, or in one without a timer.
    pub async fn receive<B: Body>(
        &self,
        request: Request<B>,
    ) -> Result<Request<Verified>, WebhookError> {
        let (mut parts, body) = request.into_parts();
        // So that it is not printed with the headers, here and further inside.
        if let Some(signature) = parts.headers.get_mut(&SIGNATURE_NAME) {
            signature.set_sensitive(true);
        }
        let body = self.read(&parts, body).await;
        // Of a body that is not there nothing is written.
        let (bytes, digest) = match &body {
            Ok(body) => (Some(body.len()), Some(display(ShortDigest(body)))),
            Err(_) => (None, None),
        };
        let verified = body
            .clone()
            .and_then(|body| self.webhooks.verify_signature(&parts.headers, body));
        match verified {
            Ok(verified) => {
                tracing::debug!(bytes, digest, "webhook accepted");
                Ok(Request::from_parts(parts, verified))
            }
            Err(error) => {
                let status = error.status().as_u16();
                tracing::warn!(status, bytes, digest, "webhook refused: {error}");
                Err(error)
            }
        }
    }

    /// The whole body of a request that is worth verifying.
    async fn read<B: Body>(&self, parts: &Parts, body: B) -> Result<Bytes, WebhookError> {
        let sources = self.sources.as_ref();
        if !sources.is_none_or(|sources| sources.allow(parts)) {
            return Err(WebhookError::Source);
        }
        signature::only(parts.headers.get_all(&SIGNATURE_NAME))?;
        let collect = collect(body, self.webhooks.body_limit);
        tokio::time::timeout(self.body_timeout, collect)
            .await
            .unwrap_or(Err(WebhookError::Interrupted))
    }
}

impl Sources {
    fn allow(&self, parts: &Parts) -> bool {
        let peer = (self.peer)(parts).map(|address| address.to_canonical());
        peer.is_some_and(|peer| self.allowed.contains(&peer))
    }
}

/// Reads a body, never past the limit.
async fn collect<B: Body>(body: B, limit: usize) -> Result<Bytes, WebhookError> {
    let mut body = pin!(body);
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(WebhookError::TooLarge);
    }
    // What is announced may be a lie: more than this is believed when it comes.
    let mut bytes = BytesMut::with_capacity(announced.min(BODY_LIMIT));
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.map_err(|_| WebhookError::Interrupted)?;
        // What is no data are trailers.
        if let Ok(data) = frame.into_data() {
            if data.remaining() > limit.saturating_sub(bytes.len()) {
                return Err(WebhookError::TooLarge);
            }
            bytes.put(data);
        }
    }
    Ok(bytes.freeze())
}

impl<S> Layer<S> for WebhookReceiver {
    type Service = VerifyWebhook<S>;

    fn layer(&self, inner: S) -> VerifyWebhook<S> {
        VerifyWebhook::new(self.clone(), inner)
    }
}

impl fmt::Debug for WebhookReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookReceiver")
            .field("webhooks", &self.webhooks)
            .field(
                "sources",
                &self.sources.as_ref().map(|sources| &sources.allowed),
            )
            .field("body_timeout", &self.body_timeout)
            .finish()
    }
}
