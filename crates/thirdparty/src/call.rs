//! One call under construction: an operation, the client that will send it, and settings of its own.

use std::{fmt, time::Duration};

use accredit_transport::{CallOptions, Error, Operation};
use http::{HeaderName, HeaderValue};

use crate::Client;

/// A call that can be adjusted and then sent.
///
/// It owns a cheap clone of the client, so it can be stored and moved to another task. The setters for the operation's own
/// parameters stand on the `Call` of that operation, below.
#[must_use = "a call does nothing until `send`"]
pub struct Call<O> {
    client: Client,
    operation: O,
    options: CallOptions,
}

impl<O: Operation> Call<O> {
    pub(crate) fn new(client: &Client, operation: O) -> Self {
        Self { client: client.clone(), operation, options: CallOptions::new() }
    }

    pub(crate) fn operation_mut(&mut self) -> &mut O {
        &mut self.operation
    }

    /// Sends the call.
    ///
    /// # Errors
    ///
    /// Every failure is an [`Error`] that names the operation: see its `kind()`, `status()` and predicates.
    pub async fn send(self) -> Result<O::Output, Error> {
        self.client.transport().execute_with(&self.operation, &self.options).await
    }

    /// The bare operation, to be kept or to be run with [`Client::execute`].
    pub fn into_operation(self) -> O {
        self.operation
    }

    /// Bounds this call as a whole, in the place of the client's bound.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.options = self.options.deadline(limit);
        self
    }

    /// Sends a header along. It cannot replace the credentials.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.options = self.options.header(name, value);
        self
    }

    /// Sets any of the transport's settings for this call.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }
}

impl<O: fmt::Debug> fmt::Debug for Call<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("operation", &self.operation).field("options", &self.options).finish_non_exhaustive()
    }
}
