//! Signatures of investors under subscription agreements.

use accredit_models::thirdparty::{InvestmentId, InvestorSignatureId, SubscriptionAgreementName};

use super::handle;
use crate::{
    Call,
    operations::subscription_agreement_investor_signatures::{Create, List, Retrieve},
};

handle! {
    /// Signatures of investors under subscription agreements.
    #[doc(alias = "subscription_agreement_investor_signatures")]
    InvestorSignatures
}

impl InvestorSignatures {
    /// The signatures, a page at a time.
    ///
    /// `GET /api_third_party/subscription_agreement_investor_signatures/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let signatures = client.subscription_agreement_signatures();
    /// let page = signatures.list().investment(1042_u64).send().await?;
    /// for signature in &page.results {
    ///     println!("{}: signed at {:?}", signature.id, signature.signed_at);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 for a page beyond the last; a 400 for a value that a filter does not take, by its name in
    /// [`fields()`](crate::ErrorExt::fields); a `Build` error, before anything is sent, for a list of
    /// values that is empty or one of whose values holds a comma.
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List::default())
    }

    /// Starts the signing of one agreement; the reply holds the page on which the investor signs. Not repeated by the client
    /// unless it provably did not reach the service.
    ///
    /// `POST /api_third_party/subscription_agreement_investor_signatures/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::SubscriptionAgreementName;
    ///
    /// let signatures = client.subscription_agreement_signatures();
    /// let created = signatures
    ///     .create(1042_u64, SubscriptionAgreementName::SubscriptionAgreement)
    ///     .investor_signature_text("Ada Lovelace")
    ///     .send()
    ///     .await?;
    /// if let Some(page) = &created.signing_url {
    ///     // Whoever has the link can sign: send it to the investor, and log it nowhere.
    ///     let _for_the_investor: &str = page.expose();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 400 names what is wrong in [`fields()`](crate::ErrorExt::fields). When nobody knows whether it ran, the kind is
    /// `OutcomeUnknown`: look before you do it again.
    pub fn create(
        &self,
        investment: impl Into<InvestmentId>,
        document_name: SubscriptionAgreementName,
    ) -> Call<Create> {
        Call::new(&self.client, Create::new(investment, document_name))
    }

    /// One signature.
    ///
    /// `GET /api_third_party/subscription_agreement_investor_signatures/{id}/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let signature = client.subscription_agreement_signatures().retrieve(3_u64).send().await?;
    /// println!("signed at {:?}", signature.signed_at);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 (`is_not_found()`) when there is none, or when it is not yours.
    pub fn retrieve(&self, id: impl Into<InvestorSignatureId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }
}
