//! Bodies that are too large, cut, chunked or not what they claim.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use accredit_transport::bytes::Bytes;
use accredit_transport::http::{Request, Response, StatusCode};
use accredit_transport::{Client, ErrorKind, TimeoutPhase};

use crate::support::{Create, Download, Retrieve, Server, Step, json, raw, reply};

#[tokio::test]
async fn oversize_body_is_refused() {
    // Announced: refused unread. The ten gigabytes never come.
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n\"";
    // Not announced: refused when the cap is passed.
    let chunk = format!("400\r\n{}\r\n", "a".repeat(1024));
    let endless = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{}",
        chunk.repeat(10)
    );
    for answer in [announced, endless.as_str()] {
        let server = Server::start([Step::SendAndHang(answer.as_bytes().to_vec())]).await;
        let client = server.builder().json_cap(4096).build().unwrap();
        let error = client.execute(&Retrieve("1")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(
            error.to_string(),
            "notes.retrieve: the reply is too large: the limit is 4096 bytes"
        );
        assert_eq!(error.status(), Some(StatusCode::OK));
        assert!(error.may_have_been_sent() && !error.is_retryable());
    }
}

#[tokio::test]
async fn caps_follow_the_kind_of_reply_and_a_body_at_the_cap_is_read() {
    let body = format!("\"{}\"", "a".repeat(98));
    let server = Server::start([
        json(&body),
        reply("200 OK", "application/pdf", &body),
        json(&body),
    ])
    .await;
    let client = server
        .builder()
        .json_cap(100)
        .bytes_cap(99)
        .build()
        .unwrap();
    client.execute(&Retrieve("1")).await.unwrap();
    assert_eq!(
        client.execute(&Download).await.unwrap_err().kind(),
        ErrorKind::TooLarge
    );
}

#[tokio::test]
async fn body_cut_midway_is_an_io_error() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n\"abc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n\"abc\r\n",
    ] {
        let server = Server::start([Step::SendAndClose(answer.as_bytes().to_vec())]).await;
        let error = server.client().execute(&Retrieve("1")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert_eq!(
            error.to_string(),
            "notes.retrieve: the connection failed: the body broke off after 4 bytes"
        );
        assert_eq!(error.status(), Some(StatusCode::OK));
        assert!(error.may_have_been_sent() && error.is_retryable());
        assert!(error.request_id().is_some());
    }
}

#[tokio::test]
async fn an_error_page_that_breaks_off_keeps_its_status() {
    let answer =
        "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 100\r\n\r\n<html>";
    let server = Server::start([Step::SendAndClose(answer.as_bytes().to_vec())]).await;
    let error = server.client().execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "notes.retrieve: 502 Bad Gateway (text/html, more than 6 bytes)"
    );
    assert_eq!(error.body(), b"<html>");
}

#[tokio::test]
async fn an_error_body_is_kept_up_to_its_cap() {
    let server = Server::start([reply(
        "500 Internal Server Error",
        "text/html",
        &"x".repeat(5000),
    )])
    .await;
    let client = server.builder().error_cap(1000).build().unwrap();
    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "notes.retrieve: 500 Internal Server Error (text/html, more than 1000 bytes)"
    );
    assert_eq!(error.body().len(), 1000);
}

#[tokio::test]
async fn a_large_chunked_body_is_read_whole() {
    let chunk = format!("1000\r\n{}\r\n", "a".repeat(4096));
    let answer = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n\"\r\n{}1\r\n\"\r\n0\r\n\r\n",
        chunk.repeat(300)
    );
    let server = Server::start([Step::Send(answer.into_bytes())]).await;
    assert_eq!(
        server.client().execute(&Retrieve("1")).await.unwrap().len(),
        4096 * 300
    );
}

#[tokio::test]
async fn an_empty_body_where_json_is_promised_is_a_decode_error() {
    let server = Server::start([Step::Send(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec())]).await;
    let error = server.client().execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.status(), Some(StatusCode::NO_CONTENT));
}

#[tokio::test]
async fn a_reply_that_is_no_http_is_an_io_error() {
    for answer in [
        "SSH-2.0-OpenSSH_9.7\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
        "",
    ] {
        let server = Server::start([Step::SendAndClose(answer.as_bytes().to_vec())]).await;
        let error = server.client().execute(&Create("x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(error.reason(), ErrorKind::Io, "{answer:?}: {error:?}");
        assert!(
            error.may_have_been_sent() && !error.is_retryable(),
            "{answer:?}: {error:?}"
        );
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn a_deep_document_is_a_decode_error() {
    let server = Server::start([json(&"[".repeat(100_000))]).await;
    assert_eq!(
        server
            .client()
            .execute(&Retrieve("1"))
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Decode
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_stalls_fails_the_attempt() {
    let mut answer = raw("200 OK", "application/json", "\"0123456789\"");
    answer.truncate(answer.len() - 5);
    let server = Server::in_memory([Step::SendAndHang(answer.into_bytes())]);
    let client = Arc::new(server).over_pipes().build().unwrap();
    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Attempt));
    assert_eq!(error.status(), Some(StatusCode::OK));
    assert_eq!(
        error.to_string(),
        "notes.retrieve: timed out: no complete reply within 30s"
    );
}

/// Nothing, again and again.
struct Nothing;

impl http_body::Body for Nothing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(http_body::Frame::data(Bytes::new()))))
    }
}

#[tokio::test]
async fn a_body_of_nothing_without_end_does_not_stop_the_clock() {
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .attempt_timeout(Duration::from_millis(5))
        .transport(tower::service_fn(async |_| {
            Ok::<_, Infallible>(Response::new(Nothing))
        }))
        .build()
        .unwrap();
    let request = Request::get("/").body(()).unwrap();
    let error = client.send(request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Attempt));
}
