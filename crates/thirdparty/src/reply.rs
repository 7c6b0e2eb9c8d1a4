//! How replies read: each function hands the body to the models' own decoder.

use accredit_models::{Envelope, Reply as Model, thirdparty::FailedEnvelope};
use accredit_transport::{DecodeError, Reply};

/// A JSON document or a page.
pub(crate) fn json<T: Model>(reply: &Reply) -> Result<T, DecodeError> {
    T::decode(&reply.body).map_err(DecodeError::malformed)
}

/// The data inside an envelope; `success: false` is an error whatever the status, and whatever else the envelope holds.
pub(crate) fn envelope<T>(reply: &Reply) -> Result<T, DecodeError>
where
    Envelope<T>: Model,
{
    let envelope =
        json::<Envelope<T>>(reply).map_err(|malformed| refusal(reply).unwrap_or(malformed))?;
    if envelope.success != Some(false) && envelope.data.is_none() {
        // The action may have run: to call that a refusal would invite a second run.
        return Err(DecodeError::message(
            "data: missing, and nothing says that the action was refused",
        ));
    }
    envelope
        .into_data()
        .map_err(|refused| DecodeError::refused(refused.into_message()))
}

/// What the envelope says of a failure when its data, which then may have any shape, is not that of the operation.
#[cold]
fn refusal(reply: &Reply) -> Option<DecodeError> {
    let failed: FailedEnvelope = json(reply).ok()?;
    (failed.success == Some(false))
        .then(|| DecodeError::refused(failed.message.map(accredit_models::Personal::into_exposed)))
}

/// Nothing: a logout answers 200 or 204, with or without a body.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all replies")]
pub(crate) fn empty(_reply: &Reply) -> Result<(), DecodeError> {
    Ok(())
}
