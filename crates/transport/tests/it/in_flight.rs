//! How many calls run at once.

use std::convert::Infallible;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use accredit_transport::bytes::Bytes;
use accredit_transport::http::{Request, Response};
use accredit_transport::layer::InFlightLayer;
use accredit_transport::testkit::{Answer, Gate, Script};
use accredit_transport::{CallOptions, Client, ClientBuilder, Error, ErrorKind, Token};
use tokio::task::JoinHandle;
use tower::{Layer as _, Service as _, ServiceExt as _};

use crate::support::{Create, Retrieve};

/// A server that answers as often as the gate lets it.
fn gated(gate: &Gate) -> Script {
    Script::new().otherwise(Answer::json(200, "\"ok\"").behind(gate))
}

fn builder(script: &Script) -> ClientBuilder {
    Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .transport(script.service())
}

/// The call of a task of its own.
fn spawn(client: &Client) -> JoinHandle<Result<String, Error>> {
    let client = client.clone();
    tokio::spawn(async move { client.execute(&Retrieve("1")).await })
}

#[tokio::test]
async fn one_call_too_many_fails_at_once_and_is_not_sent() {
    let gate = Gate::new();
    let script = gated(&gate);
    let client = builder(&script).max_in_flight(3).build().unwrap();
    let calls: Vec<_> = (0..3).map(|_| spawn(&client)).collect();
    for _ in 0..3 {
        gate.reached().await;
    }

    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert!(!error.may_have_been_sent() && error.is_transient() && error.is_retryable());
    assert_eq!(
        error.to_string(),
        "notes.create: too many calls at once: 3 calls are under way, which is the limit"
    );
    assert_eq!((error.attempts(), script.count()), (0, 3));
    let raw = Request::get("/x").body(()).unwrap();
    let error = client.send(raw).await.unwrap_err();
    assert_eq!((error.kind(), script.count()), (ErrorKind::Overloaded, 3));

    // A call that is done makes room for one more, and only for one.
    gate.open(1);
    let mut calls = calls.into_iter();
    calls.next().unwrap().await.unwrap().unwrap();
    let next = spawn(&client);
    gate.reached().await;
    client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(script.count(), 4);

    gate.open(3);
    for call in calls.chain([next]) {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_frees_its_place() {
    let gate = Gate::new();
    let script = gated(&gate);
    let client = builder(&script).max_in_flight(1).build().unwrap();
    {
        let mut call = pin!(client.execute(&Retrieve("1")));
        let first = std::future::poll_fn(|cx| Poll::Ready(call.as_mut().poll(cx))).await;
        assert!(first.is_pending());
        client.execute(&Retrieve("1")).await.unwrap_err();
    }
    gate.open(1);
    client.execute(&Retrieve("1")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_failed_or_ran_out_of_time_frees_its_place() {
    let script = gated(&Gate::new());
    let client = builder(&script).max_in_flight(1).build().unwrap();
    for _ in 0..3 {
        let options = CallOptions::new().deadline(Duration::from_secs(1));
        let call = client.execute_with(&Retrieve("1"), &options);
        assert!(call.await.unwrap_err().is_timeout());
        client.execute(&Retrieve("..")).await.unwrap_err();
    }
    assert_eq!(script.count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_keeps_its_place_while_it_waits_to_repeat() {
    let script = Script::new()
        .then(Answer::status(503).header("retry-after", "5"))
        .otherwise(Answer::json(200, "\"ok\""));
    let client = builder(&script).max_in_flight(1).build().unwrap();
    let first = spawn(&client);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(script.count(), 1);
    let error = client.execute(&Retrieve("2")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    first.await.unwrap().unwrap();
    client.execute(&Retrieve("2")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_as_many_places_as_callers_none_is_turned_away() {
    // A caller that was refused must not stand in the way of one for whom there is room.
    let script = Script::new().otherwise(Answer::json(200, "\"ok\""));
    let client = builder(&script).max_in_flight(4).build().unwrap();
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
