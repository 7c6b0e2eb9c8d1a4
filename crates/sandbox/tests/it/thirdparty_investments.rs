//! Investments from creation to acceptance, with what hangs on them.

use serde_json::json;

use crate::support::{Client, assert_has_sample, frozen, path_of, pdf_text, send, strict, submit};

const INVESTMENTS: &str = "/api_third_party/investments/";

#[tokio::test]
async fn amounts_are_strings_with_two_places_and_add_up() {
    let sandbox = frozen("2026-03-01T12:00:00Z").await;
    let client = Client::login(&sandbox).await;
    let investor = client.investor("Lovelace").await;
    assert_eq!(investor["entity"]["net_worth"], "2500000.50");
    assert_eq!(investor["user"]["email"], "lovelace@example.com");
    let id = investor["id"].as_u64().unwrap();

    let created = client.investment("reg_a", id, 33, "card").await;
    assert_eq!(created["shares_amount"], "346.50");
    assert_eq!(created["price_fees"], "6.93");
    assert_eq!(created["price_payment_processing_fees"], "12.13");
    assert_eq!(created["amount"], "365.56");
    assert!(created["offering"].is_u64() && created["investor"]["entity"].is_object());
    assert!(created.get("status").is_none());
    let secret = created["payment_intent_client_secret"].as_str().unwrap();
    assert!(secret.starts_with("pi_") && secret.contains("_secret_"));

    let shown = client
        .get(&format!("{INVESTMENTS}{}/", created["id"]))
        .await
        .json();
    assert_eq!(shown["status"], "started");
    assert_eq!(shown["offering"]["unit_price"], "10.50");
    assert_eq!(shown["created_at"], "2026-03-01T12:00:00Z");
    assert_eq!(shown["investor"]["entity"]["kyc_status"], "passed");
    let listed = client.get(INVESTMENTS).await.json()["results"][0].clone();
    assert_eq!(listed["offering"]["type"], "reg_a");
    assert!(listed["offering"].get("unit_price").is_none() && listed.get("note_set").is_none());
}

#[tokio::test]
async fn every_field_of_the_documents_samples_is_there() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let investor = client.investor("Lovelace").await;
    let created = client
        .investment("reg_d_506c", investor["id"].as_u64().unwrap(), 10, "wire")
        .await;
    let id = &created["id"];
    let signature = client
        .post(
            "/api_third_party/subscription_agreement_investor_signatures/",
            &json!({ "investment": id, "document_name": "subscription_agreement", "investor_signature_text": "A" }),
        )
        .await
        .json();
    let get = async |path: String| client.get(&path).await.json();
    for (name, answer) in [
        ("investors.create", investor.clone()),
        ("investments.create", created.clone()),
        (
            "investments.retrieve",
            get(format!("{INVESTMENTS}{id}/")).await,
        ),
        ("investments.list", get(INVESTMENTS.to_owned()).await),
        (
            "investors.list",
            get("/api_third_party/investors/".to_owned()).await,
        ),
        (
            "invoices.list",
            get("/api_third_party/invoices/".to_owned()).await,
        ),
        (
            "subscription_agreement_investor_signatures.create",
            signature,
        ),
        (
            "investments.temp_pdf_subscription_agreements",
            get(format!(
                "{INVESTMENTS}{id}/temp_pdf_subscription_agreements/"
            ))
            .await,
        ),
        (
            "investors.get_ach_credit_transfer",
            get(format!(
                "/api_third_party/investors/{}/get_ach_credit_transfer/",
                investor["id"]
            ))
            .await,
        ),
        (
            "investments.statuses",
            get(format!("{INVESTMENTS}statuses/")).await,
        ),
        (
            "investments.processing_issue_statuses",
            get(format!("{INVESTMENTS}processing_issue_statuses/")).await,
        ),
    ] {
        assert_has_sample(&answer, "issuance", name);
    }
}

#[tokio::test]
async fn objects_that_do_not_exist_are_404_with_drfs_texts() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    for (path, model) in [
        ("investments/99999/", "Investment"),
        ("investors/99999/", "Investor"),
        ("invoices/99999/", "Invoice"),
        ("kyb_documents/99999/", "KYBDocument"),
        (
            "subscription_agreement_investor_signatures/99999/",
            "SubscriptionAgreementInvestorSignature",
        ),
    ] {
        let answer = client.get(&format!("/api_third_party/{path}")).await;
        answer.assert(
            404,
            &json!({ "detail": format!("No {model} matches the given query.") }),
        );
    }
    client
        .get(&format!("{INVESTMENTS}abc/"))
        .await
        .assert(404, &json!({ "detail": "Not found." }));
}

