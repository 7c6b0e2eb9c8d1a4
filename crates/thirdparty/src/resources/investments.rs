//! Investments: orders for shares or units of an offering.

use accredit_models::Timestamp;
use accredit_models::thirdparty::{InvestmentId, InvestorId, OfferingId};

use super::handle;
use crate::{
    Call,
    lifecycle::{Changes, Wait},
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
    /// use accredit_thirdparty::{InvestmentOrdering, InvestmentStatus, Order};
    ///
    /// let page = client
    ///     .investments()
    ///     .list()
    ///     .status_in([InvestmentStatus::Received, InvestmentStatus::Invested])
    ///     .amount_gte(5000)
    ///     .ordering(Order::Desc(InvestmentOrdering::CreatedAt))
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
    ///
    /// # Errors
    ///
    /// A 404 for a page beyond the last; a 400 for a value that a filter does not take, by its name in
    /// [`fields()`](crate::ErrorExt::fields); a `Build` error, before anything is sent, for a list of
    /// values that is empty or one of whose values holds a comma.
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
    ///
    /// # Errors
    ///
    /// A 400 names what is wrong in [`fields()`](crate::ErrorExt::fields). When nobody knows whether it ran, the kind is
    /// `OutcomeUnknown`: look before you do it again.
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
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::InvestmentStatus;
    ///
    /// let investment = client.investments().retrieve(1042_u64).send().await?;
    /// let is_paid = investment.status == Some(InvestmentStatus::Received);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 (`is_not_found()`) when there is none, or when it is not yours.
    pub fn retrieve(&self, id: impl Into<InvestmentId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }

    /// The secret with which a browser completes the payment. Whether the service makes a new one each time is not known, so
    /// the call is not repeated unless it provably did not reach the service.
    ///
    /// `POST /api_third_party/investments/{id}/get_payment_intent_secret/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let intent = client.investments().payment_intent_secret(1042_u64).send().await?;
    /// if let Some(secret) = &intent.payment_intent_secret {
    ///     // For the payment form in the investor's browser, and for no log.
    ///     let _for_the_browser: &str = secret.expose();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 (`is_not_found()`) when there is none, or when it is not yours. `Refused` when the service says so in its envelope.
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
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let signed = client.investments().pdf_subscription_agreements(1042_u64).send().await?;
    /// for agreement in &signed.pdf_subscription_agreements {
    ///     println!("{:?}, version {:?}", agreement.name, agreement.version);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 (`is_not_found()`) when there is none, or when it is not yours. `Refused` when the service says so in its envelope.
    pub fn pdf_subscription_agreements(
        &self,
        id: impl Into<InvestmentId>,
    ) -> Call<PdfSubscriptionAgreements> {
        Call::new(&self.client, PdfSubscriptionAgreements::new(id))
    }

    /// The subscription agreements that the investor is to sign.
    ///
    /// `GET /api_third_party/investments/{id}/temp_pdf_subscription_agreements/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let to_sign = client.investments().temp_pdf_subscription_agreements(1042_u64).send().await?;
    /// for agreement in &to_sign.pdf_subscription_agreements {
    ///     println!("{:?}, to be signed electronically: {:?}", agreement.name, agreement.e_signature);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 (`is_not_found()`) when there is none, or when it is not yours. `Refused` when the service says so in its envelope.
    pub fn temp_pdf_subscription_agreements(
        &self,
        id: impl Into<InvestmentId>,
    ) -> Call<TempPdfSubscriptionAgreements> {
        Call::new(&self.client, TempPdfSubscriptionAgreements::new(id))
    }

    /// The list of processing issues with their labels.
    ///
    /// `GET /api_third_party/investments/processing_issue_statuses/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let list = client.investments().processing_issue_statuses().send().await?;
    /// for status in &list.statuses {
    ///     println!("{:?}: {:?}", status.value, status.label);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `send` fails as every call does (see [`ErrorKind`](crate::ErrorKind)); nothing changes on the server, so the client repeats what is worth it.
    pub fn processing_issue_statuses(&self) -> Call<ProcessingIssueStatuses> {
        Call::new(&self.client, ProcessingIssueStatuses)
    }

    /// The list of statuses with their labels.
    ///
    /// `GET /api_third_party/investments/statuses/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let list = client.investments().statuses().send().await?;
    /// for status in &list.statuses {
    ///     println!("{:?}: {:?}", status.value, status.label);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `send` fails as every call does (see [`ErrorKind`](crate::ErrorKind)); nothing changes on the server, so the client repeats what is worth it.
    pub fn statuses(&self) -> Call<Statuses> {
        Call::new(&self.client, Statuses)
    }

    /// Chosen columns of all investments at once, flat and without pages. The filters of the list probably apply too; they go
    /// in with `param`.
    ///
    /// `GET /api_third_party/investments/values/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use accredit_thirdparty::InvestmentColumn;
    ///
    /// let columns = [InvestmentColumn::ReferenceId, InvestmentColumn::Amount];
    /// let table = client.investments().values().field(columns).param("status", "received").send().await?;
    /// for row in &table.values {
    ///     println!("{:?}: {:?}", row.reference_id, row.amount);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// A column that this version does not list is asked for by its name, and stands in `extra`:
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let table = client.investments().values().field(["id", "offering__tomorrow"]).send().await?;
    /// let tomorrow = table.values.first().and_then(|row| row.extra.get("offering__tomorrow"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A `Build` error, before anything is sent, for a list of no columns and for a column name that is empty or holds a comma.
    /// `Refused` when the service says so in its envelope.
    pub fn values(&self) -> Call<Values> {
        Call::new(&self.client, Values::default())
    }

    /// Waits for a status of an investment: it is read again and again.
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// use std::time::Duration;
    /// use accredit_thirdparty::{InvestmentId, InvestmentStatus, lifecycle::Waited};
    ///
    /// let paid = client
    ///     .investments()
    ///     .wait(InvestmentId::new(7))
    ///     .every(Duration::from_secs(30))
    ///     .deadline(Duration::from_secs(3600))
    ///     .until(InvestmentStatus::Received)
    ///     .await?;
    /// match paid {
    ///     Waited::Reached(investment) => println!("{:?} received", investment.amount),
    ///     Waited::Ended(investment) => println!("it is {:?} instead", investment.status),
    ///     Waited::TimedOut(investment) => println!("still {:?}", investment.status),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// `GET /api_third_party/investments/{id}/`
    pub fn wait(&self, id: impl Into<InvestmentId>) -> Wait {
        Wait::new(&self.client, id.into())
    }

    /// The investments that changed at this time or later, as a stream, oldest change first. It ends when all is told.
    ///
    /// No change is lost that the service shows, also of several at one instant, and none is told twice; an investment that
    /// changes again meanwhile is told again. What changes during the last read is told to who asks again: ask for what changed
    /// since the time of the last one, and name those that were told of that time with [`told`](Changes::told). A change that
    /// the service dates back, because it took a while to be stored, is seen by who asks from a little earlier on.
    ///
    /// Where the service does not prove to order by the time of change, every page of the list is read. It is asked to order by
    /// the id as well: if it does not, those that changed at one instant must keep their order from page to page by themselves.
    ///
    /// Kept in memory are the changes of one pass over the list, and of each investment told its id and time.
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client, since: accredit_thirdparty::models::Timestamp) -> Result<(), accredit_thirdparty::Error> {
    /// let mut changes = client.investments().changes_since(since);
    /// while let Some(investment) = changes.try_next().await? {
    ///     println!("{:?}: {} is {:?}", investment.updated_at, investment.id, investment.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Of some investments only: `list()` with filters, then [`changes_since`](Call::changes_since).
    ///
    /// `GET /api_third_party/investments/`
    pub fn changes_since(&self, time: impl Into<Timestamp>) -> Changes {
        self.list().changes_since(time)
    }
}
