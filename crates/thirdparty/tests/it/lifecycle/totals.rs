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
    // One that moved across the bound of the pages counts once, and tells that the list changed.
    let twice = r#"{"id": 2, "amount": "0.20"}, {"id": 3, "amount": null}"#;
    assert_eq!(totals(twice, [3, 3]).await, ("0.30".to_owned(), false));
    let most = r#"{"id": 3, "amount": "79228162514264337593543950335"}"#;
    let client = pages([first, most], [3, 3]).client();
    let error = client.investments().list().totals().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(
        error.to_string(),
        "investments.list: the reply could not be read: the sum has more than 28 digits"
    );
}

/// A service may order as it likes: what came long ago can come again.
#[tokio::test]
async fn none_is_added_twice_whatever_the_order() {
    let pages = [
        r#"{"id": 3, "amount": "1"}, {"id": 1, "amount": "2"}"#,
        r#"{"id": 2, "amount": "4"}"#,
        r#"{"id": 3, "amount": "1"}"#,
    ];
    let service = Service::new(move |request| {
        if is_login(request) {
            return login(TOKEN);
        }
        let at = (1..3)
            .find(|at| {
                let query = request.uri().query().unwrap_or_default();
                query.contains(&format!("page={}", at + 1))
            })
            .unwrap_or(0);
        let next = if at == 2 {
            "null".to_owned()
        } else {
            format!(r#""?page={}""#, at + 2)
        };
        let body = format!(
            r#"{{"count": 3, "next": {next}, "results": [{}]}}"#,
            pages[at]
        );
        reply(200, "application/json", body)
    });
    let list = service.client().investments().list();
    let list = list.page(2).ordering("-amount").param("ordering", "status");
    let totals = list.page_size(2).param("page", "3").totals().await.unwrap();
    assert_eq!(totals.all().count, 3);
    assert_eq!(totals.all().amount.to_string(), "7");
    assert!(!totals.is_consistent());
    let asked: Vec<_> = service
        .seen()
        .iter()
        .skip(1)
        .map(|request| request.uri().query().unwrap().to_owned())
        .collect();
    let first = "ordering=id&page_size=2";
    assert_eq!(asked[0], first, "all of them, by id");
    assert!(asked.iter().all(|query| query.contains("ordering=id")));
}

#[tokio::test]
async fn what_shows_no_number_is_told() {
    let body = r#"{"count": 3, "next": null, "results": [
        {"id": 1, "status": "received", "quantity": 5, "amount": "10.50", "shares_amount": "10.00"},
        {"id": 2, "status": "received", "quantity": null, "amount": "21.00", "shares_amount": null},
        {"id": 3, "status": "started", "quantity": 7, "amount": null, "shares_amount": "0.00"}]}"#;
    let client = Service::json(200, body).client();
    let totals = client.investments().list().totals().await.unwrap();
    let all = totals.all();
    assert_eq!((all.count, all.quantity), (3, 12));
    assert_eq!(all.amount.to_string(), "31.50");
    assert_eq!(all.shares_amount.to_string(), "10.00");
    let without = |total: &accredit_thirdparty::lifecycle::Total| {
        (
            total.without_quantity,
            total.without_amount,
            total.without_shares_amount,
        )
    };
    assert_eq!(without(all), (1, 1, 1));
    let received = totals.status(&InvestmentStatus::Received);
    assert_eq!(without(&received), (1, 0, 1));
    let started = totals.status(&InvestmentStatus::Started);
    assert_eq!(without(&started), (0, 1, 0), "nothing is not no number");
}
