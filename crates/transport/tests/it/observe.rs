//! What an observer is told, and in which order.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_transport::http::{Request, Response};
use accredit_transport::observe::{
    AttemptEvent, CallEvent, GaveUpEvent, Observer, RetryEvent, StartEvent,
};
use accredit_transport::{
    Body, CallOptions, Client, ClientBuilder, Error, ErrorKind, RetryBudget, RetryPolicy, Token,
};

use crate::support::{CANARY, Create, Retrieve, record};

/// Writes down every event.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, note: String) {
        self.0.lock().unwrap().push(note);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Notes {
    fn call_started(&self, event: &StartEvent<'_>) {
        self.add(format!(
            "start {} {} {}",
            event.operation, event.method, event.path
        ));
    }

    fn attempt_ended(&self, event: &AttemptEvent<'_>) {
        self.add(format!(
            "attempt {} {:?} {} ms",
            event.attempt,
            event.outcome,
            event.latency.as_millis()
        ));
    }

    fn retried(&self, event: &RetryEvent<'_>) {
        self.add(format!(
            "retry after {}: {} {:?} {:?}",
            event.attempt, event.reason, event.status, event.budget_left
        ));
    }

    fn gave_up(&self, event: &GaveUpEvent<'_>) {
        self.add(format!(
            "gave up after {}: {} {}",
            event.attempts,
            event.reason,
            event.limit.name()
        ));
    }

    fn call_ended(&self, event: &CallEvent<'_>) {
        self.add(format!(
            "end {} attempts, {:?}, {:?}, {} s",
            event.attempts,
            event.status,
            event.outcome,
            event.took.as_secs()
        ));
    }
}

type Reply = Result<Response<String>, Error>;

fn answer(status: u16, body: &str) -> Reply {
    let response = Response::builder().status(status);
    let response = response.header("retry-after", "7").header("x-id", CANARY);
    Ok(response.body(body.to_owned()).unwrap())
}

/// A client whose server gives these answers one after the other, then none for ever.
fn client(observer: impl Observer + 'static, answers: Vec<Reply>) -> ClientBuilder {
    let answers = Arc::new(Mutex::new(answers.into_iter()));
    Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", CANARY).unwrap())
        .observer(observer)
        .transport(tower::service_fn(move |_: Request<Body>| {
            let next = answers.lock().unwrap().next();
            async move {
                match next {
                    Some(answer) => answer,
                    None => std::future::pending().await,
                }
            }
        }))
}

