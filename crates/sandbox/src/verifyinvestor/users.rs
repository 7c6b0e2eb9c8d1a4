//! The root of the API and its users: investors who authorised the account.

use rusqlite::{Connection, OptionalExtension, params};

use super::{errors, legal_names};
use crate::call::Call;
use crate::clock;
use crate::json::{Json, object};
use crate::reply::{Failure, Outcome, Reply};

const META: &str =
    "This contains useful information about this endpoint including changes and updates.";
const PROFILE_META: &str = "It is recommended that you store the VerifyInvestor's spelling of the legal name if \
                            different than what you provided.";

/// `GET /api/v1`
pub(crate) fn root(call: &Call<'_>) -> Outcome {
    Ok(Reply::ok(&object! {
        "version": "1.1",
        "current_time": clock::pacific(call.now),
        "documentation_url": format!("{}/docs/api-v1.pdf", call.origin),
    }))
}

/// `GET /api/v1/users`: a bare array, no pages.
pub(crate) fn list(call: &Call<'_>) -> Outcome {
    let mut statement = call.db.prepare_cached(
        "SELECT id, first_name, last_name, email FROM vi_users
         WHERE EXISTS (SELECT 1 FROM vi_authorizations a WHERE a.user_id = vi_users.id) ORDER BY id",
    )?;
    let users = statement
        .query_map([], |row| {
            Ok(object! {
                "id": row.get::<_, i64>(0)?,
                "first_name": row.get::<_, String>(1)?,
                "last_name": row.get::<_, String>(2)?,
                "email": row.get::<_, String>(3)?,
            })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(&Json::List(users)))
}

/// `GET /api/v1/users/:user_id`
pub(crate) fn retrieve(call: &Call<'_>) -> Outcome {
    let user = find(call)?;
    Ok(Reply::ok(&show(call, user)?))
}

/// `GET /api/v1/users/identifier/:identifier`
pub(crate) fn retrieve_by_identifier(call: &Call<'_>) -> Outcome {
    let user: Option<i64> = call
        .db
        .prepare_cached("SELECT user_id FROM vi_authorizations WHERE identifier = ?1 ORDER BY portal_name LIMIT 1")?
        .query_row([call.last_placeholder()], |row| row.get(0))
        .optional()?;
    let user = user.ok_or_else(errors::no_user)?;
    Ok(Reply::ok(&show(call, user)?))
}

/// The authorised user that a call's path names first.
pub(crate) fn find(call: &Call<'_>) -> Result<i64, Failure> {
    let id = call.first_id().ok_or_else(errors::no_user)?;
    if is_authorized(call.db, id)? {
        Ok(id)
    } else {
        Err(errors::no_user().into())
    }
}

/// Whether a user authorised the account or one of its portals.
pub(crate) fn is_authorized(db: &Connection, user: i64) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM vi_authorizations WHERE user_id = ?1)")?
        .query_row([user], |row| row.get(0))
}

/// One party that a user authorised.
struct Party {
    name: Option<String>,
    identifier: String,
    legal_names: Vec<String>,
}

fn parties(db: &Connection, user: i64) -> rusqlite::Result<Vec<Party>> {
    let mut statement = db.prepare_cached(
        "SELECT id, nullif(portal_name, ''), identifier FROM vi_authorizations WHERE user_id = ?1 ORDER BY portal_name",
    )?;
    let rows = statement.query_map([user], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, Option<String>>(1)?,
            row.get::<_, String>(2)?,
        ))
    })?;
    rows.map(|row| {
        let (id, name, identifier) = row?;
        let legal_names = db
            .prepare_cached(
                "SELECT legal_name FROM vi_legal_names WHERE authorization_id = ?1 ORDER BY id",
            )?
            .query_map([id], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(Party {
            name,
            identifier,
            legal_names,
        })
    })
    .collect()
}

fn show(call: &Call<'_>, user: i64) -> rusqlite::Result<Json> {
    let parties = parties(call.db, user)?;
    let identifier = parties.first().map(|party| party.identifier.clone());
    let authorized = parties.iter().map(|party| {
        object! {
            "name": party.name.clone(),
            "identifier": party.identifier.clone(),
            "authorized_legal_names": Json::list(party.legal_names.iter().cloned()),
        }
    });
    let authorized = Json::list(authorized);
    let mut fields = call
        .db
        .prepare_cached("SELECT first_name, last_name, email FROM vi_users WHERE id = ?1")?
        .query_row([user], |row| {
            Ok(object! {
                "id": user,
                "first_name": row.get::<_, String>(0)?,
                "last_name": row.get::<_, String>(1)?,
                "email": row.get::<_, String>(2)?,
                "identifier": identifier,
                "verified_on": verified_on(call.db, user)?,
                "meta": META,
                "authorized_parties": authorized,
            })
        })?;
    if let Some(name) = call
        .query("legal_name")
        .filter(|name| !name.trim().is_empty())
        && let Some(profile) = legal_profile(call.db, user, name, &parties)?
    {
        fields = fields.with("legal_profile", profile);
    }
    Ok(fields)
}

fn legal_profile(
    db: &Connection,
    user: i64,
    name: &str,
    parties: &[Party],
) -> rusqlite::Result<Option<Json>> {
    let wanted = legal_names::normalized(name);
    let matches = |party: &&Party| {
        party
            .legal_names
            .iter()
            .any(|name| legal_names::normalized(name) == wanted)
    };
    let knowing: Vec<_> = parties.iter().filter(matches).collect();
    let Some(spelling) = knowing
        .iter()
        .flat_map(|party| &party.legal_names)
        .find(|name| legal_names::normalized(name) == wanted)
        .cloned()
    else {
        return Ok(None);
    };
    let expires: Option<String> = db
        .prepare_cached(
            "SELECT verified_expires_at FROM vi_requests
             WHERE user_id = ?1 AND normalized_name = ?2 AND status = 'accredited' AND type IS NULL
             ORDER BY completed_at DESC, id DESC LIMIT 1",
        )?
        .query_row(params![user, wanted], |row| row.get(0))
        .optional()?
        .flatten();
    let parties = knowing.iter().map(|party| {
        object! { "name": party.name.clone(), "identifier": party.identifier.clone() }
    });
    Ok(Some(object! {
        "name": name.to_owned(),
        "legal_name": spelling.clone(),
        "verify_investor_legal_name": spelling,
        "meta": PROFILE_META,
        "verified_accredited_expires_at": expires,
        "authorized_parties": Json::list(parties),
    }))
}

fn verified_on(db: &Connection, user: i64) -> rusqlite::Result<Option<String>> {
    let at: Option<String> = db
        .prepare_cached(
            "SELECT completed_at FROM vi_requests WHERE user_id = ?1 AND status = 'accredited' AND type IS NULL
             ORDER BY completed_at DESC LIMIT 1",
        )?
        .query_row([user], |row| row.get(0))
        .optional()?
        .flatten();
    Ok(at
        .as_deref()
        .and_then(clock::date)
        .map(|date| date.to_string()))
}
