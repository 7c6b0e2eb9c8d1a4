//! Users, certificates by name, invitations and the account, against the sandbox.

use accredit_verifyinvestor::models::Date;
use accredit_verifyinvestor::{
    ErrorKind, InvitationType, NewInvitation, ReviewStatus, VerificationRequestStatus,
    error_message,
};

use crate::support::{Service, account, agree, complete, frozen, public, review, strict, violet};

#[tokio::test]
async fn the_root_answers_with_its_version() {
    let sandbox = strict().await;
    let root = account(&sandbox).account().root().send().await.unwrap();
    assert_eq!(root.version.as_deref(), Some("1.1"));
    assert!(root.current_time.is_some());
}

#[tokio::test]
async fn users_are_listed_and_read_with_a_legal_profile() {
    let sandbox = strict().await;
    let users = account(&sandbox).users();
    let listed = users.list().send().await.unwrap();
    assert_eq!((listed.len(), listed[0].id), (1, violet(&sandbox)));
    let user = users.retrieve(listed[0].id).send().await.unwrap();
    assert_eq!(user.legal_profile, None);
    assert_eq!(user.email, listed[0].email);
    let same = users.retrieve_by_identifier("42").send().await.unwrap();
    assert_eq!(same, user);
    let profiled = users
        .retrieve(user.id)
        .legal_name("howard, VIOLET")
        .send()
        .await
        .unwrap();
    let name = profiled.legal_profile.unwrap().legal_name.unwrap();
    assert_eq!(name.expose(), "VIOLET HOWARD");

    let error = users.retrieve(1_u64).send().await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(
        error_message(&error).as_deref(),
        Some("A user could not be found.")
    );
}

#[tokio::test]
async fn path_segment_is_encoded() {
    let sandbox = strict().await;
    let client = account(&sandbox);
    for (number, identifier) in ["a/b", "a b+c", "?x=1&y#z", "100%25", "ü/../ß", "…", "~-._"]
        .iter()
        .enumerate()
    {
        let link = client
            .authorization_link(&public(&sandbox), *identifier)
            .first_name("Zoë & Co")
            .last_name("O'Brien")
            .legal_name("Zoë O'Brien")
            .email(format!("zoe{number}+test@example.com"));
        let id = agree(&sandbox, link).await;
        let user = client
            .users()
            .retrieve_by_identifier(*identifier)
            .send()
            .await
            .unwrap();
        assert_eq!(
            (
                user.id,
                user.identifier.as_ref().map(|key| key.expose().as_str())
            ),
            (id, Some(*identifier))
        );
        assert_eq!(user.first_name.unwrap().expose(), "Zoë & Co");
    }
}

#[tokio::test]
async fn a_segment_that_names_another_path_is_refused_before_sending() {
    let service = Service::json(200, "{}");
    for identifier in ["", ".", ".."] {
        let by_identifier = service.client().users().retrieve_by_identifier(identifier);
        let error = by_identifier.send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Build, "{identifier}");
        assert_eq!(error.operation(), Some("users.retrieve_by_identifier"));
        assert!(!error.may_have_been_sent());
    }
    assert!(service.seen().is_empty());
}

#[tokio::test]
async fn a_certificate_is_found_by_a_name_in_any_script() {
    let sandbox = strict().await;
    let client = account(&sandbox);
    for (number, name) in [
        "Zoë  O'Brien-Łukasz & Söhne, L.L.C.",
        "株式会社 エンジン",
        "a+b=c?#%",
    ]
    .iter()
    .enumerate()
    {
        let link = client
            .authorization_link(&public(&sandbox), format!("{number}"))
            .legal_name(*name)
            .email(format!("z{number}@example.com"));
        let user = agree(&sandbox, link).await;
        let error = client
            .users()
            .verification_certificate(user, *name)
            .send()
            .await
            .unwrap_err();
        assert_eq!(
            error_message(&error).as_deref(),
            Some("A certificate could not be found.")
        );
        let requests = client.users().verification_requests(user);
        let request = requests.create().legal_name(*name).send().await.unwrap();
        complete(&client, user, request.id).await;
        review(&client, user, request.id, ReviewStatus::Accredited).await;
        let by_name = client
            .users()
            .verification_certificate(user, *name)
            .send()
            .await
            .unwrap();
        let by_id = requests.certificate(request.id).send().await.unwrap();
        assert!(by_name.starts_with(b"%PDF-") && by_name == by_id);
    }
}

#[tokio::test]
async fn billing_counts_the_days_asked_for() {
    let sandbox = frozen("2026-03-31T18:00:00Z").await;
    let client = account(&sandbox);
    let user = violet(&sandbox);
    let create = client.users().verification_requests(user).create();
    let id = create.send().await.unwrap().id;
    complete(&client, user, id).await;
    let reviewed = review(&client, user, id, ReviewStatus::NotAccredited).await;
    assert_eq!(
        reviewed.status,
        Some(VerificationRequestStatus::NotAccredited)
    );
    let day = |text: &str| text.parse::<Date>().unwrap();
    let month = client.account().billing().send().await.unwrap();
    assert_eq!(
        (month.from_date, month.regular),
        (Some(day("2026-03-01")), Some(1))
    );
    let period = client
        .account()
        .billing()
        .from_date(day("2026-01-01"))
        .to_date(day("2026-02-28"));
    let before = period.send().await.unwrap();
    assert_eq!(
        (before.to_date, before.regular),
        (Some(day("2026-02-28")), Some(0))
    );
}

#[tokio::test]
async fn invitations_are_made_listed_and_read() {
    let sandbox = strict().await;
    let invitations = account(&sandbox).invitations();
    let created = invitations
        .create([
            NewInvitation::new("new@example.com", InvitationType::Ai)
                .suggested_legal_name("New Person"),
            NewInvitation::new("violet.howard@example.com", InvitationType::Ai),
        ])
        .send()
        .await
        .unwrap()
        .verification_request_invitations;
    assert_eq!(created.len(), 2);
    assert_eq!(created[0].verification_request_id, None);
    let known = invitations.retrieve(created[1].id).send().await.unwrap();
    assert_eq!(
        known.verification_request_id,
        created[1].verification_request_id
    );
    let request = known.verification_request.unwrap();
    assert_eq!(
        request.status,
        Some(VerificationRequestStatus::AcceptedByInvestor)
    );
    let listed = invitations
        .list()
        .send()
        .await
        .unwrap()
        .verification_request_invitations;
    assert_eq!(listed.len(), 2);
    let error = invitations.create([]).send().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 422);
    let words = "Incorrect or missing params provided.";
    assert_eq!(error_message(&error).as_deref(), Some(words));
}

#[tokio::test]
async fn a_wrong_token_is_unauthorized() {
    let sandbox = strict().await;
    let environment = accredit_verifyinvestor::Environment::Sandbox(sandbox.base_url());
    let client = accredit_verifyinvestor::Client::builder(environment)
        .api_token("canary-wrong")
        .build()
        .unwrap();
    let error = client.users().list().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.to_string(), "users.list: 401 Unauthorized");
    assert_eq!(
        error_message(&error).as_deref(),
        Some("HTTP Token: Access denied.")
    );
    assert!(!format!("{error:?}").contains("canary"));
}
