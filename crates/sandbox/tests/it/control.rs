//! The sandbox's own interface under `/_sandbox/`.

use std::time::Duration;

use accredit_sandbox::Sandbox;
use serde_json::json;

use crate::support::{Client, apart, frozen, send, send_json, strict};

#[tokio::test]
async fn the_clock_shows_freezes_and_advances() {
    let sandbox = frozen("2026-03-01T12:00:00Z").await;
    let show = async || send(&sandbox, "GET", "/_sandbox/clock", &[], b"").await;
    show().await.assert(
        200,
        &json!({ "now": "2026-03-01T12:00:00.000000Z", "mode": "frozen" }),
    );
    let post = async |path, body| send_json(&sandbox, "POST", path, &[], &body).await;
    post("/_sandbox/clock/advance", json!({ "seconds": 90 })).await;
    show().await.assert(
        200,
        &json!({ "now": "2026-03-01T12:01:30.000000Z", "mode": "frozen" }),
    );
    post("/_sandbox/clock", json!({ "now": "2027-01-01T00:00:00Z" })).await;
    assert_eq!(sandbox.now(), "2027-01-01T00:00:00Z".parse().unwrap());
    for (path, body) in [
        ("/_sandbox/clock/advance", json!({ "seconds": -1 })),
        ("/_sandbox/clock", json!({})),
    ] {
        assert_eq!(post(path, body).await.status, 400);
    }
    assert_eq!(
        send(&sandbox, "GET", "/_sandbox/health", &[], b"")
            .await
            .json()["status"],
        "ok"
    );
}

#[tokio::test]
async fn the_clock_stops_at_the_end_of_time_instead_of_jumping_back() {
    let sandbox = strict().await;
    let last = jiff::Timestamp::MAX;
    for by in [Duration::MAX, Duration::from_secs(1), Duration::MAX] {
        sandbox.advance_clock(by);
        assert_eq!(sandbox.now(), last);
    }
    // Both services still answer, although a token of that instant has no time left.
    Client::login(&sandbox).await;
    let client = Client::verifyinvestor(&sandbox);
    assert_eq!(client.get("/api/v1").await.status, 200);
}

#[tokio::test]
async fn a_reset_gives_the_same_ids_again_and_keeps_the_webhook_url() {
    let sandbox = Sandbox::builder()
        .strict(true)
        .seed(3)
        .webhook_url("http://127.0.0.1:9/")
        .start()
        .await
        .unwrap();
    let client = Client::login(&sandbox).await;
    let first = client.investor("Lovelace").await["id"].clone();
    assert_eq!(
        send(&sandbox, "POST", "/_sandbox/reset", &[], b"")
            .await
            .status,
        204
    );
    assert_eq!(
        client.get("/api_third_party/investors/").await.status,
        401,
        "tokens are gone"
    );
    let client = Client::login(&sandbox).await;
    assert_eq!(
        client.get("/api_third_party/investors/").await.json()["count"],
        0
    );
    assert_eq!(client.investor("Lovelace").await["id"], first);
    let verify = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let request = verify
        .post(
            &format!("/api/v1/users/{user}/verification_requests"),
            &json!({}),
        )
        .await
        .json();
    verify
        .get(&format!(
            "/api/v1/verification_requests/{}/webhook",
            request["id"]
        ))
        .await;
    assert_eq!(
        sandbox.webhook_deliveries().unwrap()[0].url,
        "http://127.0.0.1:9/"
    );
}

#[tokio::test]
async fn investments_move_over_http_with_their_history() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let investor = client.investor("Lovelace").await["id"].as_u64().unwrap();
    let id = client.investment("reg_a", investor, 10, "wire").await["id"].clone();
    let path = format!("/_sandbox/investments/{id}/status");
    let moved = client
        .post(&path, &json!({ "status": "invested" }))
        .await
        .json();
    let statuses: Vec<_> = moved["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["status"])
        .collect();
    assert_eq!(
        statuses,
        ["started", "not_received", "received", "invested"]
    );
    let text = "an investment that is invested cannot become started";
    client
        .post(&path, &json!({ "status": "started" }))
        .await
        .assert(409, &json!({ "detail": text }));
    assert_eq!(client.post(&path, &json!({})).await.status, 400);
    assert_eq!(
        client.post(&path, &json!({ "status": "x" })).await.status,
        400
    );
    assert_eq!(
        client
            .post(
                "/_sandbox/investments/1/status",
                &json!({ "status": "received" })
            )
            .await
            .status,
        404
    );
    let shown = send(
        &sandbox,
        "GET",
        &format!("/_sandbox/investments/{id}"),
        &[],
        b"",
    )
    .await;
    shown.assert(200, &moved);
}

#[tokio::test]
async fn webhooks_are_listed_and_their_url_is_set() {
    let sandbox = strict().await;
    let set = async |body| {
        send_json(&sandbox, "POST", "/_sandbox/webhooks/url", &[], &body)
            .await
            .status
    };
    assert_eq!(set(json!({ "url": "http://127.0.0.1:9/" })).await, 204);
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let path = format!("/api/v1/users/{user}/verification_requests");
    let id = client.post(&path, &json!({})).await.json()["id"].clone();
    client
        .post(
            &format!("{path}/{id}/simulate_investor_completion"),
            &json!({}),
        )
        .await;
    sandbox.webhooks_settled().await.unwrap();
    let list = send(&sandbox, "GET", "/_sandbox/webhooks", &[], b"")
        .await
        .json();
    assert_eq!(
        (&list[0]["verification_request_id"], &list[0]["state"]),
        (&id, &json!("failed"))
    );
    assert_eq!(set(json!({})).await, 204);
    client.get(&format!("{path}/{id}/webhook")).await;
    assert_eq!(sandbox.webhook_deliveries().unwrap().len(), 1);
}

#[tokio::test]
async fn dropping_a_sandbox_closes_its_port() {
    let sandbox = apart(77).await;
    let address = sandbox.address();
    assert_eq!(
        send(&sandbox, "GET", "/_sandbox/health", &[], b"")
            .await
            .status,
        200
    );
    sandbox.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
