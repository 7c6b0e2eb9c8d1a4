//! How ids, counts and statuses stand in the columns of a database. SQLite and PostgreSQL share it.

use std::time::SystemTime;

use accredit_verifyinvestor::{VerificationRequestId, VerificationRequestStatus};

use super::Outcome;
use crate::StoreError;
use crate::clock::millis;

/// The id of a request as a column; larger ones than a column holds are nobody's.
pub(super) fn column(request: VerificationRequestId) -> Result<i64, StoreError> {
    i64::try_from(request.get()).map_err(|_| StoreError::id())
}

pub(super) fn request(column: i64) -> VerificationRequestId {
    VerificationRequestId::new(number(column))
}

pub(super) fn status(column: Option<String>) -> Option<VerificationRequestStatus> {
    column.map(|text| VerificationRequestStatus::from_value(&text))
}

/// A count from its column, which is never negative.
pub(super) fn number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or_default()
}

/// A small count from its column.
pub(super) fn small(column: i64) -> u32 {
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
        Outcome::Retry { at, error } => (Some(millis(at)), None, Some(error)),
        Outcome::Poison { error } => (None, None, Some(error)),
    }
}
