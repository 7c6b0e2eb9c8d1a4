//! Invoices: where the wire of an investment goes.

use accredit_models::thirdparty::InvoiceId;

use super::handle;
use crate::{
    Call,
    operations::invoices::{List, Retrieve},
};

handle! {
    /// Invoices: where the wire of an investment goes.
    Invoices
}

impl Invoices {
    /// Your invoices, a page at a time.
    ///
    /// `GET /api_third_party/invoices/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let page = client.invoices().list().investment(1042_u64).send().await?;
    /// for invoice in &page.results {
    ///     println!("invoice {}", invoice.id);
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

    /// One invoice.
    ///
    /// `GET /api_third_party/invoices/{id}/`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_thirdparty::Client) -> Result<(), accredit_thirdparty::Error> {
    /// let invoice = client.invoices().retrieve(5_u64).send().await?;
    /// println!("for investment {:?}", invoice.investment);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A 404 (`is_not_found()`) when there is none, or when it is not yours.
    pub fn retrieve(&self, id: impl Into<InvoiceId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }
}
