//! The deliveries in the store: leaving them there, their queues, what came of them.
//!
//! States: `pending` (its receiver's queue will come to it), `delayed` (a timer will make it pending),
//! `held` (until it is released or overtaken), `dropped`, and after an attempt `delivered` or `failed`.

use std::fmt;

use http::{StatusCode, Uri};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::encoding;
use super::fate::Fate;
use super::settings::{self, WebhookSettings};
use crate::clock;
use crate::control::Refusal;
use crate::json::Json;
use crate::sandbox::public_id;
use crate::state::Shared;

/// One webhook that was sent, or waits to be, or was lost.
///
/// Its `Debug` shows the ids and what came of the last attempt, never the URL (which may hold a key),
/// the body (which names the investor) or the signature.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Number of the delivery, rising.
    pub id: u64,
    /// The verification request that it is about.
    pub verification_request_id: u64,
    /// Where it goes.
    pub url: String,
    /// The type of its body: JSON or a form.
    pub content_type: String,
    /// The raw body, as signed.
    pub body: String,
    /// What the signature header carries.
    pub signature: String,
    /// Whether that signature is a forgery.
    pub forged: bool,
    /// `pending`, `delayed` (for a time), `held` (until it is released or overtaken), `dropped`,
    /// `delivered` (the receiver said 2xx) or `failed`.
    pub state: String,
    /// What a knob did to it: `dropped`, `delayed` or `reordered`.
    pub effect: Option<String>,
    /// The delivery that it repeats.
    pub duplicate_of: Option<u64>,
    /// The receiver's status at the last attempt, when it answered.
    pub response_status: Option<u16>,
    /// Why nothing came back at the last attempt.
    pub error: Option<String>,
    /// Every attempt, oldest first.
    pub attempts: Vec<DeliveryAttempt>,
}

/// One attempt to send a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryAttempt {
    /// When it ended, on the sandbox's clock.
    pub at: Timestamp,
    /// The receiver's status, when it answered.
    pub response_status: Option<u16>,
    /// Why nothing came back.
    pub error: Option<String>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id)
            .field("verification_request_id", &self.verification_request_id)
            .field("state", &self.state)
            .field("response_status", &self.response_status)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// A delivery whose turn it is.
pub(super) struct Due {
    pub(super) id: i64,
    pub(super) url: String,
    pub(super) content_type: String,
    pub(super) body: String,
    pub(super) signature: String,
}

/// Leaves a webhook about a request in the outbox, and lets the knobs have it.
pub(crate) fn enqueue(
    shared: &Shared,
    db: &Connection,
    request: i64,
    url: &str,
    event: &Json,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let settings = settings::read(db)?;
    let new = New {
        request,
        url,
        receiver: &receiver(url),
        body: &encoding::body(settings.body, event),
        now: &clock::stored(now),
    };
    let fate = Fate::drawn(&settings, &shared.store.opaque(db, "webhook")?);
    let id = new.insert(db, &settings, fate, None)?;
    if fate.duplicated && !fate.dropped {
        let second = Fate::drawn(&settings, &shared.store.opaque(db, "webhook")?);
        let fate = Fate {
            dropped: false,
            ..second
        };
        new.insert(db, &settings, fate, Some(id))?;
    }
    shared.outbox.notify_one();
    Ok(())
}

struct New<'a> {
    request: i64,
    url: &'a str,
    receiver: &'a str,
    body: &'a str,
    now: &'a str,
}

