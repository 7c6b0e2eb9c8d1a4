//! The store on a PostgreSQL server: what each call means in SQL. Opening is in [`schema`], connections are in [`pool`].
//!
//! Each call is one statement, and so one transaction and one round trip.

mod pool;
mod schema;

use std::time::{SystemTime, UNIX_EPOCH};

use accredit_verifyinvestor::VerificationRequestId;
use async_trait::async_trait;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::Type;
use tokio_postgres::{NoTls, Row, Socket};

use self::pool::{Pool, failure};
use super::rows::{self, Columns, column, columns, outcome_columns, stored};
use super::{
    ChangeLease, DeliveryId, Look, NewDelivery, Outcome, PoisonedChange, Recorded, RequestLease,
    Stats, Store, TrackedRequest, UnreadableDelivery,
};
use crate::StoreError;
use crate::clock::{TOLERANCE, instant, millis};

/// Keeps an inbox on a PostgreSQL server, for any number of receivers and workers on any number of machines.
///
/// Leases skip what others have locked, so workers do not wait for each other. The tables are named `accredit_inbox_…` and stand
/// in the first schema of the connection's `search_path`. A connection that is lost, or on which a statement got no answer within
/// ten seconds, is made anew at the next call.
#[derive(Debug)]
pub struct PostgresStore(Pool);

impl PostgresStore {
    /// Connects without TLS: for a socket of this machine or a network that is private. Takes what libpq takes, as
    /// `host=/run/postgresql user=portal dbname=portal` or as a URL.
    ///
    /// # Errors
    ///
    /// When the text does not parse, the server can't be reached within ten seconds, or the tables are of somebody else or of a newer version, which
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
        pool.migrate().await?;
        Ok(Self(pool))
    }
}

impl PostgresStore {
    /// Corrects when a few of those were dealt with that are kept; says how many.
    async fn redate_kept(&self, now: SystemTime) -> Result<u64, StoreError> {
        let rows = self
            .0
            .query(
                "WITH present AS MATERIALIZED (
                    SELECT greatest($1, (extract(epoch FROM clock_timestamp()) * 1000)::int8) AS now),
                 late AS MATERIALIZED (
                    SELECT request_id, sequence FROM accredit_inbox_change
                    WHERE handled_at > (SELECT now FROM present) + $2
                    LIMIT $3 FOR UPDATE SKIP LOCKED),
                 handled AS (
                    UPDATE accredit_inbox_change AS change SET handled_at = now FROM late, present
                    WHERE change.request_id = late.request_id AND change.sequence = late.sequence
                    RETURNING 1),
                 gone AS MATERIALIZED (
                    SELECT id FROM accredit_inbox_delivery
                    WHERE settled_at > (SELECT now FROM present) + $2
                    LIMIT $3 FOR UPDATE SKIP LOCKED),
                 settled AS (
                    UPDATE accredit_inbox_delivery AS delivery SET settled_at = now
                    FROM gone, present WHERE delivery.id = gone.id RETURNING 1)
                 SELECT (SELECT count(*) FROM handled) + (SELECT count(*) FROM settled) AS redated",
                &[
                    (&millis(now), Type::INT8),
                    (&millis(UNIX_EPOCH + TOLERANCE), Type::INT8),
                    (&i64::from(rows::FEW), Type::INT8),
                ],
            )
            .await?;
        let redated = rows.first().map(|row| row.number("redated")).transpose()?;
        Ok(rows::count(redated.unwrap_or_default()))
    }
}

impl Columns for Row {
    type Error = StoreError;

    fn number(&self, name: &str) -> Result<i64, StoreError> {
        self.try_get(name).map_err(|error| failure(&error))
    }

    fn time(&self, name: &str) -> Result<Option<SystemTime>, StoreError> {
        let millis: Option<i64> = self.try_get(name).map_err(|error| failure(&error))?;
        Ok(millis.map(instant))
    }

