//! `/investor/verification-requests/{id}/…`: where an investor works on a verification request.
//!
//! The form's fields are `decision` (`accept`, `choose`, `complete`, `decline` before accepting,
//! `cancel` after it) and `method`, one of the [`methods`] of the request's kind. What was chosen
//! stands in the page's address. A program may complete a request at once, without having accepted
//! it or chosen a method.

use http::StatusCode;

use super::methods::{self, Method};
use super::requests::{self, Request};
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
    let method = method(visit, &request)?;
    if !visit.is_post {
        return Ok(shown(&request, method, visit.path()));
    }
    let decision = visit.field("decision").unwrap_or_default();
    let Some(step) = next(&request.status, decision) else {
        let body = format!(
            "<p>That is not possible while the request is <em>{}</em>.</p>",
            in_words(&request.status)
        );
        return Err(pages::page(StatusCode::UNPROCESSABLE_ENTITY, "Not possible", &body).into());
    };
    let to = match (step, method) {
        (Step::Enter(to), _) => to,
        (Step::Choose, Some(method)) => {
            let address = format!("{}?method={}", visit.path(), method.name);
            return Ok(Reply::redirect(StatusCode::SEE_OTHER, &address));
        }
        (Step::Choose, None) => {
            let complaint = "Choose one of these methods to go on.";
            return Err(refused(visit, &request, complaint).into());
        }
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
    Ok(Reply::redirect(StatusCode::SEE_OTHER, visit.path()))
}

/// What a decision leads to.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A status.
    Enter(&'static str),
    /// The chosen method, on the same page.
    Choose,
}

fn next(status: &str, decision: &str) -> Option<Step> {
    match (status, decision) {
        (status::WAITING_FOR_ACCEPTANCE, "accept") => Some(Step::Enter(status::ACCEPTED)),
        (status::WAITING_FOR_ACCEPTANCE, "decline") => Some(Step::Enter(status::DECLINED)),
        (status::ACCEPTED | status::WAITING_FOR_INFORMATION, "choose") => Some(Step::Choose),
        (
            status::WAITING_FOR_ACCEPTANCE | status::ACCEPTED | status::WAITING_FOR_INFORMATION,
            "complete",
        ) => Some(Step::Enter(status::WAITING_FOR_REVIEW)),
        (status::ACCEPTED | status::WAITING_FOR_INFORMATION, "cancel") => {
            Some(Step::Enter(status::SELF_NOT_ACCREDITED))
        }
        _ => None,
    }
}

/// The method that the form or the address names, if any.
fn method(visit: &Visit<'_>, request: &Request) -> Result<Option<&'static Method>, Reply> {
    let Some(name) = visit.field("method") else {
        return Ok(None);
    };
    let mut offered = methods::of(request.kind.as_deref()).iter();
    let found = offered.find(|method| method.name == name);
    found.map(Some).ok_or_else(|| {
        let complaint = format!(
            "There is no method <em>{}</em> for this request.",
            escape(name)
        );
        refused(visit, request, &complaint)
    })
}

fn shown(request: &Request, method: Option<&Method>, path: &str) -> Reply {
    let form = match (request.status.as_str(), method) {
        (status::WAITING_FOR_ACCEPTANCE, _) => {
            let accept = pages::button("accept", "Accept the request");
            let decline = pages::button("decline", "Decline");
            format!("<form method=\"post\">\n{accept}{decline}</form>")
        }
        (status::ACCEPTED | status::WAITING_FOR_INFORMATION, None) => choice(request, path),
        (status::ACCEPTED | status::WAITING_FOR_INFORMATION, Some(method)) => format!(
            "<h2>{}</h2>\n<p>{}</p>\n<form method=\"post\">\n{}{}</form>\n\
             <p><a href=\"{}\">Choose another method</a></p>",
            method.label,
            method.hint,
            pages::button("complete", "Complete the verification"),
            cancel(request),
            escape(path),
        ),
        _ => String::new(),
    };
    let body = format!(
        "<p>Verification of <strong>{}</strong>: {}.</p>\n{form}",
        escape(&request.legal_name),
        in_words(&request.status),
    );
    pages::page(StatusCode::OK, &title(request), &body)
}

/// The methods to choose from. The form goes to the address without what was chosen before.
fn choice(request: &Request, path: &str) -> String {
    let methods: String = methods::of(request.kind.as_deref())
        .iter()
        .map(|method| pages::radio("method", method.name, method.label, method.hint))
        .collect();
    format!(
        "<form method=\"post\" action=\"{}\">\n<fieldset>\n<legend>How do you want to be verified?</legend>\n\
         {methods}</fieldset>\n{}{}</form>",
        escape(path),
        pages::button("choose", "Continue"),
        cancel(request),
    )
}

/// A person who gives up need not choose a method.
fn cancel(request: &Request) -> String {
    let label = match request.kind {
        None => "I am not accredited",
        Some(_) => "I do not qualify",
    };
    format!("<button name=\"decision\" value=\"cancel\" formnovalidate>{label}</button>\n")
}

/// A complaint about the method, above the methods where one may be chosen. The complaint is HTML.
fn refused(visit: &Visit<'_>, request: &Request, complaint: &str) -> Reply {
    let form = match next(&request.status, "choose") {
        Some(_) => choice(request, visit.path()),
        None => String::new(),
    };
    let body = format!("<p role=\"alert\">{complaint}</p>\n{form}");
    pages::page(StatusCode::UNPROCESSABLE_ENTITY, &title(request), &body)
}

fn title(request: &Request) -> String {
    format!("Verification request {}", request.id)
}

fn in_words(status: &str) -> String {
    escape(&status.replace('_', " "))
}
