//! Investors, their checks and where their money goes.

use accredit_thirdparty::{Country, InvestorType, KycStatus};

use super::Partner;
use crate::support::{investor, offering, person, submit, wire_investment};

#[tokio::test]
async fn list() {
    let partner = Partner::new().await;
    for name in ["Lovelace", "Hopper", "Hamilton"] {
        investor(&partner.client, name).await;
    }
    let page = partner
        .client
        .investors()
        .list()
        .search("hopper")
        .kind(InvestorType::Person)
        .send()
        .await
        .unwrap();
    assert_eq!((page.count, page.next_page()), (1, None));
    let entity = page.results[0].entity.as_ref().unwrap();
    assert_eq!(entity.last_name.as_ref().unwrap().expose(), "Hopper");
    partner.answered("investors.list").await;
}

#[tokio::test]
async fn create() {
    let partner = Partner::new().await;
    let created = partner
        .client
        .investors()
        .create(
            person("Lovelace").net_worth(2_500_000),
            InvestorType::Person,
        )
        .receive_sms(true)
        .send()
        .await
        .unwrap();
    assert_eq!(created.kind, Some(InvestorType::Person));
    assert_eq!(created.receive_sms, Some(true));
    let entity = created.entity.unwrap();
    assert_eq!(entity.first_name.unwrap().expose(), "Ada");
    assert_eq!(entity.net_worth.unwrap().expose().to_string(), "2500000.00");
    assert_eq!(entity.kyc_status, Some(KycStatus::Unverified));
    let user = created.user.unwrap();
    assert_eq!(user.email.unwrap().expose(), "lovelace@example.com");
    partner.answered("investors.create").await;
}

#[tokio::test]
async fn retrieve() {
    let partner = Partner::new().await;
    let created = investor(&partner.client, "Lovelace").await;
    let read = partner.client.investors().retrieve(created.id).send().await;
    assert_eq!(read.unwrap(), created);
    partner.answered("investors.retrieve").await;
}

#[tokio::test]
async fn get_ach_credit_transfer() {
    let partner = Partner::new().await;
    let created = investor(&partner.client, "Lovelace").await;
    let investors = partner.client.investors();
    let answer = investors.ach_credit_transfer(created.id).send().await;
    let transfer = answer.unwrap().ach_credit_transfer.unwrap();
    let routing = transfer.routing_number.unwrap().into_exposed();
    assert_eq!(routing.len(), 9, "{routing}");
    assert!(transfer.account_number.is_some() && transfer.bank_name.is_some());
    partner.answered("investors.get_ach_credit_transfer").await;
}

#[tokio::test]
async fn run_second_kyc() {
    let partner = Partner::new().await;
    let created = investor(&partner.client, "Kycfail").await;
    let offering = offering(&partner.sandbox, "reg_a");
    wire_investment(&partner.client, offering, &created, 10).await;
    let investors = partner.client.investors();
    let status = async || {
        let read = investors.retrieve(created.id).send().await.unwrap();
        read.entity.unwrap().kyc_status
    };
    assert_eq!(status().await, Some(KycStatus::Failed));
    let answer = investors.run_second_kyc(created.id).send().await.unwrap();
    let check = answer.verification_entity.unwrap();
    assert_eq!(
        check.entity,
        created.entity.as_ref().map(|entity| entity.id)
    );
    assert_eq!(check.status.as_deref(), Some("passed"));
    assert_eq!(status().await, Some(KycStatus::Passed));
    partner.answered("investors.run_second_kyc").await;
}

#[tokio::test]
async fn check_tax_id_number_valid() {
    let partner = Partner::new().await;
    let answer = partner
        .client
        .investors()
        .check_tax_id("123-45-6789", Country::US, InvestorType::Person)
        .is_us_citizen(true)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.is_valid, Some(true));
    partner
        .answered("investors.check_tax_id_number_valid")
        .await;
}

#[tokio::test]
async fn create_id_upload_workflow_url() {
    let partner = Partner::new().await;
    let investors = partner.client.investors();
    let answer = investors.create_id_upload_workflow().send().await.unwrap();
    let page = answer.workflow_url.unwrap();
    assert_eq!(submit(&partner.sandbox, page.expose(), "").await, 200);
    partner
        .answered("investors.create_id_upload_workflow_url")
        .await;
}

#[tokio::test]
async fn kyb_country_codes() {
    let partner = Partner::new().await;
    let answer = partner.client.investors().kyb_country_codes().send().await;
    let codes = answer.unwrap().country_codes;
    assert!(codes.contains(&Country::US) && !codes.contains(&Country::KP));
    assert!(codes.iter().all(Country::is_known));
    partner.answered("investors.kyb_country_codes").await;
}

#[tokio::test]
async fn kyc_country_codes() {
    let partner = Partner::new().await;
    let answer = partner.client.investors().kyc_country_codes().send().await;
    let codes = answer.unwrap().country_codes;
    assert!(codes.contains(&Country::US) && !codes.contains(&Country::KP));
    assert!(codes.iter().all(Country::is_known));
    partner.answered("investors.kyc_country_codes").await;
}

#[tokio::test]
async fn values() {
    let partner = Partner::new().await;
    let created = investor(&partner.client, "Lovelace").await;
    let fields = ["id", "type"].map(str::to_owned);
    let values = partner.client.investors().values().field(fields);
    let answer = values.send().await.unwrap();
    assert_eq!((answer.count, answer.values.len()), (Some(1), 1));
    let row = &answer.values[0];
    assert_eq!((row.id, &row.kind), (Some(created.id), &created.kind));
    assert_eq!(row.user, None, "not asked for");
    partner.answered("investors.values").await;
}
