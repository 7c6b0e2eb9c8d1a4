//! The worker: looks at requests that a delivery or the calendar made due, and hands changes to their handler.
//!
//! Everything it knows between two steps is in the store: it may end anywhere.

mod backoff;
mod handling;
mod housekeeping;
mod lane;
mod look;
mod looking;
mod pace;

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::{Handler, Inbox, Source};

/// How much of somebody's words is kept, in characters.
const LONGEST_TEXT: usize = 500;
/// The most looks a second that can be told apart.
const MOST_LOOKS: u32 = 1_000_000;

/// What is stored of an error's words: not all of a long one, and nothing that a database can't hold.
fn kept(error: &dyn fmt::Display) -> String {
    let text = error.to_string().replace('\0', "\u{fffd}");
    text.chars().take(LONGEST_TEXT).collect()
}

/// Asks the service about requests that are due, and hands what changed to a handler. Several may run on one store.
///
/// A delivery makes its request due at once; without one an open request is looked at after a minute, then ever more rarely, up
/// to every 15 minutes, so that nothing depends on the delivery of webhooks. Whatever a delivery says, the status comes from
/// the service, and moves only forward in the [graph of statuses](crate::Step).
///
/// ```
/// # use accredit_inbox::{Change, Handler, HandlerError, Inbox};
/// # struct Portal;
/// # #[async_trait::async_trait]
/// # impl Handler for Portal {
/// #     async fn handle(&self, _: &Change) -> Result<(), HandlerError> { Ok(()) }
/// # }
/// # async fn example(inbox: Inbox, client: accredit_verifyinvestor::Client) {
/// let worker = inbox.worker(client, Portal).looks_per_second(5);
/// # let shutdown = async {};
/// worker.run_until(shutdown).await; // any future: a signal, a channel, …
/// # }
/// ```
#[must_use = "a worker does nothing until it runs"]
pub struct Worker {
    inbox: Inbox,
    source: Arc<dyn Source>,
    handler: Arc<dyn Handler>,
    settings: Settings,
}

#[derive(Clone, Debug)]
struct Settings {
    poll: look::Poll,
    looks_per_second: u32,
    parallel: u32,
    attempts: u32,
    time_limit: Duration,
    tick: Duration,
    discover: Option<Duration>,
    keep: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            poll: look::Poll {
                first: Duration::from_secs(60),
                longest: Duration::from_secs(15 * 60),
            },
            looks_per_second: 10,
            parallel: 8,
            attempts: 20,
            time_limit: Duration::from_secs(30),
            tick: Duration::from_secs(1),
            discover: None,
            keep: Duration::from_secs(30 * 24 * 60 * 60),
        }
    }
}

impl Settings {
    /// Longer than a look or a handler may take, with as long again for the store.
    fn lease(&self) -> Duration {
        self.time_limit.saturating_mul(2)
    }
}

impl Worker {
    pub(crate) fn new(inbox: &Inbox, source: Arc<dyn Source>, handler: Arc<dyn Handler>) -> Self {
        Self {
            inbox: inbox.clone(),
            source,
            handler,
            settings: Settings::default(),
        }
    }

    /// How often an open request is looked at when nothing is heard of it: `first` after a change, doubling up to `longest`, each
    /// with jitter, which shortens it. A minute and 15 minutes unless set. Only the rate limit, a service that does not answer
    /// and a machine that does not keep up make it longer.
    pub fn poll(mut self, first: Duration, longest: Duration) -> Self {
        self.settings.poll = look::Poll { first, longest };
        self
    }

    /// The most looks a second that this worker makes at the service; 10 unless set, 1 at least, a million at most. The service
    /// documents no limit. After a pause it makes as many at once as are [`parallel`](Self::parallel), though no more than those of
    /// a second. Each worker counts for itself: four of them on one store make up to four times as many.
    pub fn looks_per_second(mut self, looks: u32) -> Self {
        self.settings.looks_per_second = looks.clamp(1, MOST_LOOKS);
        self
    }

    /// How many looks, and how many changes, are under way at the same time; 8 each unless set.
    pub fn parallel(mut self, parallel: u32) -> Self {
        self.settings.parallel = parallel.max(1);
        self
    }

    /// How often a handler may fail with a change before it is set aside; 20 unless set, which takes about two hours and a half.
    ///
    /// An attempt counts from just before the handler is called, so that one that takes its process along is set aside, too. Nobody
    /// can tell whether the process died of it: a change whose attempts ended so is handed over three times at least, whatever is
    /// set here, and set aside unheard after that.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.settings.attempts = attempts.max(1);
        self
    }

    /// How long a look or a handler may take; 30 seconds unless set. When a worker dies, what it had under way is taken over
    /// after twice that time.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.settings.time_limit = limit.max(Duration::from_millis(1));
        self
    }

    /// How often the store is asked what is due; a second unless set. Receivers in this process wake the worker at once.
    pub fn tick(mut self, tick: Duration) -> Self {
        self.settings.tick = tick.max(Duration::from_millis(1));
        self
    }

    /// Asks the service now and then for all requests of the account, and follows those that are new here: for requests that
    /// somebody else creates. The first time brings every request that the account ever had, and a change of each. Off unless
    /// set; better [follow](Inbox::track) what you create.
    pub fn discover_every(mut self, interval: Duration) -> Self {
        self.settings.discover = Some(interval.max(Duration::from_secs(1)));
        self
    }

    /// How long deliveries and changes are kept after they were dealt with; 30 days unless set. The bodies of deliveries are
    /// personal data.
    pub fn keep(mut self, age: Duration) -> Self {
        self.settings.keep = age;
        self
    }

    /// Works until `shutdown` is ready, then asks the store for nothing more and ends what is under way, with what the store was
    /// about to give. That takes no longer than the time limit; three times that at most when the store does not answer.
    ///
    /// Dropping the future ends it at once; nothing is lost by it, though what was under way is taken up again only when its
    /// lease is over. It runs on a tokio runtime with its timers enabled.
    pub async fn run_until(&self, shutdown: impl Future<Output = ()>) {
        let (stop, stopped) = watch::channel(false);
        let settings = &Settings {
            poll: self.settings.poll.less(self.settings.tick),
            ..self.settings.clone()
        };
        let looking = Arc::new(looking::Looking {
            inbox: self.inbox.clone(),
            source: Arc::clone(&self.source),
            settings: settings.clone(),
        });
        let handling = Arc::new(handling::Handling {
            inbox: self.inbox.clone(),
            handler: Arc::clone(&self.handler),
            settings: settings.clone(),
        });
        let burst = settings.parallel.min(settings.looks_per_second);
        let pace = pace::Pace::new(settings.looks_per_second, burst);
        let lanes = async {
            tokio::join!(
                lane::run(looking, Some(pace), settings, stopped.clone()),
                lane::run(handling, None, settings, stopped.clone()),
                housekeeping::run(&self.inbox, &*self.source, settings, stopped.clone()),
            )
        };
        let mut lanes = pin!(lanes);
        tokio::select! {
            _ = &mut lanes => {}
            () = shutdown => {
                stop.send_replace(true);
                lanes.await;
            }
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
