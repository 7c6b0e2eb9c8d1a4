//! Why the inbox could not take or give a delivery.

use std::fmt;

use accredit_verifyinvestor::WebhookError;

/// A webhook that was not accepted, or a database that failed. `Display` shows no body.
#[derive(Debug)]
pub struct InboxError(Kind);

#[derive(Debug)]
enum Kind {
    Webhook(WebhookError),
    Database(rusqlite::Error),
    File(std::io::Error),
    Foreign,
}

impl InboxError {
    pub(crate) fn file(error: std::io::Error) -> Self {
        Self(Kind::File(error))
    }

    pub(crate) fn foreign() -> Self {
        Self(Kind::Foreign)
    }

    /// Why the webhook was not accepted; `None` when the database failed, and the sender should try again (503).
    #[must_use]
    pub fn webhook(&self) -> Option<&WebhookError> {
        match &self.0 {
            Kind::Webhook(error) => Some(error),
            Kind::Database(_) | Kind::File(_) | Kind::Foreign => None,
        }
    }
}

impl From<WebhookError> for InboxError {
    fn from(error: WebhookError) -> Self {
        Self(Kind::Webhook(error))
    }
}

impl From<rusqlite::Error> for InboxError {
    fn from(error: rusqlite::Error) -> Self {
        Self(Kind::Database(error))
    }
}

impl fmt::Display for InboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Webhook(error) => fmt::Display::fmt(error, f),
            Kind::Database(_) => f.write_str("the inbox's database failed"),
            Kind::File(_) => f.write_str("the inbox's file could not be opened"),
            Kind::Foreign => f.write_str("the file is no inbox, or one of another version"),
        }
    }
}

impl std::error::Error for InboxError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Kind::Webhook(_) | Kind::Foreign => None,
            Kind::Database(error) => Some(error),
            Kind::File(error) => Some(error),
        }
    }
}
