//! Invitations of investors who have no account yet.

use accredit_models::verifyinvestor::{InvitationId, NewInvitation};

use super::handle;
use crate::{
    Call,
    operations::invitations::{Create, List, Retrieve},
};

handle! {
    /// Invitations of investors who have no account yet.
    Invitations
}

impl Invitations {
    /// The active invitations.
    ///
    /// `GET /api/v1/verification_request_invitations`
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List)
    }

    /// Invites investors by e-mail. Not repeated by the client unless it provably did not reach the service.
    ///
    /// `POST /api/v1/verification_request_invitations`
    pub fn create(&self, investors: impl IntoIterator<Item = NewInvitation>) -> Call<Create> {
        Call::new(&self.client, Create::new(investors))
    }

    /// One invitation.
    ///
    /// `GET /api/v1/verification_request_invitations/{id}`
    pub fn retrieve(&self, id: impl Into<InvitationId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }
}
