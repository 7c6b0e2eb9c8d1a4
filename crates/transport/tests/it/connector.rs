//! Connections of the caller's in the place of TCP and TLS.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_transport::http::Uri;
use accredit_transport::{BoxError, Client, ErrorKind, TimeoutPhase, TlsRoots, Token};
use tokio::io::DuplexStream;
use tokio::time::Instant;
use tower::service_fn;

use crate::support::{CANARY, Create, Retrieve, Server, Step, json};

#[tokio::test(start_paused = true)]
async fn requests_go_through_a_pipe_that_the_pool_keeps() {
    let server = Arc::new(Server::in_memory([json("\"1\""), json("\"2\"")]));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let client = server
        .builder()
        .connector({
            let (server, asked) = (Arc::clone(&server), Arc::clone(&asked));
            service_fn(move |uri: Uri| {
                asked.lock().unwrap().push(uri.to_string());
                let pipe = server.pipe();
                async move { Ok::<_, io::Error>(pipe) }
            })
        })
        .build()
        .unwrap();
    let started = Instant::now();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
    assert_eq!(client.execute(&Retrieve("2")).await.unwrap(), "2");
    assert_eq!(started.elapsed(), Duration::ZERO, "nothing waits");
    assert_eq!(server.connections(), 1);
    // The origin: no path, which may name persons.
    assert_eq!(*asked.lock().unwrap(), ["http://127.0.0.1:80/"]);
    let seen = server.seen();
    assert!(
        seen[1].starts_with("GET /notes/2/ HTTP/1.1\r\n"),
        "{seen:?}"
    );
    assert!(seen[1].contains(&format!("Token {CANARY}")), "{seen:?}");
}

/// `https` says that the connector has made TLS; nothing is put on top of it.
#[tokio::test]
async fn for_https_the_connector_makes_tls() {
    let server = Arc::new(Server::in_memory([json("\"1\"")]));
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .connector({
            let server = Arc::clone(&server);
            service_fn(move |_: Uri| {
                let pipe = server.pipe();
                async move { Ok::<_, io::Error>(pipe) }
            })
        })
        .build()
        .unwrap();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "1");
    assert!(server.seen()[0].contains("host: api.example.com\r\n"));
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_fails_is_a_connect_error_and_nothing_was_sent() {
    let failures: [fn() -> BoxError; 2] = [
        || Box::new(io::Error::from(io::ErrorKind::ConnectionRefused)),
        || "no way".into(),
    ];
    for failure in failures {
        let client = Client::builder()
            .base_uri("https://api.example.com")
            .token(Token::new("Token", "t").unwrap())
            .connector(service_fn(move |_: Uri| async move {
                Err::<DuplexStream, _>(failure())
            }))
            .build()
            .unwrap();
        let error = client.execute(&Create("x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
        assert!(!error.may_have_been_sent());
        let innermost =
            std::iter::successors(std::error::Error::source(&error), |cause| cause.source())
                .last()
                .unwrap();
        assert_eq!(innermost.to_string(), failure().to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn the_connect_timeout_covers_the_connector() {
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .connect_timeout(Duration::from_secs(2))
        .connector(service_fn(|_: Uri| {
            std::future::pending::<io::Result<DuplexStream>>()
        }))
        .build()
        .unwrap();
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutPhase::Connect));
    assert!(!error.may_have_been_sent());
}

#[tokio::test(start_paused = true)]
async fn a_pipe_that_hangs_meets_the_first_byte_timeout_to_the_millisecond() {
    let server = Arc::new(Server::in_memory([Step::SendAndHang(Vec::new())]));
    let builder = server.over_pipes();
    let client = builder.first_byte_timeout(Duration::from_secs(7));
    let client = client.build().unwrap();
    let started = Instant::now();
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(error.may_have_been_sent());
    assert_eq!(started.elapsed(), Duration::from_secs(7));
}

#[test]
fn a_connector_beside_a_transport_or_tls_settings_is_a_contradiction() {
    let connector =
        || service_fn(|_: Uri| async { Err::<DuplexStream, _>(io::Error::other("not called")) });
    let builder = || Client::builder().base_uri("https://api.example.com");
    let fault = |builder: accredit_transport::ClientBuilder| builder.build().unwrap_err().setting();
    let transport = service_fn(async |_| {
        Ok::<_, io::Error>(accredit_transport::http::Response::new(String::new()))
    });
    assert_eq!(
        fault(builder().connector(connector()).transport(transport)),
        "connector"
    );
    assert_eq!(
        fault(builder().connector(connector()).tls_roots(TlsRoots::None)),
        "connector"
    );
    assert!(builder().connector(connector()).build().is_ok());
}

/// hyper writes what it holds of a request even when the call is over.
#[tokio::test(start_paused = true)]
async fn a_server_that_stops_reading_keeps_no_connection() {
    let (ours, theirs) = tokio::io::duplex(64);
    let held = Arc::new(Mutex::new(Some(theirs)));
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .attempt_timeout(Duration::from_secs(7))
        .retry(accredit_transport::RetryPolicy::none())
        .connector(service_fn(move |_: Uri| {
            let pipe = held.lock().unwrap().take();
            async move { pipe.ok_or_else(|| io::Error::other("one is all")) }
        }))
        .build()
        .unwrap();
    let started = Instant::now();
    let long = "x".repeat(1000).leak();
    let error = client.execute(&Create(long)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
    assert_eq!(started.elapsed(), Duration::from_secs(7));
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    assert_eq!(tasks(), 1, "hyper goes on writing");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(tasks(), 0);
    drop(ours);
}
