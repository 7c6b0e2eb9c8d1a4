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
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List)
    }

    /// One user, with what they authorised.
    ///
    /// `GET /api/v1/users/{user_id}`
    pub fn retrieve(&self, user: impl Into<UserId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(user))
    }

    /// One user by your own identifier, the one that the authorization link carried.
    ///
    /// `GET /api/v1/users/identifier/{identifier}`
    pub fn retrieve_by_identifier(
        &self,
        identifier: impl Into<String>,
    ) -> Call<RetrieveByIdentifier> {
        Call::new(&self.client, RetrieveByIdentifier::new(identifier))
    }

    /// The latest certificate of a legal name, as a PDF.
    ///
    /// `GET /api/v1/users/{user_id}/verification_certificate`
    pub fn verification_certificate(
        &self,
        user: impl Into<UserId>,
        legal_name: impl Into<String>,
    ) -> Call<VerificationCertificate> {
        Call::new(&self.client, VerificationCertificate::new(user, legal_name))
    }

    /// The verification requests of one user.
    #[must_use]
    pub fn verification_requests(&self, user: impl Into<UserId>) -> UserVerificationRequests {
        UserVerificationRequests::new(&self.client, user.into())
    }
}
