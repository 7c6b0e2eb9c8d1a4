//! Webhooks: verify the signature over the raw body, then read the event. No clock, no storage, and no HTTP but the types of
//! `http`; what receives requests stands in the submodules behind features.
//!
//! The service signs the body alone: a verified event can be an old one sent again. Take it as a hint and retrieve the request
//! before acting on it.

#[cfg(feature = "webhooks-axum")]
mod axum;
mod error;
#[cfg(feature = "webhooks-tower")]
mod layer;
#[cfg(feature = "webhooks-tower")]
mod receiver;
mod signature;
#[cfg(feature = "testkit")]
mod signer;
mod verified;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use accredit_models::{Secret, verifyinvestor::WebhookEvent};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName};
use sha2::Sha256;

pub use error::WebhookError;
#[cfg(feature = "webhooks-tower")]
pub use layer::VerifyWebhook;
#[cfg(feature = "webhooks-tower")]
pub use receiver::WebhookReceiver;
#[cfg(feature = "testkit")]
pub use signer::{SignatureEncoding, WebhookSigner};
pub use verified::Verified;

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-signature-sha256";

/// Parsed once, so that looking it up costs a hash and no more.
static SIGNATURE_NAME: HeaderName = HeaderName::from_static(SIGNATURE_HEADER);

/// The addresses from which the vendor says it posts webhooks in production. Those of staging change.
///
/// For a firewall, or for the allow-list of a receiver. They are a second fence and never a replacement for the signature.
pub const SOURCE_ADDRESSES: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(54, 173, 229, 200)),
    IpAddr::V4(Ipv4Addr::new(54, 175, 230, 252)),
];

/// Longest body that is looked at unless told otherwise: events are a few hundred bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// Verifies webhooks with one or more secrets. Cheap to clone.
///
/// ```
/// use accredit_verifyinvestor::{VerificationRequestStatus, WebhookSigner, Webhooks};
///
/// let webhooks = Webhooks::new("whsec")?;
/// let body = br#"{"action": "verification_result", "verification_request_id": 90, "status": "accredited"}"#;
/// let headers = WebhookSigner::new("whsec")?.headers(body); // what the service does; feature `testkit`
///
/// let event = webhooks.verify(&headers, body)?;
/// assert_eq!(event.status, Some(VerificationRequestStatus::Accredited));
/// assert!(webhooks.verify(&headers, b"{}").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Webhooks {
    /// Keyed once: a clone has the key's two blocks behind it and hashes only the body and the digest. These states sign as well
    /// as the secret does; they and their clones are wiped when they are dropped, by the `zeroize` features of both crates.
    keyed: Arc<[Hmac<Sha256>]>,
    body_limit: usize,
}

impl Webhooks {
    /// A verifier for the webhook secret of the account.
    ///
    /// # Errors
    ///
    /// [`WebhookError::EmptySecret`].
    pub fn new(secret: impl Into<Secret>) -> Result<Self, WebhookError> {
        Ok(Self {
            keyed: Arc::new([key(&secret.into())?]),
            body_limit: BODY_LIMIT,
        })
    }

    /// Accepts one more secret, while the account moves from one to the other.
    ///
    /// ```
    /// use accredit_verifyinvestor::{WebhookSigner, Webhooks};
    ///
    /// let webhooks = Webhooks::new("the new secret")?.or("the old secret")?;
    /// let headers = WebhookSigner::new("the old secret")?.headers(b"{}");
    /// assert!(webhooks.verify_signature(&headers, b"{}").is_ok());
    /// # Ok::<(), accredit_verifyinvestor::WebhookError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`WebhookError::EmptySecret`].
    pub fn or(mut self, secret: impl Into<Secret>) -> Result<Self, WebhookError> {
        let more = key(&secret.into())?;
        self.keyed = self.keyed.iter().cloned().chain([more]).collect();
        Ok(self)
    }

