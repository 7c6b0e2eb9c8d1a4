//! The state machine of verification requests, and the fields that clients of the live service
//! read.

use std::time::Duration;

use accredit_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{Client, assert_has_sample, frozen, pdf_text, strict};

async fn create(client: &Client<'_>, body: Value) -> Value {
    let user = client.sandbox.verifyinvestor_user().unwrap().id;
    let answer = client
        .post(
            &format!("/api/v1/users/{user}/verification_requests"),
            &body,
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

fn paths(client: &Client<'_>, request: &Value) -> (String, String) {
    let user = client.sandbox.verifyinvestor_user().unwrap().id;
    let id = &request["id"];
    (
        format!("/api/v1/users/{user}/verification_requests/{id}"),
        format!("/api/v1/verification_requests/{id}"),
    )
}

#[tokio::test]
async fn a_created_request_has_the_wild_fields_and_no_status() {
    let sandbox = frozen("2026-03-01T12:00:00.123456Z").await;
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let request = create(&client, json!({ "deal_name": "Deal", "portal_name": null })).await;
    let url = format!(
        "{}/investor/verification-requests/{}/verification-method",
        sandbox.base_url(),
        request["id"]
    );
    assert_eq!(
        request,
        json!({
            "id": request["id"], "created_at": "2026-03-01T12:00:00.123Z", "completed_at": null,
            "waiting_for_info": true, "redirect_url": null, "webhook_url": null, "portal_name": null,
            "deal_name": "Deal", "investor_url": url, "investor": { "id": user },
        })
    );
    let (long, short) = paths(&client, &request);
    let detail = client.get(&long).await.json();
    assert_eq!(detail, client.get(&short).await.json());
    assert_eq!(
        detail["status"], "accepted_by_investor",
        "an authorised name needs no acceptance"
    );
    assert_eq!(
        detail["investor"],
        json!({ "id": user, "first_name": "Violet", "last_name": "Howard" })
    );
    assert_eq!(
        (&detail["legal_name"], &detail["identifier"]),
        (&json!("VIOLET HOWARD"), &json!("42"))
    );
    let other = create(&client, json!({ "legal_name": "Howard Family Trust" })).await;
    let detail = client.get(&paths(&client, &other).1).await.json();
    assert_eq!(detail["status"], "waiting_for_investor_acceptance");
}

#[tokio::test]
async fn a_duplicate_of_a_pending_request_is_refused_with_the_pending_one() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let path = format!("/api/v1/users/{user}/verification_requests");
    let first = create(&client, json!({ "redirect_url": "http://portal.example/" })).await;
    let answer = client
        .post(&path, &json!({ "legal_name": "howard, violet" }))
        .await;
    answer.assert(
        422,
        &json!({
            "error": "A pending verification request already exists.",
            "pending_verification_request": {
                "id": first["id"], "redirect_url": "http://portal.example/", "portal_name": null, "deal_name": null,
                "investor_url": first["investor_url"], "investor": { "id": user },
            },
        }),
    );
    // Another kind, or another name, is another request.
    assert_eq!(
        client
            .post(&format!("{path}/aml_kyc"), &json!({}))
            .await
            .json()["type"],
        "aml_kyc"
    );
    assert_eq!(
        client
            .post(&path, &json!({ "legal_name": "Other" }))
            .await
            .status,
        201
    );
    for kind in ["qualified_purchaser", "qualified_client"] {
        assert_eq!(
            client
                .post(&format!("{path}/{kind}"), &json!({}))
                .await
                .json()["type"],
            kind
        );
    }
    let list = client.get(&path).await.json();
    assert_eq!(list.as_array().map(Vec::len), Some(5));
    assert_eq!(
        (&list[0]["api_issued"], &list[0]["api_type"]),
        (&json!(true), &json!("regular"))
    );
    for (kind, count) in [
        ("All", 5),
        ("regular", 5),
        ("embedded", 0),
        ("lite", 0),
        ("x", 5),
    ] {
        let list = client
            .get(&format!("/api/v1/verification_requests?type={kind}"))
            .await
            .json();
        assert_eq!(list.as_array().map(Vec::len), Some(count), "{kind}");
    }
    let (_, short) = paths(&client, &first);
    client
        .post(
            &format!("{short}/review"),
            &json!({ "status": "accredited" }),
        )
        .await
        .assert(
            422,
            &json!({ "error": "Incorrect or missing params provided." }),
        );
}

#[tokio::test]
async fn portals_emails_and_forms_are_checked() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let path = format!("/api/v1/users/{user}/verification_requests");
    client
        .post(&path, &json!({ "portal_name": "Stranger" }))
        .await
        .assert(
            403,
            &json!({ "error": "The portal name is not authorized." }),
        );
    assert_eq!(
        client
            .post(&path, &json!({ "issuer_email": "x" }))
            .await
            .status,
        422
    );
    let form = client
        .send(
            "POST",
            &path,
            "application/x-www-form-urlencoded",
            b"deal_name=A+B",
        )
        .await;
    assert_eq!(
        (form.status, &form.json()["deal_name"]),
        (201, &json!("A B"))
    );
    assert_eq!(
        client
            .post("/api/v1/users/1/verification_requests", &json!({}))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_request_goes_through_information_to_accreditation() {
    let sandbox = frozen("2017-06-15T02:01:55.971Z").await;
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let request = create(&client, json!({})).await;
    let (long, short) = paths(&client, &request);
    let none = json!({ "error": "A certificate could not be found." });
    client
        .get(&format!("{long}/certificate"))
        .await
        .assert(404, &none);
    client
        .post(&format!("{long}/simulate_investor_completion"), &json!({}))
        .await
        .assert(
            200,
            &json!({
                "id": request["id"], "dashboard_status": "waiting-for-review",
                "investor": { "id": user, "verification_status": "unverified" },
            }),
        );
    let bad = json!({ "error": "Incorrect or missing params provided." });
    client
        .post(&format!("{long}/simulate_investor_completion"), &json!({}))
        .await
        .assert(422, &bad);
    client
        .post(&format!("{long}/review"), &json!({ "status": "maybe" }))
        .await
        .assert(422, &bad);

    let review = client
        .post(
            &format!("{short}/review"),
            &json!({ "status": "need_more_information" }),
        )
        .await;
    assert_eq!(
        (review.status, &review.json()["status"]),
        (201, &json!("waiting_for_information_from_investor"))
    );
    assert_eq!(client.get(&short).await.json()["waiting_for_info"], true);
    let id = &request["id"];
    let set = format!("/_sandbox/verification_requests/{id}/status");
    for status in ["waiting_for_review", "in_review"] {
        assert_eq!(
            client.post(&set, &json!({ "status": status })).await.status,
            200
        );
        assert_eq!(client.get(&short).await.json()["status"], status);
    }
    client.post(&format!("{long}/review"), &json!({ "status": "accredited" })).await.assert(
        201,
        &json!({
            "id": id, "status": "accredited", "legal_name": "VIOLET HOWARD", "dashboard_status": "accredited",
            "investor": { "id": user, "verification_status": "verified" },
        }),
    );
    let detail = client.get(&long).await.json();
    assert_eq!(detail["completed_at"], "2017-06-15T02:01:55.971Z");
    assert_eq!(detail["verified_expires_at"], "2017-09-13");
    assert_eq!(
        (
            &detail["waiting_for_info"],
            &detail["verification_request_step"]
        ),
        (&json!(false), &json!("accredited"))
    );

    let latest = format!("/api/v1/users/{user}/verification_certificate?legal_name=violet+howard");
    for path in [
        format!("{long}/certificate"),
        format!("{short}/certificate"),
        latest,
    ] {
        let certificate = client.get(&path).await;
        assert_eq!(
            (certificate.status, certificate.header("content-type")),
            (200, Some("application/pdf"))
        );
        assert!(certificate.body.starts_with(b"%PDF"));
        if let Some(text) = pdf_text(&certificate.body) {
            for line in [
                "Accredited Investor",
                "VIOLET HOWARD",
                "Issued: 2017-06-15",
                "Valid until: 2017-09-13",
            ] {
                assert!(text.contains(line), "{line} is not in {text}");
            }
        }
    }
    client
        .get(&format!("/api/v1/users/{user}/verification_certificate"))
        .await
        .assert(404, &none);
    let user = client
        .get(&format!("/api/v1/users/{user}?legal_name=Violet+Howard"))
        .await
        .json();
    assert_eq!(user["verified_on"], "2017-06-15");
    assert_eq!(
        user["legal_profile"]["verified_accredited_expires_at"],
        "2017-09-13"
    );
}

#[tokio::test]
async fn requests_that_nobody_answers_expire_on_the_clock() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let accepted = create(&client, json!({})).await;
    let unseen = create(&client, json!({ "legal_name": "Howard Trust" })).await;
    sandbox.advance_clock(Duration::from_secs(30 * 24 * 3600 - 60));
    assert_eq!(
        client.get(&paths(&client, &unseen).1).await.json()["status"],
        "waiting_for_investor_acceptance"
    );
    sandbox.advance_clock(Duration::from_secs(120));
    assert_eq!(
        client.get(&paths(&client, &accepted).1).await.json()["status"],
        "accepted_expire"
    );
    assert_eq!(
        client.get(&paths(&client, &unseen).1).await.json()["status"],
        "declined_expire"
    );
    assert!(
        create(&client, json!({})).await["id"].is_u64(),
        "an expired request is not pending"
    );
}

#[tokio::test]
async fn requests_of_other_users_are_not_found() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let request = create(&client, json!({})).await;
    let missing = json!({ "error": "A verification request could not be found." });
    for path in [
        format!("/api/v1/users/1/verification_requests/{}", request["id"]),
        "/api/v1/verification_requests/1".to_owned(),
        "/api/v1/verification_requests/x".to_owned(),
        "/api/v1/verification_requests/1/webhook".to_owned(),
    ] {
        client.get(&path).await.assert(404, &missing);
    }
}

