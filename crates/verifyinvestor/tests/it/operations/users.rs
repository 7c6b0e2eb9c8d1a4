//! Users and the certificates of their names.

use super::Issuer;

#[tokio::test]
async fn list() {
    let issuer = Issuer::new().await;
    let users = issuer.client.users().list().send().await.unwrap();
    assert_eq!((users.len(), users[0].id), (1, issuer.user));
    let email = users[0].email.as_ref().unwrap();
    assert_eq!(email.expose(), "violet.howard@example.com");
    issuer.answered("users.list").await;
}

#[tokio::test]
async fn retrieve() {
    let issuer = Issuer::new().await;
    issuer.accredited().await;
    let users = issuer.client.users();
    let user = users.retrieve(issuer.user).send().await.unwrap();
    assert_eq!((user.id, &user.legal_profile), (issuer.user, &None));
    assert!(!user.authorized_parties.is_empty());
    let named = users.retrieve(issuer.user).legal_name("howard, VIOLET");
    let profile = named.send().await.unwrap().legal_profile.unwrap();
    assert_eq!(profile.legal_name.unwrap().expose(), "VIOLET HOWARD");
    assert!(profile.verified_accredited_expires_at.is_some());
    issuer.answered("users.retrieve").await;
}

#[tokio::test]
async fn retrieve_by_identifier() {
    let issuer = Issuer::new().await;
    let identifier = issuer.sandbox.verifyinvestor_user().unwrap().identifier;
    let users = issuer.client.users();
    let user = users.retrieve_by_identifier(identifier).send().await;
    let user = user.unwrap();
    assert_eq!(user.id, issuer.user);
    assert_eq!(user.identifier.unwrap().expose(), identifier);
    issuer.answered("users.retrieve_by_identifier").await;
}

#[tokio::test]
async fn verification_certificate() {
    let issuer = Issuer::new().await;
    let id = issuer.accredited().await;
    let users = issuer.client.users();
    let by_name = users.verification_certificate(issuer.user, "howard, violet");
    let pdf = by_name.send().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-") && pdf.len() > 500);
    let requests = issuer.client.verification_requests();
    let same = requests.certificate(id).send().await.unwrap();
    assert_eq!(pdf, same);
    issuer.answered("users.verification_certificate").await;
}
