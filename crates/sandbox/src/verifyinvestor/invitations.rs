//! Invitations by e-mail for investors who may have no account yet. They live thirty days.

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, Row, params};
use serde_json::Value;

use super::verification_requests::{NewRequest, begin};
use super::{errors, parameters, requests, text};
use crate::call::Call;
use crate::clock;
use crate::json::{Json, object};
use crate::reply::{Outcome, Reply};

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
        let request_kind = match kind.as_str() {
            "ai" => None,
            "qp" => Some("qualified_purchaser"),
            "qc" => Some("qualified_client"),
            _ => return Err(errors::bad_params().into()),
        };
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
                    ..NewRequest::default()
                };
                Some(begin(call, user, new)?.id)
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

/// `GET /api/v1/verification_request_invitations`: the active ones only.
pub(crate) fn list(call: &Call<'_>) -> Outcome {
    let mut statement = call.db.prepare_cached(
        "SELECT i.* FROM vi_invitations i LEFT JOIN vi_requests r ON r.id = i.request_id
         WHERE i.created_at > ?1 AND r.completed_at IS NULL ORDER BY i.id",
    )?;
    let invitations = statement
        .query_map([oldest_alive(call)], item)?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(&enveloped(invitations)))
}

/// `GET /api/v1/verification_request_invitations/:id`
pub(crate) fn retrieve(call: &Call<'_>) -> Outcome {
    let id = call.last_id().ok_or_else(errors::no_invitation)?;
    let row: Option<(Option<i64>, Json)> = call
        .db
        .prepare_cached("SELECT * FROM vi_invitations WHERE id = ?1 AND created_at > ?2")?
        .query_row(params![id, oldest_alive(call)], |row| {
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

fn oldest_alive(call: &Call<'_>) -> String {
    clock::stored(call.now.saturating_sub(LIFE).unwrap_or(Timestamp::MIN))
}
