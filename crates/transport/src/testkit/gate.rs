//! A place where answers wait until a test lets them go on: what tests use in the place of sleeps.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// Holds [answers](super::Answer::behind) back. A clone is the same gate.
///
/// ```
/// # use accredit_transport::Client;
/// # use accredit_transport::http::Request;
/// use accredit_transport::testkit::{Answer, Gate, Script};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let gate = Gate::new();
/// let script = Script::new().then(Answer::status(204).behind(&gate));
/// let client = Client::builder().base_uri("https://api.example.com").transport(script.service()).build()?;
///
/// let call = tokio::spawn(async move { client.send(Request::get("/").body(())?).await.map_err(Box::<dyn std::error::Error + Send + Sync>::from) });
/// gate.reached().await;
/// // Here a request is under way.
/// gate.open(1);
/// assert_eq!(call.await?.map_err(|error| error.to_string())?.status, 204);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    open: Semaphore,
    reached: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A gate that is closed.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Inner {
            open: Semaphore::new(0),
            reached: Semaphore::new(0),
        }))
    }

    /// Lets so many answers through: those that wait, in their order, then those that come.
    pub fn open(&self, answers: usize) {
        self.0.open.add_permits(answers);
    }

    /// Waits until a request has come to the gate. Each is counted once: to wait for three, wait
    /// three times.
    pub async fn reached(&self) {
        take(&self.0.reached).await;
    }

    pub(super) async fn pass(&self) {
        self.0.reached.add_permits(1);
        take(&self.0.open).await;
    }
}

async fn take(permits: &Semaphore) {
    // It is never closed.
    if let Ok(permit) = permits.acquire().await {
        permit.forget();
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("open", &self.0.open.available_permits())
            .finish_non_exhaustive()
    }
}
