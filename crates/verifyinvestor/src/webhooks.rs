//! Webhooks: verify the signature over the raw body, then read the event. No HTTP, no clock, no storage.
//!
//! The service signs the body alone: a verified event can be an old one sent again. Take it as a hint and retrieve the request
//! before acting on it.

use std::fmt;

use accredit_models::{DecodeError, Reply as _, Secret, verifyinvestor::WebhookEvent};
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use sha2::Sha256;

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-signature-sha256";

/// Longest body that is looked at: events are a few hundred bytes.
const BODY_CAP: usize = 64 * 1024;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Verifies webhooks with one or more secrets.
///
/// ```
/// use accredit_verifyinvestor::{Webhooks, VerificationRequestStatus, transport::http::HeaderMap};
///
/// let webhooks = Webhooks::new("whsec")?;
/// let body = br#"{"action": "verification_result", "verification_request_id": 90, "status": "accredited"}"#;
/// let mut headers = HeaderMap::new();
/// headers.insert("X-Signature-SHA256", webhooks.sign(body).parse()?);
///
/// let event = webhooks.verify(&headers, body)?;
/// assert_eq!(event.status, Some(VerificationRequestStatus::Accredited));
/// assert!(webhooks.verify(&headers, b"{}").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Webhooks {
    /// Keyed once; a clone of a keyed MAC is cheaper than a key schedule for each event.
    keyed: Vec<Hmac<Sha256>>,
}

impl Webhooks {
    /// A verifier for the webhook secret of the account.
    ///
    /// # Errors
    ///
    /// [`WebhookError::EmptySecret`].
    pub fn new(secret: impl Into<Secret>) -> Result<Self, WebhookError> {
        Self { keyed: Vec::new() }.or(secret)
    }

    /// Accepts a second secret too, while the account moves from one to the other.
    ///
    /// # Errors
    ///
    /// [`WebhookError::EmptySecret`].
    pub fn or(mut self, secret: impl Into<Secret>) -> Result<Self, WebhookError> {
        let secret = secret.into();
        if secret.expose().is_empty() {
            return Err(WebhookError::EmptySecret);
        }
        let keyed = Hmac::new_from_slice(secret.expose().as_bytes())
            .map_err(|_| WebhookError::EmptySecret)?;
        self.keyed.push(keyed);
        Ok(self)
    }

    /// Verifies the signature of the raw body and reads the event, JSON or form.
    ///
    /// How the signature is written is not documented: hex in either case and both base64 alphabets are taken, with or without
    /// `sha256=` before it. The comparison takes the same time for every wrong signature.
    ///
    /// # Errors
    ///
    /// [`WebhookError`]. Answer 401 to a signature that is wrong and 400 to a body that can't be read, both empty.
    pub fn verify(
        &self,
        headers: &HeaderMap,
        raw_body: &[u8],
    ) -> Result<WebhookEvent, WebhookError> {
        self.verify_signature(headers, raw_body)?;
        read(raw_body).map_err(WebhookError::Body)
    }

    /// Verifies the signature as [`verify`](Self::verify) does and does not look into the body: for a receiver that stores the
    /// bytes now and reads them later with [`read_verified`](Self::read_verified).
    ///
    /// # Errors
    ///
    /// [`WebhookError::Signature`], [`WebhookError::TooLarge`].
    pub fn verify_signature(
        &self,
        headers: &HeaderMap,
        raw_body: &[u8],
    ) -> Result<(), WebhookError> {
        if raw_body.len() > BODY_CAP {
            return Err(WebhookError::TooLarge);
        }
        let mut given = headers.get_all(SIGNATURE_HEADER).iter();
        let (Some(signature), None) = (given.next(), given.next()) else {
            return Err(WebhookError::Signature);
        };
        let signature = signature
            .to_str()
            .ok()
            .and_then(decode_signature)
            .ok_or(WebhookError::Signature)?;
        // Every secret is tried, so that the time tells nothing about which one fits.
        let fits = self.keyed.iter().fold(false, |fits, keyed| {
            fits | keyed
                .clone()
                .chain_update(raw_body)
                .verify_slice(&signature)
                .is_ok()
        });
        if fits {
            Ok(())
        } else {
            Err(WebhookError::Signature)
        }
    }

