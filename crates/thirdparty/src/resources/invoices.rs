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
    pub fn list(&self) -> Call<List> {
        Call::new(&self.client, List::default())
    }

    /// One invoice.
    ///
    /// `GET /api_third_party/invoices/{id}/`
    pub fn retrieve(&self, id: impl Into<InvoiceId>) -> Call<Retrieve> {
        Call::new(&self.client, Retrieve::new(id))
    }
}
