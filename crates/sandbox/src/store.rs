//! The SQLite database behind both services: opening it, its schema, and one transaction per call.
//!
//! One connection behind a mutex: every query is short, and an in-memory one takes microseconds, so
//! calls run on the caller's runtime threads. On a file a commit waits for the disk; those calls go
//! to the blocking pool ([`Store::is_on_disk`]). It knows the tables' names, never what they mean.

mod seed;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

pub(crate) use seed::{VERIFYINVESTOR_EMAIL, VERIFYINVESTOR_IDENTIFIER};

use crate::Error;
use crate::secrets;

const SCHEMA: &str = include_str!("store/schema.sql");
/// "ACCR": marks a file as ours, so that no other database is ever touched.
const APPLICATION_ID: i32 = 0x4143_4352;
/// Raised with every change of the schema; a file of another version is refused.
const SCHEMA_VERSION: i32 = 1;

/// The database.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Mutex<Connection>,
    seed: u64,
    on_disk: bool,
}

impl Store {
    /// Opens the file, or memory without one, and seeds it when it is new. The seed of an existing
    /// file wins.
    pub(crate) fn open(path: Option<&Path>, seed: u64) -> Result<Self, Error> {
        let mut connection = match path {
            Some(path) => Connection::open(path)?,
            None => Connection::open_in_memory()?,
        };
        let fresh = is_fresh(&connection)?;
        if !fresh {
            check_version(&connection)?;
        }
        connection.pragma_update(None, "foreign_keys", true)?;
        if path.is_some() {
            // NORMAL: a killed process loses nothing, only a power cut may lose the last commits.
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
        }
        connection.set_prepared_statement_cache_capacity(128);
        let seed = if fresh {
            create(&mut connection, seed)?;
            seed
        } else {
            setting(&connection, "seed")?
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| Error::invalid("the data file holds no seed"))?
        };
        Ok(Self {
            connection: Mutex::new(connection),
            seed,
            on_disk: path.is_some(),
        })
    }

    /// The number that everything generated follows from.
    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether a commit waits for a disk.
    pub(crate) fn is_on_disk(&self) -> bool {
        self.on_disk
    }

    /// Runs one call's work in one transaction: kept on `Ok`, undone on `Err`.
    pub(crate) fn transaction<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Throws everything away and seeds anew.
    pub(crate) fn reset(&self) -> Result<(), Error> {
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connection.flush_prepared_statement_cache();
        connection.pragma_update(None, "foreign_keys", false)?;
        let outcome = create(&mut connection, self.seed);
        connection.pragma_update(None, "foreign_keys", true)?;
        outcome
    }

    /// The next opaque string of a purpose: 64 hex digits that follow from the seed.
    pub(crate) fn opaque(&self, db: &Connection, purpose: &str) -> rusqlite::Result<String> {
        opaque(db, self.seed, purpose)
    }
}

/// One value of the settings table.
pub(crate) fn setting(db: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    db.prepare_cached("SELECT value FROM settings WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// Sets or removes one value of the settings table.
pub(crate) fn set_setting(
    db: &Connection,
    name: &str,
    value: Option<&str>,
) -> rusqlite::Result<()> {
    match value {
        Some(value) => db.execute(
            "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)",
            [name, value],
        )?,
        None => db.execute("DELETE FROM settings WHERE name = ?1", [name])?,
    };
    Ok(())
}

fn opaque(db: &Connection, seed: u64, purpose: &str) -> rusqlite::Result<String> {
    let count = db
        .prepare_cached(
            "INSERT INTO counters (purpose, count) VALUES (?1, 1)
             ON CONFLICT (purpose) DO UPDATE SET count = count + 1 RETURNING count",
        )?
        .query_row([purpose], |row| row.get(0))?;
    Ok(secrets::opaque(seed, purpose, count))
}

fn is_fresh(connection: &Connection) -> Result<bool, Error> {
    connection
        .query_row(
            "SELECT NOT EXISTS (SELECT 1 FROM sqlite_master)",
            [],
            |row| row.get(0),
        )
        .map_err(|_| Error::invalid("the data file is not a SQLite database"))
}

fn check_version(connection: &Connection) -> Result<(), Error> {
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(Error::invalid(
            "the data file is not a sandbox's: it is left as it is",
        ));
    }
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != SCHEMA_VERSION {
        return Err(Error::invalid(format!(
            "the data file has schema version {version}, this sandbox reads version {SCHEMA_VERSION}"
        )));
    }
    Ok(())
}

fn create(connection: &mut Connection, seed: u64) -> Result<(), Error> {
    let transaction = connection.transaction()?;
    // What the sandbox was told, such as the webhook URL, outlives a reset; what happened in it
    // does not.
    let kept = kept_settings(&transaction)?;
    let tables: Vec<String> = transaction
        .prepare(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for table in tables {
        transaction.execute_batch(&format!("DROP TABLE \"{table}\""))?;
    }
    transaction.execute_batch(SCHEMA)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    transaction.execute(
        "INSERT INTO settings (name, value) VALUES ('seed', ?1)",
        params![seed.to_string()],
    )?;
    for (name, value) in kept {
        set_setting(&transaction, &name, Some(&value))?;
    }
    seed::fill(&transaction, seed)?;
    transaction.commit()?;
    Ok(())
}

fn kept_settings(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let exists: bool = db.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'settings')",
        [],
        |row| row.get(0),
    )?;
    if !exists {
        return Ok(Vec::new());
    }
    db.prepare("SELECT name, value FROM settings WHERE name <> 'seed'")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}