    /// Longest body that is looked at, in bytes; 64 KiB unless told otherwise.
    #[must_use]
    pub const fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Verifies the signature of the raw body and reads the event, JSON or form.
    ///
    /// `raw_body` is what came, byte by byte, before anything parsed it. How the signature is written is not documented: hex in
    /// either case and both base64 alphabets, padded or not, are taken, with or without `sha256=` before it. The comparison takes
    /// the same time for every wrong signature, and every secret is tried.
    ///
    /// # Errors
    ///
    /// [`WebhookError`]; its [`status`](WebhookError::status) is what to answer, with no body.
    pub fn verify(
        &self,
        headers: &HeaderMap,
        raw_body: &[u8],
    ) -> Result<WebhookEvent, WebhookError> {
        Ok(self.verify_signature(headers, raw_body)?.event()?)
    }

    /// Verifies the signature as [`verify`](Self::verify) does and does not look into the body: for a receiver that stores the
    /// bytes now and reads them later.
    ///
    /// ```
    /// use accredit_verifyinvestor::{Verified, WebhookSigner, Webhooks};
    ///
    /// let body = b"action=verification_result&verification_request_id=90&status=accredited";
    /// let headers = WebhookSigner::new("whsec")?.headers(body);
    ///
    /// let verified = Webhooks::new("whsec")?.verify_signature(&headers, body)?;
    /// let stored = verified.bytes().to_vec();
    /// assert_eq!(Verified::from_storage(&stored).event()?.verification_request_id.get(), 90);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`WebhookError::Signature`], [`WebhookError::TooLarge`].
    pub fn verify_signature<B: AsRef<[u8]>>(
        &self,
        headers: &HeaderMap,
        raw_body: B,
    ) -> Result<Verified<B>, WebhookError> {
        self.verify_values(headers.get_all(&SIGNATURE_NAME), raw_body)
    }

    /// Does what [`verify_signature`](Self::verify_signature) does, for who holds headers in other types: `values` are those of
    /// all headers named [`SIGNATURE_HEADER`], in any case, as the bytes that came. There must be exactly one.
    ///
    /// ```
    /// use accredit_verifyinvestor::{WebhookError, WebhookSigner, Webhooks};
    ///
    /// let webhooks = Webhooks::new("whsec")?;
    /// let signature = WebhookSigner::new("whsec")?.sign(b"{}");
    /// assert!(webhooks.verify_values([&signature], b"{}").is_ok());
    /// let twice = webhooks.verify_values([&signature, &signature], b"{}");
    /// assert_eq!(twice.unwrap_err(), WebhookError::Signature);
    /// # Ok::<(), WebhookError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`WebhookError::Signature`], [`WebhookError::TooLarge`].
    pub fn verify_values<V: AsRef<[u8]>, B: AsRef<[u8]>>(
        &self,
        values: impl IntoIterator<Item = V>,
        raw_body: B,
    ) -> Result<Verified<B>, WebhookError> {
        if raw_body.as_ref().len() > self.body_limit {
            return Err(WebhookError::TooLarge);
        }
        let signature = signature::only(values)?;
        // Every secret is tried, so that the time tells nothing about which one fits.
        let fits = self.keyed.iter().fold(false, |fits, keyed| {
            let mac = keyed.clone().chain_update(&raw_body);
            // In constant time, like all comparisons of the crate `hmac`.
            fits | mac.verify_slice(&signature).is_ok()
        });
        if fits {
            Ok(Verified::new(raw_body))
        } else {
            Err(WebhookError::Signature)
        }
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhooks({} secrets)", self.keyed.len())
    }
}

/// The MAC with a secret as its key.
fn key(secret: &Secret) -> Result<Hmac<Sha256>, WebhookError> {
    let bytes = Some(secret.expose().as_bytes()).filter(|bytes| !bytes.is_empty());
    let bytes = bytes.ok_or(WebhookError::EmptySecret)?;
    // A key of any length will do.
    Hmac::new_from_slice(bytes).map_err(|_| WebhookError::EmptySecret)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without the features there is nothing to drop.
    #[test]
    fn keyed_states_are_wiped() {
        assert!(std::mem::needs_drop::<Hmac<Sha256>>());
        assert!(std::mem::needs_drop::<Sha256>());
    }
}
