//! How ids, counts and statuses stand in the columns of a database, and what the rows mean. SQLite and PostgreSQL share it.

use std::time::SystemTime;

use accredit_models::Personal;
use accredit_verifyinvestor::{VerificationRequestId, VerificationRequestStatus};

use super::{
    ChangeLease, DeliveryId, Outcome, PoisonedChange, RequestLease, Stats, TrackedRequest,
    UnreadableDelivery,
};
use crate::clock::{instant, millis};
use crate::{Change, StoreError};

/// Rows that are corrected at a time: whoever wants to write waits for no more.
pub(super) const FEW: u32 = 1000;

/// A row of either database.
pub(super) trait Columns {
    type Error;

    fn number(&self, name: &str) -> Result<i64, Self::Error>;
    fn time(&self, name: &str) -> Result<Option<SystemTime>, Self::Error>;
    fn text(&self, name: &str) -> Result<Option<String>, Self::Error>;
    fn bytes(&self, name: &str) -> Result<Vec<u8>, Self::Error>;
}

pub(super) fn request_lease<R: Columns>(row: &R) -> Result<RequestLease, R::Error> {
    Ok(RequestLease {
        request: request(row.number("id")?),
        fence: row.number("fence")?,
        hints: row.number("hints")?,
        status: status(row.text("status")?),
        sequence: count(row.number("sequence")?),
        quiet: small(row.number("quiet")?),
        failures: small(row.number("failures")?),
        missing: small(row.number("missing")?),
    })
}

pub(super) fn tracked<R: Columns>(row: &R) -> Result<TrackedRequest, R::Error> {
    Ok(TrackedRequest {
        request: request(row.number("id")?),
        status: status(row.text("status")?),
        sequence: count(row.number("sequence")?),
        refused: status(row.text("refused")?),
        error: row.text("error")?,
        due_at: row.time("due_at")?,
        hinted_at: row.time("hinted_at")?,
        read_at: row.time("read_at")?,
    })
}

pub(super) fn unreadable<R: Columns>(row: &R) -> Result<UnreadableDelivery, R::Error> {
    Ok(UnreadableDelivery {
        id: DeliveryId(row.number("id")?),
        body: Personal::new(row.bytes("body")?),
        received_at: instant(row.number("received_at")?),
    })
}

fn change<R: Columns>(row: &R) -> Result<Change, R::Error> {
    let to = row.text("status")?.unwrap_or_default();
    Ok(Change {
        request: request(row.number("request_id")?),
        sequence: count(row.number("sequence")?),
        from: status(row.text("was")?),
        to: VerificationRequestStatus::from_value(&to),
        seen_at: instant(row.number("seen_at")?),
    })
}

pub(super) fn change_lease<R: Columns>(row: &R) -> Result<ChangeLease, R::Error> {
    Ok(ChangeLease {
        change: change(row)?,
        fence: row.number("fence")?,
        attempts: small(row.number("attempts")?).saturating_add(1),
    })
}

pub(super) fn poisoned<R: Columns>(row: &R) -> Result<PoisonedChange, R::Error> {
    Ok(PoisonedChange {
        change: change(row)?,
        attempts: small(row.number("attempts")?),
        error: Personal::new(row.text("error")?.unwrap_or_default()),
    })
}

pub(super) fn stats<R: Columns>(row: &R) -> Result<Stats, R::Error> {
    Ok(Stats {
        open: count(row.number("open")?),
        due: count(row.number("due")?),
        refused: count(row.number("refused")?),
        pending: count(row.number("pending")?),
        unreadable: count(row.number("unreadable")?),
        waiting: count(row.number("waiting")?),
        poisoned: count(row.number("poisoned")?),
        last_hint: row.time("last_hint")?,
        last_read: row.time("last_read")?,
    })
}

/// The id of a request as a column; larger ones than a column holds are nobody's.
pub(super) fn column(request: VerificationRequestId) -> Result<i64, StoreError> {
    i64::try_from(request.get()).map_err(|_| StoreError::id())
}

pub(super) fn columns(requests: &[VerificationRequestId]) -> Result<Vec<i64>, StoreError> {
    requests.iter().map(|request| column(*request)).collect()
}

/// The statuses after which nothing more is expected.
pub(super) fn ends() -> Vec<&'static str> {
    VerificationRequestStatus::values()
        .filter(|text| VerificationRequestStatus::from_value(text).is_decided())
        .collect()
}

fn request(column: i64) -> VerificationRequestId {
    VerificationRequestId::new(count(column))
}

fn status(column: Option<String>) -> Option<VerificationRequestStatus> {
    column.map(|text| VerificationRequestStatus::from_value(&text))
}

/// A count from its column, which is never negative.
pub(super) fn count(column: i64) -> u64 {
    u64::try_from(column).unwrap_or_default()
}

/// A small count from its column.
fn small(column: i64) -> u32 {
    u32::try_from(column).unwrap_or(u32::MAX)
}

/// A count as a column.
pub(super) fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// `due_at`, `handled_at` and `error` of a change after its handler.
pub(super) fn outcome_columns(
    outcome: Outcome,
    now: SystemTime,
) -> (Option<i64>, Option<i64>, Option<String>) {
    match outcome {
        Outcome::Handled => (None, Some(millis(now)), None),
        Outcome::Retry { at, error } => (Some(millis(at)), None, Some(error.into_exposed())),
        Outcome::Poison { error } => (None, None, Some(error.into_exposed())),
    }
}
