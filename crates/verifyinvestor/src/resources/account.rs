//! The caller's own account.

use super::handle;
use crate::{
    Call,
    operations::account::{Billing, Root},
};

handle! {
    /// The caller's own account.
    Account
}

impl Account {
    /// Which version answers, and what time it is there: a check of the connection and of the token.
    ///
    /// `GET /api/v1`
    pub fn root(&self) -> Call<Root> {
        Call::new(&self.client, Root)
    }

    /// What was used in a period.
    ///
    /// `GET /api/v1/billing`
    pub fn billing(&self) -> Call<Billing> {
        Call::new(&self.client, Billing::default())
    }
}
