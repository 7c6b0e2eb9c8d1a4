//! What the service says about a request that it refused.

use accredit_models::verifyinvestor::PendingVerificationRequest;
use accredit_transport::{Error, ErrorKind, Operation as _};
use http::StatusCode;

use crate::operations::verification_requests::{
    Create, CreateAmlKyc, CreateQualifiedClient, CreateQualifiedPurchaser,
};

/// Makes a 403 a refusal of the token: the service documents 403 for that, and its framework answers 401.
///
/// A 403 to a create is also documented for a request that is pending already and for a portal name that is not authorised.
/// The words are not, so any body with `pending` (also in `pending_verification_request`) or `portal` counts as that.
pub(crate) fn name_refused_token(error: Error) -> Error {
    if error.kind() != ErrorKind::Status || error.status() != Some(StatusCode::FORBIDDEN) {
        return error;
    }
    if is_create(&error) && is_about_the_request(error.body()) {
        return error;
    }
    error.into_unauthorized()
}

fn is_create(error: &Error) -> bool {
    let creates = [
        Create::INFO.name(),
        CreateAmlKyc::INFO.name(),
        CreateQualifiedPurchaser::INFO.name(),
        CreateQualifiedClient::INFO.name(),
    ];
    error
        .operation()
        .is_some_and(|name| creates.contains(&name))
}

fn is_about_the_request(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    text.contains("pending") || text.contains("portal")
}

/// Whether a create was refused with words about a pending request, with or without that request itself.
pub(crate) fn speaks_of_a_pending_request(error: &Error) -> bool {
    let refused = [StatusCode::FORBIDDEN, StatusCode::UNPROCESSABLE_ENTITY];
    error.kind() == ErrorKind::Status
        && error
            .status()
            .is_some_and(|status| refused.contains(&status))
        && String::from_utf8_lossy(error.body())
            .to_ascii_lowercase()
            .contains("pending")
}

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
    problem.error.map(accredit_models::Personal::into_exposed)
}
