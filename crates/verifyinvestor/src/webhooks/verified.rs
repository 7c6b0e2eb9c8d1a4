//! A body whose signature was verified: what events are read from.

use std::fmt;

use accredit_models::{DecodeError, Reply as _, Signed, verifyinvestor::WebhookEvent};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// The raw body of a webhook whose signature is right. Nobody reads an event in another way by accident: a [`WebhookEvent`] is
/// neither a [`Reply`](crate::models::Reply) nor deserialised, as all other objects are.
///
/// [`Webhooks::verify_signature`](crate::Webhooks::verify_signature) makes it, and [`from_storage`](Self::from_storage) takes it
/// on the caller's word.
///
/// ```compile_fail,E0277
/// use accredit_verifyinvestor::WebhookEvent;
/// let event: WebhookEvent = serde_json::from_str(r#"{"verification_request_id": 90, "status": "accredited"}"#)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// ```compile_fail,E0599
/// use accredit_verifyinvestor::{WebhookEvent, models::Reply};
/// let event = WebhookEvent::decode(br#"{"verification_request_id": 90, "status": "accredited"}"#)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// ```compile_fail,E0423
/// use accredit_verifyinvestor::Verified;
/// let event = Verified(br#"{"verification_request_id": 90, "status": "accredited"}"#).event()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(
    feature = "webhooks-axum",
    doc = "\nIn axum it is an extractor, where a [`WebhookReceiver`](crate::WebhookReceiver) is in the state."
)]
///
/// `Debug` shows the length and the first bytes of the digest.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified<B = Bytes>(B);

impl<B: AsRef<[u8]>> Verified<B> {
    pub(super) const fn new(body: B) -> Self {
        Self(body)
    }

    /// Takes back bytes that were verified before, when they were put into storage.
    ///
    /// **This verifies nothing**: who calls it says that the signature was verified, and a search for its name finds who does. Give
    /// it only [`bytes`](Self::bytes) of a verified body that were kept where nobody else writes. An inbox needs it, since
    /// a signature is not to be verified twice: the secret may have been changed since.
    pub const fn from_storage(raw_body: B) -> Self {
        Self(raw_body)
    }

    /// The bytes that were signed. They tell of a person: never log them.
    pub fn bytes(&self) -> &[u8] {
        self.0.as_ref()
    }

    /// The bytes that were signed, as they were given.
    pub fn into_bytes(self) -> B {
        self.0
    }

    /// Reads the event, JSON as documented, or the form that older set-ups post. The content type has no say in it.
    ///
    /// Actions and statuses that this version does not know are kept as they came.
    ///
    /// # Errors
    ///
    /// When the body is no event that this version knows how to read.
    pub fn event(&self) -> Result<WebhookEvent, DecodeError> {
        read(self.bytes())
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for Verified<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.bytes().len();
        write!(
            f,
            "Verified({length} bytes, sha256 {})",
            ShortDigest(self.bytes())
        )
    }
}

/// The first four bytes of a body's SHA-256: enough to find a webhook again, and all of a body that is ever logged.
pub(super) struct ShortDigest<'a>(pub(super) &'a [u8]);

impl fmt::Display for ShortDigest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digest = Sha256::digest(self.0);
        digest
            .iter()
            .take(4)
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

fn read(body: &[u8]) -> Result<WebhookEvent, DecodeError> {
    if body.trim_ascii_start().starts_with(b"{") {
        return signed(body);
    }
    // In a form every value is text; ids read numeric text, and the one boolean is put right here.
    let fields: serde_json::Map<String, serde_json::Value> = form_urlencoded::parse(body)
        // Rails writes nil as an empty value.
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| {
            let value = if name == "embedded_api" {
                boolean(&value)?.into()
            } else {
                value.into()
            };
            Some((name.into_owned(), value))
        })
        .collect();
    signed(serde_json::Value::Object(fields).to_string().as_bytes())
}

fn signed(json: &[u8]) -> Result<WebhookEvent, DecodeError> {
    Signed::decode(json).map(|Signed(event)| event)
}

/// A boolean of a form, in any spelling that Rails reads; of anything else nothing is known, which is no reason to lose the event.
fn boolean(text: &str) -> Option<bool> {
    match &*text.to_ascii_lowercase() {
        "1" | "true" | "t" => Some(true),
        "0" | "false" | "f" => Some(false),
        _ => None,
    }
}
