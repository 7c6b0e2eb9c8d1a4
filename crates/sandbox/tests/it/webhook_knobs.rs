//! The knobs of the webhooks: what is lost, doubled, delayed, overtaken, forged; the log; sending
//! again.

use std::time::Duration;

use accredit_sandbox::{
    Delivery, Sandbox, WebhookBody, WebhookDelay, WebhookSettings, WebhookSignature,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Client, Received, Scratch, receiver, send, send_json, strict};

/// A sandbox with knobs, whose webhooks go to a URL.
async fn sandbox(url: &str, knobs: impl FnOnce(&mut WebhookSettings)) -> Sandbox {
    let sandbox = Sandbox::builder()
        .strict(true)
        .seed(3)
        .webhook_url(url)
        .start()
        .await
        .unwrap();
    let mut settings = WebhookSettings::default();
    knobs(&mut settings);
    sandbox.set_webhooks(settings.clone()).unwrap();
    assert_eq!(sandbox.webhook_settings().unwrap(), settings);
    sandbox
}

/// Makes an event about a new request: its webhook is in the outbox afterwards.
async fn event(sandbox: &Sandbox, name: &str) {
    event_to(sandbox, &json!({ "legal_name": name })).await;
}

async fn event_to(sandbox: &Sandbox, body: &Value) {
    let client = Client::verifyinvestor(sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let path = format!("/api/v1/users/{user}/verification_requests");
    let request = client.post(&path, body).await.json();
    let complete = format!("{path}/{}/simulate_investor_completion", request["id"]);
    assert_eq!(client.post(&complete, &json!({})).await.status, 200);
}

async fn deliveries(sandbox: &Sandbox) -> Vec<Delivery> {
    sandbox.webhooks_settled().await.unwrap();
    sandbox.webhook_deliveries().unwrap()
}

fn names(received: &[Received]) -> Vec<String> {
    received
        .iter()
        .map(|webhook| {
            let body: Value = serde_json::from_slice(&webhook.body).unwrap();
            body["legal_name"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn states(deliveries: &[Delivery]) -> Vec<(&str, Option<&str>)> {
    deliveries
        .iter()
        .map(|delivery| (delivery.state.as_str(), delivery.effect.as_deref()))
        .collect()
}

fn tag(sandbox: &Sandbox, body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(sandbox.webhook_secret().as_bytes()).unwrap();
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

#[tokio::test]
async fn knobs_are_read_and_set_over_http() {
    let sandbox = strict().await;
    let path = "/_sandbox/webhooks/settings";
    let mut expected = json!({
        "drop_percent": 0, "duplicate_percent": 0, "delay_percent": 0, "delay_milliseconds": null,
        "reorder_percent": 0, "forge_percent": 0, "body": "json", "signature": "hex", "signature_prefix": false,
    });
    send(&sandbox, "GET", path, &[], b"")
        .await
        .assert(200, &expected);
    for (name, value) in [
        ("drop_percent", json!(100)),
        ("delay_milliseconds", json!(250)),
        ("body", json!("form")),
        ("signature", json!("base64url")),
        ("signature_prefix", json!(true)),
    ] {
        expected[name] = value.clone();
        let answer = send_json(&sandbox, "PATCH", path, &[], &json!({ name: value })).await;
        answer.assert(200, &expected);
    }
    for (body, complaint) in [
        (
            json!({ "drop_percent": 101 }),
            "\"drop_percent\" must be a whole number from 0 to 100",
        ),
        (
            json!({ "body": "xml" }),
            "\"body\" must be \"json\" or \"form\"",
        ),
        (
            json!({ "delay_milliseconds": 3_600_001 }),
            "\"delay_milliseconds\" must be a whole number up to 3600000, or null for \"until released\"",
        ),
        (
            json!({ "loss": 1 }),
            "\"loss\" must be left out: there is no such knob",
        ),
        (json!([]), "the body must be a JSON object"),
    ] {
        send_json(&sandbox, "PATCH", path, &[], &body)
            .await
            .assert(400, &json!({ "detail": complaint }));
    }
    send(&sandbox, "GET", path, &[], b"")
        .await
        .assert(200, &expected);
    sandbox.reset().unwrap();
    let kept = sandbox.webhook_settings().unwrap();
    assert_eq!(kept.delay, WebhookDelay::For(Duration::from_millis(250)));
    let mut bad = WebhookSettings::default();
    bad.forge_percent = 101;
    assert!(sandbox.set_webhooks(bad).unwrap_err().is_invalid());
}

#[tokio::test]
async fn a_dropped_webhook_is_in_the_log_and_can_be_sent_again() {
    let (url, mut received) = receiver(200).await;
    let sandbox = sandbox(&url, |knobs| knobs.drop_percent = 100).await;
    event(&sandbox, "Ada").await;
    let dropped = deliveries(&sandbox).await;
    assert_eq!(states(&dropped), [("dropped", Some("dropped"))]);
    assert_eq!(dropped[0].attempts, []);
    assert!(received.try_recv().is_err());

    let path = format!("/_sandbox/webhooks/{}/resend", dropped[0].id);
    let answer = send(&sandbox, "POST", &path, &[], b"").await;
    assert_eq!(
        (answer.status, &answer.json()["state"]),
        (200, &json!("pending"))
    );
    let webhook = received.recv().await.unwrap();
    assert_eq!(webhook.body, dropped[0].body.as_bytes());
    let sent = deliveries(&sandbox).await;
    assert_eq!(states(&sent), [("delivered", Some("dropped"))]);
    assert_eq!(sent[0].attempts.len(), 1);
    assert_eq!(sent[0].attempts[0].response_status, Some(200));

    sandbox.resend_webhook(dropped[0].id, false).unwrap();
    deliveries(&sandbox).await;
    let log = send(&sandbox, "GET", "/_sandbox/webhooks", &[], b"")
        .await
        .json();
    assert_eq!(log[0]["attempts"].as_array().map(Vec::len), Some(2));
    assert_eq!(log[0]["effect"], "dropped");
    send(&sandbox, "POST", "/_sandbox/webhooks/1/resend", &[], b"")
        .await
        .assert(404, &json!({ "detail": "there is no webhook 1" }));
}

#[tokio::test]
async fn a_duplicate_says_of_what() {
    let (url, mut received) = receiver(200).await;
    let sandbox = sandbox(&url, |knobs| knobs.duplicate_percent = 100).await;
    event(&sandbox, "Ada").await;
    let [first, second] = <[Delivery; 2]>::try_from(deliveries(&sandbox).await).unwrap();
    assert_eq!(
        (first.duplicate_of, second.duplicate_of),
        (None, Some(first.id))
    );
    let (one, two) = (
        received.recv().await.unwrap(),
        received.recv().await.unwrap(),
    );
    assert_eq!((one.body, one.signature), (two.body, two.signature));
}

#[tokio::test]
async fn held_webhooks_wait_for_their_release_in_any_order() {
    let (url, mut received) = receiver(200).await;
    let sandbox = sandbox(&url, |knobs| knobs.delay_percent = 100).await;
    for name in ["A", "B", "C"] {
        event(&sandbox, name).await;
    }
    let held = deliveries(&sandbox).await;
    assert_eq!(states(&held), [("held", Some("delayed")); 3]);
    assert!(received.try_recv().is_err());
    let again = format!("/_sandbox/webhooks/{}/resend", held[0].id);
    assert_eq!(
        send(&sandbox, "POST", &again, &[], b"").await.status,
        409,
        "it has not been sent yet"
    );

    assert!(sandbox.release_webhook(held[2].id).unwrap());
    sandbox.webhooks_settled().await.unwrap();
    assert!(!sandbox.release_webhook(held[2].id).unwrap());
    let one = format!("/_sandbox/webhooks/{}/release", held[2].id);
    assert_eq!(send(&sandbox, "POST", &one, &[], b"").await.status, 409);
    send(&sandbox, "POST", "/_sandbox/webhooks/release", &[], b"")
        .await
        .assert(200, &json!({ "released": 2 }));
    let sent = deliveries(&sandbox).await;
    assert_eq!(states(&sent), [("delivered", Some("delayed")); 3]);
    let mut webhooks = Vec::new();
    while let Ok(webhook) = received.try_recv() {
        webhooks.push(webhook);
    }
    assert_eq!(names(&webhooks), ["C", "A", "B"]);
}

#[tokio::test]
async fn a_delayed_webhook_goes_by_itself() {
    let (url, mut received) = receiver(200).await;
    let sandbox = sandbox(&url, |knobs| {
        knobs.delay_percent = 100;
        knobs.delay = WebhookDelay::For(Duration::from_millis(1));
    })
    .await;
    event(&sandbox, "Late").await;
    let sent = deliveries(&sandbox).await;
    assert_eq!(states(&sent), [("delivered", Some("delayed"))]);
    assert_eq!(names(&[received.recv().await.unwrap()]), ["LATE"]);
}

#[tokio::test]
async fn a_delayed_webhook_holds_up_nobody_and_can_be_released() {
    let (url, mut received) = receiver(200).await;
    let sandbox = sandbox(&url, |knobs| {
        knobs.delay_percent = 100;
        knobs.delay = WebhookDelay::For(Duration::from_secs(3600));
    })
    .await;
    event(&sandbox, "Late").await;
    sandbox.set_webhooks(WebhookSettings::default()).unwrap();
    event(&sandbox, "Prompt").await;
    assert_eq!(names(&[received.recv().await.unwrap()]), ["PROMPT"]);
    let log = sandbox.webhook_deliveries().unwrap();
    assert_eq!(log[0].state, "delayed");
    assert_eq!(sandbox.release_webhooks().unwrap(), 1);
    assert_eq!(names(&[received.recv().await.unwrap()]), ["LATE"]);
}

#[tokio::test]
async fn every_pair_is_swapped_when_all_are_reordered() {
    let (url, mut received) = receiver(200).await;
    let sandbox = sandbox(&url, |knobs| knobs.reorder_percent = 100).await;
    for name in ["A", "B", "C", "D", "E"] {
        event(&sandbox, name).await;
    }
    let sent = deliveries(&sandbox).await;
    assert_eq!(
        states(&sent),
        [
            ("delivered", Some("reordered")),
            ("delivered", None),
            ("delivered", Some("reordered")),
            ("delivered", None),
            ("held", Some("reordered")),
        ]
    );
    assert_eq!(sandbox.release_webhooks().unwrap(), 1);
    deliveries(&sandbox).await;
    let mut webhooks = Vec::new();
    while let Ok(webhook) = received.try_recv() {
        webhooks.push(webhook);
    }
    assert_eq!(names(&webhooks), ["B", "A", "D", "C", "E"]);
}

#[tokio::test]
async fn bodies_and_signatures_come_in_every_encoding() {
    let (url, mut received) = receiver(200).await;
    let sandbox = sandbox(&url, |_| ()).await;
    let mut settings = WebhookSettings::default();
    for (signature, prefix) in [
        (WebhookSignature::Base64, false),
        (WebhookSignature::Base64Url, true),
        (WebhookSignature::Hex, true),
    ] {
        settings.body = WebhookBody::Form;
        settings.signature = signature;
        settings.signature_prefix = prefix;
        sandbox.set_webhooks(settings.clone()).unwrap();
        event(&sandbox, &format!("Zoë {signature:?}")).await;
        let webhook = received.recv().await.unwrap();
        let tag = tag(&sandbox, &webhook.body);
        let expected = match signature {
            WebhookSignature::Base64 => STANDARD.encode(&tag),
            WebhookSignature::Base64Url => format!("sha256={}", URL_SAFE_NO_PAD.encode(&tag)),
            _ => {
                let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("sha256={hex}")
            }
        };
        assert_eq!(webhook.signature, expected);
        assert_eq!(webhook.content_type, "application/x-www-form-urlencoded");
        let fields: Vec<(String, String)> =
            form_urlencoded::parse(&webhook.body).into_owned().collect();
        let field = |name: &str| {
            let found = fields.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(field("action"), Some("verification_result"));
        assert_eq!(field("embedded_api"), Some("false"));
        assert_eq!(field("verification_result_status"), None, "null is absent");
        let name = format!("Zoë {signature:?}").to_uppercase();
        assert_eq!(field("legal_name"), Some(name.as_str()));
    }
    // What is fired again says so in the same encoding.
    let client = Client::verifyinvestor(&sandbox);
    let id = deliveries(&sandbox).await[0].verification_request_id;
    let path = format!("/api/v1/verification_requests/{id}/webhook");
    let answer = client.get(&path).await.json();
    let webhook = received.recv().await.unwrap();
    assert_eq!(
        answer["webhook_body"].as_str().unwrap().as_bytes(),
        webhook.body
    );
}

#[tokio::test]
async fn a_forged_signature_is_well_formed_and_wrong() {
    let (url, mut received) = receiver(401).await;
    let sandbox = sandbox(&url, |knobs| knobs.forge_percent = 100).await;
    event(&sandbox, "Ada").await;
    let forged = received.recv().await.unwrap();
    let right: String = tag(&sandbox, &forged.body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(forged.signature.len(), right.len());
    assert_ne!(forged.signature, right);
    let delivery = deliveries(&sandbox).await.remove(0);
    assert!(delivery.forged && delivery.state == "failed");

    // On demand, one way and the other.
    sandbox.resend_webhook(delivery.id, false).unwrap();
    assert_eq!(received.recv().await.unwrap().signature, right);
    deliveries(&sandbox).await;
    let path = format!("/_sandbox/webhooks/{}/resend", delivery.id);
    let answer = send_json(&sandbox, "POST", &path, &[], &json!({ "forge": true })).await;
    assert_eq!(answer.status, 200);
    assert_eq!(received.recv().await.unwrap().signature, forged.signature);
    assert_eq!(deliveries(&sandbox).await[0].attempts.len(), 3);
    let bad = send_json(&sandbox, "POST", &path, &[], &json!({ "forge": 1 })).await;
    bad.assert(400, &json!({ "detail": "\"forge\" must be true or false" }));
}

#[tokio::test]
async fn the_same_seed_meets_the_same_fate() {
    let fates = async || {
        let (url, _received) = receiver(200).await;
        let sandbox = sandbox(&url, |knobs| {
            knobs.drop_percent = 30;
            knobs.duplicate_percent = 30;
            knobs.delay_percent = 30;
            knobs.reorder_percent = 30;
        })
        .await;
        for number in 0..20 {
            event(&sandbox, &format!("Name {number}")).await;
        }
        let seen = deliveries(&sandbox).await.into_iter();
        let seen: Vec<_> = seen
            .map(|delivery| {
                let bytes = (delivery.body, delivery.signature);
                (delivery.id, bytes, delivery.effect, delivery.duplicate_of)
            })
            .collect();
        for wanted in ["dropped", "delayed", "reordered"] {
            let met =
                |(_, _, effect, _): &(_, _, Option<String>, _)| effect.as_deref() == Some(wanted);
            assert!(seen.iter().any(met), "{wanted} never");
        }
        seen
    };
    assert_eq!(fates().await, fates().await);
}

#[tokio::test]
async fn a_slow_receiver_holds_up_nobody_else() {
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let slow_url = format!("http://{}/", slow.local_addr().unwrap());
    let (url, mut received) = receiver(200).await;
    let sandbox = sandbox(&url, |_| ()).await;
    event_to(
        &sandbox,
        &json!({ "legal_name": "Slow", "webhook_url": slow_url }),
    )
    .await;
    // Connected, and never answered.
    let _stream = slow.accept().await.unwrap();
    event(&sandbox, "Quick").await;
    assert_eq!(names(&[received.recv().await.unwrap()]), ["QUICK"]);
    let log = sandbox.webhook_deliveries().unwrap();
    assert_eq!(log[0].state, "pending");
}

#[tokio::test]
async fn answers_without_end_are_cut() {
    for (head, body, state) in [
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "4\r\nabcd\r\n",
            "delivered",
        ),
        ("HTTP/1.1 200 OK\r\n", "x-more: of the same\r\n", "failed"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await.unwrap();
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(body.as_bytes()).await.is_ok() {}
        });
        let sandbox = sandbox(&url, |_| ()).await;
        event(&sandbox, "Ada").await;
        assert_eq!(deliveries(&sandbox).await[0].state, state);
    }
}

#[tokio::test]
async fn the_log_is_as_long_as_one_asks() {
    let (url, _received) = receiver(200).await;
    let sandbox = sandbox(&url, |knobs| knobs.drop_percent = 100).await;
    for name in ["A", "B", "C"] {
        event(&sandbox, name).await;
    }
    let log = async |query: &str| {
        let path = format!("/_sandbox/webhooks{query}");
        send(&sandbox, "GET", &path, &[], b"").await
    };
    let all = log("").await.json();
    assert_eq!(all.as_array().map(Vec::len), Some(3));
    log("?limit=2")
        .await
        .assert(200, &json!([all[1].clone(), all[2].clone()]));
    log(&format!("/{}", all[1]["id"]))
        .await
        .assert(200, &all[1]);
    log("?limit=-1").await.assert(
        400,
        &json!({ "detail": "\"limit\" must be a whole number" }),
    );
}

#[tokio::test]
async fn what_waits_outlives_a_restart() {
    let file = Scratch::new("webhooks.db");
    let (url, mut received) = receiver(200).await;
    let start = async || {
        let builder = Sandbox::builder()
            .strict(true)
            .data(&file.path)
            .webhook_url(&url);
        builder.start().await.unwrap()
    };
    let sandbox = start().await;
    let mut knobs = WebhookSettings::default();
    knobs.delay_percent = 100;
    sandbox.set_webhooks(knobs.clone()).unwrap();
    event(&sandbox, "Held").await;
    knobs.delay = WebhookDelay::For(Duration::from_secs(3600));
    sandbox.set_webhooks(knobs.clone()).unwrap();
    event(&sandbox, "Delayed").await;
    sandbox.stop().await;

    let sandbox = start().await;
    assert_eq!(sandbox.webhook_settings().unwrap(), knobs);
    let log = sandbox.webhook_deliveries().unwrap();
    assert_eq!(
        states(&log),
        [("held", Some("delayed")), ("delayed", Some("delayed"))]
    );
    assert_eq!(sandbox.release_webhooks().unwrap(), 2);
    let webhooks = [
        received.recv().await.unwrap(),
        received.recv().await.unwrap(),
    ];
    assert_eq!(names(&webhooks), ["HELD", "DELAYED"]);
}
