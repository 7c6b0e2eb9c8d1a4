//! What the tests share: a scripted service, a client of a sandbox, a browser, a receiver, a log. No
//! assertions about any one resource.

use std::collections::BTreeSet;
use std::time::Duration;

use accredit_sandbox::{Clock, Sandbox};
use accredit_verifyinvestor::transport::RetryPolicy;
use accredit_verifyinvestor::transport::bytes::Bytes;
use accredit_verifyinvestor::transport::http::{HeaderMap, HeaderName};
use accredit_verifyinvestor::transport::testkit::{Answer, Captured, Listening, Log, Script};
use accredit_verifyinvestor::{
    AuthorizationLink, Client, ClientBuilder, Environment, Review, ReviewStatus,
    UserAuthorizationToken, UserId, VerificationRequestId, WebhookEvent, Webhooks,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver};

pub(crate) const TOKEN: &str = "canary-token";

/// A service that gives every request the same answer and remembers what it was asked.
pub(crate) struct Service(Script);

impl Service {
    /// A service that follows a script.
    pub(crate) fn following(script: Script) -> Self {
        Self(script)
    }

    pub(crate) fn answering(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let answer = Answer::status(status).header("content-type", content_type);
        Self(Script::new().otherwise(answer.body(body)))
    }

    pub(crate) fn json(status: u16, body: &'static str) -> Self {
        Self::answering(status, "application/json", body)
    }

    pub(crate) fn builder(&self, environment: Environment) -> ClientBuilder {
        let script = self.0.clone();
        let builder = Client::builder(environment).patience(Duration::ZERO);
        builder.configure(move |transport| {
            let policy = RetryPolicy::default().base(Duration::ZERO);
            transport.retry(policy).transport(script.service())
        })
    }

    /// A client of this service that has a token.
    pub(crate) fn client(&self) -> Client {
        let builder = self.builder(Environment::Production).api_token(TOKEN);
        builder.build().unwrap()
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Captured> {
        self.0.requests()
    }
}

/// A sandbox that refuses what the services would.
pub(crate) async fn strict() -> Sandbox {
    Sandbox::builder().strict(true).start().await.unwrap()
}

/// The same where a choice between the document and what was seen is made.
pub(crate) async fn switched(name: &str, value: &str) -> Sandbox {
    let sandbox = strict().await;
    sandbox.set_switch(name, value).unwrap();
    sandbox
}

/// The same at a time that stands still.
pub(crate) async fn frozen(now: &str) -> Sandbox {
    let clock = Clock::Frozen(now.parse().unwrap());
    let sandbox = Sandbox::builder().strict(true).clock(clock);
    sandbox.start().await.unwrap()
}

/// A client of a sandbox's account.
pub(crate) fn account(sandbox: &Sandbox) -> Client {
    Client::builder(Environment::Sandbox(sandbox.base_url()))
        .api_token(sandbox.verifyinvestor_api_token())
        .patience(Duration::ZERO)
        .build()
        .unwrap()
}

/// The user that every sandbox has.
pub(crate) fn violet(sandbox: &Sandbox) -> UserId {
    UserId::new(sandbox.verifyinvestor_user().unwrap().id)
}

/// Completes a request in the investor's place.
pub(crate) async fn complete(client: &Client, user: UserId, id: VerificationRequestId) {
    let completion = client.simulate().unwrap().investor_completion(user, id);
    completion.send().await.unwrap();
}

/// Sets a verdict in the reviewer's place.
pub(crate) async fn review(
    client: &Client,
    user: UserId,
    id: VerificationRequestId,
    verdict: ReviewStatus,
) -> Review {
    let review = client.simulate().unwrap().review(user, id, verdict);
    review.send().await.unwrap()
}

/// How many requests a user has.
pub(crate) async fn count(client: &Client, user: UserId) -> usize {
    let requests = client.user_verification_requests(user);
    requests.list().send().await.unwrap().len()
}

/// Opens an authorization link and agrees, as an investor in a browser does; gives the user's id as
/// the browser carries it back.
pub(crate) async fn agree(sandbox: &Sandbox, link: AuthorizationLink) -> UserId {
    let url = link.redirect_url("http://127.0.0.1/back?x=1").to_url();
    let reply = submit(sandbox, &url.unwrap(), "decision=grant").await;
    let (_, rest) = reply.split_once("vi_user_id=").expect("a way back");
    rest.split('&').next().unwrap().parse().unwrap()
}

/// The public token of a sandbox's account.
pub(crate) fn public(sandbox: &Sandbox) -> UserAuthorizationToken {
    UserAuthorizationToken::new(sandbox.authorization_token())
}

/// Where a reply sends the browser.
pub(crate) fn location(reply: &str) -> &str {
    let mut lines = reply.lines();
    lines
        .find_map(|line| line.strip_prefix("location: "))
        .expect("a redirect")
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

/// The names of all operations of the contract that are calls.
pub(crate) fn contract() -> BTreeSet<String> {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../spec/verifyinvestor.openapi.yaml"
    );
    let contract = std::fs::read_to_string(file).unwrap();
    let names = contract
        .lines()
        .filter_map(|line| line.trim().strip_prefix("operationId: "))
        // The one that the service sends.
        .filter(|name| *name != "webhook");
    names.map(str::to_owned).collect()
}

/// Everything that this thread traces, and what ends it.
pub(crate) fn record() -> (Log, Listening) {
    let log = Log::new();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    (log, Log::listen(subscriber))
}
