//! The fields of each resource that can be created, as DRF's `OPTIONS` lists them under `actions`.
//!
//! Names and order are those of the document. What it does not tell is told as the sandbox takes it:
//! texts without limits, words of which only the first is known as texts, what is read-only without
//! limits. It reads no body: that is the resources' work.

use super::{investments, investors, kyb_documents, kyc, signatures};
use crate::generated::routes::Operation;
use crate::json::{Json, object};

/// What a field holds, by DRF's words for it.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Boolean,
    /// One of a list, or of one that nobody knows.
    Choice(&'static [&'static str]),
    Date,
    Datetime,
    Decimal,
    Email,
    /// Without a word of its own: an id of another object, or any JSON.
    Field,
    File {
        max_length: usize,
    },
    Integer {
        min_value: Option<i64>,
    },
    Object(&'static [Field]),
    Objects(&'static [Field]),
    Text,
    Texts,
}

/// Whether a body has a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    Always,
    Perhaps,
    Never,
}

/// One field.
#[derive(Clone, Copy, Debug)]
struct Field {
    name: &'static str,
    kind: Kind,
    given: Given,
}

const fn must(name: &'static str, kind: Kind) -> Field {
    let given = Given::Always;
    Field { name, kind, given }
}

const fn may(name: &'static str, kind: Kind) -> Field {
    let given = Given::Perhaps;
    Field { name, kind, given }
}

const fn read(name: &'static str, kind: Kind) -> Field {
    let given = Given::Never;
    Field { name, kind, given }
}

const NUMBER: Kind = Kind::Integer { min_value: None };

static USER: [Field; 24] = [
    read("id", NUMBER),
    read("email", Kind::Email),
    read("is_investor", Kind::Boolean),
    read("is_issuer", Kind::Boolean),
    read("is_broker", Kind::Boolean),
    read("is_staff", Kind::Boolean),
    read("first_name", Kind::Text),
    read("last_name", Kind::Text),
    read("company_name", Kind::Text),
    read("default_offering_id", NUMBER),
    read("default_issuer_id", NUMBER),
    read("date_joined", Kind::Datetime),
    read("last_login", Kind::Datetime),
    read("phone", Kind::Text),
    read("is_us_citizen", Kind::Boolean),
    read("country", Kind::Text),
    read("has_ip_country_changed", Kind::Boolean),
    read("is_country_authorized", Kind::Boolean),
    read("offering_set", Kind::Field),
    read("tax_id_number_update_sponsor_id", NUMBER),
    read("receive_sms", Kind::Boolean),
    read("private_program_signup_at", Kind::Datetime),
    read("private_program_initial_promotion_code", Kind::Text),
    read("private_program_home_page", Kind::Boolean),
];

/// Of a person: the fields of companies and trusts are not documented.
static ENTITY: [Field; 32] = [
    must("first_name", Kind::Text),
    must("last_name", Kind::Text),
    may("date_of_birth", Kind::Date),
    may("tax_id_number", Kind::Text),
    may("accredited_investor", Kind::Boolean),
    may("net_worth", Kind::Decimal),
    may("annual_income", Kind::Decimal),
    may("citizenship", Kind::Text),
    may("us_person", Kind::Boolean),
    may("exempt_from_backup_withholding", Kind::Boolean),
    may(
        "amount_invested_in_reg_cf_offering_this_year",
        Kind::Decimal,
    ),
    may(
        "amount_invested_in_reg_cf_offering_this_year_other_platforms",
        Kind::Decimal,
    ),
    may("accredited_investor_type", Kind::Text),
    may("attorney_or_cpa_email", Kind::Email),
    may("canadian_eligible_investor_type", Kind::Text),
    may("household_w9", Kind::Boolean),
    read("generic_accredited_investor", Kind::Boolean),
    read("id", NUMBER),
    may("email", Kind::Email),
    may("phone", Kind::Text),
    may("street_address_1", Kind::Text),
    may("street_address_2", Kind::Text),
    may("city", Kind::Text),
    may("state", Kind::Text),
    may("region", Kind::Text),
    may("postal_code", Kind::Text),
    may("country", Kind::Choice(&kyc::COUNTRIES)),
    read("kyc_status", Kind::Choice(&[])),
    read("number_kyc_failed", NUMBER),
    read("current_frozen_kyc_fields", Kind::Texts),
    read("frozen_field_update_sponsor", Kind::Field),
    read(
        "north_capital_investor_custodial_account_request_id",
        Kind::Text,
    ),
];

