//! `/investor/verification-requests/{id}/…`: where an investor works on a verification request.
//!
//! The form's one field is `decision`: `accept`, `complete`, `decline` (before accepting) or
//! `cancel` (after it).

use http::StatusCode;

use super::requests;
use super::status;
use crate::pages::{self, Visit, escape};
use crate::reply::{Outcome, Reply};

/// Shows the request, or takes a decision.
pub(crate) fn page(visit: &Visit<'_>, id: &str) -> Outcome {
    status::expire(visit.shared, visit.db, visit.now)?;
    let request = id
        .parse()
        .ok()
        .map(|id| requests::find(visit.db, id))
        .transpose()?
        .flatten();
    let request = request.ok_or_else(pages::not_found)?;
    if visit.is_post {
        let decision = visit.field("decision").unwrap_or_default();
        let Some(to) = next(&request.status, decision) else {
            let body = format!(
                "<p>That is not possible while the request is <em>{}</em>.</p>",
                shown(&request.status)
            );
            return Err(
                pages::page(StatusCode::UNPROCESSABLE_ENTITY, "Not possible", &body).into(),
            );
        };
        status::enter(visit.shared, visit.db, request.id, to, visit.now)?;
        // Back to the portal, once the investor is done here.
        if to != status::ACCEPTED
            && let Some(target) = request
                .redirect_url
                .filter(|target| target.starts_with("http"))
        {
            return Ok(Reply::redirect(StatusCode::FOUND, &target));
        }
        return Ok(Reply::redirect(StatusCode::SEE_OTHER, visit.address));
    }
    let buttons: String = [
        ("accept", "Accept the request"),
        ("complete", "Complete the verification"),
        ("decline", "Decline"),
        ("cancel", "I am not accredited"),
    ]
    .iter()
    .filter(|(decision, _)| next(&request.status, decision).is_some())
    .map(|(decision, label)| pages::button(decision, label))
    .collect();
    let body = format!(
        "<p>Verification of <strong>{}</strong>: {}.</p>\n<form method=\"post\">\n{buttons}</form>",
        escape(&request.legal_name),
        shown(&request.status),
    );
    Ok(pages::page(
        StatusCode::OK,
        &format!("Verification request {}", request.id),
        &body,
    ))
}

/// The status that a decision leads to. Completing a request that waits for acceptance accepts it
/// on the way.
fn next(status: &str, decision: &str) -> Option<&'static str> {
    match (status, decision) {
        (status::WAITING_FOR_ACCEPTANCE, "accept") => Some(status::ACCEPTED),
        (status::WAITING_FOR_ACCEPTANCE, "decline") => Some(status::DECLINED),
        (
            status::WAITING_FOR_ACCEPTANCE | status::ACCEPTED | status::WAITING_FOR_INFORMATION,
            "complete",
        ) => Some(status::WAITING_FOR_REVIEW),
        (status::ACCEPTED | status::WAITING_FOR_INFORMATION, "cancel") => {
            Some(status::SELF_NOT_ACCREDITED)
        }
        _ => None,
    }
}

fn shown(status: &str) -> String {
    escape(&status.replace('_', " "))
}
