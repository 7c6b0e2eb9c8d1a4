//! Investments: how one begins, what it costs, and what lists of them can be filtered by.
//!
//! Amounts are computed in whole cents: `shares_amount` = quantity × unit price, plus the
//! offering's fee in per cent, plus the card fee where a card was asked for; `amount` is the sum of
//! the three.

use http::StatusCode;
use rusqlite::{OptionalExtension, params};
use serde_json::{Map, Value};

use super::entities;
use super::fields::{Fields, Presence};
use super::filters::{Column, Holds, Resource, column};
use super::investment_shapes::{View, show};
use super::{envelope, errors, invoices, kyc, lifecycle, offerings, pagination};
use crate::call::Call;
use crate::clock;
use crate::json::{Json, object};
use crate::money;
use crate::reply::{Failure, Outcome, Reply};

/// The fields of a new investment in the order of the document, which is that of the complaints.
const ORDER: [&str; 20] = [
    "quantity",
    "offering",
    "investor",
    "accredited_investor",
    "net_worth",
    "annual_income",
    "us_person",
    "exempt_from_backup_withholding",
    "amount_invested_in_reg_cf_offering_this_year",
    "amount_invested_in_reg_cf_offering_this_year_other_platforms",
    "is_entity_submitted",
    "user_browser_type",
    "accredited_investor_type",
    "attorney_or_cpa_email",
    "reg_cf_disclosure_acknowledged_at",
    "household_w9",
    "bonus_shares_code",
    "canadian_eligible_investor_type",
    "requested_payment_method",
    "receive_sms",
];

pub(super) const PAYMENT_METHODS: [&str; 5] = ["card", "wire", "ira", "other", "crypto"];

/// What lists of investments can be filtered by.
pub(crate) static RESOURCE: Resource = Resource {
    table: "investments i",
    key: "i.id",
    joins: &[
        (
            "buyer",
            "LEFT JOIN investors buyer ON buyer.id = i.investor_id",
        ),
        (
            "account",
            "LEFT JOIN users account ON account.id = buyer.user_id",
        ),
        (
            "entity",
            "LEFT JOIN entities entity ON entity.id = buyer.entity_id",
        ),
        (
            "offering",
            "LEFT JOIN offerings offering ON offering.id = i.offering_id",
        ),
        (
            "seller",
            "LEFT JOIN issuers seller ON seller.id = offering.issuer_id",
        ),
        (
            "company",
            "LEFT JOIN entities company ON company.id = seller.entity_id",
        ),
    ],
    columns: &COLUMNS,
    predicates: &[
        ("approvable_investments", "i.status = 'invested'"),
        ("dispute_document_investments", "0"),
        ("dispute_document_required_investments", "0"),
        (
            "entity_verification_document_review_investments",
            "EXISTS (SELECT 1 FROM investors b JOIN kyb_documents d ON d.entity_id = b.entity_id
                WHERE b.id = i.investor_id AND NOT d.verified)",
        ),
        (
            "entity_verification_document_uploaded_investments",
            "EXISTS (SELECT 1 FROM investors b JOIN kyb_documents d ON d.entity_id = b.entity_id
                WHERE b.id = i.investor_id)",
        ),
        ("individual_id_review_investments", "0"),
        ("individual_id_uploaded_investments", "0"),
    ],
    search: &[
        "i.reference_id",
        "entity.first_name",
        "entity.last_name",
        "entity.company_name",
        "entity.email",
        "account.email",
        "offering.name",
    ],
};

