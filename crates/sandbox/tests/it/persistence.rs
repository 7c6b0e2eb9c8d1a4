//! State on a file, and the same answers from the same seed.

use accredit_sandbox::{Clock, Sandbox};
use serde_json::json;

use crate::support::{Client, Scratch, send_json, submit};

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
async fn a_restart_on_a_file_keeps_the_clock() {
    let file = Scratch::new("clock.db");
    let start = async |clock: Option<Clock>| {
        let builder = Sandbox::builder().data(&file.path);
        let builder = match clock {
            Some(clock) => builder.clock(clock),
            None => builder,
        };
        builder.start().await.unwrap()
    };
    let day = std::time::Duration::from_secs(24 * 3_600);
    let machine = jiff::Timestamp::now();
    let sandbox = start(None).await;
    sandbox.advance_clock(100 * day);
    sandbox.stop().await;
    let sandbox = start(None).await;
    let ahead = sandbox.now().duration_since(machine);
    assert!((100 * 24..101 * 24).contains(&ahead.as_hours()), "{ahead}");

    let body = json!({ "now": "2030-01-01T00:00:00Z" });
    send_json(&sandbox, "POST", "/_sandbox/clock", &[], &body).await;
    let body = json!({ "seconds": 90 });
    send_json(&sandbox, "POST", "/_sandbox/clock/advance", &[], &body).await;
    sandbox.reset().unwrap();
    sandbox.stop().await;
    let sandbox = start(None).await;
    assert_eq!(sandbox.now().to_string(), "2030-01-01T00:01:30Z");
    sandbox.run_clock();
    sandbox.stop().await;
    let sandbox = start(None).await;
    let (first, later) = (sandbox.now(), "2030-01-01T00:01:30Z".parse().unwrap());
    assert!(first > later && first.duration_since(later).as_hours() < 1);
    sandbox.stop().await;

    // What the builder says counts, then and from then on.
    let told = Clock::Frozen("2027-05-05T05:05:05Z".parse().unwrap());
    start(Some(told)).await.stop().await;
    assert_eq!(start(None).await.now().to_string(), "2027-05-05T05:05:05Z");
    start(Some(Clock::System)).await.stop().await;
    let now = start(None).await.now();
    assert_eq!(now.duration_since(machine).as_hours(), 0);
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

/// A person may change the file with SQLite's own tools, and sees it at once.
#[tokio::test]
async fn what_others_write_to_the_file_is_seen() {
    let file = Scratch::new("edited.db");
    let builder = Sandbox::builder().strict(true).scale(20).data(&file.path);
    let sandbox = builder.start().await.unwrap();
    let client = Client::login(&sandbox).await;
    let list = "/api_third_party/investments/?status=refunded";
    let first = client.get("/api_third_party/investments/").await.json()["results"][0].clone();
    let path = format!("/api_third_party/investments/{}/", first["id"]);
    let before = client.get(list).await.json()["count"].as_i64().unwrap();
    assert_ne!(client.get(&path).await.json()["reference_id"], "EDITED");

    let edit = |sql: &str| {
        let db = rusqlite::Connection::open(&file.path).unwrap();
        db.execute_batch(sql).unwrap();
    };
    edit(&format!(
        "UPDATE investments SET reference_id = 'EDITED' WHERE id = {};
         UPDATE investments SET status = 'refunded' WHERE id =
            (SELECT max(id) FROM investments WHERE status <> 'refunded');",
        first["id"]
    ));
    assert_eq!(client.get(&path).await.json()["reference_id"], "EDITED");
    assert_eq!(client.get(list).await.json()["count"], before + 1);
    edit("UPDATE users SET is_active = 0");
    assert_eq!(client.get(&path).await.status, 401);
    edit("UPDATE users SET is_active = 1");
    assert_eq!(client.get(&path).await.status, 200);
}
