//! A sandbox that starts with a past: how much of it there is, and that it could have happened.

use std::collections::BTreeSet;

use accredit_sandbox::{Clock, Sandbox};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value;

use crate::support::{Client, Scratch};

const COUNT: u32 = 600;

/// Strict once: holding whole lists against the contract takes long.
async fn start(seed: u64, strict: bool) -> Sandbox {
    Sandbox::builder()
        .strict(strict)
        .seed(seed)
        .scale(COUNT)
        .page_size(100, 1_000)
        .start()
        .await
        .unwrap()
}

/// Everything that a list has, page by page.
async fn all(client: &Client<'_>, list: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for page in 1.. {
        let path = format!("/api_third_party/{list}/?page_size=1000&page={page}");
        let answer = client.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        found.extend(answer["results"].as_array().unwrap().iter().cloned());
        if answer["next"].is_null() {
            assert_eq!(answer["count"], found.len());
            break;
        }
    }
    found
}

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

fn texts<'a>(found: &'a [Value], pointer: &str) -> BTreeSet<&'a str> {
    found
        .iter()
        .filter_map(|item| item.pointer(pointer).and_then(Value::as_str))
        .collect()
}

#[tokio::test]
async fn the_past_has_everything_that_a_platform_has() {
    let sandbox = start(1, true).await;
    let client = Client::login(&sandbox).await;
    let investments = all(&client, "investments").await;
    assert_eq!(investments.len(), 600);
    assert_eq!(texts(&investments, "/offering/type").len(), 6);
    assert_eq!(texts(&investments, "/status").len(), 11);
    assert_eq!(texts(&investments, "/requested_payment_method").len(), 5);
    assert_eq!(texts(&investments, "/reference_id").len(), 600);
    assert_eq!(texts(&investments, "/payment_intent_id").len(), 600);
    let investors = all(&client, "investors").await;
    assert_eq!(texts(&investors, "/type").len(), 4);
    assert_eq!(
        texts(&investors, "/entity/kyc_status"),
        BTreeSet::from(["failed", "passed"])
    );
    for email in texts(&investors, "/entity/email") {
        assert!(email.ends_with("@example.com"), "{email}");
    }
    let wires = investments
        .iter()
        .filter(|one| one["requested_payment_method"] == "wire")
        .count();
    assert_eq!(all(&client, "invoices").await.len(), wires);
    assert!(all(&client, "kyb_documents").await.len() > 20);
    let signatures = all(&client, "subscription_agreement_investor_signatures").await;
    assert!(signatures.len() > 400);
    assert!(signatures.iter().any(|one| one["signed_at"].is_null()));
}

#[tokio::test]
async fn the_past_could_have_happened() {
    let sandbox = start(2, false).await;
    let client = Client::login(&sandbox).await;
    let now = sandbox.now().to_string();
    for investment in all(&client, "investments").await {
        let path = format!("/api_third_party/investments/{}/", investment["id"]);
        let shown = client.get(&path).await.json();
        let offering = &shown["offering"];
        let shares = decimal(&shown["shares_amount"]);
        let fee = |percent: &Value| {
            (shares * decimal(percent) / Decimal::ONE_HUNDRED)
                .round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
        };
        let quantity = Decimal::from(shown["quantity"].as_i64().unwrap());
        assert_eq!(quantity * decimal(&offering["unit_price"]), shares);
        assert!(
            shares >= decimal(&offering["min_investment_amount"]),
            "{shown}"
        );
        assert!(
            shares <= decimal(&offering["max_investment_amount"]),
            "{shown}"
        );
        assert_eq!(
            decimal(&shown["price_fees"]),
            fee(&offering["administrative_fees"])
        );
        let processing = match shown["requested_payment_method"].as_str() {
            Some("card") => fee(&offering["investor_credit_card_fee_percentage"]),
            _ => Decimal::ZERO,
        };
        assert_eq!(decimal(&shown["price_payment_processing_fees"]), processing);
        assert_eq!(
            decimal(&shown["amount"]),
            shares + decimal(&shown["price_fees"]) + processing
        );
        let path = format!("/_sandbox/investments/{}", investment["id"]);
        let past = client.get(&path).await.json();
        let history = past["history"].as_array().unwrap();
        assert_eq!(history[0]["status"], "started");
        assert_eq!(history.last().unwrap()["status"], shown["status"]);
        let times: Vec<_> = history
            .iter()
            .map(|step| step["at"].as_str().unwrap())
            .collect();
        assert!(
            times.is_sorted() && *times.last().unwrap() < now.as_str(),
            "{past}"
        );
        let paid = history.iter().any(|step| step["status"] == "received");
        assert_eq!(shown["payment_method"].is_string(), paid, "{shown}");
        assert_eq!(
            shown["processed_at"].is_string(),
            history.iter().any(|step| step["status"] == "invested")
        );
        assert_eq!(
            shown["wirepayment"].is_i64(),
            paid && shown["payment_method"] == "wire"
        );
    }
}

#[tokio::test]
async fn nothing_is_dated_after_the_start_of_a_frozen_clock() {
    let start = "2024-06-01T00:00:00Z";
    let sandbox = Sandbox::builder()
        .clock(Clock::Frozen(start.parse().unwrap()))
        .scale(300)
        .start()
        .await
        .unwrap();
    let client = Client::login(&sandbox).await;
    for investment in all(&client, "investments").await {
        assert!(
            investment["updated_at"].as_str().unwrap() < start,
            "{investment}"
        );
    }
}

#[tokio::test]
async fn the_past_follows_the_seed_and_survives_a_reset() {
    let (one, same, other) = (
        start(3, false).await,
        start(3, false).await,
        start(4, false).await,
    );
    let fetch = async |sandbox: &Sandbox| {
        let client = Client::login(sandbox).await;
        let mut investments = all(&client, "investments").await;
        for investment in &mut investments {
            investment["dashboard_url"] = Value::Null;
        }
        investments
    };
    let before = fetch(&one).await;
    assert_eq!(before, fetch(&same).await);
    assert_ne!(before, fetch(&other).await);
    one.reset().unwrap();
    assert_eq!(before, fetch(&one).await);
}

#[tokio::test]
async fn a_file_remembers_its_scale() {
    let file = Scratch::new("scale.db");
    let first = Sandbox::builder()
        .data(&file.path)
        .scale(150)
        .start()
        .await
        .unwrap();
    first.stop().await;
    let second = Sandbox::builder()
        .data(&file.path)
        .scale(7)
        .start()
        .await
        .unwrap();
    let count = async || {
        let client = Client::login(&second).await;
        all(&client, "investments").await.len()
    };
    assert_eq!(count().await, 150);
    second.reset().unwrap();
    assert_eq!(count().await, 150);
    let client = Client::login(&second).await;
    let investor = client.investor("Lovelace").await["id"].as_u64().unwrap();
    client.investment("reg_a", investor, 10, "wire").await;
    assert_eq!(count().await, 151);
}

#[tokio::test]
async fn a_scale_beyond_reason_is_refused() {
    let error = Sandbox::builder()
        .scale(u32::MAX)
        .start()
        .await
        .unwrap_err();
    assert!(error.is_invalid());
    assert_eq!(
        error.to_string(),
        "a sandbox starts with at most 5000000 investments"
    );
}
