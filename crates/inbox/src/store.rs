//! Deliveries on SQLite: each body once, pending until it is settled. Never talks to the network.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use accredit_models::{Json, Reply as _};
use accredit_verifyinvestor::{WebhookEvent, Webhooks};
use http::HeaderMap;
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

use crate::InboxError;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        digest BLOB NOT NULL UNIQUE,
        event TEXT NOT NULL,
        settled INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS pending ON delivery (id) WHERE settled = 0;
";

/// A durable inbox. Share it behind an `Arc`; each call is one short transaction.
pub struct Inbox {
    webhooks: Webhooks,
    connection: Mutex<Connection>,
}

/// The inbox's own number of a delivery, rising in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(i64);

/// A delivery that was accepted and not settled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Its number, for [`Inbox::settle`].
    pub id: DeliveryId,
    /// The event as it was signed. A hint: retrieve the request before acting on it.
    pub event: WebhookEvent,
}

/// What became of a webhook that was accepted. Answer 2xx to either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is stored and pending.
    New,
    /// The same bytes are stored already.
    Duplicate,
}

impl Inbox {
    /// Opens or creates the inbox in a file.
    ///
    /// # Errors
    ///
    /// When the file can't be opened as this inbox's database.
    pub fn open(path: impl AsRef<Path>, webhooks: Webhooks) -> Result<Self, InboxError> {
        Self::new(Connection::open(path)?, webhooks)
    }

    /// An inbox that is gone with the process, for tests.
    ///
    /// # Errors
    ///
    /// When SQLite can't start.
    pub fn in_memory(webhooks: Webhooks) -> Result<Self, InboxError> {
        Self::new(Connection::open_in_memory()?, webhooks)
    }

    fn new(connection: Connection, webhooks: Webhooks) -> Result<Self, InboxError> {
        connection.execute_batch(SCHEMA)?;
        Ok(Self {
            webhooks,
            connection: Mutex::new(connection),
        })
    }

    /// Verifies a webhook and stores it. It is on disk when this returns.
    ///
    /// # Errors
    ///
    /// [`InboxError`]: the signature or the body was refused, or the database failed. Nothing is stored then.
    pub fn receive(&self, headers: &HeaderMap, raw_body: &[u8]) -> Result<Recorded, InboxError> {
        let event = self.webhooks.verify(headers, raw_body)?;
        // The event and not the body is kept, so that reading it later needs no second parser for forms.
        let event = Json::new(&event).map_err(InboxError::unwritable)?;
        let digest = Sha256::digest(raw_body);
        let inserted = self.connection().execute(
            "INSERT INTO delivery (digest, event) VALUES (?1, ?2) ON CONFLICT (digest) DO NOTHING",
            params![digest.as_slice(), event.as_str()],
        )?;
        Ok(if inserted == 1 {
            Recorded::New
        } else {
            Recorded::Duplicate
        })
    }

    /// The oldest deliveries that are not settled, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn pending(&self, limit: u32) -> Result<Vec<Delivery>, InboxError> {
        let connection = self.connection();
        let mut query = connection
            .prepare("SELECT id, event FROM delivery WHERE settled = 0 ORDER BY id LIMIT ?1")?;
        let rows = query.query_map([limit], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        rows.map(|row| {
            let (id, event) = row?;
            let event = WebhookEvent::decode(event.as_bytes())
                .map_err(accredit_verifyinvestor::WebhookError::Body)?;
            Ok(Delivery {
                id: DeliveryId(id),
                event,
            })
        })
        .collect()
    }

    /// Marks a delivery as dealt with; `false` when it was already, or is not there.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub fn settle(&self, id: DeliveryId) -> Result<bool, InboxError> {
        let updated = self.connection().execute(
            "UPDATE delivery SET settled = 1 WHERE id = ?1 AND settled = 0",
            [id.0],
        )?;
        Ok(updated == 1)
    }

    /// Each use is one statement, so a panic of another thread leaves nothing half done.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Inbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inbox")
            .field("webhooks", &self.webhooks)
            .finish_non_exhaustive()
    }
}
