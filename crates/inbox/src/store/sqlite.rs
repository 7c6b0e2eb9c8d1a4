//! The store in one SQLite file: what each call means in SQL. Opening is in [`schema`], running in [`thread`].

mod schema;
mod thread;

use std::path::Path;
use std::time::{Instant, SystemTime};

use accredit_verifyinvestor::VerificationRequestId;
use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use self::thread::Thread;
use super::rows::{self, Columns, column, columns, outcome_columns, stored};
use super::{
    ChangeLease, DeliveryId, Look, NewDelivery, Outcome, PoisonedChange, Recorded, RequestLease,
    Stats, Store, TrackedRequest, UnreadableDelivery,
};
use crate::StoreError;
use crate::clock::{TOLERANCE, instant, later, millis};

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

impl SqliteStore {
    /// Corrects what a clock wrote that was ahead of `now`, as it was told when this was asked for.
    async fn redate_asked(&self, asked: Instant, now: SystemTime) -> Result<u64, StoreError> {
        let (now, ahead) = (millis(now), millis(later(now, TOLERANCE)));
        let waits = self.0.call(move |db| {
            let mut rows = 0;
            if asked.elapsed() > TOLERANCE {
                // It waited for its turn: what others wrote since then is not ahead. The next time will do.
                return Ok(rows);
            }
            for statement in [
                "UPDATE request SET
                        due_at = CASE WHEN hinted_at > ?2 THEN min(due_at, ?1)
                            ELSE max(due_at - max(dated_at - ?1, 0), min(due_at, ?1)) END,
                        leased_until =
                            max(leased_until - max(dated_at - ?1, 0), min(leased_until, ?1)),
                        dated_at = min(dated_at, ?1), hinted_at = min(hinted_at, ?1)
                     WHERE due_at IS NOT NULL AND (dated_at > ?2 OR hinted_at > ?2)",
                "UPDATE change SET
                        due_at = max(due_at - (dated_at - ?1), min(due_at, ?1)),
                        leased_until = max(leased_until - (dated_at - ?1), min(leased_until, ?1)),
                        dated_at = ?1
                     WHERE due_at IS NOT NULL AND dated_at > ?2",
            ] {
                rows += db.prepare_cached(statement)?.execute([now, ahead])?;
            }
            Ok(rows)
        });
        let mut redated = waits.await?;
        loop {
            let kept = self.0.call(move |db| {
                let mut rows = 0;
                if asked.elapsed() > TOLERANCE {
                    return Ok(rows);
                }
                for statement in [
                    "UPDATE change SET handled_at = ?1 WHERE (request_id, sequence) IN
                        (SELECT request_id, sequence FROM change WHERE handled_at > ?2 LIMIT ?3)",
                    "UPDATE delivery SET settled_at = ?1 WHERE id IN
                        (SELECT id FROM delivery WHERE settled_at > ?2 LIMIT ?3)",
                ] {
                    rows +=
                        db.prepare_cached(statement)?
                            .execute(params![now, ahead, rows::FEW])?;
                }
                Ok(rows)
            });
            let some = kept.await?;
            redated += some;
            if some == 0 {
                return Ok(u64::try_from(redated).unwrap_or(u64::MAX));
            }
        }
    }
}

/// Makes a request due; gives the number of the hint.
fn hint(db: &Connection, request: i64, now: i64) -> rusqlite::Result<i64> {
    db.prepare_cached(
        "INSERT INTO request (id, hints, due_at, dated_at, hinted_at) VALUES (?1, 1, ?2, ?2, ?2)
         ON CONFLICT (id) DO UPDATE
            SET hints = hints + 1, hinted_at = ?2, due_at = min(coalesce(due_at, ?2), ?2)
         RETURNING hints",
    )?
    .query_row(params![request, now], |row| row.get(0))
}

