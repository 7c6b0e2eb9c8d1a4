//! The store on a PostgreSQL server: what each call means in SQL. Opening is in [`schema`], connections are in [`pool`].
//!
//! Each call is one statement, and so one transaction and one round trip.

mod pool;
mod schema;

use std::time::SystemTime;

use accredit_models::Personal;
use accredit_verifyinvestor::{VerificationRequestId, VerificationRequestStatus};
use async_trait::async_trait;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{NoTls, Row, Socket};

use self::pool::{Pool, failure};
use super::rows::{column, number, outcome_columns, request, small, status, stored};
use super::{
    ChangeLease, DeliveryId, Look, NewDelivery, Outcome, PoisonedChange, Recorded, RequestLease,
    Stats, Store, TrackedRequest, UnreadableDelivery,
};
use crate::clock::{instant, millis};
use crate::{Change, StoreError};

/// Keeps an inbox on a PostgreSQL server, for any number of receivers and workers on any number of machines.
///
/// Leases skip what others have locked, so workers do not wait for each other. The tables are named `accredit_inbox_…` and stand
/// in the first schema of the connection's `search_path`. A connection that is lost is made anew at the next call.
#[derive(Debug)]
pub struct PostgresStore(Pool);

impl PostgresStore {
    /// Connects without TLS: for a socket of this machine or a network that is private. Takes what libpq takes, as
    /// `host=/run/postgresql user=portal dbname=portal` or as a URL.
    ///
    /// # Errors
    ///
    /// When the text does not parse, the server can't be reached, or the tables are of somebody else or of a newer version, which
    /// are left as they are.
    pub async fn connect(config: &str) -> Result<Self, StoreError> {
        Self::connect_tls(config, NoTls).await
    }

    /// Connects with a TLS connector of your choice.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_tls<T>(config: &str, tls: T) -> Result<Self, StoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let pool = Pool::new(config, tls)?;
        schema::migrate(&mut pool.connect().await?).await?;
        Ok(Self(pool))
    }
}

/// A column of a row.
fn get<'a, T: FromSql<'a>>(row: &'a Row, name: &str) -> Result<T, StoreError> {
    row.try_get(name).map_err(|error| failure(&error))
}

fn time(row: &Row, name: &str) -> Result<Option<SystemTime>, StoreError> {
    Ok(get::<Option<i64>>(row, name)?.map(instant))
}

fn change(row: &Row) -> Result<Change, StoreError> {
    Ok(Change {
        request: request(get(row, "request_id")?),
        sequence: number(get(row, "sequence")?),
        from: status(get(row, "was")?),
        to: VerificationRequestStatus::from_value(get(row, "status")?),
        seen_at: instant(get(row, "seen_at")?),
    })
}

