//! The tower layer: what is inside sees verified webhooks only, and what is refused is answered with nothing.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use accredit_verifyinvestor::transport::http::{HeaderMap, Request, Response, StatusCode};
use accredit_verifyinvestor::{Verified, WebhookReceiver};
use tower::{Layer as _, Service, ServiceExt as _};

use super::support::{BODY, Broken, Pieces, signer, webhooks};

/// Counts webhooks, and fails where it is told to.
#[derive(Clone, Default)]
struct Handler {
    calls: Arc<AtomicUsize>,
    is_ready: bool,
    answers: bool,
}

impl Handler {
    fn working() -> Self {
        Self {
            is_ready: true,
            answers: true,
            ..Self::default()
        }
    }
}

impl Service<Request<Verified>> for Handler {
    type Response = Response<String>;
    type Error = &'static str;
    type Future = Ready<Result<Response<String>, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        Poll::Ready(self.is_ready.then_some(()).ok_or("canary"))
    }

    fn call(&mut self, webhook: Request<Verified>) -> Self::Future {
        self.calls.fetch_add(1, Ordering::Relaxed);
        assert_eq!(webhook.body().bytes(), BODY);
        let answer = Response::new("taken".to_owned());
        ready(self.answers.then_some(answer).ok_or("canary"))
    }
}

async fn answer(handler: &Handler, request: Request<Pieces>) -> (StatusCode, String) {
    let service = WebhookReceiver::new(webhooks()).layer(handler.clone());
    let answer: Result<_, Infallible> = service.oneshot(request).await;
    let (parts, body) = answer.unwrap().into_parts();
    assert_eq!(parts.headers, HeaderMap::new());
    (parts.status, body)
}

#[tokio::test(start_paused = true)]
async fn a_verified_webhook_arrives_once() {
    let handler = Handler::working();
    let request = Pieces::new(BODY.chunks(10)).signed(BODY);
    let taken = (StatusCode::OK, "taken".to_owned());
    assert_eq!(answer(&handler, request).await, taken);
    assert_eq!(handler.calls.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn refusals_are_empty_and_do_not_arrive() {
    let handler = Handler::working();
    let ours = || Pieces::new([BODY]);
    for (request, status) in [
        (ours().with(HeaderMap::new()), StatusCode::UNAUTHORIZED),
        (ours().signed(b"other"), StatusCode::UNAUTHORIZED),
        (ours().huge().signed(BODY), StatusCode::PAYLOAD_TOO_LARGE),
        (ours().hanging().signed(BODY), StatusCode::BAD_REQUEST),
        (
            ours().then(Err(Broken)).signed(BODY),
            StatusCode::BAD_REQUEST,
        ),
    ] {
        assert_eq!(answer(&handler, request).await, (status, String::new()));
    }
    assert_eq!(handler.calls.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_is_an_empty_503() {
    let failing = Handler {
        answers: false,
        ..Handler::working()
    };
    let unavailable = Handler {
        is_ready: false,
        ..Handler::working()
    };
    for (handler, calls) in [(failing, 1), (unavailable, 0)] {
        let request = Pieces::new([BODY]).with(signer().headers(BODY));
        let nothing = (StatusCode::SERVICE_UNAVAILABLE, String::new());
        assert_eq!(answer(&handler, request).await, nothing);
        assert_eq!(handler.calls.load(Ordering::Relaxed), calls);
    }
}
