//! The client: sends operations and raw requests through the stack.
//!
//! A call is a thin generic shell around one path that is compiled once, here; only encoding and
//! decoding are built per operation.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;
use tower_service::Service;

use crate::body::Body;
use crate::builder::ClientBuilder;
use crate::download::{BytesOperation, Download, Limits, Opening};
use crate::encode::RequestEncoder;
use crate::error::{DecodeError, EncodeError, Error, ErrorKind, TimeoutPhase};
use crate::layer::auth::OwnToken;
use crate::layer::collect::OnTheWire;
use crate::observe::{Observed, Watch};
use crate::operation::{self, Operation, OperationInfo, Reply};
use crate::options::{CallOptions, Overrides};
use crate::origin::Origin;
use crate::paginate::{Items, Pages, Paginate};
use crate::progress::Progress;
use crate::stack;

/// A client of one API on one origin. A clone is cheap and shares connections, settings and
/// credentials.
///
/// A call that is dropped is cancelled; the client stays usable. Needs a tokio runtime with timers,
/// unless all timeouts are off and the transport does without.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    entry: Entry,
    origin: Origin,
    request_id: HeaderName,
    observer: Observed,
    downloads: Limits,
}

/// The stack as it is, or behind the layers of a user.
#[allow(
    clippy::large_enum_variant,
    reason = "there is one per client, behind its Arc"
)]
pub(crate) enum Entry {
    Plain(stack::Stack),
    Layered(LayeredService),
}

/// The stack as a user's layer sees it: a request with a relative URI goes in, a reply with its
/// body comes out, whatever its status. The body is whole, but for a 2xx to a
/// [download](Client::download): that is still on the wire.
///
/// The facts of the operation, `&'static OperationInfo`, stand in the extensions of the request.
#[derive(Clone, Debug)]
pub struct LayeredService(BoxCloneSyncService<Request<Body>, Response<Body>, Error>);

impl LayeredService {
    /// Any service of this shape behind a box: what a layer can give that has no type of its own.
    #[must_use]
    pub fn new<S>(service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error: Into<Error>>
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        Self(BoxCloneSyncService::new(service.map_err(Into::into)))
    }
}

impl Service<Request<Body>> for LayeredService {
    type Response = Response<Body>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.0.call(request)
    }
}

