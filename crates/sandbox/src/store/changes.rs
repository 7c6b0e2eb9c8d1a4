//! What was written since: how often rows of each table were, and counts that hold meanwhile.
//!
//! A count over 100,000 rows takes a millisecond or more, and every page of a list asks for one. New
//! rows only add to it: they alone are counted then.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::hooks::Action;

use super::Counted;

/// More counts than this are not kept.
const MOST: usize = 512;

/// The writes of a store.
#[derive(Debug, Default)]
pub(super) struct Changes(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    tables: HashMap<String, Written>,
    total: u64,
    /// How many rows of tokens were written, and of users updated or deleted.
    logins: u64,
    /// How often all was forgotten.
    forgotten: u64,
    counts: HashMap<String, Count>,
}

/// How many rows of a table were written.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    inserted: u64,
    rewritten: u64,
}

/// How many rows a statement found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    stamp: u64,
    /// The last key that was looked at.
    pub(super) last: i64,
    pub(super) rows: i64,
}

impl Changes {
    /// A row of a table was inserted, updated or deleted.
    pub(super) fn note(&self, action: Action, table: &str) {
        let mut noted = self.lock();
        noted.total = noted.total.wrapping_add(1);
        if !noted.tables.contains_key(table) {
            noted.tables.insert(table.to_owned(), Written::default());
        }
        let inserted = action == Action::SQLITE_INSERT;
        if let Some(written) = noted.tables.get_mut(table) {
            written.inserted += u64::from(inserted);
            written.rewritten += u64::from(!inserted);
        }
        noted.logins += u64::from(table == "tokens" || table == "users" && !inserted);
    }

    /// How many rows were written in all.
    pub(super) fn total(&self) -> u64 {
        self.lock().total
    }

    /// Nothing that was counted holds any more.
    pub(super) fn forget(&self) {
        let mut noted = self.lock();
        noted.forgotten += 1;
        noted.counts.clear();
    }

    /// A count that is right for the rows up to its last key. `key` is the statement and its values.
    pub(super) fn count(&self, counted: &Counted<'_>, key: &str) -> Option<Count> {
        let noted = self.lock();
        let count = noted.counts.get(key)?;
        (count.stamp == noted.stamp(counted)).then_some(*count)
    }

    pub(super) fn keep(&self, counted: &Counted<'_>, key: String, last: i64, rows: i64) {
        let mut noted = self.lock();
        if noted.counts.len() >= MOST {
            noted.counts.clear();
        }
        let stamp = noted.stamp(counted);
        noted.counts.insert(key, Count { stamp, last, rows });
    }

    /// Rises with every write after which another user may be behind a token.
    pub(super) fn logins(&self) -> u64 {
        let noted = self.lock();
        noted.logins + noted.forgotten
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    /// Rises with every write that may change whether an old row of the table counts: with those to
    /// the other tables that the statement names, and may with more.
    fn stamp(&self, counted: &Counted<'_>) -> u64 {
        let written = self.tables.iter();
        let written: u64 = written
            .filter(|(table, _)| counted.statement.contains(table.as_str()))
            .map(|(table, written)| {
                if table == counted.table {
                    written.rewritten
                } else {
                    written.rewritten + written.inserted
                }
            })
            .sum();
        written + self.forgotten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_holds_until_a_row_may_count_that_did_not() {
        let changes = Changes::default();
        let counted = Counted {
            table: "investments",
            statement: "SELECT count(*) FROM investments i LEFT JOIN investors buyer",
            newer: "",
        };
        let keep = |rows| changes.keep(&counted, "key".to_owned(), 7, rows);
        let found = || {
            let count = changes.count(&counted, "key")?;
            Some((count.last, count.rows))
        };
        keep(3);
        assert_eq!(found(), Some((7, 3)));
        changes.note(Action::SQLITE_UPDATE, "users");
        changes.note(Action::SQLITE_INSERT, "investments");
        assert_eq!(found(), Some((7, 3)));
        for (action, table) in [
            (Action::SQLITE_UPDATE, "investments"),
            (Action::SQLITE_DELETE, "investments"),
            (Action::SQLITE_INSERT, "investors"),
        ] {
            changes.note(action, table);
            assert_eq!(found(), None);
            keep(4);
            assert_eq!(found(), Some((7, 4)));
        }
        changes.forget();
        assert_eq!(found(), None);
        assert_eq!(changes.total(), 5);
    }
}
