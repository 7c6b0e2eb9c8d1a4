//! State on a file, and the same answers from the same seed.

use accredit_sandbox::{Clock, Sandbox};
use serde_json::json;

use crate::support::{Client, Scratch, submit};

#[tokio::test]
async fn a_restart_on_a_file_keeps_state_and_repeats_no_token() {
    let file = Scratch::new("restart.db");
    let first = Sandbox::builder()
        .strict(true)
        .data(&file.path)
        .seed(5)
        .start()
        .await
        .unwrap();
    let client = Client::login(&first).await;
    let investor = client.investor("Lovelace").await;
    let id = client
        .investment("reg_a", investor["id"].as_u64().unwrap(), 10, "wire")
        .await["id"]
        .clone();
    let shown = client
        .get(&format!("/api_third_party/investors/{}/", investor["id"]))
        .await
        .json();
    let offerings = first.offerings().unwrap();
    first.stop().await;

    // The seed of an existing file is its own.
    let second = Sandbox::builder()
        .strict(true)
        .data(&file.path)
        .seed(6)
        .start()
        .await
        .unwrap();
    assert_eq!(second.offerings().unwrap(), offerings);
    let client = Client::login(&second).await;
    client
        .get(&format!("/api_third_party/investors/{}/", investor["id"]))
        .await
        .assert(200, &shown);
    let next = client
        .investment("reg_a", investor["id"].as_u64().unwrap(), 10, "wire")
        .await;
    assert_eq!(next["id"].as_u64(), id.as_u64().map(|id| id + 1));
}

#[tokio::test]
async fn a_file_of_somebody_else_is_left_alone() {
    let file = Scratch::new("other.db");
    std::fs::write(&file.path, "not a database, and long enough to be read as one page header of SQLite, one hundred bytes").unwrap();
    let before = std::fs::read(&file.path).unwrap();
    let error = Sandbox::builder()
        .strict(true)
        .data(&file.path)
        .start()
        .await
        .unwrap_err();
    assert!(error.is_invalid(), "{error}");
    assert_eq!(std::fs::read(&file.path).unwrap(), before);
}

#[tokio::test]
async fn the_same_seed_and_calls_give_the_same_bytes() {
    let run = async |seed| {
        let start = "2026-03-01T12:00:00Z".parse().unwrap();
        let sandbox = Sandbox::builder()
            .strict(true)
            .clock(Clock::Frozen(start))
            .seed(seed)
            .start()
            .await
            .unwrap();
        let client = Client::login(&sandbox).await;
        let investor = client.investor("Lovelace").await;
        let investment = client
            .investment("reg_d_506c", investor["id"].as_u64().unwrap(), 10, "wire")
            .await;
        let link = format!(
            "/authorization/{}?identifier=x&email=a%40b.co",
            sandbox.authorization_token()
        );
        submit(&sandbox, &link, &[]).await;
        let user = Client::verifyinvestor(&sandbox)
            .get("/api/v1/users/identifier/x")
            .await;
        let path = format!("/api_third_party/investments/{}/", investment["id"]);
        let shown = client
            .get(&path)
            .await
            .text()
            .replace(&sandbox.base_url(), "");
        (
            shown,
            user.text().to_owned(),
            investment["payment_intent_client_secret"].clone(),
        )
    };
    let (first, same, other) = (run(1).await, run(1).await, run(2).await);
    assert_eq!(first, same);
    assert_ne!(first.0, other.0);
    assert_ne!(first.2, json!(null));
    assert_ne!(first.2, other.2);
}
