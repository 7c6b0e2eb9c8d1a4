//! The three shapes in which an investment is shown: as a list item, in full, and as the answer to
//! its creation.
//!
//! They read; nothing here changes an investment.

use serde_json::{Map, Value};

use super::{investors, offerings};
use crate::clock::Moment;
use crate::json::{Json, object};
use crate::money;
use crate::store::{Reader, Record, Shape, Table};

/// The three replies that show an investment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    Created,
    Detail,
    Item,
}

/// The investment with an id, which must exist.
pub(crate) fn show(reader: &Reader<'_>, id: i64, view: View) -> rusqlite::Result<Json> {
    let make = || {
        reader.row(Table::Investments, id, |row| {
            let attributes: Map<String, Value> =
                serde_json::from_str(&row.get::<String>("attributes")?).unwrap_or_default();
            match view {
                View::Created => created(reader, row, id, &attributes),
                View::Detail | View::Item => {
                    shown(reader, row, id, &attributes, view == View::Detail)
                }
            }
        })
    };
    match view {
        View::Created => make(),
        View::Detail => reader.object(Shape::Investment, id, make),
        View::Item => reader.object(Shape::InvestmentItem, id, make),
    }
}

fn created(
    reader: &Reader<'_>,
    row: &Record<'_>,
    id: i64,
    attributes: &Map<String, Value>,
) -> rusqlite::Result<Json> {
    let declared = |name: &str| Json::from(attributes.get(name).cloned());
    Ok(object! {
        "id": id,
        "quantity": row.get::<i64>("quantity")?,
        "offering": row.get::<i64>("offering_id")?,
        "investor": investors::full(reader, row.get("investor_id")?)?,
        "payment_intent_client_secret": row.get::<String>("payment_intent_secret")?,
        "accredited_investor": declared("accredited_investor"),
        "net_worth": declared("net_worth"),
        "annual_income": declared("annual_income"),
        "us_person": declared("us_person"),
        "exempt_from_backup_withholding": declared("exempt_from_backup_withholding"),
        "amount_invested_in_reg_cf_offering_this_year": declared("amount_invested_in_reg_cf_offering_this_year"),
        "amount_invested_in_reg_cf_offering_this_year_other_platforms":
            declared("amount_invested_in_reg_cf_offering_this_year_other_platforms"),
        "is_entity_submitted": row.get::<bool>("is_entity_submitted")?,
        "user_browser_type": declared("user_browser_type"),
        "accredited_investor_type": declared("accredited_investor_type"),
        "attorney_or_cpa_email": declared("attorney_or_cpa_email"),
        "reg_cf_disclosure_acknowledged_at": declared("reg_cf_disclosure_acknowledged_at"),
        "household_w9": declared("household_w9"),
        "bonus_shares_code": declared("bonus_shares_code"),
        "bonus_shares": 0,
        "canadian_eligible_investor_type": declared("canadian_eligible_investor_type"),
        "requested_payment_method": row.get::<Option<String>>("requested_payment_method")?,
        "amount": cents(row, "amount_cents")?,
        "price_fees": cents(row, "fees_cents")?,
        "price_payment_processing_fees": cents(row, "processing_fees_cents")?,
        "receive_sms": declared("receive_sms"),
        "utm_parameters": declared("utm_parameters"),
        "shares_amount": cents(row, "shares_cents")?,
        "quantity_qualified_shares": Json::Null,
        "price_qualified_shares": Json::Null,
    })
}

