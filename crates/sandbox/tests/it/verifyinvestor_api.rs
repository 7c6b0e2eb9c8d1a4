//! The frame of VerifyInvestor's API: tokens, routes, users, billing, invitations.

use std::time::Duration;

use accredit_sandbox::{Clock, Sandbox};
use serde_json::{Value, json};

use crate::support::{Client, frozen, send, strict};

#[tokio::test]
async fn the_root_tells_pacific_time() {
    let sandbox = frozen("2018-01-11T23:28:38.972Z").await;
    let client = Client::verifyinvestor(&sandbox);
    for path in ["/api/v1", "/api/v1/", "/api/v1.json"] {
        let root = client.get(path).await.json();
        assert_eq!(root["version"], "1.1");
        assert_eq!(root["current_time"], "2018-01-11T15:28:38.972-08:00");
    }
}

#[tokio::test]
async fn tokens_are_checked_and_spelled_as_rails_takes_them() {
    let sandbox = strict().await;
    let token = sandbox.verifyinvestor_api_token();
    for header in [
        format!("Token {token}"),
        format!("Token token=\"{token}\""),
        format!("Bearer {token}"),
    ] {
        assert_eq!(
            send(
                &sandbox,
                "GET",
                "/api/v1",
                &[("authorization", &header)],
                b""
            )
            .await
            .status,
            200
        );
    }
    for headers in [
        &[][..],
        &[("authorization", "Token wrong")],
        &[("authorization", token)],
    ] {
        let answer = send(&sandbox, "GET", "/api/v1/users", headers, b"").await;
        answer.assert(401, &json!({ "error": "HTTP Token: Access denied." }));
        assert_eq!(
            answer.header("www-authenticate"),
            Some("Token realm=\"Application\"")
        );
    }
}

#[tokio::test]
async fn unknown_routes_and_broken_bodies_are_rails_public_exceptions() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let missing = json!({ "status": 404, "error": "Not Found" });
    client.get("/api/v1/nothing").await.assert(404, &missing);
    client
        .post("/api/v1/users", &json!({}))
        .await
        .assert(404, &missing);
    let html = send(
        &sandbox,
        "GET",
        "/api/v1/nothing",
        &[("accept", "text/html")],
        b"",
    )
    .await;
    assert_eq!(
        (html.status, html.header("content-type")),
        (404, Some("text/html; charset=utf-8"))
    );
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let path = format!("/api/v1/users/{user}/verification_requests");
    let answer = client.send("POST", &path, "application/json", b"{").await;
    answer.assert(400, &json!({ "status": 400, "error": "Bad Request" }));
}

#[tokio::test]
async fn users_are_found_by_id_and_by_identifier() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap();
    let person = json!({
        "id": user.id, "first_name": "Violet", "last_name": "Howard", "email": "violet.howard@example.com",
    });
    client
        .get("/api/v1/users")
        .await
        .assert(200, &json!([person]));
    let by_id = client
        .get(&format!("/api/v1/users/{}", user.id))
        .await
        .json();
    let by_identifier = client
        .get(&format!("/api/v1/users/identifier/{}", user.identifier))
        .await
        .json();
    assert_eq!(by_id, by_identifier);
    assert_eq!(
        (&by_id["identifier"], &by_id["verified_on"]),
        (&json!("42"), &json!(null))
    );
    assert_eq!(
        by_id["authorized_parties"],
        json!([{ "name": null, "identifier": "42", "authorized_legal_names": ["VIOLET HOWARD"] }])
    );
    assert!(by_id.get("legal_profile").is_none());

    let profile = client
        .get(&format!(
            "/api/v1/users/{}?legal_name=Howard,%20violet",
            user.id
        ))
        .await
        .json();
    let profile = &profile["legal_profile"];
    assert_eq!(profile["verify_investor_legal_name"], "VIOLET HOWARD");
    assert_eq!(profile["legal_name"], "VIOLET HOWARD");
    assert_eq!(profile["verified_accredited_expires_at"], json!(null));

    for path in [
        "/api/v1/users/1",
        "/api/v1/users/x",
        "/api/v1/users/identifier/unknown",
    ] {
        client
            .get(path)
            .await
            .assert(404, &json!({ "error": "A user could not be found." }));
    }
}

