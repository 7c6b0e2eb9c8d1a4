//! Sending webhooks: an outbox in the store, one worker beside the server, a record of every
//! attempt.
//!
//! One attempt each, in the order of the events, with a time limit; redirects are not followed. It
//! goes to this machine only, unless the builder allowed a host: a sandbox must not be able to call
//! strangers.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Uri, header};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use rusqlite::{OptionalExtension, params};
use tokio::net::TcpStream;

use crate::clock;
use crate::sandbox::public_id;
use crate::state::Shared;

/// The header of the signature: lower-case hex of the HMAC-SHA256 of the raw body.
const SIGNATURE_HEADER: &str = "x-signature-sha256";
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// One webhook that was sent, or waits to be.
///
/// Its `Debug` shows the ids and what came of the attempt, never the URL (which may hold a key), the
/// body (which names the investor) or the signature.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Number of the delivery, rising.
    pub id: u64,
    /// The verification request that it is about.
    pub verification_request_id: u64,
    /// Where it goes.
    pub url: String,
    /// The raw body, as signed.
    pub body: String,
    /// What the signature header carries.
    pub signature: String,
    /// `pending`, `delivered` (the receiver said 2xx) or `failed`.
    pub state: String,
    /// The receiver's status, when it answered.
    pub response_status: Option<u16>,
    /// Why nothing came back.
    pub error: Option<String>,
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id)
            .field("verification_request_id", &self.verification_request_id)
            .field("state", &self.state)
            .field("response_status", &self.response_status)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

struct Pending {
    id: i64,
    url: String,
    body: String,
    signature: String,
}

/// Sends what is in the outbox, for as long as the sandbox lives.
pub(crate) async fn run(shared: Arc<Shared>) {
    loop {
        match next(&shared) {
            Ok(Some(pending)) => {
                let attempt = tokio::time::timeout(TIME_LIMIT, send(&shared, &pending)).await;
                let outcome = attempt.unwrap_or_else(|_| Err("no answer in time".to_owned()));
                if let Err(error) = record(&shared, pending.id, outcome) {
                    tracing::error!(%error, "a webhook's outcome could not be stored");
                    // Without the record the same webhook would be sent again at once, and again.
                    shared.outbox.notified().await;
                }
                shared
                    .delivered
                    .send_modify(|count| *count = count.wrapping_add(1));
            }
            Ok(None) => shared.outbox.notified().await,
            Err(error) => {
                tracing::error!(%error, "the webhook outbox could not be read");
                shared.outbox.notified().await;
            }
        }
    }
}

/// How many webhooks wait to be sent.
pub(crate) fn pending(shared: &Shared) -> rusqlite::Result<i64> {
    shared.store.transaction(|db| {
        db.prepare_cached("SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'")?
            .query_row([], |row| row.get(0))
    })
}

/// All deliveries, oldest first.
pub(crate) fn deliveries(db: &rusqlite::Connection) -> rusqlite::Result<Vec<Delivery>> {
    db.prepare_cached("SELECT * FROM webhook_deliveries ORDER BY id")?
        .query_map([], |row| {
            Ok(Delivery {
                id: public_id(row.get("id")?),
                verification_request_id: public_id(row.get("request_id")?),
                url: row.get("url")?,
                body: row.get("body")?,
                signature: row.get("signature")?,
                state: row.get("state")?,
                response_status: row.get("response_status")?,
                error: row.get("error")?,
            })
        })?
        .collect()
}

fn next(shared: &Shared) -> rusqlite::Result<Option<Pending>> {
    shared.store.transaction(|db| {
        db.prepare_cached(
            "SELECT id, url, body, signature FROM webhook_deliveries WHERE state = 'pending' ORDER BY id LIMIT 1",
        )?
        .query_row([], |row| {
            Ok(Pending { id: row.get(0)?, url: row.get(1)?, body: row.get(2)?, signature: row.get(3)? })
        })
        .optional()
    })
}

fn record(shared: &Shared, id: i64, outcome: Result<u16, String>) -> rusqlite::Result<()> {
    let (state, status, error) = match outcome {
        Ok(status @ 200..=299) => ("delivered", Some(status), None),
        Ok(status) => ("failed", Some(status), None),
        Err(error) => ("failed", None, Some(error)),
    };
    tracing::debug!(delivery = id, state, status, "webhook sent");
    let at = clock::stored(shared.clock.now());
    shared.store.transaction(|db| {
        db.prepare_cached(
            "UPDATE webhook_deliveries SET state = ?2, response_status = ?3, error = ?4, finished_at = ?5
             WHERE id = ?1",
        )?
        .execute(params![id, state, status, error, at])?;
        Ok(())
    })
}

async fn send(shared: &Shared, pending: &Pending) -> Result<u16, String> {
    let uri: Uri = pending
        .url
        .parse()
        .map_err(|_| "the URL does not parse".to_owned())?;
    if uri.scheme_str() != Some("http") {
        return Err("only http URLs are called".to_owned());
    }
    let authority = uri.authority().ok_or("the URL names no host")?.clone();
    let address = resolve(shared, authority.host(), authority.port_u16().unwrap_or(80)).await?;
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| format!("no connection: {}", error.kind()))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|_| "no connection".to_owned())?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(
            uri.path_and_query()
                .map_or("/", http::uri::PathAndQuery::as_str),
        )
        .header(header::HOST, authority.as_str())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::USER_AGENT, "accredit-sandbox")
        .header(header::CONNECTION, "close")
        .header(SIGNATURE_HEADER, &pending.signature)
        .body(Full::new(Bytes::from(pending.body.clone())))
        .map_err(|_| "the request does not build".to_owned())?;
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await;
    driver.abort();
    response
        .map(|response| response.status().as_u16())
        .map_err(|_| "the receiver gave no answer".to_owned())
}

/// The address to connect to: it is checked after the look-up, so that no name can point elsewhere.
async fn resolve(shared: &Shared, host: &str, port: u16) -> Result<SocketAddr, String> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let allowed = shared
        .settings
        .webhook_hosts
        .iter()
        .any(|name| name.eq_ignore_ascii_case(bare));
    let addresses = tokio::net::lookup_host((bare, port))
        .await
        .map_err(|_| "the host has no address".to_owned())?;
    let mut refused = false;
    for address in addresses {
        if allowed || address.ip().is_loopback() {
            return Ok(address);
        }
        refused = true;
    }
    Err(if refused {
        "the host is not this machine and was not allowed"
    } else {
        "the host has no address"
    }
    .to_owned())
}
