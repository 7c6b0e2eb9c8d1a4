//! Objects as they were last shown, kept until one of the rows that they were made of is written.
//!
//! Whoever shows an object reads rows through a [`Reader`] and by no other way, so that nobody has to
//! say what it was made of. Kept bytes are bounded; which objects go first follows from use.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use rusqlite::types::FromSql;
use rusqlite::{Connection, Row};

use crate::json::Json;

/// How many bytes of each generation are kept.
const GENERATION: usize = 12 * 1024 * 1024;
/// More written rows than this are not told apart.
const WRITTEN: usize = 16 * 1024;

/// A table whose rows are shown. Each has an `id` that is SQLite's own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Table {
    Entities,
    Investments,
    Investors,
    Issuers,
    Offerings,
    Users,
}

/// The columns of each table, which no call changes.
static COLUMNS: [OnceLock<Vec<String>>; 6] = [const { OnceLock::new() }; 6];

impl Table {
    /// The names of the columns of a row of this table.
    fn columns(self, row: &Row<'_>) -> &'static [String] {
        let [entities, investments, investors, issuers, offerings, users] = &COLUMNS;
        let columns = match self {
            Self::Entities => entities,
            Self::Investments => investments,
            Self::Investors => investors,
            Self::Issuers => issuers,
            Self::Offerings => offerings,
            Self::Users => users,
        };
        columns.get_or_init(|| {
            let names = row.as_ref().column_names();
            names.into_iter().map(str::to_owned).collect()
        })
    }

    const fn query(self) -> &'static str {
        match self {
            Self::Entities => "SELECT * FROM entities WHERE id = ?1",
            Self::Investments => "SELECT * FROM investments WHERE id = ?1",
            Self::Investors => "SELECT * FROM investors WHERE id = ?1",
            Self::Issuers => "SELECT * FROM issuers WHERE id = ?1",
            Self::Offerings => "SELECT * FROM offerings WHERE id = ?1",
            Self::Users => "SELECT * FROM users WHERE id = ?1",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "entities" => Self::Entities,
            "investments" => Self::Investments,
            "investors" => Self::Investors,
            "issuers" => Self::Issuers,
            "offerings" => Self::Offerings,
            "users" => Self::Users,
            _ => return None,
        })
    }
}

/// What of an object is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    IndividualName,
    Investment,
    InvestmentItem,
    Investor,
    InvestorSummary,
    Offering,
    OfferingSummary,
}

type RowKey = (Table, i64);

/// The objects kept.
#[derive(Debug, Default)]
pub(super) struct Shown(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// Counts written rows.
    now: u64,
    /// When each row was last written.
    written: HashMap<RowKey, u64>,
    /// What was used lately.
    young: HashMap<(Shape, i64), Object>,
    young_bytes: usize,
    /// What was used before that.
    old: HashMap<(Shape, i64), Object>,
}

#[derive(Clone, Debug)]
struct Object {
    json: Bytes,
    /// The origin in its links.
    origin: Box<str>,
    rows: Box<[RowKey]>,
    /// When it was last known to be right.
    at: u64,
}

impl Shown {
    /// A row of a table was inserted, updated or deleted.
    pub(super) fn note(&self, table: &str, id: i64) {
        let Some(table) = Table::named(table) else {
            return;
        };
        let mut kept = self.lock();
        if kept.written.len() >= WRITTEN {
            kept.forget();
        }
        kept.now += 1;
        let now = kept.now;
        kept.written.insert((table, id), now);
    }

    /// Nothing that was shown holds any more.
    pub(super) fn forget(&self) {
        self.lock().forget();
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn forget(&mut self) {
        self.written.clear();
        self.young.clear();
        self.young_bytes = 0;
        self.old.clear();
    }

    fn find(&mut self, key: (Shape, i64), origin: &str) -> Option<&Object> {
        if !self.young.contains_key(&key) {
            let object = self.old.remove(&key)?;
            self.keep(key, object);
        }
        let Self {
            now,
            written,
            young,
            ..
        } = self;
        let object = young.get_mut(&key)?;
        let holds = object.at == *now
            || object
                .rows
                .iter()
                .all(|row| written.get(row).is_none_or(|at| *at <= object.at));
        if !holds || *object.origin != *origin {
            return None;
        }
        object.at = *now;
        Some(object)
    }

    fn keep(&mut self, key: (Shape, i64), object: Object) {
        if self.young_bytes + object.json.len() > GENERATION {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += object.json.len();
        if let Some(replaced) = self.young.insert(key, object) {
            self.young_bytes -= replaced.json.len();
        }
    }
}

/// A row whose columns have names. SQLite would be asked for every one of them each time.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    row: &'a Row<'a>,
    columns: &'static [String],
}

impl Record<'_> {
    /// The value of a column.
    pub(crate) fn get<T: FromSql>(&self, name: &str) -> rusqlite::Result<T> {
        match self.columns.iter().position(|column| column == name) {
            Some(column) => self.row.get(column),
            None => Err(rusqlite::Error::InvalidColumnName(name.to_owned())),
        }
    }
}

