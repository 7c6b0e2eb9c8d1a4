//! The SQLite database behind both services: opening it, its schema, and one transaction for each call
//! that may write.
//!
//! One connection behind a mutex: every query is short, and an in-memory one takes microseconds, so
//! calls run on the caller's runtime threads. On a file a commit waits for the disk; those calls go
//! to the blocking pool ([`Store::is_on_disk`]). It knows the tables' names, never what they mean.

mod changes;
mod file;
mod people;
mod scale;
mod seed;
mod shown;

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::config::DbConfig;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

use changes::Changes;
pub(crate) use seed::{VERIFYINVESTOR_EMAIL, VERIFYINVESTOR_IDENTIFIER};
use shown::Shown;
pub(crate) use shown::{Reader, Record, Shape, Table};

use crate::Error;
use crate::{clock, secrets};

const SCHEMA: &str = include_str!("store/schema.sql");
/// Made after the rows of the seed: sorting them once is faster than keeping them in order.
const INDEXES: &str = include_str!("store/indexes.sql");
/// "ACCR": marks a file as ours, so that no other database is ever touched.
const APPLICATION_ID: i32 = 0x4143_4352;
/// Raised with every change of the schema; a file of another version is refused.
const SCHEMA_VERSION: i32 = 3;

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
            number("seed")?.ok_or_else(|| Error::refused_file("the data file holds no seed"))?;
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

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counted<'a> {
    /// Whose rows. Their `id`s only rise.
    pub(crate) table: &'a str,
    pub(crate) statement: &'a str,
    /// The same of rows with a greater `id` than its last value.
    pub(crate) newer: &'a str,
}

/// The database.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Mutex<Connection>,
    changes: Arc<Changes>,
    shown: Arc<Shown>,
    seeding: Seeding,
    on_disk: bool,
    /// The version of the file when the last call began.
    data_version: AtomicI64,
}

impl Store {
    /// Opens the file, or memory without one, and seeds it when it is new. What an existing file
    /// was seeded with wins.
    pub(crate) fn open(path: Option<&Path>, seeding: Seeding) -> Result<Self, Error> {
        let (mut connection, seeding) = match path {
            Some(path) => {
                let connection = file::open(path, &seeding)?;
                let seeding = Seeding::of(&connection)?;
                (connection, seeding)
            }
            None => {
                let mut connection = Connection::open_in_memory()?;
                create(&mut connection, &seeding)?;
                (connection, seeding)
            }
        };
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.set_prepared_statement_cache_capacity(128);
        // Else SQLite plans a statement with a range anew for every value.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let changes = Arc::new(Changes::default());
        let shown = Arc::new(Shown::default());
        let noted = (Arc::clone(&changes), Arc::clone(&shown));
        connection.update_hook(Some(move |action, _: &str, table: &str, id| {
            noted.0.note(action, table);
            noted.1.note(table, id);
        }))?;
        Ok(Self {
            changes,
            shown,
            connection: Mutex::new(connection),
            seeding,
            on_disk: path.is_some(),
            data_version: AtomicI64::new(-1),
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
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.calling();
        let before = self.changes.total();
        let outcome = transact(&connection, work);
        if outcome.is_err() && self.changes.total() != before {
            // What was counted and shown with the writes that were undone.
            self.forget();
        }
        outcome
    }

    /// Runs one call's work that writes nothing, while no other call runs.
    pub(crate) fn look<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        let connection = self.calling();
        let before = self.changes.total();
        let outcome = work(&connection);
        debug_assert_eq!(before, self.changes.total(), "a call that only looks wrote");
        outcome
    }

    /// Rises with every write after which another user may be behind a token.
    pub(crate) fn logins(&self) -> u64 {
        self.changes.logins()
    }

    /// How many rows a statement counts with some values; those that were there the last time from
    /// memory, where nothing was written that could have changed it.
    pub(crate) fn count(
        &self,
        db: &Connection,
        counted: &Counted<'_>,
        values: &[Value],
    ) -> rusqlite::Result<i64> {
        let table = counted.table;
        let last: i64 = db
            .prepare_cached(&format!("SELECT coalesce(max(id), 0) FROM {table}"))?
            .query_row([], |row| row.get(0))?;
        let count_all = || {
            db.prepare_cached(counted.statement)?
                .query_row(rusqlite::params_from_iter(values), |row| row.get(0))
        };
        let key = format!("{}\n{values:?}", counted.statement);
        let rows = match self.changes.count(counted, &key) {
            Some(known) => {
                let mut rows = known.rows;
                if known.last < last {
                    let after = Value::Integer(known.last);
                    rows += db.prepare_cached(counted.newer)?.query_row(
                        rusqlite::params_from_iter(values.iter().chain([&after])),
                        |row| row.get::<_, i64>(0),
                    )?;
                }
                // Where debug assertions are on, and so in every test, nothing kept is believed.
                debug_assert_eq!(Ok(rows), count_all(), "{key} was kept for too long");
                if known.last == last {
                    return Ok(rows);
                }
                rows
            }
            None => count_all()?,
        };
        self.changes.keep(counted, key, last, rows);
        Ok(rows)
    }

    /// A copy of everything in memory, unless it has more bytes than allowed. `along` runs while no
    /// call does.
    pub(crate) fn copy<T>(
        &self,
        most_bytes: u64,
        along: impl FnOnce() -> T,
    ) -> Result<Option<Copied<T>>, Error> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let bytes = number("page_count")?.saturating_mul(number("page_size")?);
        let bytes = u64::try_from(bytes).unwrap_or_default();
        if bytes > most_bytes {
            return Ok(None);
        }
        let mut copy = Connection::open_in_memory()?;
        copy_all(&connection, &mut copy)?;
        Ok(Some(Copied {
            copy,
            bytes,
            along: along(),
        }))
    }

