//! django-filter, ordering and search over any resource: query parameters become one SQL selection.
//!
//! The route says which parameters exist and how their values read; the resource says which column
//! a field path means. It never computes with floats: money is compared in whole cents, exactly.

use rusqlite::OptionalExtension;
use rusqlite::types::Value;

use super::literals::{boolean, bound, is_on, timestamp};
use super::python::{self, Int};
use super::{errors, terms};
use crate::call::Call;
use crate::clock;
use crate::json::Json;
use crate::reply::Failure;
use crate::route::{Kind, Parameter};
use crate::store::Counted;

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

/// The rows of a page among those of its list and its table.
#[derive(Clone, Copy, Debug)]
struct Rows {
    /// In the list.
    count: usize,
    /// In the table.
    all: usize,
    /// On the page.
    limit: usize,
    /// Before it.
    skipped: usize,
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
            let Some(raw) = call.query(parameter.name).filter(|raw| !raw.is_empty()) else {
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
        let (statement, newer) = self.counts(resource);
        let counted = Counted {
            table: resource.table.split(' ').next().unwrap_or_default(),
            statement: &statement,
            newer: &newer,
        };
        let count = call.shared.store.count(call.db, &counted, &self.values)?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// The statements that count all rows, and those after a key.
    fn counts(&self, resource: &Resource) -> (String, String) {
        let all = statement(resource, "", "count(*)", &self.conditions, "");
        let mut conditions: Vec<_> = self
            .conditions
            .iter()
            .map(|one| format!("+{one}"))
            .collect();
        conditions.push(format!("{} > ?", resource.key));
        (
            all,
            statement(resource, "NOT INDEXED", "count(*)", &conditions, ""),
        )
    }

    /// The keys of some of the `count` rows.
    pub(crate) fn keys(
        &self,
        call: &Call<'_>,
        resource: &Resource,
        count: usize,
        limit: usize,
        offset: usize,
    ) -> rusqlite::Result<Vec<i64>> {
        let limit = limit.min(count.saturating_sub(offset));
        if limit == 0 {
            return Ok(Vec::new());
        }
        let (first, last) = ends(call, resource)?;
        let all = usize::try_from(last - first + 1).unwrap_or_default();
        if self.conditions.is_empty() && self.order == resource.key && count == all {
            // No key is missing, so that the page begins at a known one.
            let first = first + i64::try_from(offset).unwrap_or(i64::MAX);
            let sql = format!(
                "SELECT {key} FROM {} WHERE {key} >= ? ORDER BY {key} LIMIT ?",
                resource.table,
                key = resource.key
            );
            return select(call, &sql, &[first.into(), integer(limit)]);
        }
        // The second half is nearer from the end.
        let backwards = offset > count / 2;
        let skipped = if backwards {
            count - offset - limit
        } else {
            offset
        };
        let rows = Rows {
            count,
            all,
            limit,
            skipped,
        };
        let (sql, values) = self.page(resource, &rows, backwards);
        let mut keys = select(call, &sql, &values)?;
        if backwards {
            keys.reverse();
        }
        Ok(keys)
    }

    /// Statement and values of a page. SQLite cannot know how many rows there are, so it is told which way
    /// is the shorter: along the order until enough rows were met, or through the rows of the
    /// conditions, to be sorted. A plus sign keeps an expression from an index.
    fn page(&self, resource: &Resource, rows: &Rows, backwards: bool) -> (String, Vec<Value>) {
        let Rows { count, all, .. } = *rows;
        // Rows of a time are neighbours in every order that follows time, and so are those of an
        // offering in that of the amounts.
        let mentions = |text| self.conditions.iter().any(|one| one.contains(text));
        let clustered = mentions("_at ")
            || (mentions(by_offering::OFFERING) && self.order.starts_with(by_offering::AMOUNT));
        let shorter = if clustered {
            count > all / 2
        } else {
            (rows.skipped + rows.limit).saturating_mul(all) / count.max(1) < count
        };
        let along = walk(resource, &self.order).filter(|_| shorter);
        let mut order = if backwards {
            reversed(&self.order)
        } else {
            self.order.clone()
        };
        if along.is_none()
            && let Some(page) = self.page_by_offering(resource, &order, rows.limit, rows.skipped)
        {
            return page;
        }
        let mut conditions = self.conditions.clone();
        if along.is_some() {
            for condition in &mut conditions {
                condition.insert(0, '+');
            }
        } else if !conditions.is_empty() {
            order.insert(0, '+');
        }
        let tail = format!("ORDER BY {order} LIMIT ? OFFSET ?");
        let sql = statement(
            resource,
            along.unwrap_or_default(),
            resource.key,
            &conditions,
            &tail,
        );
        let mut values = self.values.clone();
        values.extend([integer(rows.limit), integer(rows.skipped)]);
        (sql, values)
    }

    /// The statement that selects the given expressions from all rows.
    pub(crate) fn sql(
        &self,
        resource: &Resource,
        what: &str,
        tail: &str,
    ) -> (String, std::slice::Iter<'_, Value>) {
        (
            statement(resource, "", what, &self.conditions, tail),
            self.values.iter(),
        )
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
            if is_on(raw.trim()) {
                self.conditions.push(format!("({predicate})"));
            }
            return Ok(Ok(()));
        }
        let Some((column, lookup)) = locate(resource, parameter.name) else {
            return Ok(Ok(()));
        };
        if let (Holds::Reference(table), "exact" | "in") = (column.holds, lookup) {
            for item in raw.split(',').filter(|item| !item.is_empty()) {
                let known = match python::int(item) {
                    Some(Int::Fits(id)) => exists(call, table, id)?,
                    Some(Int::Beyond) | None => false,
                };
                if !known {
                    return Ok(Err(UNKNOWN_OBJECT.to_owned()));
                }
            }
        }
        Ok(self.look_up(resource, column, lookup, parameter, raw))
    }

