//! What an investor and a reviewer would do, done by the caller.

use accredit_models::verifyinvestor::{ReviewStatus, UserId, VerificationRequestId};

use super::handle;
use crate::{
    Call,
    operations::verification_requests::{Review, ReviewShort, SimulateInvestorCompletion},
};

handle! {
    /// What an investor and a reviewer would do, done by the caller: see [`Client::simulate`](crate::Client::simulate).
    Simulation
}

impl Simulation {
    /// The investor accepts and completes a request.
    ///
    /// `POST /api/v1/users/{user_id}/verification_requests/{id}/simulate_investor_completion`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let completed = client.simulate()?.investor_completion(135_u64, 90_u64).send().await?;
    /// println!("{:?}", completed.dashboard_status);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "simulate_investor_completion")]
    pub fn investor_completion(
        &self,
        user: impl Into<UserId>,
        id: impl Into<VerificationRequestId>,
    ) -> Call<SimulateInvestorCompletion> {
        Call::new(&self.client, SimulateInvestorCompletion::new(user, id))
    }

    /// The reviewer decides on a request that waits for review.
    ///
    /// `POST /api/v1/users/{user_id}/verification_requests/{id}/review`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use accredit_verifyinvestor::ReviewStatus;
    ///
    /// let review = client.simulate()?.review(135_u64, 90_u64, ReviewStatus::Accredited).send().await?;
    /// println!("{:?}", review.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn review(
        &self,
        user: impl Into<UserId>,
        id: impl Into<VerificationRequestId>,
        decision: ReviewStatus,
    ) -> Call<Review> {
        Call::new(&self.client, Review::new(user, id, decision))
    }

    /// The reviewer decides on a request that waits for review, by the request's own id: for a caller who does not know the
    /// investor. Seen in use, not in the vendor's document; [`review`](Self::review) is.
    ///
    /// `POST /api/v1/verification_requests/{id}/review`
    ///
    /// ```no_run
    /// # async fn example(client: accredit_verifyinvestor::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use accredit_verifyinvestor::ReviewStatus;
    ///
    /// let review = client.simulate()?.review_by_id(90_u64, ReviewStatus::NeedMoreInformation).send().await?;
    /// println!("{:?}", review.status);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "review_short")]
    pub fn review_by_id(
        &self,
        id: impl Into<VerificationRequestId>,
        decision: ReviewStatus,
    ) -> Call<ReviewShort> {
        Call::new(&self.client, ReviewShort::new(id, decision))
    }
}
