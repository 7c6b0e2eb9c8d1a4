//! The loop that leases work and runs it side by side. Knows neither requests nor changes.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::Settings;
use super::pace::Pace;
use crate::StoreError;

/// One kind of work.
#[async_trait]
pub(super) trait Work: Send + Sync + 'static {
    type Lease: Send + 'static;

    async fn lease(&self, limit: u32) -> Result<Vec<Self::Lease>, StoreError>;

    /// Does the work and writes it down; bounded in time. Its errors are its own.
    async fn run(&self, lease: Self::Lease);

    /// Says that there may be work before the next tick.
    fn wake(&self) -> &Notify;
}

/// Works until it is stopped, and then ends what is under way.
pub(super) async fn run<W: Work>(
    work: Arc<W>,
    mut pace: Option<Pace>,
    settings: &Settings,
    mut stop: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    let mut stopping = false;
    // Nothing was due when last asked.
    let mut idle = false;
    loop {
        let busy = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        let free = settings.parallel.saturating_sub(busy);
        // Half of the places at a time: to ask the store for each would cost a transaction each.
        if !stopping && !idle && free > settings.parallel / 2 {
            let allowed = match &mut pace {
                None => free,
                Some(pace) => tokio::select! {
                    allowed = pace.take(free) => allowed,
                    _ = stop.changed() => {
                        stopping = true;
                        continue;
                    }
                },
            };
            let leased = work.lease(allowed).await.unwrap_or_else(|error| {
                tracing::warn!(error = ?error, "the inbox's store gave no work");
                Vec::new()
            });
            let unused = allowed.saturating_sub(u32::try_from(leased.len()).unwrap_or(u32::MAX));
            if let Some(pace) = &mut pace {
                pace.give_back(unused);
            }
            idle = unused > 0;
            for lease in leased {
                let work = Arc::clone(&work);
                tasks.spawn(async move { work.run(lease).await });
            }
        }
        if stopping && tasks.is_empty() {
            return;
        }
        tokio::select! {
            Some(_) = tasks.join_next() => {}
            () = work.wake().notified(), if !stopping && idle => idle = false,
            () = tokio::time::sleep(settings.tick), if !stopping && idle => idle = false,
            _ = stop.changed(), if !stopping => stopping = true,
            // Everything is leased that may be, and nothing is under way.
            else => {}
        }
    }
}
