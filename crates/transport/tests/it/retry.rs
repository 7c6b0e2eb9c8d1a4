//! What is repeated, what is not, and when; in virtual time.

use std::time::Duration;

use accredit_transport::bytes::Bytes;
use accredit_transport::http::{Method, Request, StatusCode};
use accredit_transport::testkit::{Answer, Captured, Script};
use accredit_transport::{
    Body, CallOptions, Client, ClientBuilder, DecodeError, EncodeError, ErrorKind, Operation,
    OperationInfo, Reply, RequestEncoder, ResponseKind, RetryBudget, RetryClass, RetryPolicy,
    TimeoutPhase, Token,
};
use tokio::time::Instant;

use crate::support::{Create, Retrieve, Server, Step, json, raw, record, reply};

const SECOND: Duration = Duration::from_secs(1);

/// A reply with this status.
fn status(status: u16) -> Answer {
    Answer::status(status).body("\"ok\"")
}

/// No connection.
fn refuse() -> Answer {
    Answer::fail(ErrorKind::Connect)
}

/// A reply that breaks off in its body.
fn cut(code: u16) -> Answer {
    status(code).cut_after(2)
}

/// A server that gives these answers, then good ones.
fn scripted(answers: impl IntoIterator<Item = Answer>) -> Script {
    Script::from_iter(answers).otherwise(status(200))
}

fn builder(script: &Script) -> ClientBuilder {
    Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .transport(script.service())
}

fn client(script: &Script) -> Client {
    builder(script).build().unwrap()
}

/// `GET /notes/{id}/webhook`: a read by its method, an effect by its nature.
struct Fire;

impl Operation for Fire {
    type Output = ();
    const INFO: OperationInfo = OperationInfo::new(
        "notes.webhook",
        Method::GET,
        "/notes/1/webhook",
        RetryClass::EffectfulRead,
        ResponseKind::Empty,
    );

    fn encode(&self, _: &mut RequestEncoder) -> Result<(), EncodeError> {
        Ok(())
    }

    fn decode(_: Reply) -> Result<(), DecodeError> {
        Ok(())
    }
}

/// `POST /notes/check`: a write by its method, harmless by its nature.
struct Check;

impl Operation for Check {
    type Output = String;
    const INFO: OperationInfo = OperationInfo::new(
        "notes.check",
        Method::POST,
        "/notes/check",
        RetryClass::IdempotentWrite,
        ResponseKind::Json,
    );

    fn encode(&self, request: &mut RequestEncoder) -> Result<(), EncodeError> {
        request.json(&"text")
    }

    fn decode(reply: Reply) -> Result<String, DecodeError> {
        reply.json()
    }
}

