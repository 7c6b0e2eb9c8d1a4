//! The pages on which an investor grants access and works on a request.

use accredit_sandbox::Sandbox;
use serde_json::json;

use crate::support::{Client, path_of, send, strict, submit};

fn link(sandbox: &Sandbox, query: &str) -> String {
    format!("/authorization/{}?{query}", sandbox.authorization_token())
}

#[tokio::test]
async fn an_authorised_investor_is_sent_straight_back() {
    let sandbox = strict().await;
    let user = sandbox.verifyinvestor_user().unwrap().id;
    let link = link(
        &sandbox,
        "identifier=42&redirect_url=https%3A%2F%2Fportal.example%2Fback%23top",
    );
    let answer = send(&sandbox, "GET", &link, &[], b"").await;
    assert_eq!(answer.status, 302);
    let target = format!("https://portal.example/back?vi_user_id={user}&identifier=42#top");
    assert_eq!(answer.header("location"), Some(target.as_str()));
}

#[tokio::test]
async fn a_new_investor_grants_per_portal_and_may_refuse() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let link = link(
        &sandbox,
        "identifier=a%26b&portal_name=Some+Portal&email=ada%40example.com&legal_name=Engines+LLC",
    );
    let page = send(&sandbox, "GET", &link, &[], b"").await;
    assert!(page.text().contains("value=\"ada@example.com\"") && page.text().contains("a&amp;b"));
    assert_eq!(
        submit(&sandbox, &link, &[("decision", "refuse")])
            .await
            .status,
        200
    );
    assert_eq!(
        client.get("/api/v1/users/identifier/a%26b").await.status,
        404
    );

    let granted = submit(
        &sandbox,
        &link,
        &[
            ("decision", "grant"),
            ("first_name", "Ada"),
            ("last_name", "L"),
        ],
    )
    .await;
    assert_eq!(
        granted.status, 200,
        "without a redirect URL there is a page"
    );
    let user = client.get("/api/v1/users/identifier/a%26b").await.json();
    assert_eq!(
        user["authorized_parties"],
        json!([{ "name": "Some Portal", "identifier": "a&b", "authorized_legal_names": ["ENGINES LLC"] }])
    );
    let path = format!("/api/v1/users/{}/verification_requests", user["id"]);
    assert_eq!(
        client.post(&path, &json!({})).await.status,
        403,
        "the issuer itself was not authorised"
    );
    assert_eq!(
        client
            .post(&path, &json!({ "portal_name": "Some Portal" }))
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn incomplete_and_foreign_links_are_refused() {
    let sandbox = strict().await;
    assert_eq!(
        send(
            &sandbox,
            "GET",
            "/authorization/wrong?identifier=1",
            &[],
            b""
        )
        .await
        .status,
        404
    );
    assert_eq!(
        send(&sandbox, "GET", &link(&sandbox, ""), &[], b"")
            .await
            .status,
        422
    );
    assert_eq!(
        submit(&sandbox, &link(&sandbox, "identifier=1"), &[])
            .await
            .status,
        422,
        "no e-mail"
    );
    let script = link(&sandbox, "identifier=42&redirect_url=javascript%3Aalert(1)");
    assert_eq!(send(&sandbox, "GET", &script, &[], b"").await.status, 422);
    let markup = link(&sandbox, "identifier=%3Cscript%3E&email=%22%3E%3Cscript%3E");
    assert!(
        !send(&sandbox, "GET", &markup, &[], b"")
            .await
            .text()
            .contains("<script>")
    );
}

#[tokio::test]
async fn the_investor_accepts_completes_declines_and_cancels() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let user = sandbox.verifyinvestor_user().unwrap().id;
    for (name, decisions, status) in [
        ("A", &["accept", "complete"][..], "waiting_for_review"),
        ("B", &["complete"], "waiting_for_review"),
        ("C", &["decline"], "declined_by_investor"),
        ("D", &["accept", "cancel"], "self_not_accredited"),
    ] {
        let body = json!({ "legal_name": name, "redirect_url": "http://portal.example/done" });
        let request = client
            .post(
                &format!("/api/v1/users/{user}/verification_requests"),
                &body,
            )
            .await
            .json();
        let page = path_of(&sandbox, request["investor_url"].as_str().unwrap()).to_owned();
        assert_eq!(send(&sandbox, "GET", &page, &[], b"").await.status, 200);
        for decision in decisions {
            let answer = submit(&sandbox, &page, &[("decision", decision)]).await;
            let expected = if *decision == "accept" {
                page.as_str()
            } else {
                "http://portal.example/done"
            };
            assert_eq!(answer.header("location"), Some(expected));
        }
        let detail = client
            .get(&format!("/api/v1/verification_requests/{}", request["id"]))
            .await
            .json();
        assert_eq!(detail["status"], status);
        assert_eq!(
            submit(&sandbox, &page, &[("decision", "accept")])
                .await
                .status,
            422
        );
    }
    assert_eq!(
        send(
            &sandbox,
            "GET",
            "/investor/verification-requests/1/accept",
            &[],
            b""
        )
        .await
        .status,
        404
    );
}

#[tokio::test]
async fn an_invited_investor_who_grants_access_gets_the_request() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let invitations = "/api/v1/verification_request_invitations";
    let body = json!({
        "portal_name": "Some Portal",
        "investors": [
            { "email": "zoe@example.com", "suggested_legal_name": "Zoë Ångström", "type": "ai" },
            { "email": "zoe@example.com", "type": "qp" },
            { "email": "other@example.com", "type": "ai" },
        ],
    });
    let created = client.post(invitations, &body).await.json();
    let created = &created["verification_request_invitations"];
    let query = "identifier=7&portal_name=Some+Portal&email=Zoe%40Example.com&legal_name=zo%C3%AB+%C3%A5ngstr%C3%B6m";
    let granted = submit(&sandbox, &link(&sandbox, query), &[("decision", "grant")]).await;
    assert_eq!(granted.status, 200);
    let one = async |index: usize| {
        let path = format!("{invitations}/{}", created[index]["id"]);
        client.get(&path).await.json()
    };
    let accreditation = one(0).await["verification_request"].clone();
    assert_eq!(
        (&accreditation["status"], &accreditation["legal_name"]),
        (&json!("accepted_by_investor"), &json!("ZOË ÅNGSTRÖM"))
    );
    let purchaser = one(1).await;
    assert_eq!(
        purchaser["verification_request"]["type"],
        "qualified_purchaser"
    );
    assert_eq!(
        purchaser["verification_request_id"],
        purchaser["verification_request"]["id"]
    );
    assert_eq!(one(2).await["verification_request_id"], json!(null));
}
