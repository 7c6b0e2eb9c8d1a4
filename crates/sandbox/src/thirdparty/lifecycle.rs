//! The life of an investment: which status may follow which, and what comes with it.
//!
//! The order is inferred from the statuses' names; the document states none. Only these functions
//! change a status, so that the history is complete.

use rusqlite::{Connection, OptionalExtension, params};

/// All statuses with their labels, in the order of the document.
pub(crate) const STATUSES: [(&str, &str); 11] = [
    ("started", "Started"),
    ("not_received", "Not Received"),
    ("payment_failed", "Payment Failed"),
    ("received", "Received"),
    ("cancelled", "Cancelled"),
    ("refunded", "Refunded"),
    ("invested", "Invested"),
    ("approved", "Approved"),
    ("not_approved", "Not Approved"),
    ("accepted", "Accepted"),
    ("accepted_escrow_closed", "Accepted Escrow Closed"),
];

/// The way of an investment that nothing stops.
const HAPPY_PATH: [&str; 7] = [
    "started",
    "not_received",
    "received",
    "invested",
    "approved",
    "accepted",
    "accepted_escrow_closed",
];

/// Why an investment does not move.
#[derive(Debug)]
pub(crate) enum Stuck {
    NoSuchInvestment,
    UnknownStatus,
    /// The lifecycle has no way from here to there.
    NoWay {
        from: String,
    },
    Store(rusqlite::Error),
}

impl From<rusqlite::Error> for Stuck {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

/// Moves an investment to a status, through every status that lies between on the happy path.
pub(crate) fn advance(
    db: &Connection,
    investment: i64,
    target: &str,
    now: &str,
) -> Result<(), Stuck> {
    if !STATUSES.iter().any(|(status, _)| *status == target) {
        return Err(Stuck::UnknownStatus);
    }
    let from = status(db, investment)?.ok_or(Stuck::NoSuchInvestment)?;
    if from == target {
        return Ok(());
    }
    if follows(&from).contains(&target) {
        return Ok(enter(db, investment, target, now)?);
    }
    let place = |wanted: &str| HAPPY_PATH.iter().position(|status| *status == wanted);
    match (place(&from), place(target)) {
        (Some(here), Some(there)) if here < there => {
            for step in HAPPY_PATH.iter().take(there + 1).skip(here + 1) {
                enter(db, investment, step, now)?;
            }
            Ok(())
        }
        _ => Err(Stuck::NoWay { from }),
    }
}

/// The investor has signed everything: a started investment waits for its money, a paid one is
/// invested.
pub(crate) fn signed(db: &Connection, investment: i64, now: &str) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE investments SET has_investor_signed = 1, updated_at = ?2 WHERE id = ?1",
        params![investment, now],
    )?;
    match status(db, investment)?.as_deref() {
        Some("started") => enter(db, investment, "not_received", now),
        Some("received") => enter(db, investment, "invested", now),
        _ => Ok(()),
    }
}

/// Notes the first status of a new investment.
pub(crate) fn begin(db: &Connection, investment: i64, now: &str) -> rusqlite::Result<()> {
    remember(db, investment, "started", now)
}

/// The present status.
pub(crate) fn status(db: &Connection, investment: i64) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT status FROM investments WHERE id = ?1")?
        .query_row([investment], |row| row.get(0))
        .optional()
}

/// The statuses that may come next.
fn follows(status: &str) -> &'static [&'static str] {
    match status {
        "started" => &["not_received", "payment_failed", "received", "cancelled"],
        "not_received" => &["received", "payment_failed", "cancelled"],
        "payment_failed" => &["not_received", "received", "cancelled"],
        "received" => &["invested", "refunded", "cancelled"],
        "invested" => &["approved", "not_approved", "refunded", "cancelled"],
        "approved" => &["accepted", "not_approved", "refunded", "cancelled"],
        "not_approved" => &["approved", "refunded", "cancelled"],
        "accepted" => &["accepted_escrow_closed", "refunded"],
        _ => &[],
    }
}

fn enter(db: &Connection, investment: i64, status: &str, now: &str) -> rusqlite::Result<()> {
    db.execute(
        "UPDATE investments SET status = ?2, updated_at = ?3 WHERE id = ?1",
        params![investment, status, now],
    )?;
    match status {
        "received" => {
            // The money came by the way that was asked for; a wire is an object of its own.
            db.execute(
                "UPDATE investments SET charges_count = charges_count + 1,
                    payment_method = coalesce(requested_payment_method, 'wire'),
                    wirepayment = CASE WHEN coalesce(requested_payment_method, 'wire') = 'wire' THEN id END
                 WHERE id = ?1",
                [investment],
            )?;
        }
        "payment_failed" => {
            db.execute(
                "UPDATE investments SET charges_count = charges_count + 1 WHERE id = ?1",
                [investment],
            )?;
            db.execute(
                "UPDATE investors SET last_failed_payment_investment = ?1
                 WHERE id = (SELECT investor_id FROM investments WHERE id = ?1)",
                [investment],
            )?;
        }
        "invested" => {
            db.execute(
                "UPDATE investments SET processed_at = ?2 WHERE id = ?1",
                params![investment, now],
            )?;
        }
        "approved" | "not_approved" => {
            db.execute(
                "UPDATE investments SET is_approved = ?2 WHERE id = ?1",
                params![investment, status == "approved"],
            )?;
        }
        "refunded" => {
            db.execute(
                "UPDATE investments SET refund_status = 'succeeded' WHERE id = ?1",
                [investment],
            )?;
        }
        _ => {}
    }
    remember(db, investment, status, now)
}

fn remember(db: &Connection, investment: i64, status: &str, now: &str) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO investment_history (investment_id, status, at) VALUES (?1, ?2, ?3)",
        params![investment, status, now],
    )?;
    Ok(())
}
