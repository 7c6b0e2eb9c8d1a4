//! The person, company or trust in whose name somebody invests.
//!
//! What filters look at stands in columns; the questionnaire (net worth, declarations) is JSON in
//! `attributes`.

use rusqlite::Connection;
use rusqlite::types::Value as Sql;
use serde_json::{Map, Value};

use super::fields::{Fields, Presence};
use super::kyc;
use crate::json::{Json, object};
use crate::store::{Reader, Record, Table};

/// A person's declarations: money.
const AMOUNTS: [&str; 4] = [
    "net_worth",
    "annual_income",
    "amount_invested_in_reg_cf_offering_this_year",
    "amount_invested_in_reg_cf_offering_this_year_other_platforms",
];
/// A person's declarations: yes or no.
const DECLARATIONS: [&str; 4] = [
    "accredited_investor",
    "us_person",
    "exempt_from_backup_withholding",
    "household_w9",
];
/// A person's declarations: value lists of which only the first value is known, so any text passes.
const WORDS: [&str; 3] = [
    "citizenship",
    "accredited_investor_type",
    "canadian_eligible_investor_type",
];
/// The fields in the order of the document, which is that of the complaints.
const ORDER: [&str; 26] = [
    "first_name",
    "last_name",
    "company_name",
    "date_of_birth",
    "tax_id_number",
    "accredited_investor",
    "net_worth",
    "annual_income",
    "citizenship",
    "us_person",
    "exempt_from_backup_withholding",
    "amount_invested_in_reg_cf_offering_this_year",
    "amount_invested_in_reg_cf_offering_this_year_other_platforms",
    "accredited_investor_type",
    "attorney_or_cpa_email",
    "canadian_eligible_investor_type",
    "household_w9",
    "email",
    "phone",
    "street_address_1",
    "street_address_2",
    "city",
    "state",
    "region",
    "postal_code",
    "country",
];
/// Whose name it is.
const NAMES: [&str; 3] = ["first_name", "last_name", "company_name"];
/// Where it can be reached.
const CONTACT: [&str; 7] = [
    "phone",
    "street_address_1",
    "street_address_2",
    "city",
    "state",
    "region",
    "postal_code",
];

/// An entity that was read from a request.
#[derive(Debug, Default)]
pub(crate) struct NewEntity {
    pub(crate) columns: Vec<(&'static str, String)>,
    attributes: Map<String, Value>,
}

impl NewEntity {
    /// Reads and checks the `entity` of a new investor, in the order of the document's fields.
    pub(crate) fn read(fields: &mut Fields<'_>, is_person: bool) -> Self {
        let mut entity = Self::default();
        for name in NAMES {
            let presence = if (name == "company_name") == is_person {
                Presence::Optional
            } else {
                Presence::Required
            };
            entity.set(name, fields.text(name, presence));
        }
        entity.set(
            "date_of_birth",
            fields.date("date_of_birth", Presence::Optional),
        );
        entity.set(
            "tax_id_number",
            fields.text("tax_id_number", Presence::Optional),
        );
        read_declarations(fields, &mut entity.attributes);
        entity.set("email", fields.email("email", Presence::Optional));
        for name in CONTACT {
            entity.set(name, fields.text(name, Presence::Optional));
        }
        entity.set(
            "country",
            fields.choice("country", Presence::Optional, &kyc::COUNTRIES),
        );
        fields.sort(&ORDER);
        if !is_person {
            // The fields of companies and trusts are not documented: whatever else comes is kept
            // and shown.
            for (name, value) in fields.values() {
                let known = entity.columns.iter().any(|(column, _)| column == name);
                if !known && !entity.attributes.contains_key(name) && !is_column(name) {
                    entity.attributes.insert(name.clone(), value.clone());
                }
            }
        }
        entity
    }

    pub(crate) fn get(&self, name: &str) -> &str {
        self.columns
            .iter()
            .find(|(column, _)| *column == name)
            .map_or("", |(_, value)| value)
    }

