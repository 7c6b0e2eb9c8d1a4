//! Every switch, both ways, and how they are set.

use accredit_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{Answer, Client, receiver, send, send_json, strict, submit};

const SWITCHES: &str = "/_sandbox/switches";

async fn patch(sandbox: &Sandbox, body: Value) -> Answer {
    send_json(sandbox, "PATCH", SWITCHES, &[], &body).await
}

#[tokio::test]
async fn a_user_has_as_many_tokens_as_the_limit_says() {
    let sandbox = strict().await;
    let login = async || {
        let credentials = sandbox.thirdparty_credentials();
        let body = json!({ "email": credentials.email, "password": credentials.password });
        send_json(&sandbox, "POST", "/api_third_party/auth/login/", &[], &body).await
    };
    assert_eq!((login().await.status, login().await.status), (200, 200));
    assert_eq!(
        patch(&sandbox, json!({ "token_limit": 1 })).await.status,
        200
    );
    let error = json!({ "error": "Maximum amount of tokens allowed per user exceeded." });
    login().await.assert(403, &error);
    // Ten hours are the life of a token.
    sandbox.advance_clock(std::time::Duration::from_secs(10 * 3_600));
    assert_eq!(login().await.status, 200);
    login().await.assert(403, &error);
    sandbox.set_switch("token_limit", "none").unwrap();
    assert_eq!(login().await.status, 200);
}

#[tokio::test]
async fn logging_out_and_in_answers_as_documented_or_as_seen() {
    let sandbox = strict().await;
    for (value, status) in [("204", 204), ("200", 200)] {
        sandbox.set_switch("logout_status", value).unwrap();
        for path in ["logout", "logoutall"] {
            let client = Client::login(&sandbox).await;
            let path = format!("/api_third_party/auth/{path}/");
            let answer = client.post(&path, &json!({})).await;
            assert_eq!((answer.status, answer.text()), (status, ""));
            assert_eq!(client.post(&path, &json!({})).await.status, 401);
        }
    }
    let login = async || {
        let body = json!({ "email": "who@example.com", "password": "what" });
        send_json(&sandbox, "POST", "/api_third_party/auth/login/", &[], &body).await
    };
    login().await.assert(
        400,
        &json!({ "non_field_errors": ["Unable to log in with provided credentials."] }),
    );
    sandbox.set_switch("login_failure_status", "401").unwrap();
    let answer = login().await;
    answer.assert(
        401,
        &json!({ "detail": "Incorrect authentication credentials." }),
    );
    assert_eq!(answer.header("www-authenticate"), Some("Token"));
}

#[tokio::test]
async fn the_third_party_api_has_texts_of_two_ages_and_strict_uploads() {
    let sandbox = Sandbox::builder()
        .strict(true)
        .switch("not_found_text", "older")
        .switch("kyb_upload_text", "refused")
        .start()
        .await
        .unwrap();
    let client = Client::login(&sandbox).await;
    let missing = "/api_third_party/investments/999999/";
    client
        .get(missing)
        .await
        .assert(404, &json!({ "detail": "Not found." }));
    let entity = client.investor("King").await["entity"]["id"].clone();
    let document = json!({ "entity": entity, "type": "other", "side": "front", "storage_content": "https://example.com/a.pdf" });
    let documents = "/api_third_party/kyb_documents/";
    client.post(documents, &document).await.assert(
        400,
        &json!({ "storage_content": ["The submitted data was not a file. Check the encoding type on the form."] }),
    );
    let changed = json!({ "not_found_text": "newer", "kyb_upload_text": "accepted" });
    assert_eq!(patch(&sandbox, changed).await.status, 200);
    client.get(missing).await.assert(
        404,
        &json!({ "detail": "No Investment matches the given query." }),
    );
    assert_eq!(client.post(documents, &document).await.status, 201);
}

#[tokio::test]
async fn verifyinvestor_refuses_in_two_ways() {
    let sandbox = strict().await;
    let wrong = async || {
        let headers = [("authorization", "Token wrong")];
        send(&sandbox, "GET", "/api/v1", &headers, b"").await
    };
    let body = json!({ "error": "HTTP Token: Access denied." });
    let answer = wrong().await;
    answer.assert(401, &body);
    assert!(answer.header("www-authenticate").is_some());
    patch(&sandbox, json!({ "invalid_token_status": 403 })).await;
    let answer = wrong().await;
    answer.assert(403, &body);
    assert_eq!(answer.header("www-authenticate"), None);

    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let requests = format!("/api/v1/users/{user}/verification_requests");
    assert_eq!(client.post(&requests, &json!({})).await.status, 201);
    for status in [422, 403] {
        patch(&sandbox, json!({ "duplicate_pending_status": status })).await;
        let answer = client.post(&requests, &json!({})).await;
        assert_eq!(answer.status, status);
        assert!(answer.json()["pending_verification_request"]["id"].is_number());
    }
}

