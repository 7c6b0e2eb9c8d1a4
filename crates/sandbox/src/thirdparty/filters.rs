//! django-filter, ordering and search over any resource: query parameters become one SQL selection.
//!
//! The route says which parameters exist and how their values read; the resource says which column
//! a field path means. It never computes with floats: money is compared in whole cents, exactly.

use rusqlite::OptionalExtension;
use rusqlite::types::Value;

use super::errors;
use super::literals::{boolean, bound, is_on, timestamp};
use crate::call::Call;
use crate::clock;
use crate::json::Json;
use crate::reply::Failure;
use crate::route::{Kind, Parameter};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Boolean,
    Cents,
    Integer,
    /// The id of an object that must exist: filtering by an absent one is an error.
    Reference(&'static str),
    Text,
    Timestamp,
}

/// A field path of the API and the SQL behind it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) path: &'static str,
    pub(crate) sql: &'static str,
    pub(crate) holds: Holds,
}

/// Shorthand for the tables of columns.
pub(crate) const fn column(path: &'static str, sql: &'static str, holds: Holds) -> Column {
    Column { path, sql, holds }
}

/// A list of objects that can be selected from.
#[derive(Debug)]
pub(crate) struct Resource {
    /// Table and alias; its key is `<alias>.id`.
    pub(crate) table: &'static str,
    pub(crate) key: &'static str,
    /// Alias and join, each after those it builds on. Only the ones that a selection mentions are
    /// made.
    pub(crate) joins: &'static [(&'static str, &'static str)],
    pub(crate) columns: &'static [Column],
    /// Filters that are no look-up on a column.
    pub(crate) predicates: &'static [(&'static str, &'static str)],
    /// What `search` looks in.
    pub(crate) search: &'static [&'static str],
}

/// How many different words `search` looks for: SQLite bounds the size of a condition, and the number
/// of its values.
const SEARCH_WORDS: usize = 32;
/// No searched column holds a longer word.
const SEARCH_WORD_BYTES: usize = 20_000;

const UNKNOWN_OBJECT: &str =
    "Select a valid choice. That choice is not one of the available choices.";

/// Rows to select, in order.
#[derive(Debug)]
pub(crate) struct Selection {
    conditions: Vec<String>,
    values: Vec<Value>,
    order: String,
}

impl Selection {
    /// Reads filters, `search` and `ordering` from the query of a call.
    pub(crate) fn of(
        call: &Call<'_>,
        resource: &Resource,
        parameters: &[Parameter],
    ) -> Result<Self, Failure> {
        let mut selection = Self {
            conditions: Vec::new(),
            values: Vec::new(),
            order: ordering(call, resource),
        };
        let mut complaints = Vec::new();
        for parameter in parameters {
            let Some(raw) = call
                .query(parameter.name)
                .map(str::trim)
                .filter(|raw| !raw.is_empty())
            else {
                continue;
            };
            if let Err(message) = selection.apply(call, resource, parameter, raw)? {
                complaints.push((parameter.name.into(), Json::list([message])));
            }
        }
        if !complaints.is_empty() {
            return Err(errors::invalid(Json::Object(complaints)).into());
        }
        let terms = call.query("search").unwrap_or_default();
        if terms.contains('\0') {
            let complaint = "Null characters are not allowed.";
            return Err(errors::invalid(Json::list([complaint])).into());
        }
        selection.search(terms, resource);
        Ok(selection)
    }