impl New<'_> {
    fn insert(
        &self,
        db: &Connection,
        settings: &WebhookSettings,
        fate: Fate,
        duplicate_of: Option<i64>,
    ) -> rusqlite::Result<i64> {
        let delay = settings.delay.milliseconds();
        let (state, effect, delay) = if fate.dropped {
            ("dropped", Some("dropped"), None)
        } else if fate.delayed && delay.is_some() {
            ("delayed", Some("delayed"), delay)
        } else if fate.delayed {
            ("held", Some("delayed"), None)
        } else if fate.reordered && !has_reordered(db, self.receiver)? {
            ("held", Some("reordered"), None)
        } else {
            ("pending", None, None)
        };
        let id = db
            .prepare_cached(
                "INSERT INTO webhook_deliveries (request_id, url, receiver, content_type, body, signature, forged,
                    state, effect, delay_milliseconds, duplicate_of, position, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) RETURNING id",
            )?
            .query_row(
                params![
                    self.request,
                    self.url,
                    self.receiver,
                    settings.body.content_type(),
                    self.body,
                    encoding::signature(settings, self.body, fate.forged),
                    fate.forged,
                    state,
                    effect,
                    delay,
                    duplicate_of,
                    next_position(db)?,
                    self.now,
                ],
                |row| row.get(0),
            )?;
        if state == "pending" {
            // It overtakes the one that waited for this.
            db.prepare_cached(
                "UPDATE webhook_deliveries SET state = 'pending', position = ?2
                 WHERE receiver = ?1 AND state = 'held' AND effect = 'reordered'",
            )?
            .execute(params![self.receiver, next_position(db)?])?;
        }
        Ok(id)
    }
}

fn has_reordered(db: &Connection, receiver: &str) -> rusqlite::Result<bool> {
    db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM webhook_deliveries
         WHERE receiver = ?1 AND state = 'held' AND effect = 'reordered')",
    )?
    .query_row([receiver], |row| row.get(0))
}

/// Behind everything that is there.
fn next_position(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT coalesce(max(position), 0) + 1 FROM webhook_deliveries")?
        .query_row([], |row| row.get(0))
}

/// Who has a queue of its own: the host and port of a URL.
fn receiver(url: &str) -> String {
    let uri: Option<Uri> = url.parse().ok();
    uri.as_ref().and_then(Uri::authority).map_or_else(
        || url.to_owned(),
        |authority| authority.as_str().to_ascii_lowercase(),
    )
}

/// How many webhooks will still be sent without anybody's doing.
pub(crate) fn unsettled(shared: &Shared) -> rusqlite::Result<i64> {
    shared.store.transaction(|db| {
        db.prepare_cached(
            "SELECT count(*) FROM webhook_deliveries WHERE state IN ('pending', 'delayed')",
        )?
        .query_row([], |row| row.get(0))
    })
}

