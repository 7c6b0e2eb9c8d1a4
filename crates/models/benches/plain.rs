//! The yardstick: the same list and detail as plain derived types (String, chrono, rust_decimal), as a project without
//! a models crate would write them, to be decoded with `serde_json::from_slice`.

#![allow(missing_docs, unreachable_pub)]

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
pub struct Page<T> {
    pub count: u64,
    pub next: Option<String>,
    pub previous: Option<String>,
    pub results: Vec<T>,
}

#[derive(Deserialize)]
pub struct InvestmentSummary {
    pub id: u64,
    pub quantity: Option<i64>,
    pub price: Option<Decimal>,
    pub price_fees: Option<Decimal>,
    pub price_payment_processing_fees: Option<Decimal>,
    pub amount: Option<Decimal>,
    pub status: Option<InvestmentStatus>,
    pub payment_intent_id: Option<String>,
    pub offering: Option<OfferingSummary>,
    pub reference_id: Option<String>,
    pub investor_individual_name: Option<String>,
    pub investor: Option<InvestorSummary>,
    pub payment_method: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    pub has_investor_signed: Option<bool>,
    pub watchlist: Option<Value>,
    pub is_entity_submitted: Option<bool>,
    pub from_invoice: Option<bool>,
    pub accredited_investor: Option<bool>,
    pub net_worth: Option<Decimal>,
    pub annual_income: Option<Decimal>,
    pub us_person: Option<bool>,
    pub exempt_from_backup_withholding: Option<bool>,
    pub amount_invested_in_reg_cf_offering_this_year: Option<Decimal>,
    pub generic_accredited_investor: Option<bool>,
    pub reg_cf_disclosure_acknowledged_at: Option<DateTime<Utc>>,
    pub user_browser_type: Option<String>,
    pub accredited_investor_type: Option<AccreditedInvestorType>,
    pub attorney_or_cpa_email: Option<String>,
    pub processed_at: Option<DateTime<Utc>>,
    pub last_payment_error_message: Option<String>,
    pub accredited_investor_verification: Option<AccreditedInvestorVerification>,
    pub dispute_status: Option<String>,
    pub bonus_shares: Option<i64>,
    pub refund_status: Option<String>,
    pub canadian_eligible_investor_type: Option<CanadianEligibleInvestorType>,
    pub requested_payment_method: Option<PaymentMethod>,
    pub receive_sms: Option<bool>,
    pub upload_id_required: Option<bool>,
    pub offering_receive_sms: Option<bool>,
    pub processing_issue_statuses: Option<String>,
    pub wirepayment: Option<i64>,
    pub shares_amount: Option<Decimal>,
    #[serde(default)]
    pub watchlistentity_set: Vec<WatchlistEntity>,
    pub bonus_shares_code: Option<String>,
    pub bonus_shares_percentage_tier: Option<String>,
    pub bonus_shares_quantity_tier: Option<String>,
    pub ai_trade_id: Option<String>,
    pub dashboard_url: Option<String>,
    pub display_refund_button: Option<String>,
    pub display_refund_button_message: Option<String>,
    pub quantity_qualified_shares: Option<i64>,
    pub price_qualified_shares: Option<Decimal>,
}

