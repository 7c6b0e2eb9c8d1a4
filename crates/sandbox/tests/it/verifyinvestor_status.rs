//! The state machine of verification requests, move by move, and its expiry on the clock.

use std::time::Duration;

use accredit_sandbox::{Clock, Sandbox};
use serde_json::{Value, json};

use crate::support::{Client, frozen, receiver, send, send_json, strict, submit};

const DAY: Duration = Duration::from_secs(24 * 3600);

const STATUSES: [&str; 12] = [
    "waiting_for_investor_acceptance",
    "accepted_by_investor",
    "waiting_for_review",
    "in_review",
    "accredited",
    "not_accredited",
    "waiting_for_information_from_investor",
    "accepted_expire",
    "declined_expire",
    "declined_by_investor",
    "self_not_accredited",
    "status_of_the_future",
];

const MOVES: [&str; 9] = [
    "accept",
    "complete",
    "decline",
    "cancel",
    "simulate",
    "accredited",
    "not_accredited",
    "need_more_information",
    "time",
];

/// Where a move leads from a status; `None` where it is refused.
fn next(status: &str, action: &str) -> Option<&'static str> {
    match (status, action) {
        ("waiting_for_investor_acceptance", "accept") => Some("accepted_by_investor"),
        ("waiting_for_investor_acceptance", "decline") => Some("declined_by_investor"),
        ("waiting_for_investor_acceptance", "time") => Some("declined_expire"),
        ("accepted_by_investor", "time") => Some("accepted_expire"),
        ("waiting_for_investor_acceptance" | "accepted_by_investor", "complete" | "simulate")
        | ("waiting_for_information_from_investor", "complete") => Some("waiting_for_review"),
        ("accepted_by_investor" | "waiting_for_information_from_investor", "cancel") => {
            Some("self_not_accredited")
        }
        ("waiting_for_review" | "in_review", "accredited") => Some("accredited"),
        ("waiting_for_review" | "in_review", "not_accredited") => Some("not_accredited"),
        ("waiting_for_review" | "in_review", "need_more_information") => {
            Some("waiting_for_information_from_investor")
        }
        _ => None,
    }
}

async fn create(client: &Client<'_>, name: &str) -> u64 {
    let user = client.sandbox.verifyinvestor_user().unwrap().id;
    let path = format!("/api/v1/users/{user}/verification_requests");
    let answer = client.post(&path, &json!({ "legal_name": name })).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["id"].as_u64().unwrap()
}

async fn detail(client: &Client<'_>, id: u64) -> Value {
    let path = format!("/api/v1/verification_requests/{id}");
    client.get(&path).await.json()
}

/// Makes a move over HTTP; gives the status code.
async fn make(client: &Client<'_>, id: u64, action: &str) -> u16 {
    let sandbox = client.sandbox;
    let user = sandbox.verifyinvestor_user().unwrap().id;
    match action {
        "accept" | "complete" | "decline" | "cancel" => {
            let page = format!("/investor/verification-requests/{id}/verification-method");
            submit(sandbox, &page, &[("decision", action)]).await.status
        }
        "simulate" => {
            let path = format!(
                "/api/v1/users/{user}/verification_requests/{id}/simulate_investor_completion"
            );
            client.post(&path, &json!({})).await.status
        }
        "time" => {
            sandbox.advance_clock(31 * DAY);
            422
        }
        review => {
            let path = format!("/api/v1/verification_requests/{id}/review");
            client
                .post(&path, &json!({ "status": review }))
                .await
                .status
        }
    }
}

#[tokio::test]
async fn every_move_from_every_status_leads_where_it_should_or_nowhere() {
    // Not strict: one of the statuses is none of the contract.
    let sandbox = Sandbox::start().await.unwrap();
    let client = Client::verifyinvestor(&sandbox);
    for status in STATUSES {
        for action in MOVES {
            let id = create(&client, &format!("{status} {action}")).await;
            let set = format!("/_sandbox/verification_requests/{id}/status");
            send_json(&sandbox, "POST", &set, &[], &json!({ "status": status })).await;
            let code = make(&client, id, action).await;
            let expected = next(status, action);
            let detail = detail(&client, id).await;
            assert_eq!(
                detail["status"],
                expected.unwrap_or(status),
                "{action} from {status}"
            );
            let refused = expected.is_none() || action == "time";
            assert_eq!(code == 422, refused, "{action} from {status}: {code}");
        }
    }
}

