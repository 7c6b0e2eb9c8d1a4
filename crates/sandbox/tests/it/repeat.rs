//! The same seed and the same calls, twice: every byte of every answer, webhook and PDF is the same.

use std::net::SocketAddr;
use std::time::Duration;

use accredit_sandbox::{Clock, Sandbox};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::support::{Received, path_of, receiver, send};

/// What one run said, in order.
struct Transcript<'a> {
    sandbox: &'a Sandbox,
    token: String,
    said: Vec<(String, Vec<u8>)>,
}

impl Transcript<'_> {
    async fn call(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> Value {
        let token = if path.starts_with("/api/v1") {
            self.sandbox.verifyinvestor_api_token()
        } else {
            &self.token
        };
        let authorization = format!("Token {token}");
        let mut headers = vec![("authorization", authorization.as_str())];
        if !content_type.is_empty() {
            headers.push(("content-type", content_type));
        }
        let answer = send(self.sandbox, method, path, &headers, body).await;
        let headers: Vec<_> = answer
            .headers
            .iter()
            .filter(|(name, _)| name != "date")
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let head = format!("{method} {path}\n{}\n{}", answer.status, headers.join("\n"));
        let value = serde_json::from_slice(&answer.body).unwrap_or_default();
        self.said.push((head, answer.body));
        value
    }

    async fn get(&mut self, path: &str) -> Value {
        self.call("GET", path, "", b"").await
    }

    async fn post(&mut self, path: &str, body: Value) -> Value {
        let body = body.to_string();
        self.call("POST", path, "application/json", body.as_bytes())
            .await
    }

    async fn thirdparty(&mut self) {
        let at = |path: &str| format!("/api_third_party/{path}");
        let credentials = self.sandbox.thirdparty_credentials();
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("email", credentials.email)
            .append_pair("password", credentials.password)
            .finish();
        let login = self
            .call(
                "POST",
                &at("auth/login/"),
                "application/x-www-form-urlencoded",
                form.as_bytes(),
            )
            .await;
        self.token = login["token"].as_str().unwrap().to_owned();
        for path in [
            "investments/",
            "investments/?page=3",
            "investments/?ordering=-amount&status__in=invested,received",
            "investments/?search=capital&page_size=5",
            "investments/?created_at__gte=2025-06-01T00:00:00Z&page=last",
            "investments/?status=nonsense",
            "investments/?page=0",
            "investments/values/?fields=status",
            "investments/statuses/",
            "investments/processing_issue_statuses/",
            "investors/",
            "investors/values/",
            "investors/?type=trust&ordering=-created_at",
            "investors/kyc_country_codes/",
            "investors/kyb_country_codes/",
            "invoices/",
            "kyb_documents/",
            "subscription_agreement_investor_signatures/?page=2",
            "investments/1/",
            "investments/x/",
            "investments",
            "nothing/",
        ] {
            self.get(&at(path)).await;
        }
        let entity =
            json!({ "company_name": "Lovelace Ltd", "email": "ada@example.com", "country": "GB" });
        let investor = self
            .post(
                &at("investors/"),
                json!({ "type": "company", "entity": entity }),
            )
            .await;
        let entity = &investor["entity"]["id"];
        let form = format!(
            "--b\r\ncontent-disposition: form-data; name=\"entity\"\r\n\r\n{entity}\r\n--b\r\n\
             content-disposition: form-data; name=\"type\"\r\n\r\nother\r\n--b\r\n\
             content-disposition: form-data; name=\"side\"\r\n\r\nfront\r\n--b\r\n\
             content-disposition: form-data; name=\"storage_content\"; filename=\"a.pdf\"\r\n\
             content-type: application/pdf\r\n\r\n%PDF-1.4\r\n--b--\r\n"
        );
        let document = self
            .call(
                "POST",
                &at("kyb_documents/"),
                "multipart/form-data; boundary=b",
                form.as_bytes(),
            )
            .await;
        assert!(document["id"].is_u64(), "{document}");
        let id = investor["id"].as_u64().unwrap();
        for action in ["", "get_ach_credit_transfer/"] {
            self.get(&at(&format!("investors/{id}/{action}"))).await;
        }
        self.post(&at(&format!("investors/{id}/run_second_kyc/")), json!({}))
            .await;
        self.post(&at("investors/create_id_upload_workflow_url/"), json!({}))
            .await;
        let number = json!({ "tax_id_number": "12-3456789", "country_code": "US", "investor_type": "company" });
        self.post(&at("investors/check_tax_id_number_valid/"), number)
            .await;
        for offering in self.sandbox.offerings().unwrap().iter().take(4) {
            let body = json!({ "offering": offering.id, "investor": id, "quantity": 50,
                "requested_payment_method": if offering.r#type == "reg_a" { "card" } else { "wire" } });
            let investment = self.post(&at("investments/"), body).await;
            let investment = investment["id"].as_u64().unwrap();
            let signature =
                json!({ "investment": investment, "document_name": "subscription_agreement" });
            let signature = self
                .post(
                    &at("subscription_agreement_investor_signatures/"),
                    signature,
                )
                .await;
            let page = path_of(self.sandbox, signature["signing_url"].as_str().unwrap()).to_owned();
            self.get(&page).await;
            let form = b"investor_signature_text=Ada+Lovelace";
            self.call("POST", &page, "application/x-www-form-urlencoded", form)
                .await;
            self.sandbox.advance_clock(Duration::from_secs(90));
            self.post(
                &format!("/_sandbox/investments/{investment}/status"),
                json!({ "status": "accepted" }),
            )
            .await;
            for path in [
                "",
                "pdf_subscription_agreements/",
                "temp_pdf_subscription_agreements/",
            ] {
                self.get(&at(&format!("investments/{investment}/{path}")))
                    .await;
            }
            self.get(&format!("/_sandbox/agreements/{investment}.pdf"))
                .await;
            self.post(
                &at(&format!(
                    "investments/{investment}/get_payment_intent_secret/"
                )),
                json!({}),
            )
            .await;
        }
        self.post(&at("investments/"), json!({ "quantity": 0 }))
            .await;
        self.call("POST", &at("investments/"), "application/json", b"{")
            .await;
        self.call("POST", &at("investments/"), "text/csv", b"a,b")
            .await;
        self.call("DELETE", &at("investors/"), "", b"").await;
        self.post(&at("auth/logout/"), json!({})).await;
        self.get(&at("investors/")).await;
    }

    async fn verifyinvestor(&mut self) {
        let user = self.sandbox.verifyinvestor_user().unwrap().id;
        let of_user = format!("/api/v1/users/{user}");
        for path in [
            "/api/v1",
            "/api/v1/users",
            &of_user,
            "/api/v1/users/identifier/42",
            "/api/v1/billing",
            "/api/v1/nothing",
        ] {
            self.get(path).await;
        }
        let link = format!(
            "/authorization/{}?identifier=7&email=mary%40example.com",
            self.sandbox.authorization_token()
        );
        self.get(&link).await;
        self.call(
            "POST",
            &link,
            "application/x-www-form-urlencoded",
            b"decision=grant",
        )
        .await;
        let requests = format!("{of_user}/verification_requests");
        for name in ["Violet Howard", "Żaneta Ōe 李 Trust"] {
            let request = self.post(&requests, json!({ "legal_name": name })).await;
            let id = &request["id"];
            self.post(&requests, json!({ "legal_name": name })).await;
            self.post(
                &format!("{requests}/{id}/simulate_investor_completion"),
                json!({}),
            )
            .await;
            self.sandbox.advance_clock(Duration::from_secs(3_600));
            self.post(
                &format!("/_sandbox/verification_requests/{id}/status"),
                json!({ "status": "accredited" }),
            )
            .await;
            for path in ["", "/certificate"] {
                self.get(&format!("/api/v1/verification_requests/{id}{path}"))
                    .await;
            }
        }
        self.get(&requests).await;
        self.get("/api/v1/billing").await;
        let invitation = json!({ "email": "new@example.com" });
        self.post("/api/v1/verification_request_invitations", invitation)
            .await;
        self.get("/api/v1/verification_request_invitations").await;
        self.sandbox.webhooks_settled().await.unwrap();
        self.get("/_sandbox/webhooks").await;
    }
}

type Run = (Vec<(String, Vec<u8>)>, Vec<(String, String, Vec<u8>)>);

async fn run(
    address: Option<SocketAddr>,
    seed: u64,
    url: &str,
    webhooks: &mut UnboundedReceiver<Received>,
) -> (SocketAddr, Run) {
    let mut builder = Sandbox::builder()
        .seed(seed)
        .scale(120)
        .clock(Clock::Frozen("2026-03-01T12:00:00.5Z".parse().unwrap()))
        .webhook_url(url);
    if let Some(address) = address {
        builder = builder.listen(address);
    }
    let sandbox = builder.start().await.unwrap();
    let mut transcript = Transcript {
        sandbox: &sandbox,
        token: String::new(),
        said: Vec::new(),
    };
    transcript.thirdparty().await;
    transcript.verifyinvestor().await;
    let said = transcript.said;
    let sent = sandbox.webhook_deliveries().unwrap().len();
    let mut received = Vec::new();
    for _ in 0..sent {
        let webhook = webhooks.recv().await.unwrap();
        received.push((webhook.signature, webhook.content_type, webhook.body));
    }
    let address = sandbox.address();
    sandbox.stop().await;
    (address, (said, received))
}

#[tokio::test]
async fn the_same_seed_and_calls_give_the_same_bytes_of_everything() {
    let (url, mut webhooks) = receiver(200).await;
    let (address, first) = run(None, 11, &url, &mut webhooks).await;
    // On the same port, for it is in many answers.
    let (_, second) = run(Some(address), 11, &url, &mut webhooks).await;
    assert!(first.0.len() >= 60, "{} calls", first.0.len());
    assert!(first.1.len() >= 4, "{} webhooks", first.1.len());
    let pdfs = first
        .0
        .iter()
        .filter(|(_, body)| body.starts_with(b"%PDF"))
        .count();
    assert!(pdfs >= 6, "{pdfs} PDFs");
    for ((head, body), (other_head, other_body)) in first.0.iter().zip(&second.0) {
        assert_eq!(head, other_head);
        assert_eq!(
            body,
            other_body,
            "{head}\n{}",
            String::from_utf8_lossy(body)
        );
    }
    assert_eq!(first.0.len(), second.0.len());
    assert_eq!(first.1, second.1);
    let (_, other) = run(Some(address), 12, &url, &mut webhooks).await;
    assert_ne!(first.0, other.0, "another seed says something else");
}
