//! What is repeated, what is not, and when; in virtual time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_transport::bytes::Bytes;
use accredit_transport::http::{Method, Request, Response, StatusCode};
use accredit_transport::{
    Body, BoxError, CallOptions, Client, ClientBuilder, DecodeError, EncodeError, Error, ErrorKind,
    Operation, OperationInfo, Reply, RequestEncoder, ResponseKind, RetryBudget, RetryClass,
    RetryPolicy, TimeoutPhase, Token,
};
use tokio::time::Instant;

use crate::support::{Create, Log, Retrieve, Server, Step, json, raw, reply};

const SECOND: Duration = Duration::from_secs(1);

/// What the service does with one request.
#[derive(Clone)]
enum Act {
    Answer(u16, &'static [(&'static str, &'static str)]),
    /// Never answers.
    Hang,
    /// Fails as a connection that could not be made.
    Refuse,
    /// Sends a part of the body, then fails.
    Cut(u16),
    /// Answers 200 with this.
    Say(&'static str),
}

/// When each request came, and the request.
type Seen = Arc<Mutex<Vec<(Duration, Request<Bytes>)>>>;

/// A service that follows a script and writes down when it was asked, and for what.
#[derive(Clone)]
struct Service {
    script: Arc<Mutex<VecDeque<Act>>>,
    seen: Seen,
    start: Instant,
}

impl Service {
    fn new(script: impl IntoIterator<Item = Act>) -> Self {
        Self {
            script: Arc::new(Mutex::new(script.into_iter().collect())),
            seen: Arc::default(),
            start: Instant::now(),
        }
    }

    fn builder(&self) -> ClientBuilder {
        let service = self.clone();
        Client::builder()
            .base_uri("https://api.example.com")
            .token(Token::new("Token", "t").unwrap())
            .transport(tower::service_fn(move |request: Request<Body>| {
                let service = service.clone();
                async move { service.act(request).await }
            }))
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    async fn act(&self, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        let (parts, body) = request.into_parts();
        let body = http_body_util::BodyExt::collect(body).await?.to_bytes();
        let request = Request::from_parts(parts, body);
        self.seen
            .lock()
            .unwrap()
            .push((self.start.elapsed(), request));
        let act = self.script.lock().unwrap().pop_front();
        let mut response = Response::new(Body::from("\"ok\""));
        match act {
            None => {}
            Some(Act::Say(text)) => *response.body_mut() = Body::from(text),
            Some(Act::Answer(status, headers)) => {
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                for (name, value) in headers {
                    response.headers_mut().append(*name, value.parse().unwrap());
                }
            }
            Some(Act::Hang) => std::future::pending().await,
            Some(Act::Refuse) => return Err(Error::new(ErrorKind::Connect).into()),
            Some(Act::Cut(status)) => {
                *response.status_mut() = StatusCode::from_u16(status).unwrap();
                let frames: [Result<_, BoxError>; 2] = [
                    Ok(http_body::Frame::data(Bytes::from_static(b"\"o"))),
                    Err("cut".into()),
                ];
                let mut frames = VecDeque::from(frames);
                *response.body_mut() = Body::boxed(http_body_util::StreamBody::new(Frames(
                    std::mem::take(&mut frames),
                )));
            }
        }
        Ok(response)
    }

    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    /// When each request came.
    fn times(&self) -> Vec<Duration> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .map(|(at, _)| *at)
            .collect()
    }
}

/// Frames that are all there.
struct Frames(VecDeque<Result<http_body::Frame<Bytes>, BoxError>>);

impl futures_core::Stream for Frames {
    type Item = Result<http_body::Frame<Bytes>, BoxError>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.pop_front())
    }
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
    let service = Service::new([]);
    service.client().execute(&Retrieve("1")).await.unwrap();
    assert_eq!(service.times(), [Duration::ZERO]);
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_after_transient_failures_and_waits_within_the_bounds() {
    for act in [
        Act::Answer(500, &[]),
        Act::Answer(502, &[]),
        Act::Answer(503, &[]),
        Act::Answer(504, &[]),
        Act::Answer(408, &[]),
        Act::Answer(429, &[]),
        Act::Refuse,
        Act::Cut(200),
    ] {
        let service = Service::new([act.clone(), act]);
        assert_eq!(
            service.client().execute(&Retrieve("1")).await.unwrap(),
            "ok"
        );
        let times = service.times();
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
    let service = Service::new([Act::Answer(500, &[]), Act::Refuse, Act::Answer(502, &[])]);
    let error = service.client().execute(&Retrieve("1")).await.unwrap_err();
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
    assert_eq!(began, service.times());
}

#[tokio::test(start_paused = true)]
async fn post_is_not_retried_unless_tagged() {
    for act in [
        Act::Answer(500, &[]),
        Act::Answer(502, &[]),
        Act::Answer(503, &[("retry-after", "1")]),
        Act::Answer(504, &[]),
        Act::Answer(408, &[]),
        Act::Cut(201),
        Act::Hang,
        Act::Say("<html>"),
    ] {
        let service = Service::new([act.clone()]);
        let error = service.client().execute(&Create("x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
        assert!(!error.is_retryable() && error.may_have_been_sent());
        assert_eq!((service.count(), error.attempts()), (1, 1));
        let applied = matches!(act, Act::Cut(_) | Act::Say(_));
        assert_eq!(error.likely_applied(), applied, "{error:?}");
        // The same failure of a write that may be repeated.
        if !matches!(act, Act::Say(_)) {
            let service = Service::new([act]);
            assert_eq!(service.client().execute(&Check).await.unwrap(), "ok");
            assert_eq!(service.count(), 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unsafe_write_is_repeated_when_it_provably_did_not_run() {
    let service = Service::new([Act::Refuse, Act::Answer(429, &[])]);
    let result = service.client().execute(&Create("x")).await;
    // The reply is not what `Create` reads; it came from the third request all the same.
    assert_eq!(result.unwrap_err().reason(), ErrorKind::Decode);
    assert_eq!(service.count(), 3);
    let bodies: Vec<_> = service
        .seen
        .lock()
        .unwrap()
        .iter()
        .map(|(_, request)| request.body().clone())
        .collect();
    assert!(
        bodies.iter().all(|body| body == "{\"text\":\"x\"}"),
        "{bodies:?}"
    );

    let service = Service::new([
        Act::Answer(429, &[]),
        Act::Answer(429, &[]),
        Act::Answer(429, &[]),
    ]);
    let error = service.client().execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Status);
    assert!(error.is_rate_limited() && error.is_retryable());
}

/// The last failure says that nothing was sent; the call as a whole did more.
#[tokio::test(start_paused = true)]
async fn a_refused_connection_does_not_hide_the_attempt_before_it() {
    for (first, sent) in [
        (Act::Answer(500, &[]), true),
        (Act::Cut(200), true),
        (Act::Answer(429, &[]), false),
        (Act::Refuse, false),
    ] {
        let service = Service::new([first, Act::Refuse, Act::Refuse]);
        let error = service.client().execute(&Check).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert_eq!(error.may_have_been_sent(), sent, "{error:?}");
        assert!(error.is_retryable());
    }
}

#[tokio::test(start_paused = true)]
async fn get_with_side_effect_is_not_retried() {
    let service = Service::new([Act::Answer(503, &[("retry-after", "0")])]);
    let error = service.client().execute(&Fire).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(service.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_503_of_a_trusted_gateway_lets_a_write_be_repeated() {
    let service = Service::new([
        Act::Answer(503, &[("retry-after", "2")]),
        Act::Answer(503, &[]),
    ]);
    let client = service
        .builder()
        .retry(RetryPolicy::default().retry_unsafe_503(true))
        .build()
        .unwrap();
    let error = client.execute(&Fire).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::OutcomeUnknown,
        "the second has no hint"
    );
    assert_eq!(service.times(), [Duration::ZERO, 2 * SECOND]);
}

#[tokio::test(start_paused = true)]
async fn raw_requests_are_sent_once_whatever_the_method() {
    let service = Service::new([Act::Answer(503, &[])]);
    let request = Request::get("/x").body(()).unwrap();
    let reply = service.client().send(request).await.unwrap();
    assert_eq!((reply.status.as_u16(), service.count()), (503, 1));

    let service = Service::new([Act::Cut(200)]);
    let request = Request::get("/x").body(()).unwrap();
    let error = service.client().send(request).await.unwrap_err();
    assert_eq!((error.kind(), service.count()), (ErrorKind::Io, 1));

    // Not even with the facts of an operation in its extensions.
    let service = Service::new([Act::Answer(503, &[])]);
    let mut request = Request::get("/x").body(()).unwrap();
    let facts: &'static OperationInfo = const { &Retrieve::INFO };
    request.extensions_mut().insert(facts);
    service.client().send(request).await.unwrap();
    assert_eq!(service.count(), 1);
}

/// A body that comes from somewhere and is gone when it was sent.
fn stream() -> Body {
    let frame = Ok(http_body::Frame::data(Bytes::from_static(b"streamed")));
    Body::boxed(http_body_util::StreamBody::new(Frames(VecDeque::from([
        frame,
    ]))))
}

#[tokio::test(start_paused = true)]
async fn unclonable_body_is_sent_once() {
    let service = Service::new([Act::Answer(503, &[])]);
    let client = service.builder().layer(tower::util::MapRequestLayer::new(
        |request: Request<Body>| request.map(|_| stream()),
    ));
    let error = client.build().unwrap().execute(&Check).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::SERVICE_UNAVAILABLE));
    let seen = service.seen.lock().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].1.body(), "streamed");
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
    for status in [301, 302, 303, 307, 308] {
        let away = &[("location", "https://evil.example/notes/1/")];
        let service = Service::new([Act::Answer(status, away)]);
        let error = service.client().execute(&Retrieve("1")).await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!((error.kind(), service.count()), (ErrorKind::Status, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_waited_for_and_capped() {
    let service = Service::new([Act::Answer(429, &[("retry-after", "7")])]);
    service.client().execute(&Retrieve("1")).await.unwrap();
    assert_eq!(service.times(), [Duration::ZERO, 7 * SECOND]);

    let dates = &[
        ("retry-after", "Wed, 21 Oct 2015 07:28:30 GMT"),
        ("date", "Wed, 21 Oct 2015 07:28:00 GMT"),
    ];
    let service = Service::new([Act::Answer(503, dates)]);
    service.client().execute(&Retrieve("1")).await.unwrap();
    assert_eq!(service.times(), [Duration::ZERO, 30 * SECOND]);

    // Longer than the cap, or than the call may take: fails at once and says how long.
    for (hint, deadline) in [("31", 60), ("18446744073709551615", 60), ("9", 9)] {
        let headers = Box::leak(Box::new([("retry-after", hint)]));
        let service = Service::new([Act::Answer(429, headers)]);
        let options = CallOptions::new().deadline(Duration::from_secs(deadline));
        let client = service.client();
        let error = client
            .execute_with(&Retrieve("1"), &options)
            .await
            .unwrap_err();
        assert_eq!(service.start.elapsed(), Duration::ZERO);
        assert_eq!(
            error.retry_after(),
            Some(Duration::from_secs(hint.parse().unwrap()))
        );
        assert_eq!(service.count(), 1);
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
        let headers: &'static [(&str, &str)] = Box::leak(Box::new([("retry-after", "")]));
        let service = Service::new([Act::Answer(429, headers)]);
        let value = accredit_transport::http::HeaderValue::from_bytes(hint.as_bytes()).unwrap();
        let with_hint = service.clone();
        let client = Client::builder()
            .base_uri("https://api.example.com")
            .token(Token::new("Token", "t").unwrap())
            .transport(tower::service_fn(move |request: Request<Body>| {
                let (service, value) = (with_hint.clone(), value.clone());
                async move {
                    let mut response = service.act(request).await?;
                    if response.status() == StatusCode::TOO_MANY_REQUESTS {
                        response.headers_mut().insert("retry-after", value);
                    }
                    Ok::<_, BoxError>(response)
                }
            }))
            .build()
            .unwrap();
        let _ = client.execute(&Retrieve("1")).await;
        assert!(
            service.start.elapsed() <= Duration::from_millis(30_002),
            "{hint:?}"
        );
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
        let service = Service::new(std::iter::repeat_n(Act::Answer(500, &[]), 60));
        let client = service
            .builder()
            .retry(slow.clone().seed(seed))
            .deadline(20 * SECOND)
            .build()
            .unwrap();
        let error = client.execute(&Retrieve("1")).await.unwrap_err();
        assert!(service.start.elapsed() < 20 * SECOND);
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
    let service = Service::new([Act::Hang]);
    let error = service
        .client()
        .execute_with(&Create("x"), &options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!(error.reason(), ErrorKind::Timeout(TimeoutPhase::Operation));
    assert!(error.is_timeout());
    assert_eq!(service.start.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_budget_ends_a_storm_and_successes_refill_it() {
    let budget = RetryBudget::new(28);
    let service = Service::new(std::iter::repeat_n(Act::Answer(500, &[]), 8));
    let client = service
        .builder()
        .retry(RetryPolicy::default().budget(budget.clone()))
        .build()
        .unwrap();
    client.execute(&Retrieve("1")).await.unwrap_err();
    assert_eq!((service.count(), budget.left()), (3, 0));
    for _ in 0..5 {
        client.execute(&Retrieve("1")).await.unwrap_err();
    }
    assert_eq!(service.count(), 8, "one attempt each");
    for _ in 0..14 {
        client.execute(&Retrieve("1")).await.unwrap();
    }
    assert_eq!(budget.left(), 14);
}

#[tokio::test(start_paused = true)]
async fn the_policy_of_a_call_draws_on_the_budget_of_the_client() {
    let budget = RetryBudget::new(20);
    let service = Service::new(std::iter::repeat_n(Act::Answer(500, &[]), 20));
    let policy = RetryPolicy::default().budget(budget.clone());
    let client = service.builder().retry(policy).build().unwrap();
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
        assert_eq!((service.count(), budget.left()), (count, 6));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_sets_its_own_attempts_and_policy() {
    let failing = || std::iter::repeat_n(Act::Answer(500, &[]), 20);
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
        let service = Service::new(failing());
        let client = service.client();
        client
            .execute_with(&Retrieve("1"), &options)
            .await
            .unwrap_err();
        assert_eq!(service.count(), expected, "{options:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_layers_put_on_a_request_is_on_every_attempt() {
    #[derive(Clone, PartialEq, Debug)]
    struct Mark(u32);
    let service = Service::new([Act::Answer(500, &[])]);
    let client = service.builder().layer(tower::util::MapRequestLayer::new(
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
    let seen = service.seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    let ids: Vec<_> = seen
        .iter()
        .map(|(_, request)| &request.headers()["x-request-id"])
        .collect();
    assert_eq!(ids[0], ids[1]);
    for (_, request) in &*seen {
        assert_eq!(request.extensions().get::<Mark>(), Some(&Mark(7)));
        assert_eq!(request.uri(), "https://api.example.com/notes/1/");
    }
}

#[tokio::test(start_paused = true)]
async fn repetitions_are_told_with_reason_and_wait() {
    let log = Log::default();
    let _guard = log.install();
    let service = Service::new([
        Act::Answer(429, &[("retry-after", "3")]),
        Act::Answer(500, &[]),
        Act::Refuse,
    ]);
    service.client().execute(&Retrieve("1")).await.unwrap_err();
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
