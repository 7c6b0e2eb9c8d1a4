//! Investments: orders for shares or units of an offering.

use accredit_models::thirdparty::{InvestmentId, InvestorId, OfferingId};

use super::handle;
use crate::{
    Call,
    operations::investments::{
        Create, GetPaymentIntentSecret, List, PdfSubscriptionAgreements, ProcessingIssueStatuses,
        Retrieve, Statuses, TempPdfSubscriptionAgreements, Values,
    },
};

handle! {
    /// Investments: orders for shares or units of an offering.
    Investments
}

impl Investments {
    /// The investments of your offerings, a page at a time, filtered by the setters of the call.
    ///
    /// `GET /api_third_party/investments/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::InvestmentStatus;
    ///
    /// let page = client
    ///     .investments()
    ///     .list()
    ///     .status_in([InvestmentStatus::Received, InvestmentStatus::Invested])
    ///     .amount_gte(5000)
    ///     .ordering("-created_at")
    ///     .send()
    ///     .await?;
    /// println!("{} of {}", page.results.len(), page.count);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// All of them, one page fetched ahead, or as many as [`prefetch`](accredit_transport::Items::prefetch) says:
    ///
    /// ```no_run
    /// # async fn example(issuance: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let mut all = issuance.investments().list().page_size(100).items().prefetch(8);
    /// while let Some(investment) = all.try_next().await? {
    ///     println!("{}: {:?}", investment.id, investment.amount);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List::default())
    }

    /// Places an investment. Not repeated by the client unless it provably did not reach the service.
    ///
    /// `POST /api_third_party/investments/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::{InvestorId, OfferingId, PaymentMethod};
    ///
    /// let created = client
    ///     .investments()
    ///     .create(OfferingId::new(7), InvestorId::new(42), 25)
    ///     .requested_payment_method(PaymentMethod::Wire)
    ///     .send()
    ///     .await?;
    /// println!("investment {}", created.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(
        &self,
        offering: impl Into<OfferingId>,
        investor: impl Into<InvestorId>,
        quantity: i64,
    ) -> Call<Create> {
        Call::new(&self.client, Create::new(offering, investor, quantity))
    }

    /// One investment with its whole offering and investor.
    ///
    /// `GET /api_third_party/investments/{id}/`
    pub fn retrieve(&self, id: impl Into<InvestmentId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }

    /// The secret with which a browser completes the payment.
    ///
    /// `POST /api_third_party/investments/{id}/get_payment_intent_secret/`
    #[doc(alias = "get_payment_intent_secret")]
    pub fn payment_intent_secret(
        &self,
        id: impl Into<InvestmentId>,
    ) -> Call<GetPaymentIntentSecret> {
        Call::new(&self.client, GetPaymentIntentSecret::new(id))
    }

    /// The subscription agreements as the issuer signed them.
    ///
    /// `GET /api_third_party/investments/{id}/pdf_subscription_agreements/`
    pub fn pdf_subscription_agreements(
        &self,
        id: impl Into<InvestmentId>,
    ) -> Call<PdfSubscriptionAgreements> {
        Call::new(&self.client, PdfSubscriptionAgreements::new(id))
    }

    /// The subscription agreements that the investor is to sign.
    ///
    /// `GET /api_third_party/investments/{id}/temp_pdf_subscription_agreements/`
    pub fn temp_pdf_subscription_agreements(
        &self,
        id: impl Into<InvestmentId>,
    ) -> Call<TempPdfSubscriptionAgreements> {
        Call::new(&self.client, TempPdfSubscriptionAgreements::new(id))
    }

    /// The list of processing issues with their labels.
    ///
    /// `GET /api_third_party/investments/processing_issue_statuses/`
    pub fn processing_issue_statuses(&self) -> Call<ProcessingIssueStatuses> {
        Call::new(&self.client, ProcessingIssueStatuses)
    }

    /// The list of statuses with their labels.
    ///
    /// `GET /api_third_party/investments/statuses/`
    pub fn statuses(&self) -> Call<Statuses> {
        Call::new(&self.client, Statuses)
    }

    /// Chosen fields of all investments, flat.
    ///
    /// `GET /api_third_party/investments/values/`
    pub fn values(&self) -> Call<Values> {
        Call::new(&self.client, Values::default())
    }
}
