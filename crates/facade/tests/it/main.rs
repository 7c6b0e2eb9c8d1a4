//! The facade as its users write it: both clients from one crate, with the prelude and no other
//! crate of ours named.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::convert::Infallible;

use accredit::prelude::*;
use accredit::transport::Body;
use accredit::transport::http::{Request, Response};
use accredit::{models, thirdparty, transport, verifyinvestor};

/// Answers logins and lists of both services.
async fn answer(request: Request<Body>) -> Result<Response<String>, Infallible> {
    let body = match request.uri().path() {
        "/api_third_party/auth/login/" => r#"{"token": "t", "expiry": "2030-01-01T00:00:00Z"}"#,
        "/api_third_party/investments/" => {
            r#"{"count": 2, "next": "https://x/?page=2", "results": [{"id": 1, "amount": "128.50"}]}"#
        }
        "/api/v1/users" => r#"[{"id": 135, "first_name": "Ada"}]"#,
        _ => "<html>",
    };
    Ok(Response::new(body.to_owned()))
}

fn issuance() -> thirdparty::Client {
    thirdparty::Client::builder(thirdparty::Environment::Production)
        .credentials(Credentials::password(
            "partner@example.com",
            "test-password",
        ))
        .configure(|transport| transport.transport(tower::service_fn(answer)))
        .build()
        .unwrap()
}

/// A program has one error type for both services.
async fn both() -> Result<(Page<thirdparty::InvestmentSummary>, String), Error> {
    let page = issuance()
        .investments()
        .list()
        .amount_gte(5000)
        .send()
        .await?;
    let vi = verifyinvestor::Client::builder(verifyinvestor::Environment::Staging)
        .api_token(Secret::new("test-token"))
        .configure(|transport| transport.transport(tower::service_fn(answer)))
        .build()
        .expect("good settings");
    let users = vi.users().list().send().await?;
    let name: &Personal<String> = users[0].first_name.as_ref().expect("a name");
    Ok((page, name.expose().clone()))
}

#[tokio::test]
async fn both_clients_work_with_the_prelude_alone() {
    let (page, name) = both().await.unwrap();
    let amount: Money = page.results[0].amount.unwrap();
    assert_eq!(
        (amount.to_string().as_str(), page.next_page()),
        ("128.50", Some(2))
    );
    assert_eq!(name, "Ada");
    let error = issuance().invoices().list().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

/// A program without async: calls as values, lists as iterators.
#[test]
fn calls_can_be_waited_for() {
    let blocking = transport::Blocking::new().unwrap();
    let list = || issuance().investments().list();
    let page = blocking.run(list().send()).unwrap();
    let first = blocking.iter(list().items()).next().unwrap().unwrap();
    assert_eq!(page.results[0].id, first.id);
}

#[test]
fn the_traits_of_the_prelude_are_in_scope() {
    // `OpenEnum`, for code that is generic over value lists.
    fn first<E: models::open_enum::OpenEnum>() -> Option<&'static str> {
        E::values().next()
    }
    assert_eq!(first::<thirdparty::KycStatus>(), Some("unverified"));
    let status = thirdparty::InvestmentStatus::from_value("received");
    assert_eq!(status.label(), Some("Received"));
    // `Operation`, for what an operation is.
    let list = issuance().investments().list().into_operation();
    let mut request =
        transport::RequestEncoder::new(const { &thirdparty::operations::investments::List::INFO });
    list.encode(&mut request).unwrap();
    assert_eq!(
        request.finish().unwrap().uri(),
        "/api_third_party/investments/"
    );
}

#[test]
fn the_names_at_the_root_are_those_of_the_parts() {
    fn same<T>(_: fn(T), _: fn(T)) {}
    same::<Error>(|_: accredit::Error| (), |_: thirdparty::Error| ());
    same::<Error>(|_: transport::Error| (), |_: verifyinvestor::Error| ());
    same::<Money>(|_: accredit::Money| (), |_: models::Money| ());
    let day: Date = "2026-03-01".parse().unwrap();
    let time: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    assert_eq!(
        (day.to_string(), time.to_string()),
        ("2026-03-01".to_owned(), "2026-03-01T00:00:00Z".to_owned())
    );
    let json = accredit::Json::new(&[1, 2]).unwrap();
    let percent: accredit::Percent = "2.5".parse().unwrap();
    assert_eq!(
        (json.as_str(), percent.to_string().as_str()),
        ("[1,2]", "2.5")
    );
}

#[cfg(feature = "inbox")]
#[tokio::test]
async fn the_inbox_is_part_of_the_facade() {
    let inbox = accredit::inbox::Inbox::in_memory();
    assert!(inbox.track(90).await.unwrap());
}

/// The example of the front page is shown without the lines that a test needs; those stand in the facade's README.
#[test]
fn the_front_page_shows_the_example_that_is_compiled() {
    let example = |text: &str| {
        let start = text.find("use accredit::{").expect("an example");
        let end = text[start..].find("```").expect("its end");
        let lines = text[start..start + end].lines();
        let shown = lines.filter(|line| !line.starts_with("# "));
        shown.map(str::to_owned).collect::<Vec<_>>()
    };
    let front = example(include_str!("../../../../README.md"));
    assert_eq!(front, example(include_str!("../../README.md")));
    assert!(front.len() > 15, "{front:?}");
}
