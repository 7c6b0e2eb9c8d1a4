//! How many calls run at once.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use accredit_transport::bytes::Bytes;
use accredit_transport::http::{Request, Response};
use accredit_transport::layer::InFlightLayer;
use accredit_transport::{Body, CallOptions, Client, ClientBuilder, ErrorKind, RetryPolicy, Token};
use tokio::sync::Semaphore;
use tower::{Layer as _, Service as _, ServiceExt as _};

use crate::support::{Create, Retrieve};

/// A server that answers as often as it is let to, and counts what it was asked.
#[derive(Clone)]
struct Gated {
    gate: Arc<Semaphore>,
    asked: Arc<AtomicUsize>,
}

impl Gated {
    fn new() -> Self {
        Self {
            gate: Arc::new(Semaphore::new(0)),
            asked: Arc::default(),
        }
    }

    fn builder(&self) -> ClientBuilder {
        let server = self.clone();
        Client::builder()
            .base_uri("https://api.example.com")
            .token(Token::new("Token", "t").unwrap())
            .transport(tower::service_fn(move |_: Request<Body>| {
                let server = server.clone();
                async move {
                    server.asked.fetch_add(1, Ordering::Relaxed);
                    server.gate.acquire().await.unwrap().forget();
                    Ok::<_, Infallible>(Response::new(String::from("\"ok\"")))
                }
            }))
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Lets the other tasks run until they all wait.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_call_too_many_fails_at_once_and_is_not_sent() {
    let server = Gated::new();
    let client = server.builder().max_in_flight(3).build().unwrap();
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.execute(&Retrieve("1")).await })
        })
        .collect();
    settle().await;
    assert_eq!(server.asked(), 3);

    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert!(!error.may_have_been_sent() && error.is_transient() && error.is_retryable());
    assert_eq!(
        error.to_string(),
        "notes.create: too many calls at once: 3 calls are under way, which is the limit"
    );
    assert_eq!((error.attempts(), server.asked()), (0, 3));
    let raw = Request::get("/x").body(()).unwrap();
    let error = client.send(raw).await.unwrap_err();
    assert_eq!((error.kind(), server.asked()), (ErrorKind::Overloaded, 3));

    // A call that is done makes room for one more, and only for one.
    server.gate.add_permits(1);
    settle().await;
    let next = client.clone();
    let next = tokio::spawn(async move { next.execute(&Retrieve("1")).await });
    settle().await;
    assert_eq!(server.asked(), 4);
    client.execute(&Retrieve("1")).await.unwrap_err();

    server.gate.add_permits(3);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    next.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_call_that_is_dropped_frees_its_place() {
    let server = Gated::new();
    let client = server.builder().max_in_flight(1).build().unwrap();
    {
        let mut call = pin!(client.execute(&Retrieve("1")));
        let first = std::future::poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
        assert!(first.is_pending());
        client.execute(&Retrieve("1")).await.unwrap_err();
    }
    server.gate.add_permits(1);
    client.execute(&Retrieve("1")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_failed_or_ran_out_of_time_frees_its_place() {
    let server = Gated::new();
    let client = server.builder().max_in_flight(1).build().unwrap();
    for _ in 0..3 {
        let options = CallOptions::new().deadline(Duration::from_secs(1));
        let call = client.execute_with(&Retrieve("1"), &options);
        assert!(call.await.unwrap_err().is_timeout());
        client.execute(&Retrieve("..")).await.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_keeps_its_place_while_it_waits_to_repeat() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .max_in_flight(1)
        .retry(RetryPolicy::default().attempts(2))
        .transport(tower::service_fn(move |_: Request<Body>| {
            let first = count.fetch_add(1, Ordering::Relaxed) == 0;
            async move {
                let response = Response::builder().status(if first { 503 } else { 200 });
                let response = response.header("retry-after", "5");
                Ok::<_, Infallible>(response.body(String::from("\"ok\"")).unwrap())
            }
        }))
        .build()
        .unwrap();
    let first = client.clone();
    let first = tokio::spawn(async move { first.execute(&Retrieve("1")).await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let error = client.execute(&Retrieve("2")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    first.await.unwrap().unwrap();
    client.execute(&Retrieve("2")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_as_many_places_as_callers_none_is_turned_away() {
    // A caller that was refused must not stand in the way of one for whom there is room.
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .max_in_flight(4)
        .transport(tower::service_fn(async |_: Request<Body>| {
            tokio::task::yield_now().await;
            Ok::<_, Infallible>(Response::new(String::from("\"ok\"")))
        }))
        .build()
        .unwrap();
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move {
                for _ in 0..500 {
                    client.execute(&Retrieve("1")).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test]
async fn the_layer_counts_over_clones_and_while_a_body_is_on_the_wire() {
    let inner = tower::service_fn(async |_: Request<()>| {
        let body = http_body_util::Empty::<Bytes>::new();
        Ok::<_, Infallible>(Response::new(body))
    });
    let service = InFlightLayer::new(Some(1)).layer(inner);
    let mut one = service.clone();
    // A place is taken by asking for it.
    one.ready().await.unwrap();
    let error = service.clone().oneshot(Request::new(())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    let response = one.call(Request::new(())).await.unwrap();
    service.clone().oneshot(Request::new(())).await.unwrap_err();
    drop(response);
    service.clone().oneshot(Request::new(())).await.unwrap();
    // Without a limit there is nothing to count.
    let service = InFlightLayer::new(None).layer(inner);
    let mut replies = Vec::new();
    for _ in 0..100 {
        replies.push(service.clone().oneshot(Request::new(())).await.unwrap());
    }
}

#[test]
fn a_limit_of_zero_is_a_config_error() {
    let builder = Client::builder().base_uri("https://api.example.com");
    let error = builder.max_in_flight(0).build().unwrap_err();
    assert_eq!(error.to_string(), "max_in_flight: zero lets nothing run");
}
