//! Faults that change answers, how they are chosen, and how they are told to the sandbox.

use std::time::Duration;

use accredit_sandbox::{Clock, Effect, ErrorPage, Fault, RetryAfter, Sandbox};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Answer, Client, send, send_json, strict};

const LIST: &str = "/api_third_party/investors/";
const FAULTS: &str = "/_sandbox/faults";

/// A call to VerifyInvestor's root with a fault asked for.
async fn root(sandbox: &Sandbox, fault: &str) -> Answer {
    let token = format!("Token {}", sandbox.verifyinvestor_api_token());
    let headers = [
        ("authorization", token.as_str()),
        ("x-sandbox-fault", fault),
    ];
    send(sandbox, "GET", "/api/v1", &headers, b"").await
}

async fn rules(sandbox: &Sandbox) -> Value {
    send(sandbox, "GET", FAULTS, &[], b"").await.json()
}

#[tokio::test]
async fn an_answer_may_be_another_one() {
    let sandbox = strict().await;
    let answer = root(
        &sandbox,
        "status; status=418; content_type=text/plain; body=short%20and%20stout",
    )
    .await;
    assert_eq!(
        (answer.status, answer.text(), answer.header("content-type")),
        (418, "short and stout", Some("text/plain"))
    );
    let answer = root(&sandbox, "throttled; retry_after=1").await;
    answer.assert(
        429,
        &json!({ "detail": "Request was throttled. Expected available in 1 second." }),
    );
    assert_eq!(answer.header("retry-after"), Some("1"));
    let answer = root(&sandbox, "throttled; retry_after=90; as=date").await;
    assert_eq!(
        answer.json()["detail"],
        "Request was throttled. Expected available in 90 seconds."
    );
    let read = |name| {
        let text = answer.header(name).unwrap();
        jiff::fmt::rfc2822::parse(text).unwrap().timestamp()
    };
    let ahead = read("retry-after").duration_since(read("date")).as_secs();
    assert!((89..=91).contains(&ahead), "{ahead}");
    for (fault, status, text) in [
        ("html_error", 500, "<h1>Server Error (500)</h1>"),
        ("html_error; status=502", 502, "<center>nginx</center>"),
        (
            "html_error; status=504",
            504,
            "<title>504 Gateway Time-out</title>",
        ),
    ] {
        let answer = root(&sandbox, fault).await;
        assert_eq!(answer.status, status);
        assert!(answer.text().contains(text), "{}", answer.text());
        assert!(answer.header("content-type").unwrap().contains("text/html"));
    }
}

#[tokio::test]
async fn an_answer_may_be_no_json_or_not_what_the_contract_says() {
    let sandbox = strict().await;
    let answer = root(&sandbox, "malformed_json").await;
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_slice::<Value>(&answer.body).is_err());
    assert_eq!(
        answer.header("content-length"),
        Some(answer.body.len().to_string().as_str())
    );
    let client = Client::login(&sandbox).await;
    let id = client.investor("Lovelace").await["id"].as_u64().unwrap();
    let path = format!("{LIST}{id}/");
    let fault = Fault::new(Effect::WrongTypes)
        .on("investors.retrieve")
        .times(1);
    sandbox.inject(fault).unwrap();
    let investor = client.get(&path).await.json();
    assert_eq!(investor["id"], format!("id-{id}"));
    assert_eq!(investor["receive_sms"], "false");
    let fault = Fault::new(Effect::UnknownValues).times(1);
    sandbox.inject(fault).unwrap();
    let investor = client.get(&path).await.json();
    assert_eq!(investor["type"], "value_of_tomorrow");
    assert_eq!(investor["entity"]["kyc_status"], "value_of_tomorrow");
    assert_eq!(investor["entity"]["last_name"], "Lovelace");
    assert_eq!(client.get(&path).await.json()["type"], "person");
}

/// tokio's paused clock jumps to the next timer once everybody waits.
#[tokio::test(start_paused = true)]
async fn an_answer_may_take_its_time() {
    let sandbox = strict().await;
    for fault in ["latency; ms=30000", "latency; ms=30000; when=after"] {
        let start = Instant::now();
        assert_eq!(root(&sandbox, fault).await.status, 200);
        let took = start.elapsed();
        assert!(
            took >= Duration::from_secs(30) && took < Duration::from_secs(31),
            "{took:?}"
        );
    }
}

#[tokio::test]
async fn before_leaves_nothing_in_the_store_and_after_does() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let body = json!({ "type": "person", "entity": {
        "first_name": "Ada", "last_name": "King", "email": "ada@example.com", "country": "US",
        "date_of_birth": "1985-12-10", "tax_id_number": "123-45-6789", "state": "CA",
    } });
    let page = || Effect::HtmlError(ErrorPage::NginxGatewayTimeout);
    let create = |effect| Fault::new(effect).on("investors.create").times(1);
    for (fault, investors) in [
        (create(page()), 0),
        (create(page()).after_call(), 1),
        (
            create(Effect::Throttled(RetryAfter::Seconds(2))).after_call(),
            2,
        ),
    ] {
        sandbox.inject(fault).unwrap();
        assert!(client.post(LIST, &body).await.status >= 400);
        assert_eq!(client.get(LIST).await.json()["count"], investors);
    }
}

