//! The store that is gone with the process: for tests, and the plainest statement of what a store does.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use accredit_models::Personal;
use accredit_verifyinvestor::{VerificationRequestId, VerificationRequestStatus};
use async_trait::async_trait;

use super::{
    ChangeLease, DeliveryId, Look, NewDelivery, Outcome, PoisonedChange, Recorded, RequestLease,
    Stats, Store, TrackedRequest, UnreadableDelivery,
};
use crate::clock::{TOLERANCE, earlier, later};
use crate::{Change, StoreError};

/// Keeps an inbox in memory. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    requests: BTreeMap<VerificationRequestId, Request>,
    deliveries: BTreeMap<DeliveryId, Delivery>,
    changes: BTreeMap<(VerificationRequestId, u64), Row>,
    last_delivery: i64,
}

#[derive(Debug, Default)]
struct Request {
    status: Option<VerificationRequestStatus>,
    sequence: u64,
    refused: Option<VerificationRequestStatus>,
    hints: i64,
    quiet: u32,
    failures: u32,
    missing: u32,
    error: Option<String>,
    due_at: Option<SystemTime>,
    leased_until: Option<SystemTime>,
    /// When the two before were written; a delivery alone makes due what is dated later.
    dated_at: Option<SystemTime>,
    fence: i64,
    hinted_at: Option<SystemTime>,
    read_at: Option<SystemTime>,
}

#[derive(Debug)]
struct Delivery {
    digest: [u8; 32],
    body: Personal<Vec<u8>>,
    /// With the number of the hint that it was.
    request: Option<(VerificationRequestId, i64)>,
    received_at: SystemTime,
    settled_at: Option<SystemTime>,
}

#[derive(Debug)]
struct Row {
    change: Change,
    attempts: u32,
    error: Option<Personal<String>>,
    /// `None` once it was handled or set aside.
    due_at: Option<SystemTime>,
    leased_until: Option<SystemTime>,
    /// When the two before were written.
    dated_at: SystemTime,
    fence: i64,
    handled_at: Option<SystemTime>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether something is due and nobody has it.
fn is_free(due_at: Option<SystemTime>, leased_until: Option<SystemTime>, now: SystemTime) -> bool {
    due_at.is_some_and(|due| due <= now) && leased_until.is_none_or(|until| until <= now)
}

/// Moves an instant that lies ahead so much nearer, though not into the past.
fn nearer(at: SystemTime, by: Duration, now: SystemTime) -> SystemTime {
    earlier(at, by).max(at.min(now))
}

/// Takes rows out, at most `limit`; says how many.
fn forget<K: Ord, V>(rows: &mut BTreeMap<K, V>, limit: u32, old: impl Fn(&V) -> bool) -> u64 {
    let mut gone = 0;
    rows.retain(|_, row| {
        let goes = gone < limit && old(row);
        gone += u32::from(goes);
        !goes
    });
    u64::from(gone)
}

fn count<T>(rows: impl Iterator<Item = T>) -> u64 {
    u64::try_from(rows.count()).unwrap_or(u64::MAX)
}

impl State {
    /// Makes a request due; gives the number of the hint.
    fn hint(&mut self, request: VerificationRequestId, now: SystemTime) -> i64 {
        let request = self.requests.entry(request).or_default();
        request.hints += 1;
        request.hinted_at = Some(now);
        request.due_at = Some(request.due_at.map_or(now, |due| due.min(now)));
        request.hints
    }

