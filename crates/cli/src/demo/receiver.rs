//! The webhook receiver of the demo: a loopback server that verifies, stores, and answers.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use accredit::{
    inbox::Inbox,
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
    webhooks: Webhooks,
    inbox: Inbox,
    /// What was stored and nobody has waited for yet.
    events: Mutex<Vec<WebhookEvent>>,
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
        let shared = Arc::new(Shared {
            webhooks: Webhooks::new(webhook_secret)?,
            inbox: Inbox::in_memory(),
            events: Mutex::default(),
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
                for event in self.shared.take() {
                    if event.verification_request_id == request
                        && event.status.as_ref() == Some(&status)
                    {
                        return event;
                    }
                }
            }
        };
        let done = tokio::time::timeout(limit, wait).await;
        self.step.set(&self.shared.answered.get());
        done.map_err(|_| {
            format!("no signed webhook with status {status} arrived within {limit:?}").into()
        })
    }
}

impl Shared {
    /// Verifies, stores, and only then tells of it.
    async fn receive(&self, headers: &HeaderMap, body: &Bytes) -> StatusCode {
        let webhook = match self.webhooks.verify_signature(headers, body) {
            Ok(webhook) => webhook,
            Err(error) => return error.status(),
        };
        if self.inbox.receive(&webhook).await.is_err() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        // One that cannot be read is stored all the same.
        let event = webhook.event();
        self.events().extend(event);
        StatusCode::NO_CONTENT
    }

    fn take(&self) -> Vec<WebhookEvent> {
        std::mem::take(&mut *self.events())
    }

    fn events(&self) -> std::sync::MutexGuard<'_, Vec<WebhookEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Stores first and answers after; what the answer says is for the sender's retries only.
async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let answer = shared.receive(&headers, &body).await;
    shared.answered.set(&answer.to_string());
    shared.arrived.notify_one();
    answer
}
