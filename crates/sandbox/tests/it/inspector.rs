//! The inspector: the log of requests, the objects, the page and the clock's modes.

use accredit_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{Client, send, send_json, strict};

async fn get(sandbox: &Sandbox, path: &str) -> Value {
    let answer = send(sandbox, "GET", path, &[], b"").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn requests_are_logged_with_their_secrets_masked() {
    let sandbox = strict().await;
    Client::login(&sandbox).await;
    send(
        &sandbox,
        "GET",
        "/api_third_party/investments/?token=t0p&id=x",
        &[],
        b"",
    )
    .await;
    let list = get(&sandbox, "/_sandbox/requests").await;
    let seen: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                &entry["id"],
                &entry["method"],
                &entry["target"],
                &entry["operation"],
                &entry["status"],
            )
        })
        .map(|seen| json!([seen.0, seen.1, seen.2, seen.3, seen.4]))
        .collect();
    assert_eq!(
        seen,
        [
            json!([1, "POST", "/api_third_party/auth/login/", "auth.login", 200]),
            json!([
                2,
                "GET",
                "/api_third_party/investments/?token=•••&id=x",
                "investments.list",
                401
            ]),
        ]
    );
    let login = get(&sandbox, "/_sandbox/requests/1").await;
    let sent: Value = serde_json::from_str(login["request"]["body"].as_str().unwrap()).unwrap();
    let got: Value = serde_json::from_str(login["reply"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&sent["password"], &got["token"]),
        (&json!("•••"), &json!("•••"))
    );
    assert_eq!(sent["email"], json!(sandbox.thirdparty_credentials().email));

    let newer = get(&sandbox, "/_sandbox/requests?after=1").await;
    assert_eq!(newer.as_array().unwrap().len(), 1);
    assert_eq!(
        send(&sandbox, "DELETE", "/_sandbox/requests", &[], b"")
            .await
            .status,
        204
    );
    assert_eq!(get(&sandbox, "/_sandbox/requests").await, json!([]));
    let gone = send(&sandbox, "GET", "/_sandbox/requests/1", &[], b"").await;
    gone.assert(
        404,
        &json!({ "detail": "that request is not in the log, or not any more" }),
    );
    let bad = send(&sandbox, "GET", "/_sandbox/requests?after=x", &[], b"").await;
    bad.assert(
        400,
        &json!({ "detail": "\"after\" must be a whole number" }),
    );
}

#[tokio::test]
async fn a_request_that_a_fault_struck_says_so() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let rule = json!({ "effect": "html_error", "status": 502, "when": "after", "operation": "investors.list", "times": 1 });
    let added = send_json(&sandbox, "POST", "/_sandbox/faults", &[], &rule).await;
    let id = added.json()["id"].clone();
    client.get("/api_third_party/investors/").await;
    client.get("/api_third_party/investors/").await;
    let body = json!({ "email": "ada@example.com", "password": "hunter2" });
    for fault in [
        "status; status=503",
        "latency; ms=0",
        "malformed_json",
        "throttled; retry_after=1; when=after",
    ] {
        let headers = [("x-sandbox-fault", fault)];
        let path = "/api_third_party/auth/login/";
        send_json(&sandbox, "POST", path, &headers, &body).await;
    }
    let list = get(&sandbox, "/_sandbox/requests?after=1").await;
    let seen: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| json!([entry["operation"], entry["status"], entry["fault"]]))
        .collect();
    let asked = |effect, when, own: Value| json!({ "id": null, "effect": effect, "when": when, "call_status": own });
    assert_eq!(
        seen,
        [
            json!([
                "investors.list",
                502,
                { "id": id, "effect": "html_error", "when": "after", "call_status": 200 }
            ]),
            json!(["investors.list", 200, null]),
            json!(["auth.login", 503, asked("status", "before", Value::Null)]),
            json!(["auth.login", 400, asked("latency", "before", json!(400))]),
            json!([
                "auth.login",
                400,
                asked("malformed_json", "after", json!(400))
            ]),
            json!(["auth.login", 429, asked("throttled", "after", json!(400))]),
        ]
    );
    // What was sent is there although nobody took it, its secrets masked; nothing was answered.
    let left_out = get(&sandbox, "/_sandbox/requests/4").await;
    let sent: Value = serde_json::from_str(left_out["request"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        sent,
        json!({ "email": "ada@example.com", "password": "•••" })
    );
    assert_eq!(left_out["reply"]["body"], "");
}