    /// Stores it.
    pub(crate) fn insert(&self, db: &Connection) -> rusqlite::Result<i64> {
        let names: String = self
            .columns
            .iter()
            .map(|(name, _)| format!(", {name}"))
            .collect();
        let marks = ", ?".repeat(self.columns.len());
        let values = std::iter::once(Value::Object(self.attributes.clone()).to_string())
            .chain(self.columns.iter().map(|(_, value)| value.clone()))
            .map(Sql::Text);
        db.prepare_cached(&format!(
            "INSERT INTO entities (attributes{names}) VALUES (?{marks})"
        ))?
        .execute(rusqlite::params_from_iter(values))?;
        Ok(db.last_insert_rowid())
    }

    fn set(&mut self, name: &'static str, value: Option<String>) {
        if let Some(value) = value {
            self.columns.push((name, value));
        }
    }
}

/// Reads the declarations that an entity and an investment share.
pub(crate) fn read_declarations(fields: &mut Fields<'_>, attributes: &mut Map<String, Value>) {
    for name in AMOUNTS {
        if let Some(value) = fields.decimal(name, Presence::Optional) {
            attributes.insert(name.to_owned(), value.into());
        }
    }
    for name in DECLARATIONS {
        if let Some(value) = fields.boolean(name, Presence::Optional) {
            attributes.insert(name.to_owned(), value.into());
        }
    }
    for name in WORDS {
        if let Some(value) = fields.text(name, Presence::Optional) {
            attributes.insert(name.to_owned(), value.into());
        }
    }
    if let Some(value) = fields.email("attorney_or_cpa_email", Presence::Optional) {
        attributes.insert("attorney_or_cpa_email".to_owned(), value.into());
    }
}

/// The entity in full.
pub(crate) fn full(reader: &Reader<'_>, id: i64) -> rusqlite::Result<Json> {
    reader.row(Table::Entities, id, |row| {
        let mut attributes = attributes(row)?;
        let mut take = |name: &str| Json::from(attributes.remove(name));
        let entity = object! {
            "first_name": text(row, "first_name")?,
            "last_name": text(row, "last_name")?,
            "date_of_birth": text(row, "date_of_birth")?,
            "tax_id_number": text(row, "tax_id_number")?,
            "accredited_investor": take("accredited_investor"),
            "net_worth": take("net_worth"),
            "annual_income": take("annual_income"),
            "citizenship": take("citizenship"),
            "us_person": take("us_person"),
            "exempt_from_backup_withholding": take("exempt_from_backup_withholding"),
            "amount_invested_in_reg_cf_offering_this_year": take("amount_invested_in_reg_cf_offering_this_year"),
            "amount_invested_in_reg_cf_offering_this_year_other_platforms":
                take("amount_invested_in_reg_cf_offering_this_year_other_platforms"),
            "accredited_investor_type": take("accredited_investor_type"),
            "attorney_or_cpa_email": take("attorney_or_cpa_email"),
            "canadian_eligible_investor_type": take("canadian_eligible_investor_type"),
            "household_w9": take("household_w9"),
            "generic_accredited_investor": false,
            "id": id,
            "email": text(row, "email")?,
            "phone": text(row, "phone")?,
            "street_address_1": text(row, "street_address_1")?,
            "street_address_2": text(row, "street_address_2")?,
            "city": text(row, "city")?,
            "state": text(row, "state")?,
            "region": text(row, "region")?,
            "postal_code": text(row, "postal_code")?,
            "country": text(row, "country")?,
            "kyc_status": text(row, "kyc_status")?,
            "number_kyc_failed": row.get::<i64>("number_kyc_failed")?,
            "current_frozen_kyc_fields": frozen_fields(row)?,
            "frozen_field_update_sponsor": Json::Null,
            "north_capital_investor_custodial_account_request_id": Json::Null,
        };
        with_company(entity, row, attributes)
    })
}

/// The entity as it stands in a list of investments.
pub(crate) fn summary(reader: &Reader<'_>, id: i64) -> rusqlite::Result<Json> {
    reader.row(Table::Entities, id, |row| {
        let mut attributes = attributes(row)?;
        let mut take = |name: &str| Json::from(attributes.remove(name));
        let entity = object! {
            "id": id,
            "email": text(row, "email")?,
            "phone": text(row, "phone")?,
            "street_address_1": text(row, "street_address_1")?,
            "street_address_2": text(row, "street_address_2")?,
            "city": text(row, "city")?,
            "state": text(row, "state")?,
            "region": text(row, "region")?,
            "postal_code": text(row, "postal_code")?,
            "country": text(row, "country")?,
            "kyc_status": text(row, "kyc_status")?,
            "number_kyc_failed": row.get::<i64>("number_kyc_failed")?,
            "current_frozen_kyc_fields": frozen_fields(row)?,
            "first_name": text(row, "first_name")?,
            "last_name": text(row, "last_name")?,
            "date_of_birth": text(row, "date_of_birth")?,
            "tax_id_number": text(row, "tax_id_number")?,
            "accredited_investor": take("accredited_investor"),
            "net_worth": take("net_worth"),
            "annual_income": take("annual_income"),
            "citizenship": take("citizenship"),
            "us_person": take("us_person"),
            "exempt_from_backup_withholding": take("exempt_from_backup_withholding"),
            "amount_invested_in_reg_cf_offering_this_year": take("amount_invested_in_reg_cf_offering_this_year"),
            "accredited_investor_type": take("accredited_investor_type"),
            "attorney_or_cpa_email": take("attorney_or_cpa_email"),
            "generic_accredited_investor": false,
        };
        with_company(entity, row, Map::new())
    })
}

/// The natural person behind a company or trust.
pub(crate) fn individual(reader: &Reader<'_>, id: Option<i64>) -> rusqlite::Result<Json> {
    let Some(id) = id else { return Ok(Json::Null) };
    reader.row(Table::Entities, id, |row| {
        Ok(object! {
            "id": id,
            "first_name": text(row, "first_name")?,
            "last_name": text(row, "last_name")?,
            "email": text(row, "email")?,
            "phone": text(row, "phone")?,
            "kyc_status": text(row, "kyc_status")?,
        })
    })
}

fn with_company(
    mut entity: Json,
    row: &Record<'_>,
    rest: Map<String, Value>,
) -> rusqlite::Result<Json> {
    let company: Option<String> = row.get("company_name")?;
    if let (Json::Object(fields), Some(company)) = (&mut entity, company) {
        fields.push(("company_name".into(), company.into()));
        fields.extend(
            rest.into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
    }
    Ok(entity)
}

/// Once an identity check passed, what it looked at may no longer change.
fn frozen_fields(row: &Record<'_>) -> rusqlite::Result<Json> {
    let passed = row.get::<String>("kyc_status")? == "passed";
    let fields: &[&'static str] = if passed {
        &[
            "first_name",
            "last_name",
            "date_of_birth",
            "tax_id_number",
            "country",
        ]
    } else {
        &[]
    };
    Ok(Json::list(fields.iter().copied()))
}

fn is_column(name: &str) -> bool {
    NAMES.contains(&name)
        || CONTACT.contains(&name)
        || WORDS.contains(&name)
        || DECLARATIONS.contains(&name)
        || AMOUNTS.contains(&name)
        || matches!(
            name,
            "id" | "email"
                | "date_of_birth"
                | "tax_id_number"
                | "country"
                | "attorney_or_cpa_email"
        )
}

fn attributes(row: &Record<'_>) -> rusqlite::Result<Map<String, Value>> {
    let text: String = row.get("attributes")?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

fn text(row: &Record<'_>, name: &str) -> rusqlite::Result<Option<String>> {
    row.get(name)
}
