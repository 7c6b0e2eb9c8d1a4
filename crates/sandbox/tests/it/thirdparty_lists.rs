//! Lists of some size, page by page, held against the same selection made by hand.

use std::cmp::Ordering;

use accredit_sandbox::Sandbox;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::support::Client;

const LIST: &str = "/api_third_party/investments/";

async fn pages(client: &Client<'_>, query: &str, size: usize) -> Vec<Value> {
    let mut found = Vec::new();
    let mut page = 1;
    loop {
        let path = format!("{LIST}?{query}&page_size={size}&page={page}");
        let answer = client.get(&path).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text());
        let answer = answer.json();
        found.extend(answer["results"].as_array().unwrap().iter().cloned());
        if answer["next"].is_null() {
            assert_eq!(answer["count"], found.len(), "{query}");
            return found;
        }
        page += 1;
    }
}

fn text<'a>(item: &'a Value, pointer: &str) -> &'a str {
    item.pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn decimal(item: &Value, name: &str) -> Decimal {
    text(item, name).parse().unwrap()
}

fn ids(items: &[Value]) -> Vec<u64> {
    items
        .iter()
        .map(|item| item["id"].as_u64().unwrap())
        .collect()
}

type Test = fn(&Value) -> bool;
type Order = fn(&Value, &Value) -> Ordering;

#[tokio::test]
async fn every_page_of_every_selection_is_the_one_made_by_hand() {
    let sandbox = Sandbox::builder().seed(9).scale(400).start().await.unwrap();
    let client = Client::login(&sandbox).await;
    let everything = pages(&client, "", 100).await;
    assert_eq!(everything.len(), 400);
    let newest: Order = |one, other| text(other, "/created_at").cmp(text(one, "/created_at"));
    let dearest: Order = |one, other| decimal(other, "/amount").cmp(&decimal(one, "/amount"));
    let none: Order = |_, _| Ordering::Equal;
    let cheapest: Order = |one, other| decimal(one, "/amount").cmp(&decimal(other, "/amount"));
    let cases: [(&str, Test, Order); 14] = [
        ("", |_| true, none),
        ("ordering=-created_at", |_| true, newest),
        ("ordering=-amount", |_| true, dearest),
        (
            "ordering=quantity",
            |_| true,
            |one, other| one["quantity"].as_i64().cmp(&other["quantity"].as_i64()),
        ),
        (
            "ordering=-id",
            |_| true,
            |one, other| other["id"].as_u64().cmp(&one["id"].as_u64()),
        ),
        (
            "status__in=invested,received,not_received&ordering=-created_at",
            |item| {
                matches!(
                    text(item, "/status"),
                    "invested" | "received" | "not_received"
                )
            },
            newest,
        ),
        (
            "status=refunded&ordering=-amount",
            |item| text(item, "/status") == "refunded",
            dearest,
        ),
        (
            "offering__type=reg_cf&ordering=-amount",
            |item| text(item, "/offering/type") == "reg_cf",
            dearest,
        ),
        (
            "status__in=received,cancelled&offering__type__in=reg_cf,reg_s&ordering=amount",
            |item| {
                matches!(text(item, "/status"), "received" | "cancelled")
                    && matches!(text(item, "/offering/type"), "reg_cf" | "reg_s")
            },
            cheapest,
        ),
        (
            "offering__status=open&amount__gt=2000&offering__type=reg_d_506c&ordering=-amount,-id",
            |item| {
                text(item, "/offering/type") == "reg_d_506c"
                    && decimal(item, "/amount") > 2_000.into()
            },
            |one, other| {
                let amounts = decimal(other, "/amount").cmp(&decimal(one, "/amount"));
                amounts.then(other["id"].as_u64().cmp(&one["id"].as_u64()))
            },
        ),
        (
            "created_at__gte=2025-03-01T00:00:00Z&created_at__lte=2025-07-01T00:00:00Z",
            |item| ("2025-03".."2025-07").contains(&text(item, "/created_at")),
            none,
        ),
        (
            "investor__type__in=trust,company&ordering=-created_at",
            |item| matches!(text(item, "/investor/type"), "trust" | "company"),
            newest,
        ),
        (
            "search=schmidt",
            |item| {
                [
                    "/investor/entity/last_name",
                    "/investor/entity/company_name",
                    "/investor/entity/email",
                    "/investor/user/email",
                ]
                .iter()
                .any(|pointer| text(item, pointer).to_ascii_lowercase().contains("schmidt"))
            },
            none,
        ),
        (
            "search=crowd llc",
            |item| {
                text(item, "/offering/name").contains("Crowd")
                    && text(item, "/investor/entity/company_name").contains("LLC")
            },
            none,
        ),
    ];
    for (query, wanted, order) in cases {
        let mut expected: Vec<_> = everything
            .iter()
            .filter(|item| wanted(item))
            .cloned()
            .collect();
        assert!(!expected.is_empty(), "{query} finds nothing");
        // Stable: ties stay in the order of their ids.
        expected.sort_by(order);
        for size in [7, 100] {
            let found = pages(&client, &query.replace(' ', "%20"), size).await;
            assert_eq!(ids(&found), ids(&expected), "{query}");
        }
    }
}

