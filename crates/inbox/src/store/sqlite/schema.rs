//! The layout of the file, and how it came to be. Refuses what it does not know, and never writes to that.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};

use super::thread::BUSY;
use crate::StoreError;

/// Tells our files from other SQLite databases ("ACin").
const APPLICATION_ID: i32 = 0x4143_696E;

/// Step by step from an empty file to the present layout. Steps that were released are never changed.
const MIGRATIONS: &[&str] = &[
    "CREATE TABLE delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        digest BLOB NOT NULL,
        body BLOB NOT NULL,
        settled INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX pending ON delivery (id) WHERE settled = 0;
    CREATE UNIQUE INDEX pending_digest ON delivery (digest) WHERE settled = 0;",
    // What was pending becomes unreadable, which a worker tries to read again when it starts.
    "DROP INDEX pending;
    DROP INDEX pending_digest;
    ALTER TABLE delivery RENAME TO delivery_1;
    CREATE TABLE delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        digest BLOB NOT NULL,
        body BLOB NOT NULL,
        request_id INTEGER,
        hint INTEGER NOT NULL DEFAULT 0,
        received_at INTEGER NOT NULL,
        settled_at INTEGER
    ) STRICT;
    INSERT INTO delivery (id, digest, body, received_at, settled_at)
        SELECT id, digest, body, 0, CASE settled WHEN 0 THEN NULL ELSE 0 END FROM delivery_1;
    DROP TABLE delivery_1;
    CREATE UNIQUE INDEX delivery_pending ON delivery (digest) WHERE settled_at IS NULL;
    CREATE INDEX delivery_by_request ON delivery (request_id, hint) WHERE settled_at IS NULL;
    CREATE INDEX delivery_settled ON delivery (settled_at) WHERE settled_at IS NOT NULL;
    CREATE TABLE request (
        id INTEGER PRIMARY KEY,
        status TEXT,
        sequence INTEGER NOT NULL DEFAULT 0,
        refused TEXT,
        hints INTEGER NOT NULL DEFAULT 0,
        quiet INTEGER NOT NULL DEFAULT 0,
        failures INTEGER NOT NULL DEFAULT 0,
        error TEXT,
        due_at INTEGER,
        leased_until INTEGER NOT NULL DEFAULT 0,
        fence INTEGER NOT NULL DEFAULT 0,
        hinted_at INTEGER,
        read_at INTEGER
    ) STRICT;
    CREATE INDEX request_due ON request (due_at) WHERE due_at IS NOT NULL;
    CREATE TABLE change (
        request_id INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        was TEXT,
        status TEXT NOT NULL,
        seen_at INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        error TEXT,
        due_at INTEGER,
        leased_until INTEGER NOT NULL DEFAULT 0,
        fence INTEGER NOT NULL DEFAULT 0,
        handled_at INTEGER,
        PRIMARY KEY (request_id, sequence)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX change_due ON change (due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX change_handled ON change (handled_at) WHERE handled_at IS NOT NULL;
    CREATE INDEX change_poisoned ON change (request_id)
        WHERE due_at IS NULL AND handled_at IS NULL;",
    "ALTER TABLE request ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE request ADD COLUMN dated_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE change ADD COLUMN dated_at INTEGER NOT NULL DEFAULT 0;",
];

/// Opens or creates a file, and brings it up to date.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    // The bodies are about people: nobody else on the machine gets to read them. A file that is there is not opened here: to close
    // it would end the locks that this process holds on it by another connection.
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut file = std::fs::OpenOptions::new();
        let created = file.create_new(true).write(true).mode(0o600).open(path);
        if let Err(error) = created
            && error.kind() != std::io::ErrorKind::AlreadyExists
        {
            return Err(StoreError::database(error));
        }
    }
    let mut db = Connection::open(path).map_err(StoreError::database)?;
    layout(&db)?;
    migrate(&mut db)?;
    Ok(db)
}

/// How many of the migrations the file has seen.
fn layout(db: &Connection) -> Result<usize, StoreError> {
    let number = |pragma| db.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let read = || -> rusqlite::Result<(i64, i32, i32)> {
        // In this order: another process may make the tables meanwhile, and marks them as ours together with that.
        let tables = "SELECT count(*) FROM sqlite_schema";
        Ok((
            db.query_row(tables, [], |row| row.get(0))?,
            number("application_id")?,
            number("user_version")?,
        ))
    };
    match read() {
        Ok((_, APPLICATION_ID, version)) => {
            let layout = usize::try_from(version).map_err(|_| StoreError::foreign())?;
            if layout > MIGRATIONS.len() {
                return Err(StoreError::newer());
            }
            Ok(layout)
        }
        Ok((0, _, _)) => Ok(0),
        Ok(_) => Err(StoreError::foreign()),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            Err(StoreError::foreign())
        }
        Err(error) => Err(StoreError::database(error)),
    }
}

/// Has a log written before the file. SQLite does not wait by itself for another process that is about to do the same.
fn write_ahead(db: &Connection) -> rusqlite::Result<()> {
    let begin = Instant::now();
    loop {
        match db.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
                    && begin.elapsed() < BUSY =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

fn migrate(db: &mut Connection) -> Result<(), StoreError> {
    let failed = StoreError::database;
    write_ahead(db).map_err(failed)?;
    db.pragma_update(None, "synchronous", "FULL")
        .map_err(failed)?;
    // What is forgotten is overwritten.
    db.pragma_update(None, "secure_delete", "ON")
        .map_err(failed)?;
    // Another process may be at it too: one of them does it, and the other finds it done.
    let transaction = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let layout = layout(&transaction)?;
    for (place, migration) in MIGRATIONS.iter().enumerate().skip(layout) {
        transaction.execute_batch(migration).map_err(failed)?;
        transaction
            .pragma_update(
                None,
                "user_version",
                i32::try_from(place + 1).unwrap_or(i32::MAX),
            )
            .map_err(failed)?;
    }
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(failed)?;
    transaction.commit().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was acknowledged outlives a loss of power, and what was forgotten is overwritten.
    #[test]
    fn the_file_is_durable_and_forgets() {
        let name = format!("accredit-inbox-schema-{}.db", std::process::id());
        let path = std::env::temp_dir().join(name);
        let db = open(&path).unwrap();
        let number = |pragma| {
            db.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0))
                .unwrap()
        };
        assert_eq!((number("synchronous"), number("secure_delete")), (2, 1));
        let mode: String = db
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert_eq!(mode, "wal");
        drop(db);
        std::fs::remove_file(path).unwrap();
    }
}