#[tokio::test]
async fn a_review_answers_201_or_200() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let requests = format!("/api/v1/users/{user}/verification_requests");
    for status in [201, 200] {
        patch(&sandbox, json!({ "review_status": status })).await;
        let id = client.post(&requests, &json!({})).await.json()["id"].clone();
        let complete = format!("{requests}/{id}/simulate_investor_completion");
        assert_eq!(client.post(&complete, &json!({})).await.status, 200);
        let review = format!("{requests}/{id}/review");
        let answer = client
            .post(&review, &json!({ "status": "accredited" }))
            .await;
        assert_eq!(
            (answer.status, answer.json()["status"].clone()),
            (status, json!("accredited"))
        );
    }
}

#[tokio::test]
async fn the_first_status_looks_at_the_investor_or_is_fixed() {
    let sandbox = strict().await;
    let token = sandbox.authorization_token();
    let path = format!(
        "/authorization/{token}?identifier=77&email=a%40example.com&first_name=Ada&last_name=King"
    );
    let granted = submit(&sandbox, &path, &[("legal_name", "Ada King")]).await;
    assert!(granted.status < 400, "{}", granted.text());
    let client = Client::verifyinvestor(&sandbox);
    let user = client.get("/api/v1/users/identifier/77").await.json()["id"].clone();
    let requests = format!("/api/v1/users/{user}/verification_requests");
    let waiting = "waiting_for_investor_acceptance";
    let accepted = "accepted_by_investor";
    for (switch, known, unknown) in [
        ("auto", accepted, waiting),
        (waiting, waiting, waiting),
        (accepted, accepted, accepted),
    ] {
        patch(&sandbox, json!({ "first_status": switch })).await;
        for (name, expected) in [("Ada King", known), ("Nobody Known", unknown)] {
            let body = json!({ "legal_name": name });
            let made = client.post(&requests, &body).await.json();
            let id = made["id"].as_u64().unwrap();
            let shown = client
                .get(&format!("/api/v1/verification_requests/{id}"))
                .await;
            assert_eq!(shown.json()["status"], expected, "{switch} {name}");
            // So that the next one is no duplicate.
            let over = json!({ "status": "declined_by_investor" });
            let path = format!("/_sandbox/verification_requests/{id}/status");
            assert_eq!(
                send_json(&sandbox, "POST", &path, &[], &over).await.status,
                200
            );
        }
    }
}

#[tokio::test]
async fn webhooks_may_tell_of_new_requests() {
    let (url, mut received) = receiver(200).await;
    let builder = Sandbox::builder().strict(true).webhook_url(&url);
    let sandbox = builder.start().await.unwrap();
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap();
    let requests = format!("/api/v1/users/{}/verification_requests", user.id);
    for (told, expected) in [
        ("none", &[][..]),
        ("invitations", &["invited"][..]),
        ("all", &["called", "invited"][..]),
    ] {
        patch(&sandbox, json!({ "creation_webhook": told })).await;
        let called = json!({ "legal_name": format!("{told} called") });
        let made = client.post(&requests, &called).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let name = format!("{told} invited");
        let invited = json!({ "investors": [
            { "email": "violet.howard@example.com", "suggested_legal_name": name, "type": "ai" },
        ] });
        let path = "/api/v1/verification_request_invitations";
        assert_eq!(client.post(path, &invited).await.status, 201);
        sandbox.webhooks_settled().await.unwrap();
        for which in expected {
            let event: Value =
                serde_json::from_slice(&received.recv().await.unwrap().body).unwrap();
            assert_eq!(event["action"], "create_verification_request");
            assert_eq!(event["status"], "waiting_for_investor_acceptance");
            assert_eq!(
                event["legal_name"],
                format!("{told} {which}").to_uppercase()
            );
        }
        assert!(received.try_recv().is_err(), "{told}");
    }
}

#[tokio::test]
async fn switches_are_shown_and_set_together_or_not_at_all() {
    let sandbox = Sandbox::builder()
        .strict(true)
        .switch("review_status", "200")
        .start()
        .await
        .unwrap();
    let shown = send(&sandbox, "GET", SWITCHES, &[], b"").await.json();
    assert_eq!(shown.as_object().unwrap().len(), sandbox.switches().len());
    assert_eq!(
        shown["review_status"],
        json!({ "value": "200", "accepted": ["201", "200"] })
    );
    for (body, complaint) in [
        (
            json!({ "logout_status": 200, "logout_text": "bye" }),
            "there is no switch \"logout_text\"; accepted are logout_status, ",
        ),
        (
            json!({ "logout_status": 418 }),
            "\"logout_status\" must be one of 204, 200",
        ),
        (json!([]), "the body must be a JSON object"),
    ] {
        let answer = patch(&sandbox, body).await;
        assert_eq!(answer.status, 400);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(complaint), "{detail}");
    }
    assert!(sandbox.switches().contains(&("logout_status", "204")));
    assert!(sandbox.set_switch("x", "y").unwrap_err().is_invalid());
    let bad = Sandbox::builder()
        .switch("review_status", "202")
        .start()
        .await;
    assert!(bad.unwrap_err().is_invalid());
    // What the sandbox was told outlives a reset.
    sandbox.reset().unwrap();
    assert!(sandbox.switches().contains(&("review_status", "200")));
}