#[tokio::test]
async fn a_count_follows_every_write() {
    let sandbox = Sandbox::builder().scale(50).start().await.unwrap();
    let client = Client::login(&sandbox).await;
    let count = async |query: &str| {
        let answer = client.get(&format!("{LIST}?{query}")).await.json();
        answer["count"].as_u64().unwrap()
    };
    let (all, started) = (count("").await, count("status=started").await);
    let investor = client.investor("Lovelace").await["id"].as_u64().unwrap();
    assert_eq!(
        count("investor__entity__email=lovelace@example.com").await,
        0
    );
    let id = client.investment("reg_a", investor, 10, "wire").await["id"]
        .as_u64()
        .unwrap();
    assert_eq!(
        (count("").await, count("status=started").await),
        (all + 1, started + 1)
    );
    assert_eq!(
        count("investor__entity__email=lovelace@example.com").await,
        1
    );
    sandbox.investments().advance(id, "received").unwrap();
    assert_eq!(count("status=started").await, started);
    // A call that is refused after it wrote leaves no count of what it wrote.
    let bad = json!({ "offering": 0, "investor": investor, "quantity": 1 });
    assert_eq!(client.post(LIST, &bad).await.status, 400);
    assert_eq!(count("").await, all + 1);
    sandbox.snapshot("more").unwrap();
    sandbox.reset().unwrap();
    let client = Client::login(&sandbox).await;
    let answer = client.get(LIST).await.json();
    assert_eq!(answer["count"], all);
    sandbox.restore("more").unwrap();
    assert_eq!(count("").await, all + 1);
}

/// Every count is asked for again after every write.
#[tokio::test]
async fn counts_follow_what_is_written() {
    let builder = Sandbox::builder().strict(true).scale(40);
    let sandbox = builder.start().await.unwrap();
    let client = Client::login(&sandbox).await;
    let everything = pages(&client, "", 100).await;
    let some = &everything[0];
    let [investor, entity, offering, quantity] = [
        "/investor/id",
        "/investor/entity/id",
        "/offering/id",
        "/quantity",
    ]
    .map(|pointer| some.pointer(pointer).unwrap().clone());
    let queries = [
        String::new(),
        "status=started".to_owned(),
        format!("investor={investor}&ordering=-created_at"),
        format!("offering={offering}&status__in=started,cancelled"),
        format!("investor__entity={entity}&entity_verification_document_uploaded_investments=true"),
    ];
    let counts = async || {
        let mut counts = Vec::new();
        for query in &queries {
            let answer = client.get(&format!("{LIST}?{query}")).await.json();
            counts.push(answer["count"].as_i64().unwrap());
        }
        counts
    };
    let before = counts().await;
    let investment = json!({ "quantity": quantity, "offering": offering, "investor": investor });
    let created = client.post(LIST, &investment).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let more: Vec<_> = before[..4].iter().map(|count| count + 1).collect();
    let after = counts().await;
    assert_eq!((&after[..4], after[4]), (&more[..], before[4]));

    let id = created.json()["id"].as_u64().unwrap();
    sandbox.investments().advance(id, "cancelled").unwrap();
    let moved = counts().await;
    assert_eq!(moved[..4], [after[0], after[1] - 1, after[2], after[3]]);

    let document = json!({ "entity": entity, "type": "other", "side": "front",
        "storage_content": "JVBERi0=" });
    let created = client
        .post("/api_third_party/kyb_documents/", &document)
        .await;
    assert_eq!(created.status, 201, "{}", created.text());
    assert_eq!(counts().await[4], moved[2]);
}
