//! `/_sandbox/webhooks…`: the log, the knobs, the gate and the account's URL, over HTTP.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use http::{Response, StatusCode};

use super::outbox::{self, Delivery};
use super::settings;
use crate::control::Refusal;
use crate::json::{Json, object};
use crate::pages::{Visit, visit};
use crate::reply::{Outcome, Reply};
use crate::state::Shared;
use crate::store;
use crate::verifyinvestor::events;

/// The routes of this module.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/webhooks", get(list))
        .route("/_sandbox/webhooks/url", get(show_url).post(set_url))
        .route(
            "/_sandbox/webhooks/settings",
            get(show_settings).patch(change_settings),
        )
        .route("/_sandbox/webhooks/release", post(release_all))
        .route("/_sandbox/webhooks/{id}", get(show))
        .route("/_sandbox/webhooks/{id}/release", post(release_one))
        .route("/_sandbox/webhooks/{id}/resend", post(resend))
}

type Shares = State<Arc<Shared>>;

/// `?limit=50` gives the latest.
async fn list(State(shared): Shares, request: Request) -> Response<Body> {
    visit(shared, request, |visit| {
        let limit = visit.field("limit").map(str::parse).transpose();
        let limit = limit.map_err(|_| invalid("\"limit\" must be a whole number"))?;
        let deliveries = outbox::deliveries(visit.db, limit)?;
        Ok(Reply::ok(&Json::list(deliveries.into_iter().map(shown))))
    })
    .await
}

async fn show(State(shared): Shares, Path(id): Path<i64>, request: Request) -> Response<Body> {
    visit(shared, request, move |visit| reply(visit, id)).await
}

fn reply(visit: &Visit<'_>, id: i64) -> Outcome {
    let delivery = outbox::find(visit.db, id)?.ok_or_else(|| outbox::missing(id))?;
    Ok(Reply::ok(&shown(delivery)))
}

fn shown(delivery: Delivery) -> Json {
    let attempts = delivery.attempts.into_iter().map(|attempt| {
        object! {
            "at": attempt.at.to_string(),
            "response_status": attempt.response_status.map(i64::from),
            "error": attempt.error,
        }
    });
    object! {
        "id": number(delivery.id),
        "verification_request_id": number(delivery.verification_request_id),
        "url": delivery.url,
        "content_type": delivery.content_type,
        "body": delivery.body,
        "signature": delivery.signature,
        "forged": delivery.forged,
        "state": delivery.state,
        "effect": delivery.effect,
        "duplicate_of": delivery.duplicate_of.map(number),
        "response_status": delivery.response_status.map(i64::from),
        "error": delivery.error,
        "attempts": Json::list(attempts),
    }
}

fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or_default()
}

async fn show_url(State(shared): Shares, request: Request) -> Response<Body> {
    visit(shared, request, |visit| {
        let url = store::setting(visit.db, events::ACCOUNT_URL)?;
        Ok(Reply::ok(&object! { "url": url }))
    })
    .await
}

/// `{"url": "http://127.0.0.1:9000/webhook"}` sets the account's webhook URL, `{}` removes it.
async fn set_url(State(shared): Shares, request: Request) -> Response<Body> {
    visit(shared, request, |visit| {
        store::set_setting(visit.db, events::ACCOUNT_URL, visit.field("url"))?;
        Ok(Reply::empty(StatusCode::NO_CONTENT))
    })
    .await
}

async fn show_settings(State(shared): Shares, request: Request) -> Response<Body> {
    visit(shared, request, |visit| {
        Ok(Reply::ok(&settings::read(visit.db)?.to_json()))
    })
    .await
}

/// `{"drop_percent": 10}` changes the knobs that it names.
async fn change_settings(State(shared): Shares, request: Request) -> Response<Body> {
    visit(shared, request, |visit| {
        let fields = visit
            .body()
            .ok_or_else(|| invalid("the body must be a JSON object"))?;
        let mut settings = settings::read(visit.db)?;
        settings.patch(fields).map_err(invalid)?;
        settings::write(visit.db, &settings)?;
        Ok(Reply::ok(&settings.to_json()))
    })
    .await
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::Invalid(StatusCode::BAD_REQUEST, message.into())
}

/// Lets go everything that is held or delayed: `{"released": 3}`.
async fn release_all(State(shared): Shares, request: Request) -> Response<Body> {
    visit(shared, request, |visit| {
        let released = outbox::release(visit.shared, visit.db, None)?;
        let released = i64::try_from(released).unwrap_or_default();
        Ok(Reply::ok(&object! { "released": released }))
    })
    .await
}

/// Lets one go, out of turn if need be.
async fn release_one(
    State(shared): Shares,
    Path(id): Path<i64>,
    request: Request,
) -> Response<Body> {
    visit(shared, request, move |visit| {
        let released = outbox::release(visit.shared, visit.db, Some(id))?;
        let reply = reply(visit, id)?;
        if released == 0 {
            let message = format!("webhook {id} is neither held nor delayed");
            return Err(Refusal::Invalid(StatusCode::CONFLICT, message).into());
        }
        Ok(reply)
    })
    .await
}

/// Sends one again; `{"forge": true}` with a signature by a wrong key.
async fn resend(State(shared): Shares, Path(id): Path<i64>, request: Request) -> Response<Body> {
    visit(shared, request, move |visit| {
        let forge = match visit.body().and_then(|fields| fields.get("forge")) {
            None => false,
            Some(value) => value
                .as_bool()
                .ok_or_else(|| invalid("\"forge\" must be true or false"))?,
        };
        outbox::resend(visit.shared, visit.db, id, forge)?;
        reply(visit, id)
    })
    .await
}