    /// The row of a lease, if the lease still holds.
    fn held(&mut self, lease: &ChangeLease) -> Option<&mut Row> {
        let key = (lease.change.request, lease.change.sequence);
        self.changes
            .get_mut(&key)
            .filter(|row| row.fence == lease.fence)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn accept(&self, delivery: NewDelivery, now: SystemTime) -> Result<Recorded, StoreError> {
        let mut state = self.state();
        let request = delivery
            .request
            .map(|request| (request, state.hint(request, now)));
        let mut pending = state.deliveries.values_mut();
        let same =
            pending.find(|other| other.settled_at.is_none() && other.digest == delivery.digest);
        if let Some(same) = same {
            same.request = request;
            return Ok(Recorded::Duplicate);
        }
        state.last_delivery += 1;
        let id = DeliveryId(state.last_delivery);
        let row = Delivery {
            digest: delivery.digest,
            body: delivery.body,
            request,
            received_at: now,
            settled_at: None,
        };
        state.deliveries.insert(id, row);
        Ok(Recorded::New)
    }

    async fn track(
        &self,
        requests: &[VerificationRequestId],
        now: SystemTime,
    ) -> Result<u64, StoreError> {
        let mut state = self.state();
        let mut new = 0;
        for request in requests {
            let row = state.requests.entry(*request).or_default();
            let is_over = row
                .status
                .as_ref()
                .is_some_and(|status| status.is_decided());
            if row.due_at.is_none() && !is_over {
                row.due_at = Some(now);
                row.dated_at = Some(now);
                new += 1;
            }
        }
        Ok(new)
    }

    async fn lease_requests(
        &self,
        limit: u32,
        now: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<RequestLease>, StoreError> {
        let mut state = self.state();
        let mut due: Vec<_> = state
            .requests
            .iter_mut()
            .filter(|(_, row)| is_free(row.due_at, row.leased_until, now))
            .collect();
        due.sort_by_key(|(_, row)| row.due_at);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let leases = due.into_iter().take(limit).map(|(request, row)| {
            row.leased_until = Some(until);
            row.dated_at = Some(now);
            row.fence += 1;
            RequestLease {
                request: *request,
                fence: row.fence,
                hints: row.hints,
                status: row.status.clone(),
                sequence: row.sequence,
                quiet: row.quiet,
                failures: row.failures,
                missing: row.missing,
            }
        });
        Ok(leases.collect())
    }

    async fn record(
        &self,
        lease: &RequestLease,
        look: Look,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let state = &mut *state;
        let Some(row) = state
            .requests
            .get_mut(&lease.request)
            .filter(|row| row.fence == lease.fence)
        else {
            return Ok(false);
        };
        if let Some(to) = look.moved_to {
            row.sequence += 1;
            let change = Change {
                request: lease.request,
                sequence: row.sequence,
                from: row.status.replace(to.clone()),
                to,
                seen_at: now,
            };
            let change = Row {
                change,
                attempts: 0,
                error: None,
                due_at: Some(now),
                leased_until: None,
                dated_at: now,
                fence: 0,
                handled_at: None,
            };
            state.changes.insert((lease.request, row.sequence), change);
        }
        if row.hints == lease.hints {
            row.due_at = look.next;
        }
        if look.answered {
            row.read_at = Some(now);
            row.refused = look.refused;
            for delivery in state.deliveries.values_mut() {
                let is_answered = delivery
                    .request
                    .is_some_and(|(id, hint)| id == lease.request && hint <= lease.hints);
                if is_answered && delivery.settled_at.is_none() {
                    delivery.settled_at = Some(now);
                }
            }
        }
        row.quiet = look.quiet;
        row.failures = look.failures;
        row.missing = look.missing;
        row.error = look.error;
        row.leased_until = None;
        row.dated_at = Some(now);
        // A lease is good for one look.
        row.fence += 1;
        Ok(true)
    }

    async fn lease_changes(
        &self,
        limit: u32,
        now: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<ChangeLease>, StoreError> {
        let mut state = self.state();
        let mut first = BTreeMap::new();
        let mut busy = BTreeSet::new();
        for ((request, _), row) in &mut state.changes {
            if row.leased_until.is_some_and(|until| until > now) {
                busy.insert(*request);
            }
            if row.due_at.is_some() {
                first.entry(*request).or_insert(row);
            }
        }
        first.retain(|request, _| !busy.contains(request));
        let mut due: Vec<_> = first
            .into_values()
            .filter(|row| is_free(row.due_at, row.leased_until, now))
            .collect();
        due.sort_by_key(|row| row.due_at);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let leases = due.into_iter().take(limit).map(|row| {
            row.leased_until = Some(until);
            row.dated_at = now;
            row.fence += 1;
            ChangeLease {
                change: row.change.clone(),
                fence: row.fence,
                attempts: row.attempts.saturating_add(1),
            }
        });
        Ok(leases.collect())
    }

    async fn begin(&self, lease: &ChangeLease) -> Result<bool, StoreError> {
        let mut state = self.state();
        let held = state.held(lease);
        Ok(held.map(|row| row.attempts = lease.attempts).is_some())
    }

    async fn conclude(
        &self,
        lease: &ChangeLease,
        outcome: Outcome,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(row) = state.held(lease) else {
            return Ok(false);
        };
        (row.due_at, row.handled_at, row.error) = match outcome {
            Outcome::Handled => (None, Some(now), None),
            Outcome::Retry { at, error } => (Some(at), None, Some(error)),
            Outcome::Poison { error } => (None, None, Some(error)),
        };
        row.leased_until = None;
        row.dated_at = now;
        row.fence += 1;
        Ok(true)
    }

    async fn request(
        &self,
        request: VerificationRequestId,
    ) -> Result<Option<TrackedRequest>, StoreError> {
        let state = self.state();
        Ok(state.requests.get(&request).map(|row| TrackedRequest {
            request,
            status: row.status.clone(),
            sequence: row.sequence,
            refused: row.refused.clone(),
            error: row.error.clone(),
            due_at: row.due_at,
            hinted_at: row.hinted_at,
            read_at: row.read_at,
        }))
    }

    async fn unreadable(
        &self,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<UnreadableDelivery>, StoreError> {
        let state = self.state();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rows = state
            .deliveries
            .range((from, Bound::Unbounded))
            .filter(|(_, row)| row.request.is_none() && row.settled_at.is_none())
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .map(|(id, row)| UnreadableDelivery {
                id: *id,
                body: row.body.clone(),
                received_at: row.received_at,
            });
        Ok(rows.collect())
    }

    async fn resolve(
        &self,
        delivery: DeliveryId,
        request: Option<VerificationRequestId>,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let Some(row) = state
            .deliveries
            .get_mut(&delivery)
            .filter(|row| row.request.is_none() && row.settled_at.is_none())
        else {
            return Ok(false);
        };
        row.settled_at = Some(now);
        if let Some(request) = request {
            state.hint(request, now);
        }
        Ok(true)
    }

    async fn poisoned(&self, limit: u32) -> Result<Vec<PoisonedChange>, StoreError> {
        let state = self.state();
        let rows = state
            .changes
            .values()
            .filter(|row| row.due_at.is_none() && row.handled_at.is_none())
            .take(usize::try_from(limit).unwrap_or(usize::MAX))
            .map(|row| PoisonedChange {
                change: row.change.clone(),
                attempts: row.attempts,
                error: row
                    .error
                    .clone()
                    .unwrap_or_else(|| Personal::new(String::new())),
            });
        Ok(rows.collect())
    }

    async fn revive(
        &self,
        request: VerificationRequestId,
        sequence: u64,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let row = state.changes.get_mut(&(request, sequence));
        let poisoned = row.filter(|row| row.due_at.is_none() && row.handled_at.is_none());
        Ok(poisoned.is_some_and(|row| {
            row.due_at = Some(now);
            row.dated_at = now;
            row.attempts = 0;
            true
        }))
    }

    async fn purge(&self, before: SystemTime, limit: u32) -> Result<u64, StoreError> {
        let mut state = self.state();
        let old = |at: Option<SystemTime>| at.is_some_and(|at| at < before);
        let deliveries = forget(&mut state.deliveries, limit, |row| old(row.settled_at));
        let changes = forget(&mut state.changes, limit, |row| old(row.handled_at));
        Ok(deliveries + changes)
    }

    async fn redate(&self, now: SystemTime) -> Result<u64, StoreError> {
        let mut state = self.state();
        let state = &mut *state;
        let ahead = |at: Option<SystemTime>| at.is_some_and(|at| at > later(now, TOLERANCE));
        let mut redated = 0;
        for row in state.requests.values_mut() {
            let Some(due_at) = row.due_at else { continue };
            let hinted = ahead(row.hinted_at);
            if !hinted && !ahead(row.dated_at) {
                continue;
            }
            let dated_at = row.dated_at.unwrap_or(now);
            let shift = dated_at.duration_since(now).unwrap_or_default();
            row.due_at = Some(if hinted {
                due_at.min(now)
            } else {
                nearer(due_at, shift, now)
            });
            row.leased_until = row.leased_until.map(|until| nearer(until, shift, now));
            row.dated_at = Some(dated_at.min(now));
            row.hinted_at = row.hinted_at.map(|hinted_at| hinted_at.min(now));
            redated += 1;
        }
        for row in state.changes.values_mut() {
            if row.due_at.is_some() && ahead(Some(row.dated_at)) {
                let shift = row.dated_at.duration_since(now).unwrap_or_default();
                row.due_at = row.due_at.map(|due_at| nearer(due_at, shift, now));
                row.leased_until = row.leased_until.map(|until| nearer(until, shift, now));
                row.dated_at = now;
                redated += 1;
            }
            if ahead(row.handled_at) {
                row.handled_at = Some(now);
                redated += 1;
            }
        }
        for row in state.deliveries.values_mut() {
            if ahead(row.settled_at) {
                row.settled_at = Some(now);
                redated += 1;
            }
        }
        Ok(redated)
    }

    async fn stats(&self, now: SystemTime) -> Result<Stats, StoreError> {
        let state = self.state();
        let requests = || state.requests.values();
        let pending = || {
            state
                .deliveries
                .values()
                .filter(|row| row.settled_at.is_none())
        };
        let changes = || state.changes.values();
        Ok(Stats {
            open: count(requests().filter(|row| row.due_at.is_some())),
            due: count(requests().filter(|row| row.due_at.is_some_and(|due| due <= now))),
            refused: count(requests().filter(|row| row.refused.is_some())),
            pending: count(pending()),
            unreadable: count(pending().filter(|row| row.request.is_none())),
            waiting: count(changes().filter(|row| row.due_at.is_some())),
            poisoned: count(
                changes().filter(|row| row.due_at.is_none() && row.handled_at.is_none()),
            ),
            last_hint: requests().filter_map(|row| row.hinted_at).max(),
            last_read: requests().filter_map(|row| row.read_at).max(),
        })
    }
}
