//! The published types read what the sandbox sends: the two were written apart, from one contract.

use accredit_models::thirdparty::{
    CountryCodes, CreatedInvestment, Investment, InvestmentStatus, InvestmentSummary,
    InvestmentValues, Investor, InvestorSignature, Invoice, PaymentIntentSecret, StatusList,
    VerificationEntityData,
};
use accredit_models::verifyinvestor::{
    ApiInfo, Billing, CreatedVerificationRequest, Review, SimulatedCompletion, User, UserSummary,
    VerificationRequest, VerificationRequestListItem, WebhookReplay,
};
use accredit_models::{Envelope, Page, Reply};
use serde_json::json;

use crate::support::{Answer, Client, strict};

#[track_caller]
fn decoded<T: Reply>(answer: &Answer) -> T {
    T::decode(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
}

#[tokio::test]
async fn the_types_read_the_third_party_api() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let investor = client.investor("Lovelace").await["id"].as_u64().unwrap();
    let id = client.investment("reg_d_506c", investor, 10, "wire").await["id"]
        .as_u64()
        .unwrap();
    let get = async |path: &str| client.get(&format!("/api_third_party/{path}")).await;
    let post = async |path: &str, body| {
        client
            .post(&format!("/api_third_party/{path}"), &body)
            .await
    };

    let offering = sandbox.offerings().unwrap()[0].id;
    let body = json!({ "offering": offering, "investor": investor, "quantity": 10, "utm_parameters": { "a": [1] } });
    let created: CreatedInvestment = decoded(&post("investments/", body).await);
    assert_eq!(created.amount.unwrap().to_string(), "2525.00");
    let investment: Investment = decoded(&get(&format!("investments/{id}/")).await);
    assert_eq!(investment.status, Some(InvestmentStatus::Started));
    let page: Page<InvestmentSummary> = decoded(&get("investments/?page_size=1").await);
    assert!(page.next.is_some());
    let _: Page<Investor> = decoded(&get("investors/").await);
    let _: Page<Invoice> = decoded(&get("invoices/").await);
    let body = json!({ "investment": id, "document_name": "subscription_agreement" });
    let _: InvestorSignature =
        decoded(&post("subscription_agreement_investor_signatures/", body).await);
    let secret = post(
        &format!("investments/{id}/get_payment_intent_secret/"),
        json!({}),
    )
    .await;
    let _: Envelope<PaymentIntentSecret> = decoded(&secret);
    let _: Envelope<StatusList> = decoded(&get("investments/statuses/").await);
    let _: Envelope<CountryCodes> = decoded(&get("investors/kyc_country_codes/").await);
    let _: Envelope<InvestmentValues> = decoded(
        &get("investments/values/?field=id,amount,created_at,offering__archived,investor__type")
            .await,
    );
    let second = post(&format!("investors/{investor}/run_second_kyc/"), json!({})).await;
    let _: Envelope<VerificationEntityData> = decoded(&second);
}

#[tokio::test]
async fn the_types_read_verifyinvestor() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let _: ApiInfo = decoded(&client.get("/api/v1").await);
    let _: Billing = decoded(&client.get("/api/v1/billing").await);
    let _: Vec<UserSummary> = decoded(&client.get("/api/v1/users").await);
    let _: User = decoded(
        &client
            .get(&format!("/api/v1/users/{user}?legal_name=Violet+Howard"))
            .await,
    );
    let path = format!("/api/v1/users/{user}/verification_requests");
    let request: CreatedVerificationRequest = decoded(&client.post(&path, &json!({})).await);
    let _: Vec<VerificationRequestListItem> = decoded(&client.get(&path).await);
    let one = format!("{path}/{}", request.id);
    let completed = client
        .post(&format!("{one}/simulate_investor_completion"), &json!({}))
        .await;
    let _: SimulatedCompletion = decoded(&completed);
    let review = client
        .post(&format!("{one}/review"), &json!({ "status": "accredited" }))
        .await;
    let _: Review = decoded(&review);
    let _: VerificationRequest = decoded(&client.get(&one).await);
    let _: WebhookReplay = decoded(&client.get(&format!("{one}/webhook")).await);
}
