//! The life of verification requests, against the sandbox, with real webhooks.

use accredit_sandbox::Sandbox;
use accredit_verifyinvestor::operations::verification_requests::{
    Review, ReviewShort, SimulateInvestorCompletion,
};
use accredit_verifyinvestor::{
    ApiTypeFilter, Environment, ErrorKind, ReviewStatus, VerificationRequestStatus,
    VerificationRequestType, VerificationStatus, WebhookAction, error_message,
    pending_verification_request,
};

use crate::support::{Receiver, Service, account, agree, public, submit, violet};

#[tokio::test]
async fn a_request_is_made_completed_reviewed_and_certified() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let mut webhooks = Receiver::start(&sandbox).await;
    let client = account(&sandbox);
    let link = client
        .authorization_link(&public(&sandbox), "ada-1")
        .legal_name("Ada Lovelace")
        .email("ada@example.com");
    let user = agree(&sandbox, link).await;

    let requests = client.users().verification_requests(user);
    let created = requests
        .create()
        .legal_name("Ada Lovelace")
        .deal_name("Series A")
        .redirect_url("http://127.0.0.1/back")
        .send()
        .await
        .unwrap();
    let request = requests.retrieve(created.id).send().await.unwrap();
    assert_eq!(
        request.status,
        Some(VerificationRequestStatus::AcceptedByInvestor)
    );
    assert_eq!(
        client
            .verification_requests()
            .retrieve(created.id)
            .send()
            .await
            .unwrap(),
        request
    );
    let error = requests.certificate(created.id).send().await.unwrap_err();
    assert!(error.is_not_found());

    // The investor does it in a browser.
    let page = created.investor_url.unwrap();
    let reply = submit(&sandbox, page.expose(), "decision=complete").await;
    assert!(reply.starts_with("HTTP/1.1 302"), "{reply}");
    let event = webhooks.next().await;
    assert_eq!(event.action, Some(WebhookAction::VerificationResult));
    assert_eq!(
        event.status,
        Some(VerificationRequestStatus::WaitingForReview)
    );
    assert_eq!(event.verification_request_id, created.id);
    assert_eq!(
        (
            event.investor_id,
            event.identifier.as_ref().map(|key| key.expose().as_str())
        ),
        (Some(user), Some("ada-1"))
    );

    let simulation = client.simulate().unwrap();
    let more = simulation.review_by_id(created.id, ReviewStatus::NeedMoreInformation);
    let review = more.send().await.unwrap();
    let waiting = VerificationRequestStatus::WaitingForInformationFromInvestor;
    assert_eq!(review.status, Some(waiting.clone()));
    assert_eq!(webhooks.next().await.status, Some(waiting));
    submit(&sandbox, page.expose(), "decision=complete").await;
    webhooks.next().await;
    let review = simulation.review(user, created.id, ReviewStatus::Accredited);
    let review = review.send().await.unwrap();
    assert_eq!(review.status, Some(VerificationRequestStatus::Accredited));
    let investor = review.investor.unwrap();
    assert_eq!(
        investor.verification_status,
        Some(VerificationStatus::Verified)
    );
    assert_eq!(
        webhooks.next().await.status,
        Some(VerificationRequestStatus::Accredited)
    );

    let pdf = requests.certificate(created.id).send().await.unwrap();
    let short = client
        .verification_requests()
        .certificate(created.id)
        .send()
        .await
        .unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf == short);
    let request = requests.retrieve(created.id).send().await.unwrap();
    assert!(request.completed_at.is_some() && request.verified_expires_at.is_some());
    sandbox.webhooks_settled().await.unwrap();
    assert!(webhooks.is_empty());
}

#[tokio::test]
async fn get_with_side_effect_is_not_retried() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let mut webhooks = Receiver::start(&sandbox).await;
    let client = account(&sandbox);
    let requests = client.users().verification_requests(violet(&sandbox));
    let created = requests.create().send().await.unwrap();
    let replay = requests.fire_webhook(created.id).send().await.unwrap();
    assert_eq!(replay.verification_request_id, Some(created.id));
    client
        .verification_requests()
        .fire_webhook(created.id)
        .send()
        .await
        .unwrap();
    for _ in 0..2 {
        let event = webhooks.next().await;
        assert_eq!(event.verification_request_id, created.id);
        assert_eq!(event.status, replay.status);
    }
    sandbox.webhooks_settled().await.unwrap();
    assert!(webhooks.is_empty(), "one webhook for each call");

    // It may have fired before the reply was lost, GET or not.
    let service = Service::answering(502, "text/html", "<h1>Bad Gateway</h1>");
    let fire = service
        .client()
        .verification_requests()
        .fire_webhook(90_u64);
    let error = fire.send().await.unwrap_err();
    assert!(error.is_transient() && !error.is_retryable() && error.may_have_been_sent());
    assert_eq!(service.seen().len(), 1);
    let list = service.client().verification_requests().list();
    assert!(
        list.send().await.unwrap_err().is_retryable(),
        "a GET without an effect"
    );
}

