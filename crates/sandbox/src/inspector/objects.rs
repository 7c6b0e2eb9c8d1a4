//! The objects of both services as the inspector lists them: a few columns of each, newest first, and the history of those
//! that have one.
//!
//! No column of personal data beyond a name; that is what the APIs are for.

use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::json::{Json, object};

/// How many objects a list has.
const LIMIT: i64 = 50;

/// A kind of objects.
#[derive(Debug)]
pub(super) struct Kind {
    /// As in the address.
    pub(super) name: &'static str,
    /// The column names, in the order of the query below.
    columns: &'static [&'static str],
    /// Selects the columns `FROM` the tables; `id` of the first table is the key.
    select: &'static str,
    /// The key's column.
    key: &'static str,
    /// Table and column of the history.
    history: Option<(&'static str, &'static str)>,
}

pub(super) static KINDS: [Kind; 7] = [
    Kind {
        name: "investments",
        columns: &[
            "id", "status", "offering", "investor_id", "amount_cents", "payment_method", "signed", "created_at",
            "updated_at",
        ],
        select: "SELECT i.id, i.status, o.slug, i.investor_id, i.amount_cents,
                        coalesce(i.payment_method, i.requested_payment_method), i.has_investor_signed, i.created_at,
                        i.updated_at
                 FROM investments i JOIN offerings o ON o.id = i.offering_id",
        key: "i.id",
        history: Some(("investment_history", "investment_id")),
    },
    Kind {
        name: "investors",
        columns: &["id", "type", "name", "kyc_status", "created_at"],
        select: "SELECT v.id, v.type, coalesce(e.company_name, trim(coalesce(e.first_name, '') || ' ' ||
                        coalesce(e.last_name, ''))), e.kyc_status, v.created_at
                 FROM investors v JOIN entities e ON e.id = v.entity_id",
        key: "v.id",
        history: None,
    },
    Kind {
        name: "offerings",
        columns: &["id", "slug", "name", "type", "status", "unit_price_cents"],
        select: "SELECT o.id, o.slug, o.name, o.type, o.status, o.unit_price_cents FROM offerings o",
        key: "o.id",
        history: None,
    },
    Kind {
        name: "invoices",
        columns: &["id", "investment_id", "number"],
        select: "SELECT n.id, n.investment_id, n.number FROM invoices n",
        key: "n.id",
        history: None,
    },
    Kind {
        name: "signatures",
        columns: &["id", "investment_id", "document_name", "signed_at", "created_at"],
        select: "SELECT s.id, s.investment_id, s.document_name, s.signed_at, s.created_at FROM signatures s",
        key: "s.id",
        history: None,
    },
    Kind {
        name: "verification_requests",
        columns: &[
            "id", "status", "type", "legal_name", "portal_name", "user_id", "verified_expires_at", "created_at",
            "changed_at",
        ],
        select: "SELECT r.id, r.status, r.type, r.legal_name, r.portal_name, r.user_id, r.verified_expires_at, r.created_at,
                        r.changed_at
                 FROM vi_requests r",
        key: "r.id",
        history: Some(("vi_history", "request_id")),
    },
    Kind {
        name: "verifyinvestor_users",
        columns: &["id", "name", "created_at"],
        select: "SELECT u.id, u.first_name || ' ' || u.last_name, u.created_at FROM vi_users u",
        key: "u.id",
        history: None,
    },
];

pub(super) fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The newest ones, or the newest of those before an id.
pub(super) fn newest(db: &Connection, kind: &Kind, before: Option<i64>) -> rusqlite::Result<Json> {
    let sql = format!(
        "{} WHERE {key} < ?1 ORDER BY {key} DESC LIMIT {LIMIT}",
        kind.select,
        key = kind.key
    );
    let rows = db
        .prepare_cached(&sql)?
        .query_map([before.unwrap_or(i64::MAX)], |row| read(kind, row))?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Json::List(rows))
}

/// One of them, with its history.
pub(super) fn find(db: &Connection, kind: &Kind, id: i64) -> rusqlite::Result<Option<Json>> {
    let sql = format!("{} WHERE {} = ?1", kind.select, kind.key);
    let found = db
        .prepare_cached(&sql)?
        .query_row([id], |row| read(kind, row))
        .optional()?;
    let (Some(found), Some((table, column))) = (found.clone(), kind.history) else {
        return Ok(found);
    };
    let history = db
        .prepare_cached(&format!(
            "SELECT status, at FROM {table} WHERE {column} = ?1 ORDER BY id"
        ))?
        .query_map([id], |row| {
            Ok(object! { "status": row.get::<_, String>(0)?, "at": row.get::<_, String>(1)? })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Some(found.with("history", history)))
}

fn read(kind: &Kind, row: &Row<'_>) -> rusqlite::Result<Json> {
    let mut found = Json::Object(Vec::with_capacity(kind.columns.len()));
    for (index, column) in kind.columns.iter().enumerate() {
        found = found.with(column, row.get::<_, Json>(index)?);
    }
    Ok(found)
}
