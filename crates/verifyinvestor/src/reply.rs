//! How replies read: each function hands the body to the models' own decoder.

use accredit_models::Reply as Model;
use accredit_transport::{DecodeError, Reply};
use bytes::Bytes;

/// A JSON document or list.
pub(crate) fn json<T: Model>(reply: &Reply) -> Result<T, DecodeError> {
    T::decode(&reply.body).map_err(DecodeError::malformed)
}

/// What every file begins with: all of them are PDFs.
pub(crate) const MAGIC: &[u8] = b"%PDF-";

/// A PDF. An error page that came with a 200 is refused by its first bytes; the content type is not trusted.
pub(crate) fn bytes(reply: &Reply) -> Result<Bytes, DecodeError> {
    if reply.body.starts_with(MAGIC) {
        Ok(reply.body.clone())
    } else {
        Err(DecodeError::malformed(NotAPdf))
    }
}

#[derive(Debug)]
struct NotAPdf;

impl std::fmt::Display for NotAPdf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("expected a PDF")
    }
}

impl std::error::Error for NotAPdf {}
