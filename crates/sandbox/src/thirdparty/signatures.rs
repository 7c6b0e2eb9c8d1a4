//! Subscription agreements: what there is to sign, the signing itself, and what the issuer signed
//! in the end.

use http::StatusCode;
use rusqlite::{Connection, OptionalExtension, params};

use super::fields::{Fields, Presence};
use super::filters::{Column, Holds, Resource, column};
use super::{envelope, errors, investments, lifecycle, pagination};
use crate::call::Call;
use crate::clock;
use crate::clock::Moment;
use crate::json::{Json, object};
use crate::reply::{Outcome, Reply};

pub(super) const DOCUMENTS: [&str; 8] = [
    "subscription_agreement",
    "subscription_agreement_2",
    "subscription_agreement_3",
    "subscription_agreement_us_only",
    "subscription_agreement_ca_only",
    "subscription_agreement_ca_only_individual_only",
    "subscription_agreement_non_us_non_ca_only",
    "subscription_agreement_non_us_only",
];

static RESOURCE: Resource = Resource {
    table: "signatures i",
    key: "i.id",
    joins: &[(
        "purchase",
        "LEFT JOIN investments purchase ON purchase.id = i.investment_id",
    )],
    columns: &COLUMNS,
    predicates: &[],
    search: &["i.investor_signature_text", "i.document_name"],
};

const COLUMNS: [Column; 8] = [
    column("document_name", "i.document_name", Holds::Text),
    column("document_version", "i.document_version", Holds::Integer),
    column("id", "i.id", Holds::Integer),
    column(
        "investment",
        "i.investment_id",
        Holds::Reference("investments"),
    ),
    column(
        "investment__investor",
        "purchase.investor_id",
        Holds::Reference("investors"),
    ),
    column(
        "investment__offering",
        "purchase.offering_id",
        Holds::Reference("offerings"),
    ),
    column(
        "investor_signature_date",
        "i.investor_signature_date",
        Holds::Timestamp,
    ),
    column("signed_at", "i.signed_at", Holds::Timestamp),
];

/// `GET /api_third_party/subscription_agreement_investor_signatures/`
pub(crate) fn list(call: &Call<'_>) -> Outcome {
    pagination::page(call, &RESOURCE, |id| {
        Ok(read(call, id)?.unwrap_or(Json::Null))
    })
}

/// `GET /api_third_party/subscription_agreement_investor_signatures/{id}/`
pub(crate) fn retrieve(call: &Call<'_>) -> Outcome {
    let id = super::object_id(call, "SubscriptionAgreementInvestorSignature")?;
    let signature = read(call, id)?
        .ok_or_else(|| errors::no_match(call, "SubscriptionAgreementInvestorSignature"))?;
    Ok(Reply::ok(&signature))
}

/// `POST /api_third_party/subscription_agreement_investor_signatures/`: gives the page on which the
/// investor signs.
pub(crate) fn create(call: &Call<'_>) -> Outcome {
    let mut fields = Fields::of(call)?;
    let investment = fields.reference(call, "investment", "investments")?;
    let document = fields.choice("document_name", Presence::Required, &DOCUMENTS);
    let version = fields
        .integer("document_version", Presence::Optional)
        .unwrap_or(1);
    let text = fields.text("investor_signature_text", Presence::Optional);
    let date = fields
        .timestamp("investor_signature_date", Presence::Optional)
        .map(clock::stored);
    let title = fields.text("investor_title", Presence::Optional);
    fields.check()?;
    let token = call.opaque("signing")?;
    call.db.execute(
        "INSERT INTO signatures (investment_id, investor_signature_text, investor_signature_date, document_name,
            document_version, investor_title, signing_token, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            investment,
            text,
            date,
            document,
            version,
            title,
            token.get(..32).unwrap_or(&token),
            call.now_text()
        ],
    )?;
    let signature = read(call, call.db.last_insert_rowid())?.unwrap_or(Json::Null);
    Ok(Reply::json(StatusCode::CREATED, &signature))
}

/// `GET /api_third_party/investments/{id}/temp_pdf_subscription_agreements/`: the agreements before
/// they are signed.
pub(crate) fn to_sign(call: &Call<'_>) -> Outcome {
    let id = investments::find(call)?;
    let agreement = object! {
        "name": "subscription_agreement",
        "version": 1,
        "pdf": address(call, id),
        "e-signature": true,
    };
    Ok(envelope(
        object! { "pdf_subscription_agreements": Json::list([agreement]) },
    ))
}

/// `GET /api_third_party/investments/{id}/pdf_subscription_agreements/`: those that the issuer
/// signed, which it does when it accepts the investment.
pub(crate) fn issuer_signed(call: &Call<'_>) -> Outcome {
    let id = investments::find(call)?;
    let accepted: bool = call
        .db
        .prepare_cached("SELECT status IN ('accepted', 'accepted_escrow_closed') FROM investments WHERE id = ?1")?
        .query_row([id], |row| row.get(0))?;
    let mut statement = call.db.prepare_cached(
        "SELECT DISTINCT document_name, document_version FROM signatures
         WHERE investment_id = ?1 AND signed_at IS NOT NULL AND ?2 ORDER BY 1, 2",
    )?;
    let agreements = statement
        .query_map(params![id, accepted], |row| {
            Ok(object! {
                "name": row.get::<_, String>(0)?,
                "version": row.get::<_, i64>(1)?,
                "document": address(call, id),
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(envelope(
        object! { "pdf_subscription_agreements": agreements },
    ))
}

/// What the signing page does: the signature counts from now, and with the last one the investment
/// moves on.
pub(crate) fn sign(db: &Connection, signature: i64, text: &str, now: &str) -> rusqlite::Result<()> {
    let investment: i64 = db.query_row(
        "UPDATE signatures SET signed_at = ?3, investor_signature_date = coalesce(investor_signature_date, ?3),
            investor_signature_text = CASE WHEN ?2 = '' THEN investor_signature_text ELSE ?2 END
         WHERE id = ?1 RETURNING investment_id",
        params![signature, text, now],
        |row| row.get(0),
    )?;
    let open: bool = db.query_row(
        "SELECT EXISTS (SELECT 1 FROM signatures WHERE investment_id = ?1 AND signed_at IS NULL)",
        [investment],
        |row| row.get(0),
    )?;
    if open {
        Ok(())
    } else {
        lifecycle::signed(db, investment, now)
    }
}

fn read(call: &Call<'_>, id: i64) -> rusqlite::Result<Option<Json>> {
    call.db
        .prepare_cached("SELECT * FROM signatures WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(object! {
                "id": id,
                "investment": row.get::<_, i64>("investment_id")?,
                "investor_signature_text": row.get::<_, Option<String>>("investor_signature_text")?,
                "investor_signature_date": row.get::<_, Option<Moment>>("investor_signature_date")?,
                "signing_url": format!("{}/_sandbox/sign/{}", call.origin, row.get::<_, String>("signing_token")?),
                "signed_at": row.get::<_, Option<Moment>>("signed_at")?,
            })
        })
        .optional()
}

fn address(call: &Call<'_>, investment: i64) -> String {
    format!("{}/_sandbox/agreements/{investment}.pdf", call.origin)
}