#[async_trait]
impl Store for PostgresStore {
    async fn accept(&self, delivery: NewDelivery, now: SystemTime) -> Result<Recorded, StoreError> {
        let request = delivery.request.map(column).transpose()?;
        let (digest, body) = (
            delivery.digest.as_slice(),
            delivery.body.expose().as_slice(),
        );
        let rows = self
            .0
            .query(
                "WITH hint AS (
                    INSERT INTO accredit_inbox_request AS known (id, hints, due_at, hinted_at)
                    SELECT $3, 1, $4, $4 WHERE $3 IS NOT NULL
                    ON CONFLICT (id) DO UPDATE
                        SET hints = known.hints + 1, hinted_at = $4, due_at = least(known.due_at, $4)
                    RETURNING hints)
                 INSERT INTO accredit_inbox_delivery (digest, body, request_id, hint, received_at)
                 SELECT $1, $2, $3, coalesce((SELECT hints FROM hint), 0), $4
                 ON CONFLICT (digest) WHERE settled_at IS NULL DO UPDATE
                    SET request_id = excluded.request_id, hint = excluded.hint
                 RETURNING xmax = 0 AS new",
                &[
                    (&digest, Type::BYTEA),
                    (&body, Type::BYTEA),
                    (&request, Type::INT8),
                    (&millis(now), Type::INT8),
                ],
            )
            .await?;
        let new = rows.first().map(|row| get(row, "new")).transpose()?;
        Ok(match new {
            Some(true) => Recorded::New,
            _ => Recorded::Duplicate,
        })
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
        let rows = self
            .0
            .query(
                // In one order everywhere, so that no two of these wait for each other.
                "INSERT INTO accredit_inbox_request (id, due_at)
                 SELECT DISTINCT id, $2::int8 FROM unnest($1) AS id ORDER BY id
                 ON CONFLICT (id) DO NOTHING RETURNING 1",
                &[(&requests, Type::INT8_ARRAY), (&millis(now), Type::INT8)],
            )
            .await?;
        Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
    }

    async fn lease_requests(
        &self,
        limit: u32,
        now: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<RequestLease>, StoreError> {
        let rows = self
            .0
            .query(
                "WITH picked AS MATERIALIZED (
                    SELECT id FROM accredit_inbox_request WHERE due_at <= $1 AND leased_until <= $1
                    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
                 UPDATE accredit_inbox_request AS request SET leased_until = $2, fence = fence + 1
                 FROM picked WHERE request.id = picked.id
                 RETURNING request.id, fence, hints, status, sequence, quiet, failures",
                &[
                    (&millis(now), Type::INT8),
                    (&millis(until), Type::INT8),
                    (&i64::from(limit), Type::INT8),
                ],
            )
            .await?;
        let lease = |row| {
            Ok(RequestLease {
                request: request(get(row, "id")?),
                fence: get(row, "fence")?,
                hints: get(row, "hints")?,
                status: status(get(row, "status")?),
                sequence: number(get(row, "sequence")?),
                quiet: small(get(row, "quiet")?),
                failures: small(get(row, "failures")?),
            })
        };
        rows.iter().map(lease).collect()
    }

    async fn record(
        &self,
        lease: &RequestLease,
        look: Look,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let moved_to = look.moved_to.as_ref().map(|status| status.as_str());
        let refused = look.refused.as_ref().map(|status| status.as_str());
        let was = lease.status.as_ref().map(|status| status.as_str());
        let rows = self
            .0
            .query(
                "WITH held AS (
                    UPDATE accredit_inbox_request SET
                        status = coalesce($3, status),
                        sequence = sequence + CASE WHEN $3 IS NULL THEN 0 ELSE 1 END,
                        refused = CASE WHEN $4 THEN $5 ELSE refused END,
                        read_at = CASE WHEN $4 THEN $6 ELSE read_at END,
                        due_at = CASE WHEN hints = $7 THEN $8 ELSE due_at END,
                        quiet = $9, failures = $10, error = $11, leased_until = 0, fence = fence + 1
                    WHERE id = $1 AND fence = $2
                    RETURNING id, sequence),
                 appended AS (
                    INSERT INTO accredit_inbox_change (request_id, sequence, was, status, seen_at, due_at)
                    SELECT id, sequence, $12, $3, $6, $6 FROM held WHERE $3 IS NOT NULL),
                 settled AS (
                    UPDATE accredit_inbox_delivery AS delivery SET settled_at = $6 FROM held
                    WHERE $4 AND request_id = held.id AND hint <= $7 AND settled_at IS NULL)
                 SELECT id FROM held",
                &[
                    (&column(lease.request)?, Type::INT8),
                    (&lease.fence, Type::INT8),
                    (&moved_to, Type::TEXT),
                    (&look.answered, Type::BOOL),
                    (&refused, Type::TEXT),
                    (&millis(now), Type::INT8),
                    (&lease.hints, Type::INT8),
                    (&look.next.map(millis), Type::INT8),
                    (&i64::from(look.quiet), Type::INT8),
                    (&i64::from(look.failures), Type::INT8),
                    (&look.error, Type::TEXT),
                    (&was, Type::TEXT),
                ],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    async fn lease_changes(
        &self,
        limit: u32,
        now: SystemTime,
        until: SystemTime,
    ) -> Result<Vec<ChangeLease>, StoreError> {
        let rows = self
            .0
            .query(
                "WITH picked AS MATERIALIZED (
                    SELECT request_id, sequence FROM accredit_inbox_change AS one
                    WHERE due_at <= $1 AND leased_until <= $1 AND NOT EXISTS (
                        SELECT 1 FROM accredit_inbox_change AS other
                        WHERE other.request_id = one.request_id AND other.sequence < one.sequence
                          AND other.due_at IS NOT NULL)
                    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
                 UPDATE accredit_inbox_change AS change
                 SET leased_until = $2, fence = fence + 1, attempts = attempts + 1
                 FROM picked
                 WHERE change.request_id = picked.request_id AND change.sequence = picked.sequence
                 RETURNING change.request_id, change.sequence, was, status, seen_at, fence, attempts",
                &[
                    (&millis(now), Type::INT8),
                    (&millis(until), Type::INT8),
                    (&i64::from(limit), Type::INT8),
                ],
            )
            .await?;
        let lease = |row| {
            Ok(ChangeLease {
                change: change(row)?,
                fence: get(row, "fence")?,
                attempts: small(get(row, "attempts")?),
            })
        };
        rows.iter().map(lease).collect()
    }

    async fn conclude(
        &self,
        lease: &ChangeLease,
        outcome: Outcome,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let (due_at, handled_at, error) = outcome_columns(outcome, now);
        let rows = self
            .0
            .query(
                "UPDATE accredit_inbox_change
                 SET due_at = $4, handled_at = $5, error = $6, leased_until = 0, fence = fence + 1
                 WHERE request_id = $1 AND sequence = $2 AND fence = $3 RETURNING 1",
                &[
                    (&column(lease.change.request)?, Type::INT8),
                    (&stored(lease.change.sequence), Type::INT8),
                    (&lease.fence, Type::INT8),
                    (&due_at, Type::INT8),
                    (&handled_at, Type::INT8),
                    (&error, Type::TEXT),
                ],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    async fn request(
        &self,
        wanted: VerificationRequestId,
    ) -> Result<Option<TrackedRequest>, StoreError> {
        let rows = self
            .0
            .query(
                "SELECT * FROM accredit_inbox_request WHERE id = $1",
                &[(&column(wanted)?, Type::INT8)],
            )
            .await?;
        let tracked = |row| {
            Ok(TrackedRequest {
                request: wanted,
                status: status(get(row, "status")?),
                sequence: number(get(row, "sequence")?),
                refused: status(get(row, "refused")?),
                error: get(row, "error")?,
                due_at: time(row, "due_at")?,
                hinted_at: time(row, "hinted_at")?,
                read_at: time(row, "read_at")?,
            })
        };
        rows.first().map(tracked).transpose()
    }

    async fn unreadable(&self, limit: u32) -> Result<Vec<UnreadableDelivery>, StoreError> {
        let rows = self
            .0
            .query(
                "SELECT id, body, received_at FROM accredit_inbox_delivery
                 WHERE settled_at IS NULL AND request_id IS NULL ORDER BY id LIMIT $1",
                &[(&i64::from(limit), Type::INT8)],
            )
            .await?;
        let delivery = |row| {
            Ok(UnreadableDelivery {
                id: DeliveryId(get(row, "id")?),
                body: Personal::new(get(row, "body")?),
                received_at: instant(get(row, "received_at")?),
            })
        };
        rows.iter().map(delivery).collect()
    }

    async fn resolve(
        &self,
        delivery: DeliveryId,
        request: Option<VerificationRequestId>,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let rows = self
            .0
            .query(
                "WITH settled AS (
                    UPDATE accredit_inbox_delivery SET settled_at = $3
                    WHERE id = $1 AND settled_at IS NULL AND request_id IS NULL RETURNING id),
                 hint AS (
                    INSERT INTO accredit_inbox_request AS known (id, hints, due_at, hinted_at)
                    SELECT $2, 1, $3, $3 FROM settled WHERE $2 IS NOT NULL
                    ON CONFLICT (id) DO UPDATE
                        SET hints = known.hints + 1, hinted_at = $3, due_at = least(known.due_at, $3))
                 SELECT id FROM settled",
                &[
                    (&delivery.0, Type::INT8),
                    (&request.map(column).transpose()?, Type::INT8),
                    (&millis(now), Type::INT8),
                ],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    async fn poisoned(&self, limit: u32) -> Result<Vec<PoisonedChange>, StoreError> {
        let rows = self
            .0
            .query(
                "SELECT * FROM accredit_inbox_change WHERE due_at IS NULL AND handled_at IS NULL
                 ORDER BY request_id, sequence LIMIT $1",
                &[(&i64::from(limit), Type::INT8)],
            )
            .await?;
        let poisoned = |row| {
            Ok(PoisonedChange {
                change: change(row)?,
                attempts: small(get(row, "attempts")?),
                error: Personal::new(get::<Option<String>>(row, "error")?.unwrap_or_default()),
            })
        };
        rows.iter().map(poisoned).collect()
    }

    async fn revive(
        &self,
        request: VerificationRequestId,
        sequence: u64,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let rows = self
            .0
            .query(
                "UPDATE accredit_inbox_change SET due_at = $3, attempts = 0
                 WHERE request_id = $1 AND sequence = $2 AND due_at IS NULL AND handled_at IS NULL
                 RETURNING 1",
                &[
                    (&column(request)?, Type::INT8),
                    (&stored(sequence), Type::INT8),
                    (&millis(now), Type::INT8),
                ],
            )
            .await?;
        Ok(!rows.is_empty())
    }

    async fn purge(&self, before: SystemTime) -> Result<u64, StoreError> {
        let rows = self
            .0
            .query(
                "WITH deliveries AS (
                    DELETE FROM accredit_inbox_delivery WHERE settled_at < $1 RETURNING 1),
                 changes AS (
                    DELETE FROM accredit_inbox_change WHERE handled_at < $1 RETURNING 1)
                 SELECT (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM changes) AS gone",
                &[(&millis(before), Type::INT8)],
            )
            .await?;
        let gone = rows.first().map(|row| get(row, "gone")).transpose()?;
        Ok(number(gone.unwrap_or_default()))
    }

    async fn stats(&self, now: SystemTime) -> Result<Stats, StoreError> {
        let rows = self
            .0
            .query(
                "SELECT
                    (SELECT count(*) FROM accredit_inbox_request WHERE due_at IS NOT NULL) AS open,
                    (SELECT count(*) FROM accredit_inbox_request WHERE due_at <= $1) AS due,
                    (SELECT count(*) FROM accredit_inbox_request WHERE refused IS NOT NULL) AS refused,
                    (SELECT count(*) FROM accredit_inbox_delivery WHERE settled_at IS NULL) AS pending,
                    (SELECT count(*) FROM accredit_inbox_delivery
                        WHERE settled_at IS NULL AND request_id IS NULL) AS unreadable,
                    (SELECT count(*) FROM accredit_inbox_change WHERE due_at IS NOT NULL) AS waiting,
                    (SELECT count(*) FROM accredit_inbox_change
                        WHERE due_at IS NULL AND handled_at IS NULL) AS poisoned,
                    (SELECT max(hinted_at) FROM accredit_inbox_request) AS last_hint,
                    (SELECT max(read_at) FROM accredit_inbox_request) AS last_read",
                &[(&millis(now), Type::INT8)],
            )
            .await?;
        let Some(row) = rows.first() else {
            return Ok(Stats::default());
        };
        let count = |name| get(row, name).map(number);
        Ok(Stats {
            open: count("open")?,
            due: count("due")?,
            refused: count("refused")?,
            pending: count("pending")?,
            unreadable: count("unreadable")?,
            waiting: count("waiting")?,
            poisoned: count("poisoned")?,
            last_hint: time(row, "last_hint")?,
            last_read: time(row, "last_read")?,
        })
    }
}
