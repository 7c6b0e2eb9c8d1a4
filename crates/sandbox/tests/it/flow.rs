//! The whole life of one investment and one verification, as the demo runs it.

use accredit_sandbox::Sandbox;
use serde_json::json;

use crate::support::{Client, path_of, pdf_text, receiver, send, submit};

#[tokio::test]
async fn one_investment_and_one_accreditation_end_to_end() {
    let (url, mut webhooks) = receiver(200).await;
    let sandbox = Sandbox::builder()
        .strict(true)
        .webhook_url(url)
        .start()
        .await
        .unwrap();
    let client = Client::login(&sandbox).await;

    let body = json!({ "tax_id_number": "123-45-6789", "country_code": "US", "investor_type": "person", "is_us_citizen": true });
    let answer = client
        .post(
            "/api_third_party/investors/check_tax_id_number_valid/",
            &body,
        )
        .await;
    answer.assert(
        200,
        &json!({ "success": true, "message": "", "data": { "is_valid": true } }),
    );

    let investor = client.investor("Lovelace").await;
    let codes = client
        .get("/api_third_party/investors/kyc_country_codes/")
        .await
        .json();
    assert_eq!(codes["data"]["country_codes"][0], "US");

    let created = client
        .investment("reg_d_506c", investor["id"].as_u64().unwrap(), 25, "wire")
        .await;
    let id = created["id"].as_u64().unwrap();
    let one = format!("/api_third_party/investments/{id}/");
    let secret = client
        .post(&format!("{one}get_payment_intent_secret/"), &json!({}))
        .await
        .json();
    assert_eq!(
        secret["data"]["payment_intent_secret"],
        created["payment_intent_client_secret"]
    );

    let signature = client
        .post(
            "/api_third_party/subscription_agreement_investor_signatures/",
            &json!({ "investment": id, "document_name": "subscription_agreement", "investor_signature_text": "Ada Lovelace" }),
        )
        .await;
    assert_eq!(signature.status, 201);
    let signature = signature.json();
    assert_eq!(signature["signed_at"], json!(null));
    let page = path_of(&sandbox, signature["signing_url"].as_str().unwrap()).to_owned();
    assert_eq!(
        submit(
            &sandbox,
            &page,
            &[("investor_signature_text", "Ada Lovelace")]
        )
        .await
        .status,
        200
    );
    assert_eq!(client.get(&one).await.json()["status"], "not_received");

    let verify = Client::verifyinvestor(&sandbox);
    let link = format!(
        "/authorization/{}?identifier=inv-7&email=ada@example.com&first_name=Ada&last_name=Lovelace&redirect_url=http%3A%2F%2Fportal.example%2Fback%3Fa%3D1",
        sandbox.authorization_token()
    );
    assert_eq!(send(&sandbox, "GET", &link, &[], b"").await.status, 200);
    let granted = submit(&sandbox, &link, &[("decision", "grant")]).await;
    assert_eq!(granted.status, 302);
    let target = granted.header("location").unwrap();
    let user: u64 = target
        .strip_prefix("http://portal.example/back?a=1&vi_user_id=")
        .and_then(|rest| rest.strip_suffix("&identifier=inv-7"))
        .unwrap()
        .parse()
        .unwrap();

    let requests = format!("/api/v1/users/{user}/verification_requests");
    let request = verify
        .post(
            &requests,
            &json!({ "legal_name": "Ada Lovelace", "deal_name": "Series A" }),
        )
        .await;
    assert_eq!(request.status, 201);
    let request = request.json();
    let page = path_of(&sandbox, request["investor_url"].as_str().unwrap()).to_owned();
    assert!(matches!(
        submit(&sandbox, &page, &[("decision", "complete")])
            .await
            .status,
        302 | 303
    ));
    let short = format!("/api/v1/verification_requests/{}", request["id"]);
    assert_eq!(
        verify.get(&short).await.json()["status"],
        "waiting_for_review"
    );
    assert_eq!(
        verify
            .post(
                &format!("{short}/review"),
                &json!({ "status": "accredited" })
            )
            .await
            .status,
        201
    );
    sandbox.webhooks_settled().await.unwrap();
    for status in ["waiting_for_review", "accredited"] {
        let webhook = webhooks.recv().await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&webhook.body).unwrap();
        assert_eq!(
            (body["status"].as_str(), &body["identifier"]),
            (Some(status), &json!("inv-7"))
        );
    }
    let certificate = verify.get(&format!("{short}/certificate")).await;
    assert_eq!(
        (certificate.status, certificate.header("content-type")),
        (200, Some("application/pdf"))
    );
    if let Some(text) = pdf_text(&certificate.body) {
        assert!(
            text.contains("ADA LOVELACE") && text.contains("Valid until: "),
            "{text}"
        );
    }

    sandbox.investments().advance(id, "accepted").unwrap();
    assert_eq!(client.get(&one).await.json()["status"], "accepted");
    let list = client
        .get("/api_third_party/investments/?status__in=accepted&page_size=1")
        .await
        .json();
    assert_eq!(
        (&list["count"], &list["results"][0]["id"]),
        (&json!(1), &json!(id))
    );
    let invoices = client
        .get(&format!("/api_third_party/invoices/?investment={id}"))
        .await
        .json();
    assert_eq!(invoices["count"], 1);
    assert_eq!(
        client
            .post("/api_third_party/auth/logout/", &json!({}))
            .await
            .status,
        204
    );
    assert_eq!(client.get(&one).await.status, 401);
}
