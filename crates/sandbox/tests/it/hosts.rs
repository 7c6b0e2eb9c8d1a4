//! Who may talk to the sandbox, and what the frame around the operations answers.

use accredit_sandbox::Sandbox;
use serde_json::json;

use crate::support::{Client, send, strict, submit};

#[tokio::test]
async fn a_rebound_dns_name_gets_nothing() {
    let sandbox = strict().await;
    for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example"] {
        let answer = send(&sandbox, "GET", "/_sandbox/health", &[("host", host)], b"").await;
        assert_eq!(answer.status, 421, "{host}");
    }
    for host in ["localhost", "localhost:1", "[::1]:9"] {
        let answer = send(&sandbox, "GET", "/_sandbox/health", &[("host", host)], b"").await;
        assert_eq!(answer.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_foreign_page_cannot_press_the_buttons() {
    let sandbox = strict().await;
    let foreign = [("origin", "https://evil.example")];
    assert_eq!(
        send(&sandbox, "POST", "/_sandbox/reset", &foreign, b"")
            .await
            .status,
        403
    );
    let own = [("origin", "http://localhost:3000")];
    assert_eq!(
        send(&sandbox, "POST", "/_sandbox/reset", &own, b"")
            .await
            .status,
        204
    );
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let error = Sandbox::builder()
        .listen("0.0.0.0:0".parse().unwrap())
        .start()
        .await
        .unwrap_err();
    assert!(error.is_invalid());
    assert_eq!(
        error.to_string(),
        "a sandbox listens on loopback addresses only, unless it is allowed to be remote"
    );
}

#[tokio::test]
async fn unknown_addresses_and_missing_slashes_are_djangos() {
    let sandbox = strict().await;
    for path in [
        "/",
        "/nothing",
        "/api_third_party/nothing/",
        "/api_third_party/investments/1.5/",
    ] {
        let answer = send(&sandbox, "GET", path, &[], b"").await;
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(answer.text().contains("<h1>Not Found</h1>"));
    }
    for method in ["GET", "POST"] {
        let answer = send(
            &sandbox,
            method,
            "/api_third_party/investments?page=2",
            &[],
            b"",
        )
        .await;
        assert_eq!(answer.status, 301);
        assert_eq!(
            answer.header("location"),
            Some("/api_third_party/investments/?page=2")
        );
    }
}

#[tokio::test]
async fn methods_media_types_and_bodies_are_refused_as_drf_does() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let list = "/api_third_party/investments/";
    for method in ["PUT", "PATCH", "DELETE"] {
        let answer = client.send(method, list, "application/json", b"{}").await;
        answer.assert(
            405,
            &json!({ "detail": format!("Method \"{method}\" not allowed.") }),
        );
        assert_eq!(answer.header("allow"), Some("GET, POST, HEAD, OPTIONS"));
        // Credentials are looked at before the method.
        assert_eq!(send(&sandbox, method, list, &[], b"").await.status, 401);
    }
    assert_eq!(
        client
            .get("/api_third_party/auth/logout/")
            .await
            .header("allow"),
        Some("POST, OPTIONS")
    );
    let described = client.send("OPTIONS", list, "", b"").await;
    assert_eq!(described.status, 200);
    assert_eq!(
        described.json()["actions"]["POST"]["quantity"],
        json!({ "type": "integer", "required": true, "read_only": false, "label": "Quantity", "min_value": 1 })
    );
    let head = client.send("HEAD", list, "", b"").await;
    assert_eq!((head.status, head.body.len()), (200, 0));

    let answer = send(&sandbox, "GET", list, &[("accept", "text/csv")], b"").await;
    answer.assert(
        406,
        &json!({ "detail": "Could not satisfy the request Accept header." }),
    );
    let answer = client.send("POST", list, "text/plain", b"x").await;
    answer.assert(
        415,
        &json!({ "detail": "Unsupported media type \"text/plain\" in request." }),
    );
    let answer = client.send("POST", list, "application/json", b"null").await;
    answer.assert(400, &json!({ "non_field_errors": ["No data provided"] }));
    let answer = client
        .send("POST", list, "application/json", b"{\"a\":1,}")
        .await;
    let text = "JSON parse error - Expecting property name enclosed in double quotes: line 1 column 8 (char 7)";
    answer.assert(400, &json!({ "detail": text }));
    let answer = client.send("POST", list, "application/json", b"[]").await;
    let text = "Invalid data. Expected a dictionary, but got list.";
    answer.assert(400, &json!({ "non_field_errors": [text] }));
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused() {
    let sandbox = Sandbox::builder()
        .strict(true)
        .max_body_bytes(1_000)
        .start()
        .await
        .unwrap();
    let client = Client::login(&sandbox).await;
    let answer = client
        .send(
            "POST",
            "/api_third_party/investors/",
            "application/json",
            &[b' '; 1_001],
        )
        .await;
    assert_eq!(answer.status, 413);
    assert_eq!(
        submit(&sandbox, "/_sandbox/sign/x", &[("a", &"b".repeat(1_000))])
            .await
            .status,
        413
    );
}
