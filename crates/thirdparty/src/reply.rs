//! How replies read: each function hands the body to the models' own decoder.

use accredit_models::{Envelope, Reply as Model};
use accredit_transport::{DecodeError, Reply};

/// A JSON document or a page.
pub(crate) fn json<T: Model>(reply: &Reply) -> Result<T, DecodeError> {
    T::decode(&reply.body).map_err(DecodeError::malformed)
}

/// The data inside an envelope; `success: false` is an error whatever the status.
pub(crate) fn envelope<T>(reply: &Reply) -> Result<T, DecodeError>
where
    Envelope<T>: Model,
{
    let envelope: Envelope<T> = json(reply)?;
    envelope.into_data().map_err(|refused| DecodeError::refused(refused.into_message()))
}

/// Nothing: a logout answers 200 or 204, with or without a body.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all replies")]
pub(crate) fn empty(_reply: &Reply) -> Result<(), DecodeError> {
    Ok(())
}
