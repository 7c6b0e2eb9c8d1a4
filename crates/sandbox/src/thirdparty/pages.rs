//! The investor's pages of the Third Party API: signing an agreement, uploading an ID, reading an
//! agreement.

use http::StatusCode;
use rusqlite::{OptionalExtension, params};

use super::{offerings, signatures};
use crate::money;
use crate::pages::{self, Visit, escape};
use crate::pdf::Page;
use crate::reply::{Outcome, Reply};

/// An agreement that waits for its signature.
struct Agreement {
    signature: i64,
    investment: i64,
    document: String,
    text: String,
    is_signed: bool,
}

/// `/_sandbox/sign/{token}`: shows the agreement's form; a POST with an optional
/// `investor_signature_text` signs.
pub(crate) fn sign(visit: &Visit<'_>, token: &str) -> Outcome {
    let found = visit
        .db
        .prepare_cached("SELECT * FROM signatures WHERE signing_token = ?1")?
        .query_row([token], |row| {
            Ok(Agreement {
                signature: row.get("id")?,
                investment: row.get("investment_id")?,
                document: row.get("document_name")?,
                text: row
                    .get::<_, Option<String>>("investor_signature_text")?
                    .unwrap_or_default(),
                is_signed: row.get::<_, Option<String>>("signed_at")?.is_some(),
            })
        })
        .optional()?;
    let agreement = found.ok_or_else(pages::not_found)?;
    if visit.is_post && !agreement.is_signed {
        let name = visit.field("investor_signature_text").unwrap_or_default();
        if name.is_empty() && agreement.text.is_empty() {
            let body = "<p>Please type your name to sign.</p>";
            return Err(pages::page(StatusCode::UNPROCESSABLE_ENTITY, "Not signed", body).into());
        }
        signatures::sign(visit.db, agreement.signature, name, &visit.now_text())?;
        return Ok(pages::page(
            StatusCode::OK,
            "Signed",
            "<p>Thank you. You may close this page.</p>",
        ));
    }
    if agreement.is_signed {
        return Ok(pages::page(
            StatusCode::OK,
            "Signed",
            "<p>This agreement is signed already.</p>",
        ));
    }
    let investment = agreement.investment;
    let body = format!(
        "<p>{}, for investment {investment}. <a href=\"/_sandbox/agreements/{investment}.pdf\">Read it</a>.</p>\n\
         <form method=\"post\">\n{}<button>Sign</button>\n</form>",
        escape(&agreement.document.replace('_', " ")),
        pages::input(
            "investor_signature_text",
            "Your name, as your signature",
            "text",
            &agreement.text,
            true
        ),
    );
    Ok(pages::page(StatusCode::OK, "Sign the agreement", &body))
}

/// `/_sandbox/id-upload/{token}`: a POST counts as the upload of an ID.
pub(crate) fn upload_id(visit: &Visit<'_>, token: &str) -> Outcome {
    let known: bool = visit
        .db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM id_uploads WHERE token = ?1)")?
        .query_row([token], |row| row.get(0))?;
    if !known {
        return Err(pages::not_found().into());
    }
    if visit.is_post {
        visit.db.execute(
            "UPDATE id_uploads SET uploaded_at = coalesce(uploaded_at, ?2) WHERE token = ?1",
            params![token, visit.now_text()],
        )?;
        return Ok(pages::page(
            StatusCode::OK,
            "Uploaded",
            "<p>Thank you. You may close this page.</p>",
        ));
    }
    let body = "<form method=\"post\" enctype=\"multipart/form-data\">\n\
                <label for=\"document\">A photo of your ID (the sandbox does not keep it)</label>\n\
                <input id=\"document\" name=\"document\" type=\"file\">\n<button>Upload</button>\n</form>";
    Ok(pages::page(StatusCode::OK, "Upload your ID", body))
}

/// `/_sandbox/agreements/{investment}.pdf`: the subscription agreement, with the signature once
/// there is one.
pub(crate) fn agreement(visit: &Visit<'_>, file: &str) -> Outcome {
    let id: i64 = file
        .strip_suffix(".pdf")
        .and_then(|id| id.parse().ok())
        .ok_or_else(pages::not_found)?;
    let found: Option<(i64, i64, i64, String, String)> = visit
        .db
        .prepare_cached(
            "SELECT i.offering_id, i.quantity, i.amount_cents, o.name,
                trim(coalesce(e.first_name, '') || ' ' || coalesce(e.last_name, '') || ' ' || coalesce(e.company_name, ''))
             FROM investments i JOIN offerings o ON o.id = i.offering_id
             JOIN investors v ON v.id = i.investor_id JOIN entities e ON e.id = v.entity_id WHERE i.id = ?1",
        )?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
        .optional()?;
    let (offering, quantity, amount, name, investor) = found.ok_or_else(pages::not_found)?;
    let mut page = Page::new("Subscription Agreement");
    page.line(&format!(
        "Issuer: {}",
        offerings::issuer_name(visit.db, offering)?
    ));
    page.line(&format!("Offering: {name}"));
    page.line(&format!("Investor: {investor}"));
    page.line(&format!("Shares: {quantity}"));
    page.line(&format!("Amount: ${}", money::text(amount)));
    page.gap();
    let mut statement = visit.db.prepare_cached(
        "SELECT coalesce(investor_signature_text, ''), signed_at FROM signatures
         WHERE investment_id = ?1 AND signed_at IS NOT NULL ORDER BY id",
    )?;
    let mut rows = statement.query([id])?;
    while let Some(row) = rows.next()? {
        page.line(&format!(
            "Signed by {} at {}",
            row.get::<_, String>(0)?,
            row.get::<_, String>(1)?
        ));
    }
    page.line("Made by a sandbox. It binds nobody.");
    Ok(Reply::pdf(page.finish()))
}
