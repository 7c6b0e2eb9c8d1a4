//! What every part of a running sandbox shares: the store, the clock, the settings, who gets in, the
//! webhook worker's bell.

use tokio::sync::{Notify, watch};

use crate::Error;
use crate::access::Access;
use crate::clock::RunningClock;
use crate::faults::Faults;
use crate::faults::throttle::Throttle;
use crate::inspector::RequestLog;
use crate::snapshots::Snapshots;
use crate::store::Store;
use crate::switches::Switches;
use crate::thirdparty::auth::LastLogin;

/// The shared state, behind one `Arc`.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) clock: RunningClock,
    pub(crate) snapshots: Snapshots,
    pub(crate) settings: Settings,
    pub(crate) access: Access,
    pub(crate) faults: Faults,
    pub(crate) throttle: Throttle,
    pub(crate) switches: Switches,
    /// Rings when a committed call left webhooks to send.
    pub(crate) outbox: Notify,
    /// Counts finished deliveries, for those who wait for them.
    pub(crate) delivered: watch::Sender<u64>,
    pub(crate) requests: RequestLog,
    pub(crate) last_login: LastLogin,
}

impl Shared {
    /// Throws away what happened in the sandbox. What it was told stays.
    pub(crate) fn reset(&self) -> Result<(), Error> {
        self.store.reset()?;
        self.rewind();
        Ok(())
    }

    /// Lets what is kept outside the store begin anew: the same calls are hit by the same faults.
    pub(crate) fn rewind(&self) {
        self.faults.rewind();
        self.throttle.forget();
    }
}

/// What the builder fixed for the life of the sandbox.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) page_size: usize,
    pub(crate) max_page_size: usize,
    pub(crate) max_body_bytes: usize,
    pub(crate) webhook_hosts: Vec<String>,
    /// Whether every call is held against the contract.
    pub(crate) strict: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            page_size: 25,
            max_page_size: 100,
            max_body_bytes: 10 * 1024 * 1024,
            webhook_hosts: Vec::new(),
            strict: false,
        }
    }
}
