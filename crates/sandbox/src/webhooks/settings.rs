//! The knobs of the webhooks: their types, their JSON, and where they are kept.
//!
//! They live in the store's settings, so that they outlive a reset as the webhook URL does.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Map, Value};

use crate::json::{Json, object};
use crate::store;

/// The settings key.
const NAME: &str = "webhook_settings";
/// The longest delay: an hour. Whoever wants more wants a gate.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

/// What happens to webhooks between the sandbox and their receivers.
///
/// Each `…_percent` says how many of a hundred webhooks a knob takes, on average: 0 is none, 100 is
/// every one. Which ones follows from the sandbox's seed and their order. A webhook is lost first;
/// what is not lost may be doubled, and each copy may be delayed or else overtaken.
///
/// ```
/// # async fn example() -> Result<(), accredit_sandbox::Error> {
/// use accredit_sandbox::{Sandbox, WebhookSettings};
///
/// let sandbox = Sandbox::builder().webhook_url("http://127.0.0.1:9000/hook").start().await?;
/// let mut settings = WebhookSettings::default();
/// settings.duplicate_percent = 100;
/// settings.delay_percent = 100; // `delay` is a gate unless it is set to a time
/// sandbox.set_webhooks(settings)?;
/// // … everything that happens now is held, and goes twice …
/// let released = sandbox.release_webhooks()?;
/// # let _ = released;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookSettings {
    /// How many of a hundred are lost: never sent, and marked `dropped` in the log.
    pub drop_percent: u8,
    /// How many of a hundred are sent twice.
    pub duplicate_percent: u8,
    /// How many of a hundred are delayed, in the way of [`delay`](Self::delay).
    pub delay_percent: u8,
    /// How a delayed webhook waits.
    pub delay: WebhookDelay,
    /// How many of a hundred the next webhook to the same receiver overtakes. One that waits so is
    /// `held`; only one waits at a time, so that 100 swaps every pair.
    pub reorder_percent: u8,
    /// How many of a hundred carry a well-formed signature by a wrong key.
    pub forge_percent: u8,
    /// How the body is written.
    pub body: WebhookBody,
    /// How the signature is written.
    pub signature: WebhookSignature,
    /// Whether `sha256=` stands before the signature.
    pub signature_prefix: bool,
}

/// How a delayed webhook waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookDelay {
    /// Until it is released: a gate, for tests.
    #[default]
    UntilReleased,
    /// For so long on the machine's clock, an hour at most, or until it is released.
    For(Duration),
}

/// How a webhook's body is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookBody {
    /// `application/json`, as documented.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`, as older receivers read it; null fields are left out.
    Form,
}

/// How a webhook's signature is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookSignature {
    /// Lower-case hex.
    #[default]
    Hex,
    /// Base64 with its padding.
    Base64,
    /// Base64 for URLs, without padding.
    Base64Url,
}

impl WebhookBody {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }
}

impl WebhookSettings {
    /// Sets the knobs that a JSON object names; says what is wrong with the first bad one.
    pub(super) fn patch(&mut self, fields: &Map<String, Value>) -> Result<(), String> {
        for (name, value) in fields {
            self.set(name, value)
                .map_err(|wanted| format!("\"{name}\" must be {wanted}"))?;
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), &'static str> {
        match name {
            "drop_percent" => self.drop_percent = percent(value)?,
            "duplicate_percent" => self.duplicate_percent = percent(value)?,
            "delay_percent" => self.delay_percent = percent(value)?,
            "delay_milliseconds" => self.delay = delay(value)?,
            "reorder_percent" => self.reorder_percent = percent(value)?,
            "forge_percent" => self.forge_percent = percent(value)?,
            "body" => {
                self.body = match value.as_str() {
                    Some("json") => WebhookBody::Json,
                    Some("form") => WebhookBody::Form,
                    _ => return Err("\"json\" or \"form\""),
                }
            }
            "signature" => {
                self.signature = match value.as_str() {
                    Some("hex") => WebhookSignature::Hex,
                    Some("base64") => WebhookSignature::Base64,
                    Some("base64url") => WebhookSignature::Base64Url,
                    _ => return Err("\"hex\", \"base64\" or \"base64url\""),
                }
            }
            "signature_prefix" => {
                self.signature_prefix = value.as_bool().ok_or("true or false")?;
            }
            _ => return Err("left out: there is no such knob"),
        }
        Ok(())
    }

    /// The same as [`WebhookSettings::patch`] reads it.
    pub(super) fn to_json(&self) -> Json {
        object! {
            "drop_percent": i64::from(self.drop_percent),
            "duplicate_percent": i64::from(self.duplicate_percent),
            "delay_percent": i64::from(self.delay_percent),
            "delay_milliseconds": self.delay.milliseconds(),
            "reorder_percent": i64::from(self.reorder_percent),
            "forge_percent": i64::from(self.forge_percent),
            "body": match self.body {
                WebhookBody::Json => "json",
                WebhookBody::Form => "form",
            },
            "signature": match self.signature {
                WebhookSignature::Hex => "hex",
                WebhookSignature::Base64 => "base64",
                WebhookSignature::Base64Url => "base64url",
            },
            "signature_prefix": self.signature_prefix,
        }
    }
}

impl WebhookDelay {
    /// `None` for the gate.
    pub(super) fn milliseconds(self) -> Option<i64> {
        match self {
            Self::UntilReleased => None,
            Self::For(time) => {
                Some(i64::try_from(time.min(LONGEST_DELAY).as_millis()).unwrap_or_default())
            }
        }
    }
}

fn percent(value: &Value) -> Result<u8, &'static str> {
    value
        .as_u64()
        .and_then(|value| u8::try_from(value).ok())
        .filter(|value| *value <= 100)
        .ok_or("a whole number from 0 to 100")
}

fn delay(value: &Value) -> Result<WebhookDelay, &'static str> {
    if value.is_null() {
        return Ok(WebhookDelay::UntilReleased);
    }
    value
        .as_u64()
        .map(Duration::from_millis)
        .filter(|time| *time <= LONGEST_DELAY)
        .map(WebhookDelay::For)
        .ok_or("a whole number up to 3600000, or null for \"until released\"")
}

/// The knobs as they stand.
pub(crate) fn read(db: &Connection) -> rusqlite::Result<WebhookSettings> {
    let mut settings = WebhookSettings::default();
    if let Some(text) = store::setting(db, NAME)?
        && let Ok(fields) = serde_json::from_str(&text)
        && let Err(complaint) = settings.patch(&fields)
    {
        tracing::warn!(%complaint, "a stored webhook knob is ignored");
    }
    Ok(settings)
}

/// Keeps the knobs.
pub(super) fn write(db: &Connection, settings: &WebhookSettings) -> rusqlite::Result<()> {
    store::set_setting(db, NAME, Some(&settings.to_json().to_text()))
}
