//! Secrets and personal data stay out of `Debug`, `Display` and everything that is traced.

use std::fmt::Debug;

use accredit_sandbox::Sandbox;
use accredit_thirdparty::models::Personal;
use accredit_thirdparty::operations::auth;
use accredit_thirdparty::{
    Client, Country, Credentials, DocumentSide, Environment, InvestorType, KybDocumentType,
    Problem, SubscriptionAgreementName,
};

use crate::support::{EMAIL, PASSWORD, Service, TOKEN, partner_builder, person, record};

/// A social security number that the sandbox takes for one.
const TAX_ID: &str = "987-65-4329";
const LAST_NAME: &str = "Canarysson";

fn assert_silent(text: &str, canaries: &[&str]) {
    let lower = text.to_lowercase();
    for canary in canaries {
        let at = lower.find(&canary.to_lowercase());
        let around = at.map(|at| &text[at.saturating_sub(200)..text.len().min(at + 80)]);
        assert!(around.is_none(), "{canary}: {around:?}");
    }
}

/// Collects `Debug` of values, plain and pretty.
#[derive(Default)]
struct Shown(String);

impl Shown {
    fn add(&mut self, value: &impl Debug) {
        self.0.push_str(&format!("{value:?} {value:#?}\n"));
    }
}

#[tokio::test]
async fn debug_has_no_canary() {
    let mut shown = Shown::default();
    let canary = "canary@example.com";
    let credentials = Credentials::password(EMAIL, PASSWORD);
    shown.add(&credentials);
    let builder = Client::builder(Environment::Production).credentials(credentials);
    shown.add(&builder);
    shown.add(&Client::builder(Environment::Production).token(TOKEN));
    let client = builder.build().unwrap();
    shown.add(&client);
    shown.add(&auth::Login::new(EMAIL, PASSWORD));
    shown.add(&client.auth());
    let list = client
        .investments()
        .list()
        .search(canary)
        .investor_entity_email(canary)
        .investor_user_email_in([Personal::from(canary)])
        .investor_user_last_name(LAST_NAME);
    shown.add(&list);
    shown.add(&list.into_operation());
    shown.add(&client.investors().list().user_email(canary).search(canary));
    let entity = person(LAST_NAME)
        .email(canary)
        .tax_id_number(TAX_ID)
        .phone("canary");
    shown.add(&client.investors().create(entity, InvestorType::Person));
    shown.add(
        &client
            .investors()
            .check_tax_id(TAX_ID, Country::US, InvestorType::Person),
    );
    let name = SubscriptionAgreementName::SubscriptionAgreement;
    let sign = client.investor_signatures().create(1_u64, name);
    shown.add(
        &sign
            .investor_signature_text(LAST_NAME)
            .facebook_fbc("canary"),
    );
    let pdf = b"%PDF canary".to_vec();
    let documents = client.kyb_documents();
    shown.add(&documents.create(1_u64, KybDocumentType::Other, DocumentSide::Front, pdf));
    assert_silent(&shown.0, &["canary", TAX_ID, LAST_NAME]);
    assert!(shown.0.contains("[redacted]"));
}

#[tokio::test]
async fn an_error_quotes_neither_the_request_nor_the_reply() {
    let body = r#"{"email": ["canary@example.com is taken."], "detail": "canary", "canary": 1}"#;
    let service = Service::json(400, body);
    let client = service.client();
    let entity = person(LAST_NAME)
        .email("canary@example.com")
        .tax_id_number(TAX_ID);
    let create = client.investors().create(entity, InvestorType::Person);
    let error = create.send().await.unwrap_err();
    let problem = Problem::of(&error).unwrap();
    assert_eq!(problem.field("email"), ["canary@example.com is taken."]);
    let mut shown = Shown::default();
    shown.add(&error);
    shown.0.push_str(&error.to_string());
    shown.add(&problem);
    // A name of a field is the server's; a value is a person's.
    assert_silent(
        &shown.0.replace("\"canary\"", ""),
        &["canary", TAX_ID, LAST_NAME, TOKEN],
    );
}

#[tokio::test]
async fn nothing_private_is_traced() {
    let (log, listening) = record();
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner_builder(&sandbox).build().unwrap();
    let mut shown = Shown::default();

    let login = client.auth().login().await.unwrap();
    let token = login.token.expose().to_owned();
    shown.add(&login);
    let entity = person(LAST_NAME).tax_id_number(TAX_ID);
    let created = client
        .investors()
        .create(entity, InvestorType::Person)
        .send()
        .await
        .unwrap();
    shown.add(&created);
    let list = client
        .investors()
        .list()
        .user_last_name(LAST_NAME)
        .search(LAST_NAME);
    shown.add(&list.send().await.unwrap());
    let check = client
        .investors()
        .check_tax_id(TAX_ID, Country::US, InvestorType::Person);
    let _ = check.send().await;
    let wrong = person(LAST_NAME)
        .tax_id_number(TAX_ID)
        .email("canary no address");
    let create = client.investors().create(wrong, InvestorType::Person);
    shown.add(&create.send().await.unwrap_err());
    shown.add(
        &client
            .investors()
            .ach_credit_transfer(created.id)
            .send()
            .await
            .unwrap(),
    );
    client.auth().logout().await.unwrap();
    drop(listening);

    let secrets = sandbox.thirdparty_credentials();
    let canaries = [
        &token,
        secrets.password,
        secrets.email,
        TAX_ID,
        LAST_NAME,
        "canary",
        "search=",
    ];
    assert_silent(&shown.0, &canaries);
    let text = log.text();
    assert!(
        text.contains("investors.create") && text.contains("latency_ms"),
        "nothing was traced"
    );
    assert_silent(&text, &canaries);
}
