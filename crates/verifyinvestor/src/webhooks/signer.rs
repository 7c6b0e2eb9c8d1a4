//! Signs as the service does, for the tests of receivers.

use std::fmt;

use accredit_models::Secret;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use hmac::{Hmac, Mac as _};
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;

use super::{SIGNATURE_NAME, WebhookError, key};

/// How a signature is written. The vendor's document does not say; a [`Webhooks`](crate::Webhooks) reads all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureEncoding {
    /// 64 digits in lower case, as Ruby's `hexdigest` writes them.
    Hex,
    /// 64 digits in upper case.
    HexUpper,
    /// 44 characters with the padding.
    Base64,
    /// 43 characters.
    Base64Unpadded,
    /// The alphabet that is safe in URLs, with the padding.
    Base64Url,
    /// The alphabet that is safe in URLs, without the padding.
    Base64UrlUnpadded,
}

impl SignatureEncoding {
    /// Every encoding, to try a receiver with.
    pub const ALL: [Self; 6] = [
        Self::Hex,
        Self::HexUpper,
        Self::Base64,
        Self::Base64Unpadded,
        Self::Base64Url,
        Self::Base64UrlUnpadded,
    ];

    fn encode(self, signature: &[u8]) -> String {
        match self {
            Self::Hex => signature.iter().map(|byte| format!("{byte:02x}")).collect(),
            Self::HexUpper => signature.iter().map(|byte| format!("{byte:02X}")).collect(),
            Self::Base64 => STANDARD.encode(signature),
            Self::Base64Unpadded => STANDARD_NO_PAD.encode(signature),
            Self::Base64Url => URL_SAFE.encode(signature),
            Self::Base64UrlUnpadded => URL_SAFE_NO_PAD.encode(signature),
        }
    }
}

/// Signs webhooks as the service does: for tests of a receiver, behind the feature `testkit`.
///
/// ```
/// use accredit_verifyinvestor::{SignatureEncoding, WebhookSigner, Webhooks};
///
/// let signer = WebhookSigner::new("whsec")?.encoding(SignatureEncoding::Base64).prefixed();
/// let body = br#"{"verification_request_id": 90}"#;
/// assert!(signer.sign(body).starts_with("sha256="));
/// assert!(Webhooks::new("whsec")?.verify(&signer.headers(body), body).is_ok());
/// # Ok::<(), accredit_verifyinvestor::WebhookError>(())
/// ```
#[derive(Clone)]
pub struct WebhookSigner {
    keyed: Hmac<Sha256>,
    encoding: SignatureEncoding,
    prefix: &'static str,
}

impl WebhookSigner {
    /// A signer that writes hex in lower case.
    ///
    /// # Errors
    ///
    /// [`WebhookError::EmptySecret`].
    pub fn new(secret: impl Into<Secret>) -> Result<Self, WebhookError> {
        Ok(Self {
            keyed: key(&secret.into())?,
            encoding: SignatureEncoding::Hex,
            prefix: "",
        })
    }

    /// Writes signatures in another way.
    #[must_use]
    pub const fn encoding(mut self, encoding: SignatureEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Writes `sha256=` before the signature.
    #[must_use]
    pub const fn prefixed(mut self) -> Self {
        self.prefix = "sha256=";
        self
    }

    /// The value of the signature header for a body.
    #[must_use]
    pub fn sign(&self, raw_body: impl AsRef<[u8]>) -> String {
        let mac = self.keyed.clone().chain_update(raw_body);
        let signature = self.encoding.encode(&mac.finalize().into_bytes());
        format!("{}{signature}", self.prefix)
    }

    /// The headers of a webhook with this body: the signature, and no content type.
    #[must_use]
    pub fn headers(&self, raw_body: impl AsRef<[u8]>) -> HeaderMap {
        let value = HeaderValue::try_from(self.sign(raw_body)).ok();
        let entries = value.map(|value| (SIGNATURE_NAME.clone(), value));
        entries.into_iter().collect()
    }
}

impl fmt::Debug for WebhookSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSigner")
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}