#[tokio::test]
async fn the_investor_signs_on_the_hosted_page() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let investor = client.investor("O'Brien & <b>").await["id"]
        .as_u64()
        .unwrap();
    let id = client.investment("reg_d_506c", investor, 25, "wire").await["id"]
        .as_u64()
        .unwrap();
    let path = "/api_third_party/subscription_agreement_investor_signatures/";
    let signature = client
        .post(path, &json!({ "investment": id, "document_name": "subscription_agreement", "document_version": 2 }))
        .await
        .json();
    let page = path_of(&sandbox, signature["signing_url"].as_str().unwrap()).to_owned();
    let shown = send(&sandbox, "GET", &page, &[], b"").await;
    assert!(shown.text().contains("<form method=\"post\">"));
    assert_eq!(
        submit(&sandbox, &page, &[]).await.status,
        422,
        "nobody signs without a name"
    );
    assert_eq!(
        submit(&sandbox, &page, &[("investor_signature_text", "Ada <i>")])
            .await
            .status,
        200
    );
    let signed = client
        .get(&format!("{path}{}/", signature["id"]))
        .await
        .json();
    assert_eq!(signed["investor_signature_text"], "Ada <i>");
    assert!(signed["signed_at"].is_string());
    let investment = client.get(&format!("{INVESTMENTS}{id}/")).await.json();
    assert_eq!(
        (&investment["has_investor_signed"], &investment["status"]),
        (&json!(true), &json!("not_received"))
    );

    let agreements = format!("{INVESTMENTS}{id}/pdf_subscription_agreements/");
    assert_eq!(
        client.get(&agreements).await.json()["data"]["pdf_subscription_agreements"],
        json!([])
    );
    sandbox.investments().advance(id, "accepted").unwrap();
    let agreement =
        client.get(&agreements).await.json()["data"]["pdf_subscription_agreements"][0].clone();
    assert_eq!(
        (&agreement["name"], &agreement["version"]),
        (&json!("subscription_agreement"), &json!(2))
    );
    let pdf = send(
        &sandbox,
        "GET",
        path_of(&sandbox, agreement["document"].as_str().unwrap()),
        &[],
        b"",
    )
    .await;
    assert!(pdf.body.starts_with(b"%PDF"));
    if let Some(text) = pdf_text(&pdf.body) {
        assert!(
            text.contains("Amount: $6312.50") && text.contains("Signed by Ada <i> at "),
            "{text}"
        );
    }
    assert_eq!(
        send(&sandbox, "GET", "/_sandbox/sign/nothing", &[], b"")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn money_first_and_signature_second_invests() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let investor = client.investor("Lovelace").await["id"].as_u64().unwrap();
    let id = client.investment("reg_a", investor, 10, "wire").await["id"]
        .as_u64()
        .unwrap();
    sandbox.investments().advance(id, "received").unwrap();
    let signature = client
        .post(
            "/api_third_party/subscription_agreement_investor_signatures/",
            &json!({ "investment": id, "document_name": "subscription_agreement", "investor_signature_text": "A" }),
        )
        .await
        .json();
    let page = path_of(&sandbox, signature["signing_url"].as_str().unwrap()).to_owned();
    submit(&sandbox, &page, &[]).await;
    let investment = client.get(&format!("{INVESTMENTS}{id}/")).await.json();
    assert_eq!(investment["status"], "invested");
    assert_eq!(
        (&investment["payment_method"], &investment["wirepayment"]),
        (&json!("wire"), &json!(id))
    );
    assert!(investment["processed_at"].is_string());
}

#[tokio::test]
async fn illegal_moves_are_refused_and_change_nothing() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let investor = client.investor("Lovelace").await["id"].as_u64().unwrap();
    let id = client.investment("reg_a", investor, 10, "card").await["id"]
        .as_u64()
        .unwrap();
    let investments = sandbox.investments();
    investments.advance(id, "accepted").unwrap();
    for status in ["started", "cancelled", "not_approved"] {
        let error = investments.advance(id, status).unwrap_err();
        assert!(error.is_invalid());
        assert_eq!(
            error.to_string(),
            format!("an investment that is accepted cannot become {status}")
        );
    }
    assert!(investments.advance(id, "bogus").unwrap_err().is_invalid());
    assert!(
        investments
            .advance(1_u64, "received")
            .unwrap_err()
            .is_invalid()
    );
    assert_eq!(investments.status(id).unwrap().as_deref(), Some("accepted"));
    assert_eq!(investments.status(1_u64).unwrap(), None);
}

#[tokio::test]
async fn a_failed_identity_check_passes_the_second_time() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let investor = client.investor("Kycfail").await["id"].as_u64().unwrap();
    client.investment("reg_a", investor, 10, "wire").await;
    let path = format!("/api_third_party/investors/{investor}/");
    let entity = client.get(&path).await.json()["entity"].clone();
    assert_eq!(
        (&entity["kyc_status"], &entity["number_kyc_failed"]),
        (&json!("failed"), &json!(1))
    );
    let second = client
        .post(&format!("{path}run_second_kyc/"), &json!({}))
        .await
        .json();
    assert_eq!(second["data"]["verification_entity"]["status"], "passed");
    assert_eq!(
        second["data"]["verification_entity"]["entity"],
        entity["id"]
    );
    let list = client
        .get("/api_third_party/investments/?investor__entity__kyc_status=passed")
        .await
        .json();
    assert_eq!(list["count"], 1);

    let upload = client
        .post(
            "/api_third_party/investors/create_id_upload_workflow_url/",
            &json!({}),
        )
        .await
        .json();
    let page = path_of(&sandbox, upload["data"]["workflow_url"].as_str().unwrap()).to_owned();
    assert_eq!(send(&sandbox, "GET", &page, &[], b"").await.status, 200);
    assert_eq!(submit(&sandbox, &page, &[]).await.status, 200);
}

#[tokio::test]
async fn only_wire_investments_have_an_invoice() {
    let sandbox = strict().await;
    let client = Client::login(&sandbox).await;
    let investor = client.investor("Lovelace").await["id"].as_u64().unwrap();
    client.investment("reg_a", investor, 10, "card").await;
    let id = client.investment("reg_a", investor, 10, "wire").await["id"]
        .as_u64()
        .unwrap();
    let list = client.get("/api_third_party/invoices/").await.json();
    assert_eq!(
        (&list["count"], &list["results"][0]["investment"]),
        (&json!(1), &json!(id))
    );
    assert_eq!(
        list["results"][0]["beneficiary_name"],
        "Analytical Engines, Inc."
    );
    let one = format!("/api_third_party/invoices/{}/", list["results"][0]["id"]);
    client.get(&one).await.assert(200, &list["results"][0]);
}