#[tokio::test(start_paused = true)]
async fn a_call_is_told_from_start_to_end_in_order() {
    let notes = Notes::default();
    let answers = vec![
        answer(500, "{}"),
        Err(Error::new(ErrorKind::Connect)),
        answer(200, "\"ok\""),
    ];
    let policy = RetryPolicy::default().budget(RetryBudget::new(100));
    let client = client(notes.clone(), answers)
        .retry(policy.base(Duration::ZERO))
        .build()
        .unwrap();
    client.execute(&Retrieve("1")).await.unwrap();
    assert_eq!(
        notes.take(),
        [
            "start notes.retrieve GET /notes/{id}/",
            "attempt 1 Reply(500) 0 ms",
            "retry after 1: status Some(500) Some(86)",
            "attempt 2 Failed(Connect) 0 ms",
            "retry after 2: connect None Some(72)",
            "attempt 3 Reply(200) 0 ms",
            "end 3 attempts, Some(200), Success, 7 s",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn repetitions_end_with_the_limit_that_ended_them() {
    let notes = Notes::default();
    let answers = (0..3).map(|_| answer(429, "{}")).collect();
    let client = client(notes.clone(), answers).build().unwrap();
    client.execute(&Create("x")).await.unwrap_err();
    let told = notes.take();
    assert_eq!(
        told[told.len() - 2..],
        [
            "gave up after 3: throttled attempts",
            "end 3 attempts, Some(429), Failed(Status), 14 s",
        ]
    );
}

#[tokio::test]
async fn what_was_never_sent_ends_without_an_attempt() {
    let notes = Notes::default();
    let client = client(notes.clone(), Vec::new()).build().unwrap();
    let elsewhere = Request::get("https://evil.example/").body(()).unwrap();
    client.send(elsewhere).await.unwrap_err();
    assert_eq!(
        notes.take(),
        [
            "start raw GET raw",
            "end 0 attempts, None, Failed(Origin), 0 s"
        ]
    );
    // Cannot be written as a request.
    client.execute(&Retrieve("..")).await.unwrap_err();
    assert_eq!(
        notes.take(),
        [
            "start notes.retrieve GET /notes/{id}/",
            "end 0 attempts, None, Failed(Build), 0 s"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn attempts_that_no_reply_ended_are_told_too() {
    let notes = Notes::default();
    let client = client(notes.clone(), Vec::new())
        .retry(RetryPolicy::default().base(Duration::ZERO).no_budget())
        .build()
        .unwrap();
    // The attempt's own limit, then the deadline.
    let options = CallOptions::new()
        .attempt_timeout(Duration::from_secs(2))
        .deadline(Duration::from_secs(3));
    client
        .execute_with(&Retrieve("1"), &options)
        .await
        .unwrap_err();
    assert_eq!(
        notes.take()[1..],
        [
            "attempt 1 Abandoned 2000 ms",
            "retry after 1: timeout None None",
            "attempt 2 Abandoned 1000 ms",
            "end 2 attempts, None, Failed(Timeout(Operation)), 3 s",
        ]
    );
    // The caller.
    let call = client.execute(&Create("x"));
    tokio::time::timeout(Duration::from_secs(1), call)
        .await
        .unwrap_err();
    assert_eq!(
        notes.take()[1..],
        [
            "attempt 1 Abandoned 1000 ms",
            "end 1 attempts, None, Cancelled, 1 s",
        ]
    );
}

#[tokio::test]
async fn the_end_of_a_call_says_what_the_error_says() {
    let notes = Notes::default();
    let answers = vec![answer(200, "<html>"), answer(200, "<html>")];
    let client = client(notes.clone(), answers).build().unwrap();
    client.execute(&Retrieve("1")).await.unwrap_err();
    client.execute(&Create("x")).await.unwrap_err();
    let told = notes.take();
    assert_eq!(told[2], "end 1 attempts, Some(200), Failed(Decode), 0 s");
    assert_eq!(
        told[5],
        "end 1 attempts, Some(200), Failed(OutcomeUnknown), 0 s"
    );
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_attempt_is_recorded_within_its_operation() {
    let (log, _listening) = record();
    let client = client(Notes::default(), Vec::new()).build().unwrap();
    let options = CallOptions::new().deadline(Duration::from_secs(1));
    let call = client.execute_with(&Retrieve("1"), &options);
    call.await.unwrap_err();
    let text = log.text();
    let line = text.lines().find(|line| line.contains("abandoned"));
    let line = line.unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains("operation{"), "{line}");
    assert!(line.contains("latency_ms=1000"), "{line}");
}

/// Writes down all that there is to see of every event.
#[derive(Clone, Default)]
struct Everything(Notes);

impl Observer for Everything {
    fn call_started(&self, event: &StartEvent<'_>) {
        self.0.add(format!("{event:?}"));
    }

    fn attempt_ended(&self, event: &AttemptEvent<'_>) {
        self.0.add(format!("{event:?}"));
    }

    fn retried(&self, event: &RetryEvent<'_>) {
        self.0.add(format!("{event:?}"));
    }

    fn gave_up(&self, event: &GaveUpEvent<'_>) {
        self.0.add(format!("{event:?}"));
    }

    fn call_ended(&self, event: &CallEvent<'_>) {
        self.0.add(format!("{event:?}"));
    }
}

#[tokio::test(start_paused = true)]
async fn no_event_shows_a_secret() {
    let everything = Everything::default();
    let mut answers: Vec<_> = (0..3).map(|_| answer(500, CANARY)).collect();
    answers.push(answer(200, CANARY));
    answers.push(Err(Error::new(ErrorKind::Io).with_detail(CANARY)));
    let client = client(Arc::new(everything.clone()), answers)
        .build()
        .unwrap();
    client.execute(&Retrieve(CANARY)).await.unwrap_err();
    client.execute(&Create(CANARY)).await.unwrap_err();
    let request = Request::post(format!("/{CANARY}?q={CANARY}"));
    let request = request.header("x-secret", CANARY).body(CANARY).unwrap();
    client.send(request).await.unwrap_err();
    let told = everything.0.take();
    assert_eq!(told.len(), 3 * 2 + 5 + 3, "{told:#?}");
    for event in told {
        assert!(!event.contains(CANARY), "{event}");
    }
}
