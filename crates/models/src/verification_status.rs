//! What the statuses of VerifyInvestor.com mean for whoever waits. The list itself is generated.

use crate::verifyinvestor::VerificationRequestStatus;

impl VerificationRequestStatus {
    /// Whether the request is over: accredited or not, expired, declined or cancelled. Nothing more happens to it.
    ///
    /// A status that this version does not know is not taken for an end: look again later.
    ///
    /// Source: the vendor's list of statuses, and a public client that stops at these six.
    ///
    /// ```
    /// use accredit_models::verifyinvestor::VerificationRequestStatus;
    ///
    /// assert!(VerificationRequestStatus::Accredited.is_decided());
    /// assert!(VerificationRequestStatus::DeclinedExpire.is_decided());
    /// assert!(!VerificationRequestStatus::WaitingForReview.is_decided());
    /// assert!(!VerificationRequestStatus::from_value("of_tomorrow").is_decided());
    /// ```
    #[must_use]
    pub fn is_decided(&self) -> bool {
        match self {
            Self::Accredited
            | Self::NotAccredited
            | Self::AcceptedExpire
            | Self::DeclinedExpire
            | Self::DeclinedByInvestor
            | Self::SelfNotAccredited => true,
            Self::WaitingForInvestorAcceptance
            | Self::AcceptedByInvestor
            | Self::WaitingForReview
            | Self::InReview
            | Self::WaitingForInformationFromInvestor
            | Self::NoVerificationRequest
            | Self::Unknown(_) => false,
        }
    }
}
