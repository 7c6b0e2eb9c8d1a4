//! Every operation of the contract through its handle, over TCP against the sandbox in strict mode.
//!
//! A module for each resource and a test for each operation, named after it: `cargo xtask coverage` finds them by these
//! names. Each one ends with [`Issuer::answered`], so that a test that does not make its call fails.

mod account;
mod families;
mod invitations;
mod users;
mod verification_requests;

use accredit_sandbox::Sandbox;
use accredit_verifyinvestor::{Client, ReviewStatus, UserId, VerificationRequestId};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{account, violet};

/// A sandbox in strict mode, a client of its account, and the user who has let that account in.
struct Issuer {
    sandbox: Sandbox,
    client: Client,
    user: UserId,
}

impl Issuer {
    async fn new() -> Self {
        let sandbox = Sandbox::builder().strict(true).start().await.unwrap();
        let client = account(&sandbox);
        let user = violet(&sandbox);
        Self {
            sandbox,
            client,
            user,
        }
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

    /// A request that the user has accepted.
    async fn requested(&self) -> VerificationRequestId {
        let requests = self.client.users().verification_requests(self.user);
        let created = requests.create().legal_name("Violet Howard").send().await;
        created.unwrap().id
    }

    /// A request that waits for review.
    async fn completed(&self) -> VerificationRequestId {
        let id = self.requested().await;
        let simulation = self.client.simulate().unwrap();
        let completion = simulation.investor_completion(self.user, id);
        completion.send().await.unwrap();
        id
    }

    /// A request that ended well.
    async fn accredited(&self) -> VerificationRequestId {
        let id = self.completed().await;
        let simulation = self.client.simulate().unwrap();
        let review = simulation.review(self.user, id, ReviewStatus::Accredited);
        review.send().await.unwrap();
        id
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
