//! Creating, reading and listing verification requests.

use http::StatusCode;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::requests::{self, Request};
use super::{errors, events, legal_names, parameters, status, text, users};
use crate::call::Call;
use crate::clock;
use crate::json::{Json, object};
use crate::reply::{Failure, Outcome, Reply};
use crate::state::Shared;

/// A request about to be made.
#[derive(Debug, Default)]
pub(crate) struct NewRequest {
    pub(crate) kind: Option<&'static str>,
    pub(crate) portal_name: Option<String>,
    pub(crate) deal_name: Option<String>,
    pub(crate) legal_name: Option<String>,
    pub(crate) redirect_url: Option<String>,
    pub(crate) webhook_url: Option<String>,
    pub(crate) issuer_email: Option<String>,
    /// Whether it comes from an invitation.
    pub(crate) is_invited: bool,
}

/// `POST /api/v1/users/:user_id/verification_requests` and its `aml_kyc`, `qualified_purchaser`,
/// `qualified_client`.
pub(crate) fn create(call: &Call<'_>, kind: Option<&'static str>) -> Outcome {
    let user = users::find(call)?;
    let parameters = parameters(call)?;
    let new = NewRequest {
        kind,
        portal_name: text(parameters, "portal_name"),
        deal_name: text(parameters, "deal_name"),
        legal_name: text(parameters, "legal_name"),
        redirect_url: text(parameters, "redirect_url"),
        webhook_url: text(parameters, "webhook_url"),
        issuer_email: text(parameters, "issuer_email"),
        is_invited: false,
    };
    let request = made(call, begin(call.shared, call.db, call.now, user, new)?)?;
    Ok(Reply::json(
        StatusCode::CREATED,
        &request.created(call.origin),
    ))
}

/// `GET /api/v1/users/:user_id/verification_requests/:id` and `GET
/// /api/v1/verification_requests/:id`
pub(crate) fn retrieve(call: &Call<'_>) -> Outcome {
    Ok(Reply::ok(&find(call)?.detail(call.origin)))
}

/// `GET /api/v1/users/:user_id/verification_requests`
pub(crate) fn list(call: &Call<'_>) -> Outcome {
    let user = users::find(call)?;
    let requests = requests::select(call.db, "r.user_id = ?1", user)?;
    Ok(Reply::ok(&Json::list(requests.iter().map(Request::item))))
}

/// `GET /api/v1/verification_requests`: everything that a sandbox has is of the regular API.
pub(crate) fn list_all(call: &Call<'_>) -> Outcome {
    let kind = call.query("type").unwrap_or_default();
    let elsewhere = kind.eq_ignore_ascii_case("embedded") || kind.eq_ignore_ascii_case("lite");
    let requests = requests::select(call.db, "NOT ?1", elsewhere)?;
    Ok(Reply::ok(&Json::list(requests.iter().map(Request::item))))
}

/// The request that a call's path names last, of the user that it names first, if any.
pub(crate) fn find(call: &Call<'_>) -> Result<Request, Failure> {
    let request = call
        .last_id()
        .map(|id| requests::find(call.db, id))
        .transpose()?
        .flatten();
    let request = request.ok_or_else(errors::no_request)?;
    if call.placeholders.len() > 1 && call.first_id() != Some(request.user) {
        return Err(errors::no_request().into());
    }
    Ok(request)
}

/// What came of an attempt to make a request.
pub(crate) enum Begun {
    Made(Box<Request>),
    /// Not made: this one is unfinished.
    Pending(Box<Request>),
}

