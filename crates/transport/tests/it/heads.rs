//! Heads of replies that are too long, from a socket and from a service.

use std::convert::Infallible;
use std::fmt::Write as _;

use accredit_transport::http::{Response, StatusCode};
use accredit_transport::{Client, ErrorKind, Token};
use tower::service_fn;

use crate::support::{Create, Retrieve, Server, Step};

/// A 200 with this many headers in all, and more bytes of them.
fn reply(headers: usize, bytes: usize) -> Step {
    let mut head = String::from("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n");
    for number in 1..headers {
        write!(head, "x-{number}: a").unwrap();
        if number == 1 {
            head.push_str(&"b".repeat(bytes));
        }
        head.push_str("\r\n");
    }
    Step::Send(format!("{head}\r\n\"1\"").into_bytes())
}

#[tokio::test]
async fn a_hundred_headers_are_read_and_one_more_is_too_many() {
    let server = Server::start([reply(100, 0), reply(101, 0), reply(10_000, 0)]).await;
    let client = server.client();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
    for _ in 0..2 {
        let error = client.execute(&Retrieve("1")).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "notes.retrieve: the reply is too large: the limits of the head are 100 headers and \
             64 KiB"
        );
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
}

#[tokio::test]
async fn the_limit_can_be_moved_both_ways() {
    let server = Server::start([reply(5, 0), reply(6, 0), reply(300, 0)]).await;
    let few = server.builder().max_headers(5).build().unwrap();
    assert_eq!(few.execute(&Retrieve("1")).await.unwrap(), "1");
    let error = few.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let many = server.builder().max_headers(300).build().unwrap();
    assert_eq!(many.execute(&Retrieve("1")).await.unwrap(), "1");
    let fault = Client::builder().max_headers(usize::MAX).build();
    assert_eq!(fault.unwrap_err().setting(), "max_headers");
}

#[tokio::test]
async fn a_head_of_a_megabyte_is_too_large_and_may_have_had_an_effect() {
    let server = Server::start([reply(3, 40 * 1024), reply(3, 1024 * 1024)]).await;
    let client = server.client();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert!(error.to_string().contains("64 KiB"), "{error}");
    assert!(error.may_have_been_sent());
}

#[tokio::test]
async fn headers_are_counted_behind_a_transport_of_ones_own_too() {
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .max_headers(2)
        .transport(service_fn(async |_| {
            let reply = Response::builder()
                .status(201)
                .header("a", "1")
                .header("b", "1")
                .header("b", "2");
            Ok::<_, Infallible>(reply.body(String::from("true")).unwrap())
        }))
        .build()
        .unwrap();
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert!(
        error.to_string().ends_with("3 headers, and the limit is 2"),
        "{error}"
    );
    assert_eq!(error.status(), Some(StatusCode::CREATED));
    assert!(error.headers().is_empty());
    assert!(error.may_have_been_sent());
}
