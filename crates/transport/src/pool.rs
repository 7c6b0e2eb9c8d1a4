//! The connections of one client to its one origin, over HTTP/1.1.
//!
//! One origin: so there is no map of hosts, no key to hash, and the `Host` header is written once.
//! What hyper-util's pool does beyond this, for any number of hosts and both versions of HTTP, costs
//! three quarters of a small request; where HTTP/2 is offered, that pool is used all the same.
//!
//! Never repeats a request, but for one of which hyper says that not a byte of it was written,
//! because a connection that was used before had closed. Knows for certain of each request that did
//! not leave, and says so.

use std::collections::VecDeque;
use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{HeaderValue, Method, Request, Response, Uri, Version, header};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{self, SendRequest};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tower::ServiceExt as _;

use crate::alarm;
use crate::body::Body;
use crate::connect::{Bounded, POOL_IDLE, POOL_SIZE, broken, unreachable};
use crate::connector::Connector;
use crate::error::{Error, ErrorKind};

/// A clone shares the connections.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    connector: Bounded<Connector>,
    http: http1::Builder,
    max_headers: usize,
    /// What the connector is asked for.
    root: Uri,
    host: HeaderValue,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The one that was used last stands last, and is used next: so the others can grow old.
    idle: Vec<Idle>,
    /// Requests that make a connection of their own, and take one that comes free before.
    waiting: VecDeque<oneshot::Sender<SendRequest<Body>>>,
    is_swept: bool,
    /// What runs beside the requests, and ends with the client.
    tasks: Vec<AbortHandle>,
}

/// Boxed, so that tokio's machinery of a task is compiled once and not for each kind of them.
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Idle {
    sender: SendRequest<Body>,
    since: Instant,
}

impl Pool {
    /// `root` is the origin as a URI.
    pub(crate) fn new(
        connector: Bounded<Connector>,
        http: http1::Builder,
        max_headers: usize,
        root: Uri,
    ) -> Self {
        Self(Arc::new(Shared {
            connector,
            http,
            max_headers,
            host: host(&root),
            root,
            state: Mutex::default(),
        }))
    }

    /// Sends a request over a connection that is open, or over a new one.
    pub(crate) fn request(&self, mut request: Request<Body>) -> Exchange {
        if request.method() == Method::CONNECT {
            return self.exchange(Stage::Refused);
        }
        // What goes on the wire: where the connection leads is known to both ends.
        let mut parts = mem::take(request.uri_mut()).into_parts();
        parts.scheme = None;
        parts.authority = None;
        // What is written as nothing is read as a slash, and has to be one on the wire.
        parts.path_and_query = parts
            .path_and_query
            .filter(|target| target.as_str() != "/")
            .or_else(|| Some(PathAndQuery::from_static("/")));
        *request.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
        *request.version_mut() = Version::HTTP_11;
        request
            .headers_mut()
            .insert(header::HOST, self.0.host.clone());
        self.exchange(self.0.start(request))
    }

    fn exchange(&self, stage: Stage) -> Exchange {
        Exchange {
            shared: Arc::clone(&self.0),
            stage,
            reuses_left: None,
        }
    }
}

/// The value of the `Host` header: the port only where it is not that of the scheme.
fn host(root: &Uri) -> HeaderValue {
    let host = root.host().unwrap_or_default();
    let usual = match root.scheme_str() {
        Some("https") => 443,
        _ => 80,
    };
    let text = match root.port_u16() {
        Some(port) if port != usual => format!("{host}:{port}"),
        _ => host.to_owned(),
    };
    // It was a part of a URI, and all of these fit in a header.
    HeaderValue::from_maybe_shared(bytes::Bytes::from(text))
        .unwrap_or_else(|_| HeaderValue::from_static(""))
}

impl Shared {
    /// Over an idle connection, or the first that there is: a new one or one that comes free.
    fn start(self: &Arc<Self>, request: Request<Body>) -> Stage {
        let mut state = self.state();
        if let Some(sender) = state.take() {
            drop(state);
            return Stage::send(sender, true, request);
        }
        let (free, freed) = oneshot::channel();
        // Those that have their connection by now do not wait any more.
        state.waiting.retain(|waiting| !waiting.is_closed());
        state.waiting.push_back(free);
        drop(state);
        self.connect(request, Some(freed))
    }

    /// Over a new connection, or one that comes free before.
    fn connect(&self, request: Request<Body>, freed: Option<Freed>) -> Stage {
        Stage::Connect(Box::new(Connect {
            request,
            connecting: Box::pin(connect(
                self.connector.clone(),
                self.root.clone(),
                self.http.clone(),
            )),
            freed,
        }))
    }

