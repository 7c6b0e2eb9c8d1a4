//! The data file: which file may be opened, and how a new one comes to be.
//!
//! A file that is not ours is never opened by SQLite, which would write beside it and perhaps into it:
//! its header says enough. A new file appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::{APPLICATION_ID, SCHEMA_VERSION, Seeding, create};
use crate::Error;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// Where SQLite's header has its numbers.
const HEADER_BYTES: usize = 100;
const VERSION_AT: usize = 60;
const APPLICATION_AT: usize = 68;

/// Opens the file; makes it when there is none, or an empty one.
pub(super) fn open(path: &Path, seeding: &Seeding) -> Result<Connection, Error> {
    if is_fresh(path)? {
        make(path, seeding)?;
    }
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    if connection.is_readonly("main")? {
        return Err(read_only());
    }
    // NORMAL: a killed process loses nothing, only a power cut may lose the last commits.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

/// Whether there is nothing yet; an error when there is something that is not ours.
fn is_fresh(path: &Path) -> Result<bool, Error> {
    let found = match fs::metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(Error::io("look at its data file", error)),
    };
    if found.is_dir() {
        return Err(Error::refused_file("the data file is a directory"));
    }
    if !found.is_file() {
        return Err(Error::refused_file("the data file is not a regular file"));
    }
    if found.permissions().readonly() {
        return Err(read_only());
    }
    if found.len() == 0 {
        return Ok(true);
    }
    let header = header(path).map_err(|error| Error::io("read its data file", error))?;
    let number = |at: usize| {
        let bytes = header.get(at..at + 4).unwrap_or_default();
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | i32::from(*byte))
    };
    if header.len() < HEADER_BYTES || !header.starts_with(MAGIC) {
        return Err(Error::refused_file(
            "the data file is not a SQLite database",
        ));
    }
    if number(APPLICATION_AT) != APPLICATION_ID {
        return Err(Error::refused_file(
            "the data file is not a sandbox's: it is left as it is",
        ));
    }
    let version = number(VERSION_AT);
    if version != SCHEMA_VERSION {
        return Err(Error::refused_file(format!(
            "the data file has schema version {version}, this sandbox reads version {SCHEMA_VERSION}"
        )));
    }
    Ok(false)
}

fn header(path: &Path) -> io::Result<Vec<u8>> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    let length = u64::try_from(HEADER_BYTES).unwrap_or_default();
    File::open(path)?.take(length).read_to_end(&mut header)?;
    Ok(header)
}

fn read_only() -> Error {
    Error::refused_file("the data file is read-only")
}

/// Fills a database in memory, writes it beside the place of the file, and puts it there.
fn make(path: &Path, seeding: &Seeding) -> Result<(), Error> {
    let mut memory = Connection::open_in_memory()?;
    create(&mut memory, seeding)?;
    let draft = beside(path, &format!(".new-{}", std::process::id()));
    let written = write(&memory, &draft, path);
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written.map_err(|error| Error::io("write its data file", error))
}

fn write(memory: &Connection, draft: &Path, path: &Path) -> io::Result<()> {
    let name = draft
        .to_str()
        .ok_or_else(|| io::Error::other("the path is no Unicode text"))?;
    memory
        .execute("VACUUM INTO ?1", [name])
        .map_err(io::Error::other)?;
    // The log of a file that is gone would be replayed into the new one.
    for suffix in ["-wal", "-shm", "-journal"] {
        match fs::remove_file(beside(path, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(draft, path)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
