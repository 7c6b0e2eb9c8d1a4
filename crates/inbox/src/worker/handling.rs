//! Hands changes to their handler, and keeps what it could not deal with. Never looks at the service.

use std::sync::Arc;
use std::time::Duration;

use accredit_models::Personal;
use async_trait::async_trait;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::lane::Work;
use super::look::LONGEST_RETRY;
use super::{Settings, backoff, kept};
use crate::clock::later;
use crate::store::Outcome;
use crate::{Change, ChangeLease, Handler, Inbox, StoreError};

/// The wait after the first failure.
const FIRST_RETRY: Duration = Duration::from_secs(1);
/// How often a process may die with a change before its handler is blamed, at least: others may have ended it.
const FEWEST_DEATHS: u32 = 3;

pub(super) struct Handling {
    pub(super) inbox: Inbox,
    pub(super) handler: Arc<dyn Handler>,
    pub(super) settings: Settings,
}

#[async_trait]
impl Work for Handling {
    type Lease = ChangeLease;

    async fn lease(&self, limit: u32) -> Result<Vec<ChangeLease>, StoreError> {
        let now = self.inbox.now();
        let until = later(now, self.settings.lease());
        self.inbox.store().lease_changes(limit, now, until).await
    }

    async fn run(&self, lease: ChangeLease) {
        let result = if lease.attempts > self.settings.attempts.max(FEWEST_DEATHS) {
            // Counted before the handler ran, and never concluded: it took its process along, each time.
            Err("the handler was never heard of again".into())
        } else {
            match self.inbox.store().begin(&lease).await {
                Ok(true) => self.handle(lease.change.clone()).await,
                Ok(false) => {
                    tracing::debug!("a lease was over before its handler was called");
                    return;
                }
                Err(error) => {
                    tracing::warn!(error = ?error, "an attempt at a change could not be counted, and waits");
                    return;
                }
            }
        };
        let now = self.inbox.now();
        let outcome = match result {
            Ok(()) => Outcome::Handled,
            Err(error) if lease.attempts >= self.settings.attempts => {
                tracing::error!(key = lease.change.key(), "a change was set aside");
                Outcome::Poison { error }
            }
            Err(error) => {
                let failures = lease.attempts.saturating_sub(1);
                let wait = backoff::wait(FIRST_RETRY, LONGEST_RETRY, failures);
                Outcome::Retry {
                    at: later(now, wait),
                    error,
                }
            }
        };
        match self.inbox.store().conclude(&lease, outcome, now).await {
            // The next change of this request may go.
            Ok(true) => self.inbox.wakes().changes.notify_one(),
            Ok(false) => tracing::debug!("a handler ended after its lease was over"),
            Err(error) => tracing::warn!(error = ?error, "a handled change could not be marked"),
        }
    }

    fn wake(&self) -> &Notify {
        &self.inbox.wakes().changes
    }
}

impl Handling {
    /// Runs the handler in a task of its own, which a panic ends and nothing else.
    async fn handle(&self, change: Change) -> Result<(), Personal<String>> {
        let handler = Arc::clone(&self.handler);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let handled = handler.handle(&change).await;
            handled.map_err(|error| Personal::new(kept(&error)))
        });
        match tokio::time::timeout(self.settings.time_limit, task.join_next()).await {
            Ok(Some(Ok(handled))) => handled,
            Ok(Some(Err(_)) | None) => Err("the handler panicked".into()),
            Err(_) => Err("the handler took longer than its time limit".into()),
        }
    }
}
