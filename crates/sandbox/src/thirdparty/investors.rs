//! Investors: an account that invests in the name of an entity.
//!
//! Every partner sees every investor: a sandbox has one partner.

use rusqlite::{OptionalExtension, params};
use serde_json::{Map, Value};

use super::entities::{self, NewEntity};
use super::fields::{Fields, Presence};
use super::filters::{Column, Holds, Resource, column};
use super::{envelope, errors, pagination, users};
use crate::call::Call;
use crate::json::{Json, object};
use crate::reply::{Failure, Outcome, Reply};
use crate::store::{Reader, Shape, Table};

/// The kinds of investors.
pub(super) const TYPES: [&str; 4] = ["person", "company", "trust", "trust_ira"];

/// What lists of investors can be filtered by.
pub(crate) static RESOURCE: Resource = Resource {
    table: "investors i",
    key: "i.id",
    joins: &[
        (
            "account",
            "LEFT JOIN users account ON account.id = i.user_id",
        ),
        (
            "entity",
            "LEFT JOIN entities entity ON entity.id = i.entity_id",
        ),
        (
            "individual",
            "LEFT JOIN entities individual ON individual.id = i.individual_entity_id",
        ),
    ],
    columns: &COLUMNS,
    predicates: &[
        ("number_kyc_failed", "entity.number_kyc_failed > 0"),
        (
            "upload_document",
            "EXISTS (SELECT 1 FROM kyb_documents d WHERE d.entity_id = i.entity_id)",
        ),
    ],
    search: &[
        "entity.first_name",
        "entity.last_name",
        "entity.company_name",
        "entity.email",
        "account.email",
    ],
};

const COLUMNS: [Column; 16] = [
    column("created_at", "i.created_at", Holds::Timestamp),
    column("entity", "i.entity_id", Holds::Reference("entities")),
    column(
        "entity__baseentitycompany__company_name",
        "entity.company_name",
        Holds::Text,
    ),
    column(
        "entity__entityperson__first_name",
        "entity.first_name",
        Holds::Text,
    ),
    column(
        "entity__entityperson__last_name",
        "entity.last_name",
        Holds::Text,
    ),
    column("id", "i.id", Holds::Integer),
    column(
        "individual_entity",
        "i.individual_entity_id",
        Holds::Reference("entities"),
    ),
    column(
        "individual_entity__first_name",
        "individual.first_name",
        Holds::Text,
    ),
    column(
        "individual_entity__last_name",
        "individual.last_name",
        Holds::Text,
    ),
    column("receive_emails", "i.receive_emails", Holds::Boolean),
    column("receive_sms", "i.receive_sms", Holds::Boolean),
    column("type", "i.type", Holds::Text),
    column("user", "i.user_id", Holds::Reference("users")),
    column("user__email", "account.email", Holds::Text),
    column("user__first_name", "account.first_name", Holds::Text),
    column("user__last_name", "account.last_name", Holds::Text),
];

/// `GET /api_third_party/investors/`
pub(crate) fn list(call: &Call<'_>) -> Outcome {
    let reader = call.reader();
    pagination::page(call, &RESOURCE, |id| full(&reader, id))
}

/// `POST /api_third_party/investors/`
pub(crate) fn create(call: &Call<'_>) -> Outcome {
    let mut fields = Fields::of(call)?;
    let mut entity = NewEntity::default();
    // Complaints come in the order of the document's fields: the entity first.
    if let Some(mut nested) = fields.nested("entity") {
        let is_person = !matches!(
            fields.values().get("type").and_then(Value::as_str),
            Some("company" | "trust" | "trust_ira")
        );
        entity = NewEntity::read(&mut nested, is_person);
        fields.absorb("entity", nested);
    }
    let kind = fields.choice("type", Presence::Required, &TYPES);
    let receive_sms = fields
        .boolean("receive_sms", Presence::Optional)
        .unwrap_or_default();
    let receive_emails = fields
        .boolean("receive_emails", Presence::Optional)
        .unwrap_or_default();
    fields.check()?;
    let now = call.now_text();
    let names = ["first_name", "last_name", "company_name"].map(|name| entity.get(name));
    let country = Some(entity.get("country"))
        .filter(|country| !country.is_empty())
        .unwrap_or("US");
    let user = users::of_investor(
        call.db,
        call.user,
        entity.get("email"),
        names,
        country,
        &now,
    )?;
    let entity_id = entity.insert(call.db)?;
    call.db.execute(
        "INSERT INTO investors (user_id, entity_id, type, receive_sms, receive_emails, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![user, entity_id, kind, receive_sms, receive_emails, now],
    )?;
    let investor = full(&call.reader(), call.db.last_insert_rowid())?;
    Ok(Reply::json(http::StatusCode::CREATED, &investor))
}

