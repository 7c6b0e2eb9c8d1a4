//! Whatever comes in, an answer goes out: no 500, no dropped connection, no panic.

use accredit_sandbox::Sandbox;
use serde_json::json;

use crate::support::{Client, send, send_raw};

/// Paths with every shape of placeholder, page and control.
const PATHS: [&str; 24] = [
    "/api_third_party/auth/login/",
    "/api_third_party/investments/",
    "/api_third_party/investments/{}/",
    "/api_third_party/investments/{}/get_payment_intent_secret/",
    "/api_third_party/investments/values/",
    "/api_third_party/investors/",
    "/api_third_party/investors/{}/run_second_kyc/",
    "/api_third_party/investors/check_tax_id_number_valid/",
    "/api_third_party/invoices/{}/",
    "/api_third_party/kyb_documents/",
    "/api_third_party/subscription_agreement_investor_signatures/",
    "/api/v1",
    "/api/v1/users/{}",
    "/api/v1/users/identifier/{}",
    "/api/v1/users/{}/verification_requests",
    "/api/v1/verification_requests/{}/review",
    "/api/v1/verification_request_invitations",
    "/api/v1/billing",
    "/authorization/{}",
    "/investor/verification-requests/{}/verification-method",
    "/_sandbox/sign/{}",
    "/_sandbox/clock/advance",
    "/_sandbox/investments/{}/status",
    "/_sandbox/agreements/{}",
];

const VALUES: [&str; 16] = [
    "0",
    "-1",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999999999999999999999",
    "1e999999",
    "-0.00000000000000000000000000000000001",
    "%00",
    "%FF",
    "%F0%9F%A6%80",
    "'%20OR%201=1--",
    "%25%5F%5C",
    "2026-02-30",
    "9999-12-31T23:59:59%2B23:59",
    "a,b,,c",
    "..%2F..%2Fetc",
];

const BODIES: [&[u8]; 12] = [
    b"",
    b"null",
    b"[]",
    b"\"\xff\"",
    b"{\"entity\": {\"first_name\": {}, \"net_worth\": 1e400, \"date_of_birth\": \"\\u0000\"}, \"type\": []}",
    b"{\"quantity\": 1e30, \"offering\": true, \"investor\": -1}",
    b"{\"investors\": [1, {\"email\": {}}], \"portal_name\": {\"a\": 1}}",
    b"{\"email\": \"a\\u0000@b.co\", \"password\": \"\\ud800\"}",
    b"{\"seconds\": 18446744073709551615, \"now\": \"-009999-01-01T00:00:00Z\", \"status\": \"\"}",
    b"{\"investment\": 1.5, \"document_version\": \"9999999999999999999\", \"investor_signature_date\": 5}",
    b"--B\r\ncontent-disposition: form-data; name=\"storage_content\"; filename=\"a.pdf\"\r\n\r\n",
    b"a=%ff&a=%00&entity.first_name=&entity.=x&decision=grant",
];

#[tokio::test]
async fn nothing_from_outside_breaks_it() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let login = Client::login(&sandbox).await;
    let verify = Client::verifyinvestor(&sandbox);
    let types = [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=B",
        "multipart/form-data",
        "text/plain",
    ];
    let parameters = [
        "id",
        "id__in",
        "amount__gte",
        "created_at__lte",
        "investor",
        "status",
        "page",
        "page_size",
        "ordering",
        "search",
        "field",
        "identifier",
        "legal_name",
        "from_date",
        "redirect_url",
        "email",
    ];
    for (number, path) in PATHS.iter().enumerate() {
        let client = if path.starts_with("/api/v1") {
            &verify
        } else {
            &login
        };
        for (step, value) in VALUES.iter().enumerate() {
            let parameter = parameters[(number + step) % parameters.len()];
            let path = format!("{}?{parameter}={value}", path.replace("{}", value));
            let answer = client.get(&path).await;
            assert_ne!(answer.status, 500, "GET {path}");
        }
        for (step, body) in BODIES.iter().enumerate() {
            let path = path.replace("{}", VALUES[(number + step) % VALUES.len()]);
            let answer = client
                .send("POST", &path, types[step % types.len()], body)
                .await;
            assert_ne!(answer.status, 500, "POST {path} {step}");
            let answer = client.send("POST", &path, types[0], body).await;
            assert_ne!(answer.status, 500, "POST {path} {step} as JSON");
        }
    }
    assert_eq!(
        send(&sandbox, "GET", "/_sandbox/health", &[], b"")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_broken_chunked_body_is_a_bad_request_and_not_too_large() {
    let sandbox = Sandbox::builder()
        .strict(true)
        .max_body_bytes(8)
        .start()
        .await
        .unwrap();
    let post = async |path: &str, body: &str| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
            sandbox.address()
        );
        send_raw(&sandbox, format!("{head}{body}").as_bytes()).await
    };
    let (broken, large) = ("zz\r\n{}\r\n0\r\n\r\n", "9\r\n123456789\r\n0\r\n\r\n");
    let (thirdparty, verifyinvestor) = ("/api_third_party/auth/login/", "/api/v1/users/1");
    post(thirdparty, broken)
        .await
        .assert(400, &json!({ "detail": "Malformed request." }));
    post(verifyinvestor, broken)
        .await
        .assert(400, &json!({ "status": 400, "error": "Bad Request" }));
    let page = "/_sandbox/clock/advance";
    assert_eq!(post(page, broken).await.status, 400);
    for path in [thirdparty, verifyinvestor, page] {
        assert_eq!(post(path, large).await.status, 413, "{path}");
    }
}
