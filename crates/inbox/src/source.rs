//! Where the truth is: what the worker asks once something hinted at a change.

use std::fmt;
use std::time::Duration;

use accredit_verifyinvestor::{
    ApiTypeFilter, Client, Error, VerificationRequestId, VerificationRequestStatus,
};
use async_trait::async_trait;

/// Answers where a verification request stands now. The client of VerifyInvestor.com is one; tests may bring another.
///
/// Both calls may be dropped half way, and are made again later.
#[async_trait]
pub trait Source: Send + Sync + 'static {
    /// The status of a request, fresh; `None` when the answer has none, which says nothing and is asked again.
    async fn status(
        &self,
        request: VerificationRequestId,
    ) -> Result<Option<VerificationRequestStatus>, SourceError>;

    /// All requests of the account, for [`Worker::discover_every`](crate::Worker::discover_every).
    async fn requests(&self) -> Result<Vec<VerificationRequestId>, SourceError>;
}

/// `GET /api/v1/verification_requests/{id}` and `GET /api/v1/verification_requests`.
#[async_trait]
impl Source for Client {
    async fn status(
        &self,
        request: VerificationRequestId,
    ) -> Result<Option<VerificationRequestStatus>, SourceError> {
        let requests = self.verification_requests();
        Ok(requests.retrieve(request).send().await?.status)
    }

    async fn requests(&self) -> Result<Vec<VerificationRequestId>, SourceError> {
        let list = self.verification_requests().list().kind(ApiTypeFilter::All);
        let items = list.send().await?;
        Ok(items.into_iter().map(|item| item.id).collect())
    }
}

/// Why a request could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    text: String,
    missing: bool,
    wait: Option<Duration>,
}

impl SourceError {
    /// Something went wrong, and the request is asked for again later. The text is stored and shown: no personal data.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            missing: false,
            wait: None,
        }
    }

    /// There is no such request, as far as the service tells. One that was never seen is asked for ten times, then left alone
    /// until a delivery, [`Inbox::track`](crate::Inbox::track) or the list of all requests tells of it; one that was seen is asked
    /// for on and on.
    #[must_use]
    pub fn missing() -> Self {
        Self {
            missing: true,
            ..Self::new("there is no such request")
        }
    }

    /// The service asked to wait so long.
    #[must_use]
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    pub(crate) fn is_missing(&self) -> bool {
        self.missing
    }

    pub(crate) fn asked_wait(&self) -> Duration {
        self.wait.unwrap_or_default()
    }
}

impl From<Error> for SourceError {
    fn from(error: Error) -> Self {
        Self {
            text: error.to_string(),
            missing: error.is_not_found(),
            wait: error.retry_after(),
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for SourceError {}
