//! A sandbox with a past: any number of investments with their investors, invoices, documents and
//! signatures, as the API and the lifecycle would have left them.
//!
//! Everything follows from the seed. Amounts are computed as for a new investment; nothing is dated
//! after the given end. It writes rows, and decides nothing that a call would decide otherwise.

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::people::{Dice, Person};
use crate::{clock, money, secrets};

const MINUTE: i64 = 60 * 1_000_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// How far back the first investment lies when the end leaves no room after the seeded offerings.
const PAST: i64 = 350 * DAY;

/// Type, name, security, price, minimum, maximum (all three in cents), fee and card fee in per cent.
type Product = (
    &'static str,
    &'static str,
    &'static str,
    i64,
    i64,
    i64,
    &'static str,
    &'static str,
);

/// What each of the further issuers sells.
const PRODUCTS: [Product; 6] = [
    (
        "reg_a",
        "Regulation A",
        "Common Stock",
        850,
        25_500,
        75_000_000,
        "1.75",
        "3.50",
    ),
    (
        "reg_d_506b",
        "Private Placement",
        "Preferred Stock",
        12_500,
        1_000_000,
        250_000_000,
        "1.00",
        "3.50",
    ),
    (
        "reg_d_506c",
        "Growth Round",
        "Preferred Stock",
        41_200,
        412_000,
        900_000_000,
        "0.85",
        "3.25",
    ),
    (
        "reg_cf",
        "Crowd",
        "Common Stock",
        365,
        10_220,
        12_400_000,
        "2.00",
        "2.90",
    ),
    (
        "reg_s",
        "International",
        "Common Stock",
        1_995,
        99_750,
        150_000_000,
        "1.50",
        "3.90",
    ),
    (
        "test_the_waters",
        "Interest",
        "Common Stock",
        1_000,
        10_000,
        50_000_000,
        "0.00",
        "0.00",
    ),
];

/// Issuers of the further offerings. These companies do not exist.
const ISSUERS: [&str; 8] = [
    "Difference Works",
    "Bernoulli Robotics",
    "Jacquard Textiles",
    "Harbour Wind Energy",
    "Quiet Orchard Foods",
    "Northlight Medical",
    "Stonebridge Homes",
    "Lantern Media",
];

/// How long an investment takes to reach a status: at least, and up to how much longer.
const DELAYS: [(&str, i64, i64); 6] = [
    ("not_received", 4 * MINUTE, 3 * 60 * MINUTE),
    ("received", 30 * MINUTE, 5 * DAY),
    ("invested", 10 * MINUTE, DAY),
    ("approved", 60 * MINUTE, 3 * DAY),
    ("accepted", DAY, 6 * DAY),
    ("accepted_escrow_closed", 7 * DAY, 35 * DAY),
];

/// One page with nothing on it.
const BLANK_PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]>>endobj\n\
trailer<</Root 1 0 R>>\n%%EOF\n";

/// Adds `count` investments, the last of them at `until`.
pub(super) fn fill(
    db: &Connection,
    seed: u64,
    count: u32,
    opened: Timestamp,
    until: Timestamp,
) -> rusqlite::Result<()> {
    if count == 0 {
        return Ok(());
    }
    let until = until.as_microsecond();
    let opened = opened.as_microsecond();
    let begin = if until - opened < 30 * DAY {
        until - PAST
    } else {
        opened
    };
    offer(db, count, &at(begin))?;
    let step = ((until - begin) / i64::from(count)).max(1);
    let mut past = Past {
        db,
        seed,
        dice: Dice::new(seed),
        offerings: terms(db)?,
        at_home: Vec::new(),
        abroad: Vec::new(),
        people: 0,
        investments: next_id(db, "investments")?,
        until,
        intents: 0,
        invoices: 0,
        signatures: 0,
    };
    for number in 0..i64::from(count) {
        let created = begin + number * step + past.dice.below(step);
        past.invest(number, created.min(until))?;
    }
    for (purpose, used) in [
        ("payment intent", past.intents),
        ("invoice", past.invoices),
        ("signing", past.signatures),
    ] {
        db.execute(
            "INSERT INTO counters (purpose, count) VALUES (?1, ?2)",
            params![purpose, used],
        )?;
    }
    Ok(())
}