#[tokio::test]
async fn an_expired_request_expired_when_its_time_was_over_and_says_so_by_webhook() {
    let (url, mut received) = receiver(200).await;
    let start = "2026-01-01T00:00:00Z".parse().unwrap();
    let sandbox = Sandbox::builder()
        .strict(true)
        .webhook_url(&url)
        .clock(Clock::Frozen(start))
        .start()
        .await
        .unwrap();
    let client = Client::verifyinvestor(&sandbox);
    let id = create(&client, "Howard Trust").await;
    // Nobody asks: moving the clock is enough.
    sandbox.advance_clock(60 * DAY);
    let webhook = received.recv().await.unwrap();
    let body: Value = serde_json::from_slice(&webhook.body).unwrap();
    assert_eq!(body["verification_request_id"], id);
    assert_eq!(body["status"], "declined_expire");

    let accepted = create(&client, "Violet Howard").await;
    let body = json!({ "seconds": 30 * 24 * 3600 });
    send_json(&sandbox, "POST", "/_sandbox/clock/advance", &[], &body).await;
    let webhook = received.recv().await.unwrap();
    let body: Value = serde_json::from_slice(&webhook.body).unwrap();
    assert_eq!(
        (&body["verification_request_id"], &body["status"]),
        (&json!(accepted), &json!("accepted_expire"))
    );
}

#[tokio::test]
async fn a_verification_lasts_ninety_days_and_another_may_follow() {
    let sandbox = frozen("2017-06-15T12:00:00Z").await;
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let expires = async || {
        let path = format!("/api/v1/users/{user}?legal_name=violet+howard");
        let user = client.get(&path).await.json();
        user["legal_profile"]["verified_accredited_expires_at"].clone()
    };
    assert_eq!(expires().await, json!(null));
    for date in ["2017-09-13", "2017-12-13"] {
        let id = create(&client, "Howard, Violet").await;
        make(&client, id, "simulate").await;
        assert_eq!(make(&client, id, "accredited").await, 201);
        assert_eq!(detail(&client, id).await["verified_expires_at"], date);
        assert_eq!(expires().await, date);
        sandbox.advance_clock(91 * DAY);
    }
}

#[tokio::test]
async fn a_request_says_its_status_in_words() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let id = create(&client, "Violet Howard").await;
    let open = detail(&client, id).await;
    assert_eq!(open["internal_status"], "open");
    assert!(open["message"].as_str().unwrap().ends_with("on it."));
    assert_eq!(make(&client, id, "cancel").await, 303);
    assert_eq!(detail(&client, id).await["internal_status"], json!(null));
}

#[tokio::test]
async fn only_an_accreditation_makes_a_user_verified() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let path = format!("/api/v1/users/{user}/verification_requests/aml_kyc");
    let id = client.post(&path, &json!({})).await.json()["id"].as_u64();
    make(&client, id.unwrap(), "simulate").await;
    assert_eq!(make(&client, id.unwrap(), "accredited").await, 201);
    let user = client.get(&format!("/api/v1/users/{user}")).await.json();
    assert_eq!(user["verified_on"], json!(null));
}

#[tokio::test]
async fn paths_take_a_slash_and_json_and_head() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let id = create(&client, "Violet Howard").await;
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let token = format!("Token {}", sandbox.verifyinvestor_api_token());
    let headers = [("authorization", token.as_str())];
    for path in [
        "/api/v1".to_owned(),
        "/api/v1/users".to_owned(),
        format!("/api/v1/users/{user}"),
        "/api/v1/users/identifier/42".to_owned(),
        format!("/api/v1/users/{user}/verification_requests"),
        format!("/api/v1/users/{user}/verification_requests/{id}"),
        format!("/api/v1/verification_requests/{id}"),
        format!("/api/v1/verification_requests/{id}/webhook"),
        "/api/v1/billing".to_owned(),
        "/api/v1/verification_request_invitations".to_owned(),
    ] {
        let plain = client.get(&path).await;
        for suffix in ["", "/", ".json"] {
            let path = format!("{path}{suffix}");
            assert_eq!(client.get(&path).await.status, 200, "{path}");
            let head = send(&sandbox, "HEAD", &path, &headers, b"").await;
            assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
            assert_eq!(head.header("content-type"), plain.header("content-type"));
        }
    }
    let path = format!("/api/v1/users/{user}/verification_requests");
    for suffix in ["/", ".json"] {
        let body =
            json!({ "legal_name": suffix.len().to_string(), "portal_name": null, "deal_name": "" });
        let answer = client.post(&format!("{path}{suffix}"), &body).await;
        assert_eq!(
            (answer.status, &answer.json()["deal_name"]),
            (201, &json!(null))
        );
    }
}