/// `GET /api_third_party/investors/{id}/`
pub(crate) fn retrieve(call: &Call<'_>) -> Outcome {
    let id = super::object_id(call, "Investor")?;
    let shown = full(&call.reader(), id).optional()?;
    let shown = shown.ok_or_else(|| errors::no_match(call, "Investor"))?;
    Ok(Reply::ok(&shown))
}

/// `GET /api_third_party/investors/{id}/get_ach_credit_transfer/`: where this investor wires money
/// to.
pub(crate) fn ach_credit_transfer(call: &Call<'_>) -> Outcome {
    let id = find(call)?;
    let code = crate::secrets::opaque(call.shared.store.seed(), "ach credit transfer", id);
    let digits: String = code
        .bytes()
        .take(12)
        .map(|byte| char::from(b'0' + byte % 10))
        .collect();
    Ok(envelope(object! {
        "ach_credit_transfer": object! {
            "source_id": format!("src_{}", code.get(..24).unwrap_or_default()),
            "bank_address": "1 Sandbox Street, San Francisco, CA 94105",
            "account_number": format!("sandbox_{digits}"),
            "bank_name": "SANDBOX BANK",
            "fingerprint": code.get(24..40).unwrap_or_default().to_owned(),
            "refund_account_holder_name": "",
            "refund_account_holder_type": "",
            "refund_routing_number": "",
            "routing_number": "110000000",
            "swift_code": "SNDBUS6S",
        }
    }))
}

/// The investor that a call's path names.
pub(crate) fn find(call: &Call<'_>) -> Result<i64, Failure> {
    let id = super::object_id(call, "Investor")?;
    let found: Option<i64> = call
        .db
        .prepare_cached("SELECT id FROM investors WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    found.ok_or_else(|| errors::no_match(call, "Investor").into())
}

/// The investor in full.
pub(crate) fn full(reader: &Reader<'_>, id: i64) -> rusqlite::Result<Json> {
    reader.object(Shape::Investor, id, || reader.row(Table::Investors, id, |row| {
        Ok(object! {
            "id": id,
            "user": users::full(reader, row.get("user_id")?)?,
            "entity": entities::full(reader, row.get("entity_id")?)?,
            "type": row.get::<String>("type")?,
            "receive_sms": row.get::<bool>("receive_sms")?,
            "receive_emails": row.get::<bool>("receive_emails")?,
            "utm_parameters": Value::Object(Map::new()),
            "last_failed_payment_investment": row.get::<Option<i64>>("last_failed_payment_investment")?,
            "note_set": Json::List(Vec::new()),
            "individual_entity": entities::individual(reader, row.get("individual_entity_id")?)?,
        })
    }))
}

/// The investor as it stands in a list of investments.
pub(crate) fn summary(reader: &Reader<'_>, id: i64) -> rusqlite::Result<Json> {
    reader.object(Shape::InvestorSummary, id, || reader.row(Table::Investors, id, |row| {
        Ok(object! {
            "id": id,
            "user": users::summary(reader, row.get("user_id")?)?,
            "entity": entities::summary(reader, row.get("entity_id")?)?,
            "individual_entity": entities::individual(reader, row.get("individual_entity_id")?)?,
            "type": row.get::<String>("type")?,
            "receive_sms": row.get::<bool>("receive_sms")?,
            "receive_emails": row.get::<bool>("receive_emails")?,
            "last_failed_payment_investment": row.get::<Option<i64>>("last_failed_payment_investment")?,
        })
    }))
}

/// The name of the person who invests, or stands behind the company or trust that does.
pub(crate) fn individual_name(reader: &Reader<'_>, id: i64) -> rusqlite::Result<Json> {
    reader.object(Shape::IndividualName, id, || {
        let entity = reader.row(Table::Investors, id, |row| {
            let individual: Option<i64> = row.get("individual_entity_id")?;
            individual.map_or_else(|| row.get("entity_id"), Ok)
        })?;
        reader.row(Table::Entities, entity, |row| {
            let part = |name| row.get::<Option<String>>(name);
            let (first, last) = (part("first_name")?, part("last_name")?);
            let name = format!("{} {}", first.unwrap_or_default(), last.unwrap_or_default());
            Ok(name.trim_matches(' ').to_owned().into())
        })
    })
}