impl Client {
    /// Starts a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    pub(crate) fn new(
        entry: Entry,
        origin: Origin,
        request_id: HeaderName,
        observer: Observed,
        downloads: Limits,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                entry,
                origin,
                request_id,
                observer,
                downloads,
            }),
        }
    }

    /// The origin that all requests go to.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.inner.origin
    }

    /// Runs an operation.
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`]; a status that is not 2xx is one of them.
    pub async fn execute<O: Operation>(&self, operation: &O) -> Result<O::Output, Error> {
        self.finish(operation, None).await
    }

    /// Runs an operation with settings of its own.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute).
    pub async fn execute_with<O: Operation>(
        &self,
        operation: &O,
        options: &CallOptions,
    ) -> Result<O::Output, Error> {
        self.finish(operation, Some(options)).await
    }

    /// Runs an operation whose reply is a file, and gives the file as it comes: constant memory,
    /// and time for slow connections.
    ///
    /// Up to the head of the reply it is a call like others, with retries, timeouts and the
    /// client's deadline; the file has [limits](Download) of its own, and is not fetched again when
    /// it breaks off.
    ///
    /// # Errors
    ///
    /// As [`execute`](Self::execute), and [`TooLarge`](ErrorKind::TooLarge) when the server
    /// announces more than the cap.
    pub async fn download<O: BytesOperation>(&self, operation: &O) -> Result<Download, Error> {
        self.download_with(operation, &CallOptions::new()).await
    }

    /// Downloads with settings of its own. A deadline among them bounds the file, too.
    ///
    /// # Errors
    ///
    /// As [`download`](Self::download).
    pub async fn download_with<O: BytesOperation>(
        &self,
        operation: &O,
        options: &CallOptions,
    ) -> Result<Download, Error> {
        let info = operation::info::<O>();
        let watch = self.inner.observer.watch(Some(info), info.method());
        match encode(info, &|encoder| operation.encode(encoder), Some(options)) {
            Ok(request) => self.open(info, request, watch, O::MAGIC).await,
            Err(error) => Err(watch.failed(error)),
        }
    }

    /// The pages of a list, as a stream; nothing is sent until it is polled.
    pub fn pages<O: Paginate>(&self, operation: O) -> Pages<O> {
        let client = self.clone();
        Pages::new(operation, move |operation: O, options| {
            let client = client.clone();
            async move { client.execute_with(&operation, &options).await }
        })
    }

    /// The items of a list, as a stream over its pages; nothing is sent until it is polled.
    pub fn items<O: Paginate>(&self, operation: O) -> Items<O> {
        self.pages(operation).into_items()
    }

    /// Sends a request as it is, through the same stack: same origin, credentials, limits and
    /// headers. Never repeated.
    ///
    /// The URI is a path (behind that of the base URI), or absolute within the client's origin. A
    /// reply is a reply, whatever its status.
    ///
    /// ```no_run
    /// # async fn example(client: accredit_transport::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use accredit_transport::http::Request;
    ///
    /// let reply = client.send(Request::get("/health").body(())?).await?;
    /// println!("{}: {} bytes", reply.status, reply.body.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Any [`ErrorKind`] but `Build`, `Status`, `Refused` and `OutcomeUnknown` (and `Decode` only for
    /// a body in a coding that was not asked for): what a raw request does is not known here, so
    /// [`may_have_been_sent`](Error::may_have_been_sent) is all there is to go by.
    pub async fn send<B: Into<Body>>(&self, request: Request<B>) -> Result<Reply, Error> {
        self.send_with(request, &CallOptions::new()).await
    }

    /// Sends a raw request with settings of its own. It is sent once, whatever they say.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), and `Build` for a setting that cannot work here.
    pub async fn send_with<B: Into<Body>>(
        &self,
        request: Request<B>,
        options: &CallOptions,
    ) -> Result<Reply, Error> {
        let mut request = request.map(Into::into);
        forget_the_call_before(request.extensions_mut());
        let mut watch = self.inner.observer.watch(None, request.method());
        if let Err(error) = options.apply(&mut request) {
            return Err(watch.failed(error));
        }
        let progress = Progress::of(&mut request);
        watch.follow(&progress);
        match self.respond(request).await.and_then(whole) {
            Ok(reply) => {
                watch.succeeded(reply.status);
                Ok(reply)
            }
            Err(error) => Err(self.ended(error, None, &progress, watch)),
        }
    }

    async fn finish<O: Operation>(
        &self,
        operation: &O,
        options: Option<&CallOptions>,
    ) -> Result<O::Output, Error> {
        let info = operation::info::<O>();
        let ran = self
            .run(info, &|encoder| operation.encode(encoder), options)
            .await;
        let (reply, seen) = match ran {
            Ok(ran) => ran,
            Err(error) => return O::answer(&error).ok_or(error),
        };
        let _turn = match options {
            Some(options) => options.turn().await,
            None => None,
        };
        match O::decode(reply) {
            Ok(output) => {
                seen.succeeded();
                Ok(output)
            }
            Err(error) => Err(seen.undecodable(error, info)),
        }
    }

    /// The path of every operation, from its value to a 2xx reply. In one piece, because each
    /// future that a request goes through moves it twice.
    async fn run(
        &self,
        info: &'static OperationInfo,
        write: &Write<'_>,
        options: Option<&CallOptions>,
    ) -> Result<(Reply, Seen), Error> {
        let mut watch = self.inner.observer.watch(Some(info), info.method());
        let (response, progress) = match encode(info, write, options) {
            Ok(mut request) => {
                let progress = Progress::of(&mut request);
                watch.follow(&progress);
                let response = match &self.inner.entry {
                    Entry::Plain(stack) => stack.start(request).await,
                    Entry::Layered(service) => service.clone().oneshot(request).await,
                };
                (response, progress)
            }
            Err(error) => return Err(watch.failed(error)),
        };
        let reply = match response.and_then(whole) {
            Ok(reply) => reply,
            Err(error) => return Err(self.ended(error, Some(info), &progress, watch)),
        };
        let seen = Seen {
            status: reply.status,
            content_type: reply.headers.get(header::CONTENT_TYPE).cloned(),
            request_id: reply.headers.get(&self.inner.request_id).cloned(),
            body: reply.body.clone(),
            progress,
            watch,
        };
        if seen.status.is_success() {
            Ok((reply, seen))
        } else {
            Err(seen.complete(Error::from_reply(reply), info))
        }
    }

    /// The path of every download, from request to the head of a 2xx reply.
    async fn open(
        &self,
        info: &'static OperationInfo,
        mut request: Request<Body>,
        mut watch: Watch,
        magic: &'static [u8],
    ) -> Result<Download, Error> {
        request.extensions_mut().insert(OnTheWire);
        let progress = Progress::of(&mut request);
        watch.follow(&progress);
        let defaults = self.inner.downloads;
        let limits = Limits {
            idle: Overrides::limit(&request, TimeoutPhase::Idle, defaults.idle),
            total: Overrides::limit(&request, TimeoutPhase::Download, defaults.total),
            cap: Overrides::bytes_cap(&request, defaults.cap),
        };
        let deadline = Overrides::own_deadline(&request);
        let wants_part = request.headers().contains_key(header::RANGE);
        let response = match self.respond(request).await {
            Ok(response) => response,
            Err(error) => return Err(self.ended(error, Some(info), &progress, watch)),
        };
        let request_id = response.headers().get(&self.inner.request_id).cloned();
        let request_id = request_id.or_else(|| progress.request_id());
        if response.status().is_success() {
            return Download::open(
                response,
                Opening {
                    info,
                    progress,
                    watch,
                    request_id,
                    limits,
                    deadline,
                    magic,
                    wants_part,
                },
            );
        }
        let mut error = whole(response).map_or_else(|error| error, Error::from_reply);
        if let Some(id) = request_id {
            error.set_request_id(id);
        }
        Err(watch.failed(error.ended(Some(info), &progress)))
    }

    /// The error of a call that ended without a reply, told to whoever watches it.
    #[cold]
    fn ended(
        &self,
        error: Error,
        info: Option<&'static OperationInfo>,
        progress: &Progress,
        watch: Watch,
    ) -> Error {
        let error = error.identified_by(&self.inner.request_id);
        watch.failed(error.ended(info, progress))
    }

    async fn respond(&self, request: Request<Body>) -> Result<Response<Body>, Error> {
        match &self.inner.entry {
            Entry::Plain(stack) => stack.start(request).await,
            Entry::Layered(service) => service.clone().oneshot(request).await,
        }
    }
}

