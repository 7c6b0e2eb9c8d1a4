//! Layers of users that do what they should not, or more than they should: what is known of a write
//! stays known, and what belongs to one call does not get into another.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use accredit_transport::http::header::AUTHORIZATION;
use accredit_transport::http::request::Parts;
use accredit_transport::http::{Request, Response};
use accredit_transport::testkit::{Answer, Canary, Script};
use accredit_transport::{
    Body, CallOptions, Client, ClientBuilder, Error, ErrorKind, LayeredService, RetryPolicy, Token,
};
use tower::ServiceExt as _;
use tower_layer::{Layer, layer_fn};

use crate::support::{Create, Retrieve};

fn builder(script: &Script) -> ClientBuilder {
    Client::builder()
        .base_uri("https://api.example.com")
        .token(Token::new("Token", "t").unwrap())
        .transport(script.service())
}

/// A layer from a function.
fn layer<F, R>(work: F) -> impl Layer<LayeredService, Service = LayeredService> + Send + 'static
where
    F: Fn(LayeredService, Request<Body>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Result<Response<Body>, Error>> + Send + 'static,
{
    layer_fn(move |inner: LayeredService| {
        let work = work.clone();
        LayeredService::new(tower::service_fn(move |request: Request<Body>| {
            work(inner.clone(), request)
        }))
    })
}

fn copy(parts: &Parts, body: &Body) -> Request<Body> {
    Request::from_parts(parts.clone(), body.try_clone().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_copy_for_another_client_carries_no_token() {
    let secret = Canary::new("own-token");
    let theirs = Script::new().otherwise(Answer::json(200, "true"));
    let mirror = Client::builder()
        .base_uri("https://mirror.example")
        .transport(theirs.service())
        .build()
        .unwrap();
    let ours = Script::new().otherwise(Answer::json(200, "\"ok\""));
    let client = builder(&ours)
        .layer(layer(move |inner, request: Request<Body>| {
            let mirror = mirror.clone();
            async move {
                let (parts, body) = request.into_parts();
                let _ = mirror.send(copy(&parts, &body)).await;
                inner.oneshot(copy(&parts, &body)).await
            }
        }))
        .build()
        .unwrap();
    let options = CallOptions::new().token(Token::new("Token", secret.as_str()).unwrap());
    client.execute_with(&Retrieve("1"), &options).await.unwrap();
    let seen = theirs.requests();
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].headers().contains_key(AUTHORIZATION));
}

#[tokio::test(start_paused = true)]
async fn a_kept_request_has_a_deadline_of_its_own() {
    let script = Script::new().otherwise(Answer::json(200, "\"ok\""));
    let kept = Arc::new(Mutex::new(None));
    let keep = Arc::clone(&kept);
    let client = builder(&script)
        .layer(layer(move |inner, request: Request<Body>| {
            let keep = Arc::clone(&keep);
            async move {
                let (parts, body) = request.into_parts();
                *keep.lock().unwrap() = Some(copy(&parts, &body));
                inner.oneshot(copy(&parts, &body)).await
            }
        }))
        .build()
        .unwrap();
    client.execute(&Retrieve("1")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(300)).await;
    let script = Script::new().otherwise(Answer::json(200, "\"ok\"").delay(Duration::from_secs(1)));
    let other = builder(&script).build().unwrap();
    let request = kept.lock().unwrap().take().unwrap();
    other.send(request).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_side_call_does_not_make_a_write_retryable() {
    let side = Script::new().otherwise(Answer::fail(ErrorKind::Io));
    let audit = builder(&side).retry(RetryPolicy::none()).build().unwrap();
    let script = Script::new().otherwise(Answer::json(200, "true"));
    let client = builder(&script)
        .layer(layer(move |inner, request| {
            let audit = audit.clone();
            async move {
                let reply = inner.oneshot(request).await?;
                audit.execute(&Retrieve("1")).await?;
                Ok(reply)
            }
        }))
        .build()
        .unwrap();
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
    assert!(!error.is_retryable(), "{error:?}");
    assert_eq!(error.operation(), Some("notes.create"));
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_loses_the_extensions_does_not_lose_the_doubt() {
    for (answer, refused) in [
        (Answer::fail(ErrorKind::Io), false),
        (Answer::json(200, "{"), false),
        (Answer::json(200, "false"), true),
        (Answer::status(500), false),
        (Answer::hang(), false),
    ] {
        let script = Script::new().then(answer.clone());
        let client = builder(&script)
            .layer(layer(|inner, request: Request<Body>| {
                let (parts, body) = request.into_parts();
                let mut bare = Request::new(body);
                *bare.method_mut() = parts.method;
                *bare.uri_mut() = parts.uri;
                *bare.headers_mut() = parts.headers;
                inner.oneshot(bare)
            }))
            .build()
            .unwrap();
        let error = client.execute(&Create("x")).await.unwrap_err();
        let expected = if refused {
            ErrorKind::Refused
        } else {
            ErrorKind::OutcomeUnknown
        };
        assert_eq!(error.kind(), expected, "{answer:?} {error:?}");
        assert!(error.may_have_been_sent());
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_sends_twice_does_not_hide_the_first() {
    for second in [
        Answer::fail(ErrorKind::Connect),
        Answer::status(429),
        Answer::status(422),
    ] {
        let script = Script::new()
            .then(Answer::fail(ErrorKind::Io))
            .otherwise(second.clone());
        let client = builder(&script)
            .layer(layer(|inner, request: Request<Body>| async move {
                let (parts, body) = request.into_parts();
                match inner.clone().oneshot(copy(&parts, &body)).await {
                    Err(_) => inner.oneshot(copy(&parts, &body)).await,
                    good => good,
                }
            }))
            .build()
            .unwrap();
        let error = client.execute(&Create("x")).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::OutcomeUnknown,
            "{second:?} {error:?}"
        );
        assert!(error.may_have_been_sent(), "{second:?} {error:?}");
        assert!(!error.is_retryable(), "{second:?} {error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_words_errors_anew_does_not_unsend() {
    for kind in [
        ErrorKind::Connect,
        ErrorKind::Overloaded,
        ErrorKind::Build,
        ErrorKind::Auth,
    ] {
        let script = Script::new().otherwise(Answer::fail(ErrorKind::Io));
        let client = builder(&script)
            .layer(layer(move |inner: LayeredService, request| async move {
                inner.oneshot(request).await.map_err(|_| Error::new(kind))
            }))
            .build()
            .unwrap();
        let error = client.execute(&Create("x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
        assert!(error.may_have_been_sent());
        assert!(!error.is_retryable());
    }
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_hedges_gets_no_clean_bill_from_the_other_one() {
    let script = Script::new()
        .then(Answer::hang())
        .otherwise(Answer::status(429));
    let client = builder(&script)
        .layer(layer(|inner, request: Request<Body>| async move {
            let (parts, body) = request.into_parts();
            let first = inner.clone().oneshot(copy(&parts, &body));
            let again = copy(&parts, &body);
            drop(body);
            let second = async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                inner.oneshot(again).await
            };
            tokio::select! { reply = first => reply, reply = second => reply }
        }))
        .build()
        .unwrap();
    let error = client.execute(&Create("x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
    assert!(!error.is_retryable(), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_refuses_a_call_by_itself_is_believed_if_it_says_so() {
    let foreign = std::io::Error::other("x");
    let errors = [
        (Error::new(ErrorKind::Overloaded), ErrorKind::Overloaded),
        (Error::new(ErrorKind::Build), ErrorKind::Build),
        // This one may as well have come after a request of its own.
        (
            Error::from(Box::<dyn std::error::Error + Send + Sync>::from(foreign)),
            ErrorKind::OutcomeUnknown,
        ),
    ];
    for (error, expected) in errors {
        let error = Arc::new(Mutex::new(Some(error)));
        let script = Script::new();
        let client = builder(&script)
            .layer(layer(move |_, _| {
                let error = error.lock().unwrap().take().unwrap();
                async move { Err::<Response<Body>, _>(error) }
            }))
            .build()
            .unwrap();
        let error = client.execute(&Create("x")).await.unwrap_err();
        assert_eq!(error.kind(), expected);
        let unknown = expected == ErrorKind::OutcomeUnknown;
        assert_eq!(error.may_have_been_sent(), unknown);
        assert_eq!((error.attempts(), script.count()), (0, 0));
    }
}
