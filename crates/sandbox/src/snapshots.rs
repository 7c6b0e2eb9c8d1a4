//! Snapshots: the whole state under a name, to come back to.
//!
//! They are copies in memory, few and bounded, and go with the process. A snapshot holds the data
//! (tokens, webhooks and settings too) and the clock; never what the builder fixed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::routing::{delete, get, post};
use http::{Response, StatusCode};
use rusqlite::Connection;

use crate::Error;
use crate::clock::{self, Mode};
use crate::json::{Json, object};
use crate::payload::{self, Payload};
use crate::reply::Reply;
use crate::state::Shared;

const MOST: usize = 16;
const MOST_BYTES: u64 = 1024 * 1024 * 1024;
const LONGEST_NAME: usize = 64;

/// All snapshots of a sandbox.
#[derive(Debug, Default)]
pub(crate) struct Snapshots(Mutex<BTreeMap<String, Snapshot>>);

#[derive(Debug)]
struct Snapshot {
    copy: Connection,
    bytes: u64,
    clock: Mode,
    /// The sandbox's time when it was saved.
    saved_at: String,
}

/// Why nothing was saved, loaded or deleted.
#[derive(Debug)]
pub(crate) enum Refused {
    Name,
    Unknown(String),
    TooMany,
    TooLarge,
    Store(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl Refused {
    fn message(&self) -> String {
        match self {
            Self::Name => format!(
                "\"name\" must be 1 to {LONGEST_NAME} letters, digits, dots, hyphens or underlines, and begin with none of the last three"
            ),
            Self::Unknown(name) => format!("there is no snapshot {name:?}"),
            Self::TooMany => format!("there are {MOST} snapshots already: delete one"),
            Self::TooLarge => format!(
                "snapshots hold at most {} MiB together: delete one",
                MOST_BYTES / 1024 / 1024
            ),
            Self::Store(error) => error.to_string(),
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Name => StatusCode::BAD_REQUEST,
            Self::Unknown(_) => StatusCode::NOT_FOUND,
            Self::TooMany | Self::TooLarge => StatusCode::CONFLICT,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error,
            other => Self::invalid(other.message()),
        }
    }
}

/// Saves everything under a name, in the place of what the name stood for.
pub(crate) fn save(shared: &Shared, name: &str) -> Result<Json, Refused> {
    check(name)?;
    let mut snapshots = all(shared);
    if snapshots.len() >= MOST && !snapshots.contains_key(name) {
        return Err(Refused::TooMany);
    }
    let others = snapshots.iter().filter(|(other, _)| *other != name);
    let taken: u64 = others.map(|(_, snapshot)| snapshot.bytes).sum();
    let along = || (shared.clock.mode(), clock::stored(shared.clock.now()));
    let copied = shared
        .store
        .copy(MOST_BYTES.saturating_sub(taken), along)?
        .ok_or(Refused::TooLarge)?;
    let (clock, saved_at) = copied.along;
    let snapshot = Snapshot {
        copy: copied.copy,
        bytes: copied.bytes,
        clock,
        saved_at,
    };
    let shown = show(name, &snapshot);
    snapshots.insert(name.to_owned(), snapshot);
    Ok(shown)
}

/// Goes back to what was saved under a name.
pub(crate) fn load(shared: &Shared, name: &str) -> Result<Json, Refused> {
    let snapshots = all(shared);
    let snapshot = snapshots
        .get(name)
        .ok_or_else(|| Refused::Unknown(name.to_owned()))?;
    shared
        .store
        .load(&snapshot.copy, || shared.clock.resume(snapshot.clock))?;
    shared.rewind();
    // What the outbox holds now is not what it held.
    shared.outbox.notify_one();
    shared
        .delivered
        .send_modify(|count| *count = count.wrapping_add(1));
    Ok(show(name, snapshot))
}

fn forget(shared: &Shared, name: &str) -> Result<(), Refused> {
    all(shared)
        .remove(name)
        .map(|_| ())
        .ok_or_else(|| Refused::Unknown(name.to_owned()))
}

fn all(shared: &Shared) -> MutexGuard<'_, BTreeMap<String, Snapshot>> {
    shared
        .snapshots
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

fn check(name: &str) -> Result<(), Refused> {
    let good = (1..=LONGEST_NAME).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && name.starts_with(|first: char| first.is_ascii_alphanumeric());
    if good { Ok(()) } else { Err(Refused::Name) }
}

fn show(name: &str, snapshot: &Snapshot) -> Json {
    object! {
        "name": name.to_owned(),
        "bytes": i64::try_from(snapshot.bytes).unwrap_or(i64::MAX),
        "saved_at": snapshot.saved_at.clone(),
    }
}

/// Snapshots over the control API.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/snapshots", get(list_all).post(save_one))
        .route("/_sandbox/snapshots/{name}", delete(delete_one))
        .route("/_sandbox/snapshots/{name}/load", post(load_one))
}

async fn list_all(State(shared): State<Arc<Shared>>) -> Response<Body> {
    let list = Json::list(
        all(&shared)
            .iter()
            .map(|(name, snapshot)| show(name, snapshot)),
    );
    Reply::ok(&object! { "snapshots": list }).into_response()
}

/// `{"name": "before-the-crash"}` saves.
async fn save_one(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let body = payload::collect(request.into_body(), shared.settings.max_body_bytes).await;
    let name = match body {
        Ok(body) => match Payload::read("application/json", body).await {
            Payload::Fields { fields, .. } => fields
                .get("name")
                .and_then(serde_json::Value::as_str)
                .map(str::to_owned),
            _ => None,
        },
        Err(_) => None,
    };
    blocking(shared, StatusCode::CREATED, move |shared| {
        save(shared, &name.unwrap_or_default())
    })
    .await
}

async fn load_one(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response<Body> {
    blocking(shared, StatusCode::OK, move |shared| load(shared, &name)).await
}

async fn delete_one(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response<Body> {
    match forget(&shared, &name) {
        Ok(()) => Reply::empty(StatusCode::NO_CONTENT),
        Err(refused) => answer(&refused),
    }
    .into_response()
}

/// A large copy takes its time: it must not hold up a thread that serves others.
async fn blocking(
    shared: Arc<Shared>,
    status: StatusCode,
    work: impl FnOnce(&Shared) -> Result<Json, Refused> + Send + 'static,
) -> Response<Body> {
    match tokio::task::spawn_blocking(move || work(&shared)).await {
        Ok(Ok(shown)) => Reply::json(status, &shown),
        Ok(Err(refused)) => answer(&refused),
        Err(_) => Reply::empty(StatusCode::INTERNAL_SERVER_ERROR),
    }
    .into_response()
}

fn answer(refused: &Refused) -> Reply {
    if let Refused::Store(error) = refused {
        tracing::error!(%error, "a snapshot failed");
    }
    Reply::json(refused.status(), &object! { "detail": refused.message() })
}
