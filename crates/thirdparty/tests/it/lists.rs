//! Filters, order and pages of lists, against the sandbox's rows.

use std::time::Duration;

use accredit_sandbox::{Clock, Sandbox};
use accredit_thirdparty::models::{Money, Personal};
use accredit_thirdparty::operations::investments::List;
use accredit_thirdparty::{
    Call, Client, ErrorKind, InvestmentColumn, InvestmentId, InvestmentOrdering, InvestmentStatus,
    InvestorType, OfferingType, Order, PaymentMethod,
};

use crate::support::{Service, investor, offering, partner, wire_investment};

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// Five wire investments of 10.50 a share plus 2 % fees, one second apart: 107.10, 117.81, 128.52,
/// 139.23, 149.94.
async fn five() -> (Sandbox, Client, Vec<InvestmentId>) {
    // Lenient: some of the filters below are not in the contract.
    let start = "2026-03-01T12:00:00Z".parse().unwrap();
    let sandbox = Sandbox::builder()
        .clock(Clock::Frozen(start))
        .start()
        .await
        .unwrap();
    let client = partner(&sandbox);
    let investor = investor(&client, "Lovelace").await;
    let offering = offering(&sandbox, "reg_a");
    let mut ids = Vec::new();
    for quantity in 10..15 {
        sandbox.advance_clock(Duration::from_secs(1));
        ids.push(
            wire_investment(&client, offering, &investor, quantity)
                .await
                .id,
        );
    }
    (sandbox, client, ids)
}

async fn found(list: Call<List>) -> Vec<InvestmentId> {
    let page = list.send().await.unwrap();
    page.results
        .into_iter()
        .map(|investment| investment.id)
        .collect()
}

#[tokio::test]
async fn amounts_filter_to_the_last_digit() {
    let (_sandbox, client, ids) = five().await;
    let list = || client.investments().list();
    assert_eq!(found(list().amount(money("128.520"))).await, ids[2..3]);
    assert_eq!(found(list().amount_gte(money("128.52"))).await, ids[2..]);
    assert_eq!(found(list().amount_gt(money("128.52"))).await, ids[3..]);
    assert_eq!(
        found(list().amount_gte(money("128.5200000000000000001"))).await,
        ids[3..]
    );
    assert_eq!(found(list().amount_lt(money("128.52"))).await, ids[..2]);
    let two = [money("107.10"), money("149.94")];
    assert_eq!(found(list().amount_in(two)).await, [ids[0], ids[4]]);
    let window = list().shares_amount_gte(126).amount_lt(money("139.23"));
    assert_eq!(found(window).await, ids[2..3]);
    let page = list().amount(money("128.52")).send().await.unwrap();
    assert_eq!(page.results[0].amount.unwrap().to_string(), "128.52");
}

