//! Calls from programs without async: one runtime that calls and streams are run on.
//!
//! Owns the runtime and nothing else: no call has a blocking twin of its own.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};

use futures_core::Stream;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{ConfigError, Error, ErrorKind};

/// How often the runtime turns before a call: once to hear from the system what became of its
/// connections, once for them to act on it.
const TURNS: usize = 2;

/// Runs calls to their end, for scripts and programs without async.
///
/// It takes any call of this crate and of those that stand on it, and turns a stream into an
/// iterator.
///
/// ```no_run
/// # use accredit_transport::{Client, Operation, Paginate};
/// # fn example<O: Operation, L: Paginate>(client: Client, retrieve: O, list: L) -> Result<(), Box<dyn std::error::Error>> {
/// use accredit_transport::Blocking;
///
/// let blocking = Blocking::new()?;
/// let note = blocking.run(client.execute(&retrieve))?;
/// for item in blocking.iter(client.items(list)) {
///     let item = item?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// One thread drives everything, the one that waits for a call; several threads can share it, and
/// then their calls run at the same time. Nothing moves while no call runs: kept connections stay
/// open, and what the server did to them meanwhile is learned before the next call begins, so that
/// none is sent on a connection that was closed. Use one for as long as the client lives: connections
/// belong to the runtime that opened them.
///
/// Not for use inside async code, where waiting would stop everything else: there a call is awaited.
/// Trying it is an error, in a task as in `spawn_blocking`.
pub struct Blocking {
    /// `None` while it is dropped.
    runtime: Option<Runtime>,
}

impl Blocking {
    /// A runtime for calls.
    ///
    /// # Errors
    ///
    /// When the system gives it no means to wait for connections.
    pub fn new() -> Result<Self, ConfigError> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| {
                ConfigError::new("blocking", "the system gives no runtime").with_source(error)
            })?;
        Ok(Self {
            runtime: Some(runtime),
        })
    }

    /// Runs a call to its end.
    ///
    /// ```
    /// # use accredit_transport::{Blocking, Client};
    /// # use accredit_transport::http::{Request, Response};
    /// # let client = Client::builder()
    /// #     .base_uri("https://api.example.com")
    /// #     .transport(tower::service_fn(async |_| {
    /// #         Ok::<_, std::convert::Infallible>(Response::new(String::from("fine")))
    /// #     }))
    /// #     .build()?;
    /// let blocking = Blocking::new()?;
    /// let reply = blocking.run(client.send(Request::get("/health").body(())?))?;
    /// assert_eq!(reply.body, "fine");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the call, and [`ErrorKind::Build`] inside async code.
    pub fn run<T, E: From<Error>>(&self, call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let runtime = self.runtime()?;
        let mut call = pin!(call);
        runtime.block_on(async {
            turn().await;
            call.as_mut().await
        })
    }

    /// The items of a stream, such as [`Pages`](crate::Pages), [`Items`](crate::Items) or the chunks
    /// of a download. Ends after the first error.
    pub fn iter<S, T, E>(&self, stream: S) -> BlockingIter<'_, S>
    where
        S: Stream<Item = Result<T, E>>,
        E: From<Error>,
    {
        BlockingIter {
            blocking: self,
            stream: Some(Box::pin(stream)),
        }
    }

    fn runtime(&self) -> Result<&Runtime, Error> {
        let refuse = |detail| Error::new(ErrorKind::Build).with_detail(detail);
        if Handle::try_current().is_ok() {
            return Err(refuse(
                "a blocking call inside async code would stop it: await the call instead",
            ));
        }
        self.runtime
            .as_ref()
            .ok_or_else(|| refuse("the runtime is gone"))
    }
}

/// Lets the runtime look at its connections and run what waits.
///
/// Between two calls nobody reads from a kept connection, so one that the server closed still looks
/// open: a request written to it would be lost with its fate unknown.
async fn turn() {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
}

impl fmt::Debug for Blocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocking").finish_non_exhaustive()
    }
}

impl Drop for Blocking {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Waiting for its threads, as it would by itself, is not allowed inside async code.
            runtime.shutdown_background();
        }
    }
}

/// The items of a stream; see [`Blocking::iter`].
#[must_use = "an iterator sends nothing until it is asked for an item"]
pub struct BlockingIter<'a, S> {
    blocking: &'a Blocking,
    stream: Option<Pin<Box<S>>>,
}

impl<S, T, E> Iterator for BlockingIter<'_, S>
where
    S: Stream<Item = Result<T, E>>,
    E: From<Error>,
{
    type Item = Result<T, E>;

    fn next(&mut self) -> Option<Result<T, E>> {
        let stream = self.stream.as_mut()?;
        let item = async {
            poll_fn(|cx| stream.as_mut().poll_next(cx))
                .await
                .transpose()
        };
        let next = self.blocking.run(item).transpose();
        if !matches!(next, Some(Ok(_))) {
            self.end();
        }
        next
    }
}

impl<S> BlockingIter<'_, S> {
    /// Drops the stream where its calls run.
    fn end(&mut self) {
        let _entered = self.blocking.runtime.as_ref().map(Runtime::enter);
        self.stream = None;
    }
}

impl<S> Drop for BlockingIter<'_, S> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<S> fmt::Debug for BlockingIter<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingIter").finish_non_exhaustive()
    }
}