    /// Puts a copy in the place of everything. `along` runs while no call does.
    pub(crate) fn load(&self, copy: &Connection, along: impl FnOnce()) -> Result<(), Error> {
        let mut connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connection.flush_prepared_statement_cache();
        let outcome = copy_all(copy, &mut connection);
        self.forget();
        outcome?;
        along();
        Ok(())
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
        self.forget();
        outcome
    }

    /// Reads rows of a call, to show them with links to an origin.
    pub(crate) fn reader<'a>(&'a self, db: &'a Connection, origin: &'a str) -> Reader<'a> {
        Reader::new(db, &self.shown, origin)
    }

    /// The connection, for one call.
    fn calling(&self) -> MutexGuard<'_, Connection> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.on_disk {
            // A person may have written to the file; whether somebody did is all that SQLite says.
            let version = connection
                .prepare_cached("PRAGMA data_version")
                .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
                .unwrap_or(-1);
            if self.data_version.swap(version, Ordering::Relaxed) != version || version < 0 {
                self.forget();
            }
        }
        connection
    }

    fn forget(&self) {
        self.changes.forget();
        self.shown.forget();
    }

    /// The next opaque string of a purpose: 64 hex digits that follow from the seed.
    pub(crate) fn opaque(&self, db: &Connection, purpose: &str) -> rusqlite::Result<String> {
        opaque(db, self.seeding.seed, purpose)
    }
}

fn transact<T, E: From<rusqlite::Error>>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    let begun = Begun::on(connection)?;
    let result = work(connection)?;
    begun.commit()?;
    Ok(result)
}

/// A transaction that is undone unless it is committed. Unlike rusqlite's own it has its statements
/// read once, and not with every call.
struct Begun<'a>(&'a Connection);

impl<'a> Begun<'a> {
    fn on(connection: &'a Connection) -> rusqlite::Result<Self> {
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }

    fn commit(self) -> rusqlite::Result<()> {
        self.0.prepare_cached("COMMIT")?.execute([]).map(drop)
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        // A commit ends it, and so do some failures of the disk.
        if !self.0.is_autocommit()
            && let Err(error) = self.0.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be undone");
        }
    }
}

/// A copy of a store.
#[derive(Debug)]
pub(crate) struct Copied<T> {
    pub(crate) copy: Connection,
    pub(crate) bytes: u64,
    /// What was noted at the same moment.
    pub(crate) along: T,
}

/// In one transaction of the target: a process killed meanwhile leaves it as it was.
fn copy_all(from: &Connection, to: &mut Connection) -> rusqlite::Result<()> {
    let backup = Backup::new(from, to)?;
    match backup.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            None,
        )),
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