static NOTE: [Field; 7] = [
    read("id", NUMBER),
    read(
        "user",
        Kind::Object(&[read("id", NUMBER), read("email", Kind::Email)]),
    ),
    read("text", Kind::Text),
    read("investor", Kind::Field),
    read("investment", Kind::Field),
    read("created_at", Kind::Datetime),
    read("updated_at", Kind::Datetime),
];

static INDIVIDUAL: [Field; 6] = [
    read("id", NUMBER),
    read("first_name", Kind::Text),
    read("last_name", Kind::Text),
    read("email", Kind::Email),
    read("phone", Kind::Text),
    read("kyc_status", Kind::Choice(&[])),
];

static INVESTOR: [Field; 10] = [
    read("id", NUMBER),
    read("user", Kind::Object(&USER)),
    must("entity", Kind::Object(&ENTITY)),
    must("type", Kind::Choice(&investors::TYPES)),
    may("receive_sms", Kind::Boolean),
    may("receive_emails", Kind::Boolean),
    read("utm_parameters", Kind::Field),
    read("last_failed_payment_investment", Kind::Field),
    read("note_set", Kind::Objects(&NOTE)),
    read("individual_entity", Kind::Object(&INDIVIDUAL)),
];

static INVESTMENT: [Field; 31] = [
    read("id", NUMBER),
    must("quantity", Kind::Integer { min_value: Some(1) }),
    must("offering", Kind::Field),
    must("investor", Kind::Field),
    read("payment_intent_client_secret", Kind::Text),
    may("accredited_investor", Kind::Boolean),
    may("net_worth", Kind::Decimal),
    may("annual_income", Kind::Decimal),
    may("us_person", Kind::Boolean),
    may("exempt_from_backup_withholding", Kind::Boolean),
    may(
        "amount_invested_in_reg_cf_offering_this_year",
        Kind::Decimal,
    ),
    may(
        "amount_invested_in_reg_cf_offering_this_year_other_platforms",
        Kind::Decimal,
    ),
    may("is_entity_submitted", Kind::Boolean),
    may("user_browser_type", Kind::Text),
    may("accredited_investor_type", Kind::Text),
    may("attorney_or_cpa_email", Kind::Email),
    may("reg_cf_disclosure_acknowledged_at", Kind::Datetime),
    may("household_w9", Kind::Boolean),
    may("bonus_shares_code", Kind::Text),
    read("bonus_shares", NUMBER),
    may("canadian_eligible_investor_type", Kind::Text),
    may(
        "requested_payment_method",
        Kind::Choice(&investments::PAYMENT_METHODS),
    ),
    read("amount", Kind::Decimal),
    read("price_fees", Kind::Decimal),
    read("price_payment_processing_fees", Kind::Decimal),
    may("receive_sms", Kind::Boolean),
    may("utm_parameters", Kind::Field),
    may("user_agreements", Kind::Field),
    read("shares_amount", Kind::Decimal),
    read("quantity_qualified_shares", NUMBER),
    read("price_qualified_shares", Kind::Decimal),
];

static KYB_DOCUMENT: [Field; 7] = [
    read("id", NUMBER),
    read("created_at", Kind::Datetime),
    must("entity", Kind::Field),
    must("type", Kind::Choice(&["other"])),
    must("side", Kind::Choice(&["front", "back"])),
    must(
        "storage_content",
        Kind::File {
            max_length: kyb_documents::NAME_LENGTH,
        },
    ),
    read("verified", Kind::Boolean),
];

static SIGNATURE: [Field; 11] = [
    read("id", NUMBER),
    must("investment", Kind::Field),
    may("investor_signature_text", Kind::Text),
    may("investor_signature_date", Kind::Datetime),
    must("document_name", Kind::Choice(&signatures::DOCUMENTS)),
    may("document_version", NUMBER),
    may("investor_title", Kind::Text),
    may("facebook_fbc", Kind::Text),
    may("facebook_fbp", Kind::Text),
    read("signing_url", Kind::Text),
    read("signed_at", Kind::Datetime),
];

