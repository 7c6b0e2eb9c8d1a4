//! What the service says about a request that it refused.

use accredit_models::verifyinvestor::PendingVerificationRequest;
use accredit_transport::Error;

/// The verification request that stands in the way of a new one for the same portal and legal name, when that is why a
/// create failed. The service is not consistent about the status (422, 403), so any is read.
///
/// ```
/// use accredit_verifyinvestor::{pending_verification_request, transport::{Error, Reply, http::{HeaderMap, StatusCode}}};
///
/// let body = r#"{"error": "A pending verification request already exists.",
///     "pending_verification_request": {"id": 90, "investor": {"id": 135}}}"#;
/// let error = Error::from_reply(Reply::new(StatusCode::UNPROCESSABLE_ENTITY, HeaderMap::new(), body));
/// assert_eq!(pending_verification_request(&error).unwrap().id.get(), 90);
/// ```
#[must_use]
pub fn pending_verification_request(error: &Error) -> Option<PendingVerificationRequest> {
    let problem: accredit_models::verifyinvestor::PendingRequestError = error.api()?;
    problem.pending_verification_request
}

/// The service's own words. They may quote what was sent.
#[must_use]
pub fn error_message(error: &Error) -> Option<String> {
    let problem: accredit_models::verifyinvestor::ErrorMessage = error.api()?;
    problem.error
}