/// The issuers beside the first, each with an offering of every type.
fn offer(db: &Connection, count: u32, opened: &str) -> rusqlite::Result<()> {
    let issuers = usize::try_from(1 + count / 15_000).unwrap_or_default();
    for issuer in ISSUERS.into_iter().take(issuers) {
        let slug = issuer.to_ascii_lowercase().replace(' ', "-");
        db.execute(
            "INSERT INTO entities (company_name, email, phone, country, state, city)
             VALUES (?1, ?2, '+12025550101', 'US', 'DE', 'Wilmington')",
            params![format!("{issuer}, Inc."), format!("{slug}@example.com")],
        )?;
        db.execute(
            "INSERT INTO issuers (entity_id) VALUES (?1)",
            [db.last_insert_rowid()],
        )?;
        let id = db.last_insert_rowid();
        for (kind, name, security, unit, least, most, fee, card_fee) in PRODUCTS {
            db.execute(
                "INSERT INTO offerings (issuer_id, name, type, slug, status, description, security_type,
                    unit_price_cents, number_of_shares, min_investment_cents, max_investment_cents,
                    minimum_wire_cents, administrative_fee_percent, card_fee_percent, accredited_only,
                    created_at, opened_at)
                 VALUES (?1, ?2, ?3, ?4, 'open', ?5, ?6, ?7, 10000000, ?8, ?9, ?8, ?10, ?11, ?12, ?13, ?13)",
                params![
                    id,
                    format!("{issuer} {name}"),
                    kind,
                    format!("{slug}-{}", kind.replace('_', "")),
                    format!("{security} of {issuer}, Inc."),
                    security,
                    unit,
                    least,
                    most,
                    fee,
                    card_fee,
                    kind == "reg_d_506c",
                    opened,
                ],
            )?;
        }
    }
    Ok(())
}

/// What an offering asks for.
#[derive(Debug)]
struct Terms {
    id: i64,
    kind: String,
    unit: i64,
    least: i64,
    most: i64,
    fee: String,
    card_fee: String,
    issuer: String,
}

fn terms(db: &Connection) -> rusqlite::Result<Vec<Terms>> {
    db.prepare(
        "SELECT offerings.id, type, unit_price_cents, min_investment_cents, max_investment_cents,
            administrative_fee_percent, card_fee_percent, company_name
         FROM offerings JOIN issuers ON issuers.id = issuer_id JOIN entities ON entities.id = entity_id
         ORDER BY offerings.id",
    )?
    .query_map([], |row| {
        Ok(Terms {
            id: row.get(0)?,
            kind: row.get(1)?,
            unit: row.get(2)?,
            least: row.get(3)?,
            most: row.get(4)?,
            fee: row.get(5)?,
            card_fee: row.get(6)?,
            issuer: row.get(7)?,
        })
    })?
    .collect()
}

fn next_id(db: &Connection, table: &str) -> rusqlite::Result<i64> {
    db.query_row(
        "SELECT seq + 1 FROM sqlite_sequence WHERE name = ?1",
        [table],
        |row| row.get(0),
    )
}

/// The investor of an investment, as far as the investment needs to know.
#[derive(Clone, Copy, Debug, Default)]
struct Buyer {
    id: i64,
    name: &'static str,
    surname: &'static str,
    title: Option<&'static str>,
    net_worth: i64,
}

/// What is being written.
#[derive(Debug)]
struct Past<'a> {
    db: &'a Connection,
    seed: u64,
    dice: Dice,
    offerings: Vec<Terms>,
    at_home: Vec<Buyer>,
    abroad: Vec<Buyer>,
    people: i64,
    /// The id of the next investment.
    investments: i64,
    until: i64,
    intents: i64,
    invoices: i64,
    signatures: i64,
}

