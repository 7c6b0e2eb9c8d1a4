//! Every operation of the contract through its handle, over TCP against the sandbox in strict mode.
//!
//! A module for each resource and a test for each operation, named after it: `cargo xtask coverage` finds them by these
//! names. Each one ends with [`Partner::answered`], so that a test that does not make its call fails.

mod auth;
mod families;
mod investments;
mod investors;
mod invoices;
mod kyb_documents;
mod subscription_agreement_investor_signatures;

use accredit_sandbox::Sandbox;
use accredit_thirdparty::{
    Client, CreatedInvestment, InvestorSignature, SubscriptionAgreementName,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{investor, offering, partner, submit, wire_investment};

/// A sandbox in strict mode, and a client that is its partner.
struct Partner {
    sandbox: Sandbox,
    client: Client,
}

impl Partner {
    async fn new() -> Self {
        let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
        let client = partner(&sandbox);
        Self { sandbox, client }
    }

    /// Fails unless this sandbox was asked for the operation and answered it with success, by its own log. In strict mode
    /// the request and the answer kept to the contract then.
    async fn answered(&self, operation: &str) {
        let log = requests(&self.sandbox).await;
        let succeeded = log.iter().any(|entry| {
            let status = entry["status"].as_u64().unwrap();
            entry["operation"] == operation && (200..300).contains(&status)
        });
        assert!(succeeded, "no success of {operation} in {log:#?}");
    }

    /// An investment of 10 shares at 10.50 each, with 2 % fees.
    async fn invested(&self) -> CreatedInvestment {
        let investor = investor(&self.client, "Lovelace").await;
        let offering = offering(&self.sandbox, "reg_a");
        wire_investment(&self.client, offering, &investor, 10).await
    }

    /// The same with the agreement signed by the investor.
    async fn signed(&self) -> (CreatedInvestment, InvestorSignature) {
        let invested = self.invested().await;
        let signature = self
            .client
            .investor_signatures()
            .create(
                invested.id,
                SubscriptionAgreementName::SubscriptionAgreement,
            )
            .document_version(2)
            .send()
            .await
            .unwrap();
        let page = signature.signing_url.as_ref().unwrap();
        let form = "investor_signature_text=Ada+Lovelace";
        assert_eq!(submit(&self.sandbox, page.expose(), form).await, 200);
        (invested, signature)
    }
}

/// What the sandbox was asked, oldest first.
async fn requests(sandbox: &Sandbox) -> Vec<Value> {
    let head = format!(
        "GET /_sandbox/requests HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
        sandbox.address()
    );
    let mut stream = TcpStream::connect(sandbox.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    let (_, body) = reply.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}
