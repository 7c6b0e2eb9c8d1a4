//! What a program writes while a test runs.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::subscriber::{DefaultGuard, NoSubscriber};
use tracing::{Dispatch, Subscriber};

use super::Canary;

/// Collects what is written to it. A clone is the same log.
///
/// It is a plain [`Write`](io::Write), so that any logger can write to it. With
/// [tracing](https://docs.rs/tracing):
///
/// ```
/// use accredit_transport::testkit::{Canary, Log};
///
/// let log = Log::new();
/// let writer = log.clone();
/// let listening = Log::listen(
///     tracing_subscriber::fmt()
///         .with_max_level(tracing::Level::TRACE)
///         .with_writer(move || writer.clone())
///         .finish(),
/// );
///
/// let password = Canary::new("password");
/// tracing::info!(length = password.as_str().len(), "logging in");
/// log.assert_absent(&password);
/// ```
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// An empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What was written so far; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Lets a subscriber of tracing hear all events of this thread, until the result is dropped.
    ///
    /// Also sees to it that no event is missed: while a test's is the only subscriber of a process,
    /// tracing switches an event off for good when a thread without a subscriber meets it first, as
    /// other tests' threads do.
    #[must_use = "the subscriber hears nothing once this is dropped"]
    pub fn listen(subscriber: impl Subscriber + Send + Sync + 'static) -> Listening {
        Listening {
            _second: Dispatch::new(NoSubscriber::default()),
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    /// Checks that something was written and that the canary is not in it.
    ///
    /// # Panics
    ///
    /// When it is, or when nothing was written: that would prove nothing.
    #[track_caller]
    pub fn assert_absent(&self, canary: &Canary) {
        let bytes = self.bytes().clone();
        if bytes.is_empty() {
            panic!("nothing was written to the log, so it proves nothing");
        }
        canary.assert_absent(bytes);
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        // A writer that panicked leaves whole bytes behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Log([{} bytes])", self.bytes().len())
    }
}

/// A subscriber that hears the events of this thread; see [`Log::listen`].
pub struct Listening {
    _second: Dispatch,
    _guard: DefaultGuard,
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listening").finish_non_exhaustive()
    }
}