#[tokio::test]
async fn every_field_of_the_documents_samples_is_there() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let has = |answer: Value, name: &str| assert_has_sample(&answer, "verifyinvestor", name);
    let path = format!("/api/v1/users/{user}/verification_requests");
    has(client.get("/api/v1").await.json(), "root");
    has(client.get("/api/v1/users").await.json(), "users.list");
    let profile = format!("/api/v1/users/{user}?legal_name=Violet+Howard");
    has(client.get(&profile).await.json(), "users.retrieve");
    let request = create(&client, json!({})).await;
    has(request.clone(), "verification_requests.create");
    for kind in ["aml_kyc", "qualified_purchaser", "qualified_client"] {
        let created = client
            .post(&format!("{path}/{kind}"), &json!({}))
            .await
            .json();
        has(created, &format!("verification_requests.create_{kind}"));
    }
    has(client.get(&path).await.json(), "verification_requests.list");
    let (long, _) = paths(&client, &request);
    let completed = client
        .post(&format!("{long}/simulate_investor_completion"), &json!({}))
        .await;
    has(
        completed.json(),
        "verification_requests.simulate_investor_completion",
    );
    let reviewed = client
        .post(
            &format!("{long}/review"),
            &json!({ "status": "accredited" }),
        )
        .await;
    has(reviewed.json(), "verification_requests.review");
    has(
        client.get(&long).await.json(),
        "verification_requests.retrieve",
    );
    has(
        client.get(&format!("{long}/webhook")).await.json(),
        "verification_requests.webhook",
    );
    has(
        client.get("/api/v1/billing").await.json(),
        "billing.regular_only",
    );
}
