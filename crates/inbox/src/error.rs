//! What went wrong in a store, without what was in it.

use std::error::Error as StdError;
use std::fmt;

/// The store failed. Shows no body, no name, and no value that was to be written.
#[derive(Debug)]
pub struct StoreError(Kind);

#[derive(Debug)]
// A store in memory fails in none of these ways.
#[cfg_attr(not(any(feature = "sqlite", feature = "postgres")), allow(dead_code))]
enum Kind {
    Database(Box<dyn StdError + Send + Sync>),
    Foreign,
    Newer,
    Id,
    Stopped,
    TimedOut,
}

impl StoreError {
    /// A failure of the database below, for stores of your own. Keep what was written out of its text.
    pub fn database(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Kind::Database(error.into()))
    }

    /// The database did not answer in time, for stores of your own.
    #[must_use]
    pub fn timed_out() -> Self {
        Self(Kind::TimedOut)
    }

    /// Whether the database did not answer in time. What was to be written may be there or not, and every call may be made
    /// again: a receiver answers 503 and is sent the webhook again, a worker does it by itself.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.0, Kind::TimedOut)
    }

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn foreign() -> Self {
        Self(Kind::Foreign)
    }

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn newer() -> Self {
        Self(Kind::Newer)
    }

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn id() -> Self {
        Self(Kind::Id)
    }

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn stopped() -> Self {
        Self(Kind::Stopped)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Database(_) => "the inbox's database failed",
            Kind::Foreign => "the database is not an inbox, and was left as it is",
            Kind::Newer => "the inbox was written by a newer version, and was left as it is",
            Kind::Id => "an id is larger than any store can hold",
            Kind::Stopped => "the inbox's database thread has ended",
            Kind::TimedOut => "the inbox's database did not answer in time",
        })
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            Kind::Database(error) => Some(&**error),
            Kind::Foreign | Kind::Newer | Kind::Id | Kind::Stopped | Kind::TimedOut => None,
        }
    }
}