/// The service takes `id__in=` for no filter: who asks for none of all would get all.
#[tokio::test]
async fn an_empty_list_is_refused_before_it_is_sent() {
    let service = Service::json(200, r#"{"count": 0, "results": []}"#);
    let client = service.client();
    let no_ids: [InvestmentId; 0] = [];
    let investments = client.investments().list().id_in(no_ids).send().await;
    let no_names: [Personal<String>; 0] = [];
    let investors = client.investors().list().user_email_in(no_names);
    let investors = investors.items().try_next().await;
    let no_columns: [InvestmentColumn; 0] = [];
    let values = client.investments().values().field(no_columns).send().await;
    for (error, name) in [
        (investments.unwrap_err(), "id__in"),
        (investors.unwrap_err(), "user__email__in"),
        (values.unwrap_err(), "field"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Build, "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(service.seen().is_empty(), "not even a login");
    // What was refused is not kept: the last list counts.
    let list = client.investments().list().id_in(no_ids).id_in([7_u64]);
    list.send().await.unwrap();
}

#[tokio::test]
async fn choices_times_and_people_filter() {
    let (sandbox, client, ids) = five().await;
    let list = || client.investments().list();
    sandbox.investments().advance(ids[1], "received").unwrap();
    sandbox.investments().advance(ids[2], "invested").unwrap();
    let wanted = [InvestmentStatus::Received, InvestmentStatus::Invested];
    assert_eq!(found(list().status_in(wanted)).await, ids[1..3]);
    assert_eq!(
        found(list().status(InvestmentStatus::Received)).await,
        ids[1..2]
    );
    let tomorrow = InvestmentStatus::from_value("a status of tomorrow");
    assert_eq!(
        found(list().status_in([tomorrow, InvestmentStatus::Invested])).await,
        ids[2..3]
    );
    assert_eq!(
        found(list().id_in([ids[0], ids[4]])).await,
        [ids[0], ids[4]]
    );
    assert_eq!(
        found(list().investor_entity_email("lovelace@example.com")).await,
        ids
    );
    let emails = ["nobody+x@example.com", "lovelace@example.com"].map(Personal::from);
    assert_eq!(found(list().investor_user_email_in(emails)).await, ids);
    assert_eq!(found(list().investor_type(InvestorType::Company)).await, []);
    assert_eq!(
        found(list().offering_type_in([OfferingType::RegA])).await,
        ids
    );
    assert_eq!(
        found(list().requested_payment_method_in([PaymentMethod::Card])).await,
        []
    );
    assert_eq!(found(list().search("ADA lovel")).await, ids);
    assert_eq!(found(list().search("100% & more?")).await, []);
    assert_eq!(found(list().investor_entity_isnull(true)).await, []);
    let third = "2026-03-01T13:00:03+01:00"
        .parse::<accredit_thirdparty::models::Timestamp>()
        .unwrap();
    assert_eq!(found(list().created_at_gte(third)).await, ids[2..]);
    assert_eq!(found(list().created_at_lte(third)).await, ids[..3]);
}

#[tokio::test]
async fn raw_parameters_reach_the_server_and_unknown_ones_are_ignored() {
    let (sandbox, client, ids) = five().await;
    let list = || client.investments().list();
    sandbox.investments().advance(ids[3], "received").unwrap();
    assert_eq!(
        found(list().param("status__in", "received,invested")).await,
        ids[3..4]
    );
    assert_eq!(found(list().param("amount__gt", "139.23")).await, ids[4..]);
    assert_eq!(
        found(list().param("no such filter & none=", "x")).await,
        ids
    );
    // The server takes the last of two.
    let both = list()
        .status(InvestmentStatus::Cancelled)
        .param("status", "received");
    assert_eq!(found(both).await, ids[3..4]);
    let values = client
        .investments()
        .values()
        .field(["id".to_owned(), "amount".to_owned()]);
    let values = values.send().await.unwrap();
    assert_eq!(values.count, Some(5));
    assert!(
        values
            .values
            .iter()
            .all(|row| row.amount.is_some() && row.status.is_none())
    );
}

#[tokio::test]
async fn pages_are_walked_to_the_end_by_number() {
    let (_sandbox, client, ids) = five().await;
    let list = || {
        client
            .investments()
            .list()
            .ordering("-created_at")
            .page_size(2)
    };
    let mut walked = Vec::new();
    let mut sizes = Vec::new();
    let mut next = Some(1);
    while let Some(number) = next {
        let page = list()
            .page(i64::try_from(number).unwrap())
            .send()
            .await
            .unwrap();
        assert_eq!(page.count, 5);
        next = page.next_page();
        sizes.push(page.results.len());
        walked.extend(page.results.into_iter().map(|investment| investment.id));
    }
    assert_eq!(sizes, [2, 2, 1]);
    assert_eq!(walked, ids.iter().rev().copied().collect::<Vec<_>>());
    let error = list().page(4).send().await.unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(
        found(client.investments().list().ordering("amount").page_size(1)).await,
        ids[..1]
    );
    let typed = Order::Desc(InvestmentOrdering::CreatedAt);
    assert_eq!(
        found(client.investments().list().ordering(typed).page_size(1)).await,
        ids[4..]
    );
    let typed = vec![
        Order::Asc(InvestmentOrdering::Status),
        Order::Desc(InvestmentOrdering::Id),
    ];
    assert_eq!(
        found(client.investments().list().ordering(typed).page_size(2)).await,
        [ids[4], ids[3]]
    );
    let ordered = client
        .investments()
        .list()
        .ordering("-amount,id".to_owned())
        .page_size(1);
    assert_eq!(found(ordered).await, ids[4..]);
    assert_eq!(
        client
            .investors()
            .list()
            .page_size(1)
            .send()
            .await
            .unwrap()
            .next_page(),
        None
    );
}
