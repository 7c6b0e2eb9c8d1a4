//! The store in memory as a server would be: each call waits before it is done and before it is answered.

use std::time::SystemTime;

use accredit_inbox::{
    ChangeLease, DeliveryId, Look, MemoryStore, NewDelivery, Outcome, PoisonedChange, Recorded,
    RequestLease, Stats, Store, StoreError, TrackedRequest, UnreadableDelivery,
};
use accredit_verifyinvestor::VerificationRequestId;
use tokio::task::yield_now;

/// Suspends around every call of the store within.
#[derive(Clone, Default)]
pub(crate) struct Suspending {
    pub(crate) store: MemoryStore,
    /// Whether to refuse to read what is unreadable.
    pub(crate) failing: bool,
}

/// Hands every call on.
macro_rules! handed_on {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)+) => {
        #[async_trait::async_trait]
        impl Store for Suspending {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                yield_now().await;
                if self.failing && stringify!($name) == "unreadable" {
                    return Err(StoreError::timed_out());
                }
                let answer = self.store.$name($($argument),*).await;
                yield_now().await;
                answer
            })+
        }
    };
}

handed_on! {
    accept(delivery: NewDelivery, now: SystemTime) -> Recorded;
    track(requests: &[VerificationRequestId], now: SystemTime) -> u64;
    lease_requests(limit: u32, now: SystemTime, until: SystemTime) -> Vec<RequestLease>;
    record(lease: &RequestLease, look: Look, now: SystemTime) -> bool;
    lease_changes(limit: u32, now: SystemTime, until: SystemTime) -> Vec<ChangeLease>;
    begin(lease: &ChangeLease) -> bool;
    conclude(lease: &ChangeLease, outcome: Outcome, now: SystemTime) -> bool;
    request(request: VerificationRequestId) -> Option<TrackedRequest>;
    unreadable(after: Option<DeliveryId>, limit: u32) -> Vec<UnreadableDelivery>;
    resolve(delivery: DeliveryId, request: Option<VerificationRequestId>, now: SystemTime) -> bool;
    poisoned(limit: u32) -> Vec<PoisonedChange>;
    revive(request: VerificationRequestId, sequence: u64, now: SystemTime) -> bool;
    purge(before: SystemTime, limit: u32) -> u64;
    redate(now: SystemTime) -> u64;
    stats(now: SystemTime) -> Stats;
}
