//! Every limit is its own phase of the error, and says whether the request may have gone out.
//!
//! The clock is paused: a runtime with nothing to do jumps to the next timer, so the shortest one
//! that is armed fires.

use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Duration;

use accredit_transport::Body;
use accredit_transport::http::{Request, Response};
use accredit_transport::{
    CallOptions, Client, ClientBuilder, Error, ErrorKind, RetryPolicy, TimeoutPhase, Token,
    TokenSource, async_trait,
};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::support::{Create, Retrieve, Server, Step};

/// A client whose server never answers.
fn silent() -> ClientBuilder {
    Client::builder()
        .base_uri("https://a.test")
        .token(Token::new("", "t").unwrap())
        .transport(tower::service_fn(async |_: Request<Body>| {
            std::future::pending::<()>().await;
            Ok::<_, Infallible>(Response::new(String::new()))
        }))
        .retry(RetryPolicy::none())
}

#[tokio::test(start_paused = true)]
async fn connect_timeout_covers_the_tls_handshake() {
    // Accepts and says nothing: TCP is there, TLS is not.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let client = Client::builder()
        .base_uri(base)
        .token(Token::new("", "t").unwrap())
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let started = Instant::now();
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Timeout(TimeoutPhase::Connect),
        "{error:?}"
    );
    assert_eq!(
        error.to_string(),
        "notes.create: timed out: no connection within 3s"
    );
    assert!(!error.may_have_been_sent() && error.is_retryable() && error.is_timeout());
    assert_eq!(started.elapsed().as_secs(), 3);
    drop(listener);
}

#[tokio::test(start_paused = true)]
async fn first_byte_timeout_is_its_own_phase() {
    let error = silent()
        .build()
        .unwrap()
        .execute(&Create("x"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(error.reason(), ErrorKind::Timeout(TimeoutPhase::FirstByte));
    assert_eq!(
        error.to_string(),
        "notes.create: outcome unknown: timed out: no reply within 20s"
    );
    assert!(error.may_have_been_sent() && !error.is_retryable());
    assert_eq!(error.attempts(), 1);
}

/// A service that never takes a request.
#[derive(Clone)]
struct Full;

impl tower::Service<Request<Body>> for Full {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        unreachable!("it is never ready")
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_covers_a_transport_that_takes_no_request() {
    let client = Client::builder()
        .base_uri("https://a.test")
        .token(Token::new("", "t").unwrap())
        .transport(Full)
        .build()
        .unwrap();
    let started = Instant::now();
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Operation));
    assert!(!error.may_have_been_sent() && error.attempts() == 0);
    assert_eq!(started.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn first_byte_timeout_holds_on_a_real_socket() {
    let server = Server::start([Step::SendAndHang(Vec::new())]).await;
    let client = server.builder().connect_timeout(None).build().unwrap();
    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::FirstByte));
}

#[tokio::test(start_paused = true)]
async fn total_deadline_bounds_everything() {
    let client = silent()
        .first_byte_timeout(None)
        .attempt_timeout(None)
        .build()
        .unwrap();
    let started = Instant::now();
    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Operation));
    assert_eq!(
        error.to_string(),
        "notes.retrieve: timed out: not done within 60s"
    );
    assert!(error.may_have_been_sent() && error.is_retryable());
    assert_eq!(started.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_call_sets_its_own_limits() {
    let client = silent().build().unwrap();
    let options = CallOptions::new().deadline(Duration::from_secs(2));
    let error = client
        .execute_with(&Retrieve("1"), &options)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "notes.retrieve: timed out: not done within 2s"
    );
    let options = CallOptions::new()
        .deadline(None)
        .attempt_timeout(Duration::from_secs(5));
    let error = client
        .execute_with(&Retrieve("1"), &options)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "notes.retrieve: timed out: no complete reply within 5s"
    );
    let options = CallOptions::new().first_byte_timeout(Duration::from_millis(1500));
    let error = client
        .execute_with(&Retrieve("1"), &options)
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "notes.retrieve: timed out: no reply within 1.5s"
    );
}

struct SlowLogin;

#[async_trait]
impl TokenSource for SlowLogin {
    async fn token(&self) -> Result<Token, Error> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_while_logging_in_proves_that_nothing_was_sent() {
    let client = silent().token_source(SlowLogin).build().unwrap();
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Timeout(TimeoutPhase::Attempt),
        "a login is no first byte"
    );
    assert!(!error.may_have_been_sent() && error.is_retryable());
    assert_eq!(error.attempts(), 0);
}

#[tokio::test(start_paused = true)]
async fn limits_can_be_huge() {
    let limit = Duration::MAX;
    let builder = silent()
        .deadline(limit)
        .attempt_timeout(limit)
        .first_byte_timeout(limit)
        .connect_timeout(limit);
    let client = builder.build().unwrap();
    let call = client.execute(&Retrieve("1"));
    assert!(
        tokio::time::timeout(Duration::from_secs(3600), call)
            .await
            .is_err()
    );
}
