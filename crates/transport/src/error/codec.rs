//! The errors of the two ends of an operation: writing the request, reading the reply.
//!
//! Neither quotes a value. They become the detail of an [`Error`](crate::Error) that knows the
//! operation.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::BoxError;

/// An operation could not be written as a request.
#[derive(Debug)]
pub struct EncodeError {
    subject: String,
    reason: Cow<'static, str>,
}

impl EncodeError {
    /// `subject` is the parameter or field, `reason` what is wrong with it; neither may hold the
    /// value itself.
    #[must_use]
    pub fn new(subject: impl Into<String>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            subject: subject.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn body(error: &serde_json::Error) -> Self {
        Self::new("body", crate::decode::describe(error))
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.subject, self.reason)
    }
}

impl StdError for EncodeError {}

/// A 2xx reply could not be read as what the operation promises, or says that the operation was
/// refused.
#[derive(Debug)]
pub struct DecodeError(Repr);

enum Repr {
    Malformed {
        detail: Cow<'static, str>,
        /// Shown by `Display`, so that only *its* source is ours.
        shown: Option<BoxError>,
    },
    Refused(Option<String>),
}

impl DecodeError {
    /// The body is not what the operation promises.
    ///
    /// The text of `source` is shown to users, so it must not quote values of the reply. Errors of
    /// `serde_json` and `serde_path_to_error` do quote them and are reworded here: path and
    /// expectation stay, the value goes.
    #[must_use]
    pub fn malformed(source: impl StdError + Send + Sync + 'static) -> Self {
        let source: BoxError = Box::new(source);
        if let Some(error) = source.downcast_ref::<serde_path_to_error::Error<serde_json::Error>>()
        {
            return Self::message(crate::decode::describe_at_path(error));
        }
        if let Some(error) = source.downcast_ref::<serde_json::Error>() {
            return Self::message(crate::decode::describe(error));
        }
        Self(Repr::Malformed {
            detail: source.to_string().into(),
            shown: Some(source),
        })
    }

    /// The body is not what the operation promises, in words; they must not quote values of the
    /// reply.
    #[must_use]
    pub fn message(detail: impl Into<Cow<'static, str>>) -> Self {
        Self(Repr::Malformed {
            detail: detail.into(),
            shown: None,
        })
    }

    /// The reply has a good status and says that the operation was refused; `message` is the
    /// server's own word.
    #[must_use]
    pub fn refused(message: Option<String>) -> Self {
        Self(Repr::Refused(message))
    }

    /// Whether the server refused the operation, as opposed to a body that could not be read.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        matches!(self.0, Repr::Refused(_))
    }

    /// What the server said when it refused. Kept out of `Display`: it may name persons.
    pub(crate) fn into_refusal(self) -> Result<Option<String>, Self> {
        match self.0 {
            Repr::Refused(message) => Ok(message),
            malformed @ Repr::Malformed { .. } => Err(Self(malformed)),
        }
    }
}

impl fmt::Debug for Repr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { detail, shown: _ } => {
                f.debug_tuple("Malformed").field(detail).finish()
            }
            Self::Refused(_) => f.write_str("Refused"),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Malformed { detail, .. } => f.write_str(detail),
            Repr::Refused(_) => f.write_str("refused by the server"),
        }
    }
}

impl StdError for DecodeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            Repr::Malformed {
                shown: Some(shown), ..
            } => shown.source(),
            Repr::Malformed { shown: None, .. } | Repr::Refused(_) => None,
        }
    }
}