#[tokio::test]
async fn objects_come_newest_first_and_with_their_history() {
    let sandbox = Sandbox::builder()
        .strict(true)
        .scale(60)
        .start()
        .await
        .unwrap();
    let first = get(&sandbox, "/_sandbox/objects/investments").await;
    let ids: Vec<_> = first
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    assert_eq!(ids.len(), 50);
    assert!(ids.is_sorted_by(|a, b| a > b));
    let rest = get(
        &sandbox,
        &format!("/_sandbox/objects/investments?before={}", ids[49]),
    )
    .await;
    assert!(
        rest.as_array()
            .unwrap()
            .iter()
            .all(|row| row["id"].as_i64().unwrap() < ids[49])
    );

    let client = Client::login(&sandbox).await;
    let investor = client.investor("Lovelace").await["id"].as_u64().unwrap();
    let made = client.investment("reg_a", investor, 33, "card").await;
    let id = made["id"].as_u64().unwrap();
    let move_to = json!({ "status": "received" });
    let path = format!("/_sandbox/investments/{id}/status");
    assert_eq!(
        send_json(&sandbox, "POST", &path, &[], &move_to)
            .await
            .status,
        200
    );
    let found = get(&sandbox, &format!("/_sandbox/objects/investments/{id}")).await;
    let steps: Vec<_> = found["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| &step["status"])
        .collect();
    assert_eq!(steps, ["started", "received"]);

    for kind in [
        "investors",
        "offerings",
        "invoices",
        "signatures",
        "verification_requests",
        "verifyinvestor_users",
    ] {
        assert!(
            get(&sandbox, &format!("/_sandbox/objects/{kind}"))
                .await
                .is_array()
        );
    }
    let unknown = send(&sandbox, "GET", "/_sandbox/objects/tokens", &[], b"").await;
    assert_eq!(unknown.status, 404);
    let absent = send(&sandbox, "GET", "/_sandbox/objects/invoices/0", &[], b"").await;
    absent.assert(
        404,
        &json!({ "detail": "there is no 0 among the invoices" }),
    );
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let sandbox = strict().await;
    for path in ["/_sandbox", "/_sandbox/"] {
        let page = send(&sandbox, "GET", path, &[], b"").await;
        assert_eq!(page.status, 200);
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(
            page.header("content-security-policy")
                .unwrap()
                .starts_with("default-src 'none';")
        );
        for foreign in ["http:", "https:", "src=", "@import", "url("] {
            assert!(!page.text().contains(foreign), "{foreign}");
        }
    }
}

#[tokio::test]
async fn the_clock_freezes_and_runs() {
    let sandbox = strict().await;
    let set = async |body: Value| send_json(&sandbox, "POST", "/_sandbox/clock", &[], &body).await;
    let frozen = set(json!({ "now": "2030-01-01T00:00:00Z" })).await;
    frozen.assert(
        200,
        &json!({ "now": "2030-01-01T00:00:00.000000Z", "mode": "frozen" }),
    );
    let running = set(json!({ "mode": "running" })).await.json();
    assert_eq!(running["mode"], "running");
    assert!(
        running["now"]
            .as_str()
            .unwrap()
            .starts_with("2030-01-01T00:00")
    );
    assert_eq!(
        set(json!({ "mode": "frozen" })).await.json()["mode"],
        "frozen"
    );
    sandbox.run_clock();
    assert_eq!(get(&sandbox, "/_sandbox/clock").await["mode"], "running");
    let bad = set(json!({ "mode": "backwards" })).await;
    bad.assert(
        400,
        &json!({ "detail": "\"mode\" must be frozen or running" }),
    );
    let bad = set(json!({ "now": "tomorrow" })).await;
    bad.assert(400, &json!({ "detail": "\"now\" must be a timestamp" }));
}