impl Columns for Row<'_> {
    type Error = rusqlite::Error;

    fn number(&self, name: &str) -> rusqlite::Result<i64> {
        self.get(name)
    }

    fn time(&self, name: &str) -> rusqlite::Result<Option<SystemTime>> {
        Ok(self.get::<_, Option<i64>>(name)?.map(instant))
    }

    fn text(&self, name: &str) -> rusqlite::Result<Option<String>> {
        self.get(name)
    }

    fn bytes(&self, name: &str) -> rusqlite::Result<Vec<u8>> {
        self.get(name)
    }
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
        let (requests, now) = (columns(requests)?, millis(now));
        self.0
            .call(move |db| {
                let mut follow = db.prepare_cached(&format!(
                    "INSERT INTO request (id, due_at, dated_at) VALUES (?1, ?2, ?2)
                     ON CONFLICT (id) DO UPDATE SET due_at = ?2, dated_at = ?2
                        WHERE due_at IS NULL AND (status IS NULL OR status NOT IN ('{}'))",
                    rows::ends().join("', '")
                ))?;
                let mut followed = 0;
                for request in requests {
                    followed += follow.execute(params![request, now])?;
                }
                Ok(u64::try_from(followed).unwrap_or(u64::MAX))
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
                    "UPDATE request SET leased_until = ?2, dated_at = ?1, fence = fence + 1
                     WHERE id IN (
                        SELECT id FROM request WHERE due_at <= ?1 AND leased_until <= ?1
                        ORDER BY due_at LIMIT ?3)
                     RETURNING id, fence, hints, status, sequence, quiet, failures, missing",
                )?
                .query_map(params![now, until, limit], |row| rows::request_lease(row))?
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
                    "UPDATE change SET leased_until = ?2, dated_at = ?1, fence = fence + 1
                     WHERE (request_id, sequence) IN (
                        SELECT request_id, sequence FROM change AS one
                        WHERE due_at <= ?1 AND leased_until <= ?1 AND NOT EXISTS (
                            SELECT 1 FROM change AS other
                            WHERE other.request_id = one.request_id
                              AND (other.sequence < one.sequence AND other.due_at IS NOT NULL
                                OR other.leased_until > ?1))
                        ORDER BY due_at LIMIT ?3)
                     RETURNING request_id, sequence, was, status, seen_at, fence, attempts",
                )?
                .query_map(params![now, until, limit], |row| rows::change_lease(row))?
                .collect()
            })
            .await
    }

    async fn begin(&self, lease: &ChangeLease) -> Result<bool, StoreError> {
        let request = column(lease.change.request)?;
        let (sequence, fence) = (stored(lease.change.sequence), lease.fence);
        let attempts = lease.attempts;
        self.0
            .call(move |db| {
                let updated = db
                    .prepare_cached(
                        "UPDATE change SET attempts = ?4
                         WHERE request_id = ?1 AND sequence = ?2 AND fence = ?3",
                    )?
                    .execute(params![request, sequence, fence, attempts])?;
                Ok(updated > 0)
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
        let now = millis(now);
        self.0
            .call(move |db| {
                let updated = db
                    .prepare_cached(
                        "UPDATE change SET due_at = ?4, handled_at = ?5, error = ?6, leased_until = 0,
                            dated_at = ?7, fence = fence + 1
                         WHERE request_id = ?1 AND sequence = ?2 AND fence = ?3",
                    )?
                    .execute(params![
                        request, sequence, fence, due_at, handled_at, error, now
                    ])?;
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
                    .query_row([id], |row| rows::tracked(row))
                    .optional()
            })
            .await
    }

    async fn unreadable(
        &self,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<UnreadableDelivery>, StoreError> {
        let after = after.map_or(i64::MIN, |id| id.0);
        self.0
            .call(move |db| {
                db.prepare_cached(
                    "SELECT id, body, received_at FROM delivery
                     WHERE settled_at IS NULL AND request_id IS NULL AND id > ?1
                     ORDER BY id LIMIT ?2",
                )?
                .query_map(params![after, limit], |row| rows::unreadable(row))?
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
                .query_map([limit], |row| rows::poisoned(row))?
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
                    "UPDATE change SET due_at = ?3, dated_at = ?3, attempts = 0
                     WHERE request_id = ?1 AND sequence = ?2 AND due_at IS NULL AND handled_at IS NULL",
                    params![request, stored(sequence), now],
                )?;
                Ok(revived > 0)
            })
            .await
    }

    async fn purge(&self, before: SystemTime, limit: u32) -> Result<u64, StoreError> {
        let before = millis(before);
        let gone = self
            .0
            .call(move |db| {
                let deliveries = db.execute(
                    "DELETE FROM delivery WHERE id IN
                        (SELECT id FROM delivery WHERE settled_at < ?1 LIMIT ?2)",
                    params![before, limit],
                )?;
                let changes = db.execute(
                    "DELETE FROM change WHERE (request_id, sequence) IN
                        (SELECT request_id, sequence FROM change WHERE handled_at < ?1 LIMIT ?2)",
                    params![before, limit],
                )?;
                Ok(u64::try_from(deliveries + changes).unwrap_or(u64::MAX))
            })
            .await?;
        if gone < u64::from(limit) {
            // Nothing is left, but what was overwritten in the file still stands in its log.
            self.0.empty_log().await?;
        }
        Ok(gone)
    }

    async fn redate(&self, now: SystemTime) -> Result<u64, StoreError> {
        self.redate_asked(Instant::now(), now).await
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
                    |row| rows::stats(row),
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
                quiet = ?9, failures = ?10, missing = ?11, error = ?12,
                leased_until = 0, dated_at = ?6, fence = fence + 1
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
                look.missing,
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
            "INSERT INTO change (request_id, sequence, was, status, seen_at, due_at, dated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?5)",
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// What was written while it waited for its turn is no older than it.
    #[tokio::test]
    async fn a_correction_that_waited_for_long_ends_no_lease() {
        let store = SqliteStore(
            Thread::start(|| {
                let path =
                    std::env::temp_dir().join(format!("accredit-inbox-{}.db", std::process::id()));
                let opened = schema::open(&path);
                std::fs::remove_file(path).map_err(StoreError::database)?;
                opened
            })
            .await
            .unwrap(),
        );
        let (now, minute) = (
            UNIX_EPOCH + Duration::from_secs(1_000_000),
            Duration::from_secs(60),
        );
        store
            .track(&[VerificationRequestId::new(90)], now + minute)
            .await
            .unwrap();
        let asked = Instant::now();
        let long_ago = asked.checked_sub(2 * TOLERANCE).unwrap();
        assert_eq!(store.redate_asked(long_ago, now).await.unwrap(), 0);
        assert_eq!(store.redate_asked(asked, now).await.unwrap(), 1);
    }
}