#[derive(Deserialize)]
pub struct Investment {
    pub id: u64,
    pub quantity: Option<i64>,
    pub price: Option<Decimal>,
    pub price_fees: Option<Decimal>,
    pub price_payment_processing_fees: Option<Decimal>,
    pub amount: Option<Decimal>,
    pub status: Option<InvestmentStatus>,
    pub payment_intent_id: Option<String>,
    pub offering: Option<Offering>,
    pub reference_id: Option<String>,
    pub investor_individual_name: Option<String>,
    pub investor: Option<Investor>,
    pub payment_method: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    pub has_investor_signed: Option<bool>,
    pub watchlist: Option<Value>,
    pub is_entity_submitted: Option<bool>,
    pub from_invoice: Option<bool>,
    pub accredited_investor: Option<bool>,
    pub net_worth: Option<Decimal>,
    pub annual_income: Option<Decimal>,
    pub us_person: Option<bool>,
    pub exempt_from_backup_withholding: Option<bool>,
    pub amount_invested_in_reg_cf_offering_this_year: Option<Decimal>,
    pub amount_invested_in_reg_cf_offering_this_year_other_platforms: Option<Decimal>,
    pub generic_accredited_investor: Option<bool>,
    pub reg_cf_disclosure_acknowledged_at: Option<DateTime<Utc>>,
    pub user_browser_type: Option<String>,
    pub accredited_investor_type: Option<AccreditedInvestorType>,
    pub attorney_or_cpa_email: Option<String>,
    pub processed_at: Option<DateTime<Utc>>,
    pub last_payment_error_message: Option<String>,
    pub accredited_investor_verification: Option<AccreditedInvestorVerification>,
    #[serde(default)]
    pub note_set: Vec<Note>,
    pub household_w9: Option<bool>,
    pub dispute_status: Option<String>,
    pub bonus_shares: Option<i64>,
    pub refund_status: Option<String>,
    pub canadian_eligible_investor_type: Option<CanadianEligibleInvestorType>,
    pub requested_payment_method: Option<PaymentMethod>,
    pub receive_sms: Option<bool>,
    pub upload_id_required: Option<bool>,
    pub offering_receive_sms: Option<bool>,
    pub processing_issue_statuses: Option<String>,
    pub wirepayment: Option<i64>,
    pub shares_amount: Option<Decimal>,
    #[serde(default)]
    pub watchlistentity_set: Vec<WatchlistEntity>,
    pub bonus_shares_code: Option<String>,
    pub bonus_shares_percentage_tier: Option<String>,
    pub bonus_shares_quantity_tier: Option<String>,
    pub ai_trade_id: Option<String>,
    pub dashboard_url: Option<String>,
    pub display_refund_button: Option<String>,
    pub display_refund_button_message: Option<String>,
    pub quantity_qualified_shares: Option<i64>,
    pub price_qualified_shares: Option<Decimal>,
}

#[derive(Deserialize)]
pub struct OfferingSummary {
    pub id: u64,
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<OfferingType>,
    pub slug: Option<String>,
    pub dollar_amount_investment: Option<bool>,
    pub share_or_unit: Option<ShareOrUnit>,
    pub upload_id_required: Option<bool>,
    pub issuer_broker_control: Option<bool>,
}

#[derive(Deserialize)]
pub struct InvestorSummary {
    pub id: u64,
    pub user: Option<UserSummary>,
    pub entity: Option<EntitySummary>,
    pub individual_entity: Option<IndividualEntity>,
    #[serde(rename = "type")]
    pub kind: Option<InvestorType>,
    pub receive_sms: Option<bool>,
    pub receive_emails: Option<bool>,
    pub last_failed_payment_investment: Option<u64>,
}

#[derive(Deserialize)]
pub struct AccreditedInvestorVerification {
    pub id: u64,
    #[serde(rename = "type")]
    pub kind: Option<AccreditationMethod>,
    pub verification_choice: Option<VerificationChoice>,
    pub cpa_email: Option<String>,
    pub license_number: Option<String>,
    pub status: Option<String>,
    pub entity: Option<u64>,
    pub entity_person: Option<Value>,
    pub created_at: Option<DateTime<Utc>>,
    pub ai_request_status: Option<String>,
    pub ai_request_sent_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub accreditedinvestornote_set: Vec<AccreditedInvestorNote>,
    pub accredited_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub cpa_sent_emails: Vec<CpaSentEmail>,
    pub public_profile_url: Option<String>,
    #[serde(default)]
    pub accreditedinvestorcparejection_set: Vec<CpaRejection>,
    pub license_search_results: Option<Value>,
}

#[derive(Deserialize)]
pub struct WatchlistEntity {
    pub id: i64,
    pub entity: Option<u64>,
    pub has_hits: Option<bool>,
    pub watchlist_hits: Option<Value>,
    pub ofac_fincen_status: Option<String>,
    pub updated_at: Option<DateTime<Utc>>,
    pub aml_provider: Option<String>,
}