    fn look_up(
        &mut self,
        resource: &Resource,
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
            return self.one_of(resource, column, raw);
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
                    self.compare(resource, sql, "=", Value::Integer(value.into()));
                }
            }
            Holds::Text => {
                let text = raw.trim();
                // A form takes spaces for nothing, unless it chooses from a list.
                if !text.is_empty() {
                    self.compare(
                        resource,
                        sql,
                        operator(lookup),
                        Value::Text(text.to_owned()),
                    );
                }
            }
            Holds::Timestamp => {
                let at = timestamp(raw).ok_or("Enter a valid date/time.")?;
                self.compare(
                    resource,
                    sql,
                    operator(lookup),
                    Value::Text(clock::stored(at)),
                );
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
                self.compare(resource, sql, operator(lookup), Value::Integer(value));
            }
        }
        Ok(())
    }

    /// A comma list: spaces trimmed, empty items skipped, unknown choices match nothing.
    fn one_of(&mut self, resource: &Resource, column: &Column, raw: &str) -> Result<(), String> {
        let mut items = Vec::new();
        for item in raw.split(',').filter(|item| !item.is_empty()) {
            match column.holds {
                Holds::Boolean => items
                    .extend(boolean(item).map(|value| serde_json::Value::from(i64::from(value)))),
                Holds::Text => items.push(item.trim().into()),
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
            let condition = format!("{} IN (SELECT value FROM json_each(?))", column.sql);
            self.conditions
                .push(on_column(resource, column.sql, condition));
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
        let terms = terms::split(terms);
        for term in terms.iter().map(String::as_str) {
            if words.len() == SEARCH_WORDS {
                break;
            }
            if !words.contains(&term) {
                words.push(term);
            }
        }
        let searched = by_owner(resource);
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
            let any: Vec<_> = searched
                .iter()
                .map(|(columns, aliases)| {
                    let likes: Vec<_> = columns
                        .iter()
                        .map(|sql| format!("{sql} LIKE ? ESCAPE '\\'"))
                        .collect();
                    let likes = likes.join(" OR ");
                    among_owners(resource, aliases, &likes).unwrap_or(likes)
                })
                .collect();
            self.conditions.push(format!("({})", any.join(" OR ")));
            self.values.extend(
                searched
                    .iter()
                    .flat_map(|(columns, _)| columns)
                    .map(|_| Value::Text(format!("%{escaped}%"))),
            );
        }
    }

    fn compare(&mut self, resource: &Resource, sql: &str, operator: &str, value: Value) {
        self.conditions
            .push(on_column(resource, sql, format!("{sql} {operator} ?")));
        self.values.push(value);
    }
}