#[tokio::test(start_paused = true)]
async fn first_attempt_is_immediate() {
    let script = scripted([]);
    client(&script).execute(&Retrieve("1")).await.unwrap();
    assert_eq!(script.times(), [Duration::ZERO]);
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_after_transient_failures_and_waits_within_the_bounds() {
    for act in [
        status(500),
        status(502),
        status(503),
        status(504),
        status(408),
        status(429),
        refuse(),
        cut(200),
    ] {
        let script = scripted([act.clone(), act]);
        assert_eq!(client(&script).execute(&Retrieve("1")).await.unwrap(), "ok");
        let times = script.times();
        assert_eq!(times.len(), 3);
        assert!(times[1] <= Duration::from_millis(101), "{times:?}");
        assert!(
            times[2] - times[1] <= Duration::from_millis(201),
            "{times:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_end_with_the_last_error_and_the_whole_log() {
    let script = scripted([status(500), refuse(), status(502)]);
    let error = client(&script).execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status);
    assert_eq!(
        error.to_string(),
        "notes.retrieve: 502 Bad Gateway (no content type, 4 bytes) after 3 attempts"
    );
    let log: Vec<_> = error
        .attempt_log()
        .iter()
        .map(|attempt| {
            (
                attempt.number,
                attempt.status.map(|s| s.as_u16()),
                attempt.failure,
            )
        })
        .collect();
    assert_eq!(
        log,
        [
            (1, Some(500), None),
            (2, None, Some(ErrorKind::Connect)),
            (3, Some(502), None)
        ]
    );
    let began: Vec<_> = error
        .attempt_log()
        .iter()
        .map(|attempt| attempt.began)
        .collect();
    assert_eq!(began, script.times());
}

#[tokio::test(start_paused = true)]
async fn post_is_not_retried_unless_tagged() {
    for (answer, applied) in [
        (status(500), false),
        (status(502), false),
        (status(503).header("retry-after", "1"), false),
        (status(504), false),
        (status(408), false),
        (Answer::hang(), false),
        (cut(201), true),
        (Answer::status(200).body("<html>"), true),
    ] {
        let script = scripted([answer.clone()]);
        let error = client(&script).execute(&Create("x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
        assert!(!error.is_retryable() && error.may_have_been_sent());
        assert_eq!((script.count(), error.attempts()), (1, 1));
        assert_eq!(error.likely_applied(), applied, "{error:?}");
        // The same failure of a write that may be repeated; a page in the place of JSON will stay one.
        if error.reason() != ErrorKind::Decode {
            let script = scripted([answer]);
            assert_eq!(client(&script).execute(&Check).await.unwrap(), "ok");
            assert_eq!(script.count(), 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unsafe_write_is_repeated_when_it_provably_did_not_run() {
    let script = scripted([refuse(), status(429)]);
    let result = client(&script).execute(&Create("x")).await;
    // The reply is not what `Create` reads; it came from the third request all the same.
    assert_eq!(result.unwrap_err().reason(), ErrorKind::Decode);
    assert_eq!(script.count(), 3);
    let requests = script.requests();
    let bodies: Vec<_> = requests.iter().map(Captured::body).collect();
    assert!(
        bodies.iter().all(|body| *body == "{\"text\":\"x\"}"),
        "{bodies:?}"
    );

    let script = scripted([status(429), status(429), status(429)]);
    let error = client(&script).execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status);
    assert!(error.is_rate_limited() && error.is_retryable());
}

/// The last failure says that nothing was sent; the call as a whole did more.
#[tokio::test(start_paused = true)]
async fn a_refused_connection_does_not_hide_the_attempt_before_it() {
    for (first, sent) in [
        (status(500), true),
        (cut(200), true),
        (status(429), false),
        (refuse(), false),
    ] {
        let script = scripted([first, refuse(), refuse()]);
        let error = client(&script).execute(&Check).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert_eq!(error.may_have_been_sent(), sent, "{error:?}");
        assert!(error.is_retryable());
    }
}

#[tokio::test(start_paused = true)]
async fn get_with_side_effect_is_not_retried() {
    let script = scripted([status(503).header("retry-after", "0")]);
    let error = client(&script).execute(&Fire).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(script.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_503_of_a_trusted_gateway_lets_a_write_be_repeated() {
    let script = scripted([status(503).header("retry-after", "2"), status(503)]);
    let client = builder(&script)
        .retry(RetryPolicy::default().retry_unsafe_503(true))
        .build()
        .unwrap();
    let error = client.execute(&Fire).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::OutcomeUnknown,
        "the second has no hint"
    );
    assert_eq!(script.times(), [Duration::ZERO, 2 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn raw_requests_are_sent_once_whatever_the_method() {
    let script = scripted([status(503)]);
    let request = Request::get("/x").body(()).unwrap();
    let reply = client(&script).send(request).await.unwrap();
    assert_eq!((reply.status.as_u16(), script.count()), (503, 1));

    let script = scripted([cut(200)]);
    let request = Request::get("/x").body(()).unwrap();
    let error = client(&script).send(request).await.unwrap_err();
    assert_eq!((error.kind(), script.count()), (ErrorKind::Io, 1));

    // Not even with the facts of an operation in its extensions.
    let script = scripted([status(503)]);
    let mut request = Request::get("/x").body(()).unwrap();
    let facts: &'static OperationInfo = const { &Retrieve::INFO };
    request.extensions_mut().insert(facts);
    client(&script).send(request).await.unwrap();
    assert_eq!(script.count(), 1);
}

/// A body that comes from somewhere and is gone when it was sent.
fn stream() -> Body {
    Body::boxed(http_body_util::Full::new(Bytes::from_static(b"streamed")))
}

#[tokio::test(start_paused = true)]
async fn unclonable_body_is_sent_once() {
    let script = scripted([status(503)]);
    let client = builder(&script).layer(tower::util::MapRequestLayer::new(
        |request: Request<Body>| request.map(|_| stream()),
    ));
    let error = client.build().unwrap().execute(&Check).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    let requests = script.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].body(), "streamed");
}

#[tokio::test]
async fn body_cut_midway_is_retried() {
    let mut half = raw("200 OK", "application/json", "\"0123456789\"").into_bytes();
    half.truncate(half.len() - 5);
    let server = Server::start([Step::SendAndClose(half), json("\"whole\"")]).await;
    let policy = RetryPolicy::default().base(Duration::from_millis(1));
    let client = server.builder().retry(policy).build().unwrap();
    assert_eq!(client.execute(&Retrieve("1")).await.unwrap(), "whole");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn html_504_keeps_status() {
    let page = || reply("504 Gateway Timeout", "text/html", "<html>504</html>");
    let server = Server::start([page(), page(), page()]).await;
    let policy = RetryPolicy::default().base(Duration::from_millis(1));
    let client = server.builder().retry(policy).build().unwrap();
    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "notes.retrieve: 504 Gateway Timeout (text/html, 16 bytes) after 3 attempts"
    );
    assert_eq!(error.body(), b"<html>504</html>");
}

#[tokio::test(start_paused = true)]
async fn redirect_drops_operation_tag_and_is_not_retried() {
    // Nothing follows a redirect here, so nothing can lose its class on the way: a redirect is a
    // reply that is not 2xx, and none that is worth a second try.
    for code in [301, 302, 303, 307, 308] {
        let away = status(code).header("location", "https://evil.example/notes/1/");
        let script = scripted([away]);
        let error = client(&script).execute(&Retrieve("1")).await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), code);
        assert_eq!((error.kind(), script.count()), (ErrorKind::Status, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_and_capped() {
    let script = scripted([status(429).header("retry-after", "7")]);
    client(&script).execute(&Retrieve("1")).await.unwrap();
    assert_eq!(script.times(), [Duration::ZERO, 7 * SECOND]);

    let dated = status(503)
        .header("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT")
        .header("date", "Wed, 21 Oct 2015 07:28:00 GMT");
    let script = scripted([dated]);
    client(&script).execute(&Retrieve("1")).await.unwrap();
    assert_eq!(script.times(), [Duration::ZERO, 30 * SECOND]);

    // Longer than the cap, or than the call may take: fails at once and says how long.
    for (hint, deadline) in [("31", 60), ("18446744073709551615", 60), ("9", 9)] {
        let script = scripted([status(429).header("retry-after", hint)]);
        let start = Instant::now();
        let options = CallOptions::new().deadline(Duration::from_secs(deadline));
        let client = client(&script);
        let error = client
            .execute_with(&Retrieve("1"), &options)
            .await
            .unwrap_err();
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(
            error.retry_after(),
            Some(Duration::from_secs(hint.parse().unwrap()))
        );
        assert_eq!(script.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_any_shape_neither_panics_nor_hangs() {
    let long = "9".repeat(8192);
    let hints = [
        "0",
        "-1",
        "+1",
        "1.5",
        "1e9",
        " 3 ",
        "",
        " ",
        "00000000000007",
        "0x10",
        "NaN",
        "inf",
        "29",
        "30",
        "31",
        "4294967296",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999999999",
        "Wed, 21 Oct 2015 07:28:00 GMT",
        "Wednesday, 21-Oct-15 07:28:00 GMT",
        "Wed Oct 21 07:28:00 2015",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Mon, 01 Jan 0001 00:00:00 GMT",
        "Wed, 99 Foo 2015 99:99:99 GMT",
        "soon",
        "1,2",
        "1;2",
        "\u{e9}",
        "\u{1f600}",
        long.as_str(),
    ];
    assert!(hints.len() >= 30);
    for hint in hints {
        let script = scripted([status(429).header("retry-after", hint)]);
        let start = Instant::now();
        let _ = client(&script).execute(&Retrieve("1")).await;
        assert!(start.elapsed() <= Duration::from_millis(30_002), "{hint:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_call_sleeps_past_its_deadline() {
    let slow = RetryPolicy::default()
        .base(10 * SECOND)
        .cap(10 * SECOND)
        .attempts(50)
        .no_budget();
    for seed in 0..50 {
        let start = Instant::now();
        let script = scripted(std::iter::repeat_n(status(500), 60));
        let client = builder(&script)
            .retry(slow.clone().seed(seed))
            .deadline(20 * SECOND)
            .build()
            .unwrap();
        let error = client.execute(&Retrieve("1")).await.unwrap_err();
        assert!(start.elapsed() < 20 * SECOND);
        assert_eq!(
            error.kind(),
            ErrorKind::Status,
            "given up before the deadline, not at it"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_ends_an_unsafe_write_leaves_it_unknown() {
    let options = CallOptions::new().deadline(SECOND);
    let start = Instant::now();
    let script = scripted([Answer::hang()]);
    let error = client(&script)
        .execute_with(&Create("x"), &options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(error.reason(), ErrorKind::Timeout(TimeoutPhase::Operation));
    assert!(error.is_timeout());
    assert_eq!(start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_budget_ends_a_storm_and_successes_refill_it() {
    let budget = RetryBudget::new(28);
    let script = scripted(std::iter::repeat_n(status(500), 8));
    let client = builder(&script)
        .retry(RetryPolicy::default().budget(budget.clone()))
        .build()
        .unwrap();
    client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!((script.count(), budget.left()), (3, 0));
    for _ in 0..5 {
        client.execute(&Retrieve("1")).await.unwrap_err();
    }
    assert_eq!(script.count(), 8, "one attempt each");
    for _ in 0..14 {
        client.execute(&Retrieve("1")).await.unwrap();
    }
    assert_eq!(budget.left(), 14);
}

#[tokio::test(start_paused = true)]
async fn the_policy_of_a_call_draws_on_the_budget_of_the_client() {
    let budget = RetryBudget::new(20);
    let script = scripted(std::iter::repeat_n(status(500), 20));
    let policy = RetryPolicy::default().budget(budget.clone());
    let client = builder(&script).retry(policy).build().unwrap();
    for (options, count) in [
        (CallOptions::new().retry(RetryPolicy::default()), 2),
        (CallOptions::new().attempts(9), 3),
        (
            CallOptions::new().retry(RetryPolicy::default().no_budget()),
            6,
        ),
    ] {
        client
            .execute_with(&Retrieve("1"), &options)
            .await
            .unwrap_err();
        assert_eq!((script.count(), budget.left()), (count, 6));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_sets_its_own_attempts_and_policy() {
    let failing = || std::iter::repeat_n(status(500), 20);
    for (options, expected) in [
        (CallOptions::new().attempts(1), 1),
        (CallOptions::new().attempts(5), 5),
        (CallOptions::new().retry(RetryPolicy::none()), 1),
        (
            CallOptions::new().retry(RetryPolicy::default().attempts(4)),
            4,
        ),
        (
            CallOptions::new().retry(RetryPolicy::default()).attempts(2),
            2,
        ),
    ] {
        let script = scripted(failing());
        let client = client(&script);
        client
            .execute_with(&Retrieve("1"), &options)
            .await
            .unwrap_err();
        assert_eq!(script.count(), expected, "{options:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_layers_put_on_a_request_is_on_every_attempt() {
    #[derive(Clone, PartialEq, Debug)]
    struct Mark(u32);
    let script = scripted([status(500)]);
    let client = builder(&script).layer(tower::util::MapRequestLayer::new(
        |mut request: Request<Body>| {
            request.extensions_mut().insert(Mark(7));
            request
        },
    ));
    client
        .build()
        .unwrap()
        .execute(&Retrieve("1"))
        .await
        .unwrap();
    let requests = script.requests();
    assert_eq!(requests.len(), 2);
    let id = |request: &Captured| request.headers()["x-request-id"].clone();
    assert_eq!(id(&requests[0]), id(&requests[1]));
    for request in requests {
        assert_eq!(request.extensions().get::<Mark>(), Some(&Mark(7)));
        assert_eq!(request.uri(), "https://api.example.com/notes/1/");
    }
}

#[tokio::test(start_paused = true)]
async fn repetitions_are_told_with_reason_and_wait() {
    let (log, _listening) = record();
    let script = scripted([
        status(429).header("retry-after", "3"),
        status(500),
        refuse(),
    ]);
    client(&script).execute(&Retrieve("1")).await.unwrap_err();
    let text = log.text();
    assert!(
        text.contains(
            "retry operation=\"notes.retrieve\" attempt=1 reason=\"throttled\" wait_ms=3000"
        ),
        "{text}"
    );
    assert!(text.contains("attempt=2 reason=\"status\""), "{text}");
    assert!(
        text.contains(
            "gave up operation=\"notes.retrieve\" attempts=3 reason=\"connect\" limit=\"attempts\""
        ),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_no_whose_words_stall_until_the_deadline_is_still_a_no() {
    for (code, expected) in [
        (422, ErrorKind::Timeout(TimeoutPhase::Operation)),
        (500, ErrorKind::OutcomeUnknown),
        (200, ErrorKind::OutcomeUnknown),
    ] {
        let script = scripted([status(code).stall_after(2)]);
        let client = builder(&script).deadline(SECOND).build().unwrap();
        let error = client.execute(&Create("x")).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{code}");
        assert_eq!(error.status().unwrap(), code);
        assert!(error.may_have_been_sent() && !error.is_retryable());
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_of_attempts_does_not_grow_without_end() {
    let script = scripted([refuse().times(3000)]);
    let policy = RetryPolicy::default()
        .attempts(3000)
        .base(Duration::ZERO)
        .no_budget();
    let client = builder(&script).retry(policy).build().unwrap();
    let error = client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!(error.attempts(), 3000);
    let log = error.attempt_log();
    assert_eq!((log.len(), log[998].number), (1000, 999));
    assert_eq!(log.last().unwrap().number, 3000);
}