    /// Takes back the sender of a connection whose reply was read to its end.
    fn put(self: &Arc<Self>, mut sender: SendRequest<Body>) {
        if sender.is_closed() {
            return;
        }
        if sender.is_ready() {
            return self.put_ready(sender);
        }
        // The connection did not get its turn since, or the request is still being written. That may
        // never end, and a connection is not kept for it.
        let shared = Arc::downgrade(self);
        self.beside(Box::pin(async move {
            let ready = tokio::time::timeout(POOL_IDLE, sender.ready()).await;
            if let (Ok(Ok(())), Some(shared)) = (ready, shared.upgrade()) {
                shared.put_ready(sender);
            }
        }));
    }

    fn put_ready(self: &Arc<Self>, mut sender: SendRequest<Body>) {
        loop {
            let mut state = self.state();
            let Some(waiting) = state.waiting.pop_front() else {
                if state.idle.len() < POOL_SIZE {
                    let since = Instant::now();
                    state.idle.push(Idle { sender, since });
                    if !mem::replace(&mut state.is_swept, true) {
                        drop(state);
                        self.sweep_later();
                    }
                }
                return;
            };
            drop(state);
            match waiting.send(sender) {
                Ok(()) => return,
                Err(back) => sender = back,
            }
        }
    }

    /// Takes back what came free for a request that does not need it any more.
    fn pass_on(self: &Arc<Self>, freed: Option<Freed>) {
        if let Some(mut freed) = freed {
            freed.close();
            if let Ok(sender) = freed.try_recv() {
                self.put(sender);
            }
        }
    }

    /// Closes connections that nobody uses, as long as there are any.
    fn sweep_later(self: &Arc<Self>) {
        let sweeper = Sweeper(Arc::downgrade(self));
        self.beside(Box::pin(async move {
            let mut wait = POOL_IDLE;
            loop {
                tokio::time::sleep(wait).await;
                let Some(shared) = sweeper.0.upgrade() else {
                    return;
                };
                let next = shared.state().sweep();
                match next {
                    Some(next) => wait = next,
                    None => return,
                }
            }
        }));
    }

    /// Runs something beside the requests until the client is dropped. It must not hold the client.
    /// Without a runtime there are no connections any more, and nothing to do.
    fn beside(&self, task: Task) {
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        let task = runtime.spawn(task).abort_handle();
        let mut state = self.state();
        state.tasks.retain(|task| !task.is_finished());
        state.tasks.push(task);
    }

    /// Held for moments that cannot panic, so a poisoned lock holds a good list.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for task in self.state().tasks.drain(..) {
            task.abort();
        }
    }
}

impl State {
    /// The connection that was used last, if it is still good.
    fn take(&mut self) -> Option<SendRequest<Body>> {
        while let Some(Idle { sender, since }) = self.idle.pop() {
            if since.elapsed() >= POOL_IDLE {
                // All others are older.
                self.idle.clear();
            } else if sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    /// Drops what is too old, and says when the next will be. `None` when nothing is left.
    fn sweep(&mut self) -> Option<Duration> {
        self.idle
            .retain(|idle| idle.since.elapsed() < POOL_IDLE && !idle.sender.is_closed());
        let next = self
            .idle
            .first()
            .map(|idle| POOL_IDLE.saturating_sub(idle.since.elapsed()));
        self.is_swept = next.is_some();
        next
    }
}

/// Says so when it ends, also with its runtime: then the next one begins.
struct Sweeper(Weak<Shared>);

impl Drop for Sweeper {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.state().is_swept = false;
        }
    }
}

/// Makes a connection and starts the task that drives it. Whatever fails here, nothing was sent.
async fn connect(
    connector: Bounded<Connector>,
    root: Uri,
    http: http1::Builder,
) -> Result<SendRequest<Body>, Error> {
    let stream = connector.oneshot(root).await.map_err(unreachable)?;
    let (mut sender, connection) = http
        .handshake(stream)
        .await
        .map_err(|error| unreachable(error.into()))?;
    let task: Task = Box::pin(async move {
        if let Err(error) = connection.await {
            // Whoever waits for a reply is told by hyper; what is idle is found closed.
            tracing::trace!(%error, "connection ended");
        }
    });
    tokio::spawn(task);
    sender
        .ready()
        .await
        .map_err(|error| unreachable(error.into()))?;
    Ok(sender)
}

/// One request and its reply, up to the head of it.
pub(crate) struct Exchange {
    shared: Arc<Shared>,
    stage: Stage,
    /// How many more used connections may turn out closed; `None` while none has.
    reuses_left: Option<usize>,
}

