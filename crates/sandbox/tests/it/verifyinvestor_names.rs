//! Legal names: what counts as the same one, in every place that compares them.

use serde_json::{Value, json};

use crate::support::{Client, strict, submit};

/// Spellings of one name each.
const NAMES: [&[&str]; 6] = [
    &[
        "Violet Howard",
        "VIOLET HOWARD",
        "howard, violet",
        "Howard  Violet.",
    ],
    &[
        "Jean-Luc Picard",
        "PICARD, Jean-Luc",
        "picard jean\u{2010}luc",
    ],
    &["Engines, L.L.C.", "engines llc", "LLC Engines"],
    &["Zoë Ångström", "ÅNGSTRÖM, ZOË", "zoë ångström"],
    &["Дмитрий Иванов", "ИВАНОВ, ДМИТРИЙ", "иванов дмитрий"],
    &["Γιώργος Σεφέρης", "ΣΕΦΈΡΗΣ, ΓΙΏΡΓΟΣ"],
];

async fn post(client: &Client<'_>, path: &str, body: Value) -> (u16, Value) {
    let answer = client.post(path, &body).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn spellings_of_a_name_are_one_name_everywhere() {
    for names in NAMES {
        let sandbox = strict().await;
        let client = Client::verifyinvestor(&sandbox);
        let fields = [
            ("identifier", "n"),
            ("email", "n@example.com"),
            ("legal_name", names[0]),
        ];
        let link = format!("/authorization/{}", sandbox.authorization_token());
        assert_eq!(submit(&sandbox, &link, &fields).await.status, 200);
        let user = client.get("/api/v1/users/identifier/n").await.json()["id"].clone();
        let path = format!("/api/v1/users/{user}/verification_requests");
        let last = names[names.len() - 1];
        let (status, request) = post(&client, &path, json!({ "legal_name": last })).await;
        assert_eq!(status, 201, "{last}");
        let request = format!("{path}/{}", request["id"]);
        assert_eq!(
            client.get(&request).await.json()["status"],
            "accepted_by_investor",
            "{last} was authorised as {}",
            names[0]
        );
        for name in names {
            let (status, _) = post(&client, &path, json!({ "legal_name": name })).await;
            assert_eq!(status, 422, "{name} is a duplicate");
        }
        post(
            &client,
            &format!("{request}/simulate_investor_completion"),
            json!({}),
        )
        .await;
        let accredited = json!({ "status": "accredited" });
        post(&client, &format!("{request}/review"), accredited).await;
        for name in names {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("legal_name", name)
                .finish();
            let profile = client.get(&format!("/api/v1/users/{user}?{query}")).await;
            let profile = profile.json()["legal_profile"].clone();
            assert_eq!(profile["legal_name"], names[0].to_uppercase(), "{name}");
            assert!(profile["verified_accredited_expires_at"].is_string());
            let path = format!("/api/v1/users/{user}/verification_certificate?{query}");
            assert_eq!(client.get(&path).await.status, 200, "{name}");
        }
    }
}

#[tokio::test]
async fn another_portal_makes_another_request() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let link = format!("/authorization/{}", sandbox.authorization_token());
    let fields = [
        ("identifier", "42"),
        ("portal_name", "Some Portal"),
        ("email", "violet.howard@example.com"),
        ("legal_name", "Violet Howard"),
    ];
    assert_eq!(submit(&sandbox, &link, &fields).await.status, 200);
    let path = format!("/api/v1/users/{user}/verification_requests");
    for portal in [json!(null), json!("Some Portal")] {
        let body = json!({ "legal_name": "Violet Howard", "portal_name": portal });
        let (status, made) = post(&client, &path, body.clone()).await;
        assert_eq!((status, &made["portal_name"]), (201, &portal));
        let (status, refused) = post(&client, &path, body).await;
        assert_eq!(status, 422);
        assert_eq!(refused["pending_verification_request"]["id"], made["id"]);
    }
}
