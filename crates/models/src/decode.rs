//! Decoding a whole reply: one UTF-8 check, one plain serde pass, and the JSON path only after a failure.

use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

use crate::{decimal, json_path::JsonPath};

/// A reply type that this crate decodes itself.
///
/// Each implementation is a plain function of this crate, so that serde's code for the type is built once, here, and not in
/// every crate that calls it at every release build. Implemented for the reply of every operation.
pub trait Reply: Sized {
    /// Decodes the body of a successful reply.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] with the JSON path and the expected type when the body does not fit.
    fn decode(body: &[u8]) -> Result<Self, DecodeError>;
}

/// Implements [`Reply`] for concrete types.
macro_rules! reply {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::Reply for $type {
            fn decode(body: &[u8]) -> Result<Self, $crate::DecodeError> {
                $crate::decode::decode(body)
            }
        }
    )+};
}

pub(crate) use reply;

/// `from_str` on a body that was checked once beats `from_slice`, which checks every string again.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    let text = str::from_utf8(body).map_err(|_| DecodeError::not_utf8())?;
    serde_json::from_str(text).map_err(|error| DecodeError::new(text, &error))
}

/// A body that does not fit its type.
///
/// `Display` gives the JSON path and the expected type, and never the value: replies are about people and money.
///
/// ```
/// use accredit_models::{Page, Reply, thirdparty::Invoice};
///
/// let body = br#"{"count": 1, "next": null, "previous": null, "results": [{"id": "INV-7 of Ada Lovelace"}]}"#;
/// let error = Page::<Invoice>::decode(body).unwrap_err();
/// assert_eq!(error.to_string(), "results[0].id: expected an id (a whole number)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    path: String,
    problem: String,
}

impl DecodeError {
    /// Where in the body, such as `results[3].amount`; empty for the body as a whole.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What is wrong there, such as ``missing field `id` `` or `expected an ISO 8601 date`.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }

    fn not_utf8() -> Self {
        Self {
            path: String::new(),
            problem: "the body is not UTF-8".to_owned(),
        }
    }

    fn new(text: &str, error: &serde_json::Error) -> Self {
        let (path, problem) = match error.classify() {
            Category::Data => {
                let problem = problem(&error.to_string());
                let path = match decimal_refused_at(text, &problem) {
                    Some(offset) => JsonPath::at(text, offset),
                    None => JsonPath::before(text, error.line(), error.column()),
                };
                (path.to_string(), problem)
            }
            Category::Eof => (String::new(), "the JSON ends too early".to_owned()),
            // serde_json also says "syntax" where the nesting is too deep.
            _ if serde_json::from_str::<IgnoredAny>(text).is_ok() => {
                let path = JsonPath::before(text, error.line(), error.column());
                (path.to_string(), DOES_NOT_FIT.to_owned())
            }
            _ => (String::new(), "the body is not JSON".to_owned()),
        };
        Self { path, problem }
    }
}

const DOES_NOT_FIT: &str = "the value does not fit";

fn decimal_refused_at(text: &str, problem: &str) -> Option<usize> {
    (problem.strip_prefix("expected ") == Some(decimal::EXPECTED))
        .then(|| decimal::refused_at(text))?
}

/// Keeps the part of serde's message that comes from our types and drops the part that quotes the value.
fn problem(message: &str) -> String {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(message, _)| message);
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        return format!("expected {expected}");
    }
    if message.starts_with("missing field `") || message.starts_with("duplicate field `") {
        return message.to_owned();
    }
    DOES_NOT_FIT.to_owned()
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.problem)
    }
}

impl std::error::Error for DecodeError {}
