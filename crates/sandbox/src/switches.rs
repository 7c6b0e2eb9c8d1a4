//! Where the documents and what was seen of the services disagree, or nobody knows: one switch for
//! each such choice.
//!
//! It holds what was chosen; what a choice means is written where it is looked at. What the sandbox
//! was told outlives a reset.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::get;
use http::{Response, StatusCode};
use serde_json::Value;

use crate::control::refused;
use crate::faults;
use crate::json::{Json, object};
use crate::reply::Reply;
use crate::state::Shared;

/// One choice.
#[derive(Debug)]
pub(crate) struct Switch {
    name: &'static str,
    /// The default first.
    accepted: &'static [&'static str],
    chosen: Mutex<&'static str>,
}

impl Switch {
    fn new(name: &'static str, accepted: &'static [&'static str]) -> Self {
        Self {
            name,
            accepted,
            chosen: Mutex::new(accepted.first().copied().unwrap_or_default()),
        }
    }

    /// What was chosen.
    pub(crate) fn value(&self) -> &'static str {
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a value was chosen.
    pub(crate) fn is(&self, value: &str) -> bool {
        self.value() == value
    }
}

/// All choices.
#[derive(Debug)]
pub(crate) struct Switches {
    /// Logging out: knox answers 204, the document says 200.
    pub(crate) logout_status: Switch,
    /// Wrong credentials at the login.
    pub(crate) login_failure_status: Switch,
    /// How many tokens a user may have at a time.
    pub(crate) token_limit: Switch,
    /// The text of a 404: that of newer or of older versions of DRF.
    pub(crate) not_found_text: Switch,
    /// A text where a document's file belongs: kept, or refused as stock DRF does.
    pub(crate) kyb_upload_text: Switch,
    /// A wrong token at VerifyInvestor.
    pub(crate) invalid_token_status: Switch,
    /// A second request while the first is pending.
    pub(crate) duplicate_pending_status: Switch,
    /// A simulated review.
    pub(crate) review_status: Switch,
    /// The first status of a verification request; `auto` looks at what the investor authorised.
    pub(crate) first_status: Switch,
    /// Which new verification requests are told of by webhook.
    pub(crate) creation_webhook: Switch,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            logout_status: Switch::new("logout_status", &["204", "200"]),
            login_failure_status: Switch::new("login_failure_status", &["400", "401"]),
            token_limit: Switch::new("token_limit", &["none", "1", "10"]),
            not_found_text: Switch::new("not_found_text", &["newer", "older"]),
            kyb_upload_text: Switch::new("kyb_upload_text", &["accepted", "refused"]),
            invalid_token_status: Switch::new("invalid_token_status", &["401", "403"]),
            duplicate_pending_status: Switch::new("duplicate_pending_status", &["422", "403"]),
            review_status: Switch::new("review_status", &["201", "200"]),
            first_status: Switch::new(
                "first_status",
                &[
                    "auto",
                    "waiting_for_investor_acceptance",
                    "accepted_by_investor",
                ],
            ),
            creation_webhook: Switch::new("creation_webhook", &["none", "invitations", "all"]),
        }
    }
}

impl Switches {
    fn all(&self) -> [&Switch; 10] {
        [
            &self.logout_status,
            &self.login_failure_status,
            &self.token_limit,
            &self.not_found_text,
            &self.kyb_upload_text,
            &self.invalid_token_status,
            &self.duplicate_pending_status,
            &self.review_status,
            &self.first_status,
            &self.creation_webhook,
        ]
    }

    /// Names and values.
    pub(crate) fn values(&self) -> Vec<(&'static str, &'static str)> {
        self.all()
            .map(|switch| (switch.name, switch.value()))
            .to_vec()
    }

    /// Sets all of these, or none when one of them is not known.
    pub(crate) fn set<'a>(
        &self,
        wanted: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), String> {
        let mut chosen = Vec::new();
        for (name, value) in wanted {
            let all = self.all();
            let switch = all
                .into_iter()
                .find(|switch| switch.name == name)
                .ok_or_else(|| {
                    format!(
                        "there is no switch {name:?}; accepted are {}",
                        all.map(|switch| switch.name).join(", ")
                    )
                })?;
            let value = switch.accepted.iter().find(|accepted| **accepted == value);
            let value = value.ok_or_else(|| {
                format!("\"{name}\" must be one of {}", switch.accepted.join(", "))
            })?;
            chosen.push((switch, *value));
        }
        for (switch, value) in chosen {
            *switch.chosen.lock().unwrap_or_else(PoisonError::into_inner) = value;
        }
        Ok(())
    }
}

/// The routes of this part.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/_sandbox/switches", get(show).patch(change))
}

type Shares = State<Arc<Shared>>;

async fn show(State(shared): Shares) -> Response<Body> {
    reply(&shared.switches).into_response()
}

/// `{"logout_status": 200}`
async fn change(State(shared): Shares, request: Request) -> Response<Body> {
    let fields = match faults::fields(&shared, request).await {
        Ok(fields) => fields,
        Err(refusal) => return refusal.into_response(),
    };
    let wanted: Vec<(String, String)> = fields
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        })
        .collect();
    let wanted = wanted
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    match shared.switches.set(wanted) {
        Ok(()) => reply(&shared.switches),
        Err(complaint) => refused(StatusCode::BAD_REQUEST, complaint),
    }
    .into_response()
}

fn reply(switches: &Switches) -> Reply {
    let fields = switches.all().map(|switch| {
        let accepted = Json::list(switch.accepted.iter().copied());
        let json = object! { "value": switch.value(), "accepted": accepted };
        (switch.name.into(), json)
    });
    Reply::ok(&Json::Object(fields.into()))
}
