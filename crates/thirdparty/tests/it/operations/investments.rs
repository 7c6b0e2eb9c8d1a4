//! Investments, their agreements and their payment.

use accredit_thirdparty::{InvestmentStatus, OfferingType, PaymentMethod};

use super::Partner;
use crate::support::{investor, offering, wire_investment};

#[tokio::test]
async fn list() {
    let partner = Partner::new().await;
    let investor = investor(&partner.client, "Lovelace").await;
    let offering = offering(&partner.sandbox, "reg_a");
    let mut ids = Vec::new();
    for quantity in [10, 30, 20] {
        let created = wire_investment(&partner.client, offering, &investor, quantity).await;
        ids.push(created.id);
    }
    let page = partner
        .client
        .investments()
        .list()
        .amount_gte("150".parse::<accredit_thirdparty::models::Money>().unwrap())
        .ordering("-amount")
        .page_size(1)
        .send()
        .await
        .unwrap();
    assert_eq!((page.count, page.results.len()), (2, 1));
    assert_eq!(page.next_page(), Some(2));
    let largest = &page.results[0];
    assert_eq!(largest.id, ids[1]);
    assert_eq!(largest.amount.unwrap().to_string(), "321.30");
    assert_eq!(largest.offering.as_ref().unwrap().id, offering);
    assert_eq!(largest.investor.as_ref().unwrap().id, investor.id);
    partner.answered("investments.list").await;
}

#[tokio::test]
async fn create() {
    let partner = Partner::new().await;
    let investor = investor(&partner.client, "Lovelace").await;
    let offering = offering(&partner.sandbox, "reg_a");
    let created = partner
        .client
        .investments()
        .create(offering, investor.id, 10)
        .requested_payment_method(PaymentMethod::Card)
        .us_person(true)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (created.quantity, created.offering),
        (Some(10), Some(offering))
    );
    assert_eq!(created.investor.unwrap().id, investor.id);
    assert_eq!(created.us_person, Some(true));
    assert_eq!(created.price_fees.unwrap().to_string(), "2.10");
    // Paid by card, which costs 3.5 % more.
    assert_eq!(created.amount.unwrap().to_string(), "110.78");
    assert!(created.payment_intent_client_secret.is_some());
    partner.answered("investments.create").await;
}

#[tokio::test]
async fn retrieve() {
    let partner = Partner::new().await;
    let invested = partner.invested().await;
    let read = partner
        .client
        .investments()
        .retrieve(invested.id)
        .send()
        .await
        .unwrap();
    assert_eq!((read.id, read.amount), (invested.id, invested.amount));
    assert_eq!(read.status, Some(InvestmentStatus::Started));
    assert_eq!(read.requested_payment_method, Some(PaymentMethod::Wire));
    let offering = read.offering.unwrap();
    assert_eq!(offering.kind, Some(OfferingType::RegA));
    assert_eq!(offering.unit_price.unwrap().to_string(), "10.50");
    let entity = read.investor.unwrap().entity.unwrap();
    assert_eq!(entity.last_name.unwrap().expose(), "Lovelace");
    partner.answered("investments.retrieve").await;
}

#[tokio::test]
async fn get_payment_intent_secret() {
    let partner = Partner::new().await;
    let invested = partner.invested().await;
    let payment = partner
        .client
        .investments()
        .payment_intent_secret(invested.id)
        .send()
        .await
        .unwrap();
    assert!(payment.payment_intent_secret.is_some());
    assert_eq!(
        payment.payment_intent_secret,
        invested.payment_intent_client_secret
    );
    assert_eq!(payment.charges_count, Some(0));
    partner
        .answered("investments.get_payment_intent_secret")
        .await;
}

#[tokio::test]
async fn pdf_subscription_agreements() {
    let partner = Partner::new().await;
    let (invested, _) = partner.signed().await;
    let investments = partner.sandbox.investments();
    investments.advance(invested.id, "accepted").unwrap();
    let agreements = partner
        .client
        .investments()
        .pdf_subscription_agreements(invested.id)
        .send()
        .await
        .unwrap()
        .pdf_subscription_agreements;
    assert_eq!(agreements.len(), 1);
    assert_eq!(
        agreements[0].name.as_deref(),
        Some("subscription_agreement")
    );
    assert_eq!(agreements[0].version, Some(2));
    assert!(agreements[0].document.is_some());
    partner
        .answered("investments.pdf_subscription_agreements")
        .await;
}

#[tokio::test]
async fn temp_pdf_subscription_agreements() {
    let partner = Partner::new().await;
    let invested = partner.invested().await;
    let agreements = partner
        .client
        .investments()
        .temp_pdf_subscription_agreements(invested.id)
        .send()
        .await
        .unwrap()
        .pdf_subscription_agreements;
    assert_eq!(
        agreements[0].name.as_deref(),
        Some("subscription_agreement")
    );
    assert_eq!(agreements[0].e_signature, Some(true));
    assert!(agreements[0].pdf.is_some());
    partner
        .answered("investments.temp_pdf_subscription_agreements")
        .await;
}

#[tokio::test]
async fn processing_issue_statuses() {
    let partner = Partner::new().await;
    let statuses = partner
        .client
        .investments()
        .processing_issue_statuses()
        .send()
        .await
        .unwrap()
        .statuses;
    assert!(!statuses.is_empty());
    for status in statuses {
        assert!(status.value.is_some() && status.label.is_some());
    }
    partner
        .answered("investments.processing_issue_statuses")
        .await;
}

#[tokio::test]
async fn statuses() {
    let partner = Partner::new().await;
    let list = partner
        .client
        .investments()
        .statuses()
        .send()
        .await
        .unwrap();
    let known: Vec<_> = list
        .statuses
        .iter()
        .map(|status| InvestmentStatus::from_value(status.value.as_deref().unwrap()))
        .collect();
    assert_eq!(known.len(), 11);
    assert!(known.iter().all(InvestmentStatus::is_known));
    let labels: Vec<_> = list
        .statuses
        .iter()
        .map(|status| status.label.as_deref())
        .collect();
    assert!(labels.contains(&Some("Accepted Escrow Closed")));
    partner.answered("investments.statuses").await;
}

#[tokio::test]
async fn values() {
    let partner = Partner::new().await;
    let invested = partner.invested().await;
    let fields = ["id", "amount", "status"].map(str::to_owned);
    let values = partner.client.investments().values().field(fields);
    let answer = values.send().await.unwrap();
    assert_eq!((answer.count, answer.values.len()), (Some(1), 1));
    let row = &answer.values[0];
    assert_eq!((row.id, row.amount), (Some(invested.id), invested.amount));
    assert_eq!(row.status, Some(InvestmentStatus::Started));
    assert_eq!(row.offering, None, "not asked for");
    partner.answered("investments.values").await;
}
