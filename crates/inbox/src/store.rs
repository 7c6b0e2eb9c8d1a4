//! What a store keeps and promises. The stores themselves are below; none of them talks to the service or decides anything.

pub(crate) mod memory;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod rows;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::time::SystemTime;

use accredit_models::Personal;
use accredit_verifyinvestor::{VerificationRequestId, VerificationRequestStatus};
use async_trait::async_trait;

use crate::{Change, StoreError};

/// Keeps deliveries, the requests that are followed, and their changes. Shared by all receivers and workers.
///
/// Each method is one transaction, but for [`redate`](Self::redate), and durable when it returns. A caller may drop the future at any point: the transaction then
/// happened or did not, and either is fine, because leases run out. A lease is exclusive until its time is over; then the next
/// caller takes it over, and what the first one writes with it afterwards is refused (`false`).
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Keeps a delivery, and makes its request due for a look. The same bytes count once while they are pending, but each
    /// delivery makes the request due.
    async fn accept(&self, delivery: NewDelivery, now: SystemTime) -> Result<Recorded, StoreError>;

    /// Follows requests that no delivery told of: those that are not known, and those that were given up before they came to an
    /// [end](VerificationRequestStatus::is_decided). They are due at once; the others stay as they are. Says how many there were.
    async fn track(
        &self,
        requests: &[VerificationRequestId],
        now: SystemTime,
    ) -> Result<u64, StoreError>;

    /// Leases requests that are due, at most `limit`, the longest due first.
    async fn lease_requests(
        &self,
        limit: u32,
        now: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<RequestLease>, StoreError>;

    /// Writes down what a look at a leased request gave, and ends the lease. A move appends a [`Change`]; a look that was
    /// answered settles the deliveries that came before the lease. When a delivery came after it, the request stays due.
    async fn record(
        &self,
        lease: &RequestLease,
        look: Look,
        now: SystemTime,
    ) -> Result<bool, StoreError>;

    /// Leases changes that wait for their handler, at most `limit`. The changes of one request come one at a time, in their
    /// order; one that was revived waits until those that are leased come back.
    async fn lease_changes(
        &self,
        limit: u32,
        now: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<ChangeLease>, StoreError>;

    /// Counts the attempt at a leased change, just before its handler is called; `false` when the lease is over, and the handler
    /// must not be called. A lease alone is no attempt: the answer with it may be lost, and then no handler heard of the change.
    async fn begin(&self, lease: &ChangeLease) -> Result<bool, StoreError>;

    /// Writes down what the handler made of a leased change, and ends the lease.
    async fn conclude(
        &self,
        lease: &ChangeLease,
        outcome: Outcome,
        now: SystemTime,
    ) -> Result<bool, StoreError>;

    /// A request as it is known here; `None` when it is not followed.
    async fn request(
        &self,
        request: VerificationRequestId,
    ) -> Result<Option<TrackedRequest>, StoreError>;

    /// Pending deliveries that name no request as far as this version can tell, by their number: those after one of them, or
    /// from the first.
    async fn unreadable(
        &self,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<UnreadableDelivery>, StoreError>;

    /// Settles an unreadable delivery, and makes the request due that it turned out to be about; `false` when it is not
    /// pending.
    async fn resolve(
        &self,
        delivery: DeliveryId,
        request: Option<VerificationRequestId>,
        now: SystemTime,
    ) -> Result<bool, StoreError>;

    /// Changes that were set aside, by request.
    async fn poisoned(&self, limit: u32) -> Result<Vec<PoisonedChange>, StoreError>;

    /// Gives a change that was set aside to its handler again, with its attempts forgotten; `false` when there is none.
    async fn revive(
        &self,
        request: VerificationRequestId,
        sequence: u64,
        now: SystemTime,
    ) -> Result<bool, StoreError>;

    /// Forgets deliveries that were settled and changes that were handled before an instant, at most `limit` of each, so that
    /// nobody waits long; says how many. Requests are never forgotten: their count of changes is what keeps keys from coming
    /// twice.
    async fn purge(&self, before: SystemTime, limit: u32) -> Result<u64, StoreError>;

    /// Corrects what a clock wrote that was ahead, by more than ten seconds, and has been set back since; says how many rows.
    /// Waits and leases that began at a time which has not come yet begin now, with the length that they had, so that a live
    /// lease is not cut short. What a delivery made due is due, and what was dealt with was dealt with now. Of the latter there may
    /// be many: a few at a time, so that nobody waits long.
    async fn redate(&self, now: SystemTime) -> Result<u64, StoreError>;

    /// Counts.
    async fn stats(&self, now: SystemTime) -> Result<Stats, StoreError>;
}

/// A verified delivery on its way into the store.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    /// SHA-256 of the body.
    pub digest: [u8; 32],
    /// The bytes that were signed.
    pub body: Personal<Vec<u8>>,
    /// The request that it is about; `None` when this version can't read it.
    pub request: Option<VerificationRequestId>,
}

/// What became of a delivery that was accepted. Answer 2xx to either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is stored.
    New,
    /// The same bytes were pending already. Once those are settled, they count as [`New`](Self::New) again: a request can come
    /// back to a status, and a webhook can be posted again on demand.
    Duplicate,
}

