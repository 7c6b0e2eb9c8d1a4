//! What was written since: how often each table changed, and counts that hold until one does.
//!
//! A count over 100,000 rows takes a millisecond or more, and every page of a list asks for one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// More counts than this are not kept.
const MOST: usize = 512;

/// The writes of a store.
#[derive(Debug, Default)]
pub(super) struct Changes(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    /// How many rows of each table were written.
    tables: HashMap<String, u64>,
    total: u64,
    counts: HashMap<String, (u64, i64)>,
}

impl Changes {
    /// A row of a table was inserted, updated or deleted.
    pub(super) fn note(&self, table: &str) {
        let mut noted = self.lock();
        noted.total = noted.total.wrapping_add(1);
        match noted.tables.get_mut(table) {
            Some(count) => *count = count.wrapping_add(1),
            None => {
                noted.tables.insert(table.to_owned(), 1);
            }
        }
    }

    /// How many rows were written in all.
    pub(super) fn total(&self) -> u64 {
        self.lock().total
    }

    /// Nothing that was counted holds any more.
    pub(super) fn forget(&self) {
        self.lock().counts.clear();
    }

    /// A count that is still right. `statement` is its SQL, `key` that and its values.
    pub(super) fn count(&self, statement: &str, key: &str) -> Option<i64> {
        let noted = self.lock();
        let (stamp, count) = noted.counts.get(key)?;
        (*stamp == noted.stamp(statement)).then_some(*count)
    }

    pub(super) fn keep(&self, statement: &str, key: String, count: i64) {
        let mut noted = self.lock();
        if noted.counts.len() >= MOST {
            noted.counts.clear();
        }
        let stamp = noted.stamp(statement);
        noted.counts.insert(key, (stamp, count));
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    /// Rises with every write to a table that the statement names, and may with others.
    fn stamp(&self, statement: &str) -> u64 {
        self.tables
            .iter()
            .filter(|(table, _)| statement.contains(table.as_str()))
            .map(|(_, count)| count)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_holds_until_a_table_of_its_statement_changes() {
        let changes = Changes::default();
        let sql = "SELECT count(*) FROM investments i";
        let keep = |count| changes.keep(sql, "key".to_owned(), count);
        keep(3);
        assert_eq!(changes.count(sql, "key"), Some(3));
        changes.note("users");
        assert_eq!(changes.count(sql, "key"), Some(3));
        changes.note("investments");
        assert_eq!(changes.count(sql, "key"), None);
        keep(4);
        assert_eq!(changes.count(sql, "key"), Some(4));
        changes.forget();
        assert_eq!(changes.count(sql, "key"), None);
    }
}
