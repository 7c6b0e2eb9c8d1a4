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
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let root = client.account().root().send().await?;
    /// println!("version {:?}, time {:?}", root.version, root.current_time);
    /// # Ok(())
    /// # }
    /// ```
    pub fn root(&self) -> Call<Root> {
        Call::new(&self.client, Root)
    }

    /// What was used in a period.
    ///
    /// `GET /api/v1/billing`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use accredit_verifyinvestor::models::Date;
    ///
    /// let (first, last): (Date, Date) = ("2026-03-01".parse()?, "2026-03-31".parse()?);
    /// let march = client.account().billing().from_date(first).to_date(last).send().await?;
    /// println!("{:?} requests", march.regular);
    /// # Ok(())
    /// # }
    /// ```
    pub fn billing(&self) -> Call<Billing> {
        Call::new(&self.client, Billing::default())
    }
}
