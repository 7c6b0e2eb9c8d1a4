//! The SQLite database behind both services: opening it, its schema, and one transaction per call.
//!
//! One connection behind a mutex: every query is short, and an in-memory one takes microseconds, so
//! calls run on the caller's runtime threads. On a file a commit waits for the disk; those calls go
//! to the blocking pool ([`Store::is_on_disk`]). It knows the tables' names, never what they mean.

mod people;
mod scale;
mod seed;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction};

pub(crate) use seed::{VERIFYINVESTOR_EMAIL, VERIFYINVESTOR_IDENTIFIER};

use crate::Error;
use crate::{clock, secrets};

const SCHEMA: &str = include_str!("store/schema.sql");
/// Made after the rows of the seed: sorting them once is faster than keeping them in order.
const INDEXES: &str = include_str!("store/indexes.sql");
/// "ACCR": marks a file as ours, so that no other database is ever touched.
const APPLICATION_ID: i32 = 0x4143_4352;
/// Raised with every change of the schema; a file of another version is refused.
const SCHEMA_VERSION: i32 = 2;

/// What a new database is filled with, and a reset one again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seeding {
    /// The number that everything generated follows from.
    pub(crate) seed: u64,
    /// How many investments there are from the start.
    pub(crate) scale: u32,
    /// The latest time of anything of theirs.
    pub(crate) until: Timestamp,
}

impl Seeding {
    /// With more investments the process may run out of memory.
    pub(crate) const MOST: u32 = 5_000_000;

    /// A past that ends when the clock starts, if that is known, and before this code was written
    /// if not.
    pub(crate) fn new(seed: u64, scale: u32, start: Option<Timestamp>) -> Self {
        let latest = seed::latest();
        Self {
            seed,
            scale,
            until: start.map_or(latest, |start| start.min(latest)),
        }
    }

    /// What a file was filled with.
    fn of(db: &Connection) -> Result<Self, Error> {
        let number = |name| Ok::<_, Error>(setting(db, name)?.and_then(|text| text.parse().ok()));
        let seed =
            number("seed")?.ok_or_else(|| Error::foreign_file("the data file holds no seed"))?;
        let scale = number("scale")?.unwrap_or_default();
        let until = setting(db, "seeded_until")?.and_then(|text| clock::read(&text));
        Ok(Self::new(
            seed,
            u32::try_from(scale).unwrap_or_default(),
            until,
        ))
    }

    fn remember(&self, db: &Connection) -> rusqlite::Result<()> {
        set_setting(db, "seed", Some(&self.seed.to_string()))?;
        set_setting(db, "scale", Some(&self.scale.to_string()))?;
        set_setting(db, "seeded_until", Some(&clock::stored(self.until)))
    }
}

/// The database.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Mutex<Connection>,
    seeding: Seeding,
    on_disk: bool,
}

impl Store {
    /// Opens the file, or memory without one, and seeds it when it is new. What an existing file
    /// was seeded with wins.
    pub(crate) fn open(path: Option<&Path>, seeding: Seeding) -> Result<Self, Error> {
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
        let seeding = if fresh {
            create(&mut connection, &seeding)?;
            seeding
        } else {
            Seeding::of(&connection)?
        };
        Ok(Self {
            connection: Mutex::new(connection),
            seeding,
            on_disk: path.is_some(),
        })
    }

    /// The number that everything generated follows from.
    pub(crate) fn seed(&self) -> u64 {
        self.seeding.seed
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
        let outcome = create(&mut connection, &self.seeding);
        connection.pragma_update(None, "foreign_keys", true)?;
        outcome
    }

    /// The next opaque string of a purpose: 64 hex digits that follow from the seed.
    pub(crate) fn opaque(&self, db: &Connection, purpose: &str) -> rusqlite::Result<String> {
        opaque(db, self.seeding.seed, purpose)
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
        .map_err(|_| Error::foreign_file("the data file is not a SQLite database"))
}

fn check_version(connection: &Connection) -> Result<(), Error> {
    let application: i32 =
        connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION_ID {
        return Err(Error::foreign_file(
            "the data file is not a sandbox's: it is left as it is",
        ));
    }
    let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != SCHEMA_VERSION {
        return Err(Error::foreign_file(format!(
            "the data file has schema version {version}, this sandbox reads version {SCHEMA_VERSION}"
        )));
    }
    Ok(())
}

fn create(connection: &mut Connection, seeding: &Seeding) -> Result<(), Error> {
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
    seeding.remember(&transaction)?;
    for (name, value) in kept {
        set_setting(&transaction, &name, Some(&value))?;
    }
    seed::fill(&transaction, seeding)?;
    transaction.execute_batch(INDEXES)?;
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
    db.prepare(
        "SELECT name, value FROM settings WHERE name NOT IN ('seed', 'scale', 'seeded_until')",
    )?
    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}
