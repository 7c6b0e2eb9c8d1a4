//! Throttling on demand, as DRF's `UserRateThrottle` does it.

use std::time::Duration;

use accredit_sandbox::{Clock, Sandbox};
use serde_json::json;

use crate::support::{Client, send, send_json};

const LIST: &str = "/api_third_party/investors/";
const THROTTLE: &str = "/_sandbox/throttle";

async fn frozen(rate: Option<&str>) -> Sandbox {
    let now = "2026-03-01T12:00:00Z".parse().unwrap();
    let builder = Sandbox::builder().strict(true).clock(Clock::Frozen(now));
    match rate {
        Some(rate) => builder.throttle(rate),
        None => builder,
    }
    .start()
    .await
    .unwrap()
}

#[tokio::test]
async fn a_user_who_calls_too_often_waits_on_the_clock_of_the_sandbox() {
    let sandbox = frozen(Some("2/minute")).await;
    let client = Client::login(&sandbox).await;
    assert_eq!(client.get(LIST).await.status, 200);
    sandbox.advance_clock(Duration::from_secs(20));
    // Methods that are not allowed count as well: the throttle comes first.
    assert_eq!(
        client
            .post("/api_third_party/invoices/", &json!({}))
            .await
            .status,
        405
    );
    for (seconds, text, header) in [(0, "40 seconds", "40"), (39, "1 second", "1")] {
        sandbox.advance_clock(Duration::from_secs(seconds));
        let answer = client.get(LIST).await;
        let detail = format!("Request was throttled. Expected available in {text}.");
        answer.assert(429, &json!({ "detail": detail }));
        assert_eq!(answer.header("retry-after"), Some(header));
    }
    // Another token of the same user is the same user; another service is not throttled.
    assert_eq!(Client::login(&sandbox).await.get(LIST).await.status, 429);
    assert_eq!(
        Client::verifyinvestor(&sandbox).get("/api/v1").await.status,
        200
    );
    sandbox.advance_clock(Duration::from_secs(1));
    assert_eq!(client.get(LIST).await.status, 200);
}

#[tokio::test]
async fn who_is_not_logged_in_counts_by_address() {
    let sandbox = frozen(Some("1/hour")).await;
    let login = async |headers: &[(&str, &str)]| {
        let path = "/api_third_party/auth/login/";
        send_json(&sandbox, "POST", path, headers, &json!({}))
            .await
            .status
    };
    assert_eq!(login(&[]).await, 400);
    assert_eq!(login(&[]).await, 429);
    let elsewhere = [("x-forwarded-for", "192.0.2.1, 192.0.2.2")];
    assert_eq!(login(&elsewhere).await, 400);
    assert_eq!(login(&elsewhere).await, 429);
    // Bad credentials are refused before anything is counted.
    for _ in 0..3 {
        let headers = [("authorization", "Token nobody")];
        assert_eq!(send(&sandbox, "GET", LIST, &headers, b"").await.status, 401);
    }
    sandbox.reset().unwrap();
    assert_eq!(login(&[]).await, 400);
}

#[tokio::test]
async fn the_rate_is_shown_set_and_ended() {
    let sandbox = frozen(None).await;
    let client = Client::login(&sandbox).await;
    let show = async || send(&sandbox, "GET", THROTTLE, &[], b"").await;
    show().await.assert(200, &json!({ "rate": null }));
    let set = async |body| send_json(&sandbox, "POST", THROTTLE, &[], &body).await;
    set(json!({ "rate": "0/s" }))
        .await
        .assert(200, &json!({ "rate": "0/second" }));
    assert_eq!(client.get(LIST).await.status, 429);
    for body in [json!({}), json!({ "rate": "often" }), json!({ "rate": 5 })] {
        let answer = set(body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("such as 5/minute"));
    }
    let ended = send(&sandbox, "DELETE", THROTTLE, &[], b"").await;
    assert_eq!(ended.status, 204);
    assert_eq!(client.get(LIST).await.status, 200);
    sandbox.set_throttle(Some("0/day")).unwrap();
    assert_eq!(client.get(LIST).await.status, 429);
    assert!(sandbox.set_throttle(Some("")).unwrap_err().is_invalid());
    sandbox.set_throttle(None).unwrap();
    assert_eq!(client.get(LIST).await.status, 200);
    let bad = Sandbox::builder().throttle("often").start().await;
    assert!(bad.unwrap_err().is_invalid());
}
