//! Verification requests by their own id: the service's short paths.

use accredit_models::verifyinvestor::VerificationRequestId;

use super::handle;
use crate::{
    Call,
    operations::verification_requests::{CertificateShort, ListShort, RetrieveShort, WebhookShort},
};

handle! {
    /// Verification requests by their own id.
    VerificationRequests
}

impl VerificationRequests {
    /// All requests of the account; the service knows no pages here.
    ///
    /// `GET /api/v1/verification_requests`
    pub fn list(&self) -> Call<ListShort> {
        Call::new(&self.client, ListShort::default())
    }

    /// One request.
    ///
    /// `GET /api/v1/verification_requests/{id}`
    pub fn retrieve(&self, id: impl Into<VerificationRequestId>) -> Call<RetrieveShort> {
        Call::new(&self.client, RetrieveShort::new(id))
    }

    /// The certificate of a request that ended well, as a PDF.
    ///
    /// `GET /api/v1/verification_requests/{id}/certificate`
    pub fn certificate(&self, id: impl Into<VerificationRequestId>) -> Call<CertificateShort> {
        Call::new(&self.client, CertificateShort::new(id))
    }

    /// Has the webhook of a request posted again. A `GET` with an effect, so the client does not repeat it.
    ///
    /// `GET /api/v1/verification_requests/{id}/webhook`
    #[doc(alias = "webhook")]
    pub fn fire_webhook(&self, id: impl Into<VerificationRequestId>) -> Call<WebhookShort> {
        Call::new(&self.client, WebhookShort::new(id))
    }
}
