//! What was seen of the service and not documented, and what nobody knows: a test for each. Those about webhooks stand with
//! them, and [`crate::resume`] has more about duplicates.

use accredit_verifyinvestor::transport::testkit::{Answer, Script};
use accredit_verifyinvestor::{
    ApiType, ErrorKind, ReviewStatus, User, VerificationRequest,
    VerificationRequestStatus as Status, pending_verification_request,
};

use crate::support::{Service, account, complete, frozen, review, switched, violet};

/// A request as the service shows it.
async fn request(body: &'static str) -> VerificationRequest {
    let client = Service::json(200, body).client();
    let long = client.user_verification_requests(1_u64).retrieve(90_u64);
    let long = long.send().await.unwrap();
    let short = client.verification_requests().retrieve(90_u64);
    assert_eq!(short.send().await.unwrap(), long);
    long
}

async fn user(body: &'static str) -> User {
    let client = Service::json(200, body).client();
    let by_id = client.users().retrieve(1_u64).send().await.unwrap();
    let by_identifier = client.users().retrieve_by_identifier("42");
    assert_eq!(by_identifier.send().await.unwrap(), by_id);
    by_id
}

/// Creates of all four kinds.
async fn created_with(status: u16, body: &'static str) -> u64 {
    let client = Service::json(status, body).client();
    let requests = client.user_verification_requests(1_u64);
    let ids = [
        requests.create().send().await.unwrap().id,
        requests.create_aml_kyc().send().await.unwrap().id,
        requests
            .create_qualified_purchaser()
            .send()
            .await
            .unwrap()
            .id,
        requests.create_qualified_client().send().await.unwrap().id,
    ];
    assert!(ids.iter().all(|id| *id == ids[0]));
    ids[0].get()
}

#[tokio::test]
async fn a_create_answers_201_or_200() {
    for status in [201, 200] {
        assert_eq!(created_with(status, r#"{"id": 90}"#).await, 90);
    }
}

#[tokio::test]
async fn a_create_has_no_status_and_more_fields_than_documented() {
    let body = r#"{"id": 90, "created_at": "2018-04-30T11:09:10.451-07:00", "completed_at": null,
        "webhook_url": "https://portal.example/hook", "investor": {"id": 135}}"#;
    let client = Service::json(201, body).client();
    let create = client.user_verification_requests(135_u64).create();
    let created = create.send().await.unwrap();
    assert_eq!(
        created.created_at,
        Some("2018-04-30T18:09:10.451Z".parse().unwrap())
    );
    assert_eq!(
        created.webhook_url.unwrap().expose(),
        "https://portal.example/hook"
    );
    assert_eq!((created.completed_at, created.kind), (None, None));
}

#[tokio::test]
async fn a_review_answers_201_or_200() {
    for status in ["201", "200"] {
        let sandbox = switched("review_status", status).await;
        let client = account(&sandbox);
        let user = violet(&sandbox);
        let requests = client.user_verification_requests(user);
        let long = requests.create().send().await.unwrap().id;
        let short = requests.create_aml_kyc().send().await.unwrap().id;
        for id in [long, short] {
            complete(&client, user, id).await;
        }
        let long = review(&client, user, long, ReviewStatus::Accredited).await;
        assert_eq!(long.status, Some(Status::Accredited));
        let simulation = client.simulate().unwrap();
        let short = simulation.review_by_id(short, ReviewStatus::NotAccredited);
        assert_eq!(
            short.send().await.unwrap().status,
            Some(Status::NotAccredited)
        );
    }
}

/// The document's sample of a review has the ids the wrong way round; its legal name is a text.
#[tokio::test]
async fn a_review_may_carry_the_other_id() {
    let body = r#"{"id": 135, "status": "accredited", "legal_name": "LEGAL NAME 1", "dashboard_status": "accredited",
        "investor": {"id": 90, "verification_status": "accredited"}}"#;
    let service = Service::json(201, body);
    let staging = accredit_verifyinvestor::Environment::Staging;
    let client = service.builder(staging).api_token("t").build().unwrap();
    let review = client
        .simulate()
        .unwrap()
        .review(135_u64, 90_u64, ReviewStatus::Accredited);
    let review = review.send().await.unwrap();
    assert_eq!(review.legal_name.unwrap().expose(), "LEGAL NAME 1");
    assert_eq!(review.investor.unwrap().id.get(), 90);
}

