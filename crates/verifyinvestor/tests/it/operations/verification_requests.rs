//! Verification requests, by user and by their own ids.

use accredit_verifyinvestor::{
    ApiType, ApiTypeFilter, CreatedVerificationRequest, ReviewStatus, UserId,
    VerificationRequestStatus, VerificationRequestType,
};

use super::Issuer;

/// What all kinds of requests have in common when they are made.
fn assert_made(created: &CreatedVerificationRequest, user: UserId) {
    assert_eq!(created.deal_name.as_deref(), Some("Series A"));
    assert_eq!(created.investor.as_ref().unwrap().id, user);
    assert!(created.investor_url.is_some() && created.created_at.is_some());
}

#[tokio::test]
async fn list() {
    let issuer = Issuer::new().await;
    let id = issuer.accredited().await;
    let requests = issuer.client.users().verification_requests(issuer.user);
    let listed = requests.list().send().await.unwrap();
    assert_eq!((listed.len(), listed[0].id), (1, id));
    assert_eq!(listed[0].waiting_for_info, Some(false));
    assert!(listed[0].verified_expires_at.is_some());
    issuer.answered("verification_requests.list").await;
}

#[tokio::test]
async fn create() {
    let issuer = Issuer::new().await;
    let requests = issuer.client.users().verification_requests(issuer.user);
    let create = requests.create().legal_name("Violet Howard");
    let created = create.deal_name("Series A").send().await.unwrap();
    assert_made(&created, issuer.user);
    assert_eq!(created.kind, None);
    issuer.answered("verification_requests.create").await;
}

#[tokio::test]
async fn create_aml_kyc() {
    let issuer = Issuer::new().await;
    let requests = issuer.client.users().verification_requests(issuer.user);
    let create = requests.create_aml_kyc().deal_name("Series A");
    let created = create.send().await.unwrap();
    assert_made(&created, issuer.user);
    assert_eq!(created.kind, Some(VerificationRequestType::AmlKyc));
    issuer
        .answered("verification_requests.create_aml_kyc")
        .await;
}

#[tokio::test]
async fn create_qualified_purchaser() {
    let issuer = Issuer::new().await;
    let requests = issuer.client.users().verification_requests(issuer.user);
    let create = requests.create_qualified_purchaser().deal_name("Series A");
    let created = create.send().await.unwrap();
    assert_made(&created, issuer.user);
    let kind = VerificationRequestType::QualifiedPurchaser;
    assert_eq!(created.kind, Some(kind));
    issuer
        .answered("verification_requests.create_qualified_purchaser")
        .await;
}

#[tokio::test]
async fn create_qualified_client() {
    let issuer = Issuer::new().await;
    let requests = issuer.client.users().verification_requests(issuer.user);
    let create = requests.create_qualified_client().deal_name("Series A");
    let created = create.send().await.unwrap();
    assert_made(&created, issuer.user);
    let kind = VerificationRequestType::QualifiedClient;
    assert_eq!(created.kind, Some(kind));
    issuer
        .answered("verification_requests.create_qualified_client")
        .await;
}

#[tokio::test]
async fn retrieve() {
    let issuer = Issuer::new().await;
    let id = issuer.requested().await;
    let requests = issuer.client.users().verification_requests(issuer.user);
    let request = requests.retrieve(id).send().await.unwrap();
    assert_eq!((request.id, request.completed_at), (id, None));
    let status = VerificationRequestStatus::AcceptedByInvestor;
    assert_eq!(request.status, Some(status));
    assert_eq!(request.legal_name.unwrap().expose(), "VIOLET HOWARD");
    issuer.answered("verification_requests.retrieve").await;
}

#[tokio::test]
async fn simulate_investor_completion() {
    let issuer = Issuer::new().await;
    let id = issuer.requested().await;
    let simulation = issuer.client.simulate().unwrap();
    let completion = simulation.investor_completion(issuer.user, id);
    let completed = completion.send().await.unwrap();
    assert_eq!(completed.id, id);
    assert_eq!(completed.investor.unwrap().id, issuer.user);
    let requests = issuer.client.verification_requests();
    let request = requests.retrieve(id).send().await.unwrap();
    let status = VerificationRequestStatus::WaitingForReview;
    assert_eq!(request.status, Some(status));
    issuer
        .answered("verification_requests.simulate_investor_completion")
        .await;
}