#[derive(Deserialize)]
pub struct Offering {
    pub id: u64,
    pub issuer: Option<Issuer>,
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<OfferingType>,
    pub description: Option<String>,
    pub security_type: Option<String>,
    pub share_or_unit: Option<ShareOrUnit>,
    pub share_or_unit_details: Option<String>,
    pub warrant_per_unit: Option<i64>,
    pub warrant_expiration_date_delta_year: Option<i64>,
    pub warrant_expiration_date_delta_month: Option<i64>,
    pub dollar_amount_investment: Option<bool>,
    pub unit_price: Option<Decimal>,
    pub administrative_fees: Option<Decimal>,
    pub administrative_fees_paid_by_investor: Option<bool>,
    pub number_of_shares: Option<i64>,
    pub max_investment_amount: Option<Decimal>,
    pub min_investment_amount: Option<Decimal>,
    pub investment_increment_amount: Option<Decimal>,
    pub minimum_wire_transfer_amount: Option<Decimal>,
    pub contact_name: Option<String>,
    pub contact_title: Option<String>,
    pub contact_phone: Option<String>,
    pub contact_email: Option<String>,
    pub us_investors: Option<bool>,
    pub non_us_investors: Option<bool>,
    pub accredited_investors: Option<bool>,
    pub non_accredited_investors: Option<bool>,
    pub slug: Option<String>,
    pub logo: Option<String>,
    pub favicon: Option<String>,
    pub circular_link: Option<String>,
    pub circular_file: Option<String>,
    pub circular_type: Option<CircularType>,
    pub display_circular: Option<bool>,
    pub display_circular_in_investment_flow: Option<bool>,
    pub displayed_number_of_shares: Option<Value>,
    pub signing_full_name: Option<String>,
    pub signing_title: Option<String>,
    pub signing_email: Option<String>,
    pub support_email: Option<String>,
    pub support_phone: Option<String>,
    pub daily_summary_emails: Option<bool>,
    pub daily_summary_recipients: Option<String>,
    pub weekly_summary_emails: Option<bool>,
    pub weekly_summary_recipients: Option<String>,
    pub wire_email_reminder_period: Option<i64>,
    pub wire_email_reminder_max_sent: Option<i64>,
    pub investment_email_reminder_period: Option<i64>,
    pub investment_email_reminder_max_sent: Option<i64>,
    pub messaging_consent_text: Option<String>,
    pub email_sender_name: Option<String>,
    pub default_timezone: Option<Timezone>,
    pub segment_dataset_id: Option<String>,
    pub auto_approve_investments: Option<bool>,
    pub auto_accept_investments: Option<bool>,
    pub auto_accept_max_amount: Option<Decimal>,
    pub auto_accept_min_amount: Option<Decimal>,
    pub email_investment_started_high_value: Option<bool>,
    pub email_investment_started_threshold: Option<Decimal>,
    pub enable_test_the_waters: Option<bool>,
    pub displayed_test_the_waters_amounts: Option<Value>,
    pub accent_color: Option<String>,
    pub background_accent_color: Option<String>,
    pub activity_accent_color: Option<String>,
    pub per_investment_summary_emails: Option<bool>,
    pub per_investment_summary_recipients: Option<String>,
    pub user_sent_max_monitoring_emails: Option<bool>,
    pub user_sent_max_monitoring_recipients: Option<String>,
    pub other_platform_investment_notice: Option<bool>,
    pub other_platform_investment_notice_text: Option<String>,
    pub segment_key_server: Option<String>,
    pub segment_key_client: Option<String>,
    pub investor_phone_number_required: Option<bool>,
    pub related_reg_s_offering: Option<u64>,
    pub non_eligible_redirect_url: Option<String>,
    pub minimum_amount_raised: Option<Decimal>,
    pub reg_cf_amount_raised_tier: Option<String>,
    pub maximum_amount_raised: Option<Decimal>,
    pub reg_cf_oversubscription: Option<String>,
    pub landing_page_url: Option<String>,
    pub zendesk_chat_widget_id: Option<String>,
    pub request_user_data_at_login: Option<bool>,
    pub new_account_created_emails: Option<bool>,
    pub new_account_created_recipients: Option<String>,
    pub archived: Option<bool>,
    pub subscription_agreement_ordering: Option<Value>,
    #[serde(default)]
    pub investors_excluded_countries: Vec<String>,
    #[serde(default)]
    pub investors_included_countries: Vec<String>,
    pub display_logo_during_investment: Option<LogoPlacement>,
    pub display_logo_on_dashboard: Option<bool>,
    pub deadline_date: Option<NaiveDate>,
    pub canadian_investor_type_required_provinces: Option<String>,
    pub investors_excluded_us_states: Option<String>,
    pub upload_id_required: Option<bool>,
    #[serde(default)]
    pub upload_id_excluded_countries: Vec<String>,
    pub upload_kyb_document_required: Option<bool>,
    #[serde(default)]
    pub upload_kyb_document_excluded_countries: Vec<String>,
    pub invested_investment_email_recipients: Option<String>,
    pub google_analytics_measurement_id: Option<String>,
    pub meta_pixel_id: Option<String>,
    pub linkedin_pixel_id: Option<String>,
    pub reddit_pixel_id: Option<String>,
    pub twitter_pixel_id: Option<String>,
    pub tiktok_pixel_id: Option<String>,
    pub bing_pixel_id: Option<String>,
    pub upload_id_required_aml_watchlist_hits: Option<bool>,
    pub north_capital_custodial_account_required: Option<bool>,
    pub crypto_payment_allowed: Option<bool>,
    pub excluded_payment_methods: Option<Value>,
    pub excluded_requested_payment_methods: Option<Value>,
    pub crypto_maximum_per_investment_amount: Option<i64>,
    pub crypto_maximum_per_investment_quantity: Option<i64>,
    pub crypto_maximum_per_investment_amount_ex_fee: Option<i64>,
    pub crypto_maximum_per_investor_rolling_amount: Option<i64>,
    pub crypto_maximum_per_investor_rolling_days_count: Option<i64>,
    pub industry_group: Option<String>,
    pub qualified_equity_financing_share_unit_price: Option<Decimal>,
    pub qualified_equity_financing_share_discounted_price: Option<Decimal>,
    pub private_program_name: Option<String>,
    pub private_program_subtitle: Option<String>,
    #[serde(default)]
    pub subscription_agreement_templates: Vec<Value>,
    #[serde(default)]
    pub new_authorized_brokers: Vec<Broker>,
    #[serde(default)]
    pub related_offerings: Vec<RelatedOffering>,
    pub related_non_reg_s_offering: Option<u64>,
    pub created_at: Option<DateTime<Utc>>,
    pub opened_at: Option<DateTime<Utc>>,
    pub reg_cf_fee_percentage: Option<Decimal>,
    pub status: Option<OfferingStatus>,
    pub fee_disclosure_statement: Option<String>,
    pub reg_cf_minimum_escrow_closing_start_date: Option<DateTime<Utc>>,
    pub reg_cf_minimum_escrow_release_date: Option<DateTime<Utc>>,
    pub current_bonus_shares: Option<Value>,
    #[serde(default)]
    pub offeringbonusshare_set: Vec<BonusShare>,
    pub closing_initiated_at: Option<DateTime<Utc>>,
    pub ai_offering_id: Option<String>,
    pub ai_account_marked_ready_at: Option<DateTime<Utc>>,
    pub escrow_provider: Option<EscrowProvider>,
    pub investor_credit_card_fee_percentage: Option<Decimal>,
    pub trust_etc_isin: Option<String>,
    pub issuer_broker_control: Option<bool>,
    pub trust_etc_isin_creation_id: Option<String>,
    #[serde(default)]
    pub offeringuserdocument_set: Vec<OfferingUserDocument>,
    pub private_program: Option<bool>,
    pub private_program_description: Option<String>,
    pub private_program_link: Option<String>,
    pub private_program_featured: Option<bool>,
    pub private_program_display_if_not_private: Option<bool>,
    pub private_program_external_raised_amount: Option<Decimal>,
    pub mark_as_for_issuer_message: Option<String>,
}

