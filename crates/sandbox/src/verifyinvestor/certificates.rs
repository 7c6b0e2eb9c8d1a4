//! Certificates: a real one-page PDF for every request that ended accredited.

use rusqlite::{OptionalExtension, params};

use super::requests::{self, Request};
use super::{errors, legal_names, status, users, verification_requests};
use crate::call::Call;
use crate::clock;
use crate::pdf::Page;
use crate::reply::{Outcome, Reply};

/// `GET …/verification_requests/:id/certificate`
pub(crate) fn of_request(call: &Call<'_>) -> Outcome {
    let request = verification_requests::find(call)?;
    if request.status != status::ACCREDITED {
        return Err(errors::no_certificate().into());
    }
    Ok(Reply::pdf(certificate(&request)))
}

/// `GET /api/v1/users/:user_id/verification_certificate?legal_name=…`: the latest of a legal name.
pub(crate) fn latest(call: &Call<'_>) -> Outcome {
    let user = users::find(call)?;
    let name = call.query("legal_name").unwrap_or_default();
    let request: Option<i64> = call
        .db
        .prepare_cached(
            "SELECT id FROM vi_requests WHERE user_id = ?1 AND normalized_name = ?2 AND status = 'accredited'
             ORDER BY completed_at DESC, id DESC LIMIT 1",
        )?
        .query_row(params![user, legal_names::normalized(name)], |row| row.get(0))
        .optional()?;
    let request = request
        .map(|id| requests::find(call.db, id))
        .transpose()?
        .flatten();
    let request = request.ok_or_else(errors::no_certificate)?;
    Ok(Reply::pdf(certificate(&request)))
}

fn certificate(request: &Request) -> Vec<u8> {
    let issued = request
        .completed_at
        .as_deref()
        .and_then(clock::date)
        .map(|date| date.to_string());
    let (title, meaning) = match request.kind.as_deref() {
        Some("aml_kyc") => (
            "AML / KYC Verification",
            "passed the identity and watch list checks.",
        ),
        Some("qualified_purchaser") => (
            "Qualified Purchaser Verification",
            "is a qualified purchaser.",
        ),
        Some("qualified_client") => ("Qualified Client Verification", "is a qualified client."),
        _ => (
            "Accredited Investor Verification",
            "is an accredited investor under Rule 501(a) of Regulation D.",
        ),
    };
    let mut page = Page::new(&format!("Certificate of {title}"));
    page.line("This certifies that, on the evidence reviewed,");
    page.large_line(&request.legal_name);
    page.line(meaning);
    page.gap();
    page.line(&format!("Verification request: {}", request.id));
    page.line(&format!("Issued: {}", issued.unwrap_or_default()));
    page.line(&format!(
        "Valid until: {}",
        request.verified_expires_at.as_deref().unwrap_or_default()
    ));
    if let Some(portal) = &request.portal_name {
        page.line(&format!("Portal: {portal}"));
    }
    if let Some(deal) = &request.deal_name {
        page.line(&format!("Deal: {deal}"));
    }
    page.gap();
    page.line("Made by a sandbox. It verifies nobody.");
    page.finish()
}
