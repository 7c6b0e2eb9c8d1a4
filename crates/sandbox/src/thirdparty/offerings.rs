//! Offerings: what can be invested in. They come with the seed; the API shows them inside
//! investments only.
//!
//! The long form has every field of the document; those without a meaning here are null, false or
//! empty.

use rusqlite::Connection;

use crate::clock::Moment;
use crate::json::{Json, object};
use crate::money;
use crate::store::{Reader, Record, Shape, Table};

/// The offering as it stands in a list of investments.
pub(crate) fn summary(reader: &Reader<'_>, id: i64) -> rusqlite::Result<Json> {
    reader.object(Shape::OfferingSummary, id, || {
        reader.row(Table::Offerings, id, |row| {
            Ok(object! {
                "id": id,
                "name": text(row, "name")?,
                "type": text(row, "type")?,
                "slug": text(row, "slug")?,
                "dollar_amount_investment": false,
                "share_or_unit": "Shares",
                "upload_id_required": false,
                "issuer_broker_control": false,
            })
        })
    })
}

/// The offering in full, as it stands in one investment.
pub(crate) fn full(reader: &Reader<'_>, id: i64) -> rusqlite::Result<Json> {
    reader.object(Shape::Offering, id, || {
        reader.row(Table::Offerings, id, |row| {
            Ok(object! {
                "id": id,
                "issuer": issuer(reader, row.get("issuer_id")?)?,
                "name": text(row, "name")?,
                "type": text(row, "type")?,
                "description": text(row, "description")?,
                "security_type": text(row, "security_type")?,
                "share_or_unit": "Shares",
                "share_or_unit_details": "",
                "warrant_per_unit": Json::Null,
                "warrant_expiration_date_delta_year": Json::Null,
                "warrant_expiration_date_delta_month": Json::Null,
                "dollar_amount_investment": false,
                "unit_price": cents(row, "unit_price_cents")?,
                "administrative_fees": text(row, "administrative_fee_percent")?,
                "administrative_fees_paid_by_investor": true,
                "number_of_shares": row.get::<i64>("number_of_shares")?,
                "max_investment_amount": cents(row, "max_investment_cents")?,
                "min_investment_amount": cents(row, "min_investment_cents")?,
                "investment_increment_amount": cents(row, "unit_price_cents")?,
                "minimum_wire_transfer_amount": cents(row, "minimum_wire_cents")?,
                "contact_name": "Sandbox Issuer",
                "contact_title": "",
                "contact_phone": "",
                "contact_email": "issuer@example.com",
                "us_investors": text(row, "type")? != "reg_s",
                "non_us_investors": true,
                "accredited_investors": true,
                "non_accredited_investors": !row.get::<bool>("accredited_only")?,
                "slug": text(row, "slug")?,
                "logo": Json::Null,
                "favicon": Json::Null,
                "circular_link": "",
                "circular_file": Json::Null,
                "circular_type": "offering_circular",
                "display_circular": true,
                "display_circular_in_investment_flow": false,
                "displayed_number_of_shares": Json::Null,
                "signing_full_name": "Sam Signer",
                "signing_title": "Chief Executive Officer",
                "signing_email": "signer@example.com",
                "support_email": "support@example.com",
                "support_phone": "",
                "daily_summary_emails": false,
                "daily_summary_recipients": "",
                "weekly_summary_emails": false,
                "weekly_summary_recipients": "",
                "wire_email_reminder_period": Json::Null,
                "wire_email_reminder_max_sent": Json::Null,
                "investment_email_reminder_period": Json::Null,
                "investment_email_reminder_max_sent": Json::Null,
                "messaging_consent_text": "",
                "email_sender_name": "",
                "default_timezone": "US/Pacific",
                "segment_dataset_id": "",
                "auto_approve_investments": false,
                "auto_accept_investments": false,
                "auto_accept_max_amount": Json::Null,
                "auto_accept_min_amount": Json::Null,
                "email_investment_started_high_value": false,
                "email_investment_started_threshold": Json::Null,
                "enable_test_the_waters": false,
                "displayed_test_the_waters_amounts": Json::Null,
                "accent_color": "",
                "background_accent_color": "",
                "activity_accent_color": "",
                "per_investment_summary_emails": false,
                "per_investment_summary_recipients": "",
                "user_sent_max_monitoring_emails": false,
                "user_sent_max_monitoring_recipients": "",
                "other_platform_investment_notice": false,
                "other_platform_investment_notice_text": "",
                "segment_key_server": "",
                "segment_key_client": "",
                "investor_phone_number_required": false,
                "related_reg_s_offering": Json::Null,
                "non_eligible_redirect_url": Json::Null,
                "minimum_amount_raised": Json::Null,
                "reg_cf_amount_raised_tier": "",
                "maximum_amount_raised": Json::Null,
                "reg_cf_oversubscription": "",
                "landing_page_url": Json::Null,
                "zendesk_chat_widget_id": "",
                "request_user_data_at_login": false,
                "new_account_created_emails": false,
                "new_account_created_recipients": "",
                "archived": row.get::<bool>("archived")?,
                "subscription_agreement_ordering": Json::Null,
                "investors_excluded_countries": Json::List(Vec::new()),
                "investors_included_countries": Json::List(Vec::new()),
                "display_logo_during_investment": "center",
                "display_logo_on_dashboard": false,
                "deadline_date": Json::Null,
                "canadian_investor_type_required_provinces": "",
                "investors_excluded_us_states": "",
                "upload_id_required": false,
                "upload_id_excluded_countries": Json::List(Vec::new()),
                "upload_kyb_document_required": false,
                "upload_kyb_document_excluded_countries": Json::List(Vec::new()),
                "invested_investment_email_recipients": "",
                "google_analytics_measurement_id": "",
                "meta_pixel_id": "",
                "linkedin_pixel_id": "",
                "reddit_pixel_id": "",
                "twitter_pixel_id": "",
                "tiktok_pixel_id": "",
                "bing_pixel_id": "",
                "upload_id_required_aml_watchlist_hits": false,
                "north_capital_custodial_account_required": false,
                "crypto_payment_allowed": false,
                "excluded_payment_methods": Json::Null,
                "excluded_requested_payment_methods": Json::Null,
                "crypto_maximum_per_investment_amount": Json::Null,
                "crypto_maximum_per_investment_quantity": Json::Null,
                "crypto_maximum_per_investment_amount_ex_fee": Json::Null,
                "crypto_maximum_per_investor_rolling_amount": Json::Null,
                "crypto_maximum_per_investor_rolling_days_count": Json::Null,
                "industry_group": "",
                "qualified_equity_financing_share_unit_price": Json::Null,
                "qualified_equity_financing_share_discounted_price": Json::Null,
                "private_program_name": "",
                "private_program_subtitle": "",
                "subscription_agreement_templates": templates(),
                "new_authorized_brokers": Json::List(Vec::new()),
                "related_offerings": Json::List(Vec::new()),
                "related_non_reg_s_offering": Json::Null,
                "created_at": row.get::<Moment>("created_at")?,
                "opened_at": row.get::<Moment>("opened_at")?,
                "reg_cf_fee_percentage": Json::Null,
                "status": text(row, "status")?,
                "fee_disclosure_statement": "",
                "reg_cf_minimum_escrow_closing_start_date": Json::Null,
                "reg_cf_minimum_escrow_release_date": Json::Null,
                "current_bonus_shares": Json::Object(Vec::new()),
                "offeringbonusshare_set": Json::List(Vec::new()),
                "closing_initiated_at": Json::Null,
                "ai_offering_id": "",
                "ai_account_marked_ready_at": Json::Null,
                "escrow_provider": "fortress",
                "investor_credit_card_fee_percentage": text(row, "card_fee_percent")?,
                "trust_etc_isin": "",
                "issuer_broker_control": false,
                "trust_etc_isin_creation_id": "",
                "offeringuserdocument_set": Json::List(Vec::new()),
                "private_program": false,
                "private_program_description": "",
                "private_program_link": Json::Null,
                "private_program_featured": false,
                "private_program_display_if_not_private": false,
                "private_program_external_raised_amount": Json::Null,
                "mark_as_for_issuer_message": "",
            })
        })
    })
}

