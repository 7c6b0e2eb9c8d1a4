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
    #[doc(alias = "review_short")]
    pub fn review_by_id(
        &self,
        id: impl Into<VerificationRequestId>,
        decision: ReviewStatus,
    ) -> Call<ReviewShort> {
        Call::new(&self.client, ReviewShort::new(id, decision))
    }
}