/// The request that was made, or the refusal of a duplicate.
pub(crate) fn made(call: &Call<'_>, begun: Begun) -> Result<Request, Reply> {
    let pending = match begun {
        Begun::Made(request) => return Ok(*request),
        Begun::Pending(pending) => pending,
    };
    let refusal = object! {
        "error": "A pending verification request already exists.",
        "pending_verification_request": pending.pending(call.origin),
    };
    let status = if call.shared.switches.duplicate_pending_status.is("403") {
        StatusCode::FORBIDDEN
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    Err(Reply::json(status, &refusal))
}

/// Makes a request. A legal name that the investor authorised needs no acceptance any more.
pub(crate) fn begin(
    shared: &Shared,
    db: &Connection,
    now: Timestamp,
    user: i64,
    new: NewRequest,
) -> Result<Begun, Failure> {
    let portal = new.portal_name.clone().unwrap_or_default();
    let authorization: Option<i64> = db
        .prepare_cached("SELECT id FROM vi_authorizations WHERE user_id = ?1 AND portal_name = ?2")?
        .query_row(params![user, portal], |row| row.get(0))
        .optional()?;
    let authorization = authorization.ok_or_else(errors::portal_not_authorized)?;
    if new
        .issuer_email
        .as_ref()
        .is_some_and(|email| !email.contains('@'))
    {
        return Err(errors::bad_params().into());
    }
    let legal_name = match &new.legal_name {
        Some(name) => legal_names::stored(name),
        None => first_legal_name(db, authorization, user)?,
    };
    let normalized = legal_names::normalized(&legal_name);
    if let Some(pending) = pending(db, user, &normalized, &new)? {
        return Ok(Begun::Pending(Box::new(pending)));
    }
    let authorized: bool = db
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM vi_legal_names WHERE authorization_id = ?1 AND normalized = ?2)")?
        .query_row(params![authorization, normalized], |row| row.get(0))?;
    let first = match shared.switches.first_status.value() {
        "auto" if authorized => status::ACCEPTED,
        "auto" => status::WAITING_FOR_ACCEPTANCE,
        fixed => fixed,
    };
    let at = clock::stored(now);
    db.prepare_cached(
            "INSERT INTO vi_requests (user_id, type, status, portal_name, deal_name, legal_name, normalized_name,
                redirect_url, webhook_url, issuer_email, created_at, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)",
        )?
        .execute(params![
            user,
            new.kind,
            first,
            new.portal_name,
            new.deal_name,
            legal_name,
            normalized,
            new.redirect_url,
            new.webhook_url,
            new.issuer_email,
            at,
        ])?;
    let id = db.last_insert_rowid();
    status::remember(db, id, first, &at)?;
    let is_told = match shared.switches.creation_webhook.value() {
        "invitations" => new.is_invited,
        told => told == "all",
    };
    if is_told {
        events::enqueue_created(shared, db, id, now)?;
    }
    let request = requests::find(db, id)?.ok_or_else(errors::no_request)?;
    Ok(Begun::Made(Box::new(request)))
}

/// An unfinished request of the same kind for the same portal and legal name.
fn pending(
    db: &Connection,
    user: i64,
    normalized: &str,
    new: &NewRequest,
) -> rusqlite::Result<Option<Request>> {
    let same: Vec<i64> = db
        .prepare_cached(
            "SELECT id FROM vi_requests
             WHERE user_id = ?1 AND normalized_name = ?2 AND portal_name IS ?3 AND type IS ?4",
        )?
        .query_map(
            params![user, normalized, new.portal_name, new.kind],
            |row| row.get(0),
        )?
        .collect::<Result<_, _>>()?;
    for id in same {
        if let Some(request) = requests::find(db, id)?
            && !status::is_terminal(&request.status)
        {
            return Ok(Some(request));
        }
    }
    Ok(None)
}

fn first_legal_name(db: &Connection, authorization: i64, user: i64) -> rusqlite::Result<String> {
    let known: Option<String> = db
        .prepare_cached(
            "SELECT legal_name FROM vi_legal_names WHERE authorization_id = ?1 ORDER BY id LIMIT 1",
        )?
        .query_row([authorization], |row| row.get(0))
        .optional()?;
    if let Some(name) = known {
        return Ok(name);
    }
    let name: String = db
        .prepare_cached("SELECT first_name || ' ' || last_name FROM vi_users WHERE id = ?1")?
        .query_row([user], |row| row.get(0))?;
    Ok(legal_names::stored(&name))
}