/// The receivers that something waits for.
pub(super) fn receivers(shared: &Shared) -> rusqlite::Result<Vec<String>> {
    shared.store.transaction(|db| {
        db.prepare_cached(
            "SELECT DISTINCT receiver FROM webhook_deliveries WHERE state = 'pending'",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
    })
}

/// What waits for a time: ids and milliseconds.
pub(super) fn delayed(shared: &Shared) -> rusqlite::Result<Vec<(i64, i64)>> {
    shared.store.transaction(|db| {
        db.prepare_cached(
            "SELECT id, coalesce(delay_milliseconds, 0) FROM webhook_deliveries WHERE state = 'delayed'",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
    })
}

/// The first in a receiver's queue.
pub(super) fn next(shared: &Shared, receiver: &str) -> rusqlite::Result<Option<Due>> {
    shared.store.transaction(|db| {
        db.prepare_cached(
            "SELECT id, url, content_type, body, signature FROM webhook_deliveries
             WHERE state = 'pending' AND receiver = ?1 ORDER BY position, id LIMIT 1",
        )?
        .query_row([receiver], |row| {
            Ok(Due {
                id: row.get(0)?,
                url: row.get(1)?,
                content_type: row.get(2)?,
                body: row.get(3)?,
                signature: row.get(4)?,
            })
        })
        .optional()
    })
}

/// Notes what came of an attempt.
pub(super) fn record(
    shared: &Shared,
    id: i64,
    outcome: Result<u16, String>,
) -> rusqlite::Result<()> {
    let (state, status, error) = match outcome {
        Ok(status @ 200..=299) => ("delivered", Some(status), None),
        Ok(status) => ("failed", Some(status), None),
        Err(error) => ("failed", None, Some(error)),
    };
    tracing::debug!(delivery = id, state, status, "webhook sent");
    let at = clock::stored(shared.clock.now());
    shared.store.transaction(|db| {
        let known = db
            .prepare_cached(
                "UPDATE webhook_deliveries SET state = ?2, response_status = ?3, error = ?4, finished_at = ?5
                 WHERE id = ?1 AND state = 'pending'",
            )?
            .execute(params![id, state, status, error, at])?;
        // It is gone when the sandbox was reset meanwhile.
        if known > 0 {
            db.prepare_cached(
                "INSERT INTO webhook_attempts (delivery_id, response_status, error, at) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![id, status, error, at])?;
        }
        Ok(())
    })
}

/// Lets go what waits: one delivery, or all. Says how many.
pub(super) fn release(
    shared: &Shared,
    db: &Connection,
    only: Option<i64>,
) -> rusqlite::Result<usize> {
    let waiting: Vec<i64> = db
        .prepare_cached(
            "SELECT id FROM webhook_deliveries
             WHERE state IN ('held', 'delayed') AND id = coalesce(?1, id) ORDER BY id",
        )?
        .query_map([only], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in &waiting {
        db.prepare_cached(
            "UPDATE webhook_deliveries SET state = 'pending', position = ?2 WHERE id = ?1",
        )?
        .execute(params![id, next_position(db)?])?;
    }
    shared.outbox.notify_one();
    Ok(waiting.len())
}

/// Puts a delivery into its queue once more: the same body, signed anew.
pub(super) fn resend(
    shared: &Shared,
    db: &Connection,
    id: i64,
    forged: bool,
) -> Result<(), Refusal> {
    let known: Option<(String, String)> = db
        .prepare_cached("SELECT state, body FROM webhook_deliveries WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (state, body) = known.ok_or_else(|| missing(id))?;
    if !matches!(state.as_str(), "delivered" | "failed" | "dropped") {
        let message = format!("webhook {id} is {state}: it has not been sent yet");
        return Err(Refusal::Invalid(StatusCode::CONFLICT, message));
    }
    let signature = encoding::signature(&settings::read(db)?, &body, forged);
    db.prepare_cached(
        "UPDATE webhook_deliveries SET state = 'pending', signature = ?2, forged = ?3, position = ?4 WHERE id = ?1",
    )?
    .execute(params![id, signature, forged, next_position(db)?])?;
    shared.outbox.notify_one();
    Ok(())
}

/// The refusal of a number that no delivery has.
pub(super) fn missing(id: i64) -> Refusal {
    Refusal::Invalid(StatusCode::NOT_FOUND, format!("there is no webhook {id}"))
}

/// The latest deliveries, oldest first; all without a limit.
pub(crate) fn deliveries(db: &Connection, limit: Option<u32>) -> rusqlite::Result<Vec<Delivery>> {
    // A negative limit is none.
    let limit = limit.map_or(-1, i64::from);
    db.prepare_cached(
        "SELECT * FROM (SELECT * FROM webhook_deliveries ORDER BY id DESC LIMIT ?1) ORDER BY id",
    )?
    .query_map([limit], |row| delivery(db, row))?
    .collect()
}

/// One delivery.
pub(super) fn find(db: &Connection, id: i64) -> rusqlite::Result<Option<Delivery>> {
    db.prepare_cached("SELECT * FROM webhook_deliveries WHERE id = ?1")?
        .query_row([id], |row| delivery(db, row))
        .optional()
}

fn delivery(db: &Connection, row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let id: i64 = row.get("id")?;
    let attempts = db
        .prepare_cached(
            "SELECT at, response_status, error FROM webhook_attempts WHERE delivery_id = ?1 ORDER BY id",
        )?
        .query_map([id], |row| {
            let at: String = row.get(0)?;
            Ok(DeliveryAttempt {
                at: clock::read(&at).unwrap_or_default(),
                response_status: row.get(1)?,
                error: row.get(2)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    Ok(Delivery {
        id: public_id(id),
        verification_request_id: public_id(row.get("request_id")?),
        url: row.get("url")?,
        content_type: row.get("content_type")?,
        body: row.get("body")?,
        signature: row.get("signature")?,
        forged: row.get("forged")?,
        state: row.get("state")?,
        effect: row.get("effect")?,
        duplicate_of: row.get::<_, Option<i64>>("duplicate_of")?.map(public_id),
        response_status: row.get("response_status")?,
        error: row.get("error")?,
        attempts,
    })
}
