//! Errors that are answers: where the service says "no" to a question by a status of its own.

use accredit_models::thirdparty::TaxIdValidity;
use accredit_models::{Envelope, Reply as _};
use accredit_transport::{Error, ErrorKind};

use crate::problem::Problem;

/// What a tax id that is not valid looks like in JSON: what the documented answer would say.
const NOT_VALID: &[u8] = br#"{"data": {"is_valid": false}}"#;

/// A tax id that is not valid answers 400, of which the document shows no body. The same status says that the request is
/// wrong, and then it names another field than the tax id.
pub(crate) fn check_tax_id_number_valid(error: &Error, status: u16) -> Option<TaxIdValidity> {
    // A refused login has a status, too, and says nothing of the number.
    let is_reply = error.kind() == ErrorKind::Status;
    if !is_reply || error.status().map(|given| given.as_u16()) != Some(status) {
        return None;
    }
    if let Ok(envelope) = Envelope::<TaxIdValidity>::decode(error.body())
        && let Some(verdict) = envelope.data
        && let Some(is_valid) = verdict.is_valid
    {
        return (!is_valid).then_some(verdict);
    }
    let fields = Problem::of(error)?.into_fields();
    let is_about_the_number = |path: &str| matches!(path, "tax_id_number" | "non_field_errors");
    if fields.iter().all(|(path, _)| is_about_the_number(path)) {
        Envelope::<TaxIdValidity>::decode(NOT_VALID).ok()?.data
    } else {
        None
    }
}