#[tokio::test]
async fn billing_counts_completed_requests_by_day() {
    let start = "2026-03-31T23:00:00Z".parse().unwrap();
    let sandbox = Sandbox::builder()
        .clock(Clock::Frozen(start))
        .start()
        .await
        .unwrap();
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let request = client
        .post(
            &format!("/api/v1/users/{user}/verification_requests"),
            &json!({}),
        )
        .await
        .json();
    let path = format!(
        "/api/v1/users/{user}/verification_requests/{}",
        request["id"]
    );
    client
        .post(&format!("{path}/simulate_investor_completion"), &json!({}))
        .await;
    client
        .post(
            &format!("{path}/review"),
            &json!({ "status": "not_accredited" }),
        )
        .await;
    let billing = async |query: &str| client.get(&format!("/api/v1/billing{query}")).await;
    billing("").await.assert(
        200,
        &json!({ "from_date": "2026-03-01", "to_date": "2026-03-31", "regular": 1 }),
    );
    billing("?from_date=2026-03-31&to_date=2026-03-31")
        .await
        .assert(
            200,
            &json!({ "from_date": "2026-03-31", "to_date": "2026-03-31", "regular": 1 }),
        );
    sandbox.advance_clock(Duration::from_secs(3600));
    billing("?from_date=nonsense").await.assert(
        200,
        &json!({ "from_date": "2026-04-01", "to_date": "2026-04-30", "regular": 0 }),
    );
}

#[tokio::test]
async fn forms_are_nested_as_rails_nests_them() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let path = "/api/v1/verification_request_invitations";
    let pairs = [
        ("portal_name", "Some Portal"),
        ("investors[][email]", "one@example.com"),
        ("investors[][suggested_legal_name]", "One & Only"),
        ("investors[][email]", "two@example.com"),
        ("investors[][type]", "qp"),
    ];
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let multipart: String = pairs
        .iter()
        .map(|(name, value)| {
            format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        })
        .chain(["--B--\r\n".to_owned()])
        .collect();
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", form),
        ("multipart/form-data; boundary=B", multipart),
    ] {
        let made = client
            .send("POST", path, content_type, body.as_bytes())
            .await;
        assert_eq!(made.status, 201, "{}", made.text());
        let made: Vec<_> = made.json()["verification_request_invitations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                json!([
                    one["portal_name"],
                    one["email"],
                    one["suggested_legal_name"]
                ])
            })
            .collect();
        assert_eq!(
            made,
            [
                json!(["Some Portal", "one@example.com", "One & Only"]),
                json!(["Some Portal", "two@example.com", null]),
            ]
        );
    }
    let conflict = client
        .send(
            "POST",
            path,
            "application/x-www-form-urlencoded",
            b"investors=1&investors[][email]=a@example.com",
        )
        .await;
    conflict.assert(400, &json!({ "status": 400, "error": "Bad Request" }));
    // To Django a bracket is a letter like any other.
    let django = Client::login(&sandbox).await;
    let refused = django
        .send(
            "POST",
            "/api_third_party/investors/",
            "application/x-www-form-urlencoded",
            b"type=person&entity[first_name]=Ada",
        )
        .await;
    refused.assert(400, &json!({ "entity": ["This field is required."] }));
}

#[tokio::test]
async fn invitations_wait_for_an_account_and_expire() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let path = "/api/v1/verification_request_invitations";
    let investors = json!([
        { "email": "new@example.com", "suggested_legal_name": "New Person", "type": "ai" },
        { "email": "violet.howard@example.com", "type": "ai" },
    ]);
    let created = client.post(path, &json!({ "investors": investors })).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let created = created.json()["verification_request_invitations"].clone();
    assert_eq!(created[0]["verification_request_id"], json!(null));
    assert!(created[1]["verification_request_id"].is_u64());
    let one = |index: usize| format!("{path}/{}", created[index]["id"]);
    let known = client.get(&one(1)).await.json();
    assert_eq!(
        known["verification_request"]["status"],
        "accepted_by_investor"
    );
    assert!(known["verification_request"].get("investor").is_none());
    assert!(
        client
            .get(&one(0))
            .await
            .json()
            .get("verification_request")
            .is_none()
    );
    let listed = client.get(path).await.json()["verification_request_invitations"].clone();
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
    sandbox.advance_clock(Duration::from_secs(30 * 24 * 3600));
    assert_eq!(
        client.get(path).await.json()["verification_request_invitations"],
        json!([])
    );
    assert_eq!(client.get(&one(0)).await.status, 404);
    let bad: Value = json!({ "error": "Incorrect or missing params provided." });
    for body in [
        json!({}),
        json!({ "investors": [] }),
        json!({ "investors": [{ "email": "x" }] }),
    ] {
        client.post(path, &body).await.assert(422, &bad);
    }
}
