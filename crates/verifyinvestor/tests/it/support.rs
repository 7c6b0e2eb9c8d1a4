//! What the tests share: a scripted service, a client of a sandbox, a browser, a receiver, a log. No
//! assertions about any one resource.

use std::convert::Infallible;
use std::io::{Result as IoResult, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_sandbox::Sandbox;
use accredit_verifyinvestor::transport::bytes::Bytes;
use accredit_verifyinvestor::transport::http::header::CONTENT_TYPE;
use accredit_verifyinvestor::transport::http::{HeaderMap, HeaderName, Request, Response};
use accredit_verifyinvestor::transport::{Body, RetryPolicy};
use accredit_verifyinvestor::{
    AuthorizationLink, Client, ClientBuilder, Environment, UserId, WebhookEvent, Webhooks,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

pub(crate) const TOKEN: &str = "canary-token";

/// A service that gives every request the same answer and remembers what it was asked.
#[derive(Clone)]
pub(crate) struct Service {
    status: u16,
    content_type: &'static str,
    body: Bytes,
    seen: Arc<Mutex<Vec<Request<Bytes>>>>,
}

impl Service {
    pub(crate) fn answering(
        status: u16,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        Self {
            status,
            content_type,
            body: body.into(),
            seen: Arc::default(),
        }
    }

    pub(crate) fn json(status: u16, body: &'static str) -> Self {
        Self::answering(status, "application/json", body)
    }

    pub(crate) fn builder(&self, environment: Environment) -> ClientBuilder {
        let service = self.clone();
        Client::builder(environment).configure(move |transport| {
            let policy = RetryPolicy::default().base(Duration::ZERO);
            transport
                .retry(policy)
                .transport(tower::service_fn(move |request: Request<Body>| {
                    let request = request.map(|body| body.as_bytes().cloned().unwrap_or_default());
                    service.seen.lock().unwrap().push(request);
                    let response = Response::builder()
                        .status(service.status)
                        .header(CONTENT_TYPE, service.content_type)
                        .body(Body::whole(service.body.clone()))
                        .unwrap();
                    async move { Ok::<_, Infallible>(response) }
                }))
        })
    }

    /// A client of this service that has a token.
    pub(crate) fn client(&self) -> Client {
        let builder = self.builder(Environment::Production).api_token(TOKEN);
        builder.build().unwrap()
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Request<Bytes>> {
        self.seen.lock().unwrap().clone()
    }
}

/// A client of a sandbox's account.
pub(crate) fn account(sandbox: &Sandbox) -> Client {
    Client::builder(Environment::Sandbox(sandbox.base_url()))
        .api_token(sandbox.verifyinvestor_api_token())
        .build()
        .unwrap()
}

/// The user that every sandbox has.
pub(crate) fn violet(sandbox: &Sandbox) -> UserId {
    UserId::new(sandbox.verifyinvestor_user().unwrap().id)
}

/// Opens an authorization link and agrees, as an investor in a browser does; gives the user's id as
/// the browser carries it back.
pub(crate) async fn agree(sandbox: &Sandbox, link: AuthorizationLink) -> UserId {
    let url = link.redirect_url("http://127.0.0.1/back?x=1").to_url();
    let reply = submit(sandbox, &url, "decision=grant").await;
    let (_, rest) = reply.split_once("vi_user_id=").expect("a way back");
    rest.split('&').next().unwrap().parse().unwrap()
}

/// Sends the form of a hosted page, as a browser does; gives the whole reply.
pub(crate) async fn submit(sandbox: &Sandbox, url: &str, form: &str) -> String {
    let path = url
        .strip_prefix(&sandbox.base_url())
        .expect("a page of this sandbox");
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\n\r\n{form}",
        sandbox.address(),
        form.len()
    );
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    reply
}

/// Receives webhooks on a port of its own and verifies each one.
pub(crate) struct Receiver {
    events: UnboundedReceiver<WebhookEvent>,
}

impl Receiver {
    pub(crate) async fn start(sandbox: &Sandbox) -> Self {
        let webhooks = Webhooks::new(sandbox.webhook_secret()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        sandbox.set_webhook_url(Some(&url)).unwrap();
        let (sender, events) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (headers, body) = read_request(&mut stream).await;
                let event = webhooks.verify(&headers, &body).expect("a signed event");
                let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
                stream.write_all(answer).await.unwrap();
                if sender.send(event).is_err() {
                    return;
                }
            }
        });
        Self { events }
    }

    pub(crate) async fn next(&mut self) -> WebhookEvent {
        self.events.recv().await.unwrap()
    }

    /// Whether nothing more has come; all that was due must have been sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

async fn read_request(stream: &mut TcpStream) -> (HeaderMap, Vec<u8>) {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(bytes).unwrap();
    let headers: HeaderMap = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap()))
        .collect();
    let length = headers["content-length"].to_str().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.unwrap();
    (headers, body)
}

/// What a subscriber wrote.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// Keeps everything that this thread traces while the guards live.
    pub(crate) fn install(&self) -> (tracing::subscriber::DefaultGuard, Dispatch) {
        // While there is only one subscriber, an event that another thread meets first is switched
        // off for all threads, because that thread has none.
        let second = Dispatch::new(NoSubscriber::default());
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_writer(move || log.clone())
            .finish();
        (tracing::subscriber::set_default(subscriber), second)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> IoResult<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> IoResult<()> {
        Ok(())
    }
}