#[tokio::test]
async fn review() {
    let issuer = Issuer::new().await;
    let id = issuer.completed().await;
    let simulation = issuer.client.simulate().unwrap();
    let review = simulation.review(issuer.user, id, ReviewStatus::NotAccredited);
    let review = review.send().await.unwrap();
    assert_eq!(review.id, id);
    let status = VerificationRequestStatus::NotAccredited;
    assert_eq!(review.status, Some(status));
    assert_eq!(review.legal_name.unwrap().expose(), "VIOLET HOWARD");
    issuer.answered("verification_requests.review").await;
}

#[tokio::test]
async fn webhook() {
    let issuer = Issuer::new().await;
    let id = issuer.completed().await;
    let requests = issuer.client.users().verification_requests(issuer.user);
    let replay = requests.fire_webhook(id).send().await.unwrap();
    assert_eq!(replay.verification_request_id, Some(id));
    assert_eq!(replay.investor_id, Some(issuer.user));
    let status = VerificationRequestStatus::WaitingForReview;
    assert_eq!(replay.status, Some(status));
    issuer.answered("verification_requests.webhook").await;
}

#[tokio::test]
async fn certificate() {
    let issuer = Issuer::new().await;
    let id = issuer.accredited().await;
    let requests = issuer.client.users().verification_requests(issuer.user);
    let pdf = requests.certificate(id).send().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 500);
    issuer.answered("verification_requests.certificate").await;
}

#[tokio::test]
async fn list_short() {
    let issuer = Issuer::new().await;
    let id = issuer.requested().await;
    let requests = issuer.client.verification_requests();
    let listed = requests.list().kind(ApiTypeFilter::All).send().await;
    let listed = listed.unwrap();
    assert_eq!((listed.len(), listed[0].id), (1, id));
    assert_eq!(listed[0].api_type, Some(ApiType::Regular));
    let lite = requests.list().kind(ApiTypeFilter::Lite).send().await;
    assert_eq!(lite.unwrap(), []);
    issuer.answered("verification_requests.list_short").await;
}

#[tokio::test]
async fn retrieve_short() {
    let issuer = Issuer::new().await;
    let id = issuer.requested().await;
    let requests = issuer.client.verification_requests();
    let request = requests.retrieve(id).send().await.unwrap();
    assert_eq!(request.id, id);
    assert_eq!(request.investor.unwrap().id, issuer.user);
    assert_eq!(request.api_type, Some(ApiType::Regular));
    issuer
        .answered("verification_requests.retrieve_short")
        .await;
}

#[tokio::test]
async fn review_short() {
    let issuer = Issuer::new().await;
    let id = issuer.completed().await;
    let simulation = issuer.client.simulate().unwrap();
    let review = simulation.review_by_id(id, ReviewStatus::NeedMoreInformation);
    let review = review.send().await.unwrap();
    let status = VerificationRequestStatus::WaitingForInformationFromInvestor;
    assert_eq!((review.id, review.status), (id, Some(status)));
    issuer.answered("verification_requests.review_short").await;
}

#[tokio::test]
async fn webhook_short() {
    let issuer = Issuer::new().await;
    let id = issuer.requested().await;
    let requests = issuer.client.verification_requests();
    let replay = requests.fire_webhook(id).send().await.unwrap();
    assert_eq!(replay.verification_request_id, Some(id));
    issuer.answered("verification_requests.webhook_short").await;
}

#[tokio::test]
async fn certificate_short() {
    let issuer = Issuer::new().await;
    let id = issuer.accredited().await;
    let requests = issuer.client.verification_requests();
    let pdf = requests.certificate(id).send().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 500);
    issuer
        .answered("verification_requests.certificate_short")
        .await;
}
