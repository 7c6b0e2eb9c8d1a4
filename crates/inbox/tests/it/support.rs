//! What the tests share: signed deliveries, a folder that goes away, a clock that is told the time.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use accredit_inbox::{Clock, Inbox, Recorded, StoreError};
use accredit_verifyinvestor::transport::http::HeaderMap;
use accredit_verifyinvestor::{VerificationRequestId, WebhookSigner, Webhooks};

pub(crate) const SECRET: &str = "secret";

pub(crate) fn webhooks() -> Webhooks {
    Webhooks::new(SECRET).unwrap()
}

pub(crate) fn signed(body: &[u8]) -> HeaderMap {
    WebhookSigner::new(SECRET).unwrap().headers(body)
}

/// Signs, verifies and hands over a body.
pub(crate) async fn receive(inbox: &Inbox, body: &[u8]) -> Result<Recorded, StoreError> {
    let webhook = webhooks().verify_signature(&signed(body), body).unwrap();
    inbox.receive(&webhook).await
}

/// A body about a request, as the vendor words it.
pub(crate) fn body(request: u64, status: &str) -> Vec<u8> {
    format!(r#"{{"action": "verification_result", "verification_request_id": {request}, "status": "{status}", "legal_name": "ADA LOVELACE"}}"#)
        .into_bytes()
}

pub(crate) fn id(request: u64) -> VerificationRequestId {
    VerificationRequestId::new(request)
}

/// Seconds on the clock of the store tests.
pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
}

/// The paused time of tokio as a clock.
pub(crate) fn tokio_clock() -> impl Clock {
    let start = tokio::time::Instant::now();
    move || at(0) + start.elapsed()
}

/// A folder of its own, removed in the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("accredit-inbox-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
