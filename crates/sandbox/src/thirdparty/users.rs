//! Platform accounts: the partner's own and those of the investors.
//!
//! Three shapes of one account: in lists of investments, in full, and under notes.

use rusqlite::{Connection, OptionalExtension, params};

use crate::clock::Moment;
use crate::json::{Json, object};
use crate::store::{Reader, Table};

/// The account in full, as it stands in an investor.
pub(crate) fn full(reader: &Reader<'_>, id: i64) -> rusqlite::Result<Json> {
    reader.row(Table::Users, id, |row| {
        Ok(object! {
            "id": id,
            "email": row.get::<String>("email")?,
            "is_investor": row.get::<bool>("is_investor")?,
            "is_issuer": row.get::<bool>("is_issuer")?,
            "is_broker": false,
            "is_staff": false,
            "first_name": row.get::<String>("first_name")?,
            "last_name": row.get::<String>("last_name")?,
            "company_name": row.get::<String>("company_name")?,
            "default_offering_id": Json::Null,
            "default_issuer_id": Json::Null,
            "date_joined": row.get::<Moment>("date_joined")?,
            "last_login": row.get::<Option<Moment>>("last_login")?,
            "phone": row.get::<String>("phone")?,
            "is_us_citizen": row.get::<String>("country")? == "US",
            "country": row.get::<String>("country")?,
            "has_ip_country_changed": false,
            "is_country_authorized": true,
            "offering_set": Json::List(Vec::new()),
            "tax_id_number_update_sponsor_id": Json::Null,
            "receive_sms": false,
            "private_program_signup_at": Json::Null,
            "private_program_initial_promotion_code": "",
            "private_program_home_page": false,
        })
    })
}

/// The account as it stands in a list of investments.
pub(crate) fn summary(reader: &Reader<'_>, id: i64) -> rusqlite::Result<Json> {
    reader.row(Table::Users, id, |row| {
        Ok(object! {
            "id": id,
            "email": row.get::<String>("email")?,
            "is_investor": row.get::<bool>("is_investor")?,
            "is_issuer": row.get::<bool>("is_issuer")?,
            "is_broker": false,
            "is_staff": false,
            "first_name": row.get::<String>("first_name")?,
            "last_name": row.get::<String>("last_name")?,
            "company_name": row.get::<String>("company_name")?,
            "phone": row.get::<String>("phone")?,
            "default_offering_id": Json::Null,
            "default_issuer_id": Json::Null,
            "date_joined": row.get::<Moment>("date_joined")?,
            "last_login": row.get::<Option<Moment>>("last_login")?,
        })
    })
}

/// The account behind a new investor: the one with the entity's e-mail, made when there is none
/// yet; the partner's own when the entity has no e-mail.
pub(crate) fn of_investor(
    db: &Connection,
    partner: i64,
    email: &str,
    names: [&str; 3],
    country: &str,
    now: &str,
) -> rusqlite::Result<i64> {
    if email.is_empty() {
        return Ok(partner);
    }
    let known: Option<i64> = db
        .prepare_cached("SELECT id FROM users WHERE email = ?1")?
        .query_row([email], |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        db.execute("UPDATE users SET is_investor = 1 WHERE id = ?1", [id])?;
        return Ok(id);
    }
    let [first_name, last_name, company_name] = names;
    db.execute(
        "INSERT INTO users (email, first_name, last_name, company_name, country, is_investor, date_joined)
         VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)",
        params![email, first_name, last_name, company_name, country, now],
    )?;
    Ok(db.last_insert_rowid())
}
