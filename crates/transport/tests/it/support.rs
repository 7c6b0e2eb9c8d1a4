//! A raw HTTP/1.1 server that follows a script, operations of an imaginary API, a subscriber that
//! keeps what it is told.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use accredit_transport::bytes::Bytes;
use accredit_transport::http::{Method, Uri};
use accredit_transport::testkit::{Listening, Log};
use accredit_transport::{
    BytesOperation, Client, ClientBuilder, DecodeError, EncodeError, Operation, OperationInfo,
    Reply, RequestEncoder, ResponseKind, RetryClass, RetryPolicy, Token,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

pub(crate) const CANARY: &str = "canary-5f3a";

/// What the server does with one request.
pub(crate) enum Step {
    /// Sends these bytes and keeps the connection.
    Send(Vec<u8>),
    /// Sends these bytes and closes the connection.
    SendAndClose(Vec<u8>),
    /// Sends these bytes and nothing more, for ever.
    SendAndHang(Vec<u8>),
}

/// A reply with a length.
pub(crate) fn reply(status: &str, content_type: &str, body: &str) -> Step {
    Step::Send(raw(status, content_type, body).into_bytes())
}

pub(crate) fn json(body: &str) -> Step {
    reply("200 OK", "application/json", body)
}

pub(crate) fn raw(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A server on loopback; it dies with its runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    script: Mutex<VecDeque<Step>>,
    seen: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

impl Server {
    /// Answers request by request, over however many connections they come.
    pub(crate) async fn start(script: impl IntoIterator<Item = Step>) -> Self {
        Self::listen(script, |stream| std::future::ready(Some(stream))).await
    }

    /// The same over TLS.
    pub(crate) async fn start_tls(
        tls: rustls::ServerConfig,
        script: impl IntoIterator<Item = Step>,
    ) -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        Self::listen(script, move |stream| {
            let handshake = acceptor.accept(stream);
            async move { handshake.await.ok() }
        })
        .await
    }

    /// Serves what becomes of each connection.
    async fn listen<S: AsyncRead + AsyncWrite + Send + Unpin + 'static, F>(
        script: impl IntoIterator<Item = Step>,
        open: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Option<S>> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            ..Self::in_memory(script)
        };
        let shared = Arc::clone(&server.shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let (opening, shared) = (open(stream), Arc::clone(&shared));
                tokio::spawn(async move {
                    if let Some(stream) = opening.await {
                        serve(stream, shared).await;
                    }
                });
            }
        });
        server
    }

    /// A server without a socket: connections come from [`pipe`](Self::pipe) alone.
    pub(crate) fn in_memory(script: impl IntoIterator<Item = Step>) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 80)),
            shared: Arc::new(Shared {
                script: Mutex::new(script.into_iter().collect()),
                ..Shared::default()
            }),
        }
    }

    /// The client's end of a connection in memory: no timer of a socket runs, so that a paused
    /// clock stands still while bytes are on their way.
    pub(crate) fn pipe(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.shared.connections.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(serve(theirs, Arc::clone(&self.shared)));
        ours
    }

    /// A [`builder`](Self::builder) of a client that has such connections.
    pub(crate) fn over_pipes(self: &Arc<Self>) -> ClientBuilder {
        let server = Arc::clone(self);
        self.builder().connector(tower::service_fn(move |_: Uri| {
            std::future::ready(Ok::<_, Infallible>(server.pipe()))
        }))
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client of this server that has a token and makes one attempt.
    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder()
            .base_uri(self.base())
            .allow_insecure_loopback(true)
            .retry(RetryPolicy::none())
            .token(Token::new("Token", CANARY).unwrap())
    }

    /// The requests so far, head and body, as they stood on the wire.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    while let Some(request) = read_request(&mut stream).await {
        shared.seen.lock().unwrap().push(request);
        let step = shared.script.lock().unwrap().pop_front();
        match step {
            Some(Step::Send(bytes)) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
                let _ = stream.flush().await;
            }
            Some(Step::SendAndClose(bytes)) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Some(Step::SendAndHang(bytes)) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                std::future::pending::<()>().await;
            }
            None => return,
        }
    }
}

/// One request with the body that its length announces; `None` at the end of the connection.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    bytes.extend(body);
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// `GET /notes/{id}/`.
#[derive(Clone, Copy)]
pub(crate) struct Retrieve(pub(crate) &'static str);

impl Operation for Retrieve {
    type Output = String;
    const INFO: OperationInfo = OperationInfo::new(
        "notes.retrieve",
        Method::GET,
        "/notes/{id}/",
        RetryClass::Read,
        ResponseKind::Json,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.path("id", self.0)
    }

    fn decode(reply: Reply) -> Result<String, DecodeError> {
        reply.json()
    }
}

/// `POST /notes/`, with an effect.
#[derive(Clone, Copy)]
pub(crate) struct Create(pub(crate) &'static str);

impl Operation for Create {
    type Output = ();
    const INFO: OperationInfo = OperationInfo::new(
        "notes.create",
        Method::POST,
        "/notes/",
        RetryClass::UnsafeWrite,
        ResponseKind::Envelope,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.json(&std::collections::BTreeMap::from([("text", self.0)]))
    }

    fn decode(reply: Reply) -> Result<(), DecodeError> {
        if reply.json::<bool>()? {
            Ok(())
        } else {
            Err(DecodeError::refused(Some(CANARY.to_owned())))
        }
    }
}

/// `POST /login/`, without credentials.
pub(crate) struct Login;

impl Operation for Login {
    type Output = String;
    const INFO: OperationInfo = OperationInfo::new(
        "auth.login",
        Method::POST,
        "/login/",
        RetryClass::UnsafeWrite,
        ResponseKind::Json,
    )
    .anonymous();

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.json(&CANARY)
    }

    fn decode(reply: Reply) -> Result<String, DecodeError> {
        reply.json()
    }
}

/// `GET /notes/file`.
pub(crate) struct Download;

impl Operation for Download {
    type Output = Bytes;
    const INFO: OperationInfo = OperationInfo::new(
        "notes.download",
        Method::GET,
        "/notes/file",
        RetryClass::Read,
        ResponseKind::Bytes,
    );

    fn encode(&self, _: &mut RequestEncoder) -> Result<(), EncodeError> {
        Ok(())
    }

    fn decode(reply: Reply) -> Result<Bytes, DecodeError> {
        Ok(reply.body)
    }
}

impl BytesOperation for Download {}

/// Keeps all events of this thread, and the ends of spans, while the second of the two lives.
pub(crate) fn record() -> (Log, Listening) {
    let log = Log::new();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::CLOSE)
        .with_writer(move || writer.clone())
        .finish();
    (log, Log::listen(subscriber))
}