enum Stage {
    // Boxed: most requests find a connection, and all pay for the size of this.
    Connect(Box<Connect>),
    Send {
        sender: SendRequest<Body>,
        reused: bool,
        sending: Sending,
    },
    Refused,
    Done,
}

struct Connect {
    request: Request<Body>,
    connecting: Pin<Box<dyn Future<Output = Result<SendRequest<Body>, Error>> + Send>>,
    freed: Option<Freed>,
}

type Freed = oneshot::Receiver<SendRequest<Body>>;

type Sending =
    Pin<Box<dyn Future<Output = Result<Response<Incoming>, TrySendError<Request<Body>>>> + Send>>;

impl Stage {
    fn send(mut sender: SendRequest<Body>, reused: bool, request: Request<Body>) -> Self {
        let sending = Box::pin(sender.try_send_request(request));
        Self::Send {
            sender,
            reused,
            sending,
        }
    }
}

impl Exchange {
    /// The request came back from a used connection, with not a byte of it written.
    fn again(&mut self, request: Request<Body>) {
        let left = match self.reuses_left {
            Some(left) => left,
            None => self.shared.state().idle.len().saturating_add(1),
        };
        self.reuses_left = Some(left.saturating_sub(1));
        self.stage = if left == 0 {
            self.shared.connect(request, None)
        } else {
            self.shared.start(request)
        };
    }
}

impl Future for Exchange {
    type Output = Result<Response<Body>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            match &mut this.stage {
                Stage::Send {
                    sending, reused, ..
                } => {
                    let result = ready!(sending.as_mut().poll(cx));
                    let reused = *reused;
                    let Stage::Send { sender, .. } = mem::replace(&mut this.stage, Stage::Done)
                    else {
                        continue;
                    };
                    let mut failed = match result {
                        Ok(response) => {
                            let shared = Arc::clone(&this.shared);
                            let hold = Hold { sender, shared };
                            return Poll::Ready(Ok(
                                response.map(|body| Body::hyper(body, Some(hold)))
                            ));
                        }
                        Err(failed) => failed,
                    };
                    let given_back = failed.take_message();
                    let was_sent = given_back.is_none();
                    if reused && let Some(request) = given_back {
                        this.again(request);
                        continue;
                    }
                    let mut error = broken(failed.into_error(), this.shared.max_headers);
                    error.set_sent(was_sent);
                    return Poll::Ready(Err(error));
                }
                Stage::Connect(connect) => {
                    let freed = connect.freed.as_mut().map(|freed| Pin::new(freed).poll(cx));
                    let used = match freed {
                        Some(Poll::Ready(freed)) => {
                            connect.freed = None;
                            freed.ok()
                        }
                        _ => None,
                    };
                    let made = if used.is_some() {
                        None
                    } else if let Poll::Ready(made) = connect.connecting.as_mut().poll(cx) {
                        Some(made)
                    } else {
                        alarm::nothing_sent();
                        return Poll::Pending;
                    };
                    let Stage::Connect(connect) = mem::replace(&mut this.stage, Stage::Done) else {
                        continue;
                    };
                    let Connect {
                        request,
                        connecting,
                        freed,
                    } = *connect;
                    this.shared.pass_on(freed);
                    let reused = used.is_some();
                    if reused {
                        // The connection under way is not wasted.
                        let shared = Arc::downgrade(&this.shared);
                        this.shared.beside(Box::pin(async move {
                            if let Ok(sender) = connecting.await
                                && let Some(shared) = shared.upgrade()
                            {
                                shared.put(sender);
                            }
                        }));
                    }
                    let sender = match (used, made) {
                        (Some(sender), _) | (None, Some(Ok(sender))) => sender,
                        (None, Some(Err(error))) => return Poll::Ready(Err(error)),
                        (None, None) => return Poll::Pending,
                    };
                    this.stage = Stage::send(sender, reused, request);
                }
                Stage::Refused => {
                    let error = Error::new(ErrorKind::Build);
                    return Poll::Ready(Err(
                        error.with_detail("CONNECT asks a proxy, not a server")
                    ));
                }
                // Polled again after the end: there is no second answer.
                Stage::Done => return Poll::Pending,
            }
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // A connection that came free for it serves another.
        if let Stage::Connect(connect) = &mut self.stage {
            self.shared.pass_on(connect.freed.take());
        }
    }
}

/// A connection on loan while a reply is read.
pub(crate) struct Hold {
    sender: SendRequest<Body>,
    shared: Arc<Shared>,
}

impl Hold {
    /// The reply was read to its end. A hold that is dropped instead closes the connection.
    pub(crate) fn give_back(self) {
        self.shared.put(self.sender);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}
