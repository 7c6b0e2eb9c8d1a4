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
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List::default())
    }

    /// Starts the signing of one agreement; the reply holds the page on which the investor signs. Not repeated by the client
    /// unless it provably did not reach the service.
    ///
    /// `POST /api_third_party/subscription_agreement_investor_signatures/`
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
    pub fn retrieve(&self, id: impl Into<InvestorSignatureId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }
}