#[derive(Deserialize)]
pub struct Investor {
    pub id: u64,
    pub user: Option<User>,
    pub entity: Option<Entity>,
    #[serde(rename = "type")]
    pub kind: Option<InvestorType>,
    pub receive_sms: Option<bool>,
    pub receive_emails: Option<bool>,
    pub utm_parameters: Option<Value>,
    pub last_failed_payment_investment: Option<u64>,
    #[serde(default)]
    pub note_set: Vec<Note>,
    pub individual_entity: Option<IndividualEntity>,
}

#[derive(Deserialize)]
pub struct Note {
    pub id: u64,
    pub user: Option<NoteAuthor>,
    pub text: Option<String>,
    pub investor: Option<u64>,
    pub investment: Option<u64>,
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct UserSummary {
    pub id: u64,
    pub email: Option<String>,
    pub is_investor: Option<bool>,
    pub is_issuer: Option<bool>,
    pub is_broker: Option<bool>,
    pub is_staff: Option<bool>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company_name: Option<String>,
    pub phone: Option<String>,
    pub default_offering_id: Option<u64>,
    pub default_issuer_id: Option<u64>,
    pub date_joined: Option<DateTime<Utc>>,
    pub last_login: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct EntitySummary {
    pub id: u64,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub street_address_1: Option<String>,
    pub street_address_2: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
    pub kyc_status: Option<KycStatus>,
    pub number_kyc_failed: Option<i64>,
    #[serde(default)]
    pub current_frozen_kyc_fields: Vec<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub date_of_birth: Option<NaiveDate>,
    pub tax_id_number: Option<String>,
    pub accredited_investor: Option<bool>,
    pub net_worth: Option<Decimal>,
    pub annual_income: Option<Decimal>,
    pub citizenship: Option<Citizenship>,
    pub us_person: Option<bool>,
    pub exempt_from_backup_withholding: Option<bool>,
    pub amount_invested_in_reg_cf_offering_this_year: Option<Decimal>,
    pub accredited_investor_type: Option<AccreditedInvestorType>,
    pub attorney_or_cpa_email: Option<String>,
    pub generic_accredited_investor: Option<bool>,
    pub company_name: Option<String>,
}

#[derive(Deserialize)]
pub struct IndividualEntity {
    pub id: u64,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub kyc_status: Option<KycStatus>,
}

#[derive(Deserialize)]
pub struct AccreditedInvestorNote {
    pub id: i64,
    pub text: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct CpaSentEmail {
    pub id: i64,
    pub recipient: Option<i64>,
    pub recipients: Option<String>,
    pub subject: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    pub template_name: Option<String>,
}

#[derive(Deserialize)]
pub struct CpaRejection {
    pub id: i64,
    pub accredited_investor_verification: Option<u64>,
    #[serde(rename = "type")]
    pub kind: Option<CpaRejectionType>,
    pub ip_address: Option<String>,
    pub user_agent: Option<String>,
    pub cpa_email: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
pub struct Issuer {
    pub id: u64,
    pub entity: Option<IssuerEntity>,
    pub third_party_management: Option<bool>,
}

#[derive(Deserialize)]
pub struct Broker {
    pub id: i64,
    pub name: Option<String>,
    pub archived: Option<bool>,
}

#[derive(Deserialize)]
pub struct RelatedOffering {
    pub id: u64,
    pub issuer: Option<u64>,
    pub name: Option<String>,
    pub slug: Option<String>,
    pub circular_link: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<OfferingType>,
}

#[derive(Deserialize)]
pub struct BonusShare {
    pub id: i64,
    pub value: Option<Decimal>,
    #[serde(rename = "type")]
    pub kind: Option<BonusShareType>,
    pub offering: Option<u64>,
    pub start_datetime: Option<String>,
    pub end_datetime: Option<String>,
    pub activated: Option<bool>,
    pub code: Option<String>,
    pub minimum_amount: Option<Decimal>,
    pub maximum_amount: Option<Decimal>,
}

#[derive(Deserialize)]
pub struct OfferingUserDocument {
    #[serde(rename = "type")]
    pub kind: Option<UserDocumentType>,
    pub offering: Option<u64>,
}

#[derive(Deserialize)]
pub struct User {
    pub id: u64,
    pub email: Option<String>,
    pub is_investor: Option<bool>,
    pub is_issuer: Option<bool>,
    pub is_broker: Option<bool>,
    pub is_staff: Option<bool>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub company_name: Option<String>,
    pub default_offering_id: Option<u64>,
    pub default_issuer_id: Option<u64>,
    pub date_joined: Option<DateTime<Utc>>,
    pub last_login: Option<DateTime<Utc>>,
    pub phone: Option<String>,
    pub is_us_citizen: Option<bool>,
    pub country: Option<String>,
    pub has_ip_country_changed: Option<bool>,
    pub is_country_authorized: Option<bool>,
    #[serde(default)]
    pub offering_set: Vec<u64>,
    pub tax_id_number_update_sponsor_id: Option<i64>,
    pub receive_sms: Option<bool>,
    pub private_program_signup_at: Option<DateTime<Utc>>,
    pub private_program_initial_promotion_code: Option<String>,
    pub private_program_home_page: Option<bool>,
}

#[derive(Deserialize)]
pub struct Entity {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub date_of_birth: Option<NaiveDate>,
    pub tax_id_number: Option<String>,
    pub accredited_investor: Option<bool>,
    pub net_worth: Option<Decimal>,
    pub annual_income: Option<Decimal>,
    pub citizenship: Option<Citizenship>,
    pub us_person: Option<bool>,
    pub exempt_from_backup_withholding: Option<bool>,
    pub amount_invested_in_reg_cf_offering_this_year: Option<Decimal>,
    pub amount_invested_in_reg_cf_offering_this_year_other_platforms: Option<Decimal>,
    pub accredited_investor_type: Option<AccreditedInvestorType>,
    pub attorney_or_cpa_email: Option<String>,
    pub canadian_eligible_investor_type: Option<CanadianEligibleInvestorType>,
    pub household_w9: Option<bool>,
    pub generic_accredited_investor: Option<bool>,
    pub id: u64,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub street_address_1: Option<String>,
    pub street_address_2: Option<String>,
    pub city: Option<String>,
    pub state: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
    pub kyc_status: Option<KycStatus>,
    pub number_kyc_failed: Option<i64>,
    #[serde(default)]
    pub current_frozen_kyc_fields: Vec<String>,
    pub frozen_field_update_sponsor: Option<i64>,
    pub north_capital_investor_custodial_account_request_id: Option<String>,
    pub company_name: Option<String>,
}

#[derive(Deserialize)]
pub struct NoteAuthor {
    pub id: u64,
    pub email: Option<String>,
}

#[derive(Deserialize)]
pub struct IssuerEntity {
    pub id: u64,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub company_name: Option<String>,
}

#[derive(Deserialize)]
pub struct UserDocumentType {
    pub id: i64,
    pub name: Option<UserDocumentName>,
    pub description: Option<String>,
    #[serde(default)]
    pub excluded_countries: Vec<String>,
    #[serde(default)]
    pub included_countries: Vec<String>,
    pub required_investor_type: Option<InvestorType>,
}

#[derive(Deserialize)]
pub enum InvestmentStatus {
    #[serde(rename = "started")]
    Started,
    #[serde(rename = "not_received")]
    NotReceived,
    #[serde(rename = "payment_failed")]
    PaymentFailed,
    #[serde(rename = "received")]
    Received,
    #[serde(rename = "cancelled")]
    Cancelled,
    #[serde(rename = "refunded")]
    Refunded,
    #[serde(rename = "invested")]
    Invested,
    #[serde(rename = "approved")]
    Approved,
    #[serde(rename = "not_approved")]
    NotApproved,
    #[serde(rename = "accepted")]
    Accepted,
    #[serde(rename = "accepted_escrow_closed")]
    AcceptedEscrowClosed,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum AccreditedInvestorType {
    #[serde(rename = "net_worth")]
    NetWorth,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum CanadianEligibleInvestorType {
    #[serde(rename = "eligible_net_income")]
    EligibleNetIncome,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum PaymentMethod {
    #[serde(rename = "card")]
    Card,
    #[serde(rename = "wire")]
    Wire,
    #[serde(rename = "ira")]
    Ira,
    #[serde(rename = "other")]
    Other,
    #[serde(rename = "crypto")]
    Crypto,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum OfferingType {
    #[serde(rename = "reg_a")]
    RegA,
    #[serde(rename = "reg_d_506b")]
    RegD506b,
    #[serde(rename = "reg_d_506c")]
    RegD506c,
    #[serde(rename = "reg_s")]
    RegS,
    #[serde(rename = "reg_cf")]
    RegCf,
    #[serde(rename = "test_the_waters")]
    TestTheWaters,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum ShareOrUnit {
    #[serde(rename = "Shares")]
    Shares,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum InvestorType {
    #[serde(rename = "person")]
    Person,
    #[serde(rename = "company")]
    Company,
    #[serde(rename = "trust")]
    Trust,
    #[serde(rename = "trust_ira")]
    TrustIra,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum AccreditationMethod {
    #[serde(rename = "net_assets")]
    NetAssets,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum VerificationChoice {
    #[serde(rename = "upload_documentation")]
    UploadDocumentation,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum CircularType {
    #[serde(rename = "offering_circular")]
    OfferingCircular,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum Timezone {
    #[serde(rename = "US/Pacific")]
    USPacific,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum LogoPlacement {
    #[serde(rename = "center")]
    Center,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum OfferingStatus {
    #[serde(rename = "incomplete")]
    Incomplete,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum EscrowProvider {
    #[serde(rename = "fortress")]
    Fortress,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum KycStatus {
    #[serde(rename = "unverified")]
    Unverified,
    #[serde(rename = "processing")]
    Processing,
    #[serde(rename = "passed")]
    Passed,
    #[serde(rename = "failed")]
    Failed,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum Citizenship {
    #[serde(rename = "United States")]
    UnitedStates,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum CpaRejectionType {
    #[serde(rename = "missing_information")]
    MissingInformation,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum BonusShareType {
    #[serde(rename = "amount")]
    Amount,
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
pub enum UserDocumentName {
    #[serde(rename = "australian_sophisticated_investor_certificate")]
    AustralianSophisticatedInvestorCertificate,
    #[serde(other)]
    Unknown,
}
