//! The store in one SQLite file: what each call means in SQL. Opening is in [`schema`], running in [`thread`].

mod schema;
mod thread;

use std::path::Path;
use std::time::SystemTime;

use accredit_models::Personal;
use accredit_verifyinvestor::{VerificationRequestId, VerificationRequestStatus};
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use self::thread::Thread;
use super::rows::{column, number, outcome_columns, request, small, status, stored};
use super::{
    ChangeLease, DeliveryId, Look, NewDelivery, Outcome, PoisonedChange, Recorded, RequestLease,
    Stats, Store, TrackedRequest, UnreadableDelivery,
};
use crate::clock::{instant, millis};
use crate::{Change, StoreError};

/// Keeps an inbox in a SQLite file, for the processes of one machine.
///
/// The file is readable by its owner only: it holds the bodies of deliveries, which are personal data. A thread of its own does
/// the work, so no async thread waits for the disk, and calls that come together are committed together.
#[derive(Debug)]
pub struct SqliteStore(Thread);

impl SqliteStore {
    /// Opens or creates the file, and brings the schema of an older version up to date.
    ///
    /// # Errors
    ///
    /// When the file can't be opened, or is a database of something else or of a newer version, which is left as it is.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_owned();
        Ok(Self(Thread::start(move || schema::open(&path)).await?))
    }
}

/// Makes a request due; gives the number of the hint.
fn hint(db: &Connection, request: i64, now: i64) -> rusqlite::Result<i64> {
    db.prepare_cached(
        "INSERT INTO request (id, hints, due_at, hinted_at) VALUES (?1, 1, ?2, ?2)
         ON CONFLICT (id) DO UPDATE
            SET hints = hints + 1, hinted_at = ?2, due_at = min(coalesce(due_at, ?2), ?2)
         RETURNING hints",
    )?
    .query_row(params![request, now], |row| row.get(0))
}

fn change(row: &Row<'_>) -> rusqlite::Result<Change> {
    Ok(Change {
        request: request(row.get("request_id")?),
        sequence: number(row.get("sequence")?),
        from: status(row.get("was")?),
        to: VerificationRequestStatus::from_value(&row.get::<_, String>("status")?),
        seen_at: instant(row.get("seen_at")?),
    })
}

