//! `/_sandbox/…`: the sandbox's own interface over HTTP, and the routes of the hosted pages.
//!
//! It offers what [`crate::Sandbox`]'s methods offer, in JSON.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::{get, post};
use http::{Response, StatusCode};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::json::object;
use crate::pages::{Visit, visit};
use crate::reply::{Failure, Outcome, Reply};
use crate::state::Shared;
use crate::thirdparty::{self, lifecycle};
use crate::verifyinvestor::{self, requests, status};
use crate::{clock, contract, dispatch, faults, inspector, snapshots, switches, webhooks};

/// Everything that is answered but the two APIs.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/_sandbox/health", get(health))
        .route("/_sandbox/clock", get(show_clock).post(set_clock))
        .route("/_sandbox/clock/advance", post(advance_clock))
        .route("/_sandbox/reset", post(reset))
        .route("/_sandbox/investments/{id}", get(show_investment))
        .route(
            "/_sandbox/investments/{id}/status",
            post(advance_investment),
        )
        .route(
            "/_sandbox/verification_requests/{id}/status",
            post(set_request_status),
        )
        .route("/_sandbox/sign/{token}", get(sign).post(sign))
        .route(
            "/_sandbox/id-upload/{token}",
            get(upload_id).post(upload_id),
        )
        .route("/_sandbox/agreements/{file}", get(agreement))
        .route("/authorization/{token}", get(authorize).post(authorize))
        .route(
            "/investor/verification-requests/{id}/verification-method",
            get(verify).post(verify),
        )
        .route(
            "/investor/verification-requests/{id}/accept",
            get(verify).post(verify),
        )
        .merge(inspector::routes())
        .merge(webhooks::routes())
        .merge(contract::routes())
        .merge(snapshots::routes())
        .merge(faults::routes())
        .merge(switches::routes())
        .fallback(elsewhere)
        .with_state(shared)
}

/// A path that is nobody's is answered as the services answer it.
async fn elsewhere(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    dispatch::dispatch(&shared, request).await
}

/// Moves an investment and words the refusals.
pub(crate) fn advance(
    db: &Connection,
    id: i64,
    target: &str,
    now: Timestamp,
) -> Result<(), Refusal> {
    lifecycle::advance(db, id, target, &clock::stored(now)).map_err(|stuck| match stuck {
        lifecycle::Stuck::NoSuchInvestment => Refusal::Invalid(
            StatusCode::NOT_FOUND,
            format!("there is no investment {id}"),
        ),
        lifecycle::Stuck::UnknownStatus => Refusal::Invalid(
            StatusCode::BAD_REQUEST,
            format!("there is no investment status {target:?}"),
        ),
        lifecycle::Stuck::NoWay { from } => Refusal::Invalid(
            StatusCode::CONFLICT,
            format!("an investment that is {from} cannot become {target}"),
        ),
        lifecycle::Stuck::Store(error) => Refusal::Store(error),
    })
}

/// Why a control call did nothing.
#[derive(Debug)]
pub(crate) enum Refusal {
    Invalid(StatusCode, String),
    Store(rusqlite::Error),
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(status, message) => refused(status, message).into(),
            Refusal::Store(error) => Self::Store(error),
        }
    }
}

impl From<Refusal> for crate::Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Invalid(_, message) => Self::invalid(message),
            Refusal::Store(error) => error.into(),
        }
    }
}

pub(crate) fn refused(status: StatusCode, message: String) -> Reply {
    Reply::json(status, &object! { "detail": message })
}

type Shares = State<Arc<Shared>>;

async fn health() -> Response<Body> {
    Reply::ok(&object! { "status": "ok", "version": env!("CARGO_PKG_VERSION") }).into_response()
}

async fn show_clock(State(shared): Shares) -> Response<Body> {
    clock_reply(&shared).into_response()
}

/// `{"now": "2026-01-01T00:00:00Z"}` freezes the clock there, `{"mode": "frozen"}` where it is; `{"mode": "running"}` lets it
/// go on from where it is, or from `now`.
async fn set_clock(State(shared): Shares, request: Request) -> Response<Body> {
    visit(shared, request, |visit| {
        let now = visit.field("now").map(str::parse).transpose();
        let now: Option<Timestamp> = now.map_err(|_| wanted("now", "a timestamp"))?;
        let clock = &visit.shared.clock;
        match (now, visit.field("mode")) {
            (Some(now), None | Some("frozen")) => clock.freeze(now),
            (None, Some("frozen")) => clock.freeze(clock.now()),
            (now, Some("running")) => clock.run(now.unwrap_or_else(|| clock.now())),
            (_, Some(_)) => return Err(wanted("mode", "frozen or running").into()),
            (None, None) => return Err(wanted("now", "a timestamp").into()),
        }
        status::moved(visit.shared, visit.db)?;
        Ok(clock_reply(visit.shared))
    })
    .await
}

