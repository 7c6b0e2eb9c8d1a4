//! The handle that receivers, workers and people share. Holds no logic of its own: the store keeps, the worker acts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use accredit_models::Personal;
use accredit_verifyinvestor::{VerificationRequestId, Verified};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;

use crate::clock::earlier;
use crate::store::memory::MemoryStore;
use crate::{
    Clock, DeliveryId, Handler, NewDelivery, PoisonedChange, Recorded, Source, Stats, Store,
    StoreError, SystemClock, TrackedRequest, UnreadableDelivery, Worker,
};

/// How many rows are forgotten at a time: whoever wants to write waits for no more.
const PURGE: u32 = 1000;

/// A durable inbox. Cloning is cheap, and clones share the store.
#[derive(Clone)]
pub struct Inbox {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    wakes: Arc<Wakes>,
}

/// What wakes the workers of this process before their next tick.
#[derive(Default)]
pub(crate) struct Wakes {
    pub(crate) requests: Notify,
    pub(crate) changes: Notify,
}

impl Inbox {
    /// An inbox on a store.
    pub fn new(store: impl Store) -> Self {
        Self {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            wakes: Arc::default(),
        }
    }

    /// An inbox that is gone with the process, for tests.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(MemoryStore::new())
    }

    /// Opens or creates an inbox in a file: see [`SqliteStore`](crate::SqliteStore).
    ///
    /// # Errors
    ///
    /// When the file can't be opened, or is a database of something else or of a newer version.
    #[cfg(feature = "sqlite")]
    pub async fn sqlite(path: impl AsRef<std::path::Path>) -> Result<Self, StoreError> {
        Ok(Self::new(crate::SqliteStore::open(path).await?))
    }

    /// Opens or creates an inbox on a PostgreSQL server, for several receivers at once: see
    /// [`PostgresStore`](crate::PostgresStore).
    ///
    /// # Errors
    ///
    /// When the server can't be reached, or the tables are of a newer version.
    #[cfg(feature = "postgres")]
    pub async fn postgres(config: &str) -> Result<Self, StoreError> {
        Ok(Self::new(crate::PostgresStore::connect(config).await?))
    }

    /// Tells the time by another clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Stores a webhook whose signature was verified, byte by byte. It is durable when this returns: answer 2xx then, and 503
    /// after an error, so that the sender tries again.
    ///
    /// One that this version can't read is stored too, because nobody may send it again: see [`unreadable`](Self::unreadable).
    ///
    /// ```
    /// use accredit_inbox::{Inbox, Recorded};
    /// use accredit_verifyinvestor::{WebhookSigner, Webhooks};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let body = br#"{"action": "verification_result", "verification_request_id": 90, "status": "accredited"}"#;
    /// let headers = WebhookSigner::new("whsec")?.headers(body); // what the service does; feature `testkit`
    ///
    /// let inbox = Inbox::in_memory();
    /// let webhook = Webhooks::new("whsec")?.verify_signature(&headers, body)?;
    /// assert_eq!(inbox.receive(&webhook).await?, Recorded::New);
    /// assert_eq!(inbox.receive(&webhook).await?, Recorded::Duplicate);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the store fails. The webhook may be there or not; it does no harm twice.
    pub async fn receive<B: AsRef<[u8]>>(
        &self,
        webhook: &Verified<B>,
    ) -> Result<Recorded, StoreError> {
        let raw_body = webhook.bytes();
        let delivery = NewDelivery {
            digest: Sha256::digest(raw_body).into(),
            body: Personal::new(raw_body.to_vec()),
            request: request(webhook),
        };
        let recorded = self.store.accept(delivery, self.clock.now()).await?;
        self.wakes.requests.notify_one();
        Ok(recorded)
    }

    /// Asks a source about requests that are due, and hands what changed to a handler.
    pub fn worker(&self, source: impl Source, handler: impl Handler) -> Worker {
        Worker::new(self, Arc::new(source), Arc::new(handler))
    }

    /// Follows a request from now on, whether a webhook tells of it or not; `false` when it is followed already, or over. Call
    /// it with every request that you create: delivery is not guaranteed.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn track(
        &self,
        request: impl Into<VerificationRequestId>,
    ) -> Result<bool, StoreError> {
        let new = self
            .store
            .track(&[request.into()], self.clock.now())
            .await?;
        self.wakes.requests.notify_one();
        Ok(new > 0)
    }

    /// A request as it is known here; `None` when it is not followed. The status is as old as
    /// [`read_at`](TrackedRequest::read_at): ask the service before money moves.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn request(
        &self,
        request: impl Into<VerificationRequestId>,
    ) -> Result<Option<TrackedRequest>, StoreError> {
        self.store.request(request.into()).await
    }

    /// Deliveries that were signed and that this version can't read, oldest first. A worker of a newer version tries them
    /// again when it starts.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn unreadable(&self, limit: u32) -> Result<Vec<UnreadableDelivery>, StoreError> {
        self.store.unreadable(None, limit).await
    }

    /// Marks an unreadable delivery as dealt with; `false` when it was already, or is not there.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn settle(&self, delivery: DeliveryId) -> Result<bool, StoreError> {
        self.store.resolve(delivery, None, self.clock.now()).await
    }

    /// Changes that were set aside because their handler failed too often.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn poisoned(&self, limit: u32) -> Result<Vec<PoisonedChange>, StoreError> {
        self.store.poisoned(limit).await
    }

    /// Hands a change that was set aside to its handler again; `false` when there is none.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn revive(
        &self,
        request: impl Into<VerificationRequestId>,
        sequence: u64,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let revived = self.store.revive(request.into(), sequence, now).await?;
        self.wakes.changes.notify_one();
        Ok(revived)
    }

    /// Forgets what was settled and handled so long ago, personal data with it; says how much. A worker does it by itself:
    /// see [`Worker::keep`].
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn purge(&self, age: Duration) -> Result<u64, StoreError> {
        let before = earlier(self.clock.now(), age);
        let mut gone = 0;
        loop {
            let batch = self.store.purge(before, PURGE).await?;
            gone += batch;
            if batch < u64::from(PURGE) {
                return Ok(gone);
            }
        }
    }

    /// How full the inbox is, for a gauge.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        self.store.stats(self.clock.now()).await
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }

    pub(crate) fn now(&self) -> std::time::SystemTime {
        self.clock.now()
    }

    pub(crate) fn wakes(&self) -> &Wakes {
        &self.wakes
    }
}

/// What a webhook is about, as far as this version can tell. No store holds a larger id, and the service gives out none.
pub(crate) fn request<B: AsRef<[u8]>>(webhook: &Verified<B>) -> Option<VerificationRequestId> {
    let request = webhook.event().ok()?.verification_request_id;
    i64::try_from(request.get()).is_ok().then_some(request)
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").finish_non_exhaustive()
    }
}