/// The issuer's name, for invoices and agreements.
pub(crate) fn issuer_name(db: &Connection, id: i64) -> rusqlite::Result<String> {
    db.prepare_cached(
        "SELECT coalesce(entities.company_name, '') FROM offerings
         JOIN issuers ON issuers.id = offerings.issuer_id JOIN entities ON entities.id = issuers.entity_id
         WHERE offerings.id = ?1",
    )?
    .query_row([id], |row| row.get(0))
}

fn issuer(reader: &Reader<'_>, id: i64) -> rusqlite::Result<Json> {
    reader.row(Table::Issuers, id, |issuer| {
        let entity = issuer.get("entity_id")?;
        Ok(object! {
            "id": id,
            "entity": reader.row(Table::Entities, entity, |row| Ok(object! {
                "id": entity,
                "email": row.get::<Option<String>>("email")?,
                "phone": row.get::<Option<String>>("phone")?,
                "company_name": row.get::<Option<String>>("company_name")?,
            }))?,
            "third_party_management": issuer.get::<bool>("third_party_management")?,
        })
    })
}

fn templates() -> Json {
    Json::list([object! { "name": "subscription_agreement", "version": 1 }])
}

fn text(row: &Record<'_>, name: &str) -> rusqlite::Result<String> {
    row.get(name)
}

fn cents(row: &Record<'_>, name: &str) -> rusqlite::Result<String> {
    Ok(money::text(row.get(name)?))
}
