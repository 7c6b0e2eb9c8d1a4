//! Deliveries on SQLite: the bytes that were signed, pending until they are settled. Never talks to the network.

use std::{
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use accredit_models::{DecodeError, Personal};
use accredit_verifyinvestor::{Verified, WebhookEvent, Webhooks};
use http::HeaderMap;
use rusqlite::{Connection, params};
use sha2::{Digest as _, Sha256};

use crate::InboxError;

/// Tells our files from other SQLite databases ("ACin"), and one layout of ours from the next.
const APPLICATION_ID: i32 = 0x4143_696E;
const LAYOUT: i32 = 1;

const SCHEMA: &str = "
    CREATE TABLE delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        digest BLOB NOT NULL,
        body BLOB NOT NULL,
        settled INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX pending ON delivery (id) WHERE settled = 0;
    CREATE UNIQUE INDEX pending_digest ON delivery (digest) WHERE settled = 0;
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
    /// The event: a hint, so retrieve the request before acting on it. An error when this version can't read the body; such a
    /// delivery stays pending too until it is settled, so a newer version may get another try at it.
    pub event: Result<WebhookEvent, DecodeError>,
    /// The bytes that were signed.
    pub body: Personal<Vec<u8>>,
}

/// What became of a webhook that was accepted. Answer 2xx to either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is stored and pending.
    New,
    /// The same bytes are pending already, and one wake-up is enough. Once those are settled, they count as
    /// [`New`](Self::New) again: a request can come back to a status, and a webhook can be posted again on demand.
    Duplicate,
}

impl Inbox {
    /// Opens or creates the inbox in a file, which only its owner may read.
    ///
    /// # Errors
    ///
    /// When the file can't be opened, or is a database of something else or of another version.
    pub fn open(path: impl AsRef<Path>, webhooks: Webhooks) -> Result<Self, InboxError> {
        let path = path.as_ref();
        // The bodies are about people: nobody else on the machine gets to read them.
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            let mut file = std::fs::OpenOptions::new();
            file.create(true)
                .append(true)
                .mode(0o600)
                .open(path)
                .map_err(InboxError::file)?;
        }
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

    fn new(mut connection: Connection, webhooks: Webhooks) -> Result<Self, InboxError> {
        let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get(0));
        let marks: (i32, i32) = (number("application_id")?, number("user_version")?);
        let tables = "SELECT count(*) FROM sqlite_schema";
        let is_empty = connection.query_row(tables, [], |row| row.get::<_, i64>(0))? == 0;
        if marks != (APPLICATION_ID, LAYOUT) && !is_empty {
            return Err(InboxError::foreign());
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        if is_empty {
            let transaction = connection.transaction()?;
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", LAYOUT)?;
            transaction.commit()?;
        }
        Ok(Self {
            webhooks,
            connection: Mutex::new(connection),
        })
    }

    /// Verifies the signature of a webhook and stores its bytes. They are on disk when this returns.
    ///
    /// The body is not read: a signed body that this version can't read is stored too, because nobody may send it again. See
    /// [`Delivery::event`].
    ///
    /// # Errors
    ///
    /// [`InboxError`]: the signature or the size was refused, or the database failed. Nothing is stored then.
    pub fn receive(&self, headers: &HeaderMap, raw_body: &[u8]) -> Result<Recorded, InboxError> {
        self.webhooks.verify_signature(headers, raw_body)?;
        let digest = Sha256::digest(raw_body);
        // Only pending rows count: the vendor signs neither a time nor an id, so a later event can have the very same bytes.
        let inserted = self.connection().execute(
            "INSERT INTO delivery (digest, body) VALUES (?1, ?2)
             ON CONFLICT (digest) WHERE settled = 0 DO NOTHING",
            params![digest.as_slice(), raw_body],
        )?;
        Ok(if inserted == 1 {
            Recorded::New
        } else {
            Recorded::Duplicate
        })
    }

    /// The oldest deliveries that are not settled, at most `limit`. Those that can't be read are among them and count, so
    /// settle them or ask for more than there are.
    ///
    /// # Errors
    ///
    /// When the database fails; never because of what a delivery says.
    pub fn pending(&self, limit: u32) -> Result<Vec<Delivery>, InboxError> {
        let connection = self.connection();
        let mut query = connection
            .prepare("SELECT id, body FROM delivery WHERE settled = 0 ORDER BY id LIMIT ?1")?;
        let rows = query.query_map([limit], |row| {
            let body: Vec<u8> = row.get(1)?;
            Ok(Delivery {
                id: DeliveryId(row.get(0)?),
                // Only `receive` writes here, after it verified.
                event: Verified::from_storage(&body).event(),
                body: Personal::new(body),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
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
