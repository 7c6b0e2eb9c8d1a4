//! `/_sandbox/faults` and `/_sandbox/throttle`: what [`crate::Sandbox`] offers, in JSON.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::{delete, get};
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use super::syntax;
use super::throttle::Rate;
use crate::control::refused;
use crate::json::{Json, object};
use crate::payload::{self, Payload};
use crate::reply::Reply;
use crate::state::Shared;

type Shares = State<Arc<Shared>>;

/// The routes of this part.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/faults", get(list).post(add).delete(clear))
        .route("/_sandbox/faults/{id}", delete(remove))
        .route(
            "/_sandbox/throttle",
            get(show_throttle).post(set_throttle).delete(end_throttle),
        )
}

/// The fields of a control call's JSON body.
pub(crate) async fn fields(shared: &Shared, request: Request) -> Result<Map<String, Value>, Reply> {
    let wrong = || {
        let message = "the body must be a JSON object".to_owned();
        refused(StatusCode::BAD_REQUEST, message)
    };
    let body = payload::collect(request.into_body(), shared.settings.max_body_bytes)
        .await
        .map_err(|_| wrong())?;
    match Payload::read("application/json", body).await {
        Payload::Fields { fields, .. } => Ok(fields),
        _ => Err(wrong()),
    }
}

/// The faults in the order in which they are tried, and the latest requests that were hit.
async fn list(State(shared): Shares) -> Response<Body> {
    let faults = shared.faults.all();
    let hits = shared.faults.hits().into_iter().map(|hit| {
        object! {
            "number": i64::try_from(hit.number).unwrap_or(i64::MAX),
            "fault": hit.rule.and_then(|id| i64::try_from(id).ok()),
            "operation": hit.operation,
            "effect": hit.effect,
        }
    });
    Reply::ok(&object! {
        "faults": Json::list(faults.iter().map(syntax::show)),
        "hits": Json::list(hits),
    })
    .into_response()
}

/// `{"effect": "reset", "operation": "investments.create", "when": "after", "times": 1}`
async fn add(State(shared): Shares, request: Request) -> Response<Body> {
    let fields = match fields(&shared, request).await {
        Ok(fields) => fields,
        Err(refusal) => return refusal.into_response(),
    };
    let injected = syntax::read_rule(&fields).and_then(|fault| shared.faults.inject(fault));
    match injected {
        Ok(injected) => Reply::json(StatusCode::CREATED, &syntax::show(&injected)),
        Err(complaint) => refused(StatusCode::BAD_REQUEST, complaint),
    }
    .into_response()
}

async fn clear(State(shared): Shares) -> Response<Body> {
    shared.faults.clear();
    Reply::empty(StatusCode::NO_CONTENT).into_response()
}

async fn remove(State(shared): Shares, Path(id): Path<String>) -> Response<Body> {
    let known = id.parse().is_ok_and(|id| shared.faults.remove(id));
    let reply = if known {
        Reply::empty(StatusCode::NO_CONTENT)
    } else {
        refused(StatusCode::NOT_FOUND, format!("there is no fault {id}"))
    };
    reply.into_response()
}

async fn show_throttle(State(shared): Shares) -> Response<Body> {
    throttle_reply(&shared).into_response()
}

/// `{"rate": "5/minute"}`
async fn set_throttle(State(shared): Shares, request: Request) -> Response<Body> {
    let fields = match fields(&shared, request).await {
        Ok(fields) => fields,
        Err(refusal) => return refusal.into_response(),
    };
    let text = fields.get("rate").and_then(Value::as_str);
    match Rate::read(text.unwrap_or_default()) {
        Ok(rate) => {
            shared.throttle.set(Some(rate));
            throttle_reply(&shared)
        }
        Err(complaint) => refused(StatusCode::BAD_REQUEST, complaint),
    }
    .into_response()
}

async fn end_throttle(State(shared): Shares) -> Response<Body> {
    shared.throttle.set(None);
    Reply::empty(StatusCode::NO_CONTENT).into_response()
}

fn throttle_reply(shared: &Shared) -> Reply {
    let rate = shared.throttle.rate().map(|rate| rate.to_string());
    Reply::ok(&object! { "rate": rate })
}