/// The fields of what an operation makes; `None` when it makes nothing of the resource's own.
pub(super) fn of(operation: Operation) -> Option<Json> {
    let fields: &[Field] = match operation {
        Operation::InvestorsCreate => &INVESTOR,
        Operation::InvestmentsCreate => &INVESTMENT,
        Operation::KybDocumentsCreate => &KYB_DOCUMENT,
        Operation::SubscriptionAgreementInvestorSignaturesCreate => &SIGNATURE,
        _ => return None,
    };
    Some(all(fields))
}

fn all(fields: &'static [Field]) -> Json {
    let shown = fields.iter().map(|field| (field.name.into(), field.show()));
    Json::Object(shown.collect())
}

impl Field {
    fn show(&self) -> Json {
        let json = object! {
            "type": self.kind.word(),
            "required": self.given == Given::Always,
            "read_only": self.given == Given::Never,
            "label": label(self.name),
        };
        match self.kind {
            Kind::Choice(values) if self.given != Given::Never => {
                let choices = values
                    .iter()
                    .map(|value| object! { "value": *value, "display_name": titled(value) });
                json.with("choices", Json::list(choices))
            }
            Kind::Decimal => json
                .with("max_digits", super::literals::AMOUNT_DIGITS)
                .with("decimal_places", super::literals::AMOUNT_PLACES),
            Kind::File { max_length } => {
                json.with("max_length", i64::try_from(max_length).unwrap_or(i64::MAX))
            }
            Kind::Integer {
                min_value: Some(least),
            } => json.with("min_value", least),
            Kind::Object(fields) => json.with("children", all(fields)),
            Kind::Objects(fields) => json.with(
                "child",
                child("nested object").with("children", all(fields)),
            ),
            Kind::Texts => json.with("child", child("string")),
            _ => json,
        }
    }
}

/// An item of a list.
fn child(word: &'static str) -> Json {
    object! { "type": word, "required": true, "read_only": false }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Choice(_) => "choice",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Decimal => "decimal",
            Self::Email => "email",
            Self::Field | Self::Objects(_) => "field",
            Self::File { .. } => "file upload",
            Self::Integer { .. } => "integer",
            Self::Object(_) => "nested object",
            Self::Text => "string",
            Self::Texts => "list",
        }
    }
}

/// The words of a name, as Django writes them.
fn label(name: &str) -> String {
    if name == "id" {
        return "ID".to_owned();
    }
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let rest = letters.map(|letter| if letter == '_' { ' ' } else { letter });
    first.into_iter().chain(rest).collect()
}

/// The words of a value, each with a capital; a code of two capitals stays.
fn titled(value: &str) -> String {
    if value.chars().all(|letter| letter.is_ascii_uppercase()) {
        return value.to_owned();
    }
    super::metadata::titled(value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::generated::routes::ROUTES;

    fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
        let reference = value.get("$ref").and_then(Value::as_str);
        reference.map_or(value, |to| document.pointer(&to[1..]).unwrap())
    }

    /// The names of an object's properties, below a media type.
    fn properties<'a>(document: &'a Value, content: &'a Value) -> BTreeSet<&'a str> {
        let media = content["content"].as_object().unwrap().values().next();
        let schema = resolved(document, &media.unwrap()["schema"]);
        let properties = schema["properties"].as_object().unwrap();
        properties.keys().map(String::as_str).collect()
    }

    #[test]
    fn the_fields_are_those_of_the_contract() {
        let document: Value =
            serde_json::from_str(include_str!("../generated/thirdparty.json")).unwrap();
        let mut count = 0;
        for route in ROUTES {
            let Some(shown) = of(route.operation) else {
                continue;
            };
            count += 1;
            let shown: Value = serde_json::from_slice(&shown.to_bytes()).unwrap();
            let shown = shown.as_object().unwrap();
            let names: BTreeSet<_> = shown.keys().map(String::as_str).collect();
            let sent: BTreeSet<_> = shown
                .iter()
                .filter(|(_, field)| field["read_only"] == false)
                .map(|(name, _)| name.as_str())
                .collect();
            let operation = &document["paths"][route.path]["post"];
            let request = resolved(&document, &operation["requestBody"]);
            assert_eq!(sent, properties(&document, request), "{}", route.name);
            let answer = resolved(&document, &operation["responses"]["201"]);
            let missing: Vec<_> = properties(&document, answer)
                .difference(&names)
                .copied()
                .collect();
            assert_eq!(missing, [""; 0], "{}", route.name);
        }
        assert_eq!(count, 4);
    }
}
