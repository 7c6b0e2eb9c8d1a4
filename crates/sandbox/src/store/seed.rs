//! What a new sandbox holds: the partner, an issuer with its offerings, and a VerifyInvestor user.
//!
//! Everything follows from the seed number. Seeded dates are fixed and lie in the past.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::{Seeding, scale};
use crate::clock;
use crate::credentials::{PARTNER_EMAIL, PARTNER_PASSWORD};
use crate::secrets;

/// Your identifier of the seeded VerifyInvestor user.
pub(crate) const VERIFYINVESTOR_IDENTIFIER: &str = "42";

/// E-mail of the seeded VerifyInvestor user.
pub(crate) const VERIFYINVESTOR_EMAIL: &str = "violet.howard@example.com";

const SEEDED_AT: &str = "2025-01-15T17:00:00.000000Z";

/// After this nothing of the seed is dated, so that it is the past for everybody.
const LATEST: &str = "2025-12-31T20:00:00.000000Z";

/// Tables whose first id depends on the seed, so that nothing can rely on an id that happens to be
/// 1.
const TABLES: [&str; 15] = [
    "users",
    "entities",
    "issuers",
    "offerings",
    "investors",
    "investments",
    "investment_history",
    "invoices",
    "kyb_documents",
    "signatures",
    "verification_entities",
    "vi_users",
    "vi_requests",
    "vi_invitations",
    "webhook_deliveries",
];

/// One offering of the seed.
struct Seed {
    name: &'static str,
    r#type: &'static str,
    slug: &'static str,
    description: &'static str,
    security_type: &'static str,
    unit_price_cents: i64,
    number_of_shares: i64,
    min_investment_cents: i64,
    max_investment_cents: i64,
    administrative_fee_percent: &'static str,
    card_fee_percent: &'static str,
    accredited_only: bool,
}

const OFFERINGS: [Seed; 4] = [
    Seed {
        name: "Analytical Engines Series A",
        r#type: "reg_d_506c",
        slug: "analytical-engines-regd",
        description: "Preferred stock for verified accredited investors.",
        security_type: "Preferred Stock",
        unit_price_cents: 25_000,
        number_of_shares: 400_000,
        min_investment_cents: 100_000,
        max_investment_cents: 500_000_000,
        administrative_fee_percent: "1.00",
        card_fee_percent: "3.50",
        accredited_only: true,
    },
    Seed {
        name: "Analytical Engines Regulation A",
        r#type: "reg_a",
        slug: "analytical-engines-rega",
        description: "Common stock for everybody.",
        security_type: "Common Stock",
        unit_price_cents: 1_050,
        number_of_shares: 5_000_000,
        min_investment_cents: 10_500,
        max_investment_cents: 100_000_000,
        administrative_fee_percent: "2.00",
        card_fee_percent: "3.50",
        accredited_only: false,
    },
    Seed {
        name: "Analytical Engines Crowd",
        r#type: "reg_cf",
        slug: "analytical-engines-regcf",
        description: "Common stock through crowdfunding.",
        security_type: "Common Stock",
        unit_price_cents: 500,
        number_of_shares: 1_000_000,
        min_investment_cents: 5_000,
        max_investment_cents: 10_700_000,
        administrative_fee_percent: "0.00",
        card_fee_percent: "2.90",
        accredited_only: false,
    },
    Seed {
        name: "Analytical Engines International",
        r#type: "reg_s",
        slug: "analytical-engines-regs",
        description: "Common stock for investors outside the United States.",
        security_type: "Common Stock",
        unit_price_cents: 1_000,
        number_of_shares: 2_000_000,
        min_investment_cents: 50_000,
        max_investment_cents: 200_000_000,
        administrative_fee_percent: "1.50",
        card_fee_percent: "3.90",
        accredited_only: false,
    },
];

/// Fills an empty schema.
pub(super) fn fill(db: &Connection, seeding: &Seeding) -> rusqlite::Result<()> {
    for (number, table) in TABLES.iter().enumerate() {
        let first = first_id(seeding.seed, number);
        db.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
            params![table, first - 1],
        )?;
    }
    db.execute(
        "INSERT INTO users (email, password_sha256, first_name, last_name, company_name, is_issuer, date_joined)
         VALUES (?1, ?2, 'Pat', 'Partner', 'Sandbox Portal LLC', 1, ?3)",
        params![PARTNER_EMAIL, secrets::sha256_hex(PARTNER_PASSWORD), SEEDED_AT],
    )?;
    db.execute(
        "INSERT INTO entities (company_name, email, phone, country, state, city)
         VALUES ('Analytical Engines, Inc.', 'issuer@example.com', '+12025550100', 'US', 'DE', 'Wilmington')",
        [],
    )?;
    db.execute(
        "INSERT INTO issuers (entity_id) VALUES (?1)",
        [db.last_insert_rowid()],
    )?;
    let issuer = db.last_insert_rowid();
    for offering in &OFFERINGS {
        insert(db, issuer, offering)?;
    }
    seed_verifyinvestor(db)?;
    let opened = clock::read(SEEDED_AT).unwrap_or_default();
    scale::fill(db, seeding.seed, seeding.scale, opened, seeding.until)
}

/// The end of the seeded past.
pub(super) fn latest() -> Timestamp {
    clock::read(LATEST).unwrap_or_default()
}

fn first_id(seed: u64, table: usize) -> i64 {
    let digits = secrets::opaque(seed, "first id", i64::try_from(table).unwrap_or_default());
    // Three hex digits: ids start between 1,001 and 5,096, short enough to read.
    let offset = digits
        .get(..3)
        .and_then(|digits| i64::from_str_radix(digits, 16).ok())
        .unwrap_or_default();
    1_001 + offset
}

fn insert(db: &Connection, issuer: i64, offering: &Seed) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO offerings (issuer_id, name, type, slug, status, description, security_type, unit_price_cents,
            number_of_shares, min_investment_cents, max_investment_cents, minimum_wire_cents,
            administrative_fee_percent, card_fee_percent, accredited_only, created_at, opened_at)
         VALUES (?1, ?2, ?3, ?4, 'open', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15)",
        params![
            issuer,
            offering.name,
            offering.r#type,
            offering.slug,
            offering.description,
            offering.security_type,
            offering.unit_price_cents,
            offering.number_of_shares,
            offering.min_investment_cents,
            offering.max_investment_cents,
            offering.min_investment_cents,
            offering.administrative_fee_percent,
            offering.card_fee_percent,
            offering.accredited_only,
            SEEDED_AT,
        ],
    )?;
    Ok(())
}

fn seed_verifyinvestor(db: &Connection) -> rusqlite::Result<()> {
    db.execute(
        "INSERT INTO vi_users (first_name, last_name, email, created_at)
         VALUES ('Violet', 'Howard', ?1, ?2)",
        [VERIFYINVESTOR_EMAIL, SEEDED_AT],
    )?;
    let user = db.last_insert_rowid();
    db.execute(
        "INSERT INTO vi_authorizations (user_id, identifier, created_at) VALUES (?1, ?2, ?3)",
        params![user, VERIFYINVESTOR_IDENTIFIER, SEEDED_AT],
    )?;
    let authorization = db.last_insert_rowid();
    db.execute(
        "INSERT INTO vi_legal_names (authorization_id, legal_name, normalized)
         VALUES (?1, 'VIOLET HOWARD', ?2)",
        params![
            authorization,
            crate::verifyinvestor::legal_names::normalized("Violet Howard")
        ],
    )?;
    Ok(())
}
