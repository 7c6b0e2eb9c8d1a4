//! The OpenAPI documents, and what strict mode makes of them.

use accredit_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::support::{Client, offering_id, send};

#[tokio::test]
async fn the_documents_name_the_sandbox_as_it_was_asked() {
    let sandbox = Sandbox::start().await.unwrap();
    for (file, path) in [
        ("thirdparty", "/api_third_party/investments/{id}/"),
        ("verifyinvestor", "/api/v1/users/{user_id}"),
    ] {
        let address = format!("/_sandbox/openapi/{file}.json");
        let answer = send(&sandbox, "GET", &address, &[("host", "localhost:81")], b"").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let document = answer.json();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["servers"][0]["url"], "http://localhost:81");
        let responses = &document["paths"][path]["get"]["responses"];
        for status in ["200", "400", "401", "404", "413"] {
            assert!(responses.get(status).is_some(), "{path} {status}");
        }
        assert!(responses.get("default").is_none(), "{path}");
    }
    let answer = send(&sandbox, "GET", "/_sandbox/openapi/other.json", &[], b"").await;
    assert_eq!(answer.status, 404);
}

/// What the services ignore: the query of a list of investments, and where strict mode sees it.
const IGNORED: [(&str, &str); 5] = [
    ("amount_gte=10", "/amount_gte"),
    ("status__in=received,bogus", "/status__in"),
    ("investor__entity__isnull=1", "/investor__entity__isnull"),
    ("page_size=many", "/page_size"),
    ("search=a&a%2Fb=", "/a~1b"),
];

#[tokio::test]
async fn a_strict_sandbox_names_what_the_service_would_ignore() {
    for strict in [false, true] {
        let sandbox = Sandbox::builder().strict(strict).start().await.unwrap();
        let client = Client::login(&sandbox).await;
        for (query, pointer) in IGNORED {
            let path = format!("/api_third_party/investments/?{query}");
            let answer = client.get(&path).await;
            if strict {
                assert_loud(&answer.json(), "query", pointer);
            }
            assert_eq!(answer.status, if strict { 500 } else { 200 }, "{query}");
        }
    }
}

#[tokio::test]
async fn a_strict_sandbox_undoes_what_it_does_not_know_and_leaves_refusals_alone() {
    for strict in [false, true] {
        let sandbox = Sandbox::builder().strict(strict).start().await.unwrap();
        let client = Client::login(&sandbox).await;
        let investor = client.investor("Hopper").await["id"].clone();
        let list = "/api_third_party/investments/";
        let before = client.get(list).await.json()["count"].as_u64().unwrap();
        let mut body = json!({
            "offering": offering_id(&sandbox, "reg_a"), "investor": investor, "quantity": 300, "amuont": "1",
        });
        let answer = client.post(list, &body).await;
        assert_eq!(
            answer.status,
            if strict { 500 } else { 201 },
            "{}",
            answer.text()
        );
        if strict {
            assert_loud(&answer.json(), "body", "/amuont");
        }
        let after = client.get(list).await.json()["count"].as_u64().unwrap();
        assert_eq!(after - before, u64::from(!strict));

        body["investor"] = json!(0);
        assert_eq!(client.post(list, &body).await.status, 400);
        let path = format!("{list}?amount_gte=10&id=x");
        assert_eq!(client.get(&path).await.status, 400);
        assert_eq!(
            client.send("PUT", list, "text/plain", b"").await.status,
            405
        );
    }
}

#[tokio::test]
async fn a_strict_sandbox_names_what_its_own_answer_should_not_hold() {
    for strict in [false, true] {
        let sandbox = Sandbox::builder().strict(strict).start().await.unwrap();
        let client = Client::verifyinvestor(&sandbox);
        let user = sandbox.verifyinvestor_user().unwrap().id;
        let path = format!("/api/v1/users/{user}/verification_requests");
        let id = client.post(&path, &json!({})).await.json()["id"].clone();
        let status = json!({ "status": "status_of_the_future" });
        let set = format!("/_sandbox/verification_requests/{id}/status");
        assert_eq!(client.post(&set, &status).await.status, 200);
        let answer = client.get(&format!("{path}/{id}")).await;
        if strict {
            assert_eq!(answer.status, 500);
            assert_loud(&answer.json(), "answer", "/status");
        } else {
            assert_eq!(
                (answer.status, &answer.json()["status"]),
                (200, &status["status"])
            );
        }
    }
}

#[track_caller]
fn assert_loud(body: &Value, part: &str, pointer: &str) {
    assert_eq!(
        (&body["part"], &body["pointer"]),
        (&json!(part), &json!(pointer)),
        "{body}"
    );
    assert!(
        body["detail"].is_string() && body["expected"].is_string(),
        "{body}"
    );
}