    /// Reads the event of a body that was verified before, JSON or form.
    ///
    /// **This verifies nothing.** Give it only bytes that [`verify_signature`](Self::verify_signature) accepted and that were
    /// kept where nobody else writes; for a request that just came in, use [`verify`](Self::verify).
    ///
    /// ```
    /// use accredit_verifyinvestor::{Webhooks, transport::http::HeaderMap};
    ///
    /// let webhooks = Webhooks::new("whsec")?;
    /// let body = b"action=verification_result&verification_request_id=90&status=accredited";
    /// let mut headers = HeaderMap::new();
    /// headers.insert("X-Signature-SHA256", webhooks.sign(body).parse()?);
    ///
    /// webhooks.verify_signature(&headers, body)?;
    /// let stored = body.to_vec();
    /// assert_eq!(Webhooks::read_verified(&stored)?.verification_request_id.get(), 90);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the body is no event that this version knows how to read.
    pub fn read_verified(raw_body: &[u8]) -> Result<WebhookEvent, DecodeError> {
        read(raw_body)
    }

    /// The signature of a body under the first secret, in hex: for tests of a receiver.
    #[must_use]
    pub fn sign(&self, raw_body: &[u8]) -> String {
        let Some(keyed) = self.keyed.first() else {
            return String::new();
        };
        let tag = keyed.clone().chain_update(raw_body).finalize().into_bytes();
        tag.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhooks({} secrets)", self.keyed.len())
    }
}

/// The 32 bytes of a signature, in any of the spellings that are in use.
fn decode_signature(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let text = text.strip_prefix("sha256=").unwrap_or(text);
    let bytes = match text.len() {
        64 => {
            let digits: Option<Vec<u8>> = text
                .chars()
                .map(|c| u8::try_from(c.to_digit(16)?).ok())
                .collect();
            digits?
                .chunks_exact(2)
                .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
                .collect()
        }
        43 | 44 => STANDARD
            .decode(text)
            .or_else(|_| URL_SAFE.decode(text))
            .ok()?,
        _ => return None,
    };
    bytes.try_into().ok()
}

/// JSON as documented, or the form that older set-ups post. The content type is not trusted.
fn read(body: &[u8]) -> Result<WebhookEvent, DecodeError> {
    if body.trim_ascii_start().starts_with(b"{") {
        return WebhookEvent::decode(body);
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
    WebhookEvent::decode(serde_json::Value::Object(fields).to_string().as_bytes())
}

/// A boolean of a form, in any spelling that Rails reads; of anything else nothing is known, which is no reason to lose the event.
fn boolean(text: &str) -> Option<bool> {
    match &*text.to_ascii_lowercase() {
        "1" | "true" | "t" => Some(true),
        "0" | "false" | "f" => Some(false),
        _ => None,
    }
}

/// Why a webhook was not accepted. Holds neither the body nor the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookError {
    /// The signature is missing, double, malformed or wrong.
    Signature,
    /// The body was signed, and is no event.
    Body(DecodeError),
    /// The body is larger than 64 KiB; its signature was not looked at.
    TooLarge,
    /// A secret to verify with is empty.
    EmptySecret,
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature => f.write_str("the webhook's signature is missing or wrong"),
            Self::Body(error) => write!(f, "the webhook is no event: {error}"),
            Self::TooLarge => f.write_str("the webhook is larger than 64 KiB"),
            Self::EmptySecret => f.write_str("a webhook secret is empty"),
        }
    }
}