#[tokio::test]
async fn an_invalid_token_is_refused_with_401_or_403() {
    for status in ["401", "403"] {
        let sandbox = switched("invalid_token_status", status).await;
        let environment = accredit_verifyinvestor::Environment::Sandbox(sandbox.base_url());
        let client = accredit_verifyinvestor::Client::builder(environment).api_token("wrong");
        let client = client.build().unwrap();
        let requests = client.user_verification_requests(1_u64);
        let errors = [
            client.account().root().send().await.unwrap_err(),
            requests.create().send().await.unwrap_err(),
            requests.certificate(1_u64).download().await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Unauthorized, "{status} {error}");
            assert_eq!(error.status().unwrap().as_str(), status);
        }
    }
}

#[tokio::test]
async fn a_pending_duplicate_is_refused_with_422_or_403() {
    for status in ["422", "403"] {
        let sandbox = switched("duplicate_pending_status", status).await;
        let client = account(&sandbox);
        let requests = client.user_verification_requests(violet(&sandbox));
        let first = requests.create().send().await.unwrap();
        let error = requests.create().send().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status().unwrap().as_str()),
            (ErrorKind::Status, status)
        );
        assert_eq!(pending_verification_request(&error).unwrap().id, first.id);
    }
}

#[tokio::test]
async fn the_first_status_is_read_and_not_assumed() {
    for first in ["waiting_for_investor_acceptance", "accepted_by_investor"] {
        let sandbox = switched("first_status", first).await;
        let client = account(&sandbox);
        let user = violet(&sandbox);
        let requests = client.user_verification_requests(user);
        let created = requests.create().send().await.unwrap();
        let request = requests.retrieve(created.id).send().await.unwrap();
        assert_eq!(request.status.unwrap().as_str(), first);
        // A simulated completion is documented for the first, and was seen to work from the second.
        complete(&client, user, created.id).await;
    }
}

