//! The Issuance Third Party API as Django REST Framework, knox and django-filter serve it.
//!
//! It knows nothing of VerifyInvestor: the two services share a port and a database file, no state.

mod actions;
pub(crate) mod auth;
pub(crate) mod emails;
pub(crate) mod entities;
pub(crate) mod errors;
pub(crate) mod fields;
pub(crate) mod filters;
pub(crate) mod investment_shapes;
pub(crate) mod investments;
pub(crate) mod investors;
pub(crate) mod invoices;
pub(crate) mod kyb_documents;
pub(crate) mod kyc;
pub(crate) mod lifecycle;
pub(crate) mod literals;
pub(crate) mod metadata;
pub(crate) mod negotiation;
pub(crate) mod offerings;
pub(crate) mod pages;
pub(crate) mod pagination;
pub(crate) mod python;
pub(crate) mod signatures;
pub(crate) mod tax_ids;
pub(crate) mod terms;
pub(crate) mod users;
pub(crate) mod values;

use http::{StatusCode, header};

use python::Int;

use crate::call::Call;
use crate::dispatch::{self, Incoming};
use crate::json::{Json, object};
use crate::reply::{Failure, Reply};
use crate::state::Shared;

/// Answers a call whose path exists, in the order in which DRF looks at it: content negotiation,
/// credentials, method, and only then the handler and with it the body.
pub(crate) fn answer(shared: &Shared, incoming: &Incoming) -> Reply {
    let accept = incoming.parts.headers.get(header::ACCEPT);
    let accept = accept.map(|accept| accept.to_str().unwrap_or_default());
    let reply = match negotiation::negotiate(incoming.query("format"), accept) {
        Ok(style) => {
            let handle = |db: &_| negotiated(shared, incoming, db);
            // Of this service no other method writes.
            style.apply(if incoming.method() == "POST" {
                dispatch::transact(shared, handle, errors::server_error)
            } else {
                dispatch::look(shared, handle, errors::server_error)
            })
        }
        Err(refusal) => refusal,
    };
    // DRF puts it on every answer.
    reply.header(header::ALLOW, incoming.found.allow.clone())
}

fn negotiated(
    shared: &Shared,
    incoming: &Incoming,
    db: &rusqlite::Connection,
) -> crate::reply::Outcome {
    let now = shared.clock.now();
    let routes = incoming.found.routes;
    let (user, token) = if routes.iter().all(|route| route.authenticated) {
        auth::authenticate(shared, db, incoming.header(header::AUTHORIZATION), now)?
    } else {
        (0, None)
    };
    shared
        .throttle
        .admit(user, &incoming.parts.headers, now)
        .map_err(|too_many| errors::throttled(too_many.0))?;
    if incoming.method() == "OPTIONS" {
        return metadata::describe(incoming);
    }
    let Some(route) = routes
        .iter()
        .find(|route| route.method == incoming.method())
    else {
        return Ok(errors::method_not_allowed(incoming.method()));
    };
    dispatch::perform(&Call {
        route,
        shared,
        db,
        now,
        payload: &incoming.payload,
        placeholders: &incoming.found.placeholders,
        query: &incoming.query,
        path: incoming.parts.uri.path(),
        origin: &incoming.origin,
        unlisted: incoming.unlisted.as_ref(),
        user,
        token,
    })
}

/// The id of the object that a path names: what is no number is not found, a number that no column
/// holds matches nothing.
pub(crate) fn object_id(call: &Call<'_>, model: &str) -> Result<i64, Failure> {
    match python::int(call.last_placeholder()) {
        Some(Int::Fits(id)) => Ok(id),
        Some(Int::Beyond) => Err(errors::no_match(call, model).into()),
        None => Err(errors::not_found().into()),
    }
}

/// The reply envelope of the service's own actions.
pub(crate) fn envelope(data: Json) -> Reply {
    Reply::ok(&object! { "success": true, "message": "", "data": data })
}

/// The envelope of an action that refuses: status 400, `success: false`.
pub(crate) fn refusal(message: &'static str, data: Json) -> Reply {
    Reply::json(
        StatusCode::BAD_REQUEST,
        &object! { "success": false, "message": message, "data": data },
    )
}