fn statement(
    resource: &Resource,
    index: &str,
    what: &str,
    conditions: &[String],
    tail: &str,
) -> String {
    let condition = if conditions.is_empty() {
        "1".to_owned()
    } else {
        conditions.join(" AND ")
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
    format!(
        "SELECT {what} FROM {} {index} {} WHERE {condition} {tail}",
        resource.table,
        joins.join(" ")
    )
}

fn select(call: &Call<'_>, sql: &str, values: &[Value]) -> rusqlite::Result<Vec<i64>> {
    call.db
        .prepare_cached(sql)?
        .query_map(rusqlite::params_from_iter(values), |row| row.get(0))?
        .collect()
}

/// The first and the last key of a resource.
fn ends(call: &Call<'_>, resource: &Resource) -> rusqlite::Result<(i64, i64)> {
    let (table, key) = (resource.table, resource.key);
    call.db
        .prepare_cached(&format!(
            "SELECT coalesce((SELECT min({key}) FROM {table}), 0), coalesce((SELECT max({key}) FROM {table}), 0)"
        ))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn integer(number: usize) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// How SQLite is told to go along an order, where an index has it.
fn walk(resource: &Resource, order: &str) -> Option<&'static str> {
    let term = order.split([' ', ',']).next().unwrap_or_default();
    if term == resource.key {
        return Some("NOT INDEXED");
    }
    if resource.table != "investments i" {
        return None;
    }
    match term {
        "i.amount_cents" => Some("INDEXED BY investments_amount"),
        "i.created_at" => Some("INDEXED BY investments_created_at"),
        "i.updated_at" => Some("INDEXED BY investments_updated_at"),
        _ => None,
    }
}

/// The same terms, each the other way round.
fn reversed(order: &str) -> String {
    let terms = order.split(", ").map(|term| {
        if let Some(term) = term.strip_suffix(" DESC") {
            format!("{term} ASC")
        } else {
            format!("{} DESC", term.strip_suffix(" ASC").unwrap_or(term))
        }
    });
    terms.collect::<Vec<_>>().join(", ")
}

/// A condition on columns of joined tables, asked of those tables alone: SQLite looks the few
/// matching owners up instead of joining every row. `NULL` matches no such condition, as in the join.
fn among_owners(resource: &Resource, aliases: &[&str], condition: &str) -> Option<String> {
    let mut joins = Vec::new();
    let mut root = None;
    for (alias, join) in resource.joins.iter().rev() {
        let needed = aliases.contains(alias)
            || joins
                .iter()
                .any(|(_, join): &(&str, &str)| hangs_on(join, alias));
        if !needed {
            continue;
        }
        let owner = join.rsplit_once(" = ")?.1;
        if owner.starts_with("i.") {
            // Two ways to the owners are no way.
            if root.is_some() {
                return None;
            }
            let table = join.strip_prefix("LEFT JOIN ")?.split_once(" ON ")?.0;
            root = Some((*alias, table, owner));
        } else {
            joins.push((*alias, *join));
        }
    }
    let (alias, table, owner) = root?;
    let tables: Vec<_> = joins.iter().rev().map(|(_, join)| *join).collect();
    let mut inner = format!(
        "SELECT {alias}.id FROM {table} {} WHERE {condition}",
        tables.join(" ")
    );
    // Under names of their own: the statement around makes every join whose name it meets.
    for alias in joins.iter().map(|(alias, _)| *alias).chain([alias]) {
        inner = inner
            .replace(&format!("{alias}."), &format!("{alias}_."))
            .replace(&format!(" {alias} "), &format!(" {alias}_ "));
    }
    Some(format!("{owner} IN ({inner})"))
}

/// Whether a join hangs on a table.
fn hangs_on(join: &str, alias: &str) -> bool {
    join.rsplit_once(" = ")
        .and_then(|(_, owner)| owner.split_once('.'))
        .is_some_and(|(owner, _)| owner == alias)
}

/// The searched columns, those that one owner leads to together, and the aliases of their tables.
fn by_owner(resource: &Resource) -> Vec<(Vec<&'static str>, Vec<&'static str>)> {
    let mut groups: Vec<(&str, Vec<&'static str>, Vec<&'static str>)> = Vec::new();
    for sql in resource.search {
        let mut root = alias(sql);
        while let Some((_, join)) = resource.joins.iter().find(|(alias, _)| *alias == root) {
            let owner = join
                .rsplit_once(" = ")
                .map_or("i", |(_, owner)| alias(owner));
            if owner == "i" {
                break;
            }
            root = owner;
        }
        match groups.iter_mut().find(|(other, ..)| *other == root) {
            Some((_, columns, aliases)) => {
                columns.push(sql);
                aliases.push(alias(sql));
            }
            None => groups.push((root, vec![sql], vec![alias(sql)])),
        }
    }
    groups
        .into_iter()
        .map(|(_, columns, aliases)| (columns, aliases))
        .collect()
}

fn alias(sql: &str) -> &str {
    sql.split_once('.').map_or("", |(alias, _)| alias)
}

/// A condition on one column, put to the table that has it.
fn on_column(resource: &Resource, sql: &str, condition: String) -> String {
    among_owners(resource, &[alias(sql)], &condition).unwrap_or(condition)
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

mod by_offering;
#[cfg(test)]
mod plans;
