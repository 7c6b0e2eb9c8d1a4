//! knox: the texts and statuses around tokens.

use std::time::Duration;

use serde_json::json;

use crate::support::{Client, frozen, send, send_json, strict};

const LOGIN: &str = "/api_third_party/auth/login/";
const LIST: &str = "/api_third_party/investments/";

#[tokio::test]
async fn login_gives_a_token_of_64_hex_digits_for_ten_hours() {
    let sandbox = frozen("2026-03-01T12:00:00Z").await;
    let credentials = sandbox.thirdparty_credentials();
    let body = json!({ "email": credentials.email, "password": credentials.password });
    // Whatever Authorization a login carries, it is not looked at.
    let answer = send_json(
        &sandbox,
        "POST",
        LOGIN,
        &[("authorization", "Token nonsense x")],
        &body,
    )
    .await;
    let json = answer.json();
    assert_eq!(answer.status, 200);
    assert_eq!(json["expiry"], "2026-03-01T22:00:00Z");
    let token = json["token"].as_str().unwrap();
    assert!(token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert!(
        answer.text().starts_with("{\"expiry\""),
        "knox prints the expiry first"
    );
}

#[tokio::test]
async fn bad_logins_get_the_serializers_texts() {
    let sandbox = strict().await;
    let login = async |body| send_json(&sandbox, "POST", LOGIN, &[], &body).await;
    login(json!({ "email": sandbox.thirdparty_credentials().email, "password": "wrong" }))
        .await
        .assert(
            400,
            &json!({ "non_field_errors": ["Unable to log in with provided credentials."] }),
        );
    login(json!({})).await.assert(
        400,
        &json!({ "email": ["This field is required."], "password": ["This field is required."] }),
    );
    login(json!({ "email": "x", "password": "" })).await.assert(
        400,
        &json!({ "email": ["Enter a valid email address."], "password": ["This field may not be blank."] }),
    );
    login(json!({ "email": null, "password": ["x"] })).await.assert(
        400,
        &json!({ "email": ["This field may not be null."], "password": ["Not a valid string."] }),
    );
    let answer = send(
        &sandbox,
        "POST",
        LOGIN,
        &[("content-type", "application/json")],
        b"{",
    )
    .await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.json()["detail"]
            .as_str()
            .unwrap()
            .starts_with("JSON parse error - ")
    );
}

#[tokio::test]
async fn every_kind_of_missing_or_bad_token_has_its_text() {
    let sandbox = strict().await;
    for (header, detail) in [
        (None, "Authentication credentials were not provided."),
        (
            Some("Bearer x"),
            "Authentication credentials were not provided.",
        ),
        (Some("x"), "Authentication credentials were not provided."),
        (
            Some("Token"),
            "Invalid token header. No credentials provided.",
        ),
        (
            Some("Token a b"),
            "Invalid token header. Token string should not contain spaces.",
        ),
        (Some("token unknown"), "Invalid token."),
    ] {
        let headers: Vec<_> = header
            .map(|value| ("authorization", value))
            .into_iter()
            .collect();
        let answer = send(&sandbox, "GET", LIST, &headers, b"").await;
        answer.assert(401, &json!({ "detail": detail }));
        assert_eq!(answer.header("www-authenticate"), Some("Token"));
    }
}

#[tokio::test]
async fn tokens_end_by_logout_and_by_time() {
    let sandbox = strict().await;
    let (first, second) = (Client::login(&sandbox).await, Client::login(&sandbox).await);
    let third = Client::login(&sandbox).await;
    let answer = first
        .post("/api_third_party/auth/logout/", &json!({}))
        .await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    let again = first
        .post("/api_third_party/auth/logout/", &json!({}))
        .await;
    again.assert(401, &json!({ "detail": "Invalid token." }));
    assert_eq!(second.get(LIST).await.status, 200);
    assert_eq!(
        second
            .post("/api_third_party/auth/logoutall/", &json!({}))
            .await
            .status,
        204
    );
    assert_eq!(third.get(LIST).await.status, 401);

    let fourth = Client::login(&sandbox).await;
    sandbox.advance_clock(Duration::from_secs(10 * 3600 - 60));
    assert_eq!(fourth.get(LIST).await.status, 200);
    sandbox.advance_clock(Duration::from_secs(60));
    // An expired token is like an unknown one: there is no text of its own.
    fourth
        .get(LIST)
        .await
        .assert(401, &json!({ "detail": "Invalid token." }));
}
