//! Webhooks: signed over the raw body, sent in the background, to this machine only.

use accredit_sandbox::{Delivery, Sandbox};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::{Client, receiver, strict};

async fn complete(sandbox: &Sandbox, body: Value) -> u64 {
    let client = Client::verifyinvestor(sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let path = format!("/api/v1/users/{user}/verification_requests");
    let request = client.post(&path, &body).await.json();
    let id = request["id"].as_u64().unwrap();
    let done = client
        .post(
            &format!("{path}/{id}/simulate_investor_completion"),
            &json!({}),
        )
        .await;
    assert_eq!(done.status, 200);
    id
}

#[tokio::test]
async fn the_signature_is_the_hex_hmac_sha256_of_the_raw_body() {
    let (url, mut received) = receiver(200).await;
    let sandbox = Sandbox::builder()
        .strict(true)
        .webhook_url(&url)
        .start()
        .await
        .unwrap();
    let id = complete(&sandbox, json!({})).await;
    let webhook = received.recv().await.unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(sandbox.webhook_secret().as_bytes()).unwrap();
    mac.update(&webhook.body);
    let expected: String = mac
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(webhook.signature, expected);
    assert_eq!(
        (webhook.path.as_str(), webhook.content_type.as_str()),
        ("/webhook", "application/json")
    );
    let body: Value = serde_json::from_slice(&webhook.body).unwrap();
    assert_eq!(
        body,
        json!({
            "action": "verification_result", "verification_request_id": id,
            "investor_id": sandbox.verifyinvestor_user().unwrap().id, "legal_name": "VIOLET HOWARD",
            "status": "waiting_for_review", "verification_status": "pending_verification", "identifier": "42",
            "verification_result_status": null, "verification_request_step": "waiting_for_review",
            "embedded_api": false,
        })
    );
    sandbox.webhooks_settled().await.unwrap();
    let deliveries = sandbox.webhook_deliveries().unwrap();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(
        (deliveries[0].state.as_str(), deliveries[0].response_status),
        ("delivered", Some(200))
    );
}

#[tokio::test]
async fn a_get_on_the_webhook_fires_it_again() {
    let (url, mut received) = receiver(200).await;
    let sandbox = Sandbox::builder()
        .strict(true)
        .webhook_url(&url)
        .start()
        .await
        .unwrap();
    let id = complete(&sandbox, json!({})).await;
    let first = received.recv().await.unwrap();
    let client = Client::verifyinvestor(&sandbox);
    let answer = client
        .get(&format!("/api/v1/verification_requests/{id}/webhook"))
        .await
        .json();
    assert_eq!(answer["status"], "waiting_for_review");
    assert!(answer["meta"].is_string());
    let again = received.recv().await.unwrap();
    assert_eq!(again.body, first.body);
    assert_eq!(
        answer["webhook_body"].as_str().unwrap().as_bytes(),
        again.body
    );
}

#[tokio::test]
async fn a_requests_own_url_needs_one_of_the_account() {
    let (account, mut to_account) = receiver(200).await;
    let (own, mut to_own) = receiver(200).await;
    let sandbox = strict().await;
    let silent = complete(&sandbox, json!({ "webhook_url": own })).await;
    assert_eq!(sandbox.webhook_deliveries().unwrap(), []);
    let client = Client::verifyinvestor(&sandbox);
    let answer = client
        .get(&format!("/api/v1/verification_requests/{silent}/webhook"))
        .await
        .json();
    assert_eq!(answer["webhook_body"], json!(null));

    sandbox.set_webhook_url(Some(&account)).unwrap();
    complete(
        &sandbox,
        json!({ "webhook_url": own, "legal_name": "Other" }),
    )
    .await;
    to_own.recv().await.unwrap();
    sandbox.webhooks_settled().await.unwrap();
    assert!(to_account.try_recv().is_err());
}

#[tokio::test]
async fn the_debug_text_of_a_delivery_names_nobody() {
    let (url, _received) = receiver(200).await;
    let delivery = only_delivery(&format!("{url}?key=hunter2")).await;
    assert!(delivery.body.contains("VIOLET HOWARD"));
    assert_eq!(
        format!("{delivery:?}"),
        format!(
            "Delivery {{ id: {}, verification_request_id: {}, state: \"delivered\", \
             response_status: Some(200), error: None, .. }}",
            delivery.id, delivery.verification_request_id
        )
    );
}

async fn only_delivery(url: &str) -> Delivery {
    let sandbox = Sandbox::builder()
        .strict(true)
        .webhook_url(url)
        .start()
        .await
        .unwrap();
    complete(&sandbox, json!({})).await;
    sandbox.webhooks_settled().await.unwrap();
    sandbox.webhook_deliveries().unwrap().remove(0)
}

#[tokio::test]
async fn failures_are_recorded_and_redirects_not_followed() {
    let (url, _received) = receiver(307).await;
    let delivery = only_delivery(&url).await;
    assert_eq!(
        (delivery.state.as_str(), delivery.response_status),
        ("failed", Some(307))
    );
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let delivery = only_delivery(&format!("http://{closed}/")).await;
    assert_eq!(
        delivery.error.as_deref(),
        Some("no connection: connection refused")
    );
}

#[tokio::test]
async fn strangers_are_not_called() {
    for url in ["http://192.0.2.1/webhook", "http://[2001:db8::1]:80/"] {
        let error = only_delivery(url).await.error.unwrap();
        assert_eq!(
            error, "the host is not this machine and was not allowed",
            "{url}"
        );
    }
    assert_eq!(
        only_delivery("https://localhost/").await.error.as_deref(),
        Some("only http URLs are called")
    );
    assert_eq!(
        only_delivery("no url").await.error.as_deref(),
        Some("the URL does not parse")
    );
}
