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
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// for invitation in client.invitations().list().send().await?.verification_request_invitations {
    ///     println!("{}: {:?}", invitation.id, invitation.verification_request_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List)
    }

    /// Invites investors by e-mail. Not repeated by the client unless it provably did not reach the service.
    ///
    /// `POST /api/v1/verification_request_invitations`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use accredit_verifyinvestor::{InvitationType, NewInvitation};
    ///
    /// let investor = NewInvitation::new("ada@example.com", InvitationType::Ai).suggested_legal_name("Ada Lovelace");
    /// let made = client.invitations().create([investor]).portal_name("Some Portal").send().await?;
    /// println!("{} invited", made.verification_request_invitations.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, investors: impl IntoIterator<Item = NewInvitation>) -> Call<Create> {
        Call::new(&self.client, Create::new(investors))
    }

    /// One invitation.
    ///
    /// `GET /api/v1/verification_request_invitations/{id}`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let invitation = client.invitations().retrieve(7_u64).send().await?;
    /// println!("{:?}", invitation.verification_request.map(|request| request.id));
    /// # Ok(())
    /// # }
    /// ```
    pub fn retrieve(&self, id: impl Into<InvitationId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }
}