/// Writes a request to an encoder.
type Write<'a> = dyn Fn(&mut RequestEncoder) -> Result<(), EncodeError> + Sync + 'a;

/// Writes the request; nothing is sent yet.
fn encode(
    info: &'static OperationInfo,
    write: &Write<'_>,
    options: Option<&CallOptions>,
) -> Result<Request<Body>, Error> {
    let mut encoder = RequestEncoder::new(info);
    let mut request = write(&mut encoder)
        .and_then(|()| encoder.finish())
        .map_err(|error| Error::encode(info, &error))?;
    if let Some(options) = options {
        options
            .apply(&mut request)
            .map_err(|error| error.with_operation(info))?;
    }
    Ok(request)
}

/// A request that a layer took from another call, perhaps of another client, brings what that one
/// put on it: a class although nobody knows what it has become since, limits that ran from its
/// start, and its token, which is no other origin's business.
fn forget_the_call_before(extensions: &mut Extensions) {
    extensions.remove::<&'static OperationInfo>();
    extensions.remove::<Progress>();
    extensions.remove::<Overrides>();
    extensions.remove::<OwnToken>();
    extensions.remove::<OnTheWire>();
}

/// The reply of a stack that collects bodies.
fn whole(response: Response<Body>) -> Result<Reply, Error> {
    let (parts, body) = response.into_parts();
    // Only a layer of a user can put a body in its place that is not collected.
    let (body, truncated) = body.into_bytes().map_err(|_| {
        Error::new(ErrorKind::Io).with_detail("a layer gave a body that is still on the wire")
    })?;
    Ok(Reply {
        status: parts.status,
        headers: parts.headers,
        body,
        truncated,
    })
}

/// What an error needs to know of a reply that was given away to be decoded. All of it is shared,
/// not copied; the other headers are not kept, because copying the map is what every good reply
/// would pay for.
struct Seen {
    status: StatusCode,
    content_type: Option<HeaderValue>,
    request_id: Option<HeaderValue>,
    body: Bytes,
    progress: Progress,
    watch: Watch,
}

impl Seen {
    fn succeeded(self) {
        self.watch.succeeded(self.status);
    }

    #[cold]
    fn undecodable(self, error: DecodeError, info: &'static OperationInfo) -> Error {
        let mut headers = HeaderMap::new();
        if let Some(content_type) = &self.content_type {
            headers.insert(header::CONTENT_TYPE, content_type.clone());
        }
        let reply = Reply {
            status: self.status,
            headers,
            body: self.body.clone(),
            truncated: false,
        };
        self.complete(Error::decode(error, reply), info)
    }

    #[cold]
    fn complete(self, mut error: Error, info: &'static OperationInfo) -> Error {
        if let Some(id) = self.request_id {
            error.set_request_id(id);
        }
        self.watch.failed(error.ended(Some(info), &self.progress))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("origin", &self.inner.origin)
            .finish_non_exhaustive()
    }
}