impl std::error::Error for WebhookError {}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] =
        br#"{"action":"verification_result","verification_request_id":90,"status":"accredited"}"#;

    fn headers(signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE_HEADER, signature.parse().unwrap());
        headers
    }

    fn raw(webhooks: &Webhooks) -> [u8; 32] {
        decode_signature(&webhooks.sign(BODY)).unwrap()
    }

    #[test]
    fn the_signature_is_hmac_sha256_of_the_raw_body() {
        // RFC 4231, test case 2.
        let webhooks = Webhooks::new("Jefe").unwrap();
        assert_eq!(
            webhooks.sign(b"what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn every_spelling_in_use_is_accepted() {
        let webhooks = Webhooks::new("secret").unwrap();
        let hex = webhooks.sign(BODY);
        let standard = base64::engine::general_purpose::STANDARD.encode(raw(&webhooks));
        let url_safe = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(raw(&webhooks));
        for signature in [
            hex.clone(),
            hex.to_uppercase(),
            format!("sha256={hex}"),
            standard,
            url_safe,
        ] {
            assert!(
                webhooks.verify(&headers(&signature), BODY).is_ok(),
                "{signature}"
            );
        }
    }

    #[test]
    fn every_changed_bit_is_refused() {
        let webhooks = Webhooks::new("secret").unwrap();
        let signature = webhooks.sign(BODY);
        for bit in 0..BODY.len() * 8 {
            let mut body = BODY.to_vec();
            body[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                webhooks.verify(&headers(&signature), &body),
                Err(WebhookError::Signature)
            );
        }
        for bit in 0..256 {
            let mut tag = raw(&webhooks);
            tag[bit / 8] ^= 1 << (bit % 8);
            let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(
                webhooks.verify(&headers(&hex), BODY),
                Err(WebhookError::Signature)
            );
        }
    }

    #[test]
    fn both_secrets_are_accepted_while_one_replaces_the_other() {
        let old = Webhooks::new("old").unwrap();
        let new = Webhooks::new("new").unwrap();
        let both = Webhooks::new("old").unwrap().or("new").unwrap();
        assert!(both.verify(&headers(&old.sign(BODY)), BODY).is_ok());
        assert!(both.verify(&headers(&new.sign(BODY)), BODY).is_ok());
        assert!(new.verify(&headers(&old.sign(BODY)), BODY).is_err());
    }

    #[test]
    fn missing_double_and_junk_signatures_are_refused() {
        let webhooks = Webhooks::new("secret").unwrap();
        let good = webhooks.sign(BODY);
        assert_eq!(
            webhooks.verify(&HeaderMap::new(), BODY),
            Err(WebhookError::Signature)
        );
        let mut double = headers(&good);
        double.append(SIGNATURE_HEADER, good.parse().unwrap());
        assert_eq!(webhooks.verify(&double, BODY), Err(WebhookError::Signature));
        for junk in [
            "",
            "sha256=",
            "zz",
            &good[1..],
            &"g".repeat(64),
            &"é".repeat(32),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                SIGNATURE_HEADER,
                http::HeaderValue::from_bytes(junk.as_bytes()).unwrap(),
            );
            assert_eq!(
                webhooks.verify(&headers, BODY),
                Err(WebhookError::Signature),
                "{junk}"
            );
        }
        assert_eq!(Webhooks::new("").unwrap_err(), WebhookError::EmptySecret);
    }

    #[test]
    fn a_form_reads_like_the_json() {
        let webhooks = Webhooks::new("secret").unwrap();
        let form = b"action=verification_result&verification_request_id=90&investor_id=135&status=in_review&embedded_api=true";
        let event = webhooks
            .verify(&headers(&webhooks.sign(form)), form)
            .unwrap();
        assert_eq!(event.verification_request_id.get(), 90);
        assert_eq!(event.embedded_api, Some(true));

        // Rails writes nil as an empty value, and true in several ways.
        let json = br#"{"verification_request_id": 90, "status": "in_review", "investor_id": null, "legal_name": null,
            "identifier": null, "verification_status": null, "embedded_api": null}"#;
        for (spelling, read) in [
            ("1", Some(true)),
            ("TRUE", Some(true)),
            ("T", Some(true)),
            ("0", Some(false)),
            ("False", Some(false)),
            ("f", Some(false)),
            ("", None),
            ("canary", None),
        ] {
            let form = format!(
                "verification_request_id=90&status=in_review&investor_id=&legal_name=&identifier=&verification_status=\
                 &action=&eapi_identifier=&embedded_api={spelling}"
            );
            let mut expected = Webhooks::read_verified(json).unwrap();
            expected.embedded_api = read;
            assert_eq!(
                Webhooks::read_verified(form.as_bytes()),
                Ok(expected),
                "{spelling}"
            );
        }
    }

    #[test]
    fn a_stored_body_is_verified_first_and_read_later() {
        let webhooks = Webhooks::new("secret").unwrap();
        let signed = headers(&webhooks.sign(BODY));
        assert_eq!(webhooks.verify_signature(&signed, BODY), Ok(()));
        assert_eq!(
            Webhooks::read_verified(BODY).map_err(WebhookError::Body),
            webhooks.verify(&signed, BODY)
        );
        assert_eq!(
            webhooks.verify_signature(&signed, b"{}"),
            Err(WebhookError::Signature)
        );
        assert_eq!(
            webhooks.verify_signature(&headers(&webhooks.sign(b"?")), b"?"),
            Ok(())
        );
        assert!(Webhooks::read_verified(b"?").is_err());
    }

    #[test]
    fn a_signed_body_that_is_no_event_names_the_field_only() {
        let webhooks = Webhooks::new("secret").unwrap();
        let body = br#"{"verification_request_id": "canary"}"#;
        let error = webhooks
            .verify(&headers(&webhooks.sign(body)), body)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the webhook is no event: verification_request_id: expected an id (a whole number)"
        );
        let large = vec![b' '; BODY_CAP + 1];
        assert_eq!(
            webhooks.verify(&HeaderMap::new(), &large),
            Err(WebhookError::TooLarge)
        );
    }
}
