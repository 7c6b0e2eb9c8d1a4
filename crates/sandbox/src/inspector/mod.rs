//! `/_sandbox/`: one page on which a person sees what the sandbox was asked and what it holds, and moves it.
//!
//! The page is one file without anything from elsewhere; it uses the same control calls as everybody, and what it shows goes
//! into it as text, never as HTML. It never shows a secret: see [`mask`].

mod log;
mod mask;
mod objects;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use http::{HeaderValue, Response, StatusCode, header};

pub(crate) use log::{Entry, Kept, RequestLog};

use crate::control::{refused, wanted};
use crate::json::Json;
use crate::pages::visit;
use crate::reply::Reply;
use crate::state::Shared;

const PAGE: &str = include_str!("page.html");

/// Nothing from elsewhere, no frame around it: a page of another site can neither feed nor wear it.
const POLICY: &str = "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox", get(page))
        .route("/_sandbox/", get(page))
        .route("/_sandbox/requests", get(requests).delete(forget))
        .route("/_sandbox/requests/{id}", get(request))
        .route("/_sandbox/objects/{kind}", get(list))
        .route("/_sandbox/objects/{kind}/{id}", get(object))
}

type Shares = State<Arc<Shared>>;

async fn page() -> Response<Body> {
    Reply::html(StatusCode::OK, PAGE.to_owned())
        .header(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        )
        .into_response()
}

/// The requests after the one of that number, oldest first, without their bodies.
async fn requests(
    State(shared): Shares,
    Query(query): Query<Vec<(String, String)>>,
) -> Response<Body> {
    let after = query
        .iter()
        .find(|(name, _)| name == "after")
        .map_or(Some(0), |(_, value)| value.parse().ok());
    let Some(after) = after else {
        return wanted("after", "a whole number").into_response();
    };
    let entries = shared.requests.after(after);
    Reply::ok(&Json::list(
        entries.iter().map(|(id, entry)| entry.line(*id)),
    ))
    .into_response()
}

async fn request(State(shared): Shares, Path(id): Path<u64>) -> Response<Body> {
    match shared.requests.find(id) {
        Some(entry) => Reply::ok(&entry.whole(id)).into_response(),
        None => {
            let detail = "that request is not in the log, or not any more";
            refused(StatusCode::NOT_FOUND, detail.to_owned()).into_response()
        }
    }
}

async fn forget(State(shared): Shares) -> Response<Body> {
    shared.requests.clear();
    Reply::empty(StatusCode::NO_CONTENT).into_response()
}

async fn list(
    State(shared): Shares,
    Path(kind): Path<String>,
    request: axum::extract::Request,
) -> Response<Body> {
    visit(shared, request, move |visit| {
        let kind = objects::kind(&kind).ok_or_else(no_such_kind)?;
        let before = visit.field("before").map(str::parse).transpose();
        let before = before.map_err(|_| wanted("before", "a whole number"))?;
        Ok(Reply::ok(&objects::newest(visit.db, kind, before)?))
    })
    .await
}

async fn object(
    State(shared): Shares,
    Path((kind, id)): Path<(String, i64)>,
    request: axum::extract::Request,
) -> Response<Body> {
    visit(shared, request, move |visit| {
        let kind = objects::kind(&kind).ok_or_else(no_such_kind)?;
        let found = objects::find(visit.db, kind, id)?;
        let found = found.ok_or_else(|| {
            let detail = format!("there is no {id} among the {}", kind.name);
            refused(StatusCode::NOT_FOUND, detail)
        })?;
        Ok(Reply::ok(&found))
    })
    .await
}

fn no_such_kind() -> Reply {
    let names: Vec<_> = objects::KINDS.iter().map(|kind| kind.name).collect();
    let detail = format!("the kinds of objects are {}", names.join(", "));
    refused(StatusCode::NOT_FOUND, detail)
}