fn shown(
    reader: &Reader<'_>,
    row: &Record<'_>,
    id: i64,
    attributes: &Map<String, Value>,
    detail: bool,
) -> rusqlite::Result<Json> {
    let declared = |name: &str| Json::from(attributes.get(name).cloned());
    let (offering, investor): (i64, i64) = (row.get("offering_id")?, row.get("investor_id")?);
    let status: String = row.get("status")?;
    let refundable = status == "received" || status == "invested";
    let mut fields = object! {
        "id": id,
        "quantity": row.get::<i64>("quantity")?,
        "price": cents(row, "shares_cents")?,
        "price_fees": cents(row, "fees_cents")?,
        "price_payment_processing_fees": cents(row, "processing_fees_cents")?,
        "amount": cents(row, "amount_cents")?,
        "status": status,
        "payment_intent_id": row.get::<String>("payment_intent_id")?,
        "offering": if detail { offerings::full(reader, offering)? } else { offerings::summary(reader, offering)? },
        "reference_id": row.get::<String>("reference_id")?,
        "investor_individual_name": investors::individual_name(reader, investor)?,
        "investor": if detail { investors::full(reader, investor)? } else { investors::summary(reader, investor)? },
        "payment_method": row.get::<Option<String>>("payment_method")?,
        "created_at": row.get::<Moment>("created_at")?,
        "updated_at": row.get::<Moment>("updated_at")?,
        "has_investor_signed": row.get::<bool>("has_investor_signed")?,
        "watchlist": Json::Object(Vec::new()),
        "is_entity_submitted": row.get::<bool>("is_entity_submitted")?,
        "from_invoice": row.get::<Option<i64>>("wirepayment")?.is_some(),
        "accredited_investor": declared("accredited_investor"),
        "net_worth": declared("net_worth"),
        "annual_income": declared("annual_income"),
        "us_person": declared("us_person"),
        "exempt_from_backup_withholding": declared("exempt_from_backup_withholding"),
        "amount_invested_in_reg_cf_offering_this_year": declared("amount_invested_in_reg_cf_offering_this_year"),
    };
    if detail {
        let elsewhere = "amount_invested_in_reg_cf_offering_this_year_other_platforms";
        fields = fields.with(elsewhere, declared(elsewhere));
    }
    fields = fields
        .with("generic_accredited_investor", false)
        .with(
            "reg_cf_disclosure_acknowledged_at",
            declared("reg_cf_disclosure_acknowledged_at"),
        )
        .with("user_browser_type", declared("user_browser_type"))
        .with(
            "accredited_investor_type",
            declared("accredited_investor_type"),
        )
        .with("attorney_or_cpa_email", declared("attorney_or_cpa_email"))
        .with("processed_at", row.get::<Option<Moment>>("processed_at")?)
        .with("last_payment_error_message", "")
        .with("accredited_investor_verification", Json::Null);
    if detail {
        fields = fields
            .with("note_set", Json::List(Vec::new()))
            .with("household_w9", declared("household_w9"));
    }
    Ok(fields
        .with("dispute_status", "")
        .with("bonus_shares", 0)
        .with(
            "refund_status",
            row.get::<Option<String>>("refund_status")?
                .unwrap_or_default(),
        )
        .with(
            "canadian_eligible_investor_type",
            declared("canadian_eligible_investor_type"),
        )
        .with(
            "requested_payment_method",
            row.get::<Option<String>>("requested_payment_method")?,
        )
        .with("receive_sms", declared("receive_sms"))
        .with("upload_id_required", false)
        .with("offering_receive_sms", false)
        .with(
            "processing_issue_statuses",
            row.get::<String>("processing_issue_statuses")?,
        )
        .with("wirepayment", row.get::<Option<i64>>("wirepayment")?)
        .with("shares_amount", cents(row, "shares_cents")?)
        .with("watchlistentity_set", Json::List(Vec::new()))
        .with("bonus_shares_code", declared("bonus_shares_code"))
        .with("bonus_shares_percentage_tier", "")
        .with("bonus_shares_quantity_tier", "")
        .with("ai_trade_id", "")
        .with(
            "dashboard_url",
            format!("{}/_sandbox/investments/{id}", reader.origin),
        )
        .with(
            "display_refund_button",
            if refundable { "true" } else { "false" },
        )
        .with("display_refund_button_message", "")
        .with("quantity_qualified_shares", Json::Null)
        .with("price_qualified_shares", Json::Null))
}

fn cents(row: &Record<'_>, name: &str) -> rusqlite::Result<String> {
    Ok(money::text(row.get(name)?))
}
