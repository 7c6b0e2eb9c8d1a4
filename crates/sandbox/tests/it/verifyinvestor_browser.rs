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

/// The page of a new request of a kind (`""` is accreditation), and the request's id.
async fn begun(client: &Client<'_>, kind: &str, name: &str) -> (String, serde_json::Value) {
    let user = client.sandbox.verifyinvestor_user().unwrap().id;
    let path = format!("/api/v1/users/{user}/verification_requests{kind}");
    let made = client.post(&path, &json!({ "legal_name": name })).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let page = path_of(client.sandbox, made["investor_url"].as_str().unwrap());
    (page.to_owned(), made["id"].clone())
}

#[tokio::test]
async fn a_method_is_chosen_between_accepting_and_completing() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    let (page, id) = begun(&client, "", "Somebody New").await;
    let get = async |path: &str| send(&sandbox, "GET", path, &[], b"").await;
    let before = get(&page).await;
    assert!(before.text().contains("value=\"accept\""));
    assert!(
        !before.text().contains("<fieldset>"),
        "nothing to choose yet"
    );
    let choose = async |method: &str| {
        submit(
            &sandbox,
            &page,
            &[("decision", "choose"), ("method", method)],
        )
        .await
    };
    assert_eq!(choose("income").await.status, 422, "it was not accepted");
    submit(&sandbox, &page, &[("decision", "accept")]).await;

    let offered = get(&page).await;
    for part in ["<legend>", "value=\"income\" required", "formnovalidate"] {
        assert!(offered.text().contains(part), "{part}");
    }
    assert!(!offered.text().contains("value=\"complete\""));
    let chosen = choose("income").await;
    let address = format!("{page}?method=income");
    assert_eq!(
        (chosen.status, chosen.header("location")),
        (303, Some(address.as_str()))
    );
    let next = get(&address).await;
    assert!(next.text().contains("<h2>Income</h2>") && next.text().contains("value=\"complete\""));
    assert!(
        next.text().contains(&format!("<a href=\"{page}\">")),
        "back"
    );
    // Whatever was chosen before, another choice counts.
    let other = [("decision", "choose"), ("method", "net_worth")];
    assert_eq!(
        submit(&sandbox, &address, &other).await.header("location"),
        Some(format!("{page}?method=net_worth").as_str())
    );

    let detail = format!("/api/v1/verification_requests/{id}");
    for (path, form, complaint) in [
        (&page, &[("decision", "choose")][..], "Choose one of these"),
        (
            &page,
            &[("decision", "complete"), ("method", "<b>luck")],
            "no method <em>&lt;b&gt;luck</em>",
        ),
        (
            &format!("{page}?method=identity_document"),
            &[("decision", "complete")],
            "no method <em>identity_document</em>",
        ),
    ] {
        let refused = submit(&sandbox, path, form).await;
        assert_eq!(refused.status, 422, "{form:?}");
        assert!(refused.text().contains(complaint), "{}", refused.text());
        assert!(refused.text().contains("<fieldset>"), "to choose again");
    }
    assert_eq!(
        client.get(&detail).await.json()["status"],
        "accepted_by_investor"
    );
    let done = submit(&sandbox, &address, &[("decision", "complete")]).await;
    assert_eq!(
        (done.status, done.header("location")),
        (303, Some(page.as_str()))
    );
    assert_eq!(
        client.get(&detail).await.json()["status"],
        "waiting_for_review"
    );
    assert!(!get(&page).await.text().contains("<form"), "nothing to do");
}

#[tokio::test]
async fn every_kind_of_request_has_its_own_methods() {
    let sandbox = strict().await;
    let client = Client::verifyinvestor(&sandbox);
    for (kind, own, foreign) in [
        ("", "income", "identity_document"),
        ("/aml_kyc", "identity_document", "income"),
        ("/qualified_purchaser", "investments", "net_worth"),
        (
            "/qualified_client",
            "assets_under_management",
            "investments",
        ),
    ] {
        let (page, _) = begun(&client, kind, "Somebody New").await;
        submit(&sandbox, &page, &[("decision", "accept")]).await;
        for (method, status) in [(own, 303), (foreign, 422)] {
            let form = [("decision", "choose"), ("method", method)];
            assert_eq!(
                submit(&sandbox, &page, &form).await.status,
                status,
                "{kind} {method}"
            );
        }
        let label = if kind.is_empty() {
            "I am not accredited"
        } else {
            "I do not qualify"
        };
        let shown = send(&sandbox, "GET", &page, &[], b"").await;
        assert!(shown.text().contains(label), "{kind}");
    }
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