const COLUMNS: [Column; 44] = [
    column("amount", "i.amount_cents", Holds::Cents),
    column("created_at", "i.created_at", Holds::Timestamp),
    column(
        "has_investor_signed",
        "i.has_investor_signed",
        Holds::Boolean,
    ),
    column("id", "i.id", Holds::Integer),
    column(
        "investmentapproval__is_approved",
        "i.is_approved",
        Holds::Boolean,
    ),
    column("investor", "i.investor_id", Holds::Reference("investors")),
    column("investor__created_at", "buyer.created_at", Holds::Timestamp),
    column(
        "investor__entity",
        "buyer.entity_id",
        Holds::Reference("entities"),
    ),
    column(
        "investor__entity__baseentitycompany__company_name",
        "entity.company_name",
        Holds::Text,
    ),
    column("investor__entity__email", "entity.email", Holds::Text),
    column(
        "investor__entity__entityperson__first_name",
        "entity.first_name",
        Holds::Text,
    ),
    column(
        "investor__entity__entityperson__last_name",
        "entity.last_name",
        Holds::Text,
    ),
    column(
        "investor__entity__kyc_status",
        "entity.kyc_status",
        Holds::Text,
    ),
    column(
        "investor__individual_entity",
        "buyer.individual_entity_id",
        Holds::Reference("entities"),
    ),
    column("investor__type", "buyer.type", Holds::Text),
    column("investor__user", "buyer.user_id", Holds::Reference("users")),
    column("investor__user__email", "account.email", Holds::Text),
    column(
        "investor__user__first_name",
        "account.first_name",
        Holds::Text,
    ),
    column(
        "investor__user__last_name",
        "account.last_name",
        Holds::Text,
    ),
    column(
        "is_entity_submitted",
        "i.is_entity_submitted",
        Holds::Boolean,
    ),
    column("offering", "i.offering_id", Holds::Reference("offerings")),
    column("offering__archived", "offering.archived", Holds::Boolean),
    column(
        "offering__issuer",
        "offering.issuer_id",
        Holds::Reference("issuers"),
    ),
    column(
        "offering__issuer__entity",
        "seller.entity_id",
        Holds::Reference("entities"),
    ),
    column(
        "offering__issuer__entity__company_name",
        "company.company_name",
        Holds::Text,
    ),
    column("offering__name", "offering.name", Holds::Text),
    column("offering__slug", "offering.slug", Holds::Text),
    column("offering__status", "offering.status", Holds::Text),
    column("offering__type", "offering.type", Holds::Text),
    column("payment_intent_id", "i.payment_intent_id", Holds::Text),
    column("payment_method", "i.payment_method", Holds::Text),
    column("price", "i.shares_cents", Holds::Cents),
    column("price_fees", "i.fees_cents", Holds::Cents),
    column(
        "price_payment_processing_fees",
        "i.processing_fees_cents",
        Holds::Cents,
    ),
    column("processed_at", "i.processed_at", Holds::Timestamp),
    column(
        "processing_issue_statuses",
        "i.processing_issue_statuses",
        Holds::Text,
    ),
    column("quantity", "i.quantity", Holds::Integer),
    column("reference_id", "i.reference_id", Holds::Text),
    column(
        "requested_payment_method",
        "i.requested_payment_method",
        Holds::Text,
    ),
    column("shares_amount", "i.shares_cents", Holds::Cents),
    column("status", "i.status", Holds::Text),
    column("updated_at", "i.updated_at", Holds::Timestamp),
    column("wirepayment", "i.wirepayment", Holds::Integer),
    column("refund_status", "i.refund_status", Holds::Text),
];

/// `GET /api_third_party/investments/`
pub(crate) fn list(call: &Call<'_>) -> Outcome {
    let reader = call.reader();
    pagination::page(call, &RESOURCE, |id| show(&reader, id, View::Item))
}

/// `GET /api_third_party/investments/{id}/`
pub(crate) fn retrieve(call: &Call<'_>) -> Outcome {
    let id = super::object_id(call, "Investment")?;
    let shown = show(&call.reader(), id, View::Detail).optional()?;
    let shown = shown.ok_or_else(|| errors::no_match(call, "Investment"))?;
    Ok(Reply::ok(&shown))
}

