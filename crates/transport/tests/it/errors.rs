//! What an error says, and what it keeps to itself.

use std::collections::HashMap;
use std::error::Error as _;
use std::time::Duration;

use accredit_transport::http::{HeaderMap, StatusCode};
use accredit_transport::{
    DecodeError, EncodeError, Error, ErrorKind, Operation, OperationInfo, Reply, RequestEncoder,
};
use tokio::net::TcpSocket;

use crate::support::{CANARY, Create, Retrieve, Server, Step, json, reply};

#[test]
fn error_is_one_pointer() {
    assert_eq!(size_of::<Error>(), size_of::<usize>());
    assert_eq!(size_of::<Option<Error>>(), size_of::<usize>());
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_error::<Error>();
}

#[tokio::test]
async fn html_502_keeps_status() {
    let page = format!("<html>{CANARY}</html>");
    let server = Server::start([reply("502 Bad Gateway", "text/html; charset=utf-8", &page)]).await;
    let error = server.client().execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status);
    assert_eq!(error.status(), Some(StatusCode::BAD_GATEWAY));
    assert_eq!(
        error.to_string(),
        format!(
            "notes.retrieve: 502 Bad Gateway (text/html, {} bytes)",
            page.len()
        )
    );
    assert_eq!(error.body(), page.as_bytes());
    assert_eq!(error.api::<HashMap<String, String>>(), None);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn display_is_useful_without_source() {
    let server = Server::start([
        reply(
            "401 Unauthorized",
            "application/json",
            r#"{"detail":"Invalid token."}"#,
        ),
        json(r#"{"a":1}"#),
        reply("200 OK", "text/html", "<html>hotel login</html>"),
        json("false"),
    ])
    .await;
    let client = server.client();
    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.to_string(), "notes.retrieve: 401 Unauthorized");
    assert_eq!(
        error.api::<HashMap<String, String>>().unwrap()["detail"],
        "Invalid token."
    );
    assert_eq!(
        (error.operation(), error.attempts()),
        (Some("notes.retrieve"), 1)
    );

    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "notes.retrieve: the reply could not be read: expected a string"
    );
    assert_eq!(error.body(), br#"{"a":1}"#);
    assert!(error.request_id().is_some() && error.source().is_none());

    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "notes.retrieve: the reply could not be read: expected value at line 1 column 1 (text/html, 24 bytes)"
    );

    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.to_string(), "notes.create: refused by the server");
    assert_eq!(
        (error.kind(), error.refusal()),
        (ErrorKind::Refused, Some(CANARY))
    );
    assert!(!format!("{error:?}").contains(CANARY));
}

#[tokio::test]
async fn a_refused_connection_says_so_and_was_not_sent() {
    let server = Server::start([]).await;
    // Nobody listens, and nobody else gets the port.
    let deaf = TcpSocket::new_v4().unwrap();
    deaf.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let closed = deaf.local_addr().unwrap();
    let client = server
        .builder()
        .base_uri(format!("http://{closed}"))
        .build()
        .unwrap();
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(
        error
            .to_string()
            .starts_with("notes.create: could not connect: Connection refused"),
        "{error}"
    );
    assert!(!error.may_have_been_sent());
    assert!(
        error.is_retryable(),
        "not sent, so even a write may be repeated"
    );
    assert!(error.source().is_some());
}

