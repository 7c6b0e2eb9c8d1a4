//! Looks at requests that are due. What to make of an answer is judged in [`super::look`].

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;

use super::Settings;
use super::lane::Work;
use super::look;
use crate::clock::later;
use crate::{Inbox, RequestLease, Source, SourceError, StoreError};

pub(super) struct Looking {
    pub(super) inbox: Inbox,
    pub(super) source: Arc<dyn Source>,
    pub(super) settings: Settings,
}

#[async_trait]
impl Work for Looking {
    type Lease = RequestLease;

    async fn lease(&self, limit: u32) -> Result<Vec<RequestLease>, StoreError> {
        let now = self.inbox.now();
        let until = later(now, self.settings.lease());
        self.inbox.store().lease_requests(limit, now, until).await
    }

    async fn run(&self, lease: RequestLease) {
        let asked = self.source.status(lease.request);
        let answer = tokio::time::timeout(self.settings.time_limit, asked)
            .await
            .unwrap_or_else(|_| Err(SourceError::new("no answer within the time limit")));
        let now = self.inbox.now();
        let look = look::judge(&lease, answer, self.settings.poll, now);
        if look.refused.is_some() {
            tracing::warn!(
                request = lease.request.get(),
                "a status that lies behind the stored one was not taken"
            );
        }
        let moved = look.moved_to.is_some();
        match self.inbox.store().record(&lease, look, now).await {
            Ok(true) => {
                // A delivery that came meanwhile has left the request due.
                self.inbox.wakes().requests.notify_one();
                if moved {
                    self.inbox.wakes().changes.notify_one();
                }
            }
            Ok(false) => tracing::debug!("a look came after its lease was over"),
            Err(error) => tracing::warn!(error = ?error, "a look could not be written down"),
        }
    }

    fn wake(&self) -> &Notify {
        &self.inbox.wakes().requests
    }
}
