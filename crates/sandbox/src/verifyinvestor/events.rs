//! What a webhook says, and where it goes. Signing and sending it is [`crate::webhooks`]' work.

use jiff::Timestamp;
use rusqlite::Connection;

use super::requests::{self, Request};
use super::status;
use crate::json::{Json, object};
use crate::state::Shared;
use crate::{store, webhooks};

/// The settings key of the account's webhook URL.
pub(crate) const ACCOUNT_URL: &str = "webhook_url";

/// What an event says of a request: that its status has changed.
const RESULT: &str = "verification_result";
/// That it is new. Clients have seen it; the document does not name it.
const CREATED: &str = "create_verification_request";

/// Leaves a webhook about a request in the outbox. A request's own URL counts only when the account
/// has one too.
pub(crate) fn enqueue(
    shared: &Shared,
    db: &Connection,
    request: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    leave(shared, db, RESULT, request, now)
}

/// The same about a request that was just made.
pub(crate) fn enqueue_created(
    shared: &Shared,
    db: &Connection,
    request: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    leave(shared, db, CREATED, request, now)
}

fn leave(
    shared: &Shared,
    db: &Connection,
    action: &'static str,
    request: i64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let (Some(account), Some(request)) = (
        store::setting(db, ACCOUNT_URL)?,
        requests::find(db, request)?,
    ) else {
        return Ok(());
    };
    let url = request.webhook_url.clone().unwrap_or(account);
    webhooks::enqueue(shared, db, request.id, &url, &event(action, &request), now)
}

/// The event: the documented fields and those that clients of the live service read.
pub(crate) fn body(request: &Request) -> Json {
    event(RESULT, request)
}

fn event(action: &'static str, request: &Request) -> Json {
    object! {
        "action": action,
        "verification_request_id": request.id,
        "investor_id": request.user,
        "legal_name": request.legal_name.clone(),
        "status": request.status.clone(),
        "verification_status": status::verification_status(&request.status),
        "identifier": request.identifier.clone(),
        "verification_result_status": status::result_status(&request.status),
        "verification_request_step": request.status.clone(),
        "embedded_api": false,
    }
}