#[tokio::test]
async fn a_status_may_be_missing_null_or_unknown() {
    assert_eq!(request(r#"{"id": 90}"#).await.status, None);
    assert_eq!(request(r#"{"id": 90, "status": null}"#).await.status, None);
    let status = request(r#"{"id": 90, "status": "of_tomorrow"}"#)
        .await
        .status
        .unwrap();
    assert_eq!((status.as_str(), status.is_known()), ("of_tomorrow", false));
    assert!(!status.is_decided(), "it is polled on");
    let old = request(r#"{"id": 90, "status": "no_verification_request"}"#).await;
    assert_eq!(old.status, Some(Status::NoVerificationRequest));
}

#[tokio::test]
async fn an_id_may_be_a_text() {
    let found = request(r#"{"id": "90", "investor": {"id": "135"}}"#).await;
    assert_eq!(
        (found.id.get(), found.investor.unwrap().id.get()),
        (90, 135)
    );
    assert_eq!(created_with(201, r#"{"id": "90"}"#).await, 90);
    assert_eq!(user(r#"{"id": "135"}"#).await.id.get(), 135);
    let client = Service::json(200, r#"[{"id": "1"}, {"id": 2}]"#).client();
    let list = client
        .user_verification_requests(1_u64)
        .list()
        .send()
        .await
        .unwrap();
    assert_eq!(
        list.iter().map(|item| item.id.get()).collect::<Vec<_>>(),
        [1, 2]
    );
    let refusal = r#"{"error": "x", "pending_verification_request": {"id": "90"}}"#;
    let client = Service::json(422, refusal).client();
    let create = client.user_verification_requests(1_u64).create();
    let error = create.send().await.unwrap_err();
    assert_eq!(pending_verification_request(&error).unwrap().id.get(), 90);
}

#[tokio::test]
async fn an_expiry_may_be_a_date_or_a_date_time() {
    for body in [
        r#"{"id": 90, "verified_expires_at": "2017-09-13"}"#,
        r#"{"id": 90, "verified_expires_at": "2017-09-13T00:00:00.000Z"}"#,
        r#"{"id": 90, "verified_expires_at": "2017-09-13T23:59:59-07:00"}"#,
    ] {
        let day = request(body).await.verified_expires_at.unwrap();
        assert_eq!(day.to_string(), "2017-09-13", "{body}");
    }
    let profile = r#"{"id": 1, "verified_on": "2018-06-20T01:02:03Z",
        "legal_profile": {"verified_accredited_expires_at": "2018-09-18T00:00:00-07:00"}}"#;
    let user = user(profile).await;
    assert_eq!(user.verified_on.unwrap().to_string(), "2018-06-20");
    let expires = user.legal_profile.unwrap().verified_accredited_expires_at;
    assert_eq!(expires.unwrap().to_string(), "2018-09-18");
    assert_eq!(
        request(r#"{"id": 90, "verified_expires_at": null}"#)
            .await
            .verified_expires_at,
        None
    );
}

#[tokio::test]
async fn a_time_may_be_in_utc_or_in_pacific_time_and_a_bare_date() {
    for (body, instant) in [
        (
            r#"{"id": 1, "created_at": "2018-04-30T11:09:10.451-07:00"}"#,
            "2018-04-30T18:09:10.451Z",
        ),
        (
            r#"{"id": 1, "created_at": "2018-04-30T18:09:10.451Z"}"#,
            "2018-04-30T18:09:10.451Z",
        ),
        (
            r#"{"id": 1, "created_at": "2018-04-30"}"#,
            "2018-04-30T00:00:00Z",
        ),
    ] {
        let at = request(body).await.created_at.unwrap();
        assert_eq!(at, instant.parse().unwrap(), "{body}");
    }
    let sandbox = frozen("2026-07-01T00:00:00Z").await;
    let root = account(&sandbox).account().root().send().await.unwrap();
    let now = root.current_time.unwrap();
    assert_eq!(now, "2026-07-01T00:00:00Z".parse().unwrap());
    assert_eq!(now.to_string(), "2026-06-30T17:00:00.000-07:00");
}

#[tokio::test]
async fn a_request_in_full_may_have_more_or_less_than_documented() {
    let body = r#"{"id": 90, "redirect_url": "https://portal.example/back", "webhook_url": null, "api_type": "embedded",
        "investor_url": "http://verifyinvestor.com/investor/verification-requests/90/accept", "identifier": "42",
        "message": "words", "internal_status": "open", "investor": {"id": 1, "first_name": "Jo", "last_name": "Doe"}}"#;
    let found = request(body).await;
    assert_eq!(found.waiting_for_info, None);
    assert_eq!(found.api_type, Some(ApiType::Embedded));
    // The scheme is http on staging: a link for a browser, which nothing here follows.
    assert!(found.investor_url.unwrap().expose().starts_with("http://"));
    assert_eq!(found.identifier.unwrap().expose(), "42");
    assert_eq!(found.investor.unwrap().last_name.unwrap().expose(), "Doe");
    assert_eq!(found.internal_status.as_deref(), Some("open"));
    assert!(found.message.is_some() && found.webhook_url.is_none());
}

#[tokio::test]
async fn a_list_says_api_issued_or_api_type_and_identifier() {
    let body =
        r#"[{"id": 1, "api_issued": false}, {"id": 2, "api_type": "lite", "identifier": "42"}]"#;
    let client = Service::json(200, body).client();
    let long = client
        .user_verification_requests(1_u64)
        .list()
        .send()
        .await
        .unwrap();
    assert_eq!(
        long,
        client.verification_requests().list().send().await.unwrap()
    );
    assert_eq!(
        (long[0].api_issued, &long[0].api_type),
        (Some(false), &None)
    );
    assert_eq!(
        (long[1].api_issued, &long[1].api_type),
        (None, &Some(ApiType::Lite))
    );
    assert_eq!(long[1].identifier.as_ref().unwrap().expose(), "42");
}

#[tokio::test]
async fn a_user_has_both_names_of_the_legal_name_or_either_or_none() {
    for (body, documented, observed) in [
        (r#"{"id": 1, "legal_profile": {}}"#, None, None),
        (
            r#"{"id": 1, "legal_profile": {"verify_investor_legal_name": "A"}}"#,
            Some("A"),
            None,
        ),
        (
            r#"{"id": 1, "legal_profile": {"legal_name": "A"}}"#,
            None,
            Some("A"),
        ),
        (
            r#"{"id": 1, "identifier": "42", "legal_profile": {"legal_name": "A", "verify_investor_legal_name": "A"}}"#,
            Some("A"),
            Some("A"),
        ),
    ] {
        let profile = user(body).await.legal_profile.unwrap();
        let text = |name: Option<accredit_verifyinvestor::models::Personal<String>>| {
            name.map(accredit_verifyinvestor::models::Personal::into_exposed)
        };
        assert_eq!(
            text(profile.verify_investor_legal_name).as_deref(),
            documented
        );
        assert_eq!(text(profile.legal_name).as_deref(), observed);
    }
    assert_eq!(user(r#"{"id": 1}"#).await.identifier, None);
}

#[tokio::test]
async fn a_fired_webhook_is_shown_in_either_shape() {
    for (body, has_event, has_text) in [
        (
            r#"{"verification_request_id": 90, "status": "accredited", "identifier": "42"}"#,
            true,
            false,
        ),
        (r#"{"meta": "words", "webhook_body": "{}"}"#, false, true),
        (r#"{"meta": "words", "webhook_body": null}"#, false, false),
        ("{}", false, false),
    ] {
        let client = Service::json(200, body).client();
        let long = client
            .user_verification_requests(1_u64)
            .fire_webhook(90_u64);
        let long = long.send().await.unwrap();
        let short = client.verification_requests().fire_webhook(90_u64);
        assert_eq!(short.send().await.unwrap(), long);
        assert_eq!(long.verification_request_id.is_some(), has_event);
        assert_eq!(long.webhook_body.is_some(), has_text);
    }
}

#[tokio::test]
async fn a_certificate_may_have_any_content_type() {
    for content_type in [
        "application/pdf",
        "application/octet-stream",
        "text/html; charset=utf-8",
        "",
    ] {
        let client = Service::answering(200, content_type, "%PDF-1.4 x").client();
        let long = client.user_verification_requests(1_u64).certificate(90_u64);
        assert_eq!(long.send().await.unwrap(), "%PDF-1.4 x");
        let short = client
            .verification_requests()
            .certificate(90_u64)
            .download();
        assert_eq!(
            short.await.unwrap().collect(100).await.unwrap(),
            "%PDF-1.4 x"
        );
        let by_name = client.users().verification_certificate(1_u64, "A").send();
        assert_eq!(by_name.await.unwrap(), "%PDF-1.4 x");
    }
}

#[tokio::test]
async fn billing_may_be_missing_where_it_is_not_enabled() {
    let script = Script::new().then(Answer::json(
        404,
        r#"{"status": 404, "error": "Not Found"}"#,
    ));
    let client = Service::following(script).client();
    let error = client.account().billing().send().await.unwrap_err();
    assert!(error.is_not_found());
}

#[tokio::test]
async fn a_body_is_sent_as_json_without_what_is_absent() {
    let service = Service::json(201, r#"{"id": 90}"#);
    let create = service.client().user_verification_requests(1_u64).create();
    create.deal_name("A").send().await.unwrap();
    let seen = service.seen();
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    assert_eq!(seen[0].text(), r#"{"deal_name":"A"}"#);
}
