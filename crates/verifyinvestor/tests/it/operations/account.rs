//! The caller's own account.

use accredit_verifyinvestor::models::Date;

use super::Issuer;

#[tokio::test]
async fn root() {
    let issuer = Issuer::new().await;
    let before = issuer.sandbox.now();
    let root = issuer.client.account().root().send().await.unwrap();
    assert_eq!(root.version.as_deref(), Some("1.1"));
    // Milliseconds.
    let age = root.current_time.unwrap().instant().duration_since(before);
    assert!((-1..60_000).contains(&age.as_millis()), "{age:?}");
    issuer.answered("root").await;
}

#[tokio::test]
async fn billing() {
    let issuer = Issuer::new().await;
    issuer.accredited().await;
    let account = issuer.client.account();
    let now = account.billing().send().await.unwrap();
    assert_eq!((now.regular, now.lite, now.embedded), (Some(1), None, None));
    let day = |text: &str| text.parse::<Date>().unwrap();
    let (from, to) = (day("2020-01-01"), day("2020-01-31"));
    let then = account.billing().from_date(from).to_date(to).send().await;
    let then = then.unwrap();
    assert_eq!((then.from_date, then.to_date), (Some(from), Some(to)));
    assert_eq!(then.regular, Some(0));
    issuer.answered("billing").await;
}
