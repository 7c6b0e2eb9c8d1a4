//! A change of a request's status, and who is told of it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use accredit_verifyinvestor::{VerificationRequestId, VerificationRequestStatus};
use async_trait::async_trait;

/// A request moved from one status to another, as the service itself answered. What happened between two looks is one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The request.
    pub request: VerificationRequestId,
    /// Counts the changes of this request, from 1.
    pub sequence: u64,
    /// The status before; `None` when the request was seen for the first time.
    pub from: Option<VerificationRequestStatus>,
    /// The status now.
    pub to: VerificationRequestStatus,
    /// When it was seen, on the inbox's clock; the service does not say when it happened.
    pub seen_at: SystemTime,
}

impl Change {
    /// Names this change and no other, over restarts, retries and processes: `90-3-accredited`.
    ///
    /// Store it together with the effect, in one transaction and under a unique index, and the effect happens exactly once.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}-{}-{}", self.request, self.sequence, self.to)
    }
}

/// Acts on changes.
///
/// Each change is handed over **at least once**: again after an error, a panic, a time-out, or a crash between the handler's
/// effect and the note that it was handled. A handler that stores [`Change::key`] with its effect acts exactly once. The
/// changes of one request come in their order, one at a time; those of different requests come side by side.
///
/// ```
/// use accredit_inbox::{Change, Handler, HandlerError};
///
/// struct Portal;
///
/// #[async_trait::async_trait]
/// impl Handler for Portal {
///     async fn handle(&self, change: &Change) -> Result<(), HandlerError> {
///         // BEGIN; INSERT INTO seen (key) …; act; COMMIT
///         println!("{}: request {} is {}", change.key(), change.request, change.to);
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Acts on a change. It may be dropped half way when it takes longer than [`Worker::time_limit`](crate::Worker::time_limit);
    /// where it blocks its thread it can't be, and goes on while the next attempt begins.
    ///
    /// # Errors
    ///
    /// Any: the change comes again after a while, and is set aside after [`Worker::attempts`](crate::Worker::attempts). The
    /// error's text is kept beside it, so it should name nobody.
    async fn handle(&self, change: &Change) -> Result<(), HandlerError>;
}

#[async_trait]
impl<H: Handler + ?Sized> Handler for Arc<H> {
    async fn handle(&self, change: &Change) -> Result<(), HandlerError> {
        (**self).handle(change).await
    }
}

/// Why a handler could not act on a change: any error will do.
pub struct HandlerError(Box<dyn StdError + Send + Sync>);

impl<E: Into<Box<dyn StdError + Send + Sync>>> From<E> for HandlerError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
