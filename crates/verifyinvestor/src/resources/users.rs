//! Investors who let the caller see their account.

use accredit_models::verifyinvestor::UserId;

use super::{UserVerificationRequests, handle};
use crate::{
    Call,
    operations::users::{List, Retrieve, RetrieveByIdentifier, VerificationCertificate},
};

handle! {
    /// Investors who let the caller see their account.
    Users
}

impl Users {
    /// All of them; the service knows no pages here.
    ///
    /// `GET /api/v1/users`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// for user in client.users().list().send().await? {
    ///     println!("user {}", user.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List)
    }

    /// One user, with what they authorised.
    ///
    /// `GET /api/v1/users/{user_id}`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let user = client.users().retrieve(135_u64).legal_name("Ada Lovelace").send().await?;
    /// println!("{:?}", user.legal_profile.and_then(|profile| profile.verified_accredited_expires_at));
    /// # Ok(())
    /// # }
    /// ```
    pub fn retrieve(&self, user: impl Into<UserId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(user))
    }

    /// One user by your own identifier, the one that the authorization link carried.
    ///
    /// `GET /api/v1/users/identifier/{identifier}`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let user = client.users().retrieve_by_identifier("42").send().await?;
    /// println!("user {}", user.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn retrieve_by_identifier(
        &self,
        identifier: impl Into<String>,
    ) -> Call<RetrieveByIdentifier> {
        Call::new(&self.client, RetrieveByIdentifier::new(identifier))
    }

    /// The latest certificate of a legal name, as a PDF.
    ///
    /// `GET /api/v1/users/{user_id}/verification_certificate`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let certificate = client.users().verification_certificate(135_u64, "Ada Lovelace");
    /// if let Some(download) = certificate.download_if_verified().await? {
    ///     download.write_to("certificate.pdf").await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn verification_certificate(
        &self,
        user: impl Into<UserId>,
        legal_name: impl Into<String>,
    ) -> Call<VerificationCertificate> {
        Call::new(&self.client, VerificationCertificate::new(user, legal_name))
    }

    /// The verification requests of one user.
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let requests = client.users().verification_requests(135_u64);
    /// println!("{}", requests.list().send().await?.len());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn verification_requests(&self, user: impl Into<UserId>) -> UserVerificationRequests {
        UserVerificationRequests::new(&self.client, user.into())
    }
}
