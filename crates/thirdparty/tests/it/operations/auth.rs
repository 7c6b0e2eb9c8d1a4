//! Login and logout.

use std::time::Duration;

use accredit_thirdparty::{Client, Environment};

use super::Partner;

#[tokio::test]
async fn login() {
    let partner = Partner::new().await;
    let before = partner.sandbox.now();
    let login = partner.client.auth().login().await.unwrap();
    assert_eq!(login.token.expose().len(), 64);
    // Ten hours from some time during the call.
    let ten_hours = Duration::from_secs(10 * 3600);
    let expiry = login.expiry.instant();
    assert!(expiry >= before + ten_hours && expiry <= partner.sandbox.now() + ten_hours);
    partner.answered("auth.login").await;
}

#[tokio::test]
async fn logout() {
    let partner = Partner::new().await;
    let token = partner.client.auth().login().await.unwrap().token;
    let environment = Environment::Sandbox(partner.sandbox.base_url());
    let other = Client::builder(environment).token(token).build().unwrap();
    other.investors().list().send().await.unwrap();
    partner.client.auth().logout().await.unwrap();
    // The server has forgotten the token, not only we.
    let error = other.investors().list().send().await.unwrap_err();
    assert!(error.is_unauthorized());
    partner.answered("auth.logout").await;
}

#[tokio::test]
async fn logoutall() {
    let partner = Partner::new().await;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        tokens.push(partner.client.auth().login().await.unwrap().token);
    }
    assert_ne!(tokens[0].expose(), tokens[1].expose());
    partner.client.auth().logout_all().await.unwrap();
    for token in tokens {
        let environment = Environment::Sandbox(partner.sandbox.base_url());
        let other = Client::builder(environment).token(token).build().unwrap();
        let error = other.investors().list().send().await.unwrap_err();
        assert!(error.is_unauthorized());
    }
    partner.answered("auth.logoutall").await;
}
