//! Page-number pagination: the links and the edges.

use accredit_sandbox::Sandbox;
use serde_json::json;

use crate::support::{Client, send, strict};

const LIST: &str = "/api_third_party/investors/";

async fn seven(sandbox: &Sandbox) -> Client<'_> {
    let client = Client::login(sandbox).await;
    for number in 0..7 {
        client.investor(&format!("Lovelace{number}")).await;
    }
    client
}

#[tokio::test]
async fn links_are_absolute_with_sorted_parameters_and_without_page_one() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let client = seven(&sandbox).await;
    let base = format!("{}{LIST}", sandbox.base_url());
    let page = async |query: &str| client.get(&format!("{LIST}{query}")).await.json();

    let first = page("?search=Love+lace&page_size=3&ordering=id").await;
    assert_eq!(first["count"], 7);
    assert_eq!(first["previous"], json!(null));
    assert_eq!(
        first["next"],
        format!("{base}?ordering=id&page=2&page_size=3&search=Love+lace")
    );
    let second = page("?page=2&page_size=3&z=~*").await;
    assert_eq!(second["previous"], format!("{base}?page_size=3&z=~%2A"));
    assert_eq!(second["next"], format!("{base}?page=3&page_size=3&z=~%2A"));
    let last = page("?page=last&page_size=3").await;
    assert_eq!(last["results"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&last["next"], &last["previous"]),
        (&json!(null), &json!(format!("{base}?page=2&page_size=3")))
    );
}

#[tokio::test]
async fn links_name_the_host_that_was_asked() {
    let sandbox = strict().await;
    let client = seven(&sandbox).await;
    let credentials = sandbox.thirdparty_credentials();
    let body = json!({ "email": credentials.email, "password": credentials.password }).to_string();
    let headers = [
        ("host", "localhost:1234"),
        ("content-type", "application/json"),
    ];
    let login = send(
        &sandbox,
        "POST",
        "/api_third_party/auth/login/",
        &headers,
        body.as_bytes(),
    )
    .await
    .json();
    let token = format!("Token {}", login["token"].as_str().unwrap());
    let headers = [
        ("host", "localhost:1234"),
        ("authorization", token.as_str()),
    ];
    let answer = send(
        &sandbox,
        "GET",
        &format!("{LIST}?page_size=1"),
        &headers,
        b"",
    )
    .await;
    assert_eq!(
        answer.json()["next"],
        format!("http://localhost:1234{LIST}?page=2&page_size=1")
    );
    drop(client);
}

#[tokio::test]
async fn pages_that_do_not_exist_are_404_and_odd_sizes_are_forgiven() {
    let sandbox = Sandbox::builder().page_size(2, 4).start().await.unwrap();
    let client = seven(&sandbox).await;
    for page in ["0", "5", "-1", "x", "1.5"] {
        let answer = client.get(&format!("{LIST}?page={page}")).await;
        answer.assert(404, &json!({ "detail": "Invalid page." }));
    }
    for (size, expected) in [
        ("", 2),
        ("0", 2),
        ("x", 2),
        ("-3", 2),
        ("3", 3),
        ("1000000", 4),
    ] {
        let rows = client.get(&format!("{LIST}?page_size={size}")).await.json()["results"].clone();
        assert_eq!(rows.as_array().unwrap().len(), expected, "{size}");
    }
    // The first page of an empty list exists.
    let empty = client.get("/api_third_party/invoices/").await;
    empty.assert(
        200,
        &json!({ "count": 0, "next": null, "previous": null, "results": [] }),
    );
}