/// `POST /api_third_party/investments/{id}/get_payment_intent_secret/`
pub(crate) fn payment_intent_secret(call: &Call<'_>) -> Outcome {
    let (secret, charges): (String, i64) = call
        .db
        .prepare_cached(
            "SELECT payment_intent_secret, charges_count FROM investments WHERE id = ?1",
        )?
        .query_row([find(call)?], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(envelope(
        object! { "payment_intent_secret": secret, "charges_count": charges },
    ))
}

/// `POST /api_third_party/investments/`
pub(crate) fn create(call: &Call<'_>) -> Outcome {
    let mut fields = Fields::of(call)?;
    let quantity = fields.integer("quantity", Presence::Required);
    if quantity.is_some_and(|quantity| quantity < 1) {
        fields.complain(
            "quantity",
            "Ensure this value is greater than or equal to 1.",
        );
    }
    let offering = fields.reference(call, "offering", "offerings")?;
    let investor = fields.reference(call, "investor", "investors")?;
    let method = fields.choice(
        "requested_payment_method",
        Presence::Optional,
        &PAYMENT_METHODS,
    );
    let submitted = fields
        .boolean("is_entity_submitted", Presence::Optional)
        .unwrap_or_default();
    let attributes = read_attributes(&mut fields);
    fields.sort(&ORDER);
    let (Some(quantity), Some(offering), Some(investor)) = (quantity, offering, investor) else {
        return Err(fields.refuse());
    };
    fields.check()?;
    let price = Price::of(call, offering, quantity, method.as_deref())?;
    let now = call.now_text();
    let intent = call.opaque("payment intent")?;
    let reference = call.opaque("reference")?;
    let intent_id = format!("pi_{}", intent.get(..24).unwrap_or_default());
    let secret = format!(
        "{intent_id}_secret_{}",
        intent.get(24..49).unwrap_or_default()
    );
    call.db
        .prepare_cached(
            "INSERT INTO investments (offering_id, investor_id, quantity, unit_price_cents, shares_cents,
                fees_cents, processing_fees_cents, amount_cents, status, requested_payment_method,
                payment_intent_id, payment_intent_secret, reference_id, is_entity_submitted, attributes,
                created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'started', ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15)",
        )?
        .execute(params![
            offering,
            investor,
            quantity,
            price.unit,
            price.shares,
            price.fees,
            price.processing,
            price.total,
            method,
            intent_id,
            secret,
            reference.get(..10).unwrap_or_default().to_ascii_uppercase(),
            submitted,
            Value::Object(attributes).to_string(),
            now,
        ])?;
    let id = call.db.last_insert_rowid();
    lifecycle::begin(call.db, id, &now)?;
    kyc::run_first(call, investor)?;
    if method.as_deref() == Some("wire") {
        invoices::issue(call, id, &offerings::issuer_name(call.db, offering)?)?;
    }
    Ok(Reply::json(
        StatusCode::CREATED,
        &show(&call.reader(), id, View::Created)?,
    ))
}

/// The investment that a call's path names.
pub(crate) fn find(call: &Call<'_>) -> Result<i64, Failure> {
    let id = super::object_id(call, "Investment")?;
    let found: Option<i64> = call
        .db
        .prepare_cached("SELECT id FROM investments WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    found.ok_or_else(|| errors::no_match(call, "Investment").into())
}

/// What an investment costs, in cents.
struct Price {
    unit: i64,
    shares: i64,
    fees: i64,
    processing: i64,
    total: i64,
}

impl Price {
    fn of(
        call: &Call<'_>,
        offering: i64,
        quantity: i64,
        method: Option<&str>,
    ) -> Result<Self, Failure> {
        let (unit, least, most, fee, card_fee): (i64, i64, i64, String, String) = call
            .db
            .prepare_cached(
                "SELECT unit_price_cents, min_investment_cents, max_investment_cents, administrative_fee_percent,
                    card_fee_percent FROM offerings WHERE id = ?1",
            )?
            .query_row([offering], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?;
        let out_of_range = |message: String| -> Failure {
            errors::invalid(object! { "quantity": Json::list([message]) }).into()
        };
        let above = || {
            out_of_range(format!(
                "The maximum investment amount is {}.",
                money::text(most)
            ))
        };
        let shares = unit
            .checked_mul(quantity)
            .filter(|shares| *shares <= most)
            .ok_or_else(above)?;
        if shares < least {
            return Err(out_of_range(format!(
                "The minimum investment amount is {}.",
                money::text(least)
            )));
        }
        let fees = money::percentage(shares, &fee).unwrap_or_default();
        let processing = if method == Some("card") {
            money::percentage(shares, &card_fee).unwrap_or_default()
        } else {
            0
        };
        let total = shares
            .checked_add(fees)
            .and_then(|sum| sum.checked_add(processing))
            .ok_or_else(above)?;
        Ok(Self {
            unit,
            shares,
            fees,
            processing,
            total,
        })
    }
}

fn read_attributes(fields: &mut Fields<'_>) -> Map<String, Value> {
    let mut attributes = Map::new();
    entities::read_declarations(fields, &mut attributes);
    for name in ["user_browser_type", "bonus_shares_code"] {
        if let Some(value) = fields.text(name, Presence::Optional) {
            attributes.insert(name.to_owned(), value.into());
        }
    }
    if let Some(value) = fields.boolean("receive_sms", Presence::Optional) {
        attributes.insert("receive_sms".to_owned(), value.into());
    }
    let acknowledged = "reg_cf_disclosure_acknowledged_at";
    if let Some(at) = fields.timestamp(acknowledged, Presence::Optional) {
        attributes.insert(
            acknowledged.to_owned(),
            clock::stored(at).replace(".000000Z", "Z").into(),
        );
    }
    for name in ["utm_parameters", "user_agreements"] {
        if let Some(value) = fields.values().get(name) {
            attributes.insert(name.to_owned(), value.clone());
        }
    }
    attributes
}
