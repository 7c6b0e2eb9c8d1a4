//! Verification requests by their own id: the service's short paths.

use accredit_models::verifyinvestor::VerificationRequestId;

use super::handle;
use crate::{
    Call, Wait,
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
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use accredit_verifyinvestor::ApiTypeFilter;
    ///
    /// let regular = client.verification_requests().list().kind(ApiTypeFilter::Regular).send().await?;
    /// println!("{}", regular.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> Call<ListShort> {
        Call::new(&self.client, ListShort::default())
    }

    /// One request.
    ///
    /// `GET /api/v1/verification_requests/{id}`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = client.verification_requests().retrieve(90_u64).send().await?;
    /// println!("{:?}", request.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn retrieve(&self, id: impl Into<VerificationRequestId>) -> Call<RetrieveShort> {
        Call::new(&self.client, RetrieveShort::new(id))
    }

    /// Waits for a request that is not over yet, by reading it again and again.
    ///
    /// `GET /api/v1/verification_requests/{id}`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = client.verification_requests().wait(90_u64).until_decided().await?;
    /// println!("{:?}", request.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait(&self, id: impl Into<VerificationRequestId>) -> Wait {
        Wait::new(&self.client, id.into())
    }

    /// The certificate of a request that ended well, as a PDF.
    ///
    /// `GET /api/v1/verification_requests/{id}/certificate`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let certificate = client.verification_requests().certificate(90_u64);
    /// certificate.download().await?.write_to("certificate.pdf").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn certificate(&self, id: impl Into<VerificationRequestId>) -> Call<CertificateShort> {
        Call::new(&self.client, CertificateShort::new(id))
    }

    /// Has the webhook of a request posted again. A `GET` with an effect, so the client does not repeat it.
    ///
    /// `GET /api/v1/verification_requests/{id}/webhook`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let fired = client.verification_requests().fire_webhook(90_u64).send().await?;
    /// println!("{:?}", fired.status);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "webhook")]
    pub fn fire_webhook(&self, id: impl Into<VerificationRequestId>) -> Call<WebhookShort> {
        Call::new(&self.client, WebhookShort::new(id))
    }
}
