//! The one error type of the crate's Rust interface. What the emulated services answer is never an
//! [`Error`].

use std::borrow::Cow;
use std::fmt;

/// Why the sandbox could not start or could not do what was asked.
///
/// Opaque, so that it can grow; its [`Display`](fmt::Display) says what happened in one line.
#[derive(Debug)]
pub struct Error(Box<Repr>);

#[derive(Debug)]
enum Repr {
    Invalid(String),
    RefusedFile(String),
    Io {
        doing: Cow<'static, str>,
        source: std::io::Error,
    },
    Store(rusqlite::Error),
}

impl Error {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self(Box::new(Repr::Invalid(message.into())))
    }

    pub(crate) fn refused_file(message: impl Into<String>) -> Self {
        Self(Box::new(Repr::RefusedFile(message.into())))
    }

    pub(crate) fn io(doing: impl Into<Cow<'static, str>>, source: std::io::Error) -> Self {
        let doing = doing.into();
        Self(Box::new(Repr::Io { doing, source }))
    }

    /// Whether the request itself was at fault (an unknown id, a move that the lifecycle does not
    /// allow) rather than the machine.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(*self.0, Repr::Invalid(_) | Repr::RefusedFile(_))
    }

    /// Whether the data file was refused: it is not a sandbox's, one of another version, or read-only.
    /// It was left as it is.
    #[must_use]
    pub fn is_refused_file(&self) -> bool {
        matches!(*self.0, Repr::RefusedFile(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Repr::Invalid(message) | Repr::RefusedFile(message) => f.write_str(message),
            Repr::Io { doing, .. } => write!(f, "the sandbox could not {doing}"),
            Repr::Store(_) => f.write_str("the sandbox's store failed"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Repr::Invalid(_) | Repr::RefusedFile(_) => None,
            Repr::Io { source, .. } => Some(source),
            Repr::Store(source) => Some(source),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(source: rusqlite::Error) -> Self {
        Self(Box::new(Repr::Store(source)))
    }
}