/// Reads rows by their ids, and remembers which.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    db: &'a Connection,
    shown: &'a Shown,
    /// Scheme and authority of the links in what is shown.
    pub(crate) origin: &'a str,
    read: RefCell<Vec<RowKey>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(db: &'a Connection, shown: &'a Shown, origin: &'a str) -> Self {
        Self {
            db,
            shown,
            origin,
            read: RefCell::default(),
        }
    }

    /// Reads a row, which must exist.
    pub(crate) fn row<T>(
        &self,
        table: Table,
        id: i64,
        read: impl FnOnce(&Record<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.read.borrow_mut().push((table, id));
        self.db
            .prepare_cached(table.query())?
            .query_row([id], |row| {
                let columns = table.columns(row);
                read(&Record { row, columns })
            })
    }

    /// An object in a shape, as it was shown last if that still holds, or else as `show` has it.
    pub(crate) fn object(
        &self,
        shape: Shape,
        id: i64,
        show: impl FnOnce() -> rusqlite::Result<Json>,
    ) -> rusqlite::Result<Json> {
        let key = (shape, id);
        let kept = self.shown.lock().find(key, self.origin).map(|object| {
            self.read.borrow_mut().extend(&object.rows);
            object.json.clone()
        });
        if let Some(json) = kept {
            // Where debug assertions are on, and so in every test, nothing kept is believed.
            debug_assert_eq!(
                show()?.to_bytes(),
                json,
                "{shape:?} {id} was kept for too long"
            );
            return Ok(Json::Written(json));
        }
        let before = self.read.borrow().len();
        let json = show()?.to_bytes();
        let rows = self.read.borrow().iter().skip(before).copied().collect();
        let mut kept = self.shown.lock();
        let at = kept.now;
        kept.keep(
            key,
            Object {
                json: json.clone(),
                origin: self.origin.into(),
                rows,
                at,
            },
        );
        Ok(Json::Written(json))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::object;
    use crate::store::{Seeding, Store};

    const HERE: &str = "http://localhost";

    fn id(store: &Store) -> i64 {
        let least = "SELECT min(id) FROM offerings";
        store
            .transaction(|db| db.query_row(least, [], |row| row.get(0)))
            .unwrap()
    }

    fn name(store: &Store, origin: &str) -> Json {
        let id = id(store);
        store
            .transaction(|db| {
                let reader = store.reader(db, origin);
                reader.object(Shape::Offering, id, || {
                    reader.row(Table::Offerings, id, |row| {
                        Ok(object! {
                            "name": row.get::<String>("name")?,
                            "link": format!("{}/it", reader.origin),
                        })
                    })
                })
            })
            .unwrap()
    }

    fn rename(db: &Connection, name: &str) -> rusqlite::Result<usize> {
        db.execute(
            "UPDATE offerings SET name = ?1 WHERE id = (SELECT min(id) FROM offerings)",
            [name],
        )
    }

    /// What is kept, believed without a look at the rows.
    fn kept(store: &Store, origin: &str) -> Option<Bytes> {
        let id = id(store);
        let mut kept = store.shown.lock();
        let object = kept.find((Shape::Offering, id), origin);
        object.map(|object| object.json.clone())
    }

    #[test]
    fn an_object_is_kept_until_one_of_its_rows_is_written() {
        let store = Store::open(None, Seeding::new(1, 0, None)).unwrap();
        let first = name(&store, HERE).to_bytes();
        assert_eq!(kept(&store, HERE), Some(first.clone()));
        store
            .transaction(|db| {
                db.execute(
                    "UPDATE offerings SET name = '' WHERE id > (SELECT min(id) FROM offerings)",
                    [],
                )
            })
            .unwrap();
        assert_eq!(kept(&store, HERE), Some(first.clone()));
        store.transaction(|db| rename(db, "Another")).unwrap();
        assert_eq!(kept(&store, HERE), None);
        let second = name(&store, HERE).to_bytes();
        assert_ne!(first, second);
        assert_eq!(kept(&store, HERE), Some(second));
        assert_eq!(kept(&store, "http://127.0.0.1"), None);
    }

    #[test]
    fn what_was_shown_of_undone_writes_is_forgotten() {
        let store = Store::open(None, Seeding::new(1, 0, None)).unwrap();
        let before = name(&store, HERE);
        let id = id(&store);
        let undone: rusqlite::Result<()> = store.transaction(|db| {
            rename(db, "Never")?;
            let reader = store.reader(db, HERE);
            reader.object(Shape::Offering, id, || {
                reader.row(Table::Offerings, id, |row| {
                    Ok(Json::from(row.get::<String>("name")?))
                })
            })?;
            Err(rusqlite::Error::InvalidQuery)
        });
        undone.unwrap_err();
        assert_eq!(kept(&store, HERE), None);
        assert_eq!(name(&store, HERE), before);
    }

    #[test]
    fn what_is_not_used_goes_before_there_is_too_much() {
        let mut kept = Kept::default();
        let object = |size: usize| Object {
            json: vec![b' '; size].into(),
            origin: HERE.into(),
            rows: Box::default(),
            at: 0,
        };
        for id in 0..100 {
            kept.keep((Shape::Investor, id), object(GENERATION / 10));
            assert!(kept.find((Shape::Investor, 0), HERE).is_some(), "{id}");
            assert!(kept.young.len() + kept.old.len() <= 20);
        }
        assert!(kept.find((Shape::Investor, 1), HERE).is_none());
        assert!(kept.find((Shape::Investor, 99), HERE).is_some());
    }
}