    /// How many rows there are.
    pub(crate) fn count(&self, call: &Call<'_>, resource: &Resource) -> rusqlite::Result<usize> {
        let (sql, values) = self.sql(resource, "count(*)", "");
        let count: i64 = call
            .db
            .prepare_cached(&sql)?
            .query_row(rusqlite::params_from_iter(values), |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The keys of some rows.
    pub(crate) fn keys(
        &self,
        call: &Call<'_>,
        resource: &Resource,
        limit: usize,
        offset: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        let tail = format!("ORDER BY {} LIMIT {limit} OFFSET {offset}", self.order);
        let (sql, values) = self.sql(resource, resource.key, &tail);
        call.db
            .prepare_cached(&sql)?
            .query_map(rusqlite::params_from_iter(values), |row| row.get(0))?
            .collect()
    }

    /// The statement that selects the given expressions from all rows.
    pub(crate) fn sql(
        &self,
        resource: &Resource,
        what: &str,
        tail: &str,
    ) -> (String, std::slice::Iter<'_, Value>) {
        let condition = if self.conditions.is_empty() {
            "1".to_owned()
        } else {
            self.conditions.join(" AND ")
        };
        let mut joins = Vec::new();
        let mut mentioned = format!("{what} {condition} {tail}");
        for (alias, join) in resource.joins.iter().rev() {
            if mentioned.contains(&format!("{alias}.")) {
                joins.push(*join);
                mentioned.push_str(join);
            }
        }
        joins.reverse();
        let sql = format!(
            "SELECT {what} FROM {} {} WHERE {condition} {tail}",
            resource.table,
            joins.join(" ")
        );
        (sql, self.values.iter())
    }

    /// The order of the rows as SQL.
    pub(crate) fn order(&self) -> &str {
        &self.order
    }

    fn apply(
        &mut self,
        call: &Call<'_>,
        resource: &Resource,
        parameter: &Parameter,
        raw: &str,
    ) -> Result<Result<(), String>, Failure> {
        if let Some((_, predicate)) = resource
            .predicates
            .iter()
            .find(|(name, _)| *name == parameter.name)
        {
            if is_on(raw) {
                self.conditions.push(format!("({predicate})"));
            }
            return Ok(Ok(()));
        }
        let Some((column, lookup)) = locate(resource, parameter.name) else {
            return Ok(Ok(()));
        };
        if let (Holds::Reference(table), "exact" | "in") = (column.holds, lookup) {
            for item in raw
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
            {
                let known = match item.parse::<i64>() {
                    Ok(id) => exists(call, table, id)?,
                    Err(_) => false,
                };
                if !known {
                    return Ok(Err(UNKNOWN_OBJECT.to_owned()));
                }
            }
        }
        Ok(self.look_up(column, lookup, parameter, raw))
    }

    fn look_up(
        &mut self,
        column: &Column,
        lookup: &str,
        parameter: &Parameter,
        raw: &str,
    ) -> Result<(), String> {
        let sql = column.sql;
        if lookup == "isnull" {
            if let Some(null) = boolean(raw) {
                self.conditions
                    .push(format!("{sql} IS {}NULL", if null { "" } else { "NOT " }));
            }
            return Ok(());
        }
        if parameter.list {
            return self.one_of(column, raw);
        }
        // Of some value lists only the first value is known: such a list refuses nothing.
        if let (Kind::Choice(choices), "exact") = (parameter.kind, lookup)
            && choices.len() > 1
            && !choices.contains(&raw)
        {
            return Err(format!(
                "Select a valid choice. {raw} is not one of the available choices."
            ));
        }
        match column.holds {
            Holds::Boolean => {
                // The widget knows true and false; anything else means that nothing was chosen.
                if let Some(value) = boolean(raw) {
                    self.compare(sql, "=", Value::Integer(value.into()));
                }
            }
            Holds::Text => self.compare(sql, operator(lookup), Value::Text(raw.to_owned())),
            Holds::Timestamp => {
                let at = timestamp(raw).ok_or("Enter a valid date/time.")?;
                self.compare(sql, operator(lookup), Value::Text(clock::stored(at)));
            }
            Holds::Cents | Holds::Integer | Holds::Reference(_) => {
                let bound = bound(raw, column.holds == Holds::Cents)?;
                let value = match lookup {
                    "gte" | "lt" => bound.ceil(),
                    // Django cuts an id's fraction off; an amount with a fraction of a cent is
                    // none.
                    "exact" if column.holds != Holds::Cents => bound.trunc(),
                    "exact" if !bound.is_integer() => {
                        self.conditions.push("0".to_owned());
                        return Ok(());
                    }
                    _ => bound.floor(),
                };
                self.compare(sql, operator(lookup), Value::Integer(value));
            }
        }
        Ok(())
    }

    /// A comma list: spaces trimmed, empty items skipped, unknown choices match nothing.
    fn one_of(&mut self, column: &Column, raw: &str) -> Result<(), String> {
        let mut items = Vec::new();
        for item in raw
            .split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
        {
            match column.holds {
                Holds::Boolean => items
                    .extend(boolean(item).map(|value| serde_json::Value::from(i64::from(value)))),
                Holds::Text => items.push(item.into()),
                Holds::Timestamp => {
                    items.push(
                        clock::stored(timestamp(item).ok_or("Enter a valid date/time.")?).into(),
                    );
                }
                Holds::Cents | Holds::Integer | Holds::Reference(_) => {
                    let cents = column.holds == Holds::Cents;
                    let value = bound(item, cents)?;
                    if !cents || value.is_integer() {
                        items.push(value.trunc().into());
                    }
                }
            }
        }
        // Nothing but commas matches nothing; booleans that are none filter nothing.
        if !items.is_empty() || column.holds != Holds::Boolean {
            self.conditions.push(format!(
                "{} IN (SELECT value FROM json_each(?))",
                column.sql
            ));
            self.values
                .push(Value::Text(serde_json::Value::from(items).to_string()));
        }
        Ok(())
    }

    /// Every word must occur in one of the searched columns; words after the first
    /// [`SEARCH_WORDS`] different ones are ignored.
    fn search(&mut self, terms: &str, resource: &Resource) {
        if resource.search.is_empty() {
            return;
        }
        let mut words: Vec<&str> = Vec::new();
        for term in terms.split([' ', ',']).filter(|term| !term.is_empty()) {
            if words.len() == SEARCH_WORDS {
                break;
            }
            if !words.contains(&term) {
                words.push(term);
            }
        }
        for term in words {
            // SQLite refuses patterns above 50,000 bytes; escaping doubles a word at most.
            if term.len() > SEARCH_WORD_BYTES {
                self.conditions.push("0".to_owned());
                continue;
            }
            let escaped = term
                .replace('\\', "\\\\")
                .replace('%', "\\%")
                .replace('_', "\\_");
            let any: Vec<_> = resource
                .search
                .iter()
                .map(|sql| format!("{sql} LIKE ? ESCAPE '\\'"))
                .collect();
            self.conditions.push(format!("({})", any.join(" OR ")));
            self.values.extend(
                resource
                    .search
                    .iter()
                    .map(|_| Value::Text(format!("%{escaped}%"))),
            );
        }
    }

    fn compare(&mut self, sql: &str, operator: &str, value: Value) {
        self.conditions.push(format!("{sql} {operator} ?"));
        self.values.push(value);
    }
}

/// DRF's ordering: known fields in the order named, unknown ones ignored, ties by id. Only the first
/// mention of a field can order anything, and SQLite takes no more terms than a table has columns.
fn ordering(call: &Call<'_>, resource: &Resource) -> String {
    let mut order = String::new();
    let mut named: Vec<&str> = Vec::new();
    for field in call
        .query("ordering")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
    {
        let (path, direction) = field
            .strip_prefix('-')
            .map_or((field, "ASC"), |path| (path, "DESC"));
        if let Some(column) = resource.columns.iter().find(|column| column.path == path)
            && !named.contains(&path)
        {
            named.push(path);
            order.push_str(&format!("{} {direction}, ", column.sql));
        }
    }
    order + resource.key
}

fn locate(resource: &Resource, name: &str) -> Option<(&'static Column, &'static str)> {
    const LOOKUPS: [&str; 6] = ["gt", "gte", "lt", "lte", "in", "isnull"];
    if let Some(column) = resource.columns.iter().find(|column| column.path == name) {
        return Some((column, "exact"));
    }
    let (path, suffix) = name.rsplit_once("__")?;
    let lookup = LOOKUPS.into_iter().find(|lookup| *lookup == suffix)?;
    resource
        .columns
        .iter()
        .find(|column| column.path == path)
        .map(|column| (column, lookup))
}

fn operator(lookup: &str) -> &'static str {
    match lookup {
        "gt" => ">",
        "gte" => ">=",
        "lt" => "<",
        "lte" => "<=",
        _ => "=",
    }
}

fn exists(call: &Call<'_>, table: &str, id: i64) -> rusqlite::Result<bool> {
    let found: Option<i64> = call
        .db
        .prepare_cached(&format!("SELECT 1 FROM {table} WHERE id = ?1"))?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(found.is_some())
}
