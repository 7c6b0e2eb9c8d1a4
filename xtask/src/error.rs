//! What went wrong in a chore: one message with the steps that led to it.
//!
//! Never carries a backtrace or a type to match on: a chore prints its error and ends.

use std::fmt;

/// The result of a chore.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// A message, preceded by what was being done when it arose.
pub(crate) struct Error {
    message: String,
}

impl Error {
    /// An error that says `message`.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }

    /// Puts what was being done in front of the message.
    pub(crate) fn context(self, doing: impl fmt::Display) -> Self {
        Self {
            message: format!("{doing}: {}", self.message),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

// `Error` itself must not implement `std::error::Error`, or this conversion would overlap with the
// reflexive one of the standard library.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self { message }
    }
}

/// Adds what was being done to any error.
pub(crate) trait Context<T> {
    /// Puts `doing` in front of the error's message.
    fn context(self, doing: impl fmt::Display) -> Result<T>;
}

impl<T, E: Into<Error>> Context<T> for Result<T, E> {
    fn context(self, doing: impl fmt::Display) -> Result<T> {
        self.map_err(|error| error.into().context(doing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_stands_in_front() {
        let broken: Result<u8> = "x".parse::<u8>().context("reading the count");
        assert_eq!(
            broken.unwrap_err().to_string(),
            "reading the count: invalid digit found in string"
        );
    }
}
