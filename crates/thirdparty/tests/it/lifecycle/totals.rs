//! Sums over lists, against sums by hand.

use accredit_sandbox::Sandbox;
use accredit_thirdparty::models::Decimal;
use accredit_thirdparty::transport::http::Method;
use accredit_thirdparty::{ErrorKind, InvestmentStatus, InvestmentSummary, OfferingId};

use crate::support::{
    Service, TOKEN, investor, is_login, login, offering, partner, reply, wire_investment,
};

fn sum<'a>(items: impl Iterator<Item = &'a InvestmentSummary>) -> (u64, Decimal) {
    items.fold((0, Decimal::ZERO), |(count, amount), item| {
        (count + 1, amount + item.amount.unwrap().get())
    })
}

#[tokio::test]
async fn totals_are_those_of_the_items() {
    let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offerings = [
        offering(&sandbox, "reg_a"),
        offering(&sandbox, "reg_d_506c"),
    ];
    let statuses = ["started", "received", "approved"];
    for number in 0..17 {
        let offering = offerings[number % 2];
        let quantity = 50 + i64::try_from(number).unwrap();
        let created = wire_investment(&client, offering, &investor, quantity).await;
        let status = statuses[number % 3];
        sandbox.investments().advance(created.id, status).unwrap();
    }
    let list = || client.investments().list().page_size(5);
    let items = list().items().try_collect_all(17).await.unwrap();
    let totals = list().totals().await.unwrap();
    assert!(totals.is_consistent());
    let of = |total: &accredit_thirdparty::lifecycle::Total| (total.count, total.amount.get());
    assert_eq!(of(totals.all()), sum(items.iter()));
    assert_eq!(totals.all().without_amount, 0);
    let quantity: i64 = items.iter().map(|item| item.quantity.unwrap()).sum();
    assert_eq!(totals.all().quantity, quantity);
    assert_eq!(totals.statuses().count(), 3);
    assert_eq!(totals.offerings().count(), 2);
    for status in statuses.map(InvestmentStatus::from_value) {
        let is = |item: &&InvestmentSummary| item.status.as_ref() == Some(&status);
        assert_eq!(of(&totals.status(&status)), sum(items.iter().filter(is)));
        for offering in offerings {
            let part = totals.offering(offering).unwrap();
            let sold = |item: &&InvestmentSummary| item.offering.as_ref().unwrap().id == offering;
            assert_eq!(of(part.all()), sum(items.iter().filter(sold)));
            assert_eq!(
                of(&part.status(&status)),
                sum(items.iter().filter(is).filter(sold))
            );
        }
    }
    assert_eq!(totals.status(&InvestmentStatus::Refunded).count, 0);
    assert_eq!(totals.offering(OfferingId::new(99_999)), None);
    let none = list()
        .status(InvestmentStatus::Refunded)
        .totals()
        .await
        .unwrap();
    assert_eq!((none.all().count, none.is_consistent()), (0, true));
}

/// A service with two pages of investments.
fn pages(pages: [&'static str; 2], counts: [u64; 2]) -> Service {
    Service::new(move |request| {
        if is_login(request) {
            return login(TOKEN);
        }
        assert_eq!(request.method(), Method::GET);
        let second = request
            .uri()
            .query()
            .is_some_and(|query| query.contains("page=2"));
        let (at, next) = if second {
            (1, "null")
        } else {
            (0, r#""?page=2""#)
        };
        let body = format!(
            r#"{{"count": {}, "next": {next}, "results": [{}]}}"#,
            counts[at], pages[at]
        );
        reply(200, "application/json", body)
    })
}

#[tokio::test]
async fn a_list_that_changes_meanwhile_is_told_of() {
    let first = r#"{"id": 1, "amount": "0.10"}, {"id": 2, "amount": "0.20"}"#;
    let totals = async |second, counts| {
        let client = pages([first, second], counts).client();
        let totals = client.investments().list().totals().await.unwrap();
        (totals.all().amount.to_string(), totals.is_consistent())
    };
    let third = r#"{"id": 3, "amount": "0.0000000000000000000000003"}"#;
    let exact = "0.3000000000000000000000003".to_owned();
    assert_eq!(totals(third, [3, 3]).await, (exact.clone(), true));
    assert_eq!(totals(third, [3, 4]).await, (exact.clone(), false));
    assert_eq!(totals(third, [4, 4]).await, (exact, false));
    // One that moved across the bound of the pages counts once.
    let twice = r#"{"id": 2, "amount": "0.20"}, {"id": 3, "amount": null}"#;
    assert_eq!(totals(twice, [3, 3]).await, ("0.30".to_owned(), true));
    let most = r#"{"id": 3, "amount": "79228162514264337593543950335"}"#;
    let client = pages([first, most], [3, 3]).client();
    let error = client.investments().list().totals().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(
        error.to_string(),
        "investments.list: the reply could not be read: the sum has more than 28 digits"
    );
}
