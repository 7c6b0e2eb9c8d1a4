//! The webhook receiver of the demo: a loopback server that verifies, stores, and answers.

use std::{io, sync::Arc, time::Duration};

use accredit::{
    inbox::{Inbox, InboxError},
    transport::http::{HeaderMap, StatusCode},
    verifyinvestor::{VerificationRequestId, VerificationRequestStatus, WebhookEvent, Webhooks},
};
use axum::{Router, extract::State, routing::post};
use bytes::Bytes;
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

use super::steps::LastStatus;

/// A running receiver. Dropping it closes the port.
pub(crate) struct Receiver {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
    step: LastStatus,
}

struct Shared {
    inbox: Inbox,
    /// What the last delivery was answered.
    answered: LastStatus,
    arrived: Notify,
}

impl Receiver {
    /// `step` learns what was answered, whenever somebody waits for a webhook.
    pub(crate) async fn start(
        webhook_secret: &str,
        step: LastStatus,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let inbox = Inbox::in_memory(Webhooks::new(webhook_secret)?)?;
        let shared = Arc::new(Shared {
            inbox,
            answered: LastStatus::default(),
            arrived: Notify::new(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/webhooks", listener.local_addr()?);
        let routes = Router::new()
            .route("/webhooks", post(receive))
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            // It ends with the task; a failed accept has nobody to tell but the wait below.
            let _: io::Result<()> = axum::serve(listener, routes).await;
        });
        Ok(Self {
            url,
            shared,
            server,
            step,
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Waits for the verified webhook that says how a request ended.
    pub(crate) async fn wait_for(
        &self,
        request: VerificationRequestId,
        status: VerificationRequestStatus,
        limit: Duration,
    ) -> Result<WebhookEvent, Box<dyn std::error::Error>> {
        let wait = async {
            loop {
                // First: it is told after the answer is known, and kept when nobody waits yet.
                self.shared.arrived.notified().await;
                for delivery in self.shared.inbox.pending(100)? {
                    self.shared.inbox.settle(delivery.id)?;
                    let event = delivery.event?;
                    if event.verification_request_id == request
                        && event.status.as_ref() == Some(&status)
                    {
                        return Ok(event);
                    }
                }
            }
        };
        let done = tokio::time::timeout(limit, wait).await;
        self.step.set(&self.shared.answered.get());
        done.map_err(|_| {
            format!("no signed webhook with status {status} arrived within {limit:?}")
        })?
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Stores first and answers after; what the answer says is for the sender's retries only.
async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let answer = match shared.inbox.receive(&headers, &body) {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(error) => refusal(&error),
    };
    shared.answered.set(&answer.to_string());
    shared.arrived.notify_one();
    answer
}

fn refusal(error: &InboxError) -> StatusCode {
    use accredit::verifyinvestor::WebhookError;
    match error.webhook() {
        Some(WebhookError::Signature) => StatusCode::UNAUTHORIZED,
        Some(WebhookError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
        Some(_) => StatusCode::BAD_REQUEST,
        None => StatusCode::SERVICE_UNAVAILABLE,
    }
}