#[async_trait]
impl Store for SqliteStore {
    async fn accept(&self, delivery: NewDelivery, now: SystemTime) -> Result<Recorded, StoreError> {
        let request = delivery.request.map(column).transpose()?;
        let now = millis(now);
        self.0
            .call(move |db| {
                let hint = request.map(|request| hint(db, request, now)).transpose()?;
                // Only pending rows count: the vendor signs neither a time nor an id, so a later event can have the very
                // same bytes.
                let same = db
                    .prepare_cached(
                        "UPDATE delivery SET request_id = ?2, hint = ?3
                         WHERE digest = ?1 AND settled_at IS NULL",
                    )?
                    .execute(params![delivery.digest, request, hint.unwrap_or_default()])?;
                if same > 0 {
                    return Ok(Recorded::Duplicate);
                }
                db.prepare_cached(
                    "INSERT INTO delivery (digest, body, request_id, hint, received_at)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    delivery.digest,
                    delivery.body.expose(),
                    request,
                    hint.unwrap_or_default(),
                    now
                ])?;
                Ok(Recorded::New)
            })
            .await
    }

    async fn track(
        &self,
        requests: &[VerificationRequestId],
        now: SystemTime,
    ) -> Result<u64, StoreError> {
        let requests: Vec<i64> = requests
            .iter()
            .map(|request| column(*request))
            .collect::<Result<_, _>>()?;
        let now = millis(now);
        self.0
            .call(move |db| {
                let mut insert = db.prepare_cached(
                    "INSERT INTO request (id, due_at) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING",
                )?;
                let mut new = 0;
                for request in requests {
                    new +=
                        u64::try_from(insert.execute(params![request, now])?).unwrap_or_default();
                }
                Ok(new)
            })
            .await
    }

    async fn lease_requests(
        &self,
        limit: u32,
        now: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<RequestLease>, StoreError> {
        let (now, until) = (millis(now), millis(until));
        self.0
            .call(move |db| {
                db.prepare_cached(
                    "UPDATE request SET leased_until = ?2, fence = fence + 1
                     WHERE id IN (
                        SELECT id FROM request WHERE due_at <= ?1 AND leased_until <= ?1
                        ORDER BY due_at LIMIT ?3)
                     RETURNING id, fence, hints, status, sequence, quiet, failures",
                )?
                .query_map(params![now, until, limit], |row| {
                    Ok(RequestLease {
                        request: request(row.get("id")?),
                        fence: row.get("fence")?,
                        hints: row.get("hints")?,
                        status: status(row.get("status")?),
                        sequence: number(row.get("sequence")?),
                        quiet: small(row.get("quiet")?),
                        failures: small(row.get("failures")?),
                    })
                })?
                .collect()
            })
            .await
    }

    async fn record(
        &self,
        lease: &RequestLease,
        look: Look,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let (lease, now) = (lease.clone(), millis(now));
        let request = column(lease.request)?;
        self.0
            .call(move |db| record(db, request, &lease, &look, now))
            .await
    }

    async fn lease_changes(
        &self,
        limit: u32,
        now: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<ChangeLease>, StoreError> {
        let (now, until) = (millis(now), millis(until));
        self.0
            .call(move |db| {
                db.prepare_cached(
                    "UPDATE change SET leased_until = ?2, fence = fence + 1, attempts = attempts + 1
                     WHERE (request_id, sequence) IN (
                        SELECT request_id, sequence FROM change AS one
                        WHERE due_at <= ?1 AND leased_until <= ?1 AND NOT EXISTS (
                            SELECT 1 FROM change AS other
                            WHERE other.request_id = one.request_id AND other.sequence < one.sequence
                              AND other.due_at IS NOT NULL)
                        ORDER BY due_at LIMIT ?3)
                     RETURNING request_id, sequence, was, status, seen_at, fence, attempts",
                )?
                .query_map(params![now, until, limit], |row| {
                    Ok(ChangeLease {
                        change: change(row)?,
                        fence: row.get("fence")?,
                        attempts: small(row.get("attempts")?),
                    })
                })?
                .collect()
            })
            .await
    }

    async fn conclude(
        &self,
        lease: &ChangeLease,
        outcome: Outcome,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let request = column(lease.change.request)?;
        let (sequence, fence) = (stored(lease.change.sequence), lease.fence);
        let (due_at, handled_at, error) = outcome_columns(outcome, now);
        self.0
            .call(move |db| {
                let updated = db
                    .prepare_cached(
                        "UPDATE change SET due_at = ?4, handled_at = ?5, error = ?6, leased_until = 0,
                            fence = fence + 1
                         WHERE request_id = ?1 AND sequence = ?2 AND fence = ?3",
                    )?
                    .execute(params![request, sequence, fence, due_at, handled_at, error])?;
                Ok(updated > 0)
            })
            .await
    }

    async fn request(
        &self,
        wanted: VerificationRequestId,
    ) -> Result<Option<TrackedRequest>, StoreError> {
        let id = column(wanted)?;
        self.0
            .call(move |db| {
                db.prepare_cached("SELECT * FROM request WHERE id = ?1")?
                    .query_row([id], |row| {
                        Ok(TrackedRequest {
                            request: wanted,
                            status: status(row.get("status")?),
                            sequence: number(row.get("sequence")?),
                            refused: status(row.get("refused")?),
                            error: row.get("error")?,
                            due_at: row.get::<_, Option<i64>>("due_at")?.map(instant),
                            hinted_at: row.get::<_, Option<i64>>("hinted_at")?.map(instant),
                            read_at: row.get::<_, Option<i64>>("read_at")?.map(instant),
                        })
                    })
                    .optional()
            })
            .await
    }

    async fn unreadable(&self, limit: u32) -> Result<Vec<UnreadableDelivery>, StoreError> {
        self.0
            .call(move |db| {
                db.prepare_cached(
                    "SELECT id, body, received_at FROM delivery
                     WHERE settled_at IS NULL AND request_id IS NULL ORDER BY id LIMIT ?1",
                )?
                .query_map([limit], |row| {
                    Ok(UnreadableDelivery {
                        id: DeliveryId(row.get("id")?),
                        body: Personal::new(row.get("body")?),
                        received_at: instant(row.get("received_at")?),
                    })
                })?
                .collect()
            })
            .await
    }

    async fn resolve(
        &self,
        delivery: DeliveryId,
        request: Option<VerificationRequestId>,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let request = request.map(column).transpose()?;
        let now = millis(now);
        self.0
            .call(move |db| {
                let settled = db
                    .prepare_cached(
                        "UPDATE delivery SET settled_at = ?2
                         WHERE id = ?1 AND settled_at IS NULL AND request_id IS NULL",
                    )?
                    .execute(params![delivery.0, now])?;
                if settled > 0
                    && let Some(request) = request
                {
                    hint(db, request, now)?;
                }
                Ok(settled > 0)
            })
            .await
    }

    async fn poisoned(&self, limit: u32) -> Result<Vec<PoisonedChange>, StoreError> {
        self.0
            .call(move |db| {
                db.prepare_cached(
                    "SELECT * FROM change WHERE due_at IS NULL AND handled_at IS NULL
                     ORDER BY request_id, sequence LIMIT ?1",
                )?
                .query_map([limit], |row| {
                    let error: Option<String> = row.get("error")?;
                    Ok(PoisonedChange {
                        change: change(row)?,
                        attempts: small(row.get("attempts")?),
                        error: Personal::new(error.unwrap_or_default()),
                    })
                })?
                .collect()
            })
            .await
    }

    async fn revive(
        &self,
        request: VerificationRequestId,
        sequence: u64,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let request = column(request)?;
        let now = millis(now);
        self.0
            .call(move |db| {
                let revived = db.execute(
                    "UPDATE change SET due_at = ?3, attempts = 0
                     WHERE request_id = ?1 AND sequence = ?2 AND due_at IS NULL AND handled_at IS NULL",
                    params![request, stored(sequence), now],
                )?;
                Ok(revived > 0)
            })
            .await
    }

    async fn purge(&self, before: SystemTime) -> Result<u64, StoreError> {
        let before = millis(before);
        self.0
            .call(move |db| {
                let deliveries =
                    db.execute("DELETE FROM delivery WHERE settled_at < ?1", [before])?;
                let changes = db.execute("DELETE FROM change WHERE handled_at < ?1", [before])?;
                Ok(u64::try_from(deliveries + changes).unwrap_or(u64::MAX))
            })
            .await
    }

    async fn stats(&self, now: SystemTime) -> Result<Stats, StoreError> {
        let now = millis(now);
        self.0
            .call(move |db| {
                db.query_row(
                    "SELECT
                        (SELECT count(*) FROM request WHERE due_at IS NOT NULL) AS open,
                        (SELECT count(*) FROM request WHERE due_at <= ?1) AS due,
                        (SELECT count(*) FROM request WHERE refused IS NOT NULL) AS refused,
                        (SELECT count(*) FROM delivery WHERE settled_at IS NULL) AS pending,
                        (SELECT count(*) FROM delivery
                            WHERE settled_at IS NULL AND request_id IS NULL) AS unreadable,
                        (SELECT count(*) FROM change WHERE due_at IS NOT NULL) AS waiting,
                        (SELECT count(*) FROM change
                            WHERE due_at IS NULL AND handled_at IS NULL) AS poisoned,
                        (SELECT max(hinted_at) FROM request) AS last_hint,
                        (SELECT max(read_at) FROM request) AS last_read",
                    [now],
                    |row| {
                        let count = |name: &str| row.get(name).map(number);
                        Ok(Stats {
                            open: count("open")?,
                            due: count("due")?,
                            refused: count("refused")?,
                            pending: count("pending")?,
                            unreadable: count("unreadable")?,
                            waiting: count("waiting")?,
                            poisoned: count("poisoned")?,
                            last_hint: row.get::<_, Option<i64>>("last_hint")?.map(instant),
                            last_read: row.get::<_, Option<i64>>("last_read")?.map(instant),
                        })
                    },
                )
            })
            .await
    }
}

fn record(
    db: &Connection,
    request: i64,
    lease: &RequestLease,
    look: &Look,
    now: i64,
) -> rusqlite::Result<bool> {
    let moved_to = look.moved_to.as_ref().map(|status| status.as_str());
    let sequence: Option<i64> = db
        .prepare_cached(
            "UPDATE request SET
                status = coalesce(?3, status), sequence = sequence + (?3 IS NOT NULL),
                refused = CASE WHEN ?4 THEN ?5 ELSE refused END,
                read_at = CASE WHEN ?4 THEN ?6 ELSE read_at END,
                due_at = CASE WHEN hints = ?7 THEN ?8 ELSE due_at END,
                quiet = ?9, failures = ?10, error = ?11, leased_until = 0, fence = fence + 1
             WHERE id = ?1 AND fence = ?2 RETURNING sequence",
        )?
        .query_row(
            params![
                request,
                lease.fence,
                moved_to,
                look.answered,
                look.refused.as_ref().map(|status| status.as_str()),
                now,
                lease.hints,
                look.next.map(millis),
                look.quiet,
                look.failures,
                look.error,
            ],
            |row| row.get(0),
        )
        .optional()?;
    let Some(sequence) = sequence else {
        return Ok(false);
    };
    if let Some(to) = moved_to {
        db.prepare_cached(
            "INSERT INTO change (request_id, sequence, was, status, seen_at, due_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
        )?
        .execute(params![
            request,
            sequence,
            lease.status.as_ref().map(|status| status.as_str()),
            to,
            now
        ])?;
    }
    if look.answered {
        db.prepare_cached(
            "UPDATE delivery SET settled_at = ?3
             WHERE request_id = ?1 AND hint <= ?2 AND settled_at IS NULL",
        )?
        .execute(params![request, lease.hints, now])?;
    }
    Ok(true)
}
