//! The test kit, as tests of users have it.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use accredit_transport::http::{Method, Request};
use accredit_transport::testkit::{Answer, Canary, Gate, Log, Script};
use accredit_transport::{Client, ErrorKind, TimeoutPhase, Token};

use crate::support::{Create, Retrieve};

const SECOND: Duration = Duration::from_secs(1);

fn client(script: &Script) -> Client {
    Client::builder()
        .base_uri("https://api.example.com/v1")
        .token(Token::new("Token", "t").unwrap())
        .transport(script.service())
        .build()
        .unwrap()
}

/// What a check says when it fails.
fn said(check: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(check)).unwrap_err();
    panic.downcast_ref::<String>().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn answers_come_by_route_then_in_order_then_for_all_others() {
    let script = Script::new()
        .then(Answer::json(200, "\"in order\""))
        .on("notes.retrieve", Answer::json(200, "\"by name\"").times(2))
        .on("/v1/notes/7/", Answer::json(200, "\"by path\""))
        .otherwise(Answer::json(200, "\"otherwise\""));
    let client = client(&script);
    let mut texts = Vec::new();
    for _ in 0..6 {
        texts.push(client.execute(&Retrieve("7")).await.unwrap());
    }
    let all = [
        "by name",
        "by name",
        "by path",
        "in order",
        "otherwise",
        "otherwise",
    ];
    assert_eq!(texts, all);
    script.assert_done();
    assert_eq!(script.count(), 6);
}

#[tokio::test(start_paused = true)]
async fn requests_are_captured_as_they_would_go_out() {
    let script = Script::new().otherwise(Answer::json(200, "true").header("x-a", "b"));
    let client = client(&script);
    client.execute(&Create("x")).await.unwrap();
    let raw = Request::put("/a?b=c").header("x-b", "c").body("text");
    let reply = client.send(raw.unwrap()).await.unwrap();
    assert_eq!(reply.headers["x-a"], "b");
    assert_eq!(script.operations(), ["notes.create", "raw"]);
    let [create, raw] = &script.requests()[..] else {
        panic!("two requests");
    };
    assert_eq!(create.method(), Method::POST);
    assert_eq!(create.uri(), "https://api.example.com/v1/notes/");
    assert_eq!(create.header("authorization"), Some("Token t"));
    assert_eq!(create.json::<serde_json::Value>()["text"], "x");
    assert_eq!((raw.path(), raw.query()), ("/v1/a", "b=c"));
    assert_eq!((&*raw.text(), raw.header("x-b")), ("text", Some("c")));
}

#[tokio::test(start_paused = true)]
async fn failures_of_every_kind_can_be_played() {
    let script = Script::new()
        .then(Answer::fail(ErrorKind::Connect))
        .then(Answer::json(200, "\"0123456789\"").cut_after(5))
        .then(Answer::json(200, "\"ok\""));
    assert_eq!(
        client(&script).execute(&Retrieve("1")).await.unwrap(),
        "ok",
        "both are repeated"
    );
    script.assert_done();

    let script = Script::new()
        .then(Answer::hang())
        .then(Answer::json(200, "\"0123456789\"").stall_after(5))
        .then(Answer::json(200, "\"late\"").delay(7 * SECOND));
    let client = client(&script);
    let error = client.execute(&Create("x")).await.unwrap_err();
    let timeout = ErrorKind::Timeout(TimeoutPhase::FirstByte);
    assert_eq!(error.reason(), timeout);
    let error = client.execute(&Create("x")).await.unwrap_err();
    let timeout = ErrorKind::Timeout(TimeoutPhase::Attempt);
    assert_eq!((error.reason(), error.likely_applied()), (timeout, true));
    client.execute(&Retrieve("1")).await.unwrap();
    assert_eq!(
        script.times(),
        [Duration::ZERO, 20 * SECOND, 50 * SECOND],
        "by the clock of the test"
    );
    script.assert_done();
}

#[tokio::test]
async fn a_gate_holds_answers_until_the_test_goes_on() {
    let gate = Gate::new();
    let script = Script::new().then(Answer::json(200, "\"ok\"").behind(&gate).times(3));
    let client = client(&script);
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.execute(&Retrieve("1")).await })
        })
        .collect();
    for _ in 0..3 {
        gate.reached().await;
    }
    assert!(calls.iter().all(|call| !call.is_finished()));
    gate.open(3);
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_script_does_not_know_fails_for_good_and_is_told() {
    let script = Script::new().on("notes.retrieve", Answer::status(500).times(0));
    let client = client(&script);
    let error = client.execute(&Retrieve("secret-id")).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Build, 1));
    let said = said(|| script.assert_done());
    assert_eq!(said, "without an answer:\n  notes.retrieve (GET)");
}

#[tokio::test(start_paused = true)]
async fn what_was_not_asked_for_is_told() {
    let script = Script::new()
        .then(Answer::json(200, "\"ok\""))
        .then(Answer::status(503).times(2))
        .on("notes.create", Answer::hang())
        .on("/x", Answer::json(200, "{}").cut_after(1));
    client(&script).execute(&Retrieve("1")).await.unwrap();
    assert_eq!(
        said(|| script.assert_done()),
        "not asked for:\n  in the order: 503, 2 times\n  notes.create: hang, 1 times\n  /x: 200 cut after 1 \
         bytes, 1 times"
    );
}

#[tokio::test]
async fn nothing_of_the_kit_shows_a_secret_by_itself() {
    let canary = Canary::new("kit");
    let script = Script::new().otherwise(
        Answer::json(200, format!("\"{}\"", canary.as_str())).header("x-secret", canary.as_str()),
    );
    let client = client(&script);
    let path = format!("/{0}?q={0}", canary.as_str());
    let request = Request::post(path).header("x-secret", canary.as_str());
    let request = request.body(canary.as_str().to_owned()).unwrap();
    client.send(request).await.unwrap();
    let requests = script.requests();
    assert!(canary.is_in(requests[0].body()));
    canary.assert_absent(format!("{canary:?} {script:?} {requests:?}"));
}

#[test]
fn a_log_that_heard_nothing_proves_nothing() {
    let (canary, mut log) = (Canary::new("log"), Log::new());
    let said_of_empty = catch_unwind(|| log.assert_absent(&canary)).unwrap_err();
    let said_of_empty = said_of_empty.downcast_ref::<&str>().unwrap();
    assert!(said_of_empty.contains("nothing was written"));
    write!(log, "all is well").unwrap();
    log.assert_absent(&canary);
    write!(log, "token={}", canary.as_str()).unwrap();
    assert!(said(|| log.assert_absent(&canary)).contains("\"log\""));
    assert!(log.text().starts_with("all is well"));
}

#[tokio::test(start_paused = true)]
async fn a_call_leaves_no_secret_in_the_log() {
    let (token, body) = (Canary::new("token"), Canary::new("body"));
    let log = Log::new();
    let writer = log.clone();
    let _listening = Log::listen(
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_writer(move || writer.clone())
            .finish(),
    );
    let script = Script::new()
        .then(Answer::status(500).body(body.as_str().to_owned()))
        .then(Answer::json(200, format!("\"{}\"", body.as_str())));
    let client = Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", token.as_str()).unwrap())
        .transport(script.service())
        .build()
        .unwrap();
    client.execute(&Retrieve("1")).await.unwrap();
    assert!(log.text().contains("retry"), "{}", log.text());
    log.assert_absent(&token);
    log.assert_absent(&body);
}
