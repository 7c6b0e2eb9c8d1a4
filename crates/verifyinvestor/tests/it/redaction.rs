//! Secrets and personal data stay out of `Debug`, `Display` and everything that is traced.

use std::fmt::Debug;

use accredit_sandbox::Sandbox;
use accredit_verifyinvestor::{
    ApiToken, AuthorizationReturn, Client, Environment, InvitationType, NewInvitation,
    ReviewStatus, UserAuthorizationToken, Webhooks, pending_verification_request,
};

use crate::support::{Service, TOKEN, account, record, violet};

const EMAIL: &str = "canary@example.com";
const NAME: &str = "Canarysson";

fn assert_silent(text: &str, canaries: &[&str]) {
    let lower = text.to_lowercase();
    for canary in canaries {
        let at = lower.find(&canary.to_lowercase());
        let around = at.map(|at| lower.get(at.saturating_sub(200)..lower.len().min(at + 80)));
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
    let builder = Client::builder(Environment::Production).api_token(TOKEN);
    shown.add(&builder);
    let client = builder.build().unwrap();
    shown.add(&client);
    shown.add(&client.users().retrieve(1_u64).legal_name(NAME));
    shown.add(&client.users().verification_certificate(1_u64, NAME));
    let create = client
        .users()
        .verification_requests(1_u64)
        .create()
        .issuer_email(EMAIL)
        .legal_name(NAME)
        .redirect_url("https://portal.example/?canary")
        .webhook_url("https://portal.example/?canary");
    shown.add(&create);
    let ask = client.accreditation(1_u64, NAME, None);
    shown.add(
        &ask.issuer_email(EMAIL)
            .redirect_url("https://portal.example/?canary"),
    );
    shown.add(&create.into_operation());
    let invite = NewInvitation::new(EMAIL, InvitationType::Ai).suggested_legal_name(NAME);
    shown.add(&client.invitations().create([invite]));
    let link = client
        .authorization_link(&UserAuthorizationToken::new("canary"), "canary")
        .email(EMAIL)
        .legal_name(NAME);
    shown.add(&link);
    shown.add(&UserAuthorizationToken::new("canary"));
    shown.add(&ApiToken::new("canary"));
    let back = "vi_user_id=1&identifier=canary";
    shown.add(&AuthorizationReturn::from_query(back, "canary"));
    shown.add(&AuthorizationReturn::from_query(back, "canary 2"));
    shown.add(&Webhooks::new("canary").unwrap());
    assert_silent(&shown.0, &["canary", NAME]);

    let body = r#"{"error": "canary@example.com", "pending_verification_request":
        {"id": 90, "redirect_url": "canary", "investor": {"id": 1, "first_name": "canary"}}}"#;
    let client = Service::json(422, body).client();
    let create = client
        .users()
        .verification_requests(1_u64)
        .create()
        .legal_name(NAME);
    let error = create.send().await.unwrap_err();
    let mut shown = Shown::default();
    shown.add(&error);
    shown.0.push_str(&error.to_string());
    shown.add(&pending_verification_request(&error).unwrap());
    assert_silent(&shown.0, &["canary", NAME]);
}

#[test]
fn bad_token_is_an_error_not_a_panic() {
    for token in ["", "canary\n", "canary\0", "can ary", "canary é"] {
        let builder = Client::builder(Environment::Staging).api_token(token);
        let error = builder.build().unwrap_err();
        assert_eq!(error.setting(), "token");
        assert_silent(&format!("{error} {error:?}"), &["canary", "can ary"]);
    }
}

#[test]
fn token_never_sent_over_http() {
    for origin in [
        "http://www.example.com",
        "http://127.0.0.1:1",
        "nonsense",
        "",
        "https://www.example.com#fragment",
        "https://canary:canary@www.example.com",
        "canary@www.example.com",
        "https://www.example.com?canary",
    ] {
        let builder = Client::builder(Environment::Custom(origin.to_owned())).api_token("t");
        assert!(!format!("{builder:?}").contains("canary"), "{builder:?}");
        assert_eq!(
            builder.build().unwrap_err().setting(),
            "base_uri",
            "{origin}"
        );
    }
    let remote = Client::builder(Environment::Sandbox("http://www.example.com".to_owned()));
    assert!(remote.api_token("t").build().is_err());
}

#[tokio::test]
async fn nothing_private_is_traced() {
    let (log, listening) = record();
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = account(&sandbox);
    let mut shown = Shown::default();
    let user = violet(&sandbox);
    shown.add(&client.users().list().send().await.unwrap());
    shown.add(
        &client
            .users()
            .retrieve(user)
            .legal_name(NAME)
            .send()
            .await
            .unwrap(),
    );
    let requests = client.users().verification_requests(user);
    let create = requests
        .create()
        .legal_name(NAME)
        .redirect_url("http://127.0.0.1/?canary");
    let created = create.send().await.unwrap();
    shown.add(&created);
    shown.add(&requests.create().legal_name(NAME).send().await.unwrap_err());
    let simulation = client.simulate().unwrap();
    shown.add(
        &simulation
            .investor_completion(user, created.id)
            .send()
            .await
            .unwrap(),
    );
    let review = simulation.review(user, created.id, ReviewStatus::Accredited);
    shown.add(&review.send().await.unwrap());
    shown.add(&requests.retrieve(created.id).send().await.unwrap());
    requests.certificate(created.id).send().await.unwrap();
    let by_name = client.users().verification_certificate(user, NAME);
    by_name.send().await.unwrap();
    let _ = client.users().retrieve_by_identifier("canary").send().await;
    drop(listening);

    let canaries = [
        sandbox.verifyinvestor_api_token(),
        sandbox.webhook_secret(),
        NAME,
        "canary",
        "violet",
        "legal_name=",
    ];
    assert_silent(&shown.0, &canaries);
    let text = log.text();
    assert!(text.contains("verification_requests.create") && text.contains("latency_ms"));
    assert_silent(&text, &canaries);
}