/// `{"seconds": 36000}` moves the clock forward.
async fn advance_clock(State(shared): Shares, request: Request) -> Response<Body> {
    visit(shared, request, |visit| {
        let seconds = visit
            .number("seconds")
            .and_then(|seconds| u64::try_from(seconds).ok());
        let seconds = seconds.ok_or_else(|| wanted("seconds", "a whole number"))?;
        visit.shared.clock.advance(Duration::from_secs(seconds));
        status::moved(visit.shared, visit.db)?;
        Ok(clock_reply(visit.shared))
    })
    .await
}

async fn reset(State(shared): Shares) -> Response<Body> {
    match shared.reset() {
        Ok(()) => Reply::empty(StatusCode::NO_CONTENT),
        Err(error) => {
            tracing::error!(%error, "the reset failed");
            refused(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the reset failed".to_owned(),
            )
        }
    }
    .into_response()
}

async fn show_investment(
    State(shared): Shares,
    Path(id): Path<i64>,
    request: Request,
) -> Response<Body> {
    visit(shared, request, move |visit| investment_reply(visit, id)).await
}

/// `{"status": "received"}` moves an investment, through the statuses in between.
async fn advance_investment(
    State(shared): Shares,
    Path(id): Path<i64>,
    request: Request,
) -> Response<Body> {
    visit(shared, request, move |visit| {
        let target = visit
            .field("status")
            .ok_or_else(|| wanted("status", "an investment status"))?;
        advance(visit.db, id, target, visit.now)?;
        investment_reply(visit, id)
    })
    .await
}

/// `{"status": "in_review"}` gives a verification request any status, known or not.
async fn set_request_status(
    State(shared): Shares,
    Path(id): Path<i64>,
    request: Request,
) -> Response<Body> {
    visit(shared, request, move |visit| {
        let status = visit
            .field("status")
            .ok_or_else(|| wanted("status", "a status"))?;
        if requests::find(visit.db, id)?.is_none() {
            return Err(refused(
                StatusCode::NOT_FOUND,
                format!("there is no verification request {id}"),
            )
            .into());
        }
        status::enter(visit.shared, visit.db, id, status, visit.now)?;
        Ok(Reply::ok(
            &object! { "id": id, "status": status.to_owned() },
        ))
    })
    .await
}

async fn sign(
    State(shared): Shares,
    Path(token): Path<String>,
    request: Request,
) -> Response<Body> {
    visit(shared, request, move |visit| {
        thirdparty::pages::sign(visit, &token)
    })
    .await
}

async fn upload_id(
    State(shared): Shares,
    Path(token): Path<String>,
    request: Request,
) -> Response<Body> {
    visit(shared, request, move |visit| {
        thirdparty::pages::upload_id(visit, &token)
    })
    .await
}

async fn agreement(
    State(shared): Shares,
    Path(file): Path<String>,
    request: Request,
) -> Response<Body> {
    visit(shared, request, move |visit| {
        thirdparty::pages::agreement(visit, &file)
    })
    .await
}

async fn authorize(
    State(shared): Shares,
    Path(token): Path<String>,
    request: Request,
) -> Response<Body> {
    visit(shared, request, move |visit| {
        verifyinvestor::authorization::page(visit, &token)
    })
    .await
}

async fn verify(State(shared): Shares, Path(id): Path<String>, request: Request) -> Response<Body> {
    visit(shared, request, move |visit| {
        verifyinvestor::investor_pages::page(visit, &id)
    })
    .await
}

fn clock_reply(shared: &Shared) -> Reply {
    let mode = if shared.clock.is_frozen() {
        "frozen"
    } else {
        "running"
    };
    Reply::ok(&object! { "now": clock::stored(shared.clock.now()), "mode": mode })
}

fn investment_reply(visit: &Visit<'_>, id: i64) -> Outcome {
    let status = lifecycle::status(visit.db, id)?;
    let status = status.ok_or_else(|| {
        refused(
            StatusCode::NOT_FOUND,
            format!("there is no investment {id}"),
        )
    })?;
    let mut statement = visit.db.prepare_cached(
        "SELECT status, at FROM investment_history WHERE investment_id = ?1 ORDER BY id",
    )?;
    let history = statement
        .query_map([id], |row| {
            Ok(object! { "status": row.get::<_, String>(0)?, "at": row.get::<_, String>(1)? })
        })?
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reply::ok(
        &object! { "id": id, "status": status, "history": history },
    ))
}

/// What a control says of a field that is missing or makes no sense.
pub(crate) fn wanted(field: &str, what: &str) -> Reply {
    refused(
        StatusCode::BAD_REQUEST,
        format!("\"{field}\" must be {what}"),
    )
}
