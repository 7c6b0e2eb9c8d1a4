//! Why a webhook was not accepted, and what to answer then.

use std::fmt;

use accredit_models::DecodeError;
use http::StatusCode;

/// Why a webhook was not accepted. Holds neither the body nor the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WebhookError {
    /// The signature is missing, double, malformed or wrong.
    Signature,
    /// The body was signed, and is no event.
    Body(DecodeError),
    /// The body is larger than the limit, 64 KiB unless told otherwise; its signature was not looked at.
    TooLarge,
    /// The body broke off, or did not come in time.
    Interrupted,
    /// The sender's address is none of those that were allowed, or is not known.
    Source,
    /// A secret to verify with is empty.
    EmptySecret,
}

impl WebhookError {
    /// What to answer the sender, with an empty body: 401 for a wrong signature or sender, 400 for a body that can't be read, 413
    /// for one that is too large, 503 for a fault of our own.
    ///
    /// ```
    /// use accredit_verifyinvestor::{WebhookError, transport::http::StatusCode};
    ///
    /// assert_eq!(WebhookError::Signature.status(), StatusCode::UNAUTHORIZED);
    /// ```
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Signature | Self::Source => StatusCode::UNAUTHORIZED,
            Self::Body(_) | Self::Interrupted => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::EmptySecret => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<DecodeError> for WebhookError {
    fn from(error: DecodeError) -> Self {
        Self::Body(error)
    }
}

impl fmt::Display for WebhookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature => f.write_str("the webhook's signature is missing or wrong"),
            Self::Body(error) => write!(f, "the webhook is no event: {error}"),
            Self::TooLarge => f.write_str("the webhook is too large"),
            Self::Interrupted => f.write_str("the webhook's body did not come whole"),
            Self::Source => f.write_str("the webhook comes from an address that is not allowed"),
            Self::EmptySecret => f.write_str("a webhook secret is empty"),
        }
    }
}

impl std::error::Error for WebhookError {}