    fn text(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.try_get(name).map_err(|error| failure(&error))
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        self.try_get(name).map_err(|error| failure(&error))
    }
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
                    INSERT INTO accredit_inbox_request AS known (id, hints, due_at, dated_at, hinted_at)
                    SELECT $3, 1, $4, $4, $4 WHERE $3 IS NOT NULL
                    ON CONFLICT (id) DO UPDATE
                        SET hints = known.hints + 1, hinted_at = $4, due_at = least(known.due_at, $4)
                    RETURNING hints)
                 INSERT INTO accredit_inbox_delivery (digest, body, request_id, hint, received_at)
                 SELECT $1, $2, $3, coalesce((SELECT hints FROM hint), 0), $4
                 ON CONFLICT (digest) WHERE settled_at IS NULL DO UPDATE
                    SET request_id = excluded.request_id, hint = excluded.hint
                 RETURNING CASE WHEN xmax = 0 THEN 1::int8 ELSE 0 END AS new",
                &[
                    (&digest, Type::BYTEA),
                    (&body, Type::BYTEA),
                    (&request, Type::INT8),
                    (&millis(now), Type::INT8),
                ],
            )
            .await?;
        let new = rows.first().map(|row| row.number("new")).transpose()?;
        Ok(match new {
            Some(1) => Recorded::New,
            _ => Recorded::Duplicate,
        })
    }

    async fn track(
        &self,
        requests: &[VerificationRequestId],
        now: SystemTime,
    ) -> Result<u64, StoreError> {
        let rows = self
            .0
            .query(
                // In one order everywhere, so that no two of these wait for each other.
                "INSERT INTO accredit_inbox_request AS known (id, due_at, dated_at)
                 SELECT DISTINCT id, $2::int8, $2 FROM unnest($1) AS id ORDER BY id
                 ON CONFLICT (id) DO UPDATE SET due_at = $2, dated_at = $2
                    WHERE known.due_at IS NULL AND (known.status IS NULL OR known.status <> ALL ($3))
                 RETURNING 1",
                &[
                    (&columns(requests)?, Type::INT8_ARRAY),
                    (&millis(now), Type::INT8),
                    (&rows::ends(), Type::TEXT_ARRAY),
                ],
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
                 UPDATE accredit_inbox_request AS request
                 SET leased_until = $2, dated_at = $1, fence = fence + 1
                 FROM picked WHERE request.id = picked.id
                 RETURNING request.id, fence, hints, status, sequence, quiet, failures, missing",
                &[
                    (&millis(now), Type::INT8),
                    (&millis(until), Type::INT8),
                    (&i64::from(limit), Type::INT8),
                ],
            )
            .await?;
        rows.iter().map(rows::request_lease).collect()
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
                        quiet = $9, failures = $10, missing = $11, error = $12,
                        leased_until = 0, dated_at = $6, fence = fence + 1
                    WHERE id = $1 AND fence = $2
                    RETURNING id, sequence),
                 appended AS (
                    INSERT INTO accredit_inbox_change
                        (request_id, sequence, was, status, seen_at, due_at, dated_at)
                    SELECT id, sequence, $13, $3, $6, $6, $6 FROM held WHERE $3 IS NOT NULL),
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
                    (&i64::from(look.missing), Type::INT8),
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
                        WHERE other.request_id = one.request_id
                          AND (other.sequence < one.sequence AND other.due_at IS NOT NULL
                            OR other.leased_until > $1))
                    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
                 UPDATE accredit_inbox_change AS change
                 SET leased_until = $2, dated_at = $1, fence = fence + 1
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
        rows.iter().map(rows::change_lease).collect()
    }

    async fn begin(&self, lease: &ChangeLease) -> Result<bool, StoreError> {
        let rows = self
            .0
            .query(
                "UPDATE accredit_inbox_change SET attempts = $4
                 WHERE request_id = $1 AND sequence = $2 AND fence = $3 RETURNING 1",
                &[
                    (&column(lease.change.request)?, Type::INT8),
                    (&stored(lease.change.sequence), Type::INT8),
                    (&lease.fence, Type::INT8),
                    (&i64::from(lease.attempts), Type::INT8),
                ],
            )
            .await?;
        Ok(!rows.is_empty())
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
                 SET due_at = $4, handled_at = $5, error = $6, leased_until = 0, dated_at = $7,
                    fence = fence + 1
                 WHERE request_id = $1 AND sequence = $2 AND fence = $3 RETURNING 1",
                &[
                    (&column(lease.change.request)?, Type::INT8),
                    (&stored(lease.change.sequence), Type::INT8),
                    (&lease.fence, Type::INT8),
                    (&due_at, Type::INT8),
                    (&handled_at, Type::INT8),
                    (&error, Type::TEXT),
                    (&millis(now), Type::INT8),
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
        rows.first().map(rows::tracked).transpose()
    }

    async fn unreadable(
        &self,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> Result<Vec<UnreadableDelivery>, StoreError> {
        let after = after.map_or(i64::MIN, |id| id.0);
        let rows = self
            .0
            .query(
                "SELECT id, body, received_at FROM accredit_inbox_delivery
                 WHERE settled_at IS NULL AND request_id IS NULL AND id > $1 ORDER BY id LIMIT $2",
                &[(&after, Type::INT8), (&i64::from(limit), Type::INT8)],
            )
            .await?;
        rows.iter().map(rows::unreadable).collect()
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
                // The request before the delivery, as everywhere, so that no two wait for each other. When somebody else settles it
                // at the same time, the request is due twice, which is one look.
                "WITH hint AS (
                    INSERT INTO accredit_inbox_request AS known (id, hints, due_at, dated_at, hinted_at)
                    SELECT $2, 1, $3, $3, $3 FROM accredit_inbox_delivery
                    WHERE id = $1 AND settled_at IS NULL AND request_id IS NULL AND $2 IS NOT NULL
                    ON CONFLICT (id) DO UPDATE
                        SET hints = known.hints + 1, hinted_at = $3, due_at = least(known.due_at, $3)
                    RETURNING 1)
                 UPDATE accredit_inbox_delivery SET settled_at = $3
                 WHERE id = $1 AND settled_at IS NULL AND request_id IS NULL
                    AND (SELECT count(*) FROM hint) >= 0
                 RETURNING id",
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
        rows.iter().map(rows::poisoned).collect()
    }

    async fn revive(
        &self,
        request: VerificationRequestId,
        sequence: u64,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        // A lease that is being taken at this very moment may not see it yet: then two changes of the request run at once, once.
        let rows = self
            .0
            .query(
                "UPDATE accredit_inbox_change SET due_at = $3, dated_at = $3, attempts = 0
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

    async fn purge(&self, before: SystemTime, limit: u32) -> Result<u64, StoreError> {
        let rows = self
            .0
            .query(
                "WITH deliveries AS (
                    DELETE FROM accredit_inbox_delivery WHERE id IN (
                        SELECT id FROM accredit_inbox_delivery WHERE settled_at < $1
                        LIMIT $2 FOR UPDATE SKIP LOCKED)
                    RETURNING 1),
                 changes AS (
                    DELETE FROM accredit_inbox_change WHERE (request_id, sequence) IN (
                        SELECT request_id, sequence FROM accredit_inbox_change WHERE handled_at < $1
                        LIMIT $2 FOR UPDATE SKIP LOCKED)
                    RETURNING 1)
                 SELECT (SELECT count(*) FROM deliveries) + (SELECT count(*) FROM changes) AS gone",
                &[
                    (&millis(before), Type::INT8),
                    (&i64::from(limit), Type::INT8),
                ],
            )
            .await?;
        let gone = rows.first().map(|row| row.number("gone")).transpose()?;
        Ok(rows::count(gone.unwrap_or_default()))
    }

    async fn redate(&self, now: SystemTime) -> Result<u64, StoreError> {
        // A caller whose own clock is behind would cut the leases of all others short: the server's clock has a say.
        let rows = self
            .0
            .query(
                "WITH present AS MATERIALIZED (
                    SELECT greatest($1, (extract(epoch FROM clock_timestamp()) * 1000)::int8) AS now),
                 ahead AS MATERIALIZED (
                    SELECT id FROM accredit_inbox_request, present
                    WHERE due_at IS NOT NULL AND (dated_at > now + $2 OR hinted_at > now + $2)
                    FOR UPDATE OF accredit_inbox_request SKIP LOCKED),
                 requests AS (
                    UPDATE accredit_inbox_request AS request SET
                        due_at = CASE WHEN hinted_at > now + $2 THEN least(due_at, now)
                            ELSE greatest(due_at - greatest(dated_at - now, 0), least(due_at, now)) END,
                        leased_until = greatest(
                            leased_until - greatest(dated_at - now, 0), least(leased_until, now)),
                        dated_at = least(dated_at, now),
                        hinted_at = CASE WHEN hinted_at > now THEN now ELSE hinted_at END
                    FROM ahead, present WHERE request.id = ahead.id RETURNING 1),
                 waiting AS MATERIALIZED (
                    SELECT request_id, sequence FROM accredit_inbox_change, present
                    WHERE due_at IS NOT NULL AND dated_at > now + $2
                    FOR UPDATE OF accredit_inbox_change SKIP LOCKED),
                 changes AS (
                    UPDATE accredit_inbox_change AS change SET
                        due_at = greatest(due_at - (dated_at - now), least(due_at, now)),
                        leased_until =
                            greatest(leased_until - (dated_at - now), least(leased_until, now)),
                        dated_at = now
                    FROM waiting, present
                    WHERE change.request_id = waiting.request_id AND change.sequence = waiting.sequence
                    RETURNING 1)
                 SELECT (SELECT count(*) FROM requests) + (SELECT count(*) FROM changes) AS redated",
                &[
                    (&millis(now), Type::INT8),
                    (&millis(UNIX_EPOCH + TOLERANCE), Type::INT8),
                ],
            )
            .await?;
        let redated = rows.first().map(|row| row.number("redated")).transpose()?;
        let mut redated = rows::count(redated.unwrap_or_default());
        loop {
            let some = self.redate_kept(now).await?;
            redated += some;
            if some == 0 {
                return Ok(redated);
            }
        }
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
        let stats = rows.first().map(rows::stats).transpose()?;
        Ok(stats.unwrap_or_default())
    }
}
