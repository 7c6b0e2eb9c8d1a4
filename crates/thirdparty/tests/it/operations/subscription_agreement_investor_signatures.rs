//! Signatures of investors.

use accredit_thirdparty::SubscriptionAgreementName;

use super::Partner;

#[tokio::test]
async fn list() {
    let partner = Partner::new().await;
    let (invested, signature) = partner.signed().await;
    let signatures = partner.client.investor_signatures();
    let page = signatures
        .list()
        .investment(invested.id)
        .send()
        .await
        .unwrap();
    assert_eq!((page.count, page.results.len()), (1, 1));
    assert_eq!(page.results[0].id, signature.id);
    assert!(page.results[0].signed_at.is_some());
    partner
        .answered("subscription_agreement_investor_signatures.list")
        .await;
}

#[tokio::test]
async fn create() {
    let partner = Partner::new().await;
    let invested = partner.invested().await;
    let created = partner
        .client
        .investor_signatures()
        .create(
            invested.id,
            SubscriptionAgreementName::SubscriptionAgreement,
        )
        .investor_title("CEO")
        .send()
        .await
        .unwrap();
    assert_eq!(created.investment, Some(invested.id));
    assert_eq!(created.signed_at, None);
    let page = created.signing_url.unwrap();
    assert!(page.expose().starts_with(&partner.sandbox.base_url()));
    partner
        .answered("subscription_agreement_investor_signatures.create")
        .await;
}

#[tokio::test]
async fn retrieve() {
    let partner = Partner::new().await;
    let (invested, signature) = partner.signed().await;
    let signatures = partner.client.investor_signatures();
    let read = signatures.retrieve(signature.id).send().await.unwrap();
    assert_eq!(read.investment, Some(invested.id));
    assert_eq!(
        read.investor_signature_text.unwrap().expose(),
        "Ada Lovelace"
    );
    assert!(read.signed_at.is_some() && signature.signed_at.is_none());
    partner
        .answered("subscription_agreement_investor_signatures.retrieve")
        .await;
}