#[tokio::test]
async fn an_unsafe_write_of_unknown_fate_is_not_retryable() {
    let server = Server::start([
        Step::SendAndClose(Vec::new()),
        reply("503 Service Unavailable", "application/json", "{}"),
        reply("429 Too Many Requests", "application/json", "{}"),
    ])
    .await;
    let client = server.client();
    for (retryable, sent) in [(false, true), (false, true), (true, true)] {
        let error = client.execute(&Create("x")).await.unwrap_err();
        assert_eq!(
            (error.is_retryable(), error.may_have_been_sent()),
            (retryable, sent),
            "{error:?}"
        );
        assert!(error.is_transient());
    }
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn debug_has_no_canary() {
    let answer = format!(
        "HTTP/1.1 500 {CANARY}\r\nset-cookie: {CANARY}\r\nlocation: /{CANARY}\r\nx-request-id: seen\r\n\
         content-type: text/plain\r\ncontent-length: 11\r\n\r\n{CANARY}"
    );
    let server = Server::start([
        Step::Send(answer.clone().into_bytes()),
        Step::Send(answer.into_bytes()),
    ])
    .await;
    let client = server.client();
    let error = client.execute(&Create(CANARY)).await.unwrap_err();
    let text = format!(
        "{error} {error:#} {error:?} {error:#?} {client:?} {:?}",
        server.builder()
    );

    assert!(!text.contains(CANARY), "{text}");
    assert_eq!(error.request_id(), Some("seen"), "the server's own id wins");
    let reply = client
        .send(
            accredit_transport::http::Request::get("/")
                .body(())
                .unwrap(),
        )
        .await
        .unwrap();
    let text = format!("{reply:?}");
    assert!(!text.contains(CANARY), "{text}");
}

#[tokio::test]
async fn retry_after_is_read_and_never_panics() {
    let server = Server::start([Step::Send(
        b"HTTP/1.1 429 X\r\nretry-after: 99999999999999999999999\r\ncontent-length: 0\r\n\r\n"
            .to_vec(),
    )])
    .await;
    let error = server.client().execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(u64::MAX)));
    assert!(error.is_rate_limited());
}

#[test]
fn errors_of_decoders_show_their_text_once() {
    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("results[3].amount: expected a decimal")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let error = DecodeError::malformed(Outer("x".parse::<u8>().unwrap_err()));
    assert_eq!(error.to_string(), "results[3].amount: expected a decimal");
    assert_eq!(
        error.source().unwrap().to_string(),
        "invalid digit found in string"
    );
    let raw = serde_json::from_str::<u8>(&format!("\"{CANARY}\"")).unwrap_err();
    let error = DecodeError::malformed(raw);
    assert!(!format!("{error} {error:?}").contains(CANARY) && error.source().is_none());
}

#[test]
fn users_can_make_errors_for_their_own_tests() {
    let reply = Reply::new(
        StatusCode::NOT_FOUND,
        HeaderMap::new(),
        r#"{"detail":"Not found."}"#,
    );
    static INFO: accredit_transport::OperationInfo = Retrieve::INFO;
    let error = Error::from_reply(reply).with_operation(&INFO);
    assert!(error.is_not_found());
    assert_eq!(
        error.to_string(),
        "notes.retrieve: 404 Not Found (no content type, 23 bytes)"
    );
    let error = Error::new(ErrorKind::Connect).with_source("boom");
    assert_eq!(
        (
            error.to_string().as_str(),
            error.source().unwrap().to_string().as_str()
        ),
        ("could not connect", "boom")
    );
}

/// A question to which the service says no by a status.
struct Exists;

impl Operation for Exists {
    type Output = bool;
    const INFO: OperationInfo = Retrieve::INFO;

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        Retrieve("1").encode(request)
    }

    fn decode(_: Reply) -> Result<bool, DecodeError> {
        Ok(true)
    }

    fn answer(error: &Error) -> Option<bool> {
        error.is_not_found().then_some(false)
    }
}

#[tokio::test]
async fn a_status_may_be_an_answer_and_is_an_error_unless_an_operation_says_so() {
    let missing = || reply("404 Not Found", "application/json", "{}");
    let refused = reply("400 Bad Request", "application/json", "{}");
    let server = Server::start([missing(), json("{}"), missing(), refused]).await;
    let client = server.client();
    assert!(!client.execute(&Exists).await.unwrap());
    assert!(client.execute(&Exists).await.unwrap());
    assert!(
        client
            .execute(&Retrieve("1"))
            .await
            .unwrap_err()
            .is_not_found()
    );
    let error = client.execute(&Exists).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
}