/// The store's number of a delivery, rising.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub i64);

/// A delivery that was signed and can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableDelivery {
    /// Its number, for [`Inbox::settle`](crate::Inbox::settle).
    pub id: DeliveryId,
    /// The bytes that were signed.
    pub body: Personal<Vec<u8>>,
    /// When it came.
    pub received_at: SystemTime,
}

/// The right to look at a request and to write down what was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLease {
    /// The request.
    pub request: VerificationRequestId,
    /// Rises with every lease of this request, so that a lease that ran out is known as such.
    pub fence: i64,
    /// Deliveries about this request so far.
    pub hints: i64,
    /// The status that is stored.
    pub status: Option<VerificationRequestStatus>,
    /// Changes so far.
    pub sequence: u64,
    /// Looks since the last change that found nothing new.
    pub quiet: u32,
    /// Looks since the last answer that failed.
    pub failures: u32,
    /// Those of them, since the last one that was different, for which there was no such request.
    pub missing: u32,
}

/// What a look at a request gave.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Look {
    /// The status that it moved to.
    pub moved_to: Option<VerificationRequestStatus>,
    /// A status that was seen and not taken, because it lies behind the stored one.
    pub refused: Option<VerificationRequestStatus>,
    /// Whether the service answered, and the deliveries before the lease are dealt with.
    pub answered: bool,
    /// For [`RequestLease::quiet`].
    pub quiet: u32,
    /// For [`RequestLease::failures`].
    pub failures: u32,
    /// For [`RequestLease::missing`].
    pub missing: u32,
    /// Why it gave no status.
    pub error: Option<String>,
    /// When to look again; `None` when nothing more is expected.
    pub next: Option<SystemTime>,
}

/// The right to hand a change to its handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeLease {
    /// The change.
    pub change: Change,
    /// Rises with every lease of this change.
    pub fence: i64,
    /// Attempts that [began](Store::begin), and the one that this lease is for.
    pub attempts: u32,
}

/// What a handler made of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was dealt with.
    Handled,
    /// It failed and comes again.
    Retry {
        /// When.
        at: SystemTime,
        /// The handler's words.
        error: Personal<String>,
    },
    /// It failed too often and is set aside, for people to look at.
    Poison {
        /// The handler's last words.
        error: Personal<String>,
    },
}

/// A request that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackedRequest {
    /// The request.
    pub request: VerificationRequestId,
    /// Its status when the service was last asked; `None` before the first answer.
    pub status: Option<VerificationRequestStatus>,
    /// Changes so far.
    pub sequence: u64,
    /// The status of the last answer, when it lay behind the stored one and was not taken.
    pub refused: Option<VerificationRequestStatus>,
    /// Why the last look failed.
    pub error: Option<String>,
    /// When it is looked at next; `None` when nothing more is expected, though a delivery makes it due again.
    pub due_at: Option<SystemTime>,
    /// When a delivery last told of it.
    pub hinted_at: Option<SystemTime>,
    /// When the service last answered.
    pub read_at: Option<SystemTime>,
}

/// A change that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoisonedChange {
    /// The change, for [`Inbox::revive`](crate::Inbox::revive).
    pub change: Change,
    /// How often its handler tried.
    pub attempts: u32,
    /// The handler's last words.
    pub error: Personal<String>,
}

/// How full the inbox is, for a gauge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Requests that are followed and have not come to an end.
    pub open: u64,
    /// Requests that are due for a look now.
    pub due: u64,
    /// Requests whose last answer was not taken because it lay behind the stored status.
    pub refused: u64,
    /// Deliveries that were accepted and not settled.
    pub pending: u64,
    /// Those of them that can't be read.
    pub unreadable: u64,
    /// Changes that wait for their handler.
    pub waiting: u64,
    /// Changes that were set aside.
    pub poisoned: u64,
    /// When a delivery last came about a request.
    pub last_hint: Option<SystemTime>,
    /// When the service last answered.
    pub last_read: Option<SystemTime>,
}