#[tokio::test]
async fn rules_are_added_shown_counted_and_removed() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let rule = json!({
        "effect": "status", "status": 503, "body": "{}", "operation": "users.list", "probability": 0.5, "times": 3,
        "when": "after",
    });
    let added = send_json(&sandbox, "POST", FAULTS, &[], &rule).await;
    let mut shown = json!({
        "id": 1, "operation": "users.list", "probability": 0.5, "times": 3, "seen": 0, "used": 0,
        "effect": "status", "status": 503, "content_type": "application/json", "body": "{}", "when": "after",
    });
    added.assert(201, &shown);
    assert_eq!(client.get("/api/v1").await.status, 200);
    let mut calls = 0;
    let mut hits = 0;
    while hits < 3 {
        calls += 1;
        hits += u64::from(client.get("/api/v1/users").await.status == 503);
    }
    assert_eq!(client.get("/api/v1/users").await.status, 200);
    assert_eq!(root(&sandbox, "malformed_json").await.status, 200);
    shown["seen"] = json!(calls);
    shown["used"] = json!(3);
    let hit = |number, fault: Option<u64>, operation, effect| json!({ "number": number, "fault": fault, "operation": operation, "effect": effect });
    let hits = json!([
        hit(1, Some(1), "users.list", "status"),
        hit(2, Some(1), "users.list", "status"),
        hit(3, Some(1), "users.list", "status"),
        hit(4, None, "root", "malformed_json"),
    ]);
    assert_eq!(
        rules(&sandbox).await,
        json!({ "faults": [shown], "hits": hits })
    );
    let faults = sandbox.faults();
    assert_eq!((faults.len(), faults[0].id, faults[0].used), (1, 1, 3));
    let delete = async |path| send(&sandbox, "DELETE", path, &[], b"").await.status;
    assert_eq!(delete("/_sandbox/faults/2").await, 404);
    assert_eq!(delete("/_sandbox/faults/1").await, 204);
    assert_eq!(rules(&sandbox).await["faults"], json!([]));
    assert_eq!(delete(FAULTS).await, 204);
    assert_eq!(rules(&sandbox).await, json!({ "faults": [], "hits": [] }));
}

#[tokio::test]
async fn what_is_not_understood_is_refused_with_what_would_be() {
    let sandbox = strict().await;
    for (rule, complaint) in [
        (json!({}), "there is no effect \"\"; accepted are latency"),
        (json!([]), "the body must be a JSON object"),
        (
            json!({ "effect": "reset", "operation": "investments.burn" }),
            "there is no operation \"investments.burn\"; accepted are *, auth.login, ",
        ),
        (
            json!({ "effect": "reset", "probability": 2 }),
            "\"probability\" must be a number from 0 to 1",
        ),
        (
            json!({ "effect": "reset", "times": -1 }),
            "\"times\" must be a whole number",
        ),
        (
            json!({ "effect": "cut", "bytes": null }),
            "\"bytes\" must be a text or a number",
        ),
        (
            json!({ "effect": "drip", "bytes": 4, "when": "after" }),
            "the effect drip has no parameter \"when\"; accepted are bytes, ms",
        ),
    ] {
        let answer = send_json(&sandbox, "POST", FAULTS, &[], &rule).await;
        assert_eq!(answer.status, 400, "{rule}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(complaint), "{detail}");
    }
    for fault in ["", "explode", "reset; when=never"] {
        let answer = root(&sandbox, fault).await;
        assert_eq!(answer.status, 400, "{fault}");
        assert!(answer.text().contains("reset") || answer.text().contains("before, after"));
    }
    let error = sandbox
        .inject(Fault::new(Effect::Reset).on("nothing"))
        .unwrap_err();
    assert!(error.is_invalid());
    let bad = Effect::Status {
        status: 42,
        content_type: String::new(),
        body: String::new(),
    };
    assert!(sandbox.inject(Fault::new(bad)).unwrap_err().is_invalid());
    assert_eq!(rules(&sandbox).await, json!({ "faults": [], "hits": [] }));
    assert_eq!(root(&sandbox, "malformed_json").await.status, 200);
}

/// Which of sixty calls are hit.
async fn hits(sandbox: &Sandbox) -> Vec<bool> {
    let client = Client::verifyinvestor(sandbox);
    let mut hits = Vec::new();
    for path in ["/api/v1", "/api/v1/users"].iter().cycle().take(60) {
        hits.push(client.get(path).await.status == 500);
    }
    hits
}

#[tokio::test]
async fn the_same_seed_and_calls_hit_the_same_requests() {
    let start = async |seed| {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let sandbox = Sandbox::builder()
            .strict(true)
            .seed(seed)
            .clock(Clock::Frozen(now))
            .start()
            .await
            .unwrap();
        let page = Effect::HtmlError(ErrorPage::DjangoServerError);
        let often = Fault::new(page.clone()).chance(1, 3);
        sandbox.inject(often.on("users.list").times(8)).unwrap();
        sandbox.inject(Fault::new(page).chance(1, 10)).unwrap();
        sandbox
    };
    let first = start(7).await;
    let expected = hits(&first).await;
    assert!(expected.contains(&true) && expected.contains(&false));
    assert_eq!(hits(&start(7).await).await, expected);
    assert_ne!(hits(&start(8).await).await, expected);
    // A reset begins anew, with the same rules, and so does going back to a snapshot.
    first.reset().unwrap();
    assert_eq!(hits(&first).await, expected);
    first.snapshot("here").unwrap();
    first.restore("here").unwrap();
    assert_eq!(hits(&first).await, expected);
}

#[tokio::test]
async fn faults_never_touch_the_controls() {
    let sandbox = strict().await;
    sandbox.inject(Fault::new(Effect::Reset)).unwrap();
    let headers = [("x-sandbox-fault", "reset")];
    let health = send(&sandbox, "GET", "/_sandbox/health", &headers, b"").await;
    assert_eq!(health.status, 200);
    sandbox.clear_faults();
    let client = Client::verifyinvestor(&sandbox);
    assert_eq!(client.get("/api/v1").await.status, 200);
}
