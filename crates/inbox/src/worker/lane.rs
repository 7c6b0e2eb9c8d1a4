//! The loop that leases work and runs it side by side. Knows neither requests nor changes.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::Settings;
use super::pace::Pace;
use crate::StoreError;

/// One kind of work.
#[async_trait]
pub(super) trait Work: Send + Sync + 'static {
    type Lease: Send + 'static;

    async fn lease(&self, limit: u32) -> Result<Vec<Self::Lease>, StoreError>;

    /// Does the work and writes it down. Its errors are its own.
    async fn run(&self, lease: Self::Lease);

    /// Says that there may be work before the next tick.
    fn wake(&self) -> &Notify;
}

/// Ready so long after the stop.
async fn limit_after(mut stop: watch::Receiver<bool>, limit: Duration) {
    let _ = stop.wait_for(|stop| *stop).await;
    sleep(limit).await;
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
            let leased = tokio::select! {
                leased = work.lease(allowed) => leased.unwrap_or_else(|error| {
                    tracing::warn!(error = ?error, "the inbox's store gave no work");
                    Vec::new()
                }),
                // What it may have leased all the same is taken over once the lease is over.
                () = limit_after(stop.clone(), settings.time_limit) => Vec::new(),
            };
            let unused = allowed.saturating_sub(u32::try_from(leased.len()).unwrap_or(u32::MAX));
            if let Some(pace) = &mut pace {
                pace.give_back(unused);
            }
            idle = unused > 0;
            for lease in leased {
                let work = Arc::clone(&work);
                let limit = settings.lease();
                tasks.spawn(async move {
                    // The store is not bounded in time; what comes after the end of a lease is refused anyway.
                    if timeout(limit, work.run(lease)).await.is_err() {
                        tracing::warn!("what was leased was not ended in time");
                    }
                });
            }
        }
        if stopping && tasks.is_empty() {
            return;
        }
        tokio::select! {
            Some(_) = tasks.join_next() => {}
            () = work.wake().notified(), if !stopping && idle => idle = false,
            () = sleep(settings.tick), if !stopping && idle => idle = false,
            _ = stop.changed(), if !stopping => stopping = true,
            // Everything is leased that may be, and nothing is under way.
            else => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// Over a store that does not answer any more: before the lease, or after it.
    struct Gone {
        leases: bool,
        wake: Notify,
    }

    #[async_trait]
    impl Work for Gone {
        type Lease = ();

        async fn lease(&self, limit: u32) -> Result<Vec<()>, StoreError> {
            if !self.leases {
                std::future::pending::<()>().await;
            }
            Ok((0..limit).map(|_| ()).collect())
        }

        async fn run(&self, (): ()) {
            std::future::pending().await
        }

        fn wake(&self) -> &Notify {
            &self.wake
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_shutdown_does_not_wait_for_a_store_that_is_gone() {
        let settings = Settings::default();
        for leases in [false, true] {
            let (stop, stopped) = watch::channel(false);
            let wake = Notify::new();
            let work = Arc::new(Gone { leases, wake });
            let lane = run(work, None, &settings, stopped);
            let begin = Instant::now();
            let ended = async {
                sleep(Duration::from_secs(1)).await;
                stop.send_replace(true);
            };
            let both = async { tokio::join!(lane, ended) };
            timeout(Duration::from_secs(3600), both)
                .await
                .expect("an end");
            assert!(begin.elapsed() <= settings.lease() + Duration::from_secs(1));
        }
    }
}
