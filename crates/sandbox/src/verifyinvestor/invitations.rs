//! Invitations by e-mail for investors who may have no account yet. They live thirty days.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;

use super::verification_requests::{Begun, NewRequest, begin, made};
use super::{errors, parameters, requests, text};
use crate::call::Call;
use crate::clock;
use crate::json::{Json, object};
use crate::reply::{Failure, Outcome, Reply};
use crate::state::Shared;

const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
const META: &str =
    "Investors get a reminder on day 3 and on day 10. Invitations expire after 30 days.";

/// `POST /api/v1/verification_request_invitations`. An invited investor who authorised the account
/// gets the request at once.
pub(crate) fn create(call: &Call<'_>) -> Outcome {
    let parameters = parameters(call)?;
    let portal = text(parameters, "portal_name");
    let deal = text(parameters, "deal_name");
    let investors = parameters
        .and_then(|parameters| parameters.get("investors"))
        .and_then(Value::as_array)
        .filter(|investors| !investors.is_empty())
        .ok_or_else(errors::bad_params)?;
    let mut invitations = Vec::new();
    for investor in investors {
        let investor = investor.as_object().ok_or_else(errors::bad_params)?;
        let email = text(Some(investor), "email")
            .filter(|email| email.contains('@'))
            .ok_or_else(errors::bad_params)?;
        let kind = text(Some(investor), "type").unwrap_or_else(|| "ai".to_owned());
        let request_kind = request_kind(&kind).ok_or_else(errors::bad_params)?;
        let name = text(Some(investor), "suggested_legal_name");
        let known: Option<i64> = call
            .db
            .prepare_cached(
                "SELECT u.id FROM vi_users u JOIN vi_authorizations a ON a.user_id = u.id
                 WHERE u.email = ?1 AND a.portal_name = ?2",
            )?
            .query_row(params![email, portal.clone().unwrap_or_default()], |row| {
                row.get(0)
            })
            .optional()?;
        let request = match known {
            Some(user) => {
                let new = NewRequest {
                    kind: request_kind,
                    portal_name: portal.clone(),
                    deal_name: deal.clone(),
                    legal_name: name.clone(),
                    is_invited: true,
                    ..NewRequest::default()
                };
                let begun = begin(call.shared, call.db, call.now, user, new)?;
                Some(made(call, begun)?.id)
            }
            None => None,
        };
        call.db.execute(
            "INSERT INTO vi_invitations (request_id, portal_name, deal_name, suggested_legal_name, email, type,
                created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![request, portal, deal, name, email, kind, call.now_text()],
        )?;
        invitations.push(call.db.last_insert_rowid());
    }
    let invitations = invitations
        .into_iter()
        .map(|id| show(call, id))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::json(StatusCode::CREATED, &enveloped(invitations)))
}

/// The kind of request that a type of investor is invited to: accreditation has no name.
fn request_kind(kind: &str) -> Option<Option<&'static str>> {
    match kind {
        "ai" => Some(None),
        "qp" => Some(Some("qualified_purchaser")),
        "qc" => Some(Some("qualified_client")),
        _ => None,
    }
}

/// An invited investor has granted access: the invitations become requests. One who has such a
/// request already is led to that one.
pub(crate) fn take_up(
    shared: &Shared,
    db: &Connection,
    now: Timestamp,
    user: i64,
    portal: &str,
) -> Result<(), Failure> {
    let invitations: Vec<(i64, String, NewRequest)> = db
        .prepare_cached(
            "SELECT i.id, i.type, i.portal_name, i.deal_name, i.suggested_legal_name
             FROM vi_invitations i JOIN vi_users u ON u.email = i.email
             WHERE u.id = ?1 AND coalesce(i.portal_name, '') = ?2 AND i.request_id IS NULL AND i.created_at > ?3
             ORDER BY i.id",
        )?
        .query_map(params![user, portal, oldest_alive(now)], |row| {
            let new = NewRequest {
                portal_name: row.get(2)?,
                deal_name: row.get(3)?,
                legal_name: row.get(4)?,
                is_invited: true,
                ..NewRequest::default()
            };
            Ok((row.get(0)?, row.get(1)?, new))
        })?
        .collect::<Result<_, _>>()?;
    for (id, kind, mut new) in invitations {
        new.kind = request_kind(&kind).flatten();
        let (Begun::Made(request) | Begun::Pending(request)) = begin(shared, db, now, user, new)?;
        db.prepare_cached("UPDATE vi_invitations SET request_id = ?2 WHERE id = ?1")?
            .execute([id, request.id])?;
    }
    Ok(())
}

/// `GET /api/v1/verification_request_invitations`: the active ones only.
pub(crate) fn list(call: &Call<'_>) -> Outcome {
    let mut statement = call.db.prepare_cached(
        "SELECT i.* FROM vi_invitations i LEFT JOIN vi_requests r ON r.id = i.request_id
         WHERE i.created_at > ?1 AND r.completed_at IS NULL ORDER BY i.id",
    )?;
    let invitations = statement
        .query_map([oldest_alive(call.now)], item)?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(&enveloped(invitations)))
}

/// `GET /api/v1/verification_request_invitations/:id`
pub(crate) fn retrieve(call: &Call<'_>) -> Outcome {
    let id = call.last_id().ok_or_else(errors::no_invitation)?;
    let row: Option<(Option<i64>, Json)> = call
        .db
        .prepare_cached("SELECT * FROM vi_invitations WHERE id = ?1 AND created_at > ?2")?
        .query_row(params![id, oldest_alive(call.now)], |row| {
            Ok((row.get("request_id")?, item(row)?))
        })
        .optional()?;
    let (request, item) = row.ok_or_else(errors::no_invitation)?;
    let mut body = object! { "meta": META };
    if let (Json::Object(fields), Json::Object(item)) = (&mut body, item) {
        fields.extend(item);
    }
    if let Some(request) = request
        .map(|id| requests::find(call.db, id))
        .transpose()?
        .flatten()
    {
        body = body.with(
            "verification_request",
            request.without_investor(call.origin),
        );
    }
    Ok(Reply::ok(&body))
}

fn show(call: &Call<'_>, id: i64) -> rusqlite::Result<Json> {
    call.db
        .prepare_cached("SELECT * FROM vi_invitations WHERE id = ?1")?
        .query_row([id], item)
}

fn item(row: &Row<'_>) -> rusqlite::Result<Json> {
    Ok(object! {
        "id": row.get::<_, i64>("id")?,
        "verification_request_id": row.get::<_, Option<i64>>("request_id")?,
        "created_at": clock::milliseconds(&row.get::<_, String>("created_at")?),
        "deal_name": row.get::<_, Option<String>>("deal_name")?,
        "portal_name": row.get::<_, Option<String>>("portal_name")?,
        "suggested_legal_name": row.get::<_, Option<String>>("suggested_legal_name")?,
        "email": row.get::<_, String>("email")?,
    })
}

fn enveloped(invitations: Vec<Json>) -> Json {
    object! { "meta": META, "verification_request_invitations": invitations }
}

fn oldest_alive(now: Timestamp) -> String {
    clock::stored(now.saturating_sub(LIFE).unwrap_or(Timestamp::MIN))
}
