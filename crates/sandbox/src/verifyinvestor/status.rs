//! The state machine of verification requests, with its deprecated twins and the expiry on the
//! clock.
//!
//! Only [`enter`] changes a status: it keeps the history and leaves a webhook where the service
//! sends one.

use jiff::{SignedDuration, Timestamp, ToSpan};
use rusqlite::{Connection, params};

use super::{events, requests};
use crate::clock;
use crate::state::Shared;

pub(crate) const WAITING_FOR_ACCEPTANCE: &str = "waiting_for_investor_acceptance";
pub(crate) const ACCEPTED: &str = "accepted_by_investor";
pub(crate) const WAITING_FOR_REVIEW: &str = "waiting_for_review";
pub(crate) const IN_REVIEW: &str = "in_review";
pub(crate) const ACCREDITED: &str = "accredited";
pub(crate) const NOT_ACCREDITED: &str = "not_accredited";
pub(crate) const WAITING_FOR_INFORMATION: &str = "waiting_for_information_from_investor";
pub(crate) const DECLINED: &str = "declined_by_investor";
pub(crate) const SELF_NOT_ACCREDITED: &str = "self_not_accredited";
const ACCEPTED_EXPIRE: &str = "accepted_expire";
const DECLINED_EXPIRE: &str = "declined_expire";

/// How long a request waits for its investor. The service's own time is not documented; its
/// invitations wait as long.
const PATIENCE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long a verification counts, from the document's example.
const VALID_DAYS: i64 = 90;

/// Whether nothing more can happen to a request.
pub(crate) fn is_terminal(status: &str) -> bool {
    matches!(
        status,
        ACCREDITED
            | NOT_ACCREDITED
            | ACCEPTED_EXPIRE
            | DECLINED_EXPIRE
            | DECLINED
            | SELF_NOT_ACCREDITED
    )
}

/// Whether it is the investor's turn.
pub(crate) fn waits_for_investor(status: &str) -> bool {
    matches!(
        status,
        WAITING_FOR_ACCEPTANCE | ACCEPTED | WAITING_FOR_INFORMATION
    )
}

/// The deprecated `verification_status`.
pub(crate) fn verification_status(status: &str) -> &'static str {
    match status {
        ACCREDITED => "verified",
        NOT_ACCREDITED | SELF_NOT_ACCREDITED => "not_accredited",
        WAITING_FOR_REVIEW | IN_REVIEW | WAITING_FOR_INFORMATION => "pending_verification",
        _ => "unverified",
    }
}

/// The deprecated `verification_result_status`: the reviewer's word, once there is one.
pub(crate) fn result_status(status: &str) -> Option<&'static str> {
    match status {
        ACCREDITED => Some("accredited"),
        NOT_ACCREDITED => Some("not_accredited"),
        WAITING_FOR_INFORMATION => Some("need_more_information"),
        _ => None,
    }
}

/// Moves a request to a status, whatever it was. Webhooks go out on pending and on everything that
/// ends or interrupts.
pub(crate) fn enter(
    shared: &Shared,
    db: &Connection,
    request: i64,
    status: &str,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let at = clock::stored(now);
    let completed = matches!(status, ACCREDITED | NOT_ACCREDITED).then(|| at.clone());
    let expires = (status == ACCREDITED)
        .then(|| clock::date(&at).and_then(|date| date.checked_add(VALID_DAYS.days()).ok()))
        .flatten()
        .map(|date| date.to_string());
    db.prepare_cached(
        "UPDATE vi_requests SET status = ?2, changed_at = ?3, completed_at = ?4, verified_expires_at = ?5
         WHERE id = ?1",
    )?
    .execute(params![request, status, at, completed, expires])?;
    remember(db, request, status, &at)?;
    if is_terminal(status) || matches!(status, WAITING_FOR_REVIEW | WAITING_FOR_INFORMATION) {
        events::enqueue(shared, db, request, now)?;
    }
    Ok(())
}

/// Notes a status in the history.
pub(crate) fn remember(
    db: &Connection,
    request: i64,
    status: &str,
    at: &str,
) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO vi_history (request_id, status, at) VALUES (?1, ?2, ?3)")?
        .execute(params![request, status, at])?;
    Ok(())
}

/// Expires the requests whose investors let the time pass, at the instant when it was over.
pub(crate) fn expire(shared: &Shared, db: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let limit = clock::stored(now.saturating_sub(PATIENCE).unwrap_or(Timestamp::MIN));
    let due = requests::select(
        db,
        "r.status IN ('waiting_for_investor_acceptance', 'accepted_by_investor') AND r.changed_at <= ?1",
        limit,
    )?;
    for request in due {
        let to = if request.status == ACCEPTED {
            ACCEPTED_EXPIRE
        } else {
            DECLINED_EXPIRE
        };
        let end = clock::read(&request.changed_at).and_then(|at| at.checked_add(PATIENCE).ok());
        enter(shared, db, request.id, to, end.unwrap_or(now))?;
    }
    Ok(())
}

/// Keeps how the clock runs, and expires what the present makes expire: for those who move the clock,
/// so that webhooks of the expiry go out before anybody asks.
pub(crate) fn catch_up(shared: &Shared) {
    let caught_up = shared.store.transaction(|db| moved(shared, db));
    if let Err(error) = caught_up {
        tracing::error!(%error, "the store did not follow the clock");
    }
}

/// The same in somebody's transaction.
pub(crate) fn moved(shared: &Shared, db: &Connection) -> rusqlite::Result<()> {
    shared.clock.keep(db)?;
    expire(shared, db, shared.clock.now())
}

/// A status in words for people.
pub(crate) fn message(status: &str) -> String {
    match status {
        WAITING_FOR_ACCEPTANCE => "The investor has not accepted the request yet.",
        ACCEPTED => "The investor has accepted the request and is working on it.",
        WAITING_FOR_REVIEW => "The request waits for its review.",
        IN_REVIEW => "The request is in review.",
        ACCREDITED => "The investor is verified.",
        NOT_ACCREDITED => "The investor could not be verified.",
        WAITING_FOR_INFORMATION => "The reviewer needs more information from the investor.",
        ACCEPTED_EXPIRE => "The investor accepted the request and did not complete it in time.",
        DECLINED_EXPIRE => "The investor did not accept the request in time.",
        DECLINED => "The investor declined the request.",
        SELF_NOT_ACCREDITED => "The investor states not to be accredited.",
        other => return other.replace('_', " "),
    }
    .to_owned()
}
