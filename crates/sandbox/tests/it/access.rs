//! A sandbox that other machines reach: its hosts, and the token of its controls.

use accredit_sandbox::{Builder, Sandbox};
use serde_json::json;

use crate::support::{Answer, Client, send, send_json, strict};

/// On all addresses of this machine, so that the tests need no other one.
fn remote() -> Builder {
    Sandbox::builder()
        .strict(true)
        .listen("0.0.0.0:0".parse().unwrap())
        .allow_remote()
}

async fn call(sandbox: &Sandbox, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let port = sandbox.address().port();
    let host = format!("10.1.2.3:{port}");
    let mut all = headers.to_vec();
    if !headers.iter().any(|(name, _)| *name == "host") {
        all.push(("host", &host));
    }
    send(sandbox, method, path, &all, b"").await
}

#[tokio::test]
async fn the_controls_want_their_token_where_other_machines_reach_them() {
    let sandbox = remote().start().await.unwrap();
    let token = sandbox.control_token().unwrap().to_owned();
    assert_eq!(token.len(), 64);
    let controls = [
        ("GET", "/_sandbox/clock"),
        ("POST", "/_sandbox/reset"),
        ("GET", "/_sandbox/webhooks"),
        ("GET", "/_sandbox/investments/1"),
        ("POST", "/_sandbox/investments/1/status"),
        // What does not exist tells nobody that it does not.
        ("GET", "/_sandbox/requests"),
        ("GET", "/_sandbox/objects/investors"),
        ("GET", "/_sandbox/signatures"),
    ];
    for (method, path) in controls {
        let answer = call(&sandbox, method, path, &[]).await;
        let text =
            "The controls of this sandbox want `Authorization: Bearer` and its control token.";
        answer.assert(401, &json!({ "detail": text }));
        let realm = answer.header("www-authenticate");
        assert_eq!(realm, Some("Bearer realm=\"sandbox\""));
        let wrong = [("authorization", "Bearer 0000")];
        assert_eq!(call(&sandbox, method, path, &wrong).await.status, 401);
        // The way in from this machine is no other.
        let local = [("host", "localhost")];
        assert_eq!(call(&sandbox, method, path, &local).await.status, 401);
    }
    let bearer = format!("Bearer {token}");
    let shown = [("authorization", bearer.as_str())];
    let answer = call(&sandbox, "GET", "/_sandbox/clock", &shown).await;
    assert_eq!(answer.status, 200);
    let answer = call(&sandbox, "POST", "/_sandbox/reset", &shown).await;
    assert_eq!(answer.status, 204);
    assert!(!format!("{sandbox:?}").contains(&token));
}

#[tokio::test]
async fn the_apis_and_the_pages_of_investors_want_no_control_token() {
    let sandbox = remote().start().await.unwrap();
    for (path, status) in [
        ("/_sandbox/health", 200),
        ("/_sandbox/", 200),
        ("/_sandbox/sign/nothing", 404),
        ("/_sandbox/id-upload/nothing", 404),
        ("/_sandbox/agreements/1.pdf", 404),
        ("/api_third_party/investments/", 401),
        (
            "/authorization/test_only_sandbox-user-token?identifier=x",
            200,
        ),
    ] {
        let answer = call(&sandbox, "GET", path, &[]).await;
        assert_eq!(answer.status, status, "{path}");
        assert_ne!(
            answer.header("www-authenticate"),
            Some("Bearer realm=\"sandbox\""),
            "{path}"
        );
    }
    let client = Client::login(&sandbox).await;
    let listed = client.get("/api_third_party/investments/").await;
    assert_eq!(listed.status, 200);
}

#[tokio::test]
async fn a_token_of_ones_own_guards_loopback_too() {
    let sandbox = Sandbox::builder()
        .strict(true)
        .control_token("canary")
        .start()
        .await
        .unwrap();
    assert_eq!(sandbox.control_token(), Some("canary"));
    let path = "/_sandbox/clock/advance";
    let body = json!({ "seconds": 1 });
    let answer = send_json(&sandbox, "POST", path, &[], &body).await;
    assert_eq!(answer.status, 401);
    let shown = [("authorization", "Bearer canary")];
    let answer = send_json(&sandbox, "POST", path, &shown, &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(strict().await.control_token(), None);
}

#[tokio::test]
async fn hosts_are_checked_beyond_loopback() {
    let sandbox = remote().host("Sandbox.test").start().await.unwrap();
    let port = sandbox.address().port();
    assert_eq!(sandbox.base_url(), format!("http://127.0.0.1:{port}"));
    for (host, status) in [
        ("sandbox.test", 200),
        ("sandbox.test:80", 200),
        ("10.9.9.9", 200),
        ("localhost", 200),
        ("evil.example", 421),
        ("a.sandbox.test", 421),
        ("10.9.9.9.evil.example", 421),
    ] {
        let answer = call(&sandbox, "GET", "/_sandbox/health", &[("host", host)]).await;
        assert_eq!(answer.status, status, "{host}");
    }
    // A page of the sandbox itself may send its form, one of a neighbour may not.
    for (origin, status) in [
        ("http://sandbox.test", 404),
        ("http://10.9.9.9", 403),
        ("https://evil.example", 403),
    ] {
        let headers = [("host", "sandbox.test"), ("origin", origin)];
        let answer = call(&sandbox, "POST", "/_sandbox/sign/nothing", &headers).await;
        assert_eq!(answer.status, status, "{origin}");
    }
}

#[tokio::test]
async fn links_name_the_host_that_the_client_asked_for() {
    let sandbox = remote().host("sandbox.test").start().await.unwrap();
    let headers = [
        ("host", "sandbox.test:8080"),
        ("authorization", "Token test_only_sandbox-api-token"),
    ];
    let answer = call(&sandbox, "GET", "/api/v1", &headers).await;
    assert!(
        answer.text().contains("http://sandbox.test:8080/"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn options_that_do_not_hold_are_refused() {
    for (builder, text) in [
        (
            Sandbox::builder().host("sandbox.test:80"),
            "\"sandbox.test:80\" is no host: a name or an IP address, without a port",
        ),
        (
            Sandbox::builder().control_token("a b"),
            "a control token is one or more visible ASCII characters, without a space",
        ),
    ] {
        let error = builder.start().await.unwrap_err();
        assert!(error.is_invalid());
        assert_eq!(error.to_string(), text);
    }
}

#[tokio::test]
async fn an_address_in_use_is_named_and_leaves_no_file() {
    let sandbox = strict().await;
    let file = std::env::temp_dir().join(format!("accredit-in-use-{}.db", std::process::id()));
    let error = Sandbox::builder()
        .listen(sandbox.address())
        .data(&file)
        .start()
        .await
        .unwrap_err();
    assert!(!error.is_invalid());
    let text = format!("the sandbox could not bind {}", sandbox.address());
    assert_eq!(error.to_string(), text);
    assert!(!file.exists());
}
