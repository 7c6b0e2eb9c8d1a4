//! Invoices: how to pay a wire investment. Each wire investment has exactly one.

use rusqlite::{OptionalExtension, params};

use super::filters::{Column, Holds, Resource, column};
use super::{errors, pagination};
use crate::call::Call;
use crate::json::{Json, object};
use crate::reply::{Outcome, Reply};

static RESOURCE: Resource = Resource {
    table: "invoices i",
    key: "i.id",
    joins: &[],
    columns: &COLUMNS,
    predicates: &[],
    search: &["i.number", "i.beneficiary_name"],
};

const COLUMNS: [Column; 3] = [
    column("id", "i.id", Holds::Integer),
    column(
        "investment",
        "i.investment_id",
        Holds::Reference("investments"),
    ),
    column("number", "i.number", Holds::Text),
];

/// `GET /api_third_party/invoices/`
pub(crate) fn list(call: &Call<'_>) -> Outcome {
    pagination::page(call, &RESOURCE, |id| {
        Ok(read(call, id)?.unwrap_or(Json::Null))
    })
}

/// `GET /api_third_party/invoices/{id}/`
pub(crate) fn retrieve(call: &Call<'_>) -> Outcome {
    let id = super::object_id(call, "Invoice")?;
    let invoice = read(call, id)?.ok_or_else(|| errors::no_match(call, "Invoice"))?;
    Ok(Reply::ok(&invoice))
}

/// Writes the invoice of a new wire investment.
pub(crate) fn issue(call: &Call<'_>, investment: i64, issuer_name: &str) -> rusqlite::Result<()> {
    let code = call.opaque("invoice")?;
    let digits: String = code
        .bytes()
        .take(10)
        .map(|byte| char::from(b'0' + byte % 10))
        .collect();
    call.db.execute(
        "INSERT INTO invoices (investment_id, number, account_number, bank_name, fingerprint, routing_number,
            swift_code, beneficiary_name, beneficiary_address)
         VALUES (?1, ?2, ?3, 'SANDBOX BANK', ?4, '110000000', 'SNDBUS6S', ?5,
            '1 Sandbox Street, San Francisco, CA 94105')",
        params![
            investment,
            format!("INV-{investment:06}"),
            digits,
            code.get(16..32).unwrap_or_default(),
            issuer_name
        ],
    )?;
    Ok(())
}

fn read(call: &Call<'_>, id: i64) -> rusqlite::Result<Option<Json>> {
    call.db
        .prepare_cached("SELECT * FROM invoices WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(object! {
                "id": id,
                "investment": row.get::<_, i64>("investment_id")?,
                "number": row.get::<_, String>("number")?,
                "account_number": row.get::<_, String>("account_number")?,
                "bank_name": row.get::<_, String>("bank_name")?,
                "fingerprint": row.get::<_, String>("fingerprint")?,
                "routing_number": row.get::<_, String>("routing_number")?,
                "swift_code": row.get::<_, String>("swift_code")?,
                "beneficiary_name": row.get::<_, String>("beneficiary_name")?,
                "beneficiary_address": row.get::<_, String>("beneficiary_address")?,
            })
        })
        .optional()
}
