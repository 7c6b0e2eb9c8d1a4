//! Snapshots: saved, listed, loaded and deleted, over HTTP and in process.

use std::time::Duration;

use accredit_sandbox::{Clock, Sandbox};
use serde_json::{Value, json};

use crate::support::{Client, Scratch, send_json, strict};

async fn control(sandbox: &Sandbox, method: &str, path: &str, body: Value) -> (u16, Value) {
    let path = format!("/_sandbox/snapshots{path}");
    let answer = send_json(sandbox, method, &path, &[], &body).await;
    let body = if answer.body.is_empty() {
        Value::Null
    } else {
        answer.json()
    };
    (answer.status, body)
}

async fn investors(sandbox: &Sandbox) -> u64 {
    let client = Client::login(sandbox).await;
    let answer = client.get("/api_third_party/investors/").await;
    answer.json()["count"].as_u64().unwrap()
}

#[tokio::test]
async fn a_snapshot_brings_back_data_clock_and_settings() {
    let file = Scratch::new("snapshot.db");
    let start = "2026-03-01T12:00:00Z";
    for data in [None, Some(&file.path)] {
        let mut builder = Sandbox::builder()
            .strict(true)
            .scale(30)
            .clock(Clock::Frozen(start.parse().unwrap()));
        if let Some(path) = data {
            builder = builder.data(path);
        }
        let sandbox = builder.start().await.unwrap();
        let url = |sandbox: &Sandbox| sandbox.set_webhook_url(Some("http://127.0.0.1:9/"));
        url(&sandbox).unwrap();
        let client = Client::login(&sandbox).await;
        client.investor("Lovelace").await;
        let before = investors(&sandbox).await;
        let (status, saved) = control(&sandbox, "POST", "", json!({ "name": "one" })).await;
        assert_eq!((status, &saved["name"]), (201, &json!("one")));
        assert_eq!(saved["saved_at"], "2026-03-01T12:00:00.000000Z");

        client.investor("Hopper").await;
        sandbox.advance_clock(Duration::from_secs(60));
        sandbox.set_webhook_url(None).unwrap();
        assert_eq!(investors(&sandbox).await, before + 1);
        let (status, loaded) = control(&sandbox, "POST", "/one/load", json!({})).await;
        assert_eq!((status, &loaded), (200, &saved));
        assert_eq!(investors(&sandbox).await, before);
        assert_eq!(sandbox.now().to_string(), start);

        // It can be loaded again, after a reset too, and the ids go on as they did then.
        let next = client.investor("Hopper").await["id"].clone();
        sandbox.reset().unwrap();
        sandbox.restore("one").unwrap();
        assert_eq!(client.investor("Hopper").await["id"], next);
        sandbox.stop().await;
    }
    // What was loaded is what the file holds.
    let again = Sandbox::builder()
        .strict(true)
        .data(&file.path)
        .start()
        .await
        .unwrap();
    assert!(investors(&again).await > 1);
}

#[tokio::test]
async fn snapshots_are_listed_replaced_and_deleted() {
    let sandbox = strict().await;
    for name in ["b", "a", "b"] {
        sandbox.snapshot(name).unwrap();
    }
    let (status, list) = control(&sandbox, "GET", "", json!({})).await;
    assert_eq!(status, 200);
    let names: Vec<_> = list["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert!(list["snapshots"][0]["bytes"].as_u64().unwrap() > 4_096);
    assert_eq!(
        control(&sandbox, "DELETE", "/a", json!({})).await,
        (204, Value::Null)
    );
    let gone = json!({ "detail": "there is no snapshot \"a\"" });
    assert_eq!(
        control(&sandbox, "DELETE", "/a", json!({})).await,
        (404, gone.clone())
    );
    assert_eq!(
        control(&sandbox, "POST", "/a/load", json!({})).await,
        (404, gone)
    );
    assert!(sandbox.restore("a").unwrap_err().is_invalid());
}

#[tokio::test]
async fn names_are_no_paths_and_there_are_not_too_many() {
    let sandbox = strict().await;
    let long = "x".repeat(65);
    for name in [
        "", "..", "../a", "a/b", ".a", "-a", "a b", "ä", "a\0", &long,
    ] {
        let (status, body) = control(&sandbox, "POST", "", json!({ "name": name })).await;
        assert_eq!(status, 400, "{name:?} {body}");
    }
    for body in [json!({}), json!([]), json!({ "name": 1 })] {
        assert_eq!(control(&sandbox, "POST", "", body).await.0, 400);
    }
    for number in 0..16 {
        sandbox.snapshot(&format!("s{number}")).unwrap();
    }
    let (status, body) = control(&sandbox, "POST", "", json!({ "name": "one-more" })).await;
    assert_eq!(status, 409);
    assert_eq!(body["detail"], "there are 16 snapshots already: delete one");
    sandbox.snapshot("s3").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn loading_while_calls_run_leaves_every_answer_whole() {
    let sandbox = Sandbox::builder()
        .strict(true)
        .scale(200)
        .start()
        .await
        .unwrap();
    let client = Client::login(&sandbox).await;
    sandbox.snapshot("start").unwrap();
    let calls = async {
        for number in 0..60 {
            let answer = client
                .get("/api_third_party/investments/?page_size=5")
                .await;
            assert_eq!((answer.status, &answer.json()["count"]), (200, &json!(200)));
            client.investor(&format!("Lovelace{number}")).await;
        }
    };
    let loads = async {
        for _ in 0..10 {
            assert_eq!(
                control(&sandbox, "POST", "/start/load", json!({})).await.0,
                200
            );
        }
    };
    tokio::join!(calls, loads);
    sandbox.restore("start").unwrap();
    assert_eq!(
        client.get("/api_third_party/investments/").await.status,
        200
    );
}
