//! A verification request as it is stored, and the shapes in which the API shows it.
//!
//! It reads only: statuses change in [`super::status`].

use rusqlite::{Connection, OptionalExtension, Row};

use super::status;
use crate::clock;
use crate::json::{Json, object};

/// One verification request with its investor's identifier.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) id: i64,
    pub(crate) user: i64,
    pub(crate) kind: Option<String>,
    pub(crate) status: String,
    pub(crate) portal_name: Option<String>,
    pub(crate) deal_name: Option<String>,
    pub(crate) legal_name: String,
    pub(crate) redirect_url: Option<String>,
    pub(crate) webhook_url: Option<String>,
    pub(crate) created_at: String,
    pub(crate) changed_at: String,
    pub(crate) completed_at: Option<String>,
    pub(crate) verified_expires_at: Option<String>,
    pub(crate) identifier: Option<String>,
    first_name: String,
    last_name: String,
}

const SELECT: &str = "SELECT r.*, u.first_name, u.last_name, a.identifier FROM vi_requests r
    JOIN vi_users u ON u.id = r.user_id
    LEFT JOIN vi_authorizations a ON a.user_id = r.user_id AND a.portal_name = coalesce(r.portal_name, '')";

/// The request with an id.
pub(crate) fn find(db: &Connection, id: i64) -> rusqlite::Result<Option<Request>> {
    db.prepare_cached(&format!("{SELECT} WHERE r.id = ?1"))?
        .query_row([id], read)
        .optional()
}

/// Requests that meet a condition on `r` with one parameter, oldest first.
pub(crate) fn select(
    db: &Connection,
    condition: &str,
    parameter: impl rusqlite::ToSql,
) -> rusqlite::Result<Vec<Request>> {
    db.prepare_cached(&format!("{SELECT} WHERE {condition} ORDER BY r.id"))?
        .query_map([parameter], read)?
        .collect()
}

impl Request {
    /// Where the investor works on it.
    pub(crate) fn investor_url(&self, origin: &str) -> String {
        format!(
            "{origin}/investor/verification-requests/{}/verification-method",
            self.id
        )
    }

    /// The answer to its creation. It carries no status: the real one does not either.
    pub(crate) fn created(&self, origin: &str) -> Json {
        let mut fields = vec![
            ("id".into(), self.id.into()),
            (
                "created_at".into(),
                clock::milliseconds(&self.created_at).into(),
            ),
            (
                "completed_at".into(),
                self.completed_at.as_deref().map(clock::milliseconds).into(),
            ),
            ("waiting_for_info".into(), self.waits_for_investor().into()),
            ("redirect_url".into(), self.redirect_url.clone().into()),
            ("webhook_url".into(), self.webhook_url.clone().into()),
            ("portal_name".into(), self.portal_name.clone().into()),
            ("deal_name".into(), self.deal_name.clone().into()),
            ("investor_url".into(), self.investor_url(origin).into()),
            ("investor".into(), object! { "id": self.user }),
        ];
        if let Some(kind) = &self.kind {
            fields.push(("type".into(), kind.clone().into()));
        }
        Json::Object(fields)
    }

    /// The request inside the refusal of a duplicate.
    pub(crate) fn pending(&self, origin: &str) -> Json {
        object! {
            "id": self.id,
            "redirect_url": self.redirect_url.clone(),
            "portal_name": self.portal_name.clone(),
            "deal_name": self.deal_name.clone(),
            "investor_url": self.investor_url(origin),
            "investor": object! { "id": self.user },
        }
    }

    /// The request in full.
    pub(crate) fn detail(&self, origin: &str) -> Json {
        let mut fields = self.without_investor(origin);
        let investor = object! {
            "id": self.user,
            "first_name": self.first_name.clone(),
            "last_name": self.last_name.clone(),
        };
        fields = fields.with("investor", investor);
        fields
    }

    /// The request in full but for its investor, as an invitation shows it.
    pub(crate) fn without_investor(&self, origin: &str) -> Json {
        let mut fields = object! {
            "id": self.id,
            "created_at": clock::milliseconds(&self.created_at),
            "waiting_for_info": self.waits_for_investor(),
            "completed_at": self.completed_at.as_deref().map(clock::milliseconds),
            "verified_expires_at": self.verified_expires_at.clone(),
            "legal_name": self.legal_name.clone(),
            "portal_name": self.portal_name.clone(),
            "deal_name": self.deal_name.clone(),
            "status": self.status.clone(),
            "verification_request_step": self.status.clone(),
            "redirect_url": self.redirect_url.clone(),
            "webhook_url": self.webhook_url.clone(),
            "investor_url": self.investor_url(origin),
            "api_type": "regular",
            "identifier": self.identifier.clone(),
            "message": status::message(&self.status),
            // No other value than "open" has been seen.
            "internal_status": (!status::is_terminal(&self.status)).then_some("open"),
        };
        if let Some(kind) = &self.kind {
            fields = fields.with("type", kind.clone());
        }
        fields
    }

    /// The request in a list: of one user with `api_issued`, of the account with `api_type` and
    /// `identifier`; both clients and document agree when all three are there.
    pub(crate) fn item(&self) -> Json {
        object! {
            "id": self.id,
            "waiting_for_info": self.waits_for_investor(),
            "portal_name": self.portal_name.clone(),
            "verified_expires_at": self.verified_expires_at.clone(),
            "deal_name": self.deal_name.clone(),
            "api_issued": true,
            "api_type": "regular",
            "identifier": self.identifier.clone(),
        }
    }

    fn waits_for_investor(&self) -> bool {
        status::waits_for_investor(&self.status)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Request> {
    Ok(Request {
        id: row.get("id")?,
        user: row.get("user_id")?,
        kind: row.get("type")?,
        status: row.get("status")?,
        portal_name: row.get("portal_name")?,
        deal_name: row.get("deal_name")?,
        legal_name: row.get("legal_name")?,
        redirect_url: row.get("redirect_url")?,
        webhook_url: row.get("webhook_url")?,
        created_at: row.get("created_at")?,
        changed_at: row.get("changed_at")?,
        completed_at: row.get("completed_at")?,
        verified_expires_at: row.get("verified_expires_at")?,
        identifier: row.get("identifier")?,
        first_name: row.get("first_name")?,
        last_name: row.get("last_name")?,
    })
}