impl Past<'_> {
    fn invest(&mut self, number: i64, created: i64) -> rusqlite::Result<()> {
        let count = i64::try_from(self.offerings.len()).unwrap_or_default();
        let choice = usize::try_from(self.dice.below(count)).unwrap_or_default();
        let Some(offering) = self.offerings.get(choice) else {
            return Ok(());
        };
        let abroad = offering.kind == "reg_s";
        let waters = offering.kind == "test_the_waters";
        let (offering_id, unit) = (offering.id, offering.unit);
        // Small investments are frequent, large ones rare.
        let least = offering.least.div_euclid(unit) + i64::from(offering.least % unit != 0);
        let most = offering.most / unit;
        let spread = 1 + self.dice.below(40);
        let quantity = (least + self.dice.below(least * spread + 1)).min(most);
        let method = self.dice.pick(&[
            "card", "card", "wire", "wire", "wire", "ira", "other", "crypto",
        ]);
        let shares = unit * quantity;
        let fees = money::percentage(shares, &offering.fee).unwrap_or_default();
        let processing = match method {
            "card" => money::percentage(shares, &offering.card_fee).unwrap_or_default(),
            _ => 0,
        };
        let issuer = offering.issuer.clone();
        let known = self.dice.chance(55);
        let pool = if abroad { &self.abroad } else { &self.at_home };
        let buyer = match self.dice.pick(pool) {
            buyer if known && buyer.id != 0 => buyer,
            _ => self.investor(abroad, created)?,
        };
        let steps = self.journey(created, waters);
        let reached = |status: &str| {
            steps
                .iter()
                .find(|(step, _)| *step == status)
                .map(|(_, at)| *at)
        };
        let (status, updated) = steps.last().copied().unwrap_or(("started", created));
        let paid = reached("received").is_some();
        let signed = reached("not_received");
        let id = self.investments;
        self.investments += 1;
        self.intents += 1;
        let intent = secrets::opaque(self.seed, "payment intent", self.intents);
        let intent_id = format!("pi_{}", intent.get(..24).unwrap_or_default());
        let secret = format!(
            "{intent_id}_secret_{}",
            intent.get(24..49).unwrap_or_default()
        );
        self.db
            .prepare_cached(
                "INSERT INTO investments (id, offering_id, investor_id, quantity, unit_price_cents, shares_cents,
                    fees_cents, processing_fees_cents, amount_cents, status, requested_payment_method,
                    payment_method, payment_intent_id, payment_intent_secret, charges_count, wirepayment,
                    reference_id, has_investor_signed, is_entity_submitted, is_approved, refund_status,
                    attributes, created_at, updated_at, processed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
                    1, ?19, ?20, ?21, ?22, ?23, ?24)",
            )?
            .execute(params![
                id,
                offering_id,
                buyer.id,
                quantity,
                unit,
                shares,
                fees,
                processing,
                shares + fees + processing,
                status,
                method,
                paid.then_some(method),
                intent_id,
                secret,
                i64::from(paid || status == "payment_failed"),
                (paid && method == "wire").then_some(id),
                reference(self.seed, number),
                signed.is_some(),
                approval(&steps),
                (status == "refunded").then_some("succeeded"),
                format!(
                    r#"{{"accredited_investor":{},"net_worth":"{}","us_person":{},"user_browser_type":"desktop"}}"#,
                    buyer.net_worth >= 100_000_000,
                    money::text(buyer.net_worth),
                    !abroad
                ),
                at(created),
                at(updated),
                reached("invested").map(at),
            ])?;
        for (status, when) in &steps {
            self.db
                .prepare_cached("INSERT INTO investment_history (investment_id, status, at) VALUES (?1, ?2, ?3)")?
                .execute(params![id, status, at(*when)])?;
        }
        if status == "payment_failed" {
            self.db
                .prepare_cached(
                    "UPDATE investors SET last_failed_payment_investment = ?2 WHERE id = ?1",
                )?
                .execute([buyer.id, id])?;
        }
        if method == "wire" {
            self.invoice(id, &issuer)?;
        }
        if signed.is_some() || self.dice.chance(40) {
            self.sign(id, buyer, created, signed)?;
        }
        Ok(())
    }

    /// The statuses of an investment with their times, none after the end.
    fn journey(&mut self, created: i64, waters: bool) -> Vec<(&'static str, i64)> {
        // Where the happy path is left, and how.
        let (last, end) = match self.dice.below(100) {
            _ if waters => ("started", None),
            0..6 => ("started", None),
            6..10 => ("started", Some("payment_failed")),
            10..18 => ("not_received", Some("cancelled")),
            18..22 => ("received", Some("refunded")),
            22..26 => ("invested", Some("not_approved")),
            26..32 => ("not_received", None),
            32..36 => ("received", None),
            36..41 => ("invested", None),
            41..45 => ("approved", None),
            45..50 => ("accepted", None),
            _ => ("accepted_escrow_closed", None),
        };
        let mut steps = vec![("started", created)];
        let mut now = created;
        if last != "started" {
            for (status, least, more) in DELAYS {
                now += least + self.dice.below(more);
                if now > self.until {
                    return steps;
                }
                steps.push((status, now));
                if status == last {
                    break;
                }
            }
        }
        if let Some(end) = end {
            now += MINUTE + self.dice.below(4 * DAY);
            if now <= self.until {
                steps.push((end, now));
            }
        }
        steps
    }

    /// A new investor with account and entity, who passed the identity check or did not.
    fn investor(&mut self, abroad: bool, at_time: i64) -> rusqlite::Result<Buyer> {
        self.people += 1;
        let person = Person::new(&mut self.dice, self.people, abroad);
        let kind = match self.dice.below(100) {
            0..74 => "person",
            74..88 => "company",
            88..95 => "trust",
            _ => "trust_ira",
        };
        let created = at(at_time - MINUTE - self.dice.below(DAY));
        let organisation = (kind != "person").then(|| person.organisation(&mut self.dice, kind));
        self.db
            .prepare_cached(
                "INSERT INTO users (email, first_name, last_name, company_name, phone, country, is_investor,
                    date_joined)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)",
            )?
            .execute(params![
                person.email,
                person.first_name,
                person.last_name,
                organisation.as_deref().unwrap_or_default(),
                person.phone,
                person.place.country,
                created,
            ])?;
        let user = self.db.last_insert_rowid();
        let net_worth = self.dice.below(500) * 1_000_000 + 2_500_000;
        let kyc = if self.dice.chance(96) {
            "passed"
        } else {
            "failed"
        };
        let natural = self.person(&person, net_worth, kyc)?;
        let (entity, individual) = match &organisation {
            None => (natural, None),
            Some(name) => (self.organisation(&person, name, kyc)?, Some(natural)),
        };
        self.db
            .prepare_cached(
                "INSERT INTO investors (user_id, entity_id, individual_entity_id, type, receive_sms,
                    receive_emails, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                user,
                entity,
                individual,
                kind,
                self.dice.chance(30),
                self.dice.chance(80),
                created
            ])?;
        let buyer = Buyer {
            id: self.db.last_insert_rowid(),
            name: person.first_name,
            surname: person.last_name,
            title: match kind {
                "person" => None,
                "company" => Some("Managing Member"),
                _ => Some("Trustee"),
            },
            net_worth,
        };
        self.db
            .prepare_cached(
                "INSERT INTO verification_entities (entity_id, status, provider, created_at)
                 VALUES (?1, ?2, 'sandbox', ?3)",
            )?
            .execute(params![entity, kyc, created])?;
        if organisation.is_some() && self.dice.chance(80) {
            self.documents(entity, &created)?;
        }
        if abroad {
            self.abroad.push(buyer);
        } else {
            self.at_home.push(buyer);
        }
        Ok(buyer)
    }

    fn person(&mut self, person: &Person, net_worth: i64, kyc: &str) -> rusqlite::Result<i64> {
        let income = self.dice.below(40) * 1_000_000 + 4_500_000;
        let attributes = format!(
            r#"{{"accredited_investor":{},"annual_income":"{}","net_worth":"{}","us_person":{}}}"#,
            net_worth >= 100_000_000,
            money::text(income),
            money::text(net_worth),
            person.place.country == "US"
        );
        let names = (Some(person.first_name), Some(person.last_name), None);
        self.entity(person, names, &person.tax_id_number, kyc, &attributes)
    }

    fn organisation(&mut self, person: &Person, name: &str, kyc: &str) -> rusqlite::Result<i64> {
        let number = person.organisation_number(&mut self.dice);
        self.entity(person, (None, None, Some(name)), &number, kyc, "{}")
    }

    fn entity(
        &self,
        person: &Person,
        (first_name, last_name, company_name): (Option<&str>, Option<&str>, Option<&str>),
        tax_id_number: &str,
        kyc: &str,
        attributes: &str,
    ) -> rusqlite::Result<i64> {
        self.db
            .prepare_cached(
                "INSERT INTO entities (first_name, last_name, company_name, email, phone, date_of_birth,
                    tax_id_number, street_address_1, city, state, postal_code, country, kyc_status,
                    number_kyc_failed, attributes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, nullif(?10, ''), ?11, ?12, ?13, ?13 = 'failed', ?14)",
            )?
            .execute(params![
                first_name,
                last_name,
                company_name,
                person.email,
                person.phone,
                company_name.is_none().then_some(&person.date_of_birth),
                tax_id_number,
                person.street,
                person.place.city,
                person.place.state,
                person.place.postal_code,
                person.place.country,
                kyc,
                attributes,
            ])?;
        Ok(self.db.last_insert_rowid())
    }

    fn documents(&mut self, entity: i64, created: &str) -> rusqlite::Result<()> {
        let verified = self.dice.chance(70);
        for side in ["front", "back"]
            .into_iter()
            .take(if self.dice.chance(25) { 2 } else { 1 })
        {
            self.db
                .prepare_cached(
                    "INSERT INTO kyb_documents (entity_id, type, side, verified, file_name, content, created_at)
                     VALUES (?1, 'other', ?2, ?3, 'articles-of-organisation.pdf', ?4, ?5)",
                )?
                .execute(params![entity, side, verified, BLANK_PDF, created])?;
        }
        Ok(())
    }

    fn invoice(&mut self, investment: i64, issuer: &str) -> rusqlite::Result<()> {
        self.invoices += 1;
        let code = secrets::opaque(self.seed, "invoice", self.invoices);
        let digits: String = code
            .bytes()
            .take(10)
            .map(|byte| char::from(b'0' + byte % 10))
            .collect();
        self.db
            .prepare_cached(
                "INSERT INTO invoices (investment_id, number, account_number, bank_name, fingerprint,
                    routing_number, swift_code, beneficiary_name, beneficiary_address)
                 VALUES (?1, ?2, ?3, 'SANDBOX BANK', ?4, '110000000', 'SNDBUS6S', ?5,
                    '1 Sandbox Street, San Francisco, CA 94105')",
            )?
            .execute(params![
                investment,
                format!("INV-{investment:06}"),
                digits,
                code.get(16..32).unwrap_or_default(),
                issuer
            ])?;
        Ok(())
    }

    fn sign(
        &mut self,
        investment: i64,
        buyer: Buyer,
        created: i64,
        signed: Option<i64>,
    ) -> rusqlite::Result<()> {
        self.signatures += 1;
        let token = secrets::opaque(self.seed, "signing", self.signatures);
        let signed = signed.map(at);
        self.db
            .prepare_cached(
                "INSERT INTO signatures (investment_id, investor_signature_text, investor_signature_date,
                    document_name, document_version, investor_title, signing_token, signed_at, created_at)
                 VALUES (?1, ?2, ?3, 'subscription_agreement', 1, ?4, ?5, ?3, ?6)",
            )?
            .execute(params![
                investment,
                format!("{} {}", buyer.name, buyer.surname),
                signed,
                buyer.title,
                token.get(..32).unwrap_or(&token),
                at(created.saturating_add(MINUTE).min(self.until)),
            ])?;
        Ok(())
    }
}

fn approval(steps: &[(&str, i64)]) -> Option<bool> {
    steps.iter().rev().find_map(|(status, _)| match *status {
        "approved" => Some(true),
        "not_approved" => Some(false),
        _ => None,
    })
}

/// A reference that no other number has: an odd factor and an offset only shuffle what ten hex
/// digits can say.
fn reference(seed: u64, number: i64) -> String {
    let number = u64::try_from(number).unwrap_or_default();
    let shuffled = number.wrapping_add(seed).wrapping_mul(0x9e_3779_b97f_4a7d);
    format!("{:010X}", shuffled % (1 << 40))
}

fn at(microseconds: i64) -> String {
    clock::stored(Timestamp::from_microsecond(microseconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_never_repeat() {
        let mut seen = std::collections::HashSet::new();
        assert!((0..50_000).all(|number| seen.insert(reference(u64::MAX, number))));
    }
}