#[tokio::test]
async fn a_duplicate_gives_the_request_that_stands_in_its_way() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = account(&sandbox);
    let user = violet(&sandbox);
    let requests = client.user_verification_requests(user);
    let first = requests.create().deal_name("Deal").send().await.unwrap();
    let error = requests
        .create()
        .legal_name("howard, violet")
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "verification_requests.create: 422 Unprocessable Entity"
    );
    assert!(!error.is_retryable());
    let pending = pending_verification_request(&error).unwrap();
    assert_eq!(
        (pending.id, pending.deal_name.as_deref()),
        (first.id, Some("Deal"))
    );
    assert_eq!(pending.investor_url, first.investor_url);
    assert_eq!(pending.investor.unwrap().id, user);
    let words = "A pending verification request already exists.";
    assert_eq!(error_message(&error).as_deref(), Some(words));

    // Any other refusal has none.
    let error = requests
        .create()
        .portal_name("Stranger")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 403);
    assert_eq!(error.kind(), ErrorKind::Status);
    assert_eq!(pending_verification_request(&error), None);
    assert_eq!(
        error_message(&error).as_deref(),
        Some("The portal name is not authorized.")
    );
}

#[tokio::test]
async fn all_kinds_of_request_are_made_and_listed() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = account(&sandbox);
    let requests = client.users().verification_requests(violet(&sandbox));
    let plain = requests.create().send().await.unwrap();
    assert_eq!(plain.kind, None);
    for (created, kind) in [
        (
            requests.create_aml_kyc().send().await,
            VerificationRequestType::AmlKyc,
        ),
        (
            requests.create_qualified_purchaser().send().await,
            VerificationRequestType::QualifiedPurchaser,
        ),
        (
            requests.create_qualified_client().send().await,
            VerificationRequestType::QualifiedClient,
        ),
    ] {
        assert_eq!(created.unwrap().kind, Some(kind));
    }
    assert_eq!(requests.list().send().await.unwrap().len(), 4);
    let short = client.verification_requests();
    for (kind, count) in [
        (ApiTypeFilter::All, 4),
        (ApiTypeFilter::Regular, 4),
        (ApiTypeFilter::Embedded, 0),
        (ApiTypeFilter::Lite, 0),
    ] {
        assert_eq!(short.list().kind(kind).send().await.unwrap().len(), count);
    }
    assert_eq!(short.list().send().await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_simulation_against_production_is_refused_before_sending() {
    let service = Service::json(200, "{}");
    for environment in [
        Environment::Production,
        Environment::Custom("https://proxy.example".to_owned()),
    ] {
        let client = service.builder(environment).api_token("t").build().unwrap();
        let refused = client.simulate().unwrap_err();
        assert!(refused.to_string().contains("only staging and the sandbox"));
    }
    // Whatever it is called, and without the handle.
    for origin in [
        "https://www.verifyinvestor.com",
        "https://VerifyInvestor.com.:443/",
    ] {
        let client = service.builder(Environment::Sandbox(origin.to_owned()));
        let client = client.api_token("t").build().unwrap();
        assert!(client.simulate().is_err(), "{origin}");
        let review = ReviewShort::new(90_u64, ReviewStatus::Accredited);
        let errors = [
            client.execute(&review).await.unwrap_err(),
            client
                .execute(&Review::new(1_u64, 90_u64, ReviewStatus::Accredited))
                .await
                .unwrap_err(),
            client
                .execute(&SimulateInvestorCompletion::new(1_u64, 90_u64))
                .await
                .unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Build);
            assert!(!error.may_have_been_sent());
            assert!(error.to_string().contains("only staging and the sandbox"));
        }
    }
    assert!(service.seen().is_empty());
    let staging = service
        .builder(Environment::Staging)
        .api_token("t")
        .build()
        .unwrap();
    assert!(staging.simulate().is_ok());
}

#[tokio::test]
async fn a_simulated_completion_out_of_turn_is_refused_by_the_service() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = account(&sandbox);
    let user = violet(&sandbox);
    let created = client
        .users()
        .verification_requests(user)
        .create()
        .send()
        .await
        .unwrap();
    let simulation = client.simulate().unwrap();
    let early = simulation.review(user, created.id, ReviewStatus::Accredited);
    assert_eq!(
        early.send().await.unwrap_err().status().unwrap().as_u16(),
        422
    );
    simulation
        .investor_completion(user, created.id)
        .send()
        .await
        .unwrap();
    let error = simulation
        .investor_completion(user, created.id)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 422);
}
