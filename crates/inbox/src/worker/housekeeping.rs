//! What is done now and then: reading again what could not be read, forgetting what is old, asking for unknown requests.

use std::time::Duration;

use accredit_verifyinvestor::Verified;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::{Settings, backoff};
use crate::{Inbox, Source, StoreError};

/// How often old things are forgotten.
const TIDY: Duration = Duration::from_secs(60 * 60);
/// Rows that are read at a time.
const BATCH: u32 = 100;

pub(super) async fn run(
    inbox: &Inbox,
    source: &dyn Source,
    settings: &Settings,
    mut stop: watch::Receiver<bool>,
) {
    let mut tidy_at = Instant::now();
    let mut discover_at = settings.discover.map(|_| Instant::now());
    let mut failures = 0;
    loop {
        let next = discover_at.map_or(tidy_at, |at| at.min(tidy_at));
        tokio::select! {
            () = sleep_until(next) => {}
            _ = stop.changed() => return,
        }
        let now = Instant::now();
        if tidy_at <= now {
            if let Err(error) = tidy(inbox, settings).await {
                tracing::warn!(error = ?error, "the inbox could not be tidied");
            }
            tidy_at = now + backoff::jittered(TIDY);
        }
        if let Some(interval) = settings.discover
            && discover_at.is_some_and(|at| at <= now)
        {
            let found = tokio::select! {
                found = discover(inbox, source, settings) => found,
                _ = stop.changed() => return,
            };
            let wait = if found {
                failures = 0;
                backoff::jittered(interval)
            } else {
                failures += 1;
                backoff::wait(Duration::from_secs(1), interval, failures)
            };
            discover_at = Instant::now().checked_add(wait);
        }
    }
}

async fn tidy(inbox: &Inbox, settings: &Settings) -> Result<(), StoreError> {
    read_again(inbox).await?;
    inbox.purge(settings.keep).await?;
    Ok(())
}

/// A newer version may read what an older one could not.
async fn read_again(inbox: &Inbox) -> Result<(), StoreError> {
    loop {
        let mut resolved = false;
        for delivery in inbox.unreadable(BATCH).await? {
            // Only what was verified is in there.
            let stored = Verified::from_storage(delivery.body.expose());
            if let Some(request) = crate::inbox::request(&stored) {
                let now = inbox.now();
                resolved |= inbox
                    .store()
                    .resolve(delivery.id, Some(request), now)
                    .await?;
            }
        }
        if !resolved {
            return Ok(());
        }
        inbox.wakes().requests.notify_one();
    }
}

/// Follows what the account has and the inbox does not know; says whether the service answered.
async fn discover(inbox: &Inbox, source: &dyn Source, settings: &Settings) -> bool {
    let Ok(Ok(mut requests)) = timeout(settings.time_limit, source.requests()).await else {
        tracing::warn!("the list of all verification requests could not be read");
        return false;
    };
    requests.retain(|request| i64::try_from(request.get()).is_ok());
    match inbox.store().track(&requests, inbox.now()).await {
        Ok(new) => {
            if new > 0 {
                inbox.wakes().requests.notify_one();
            }
            true
        }
        Err(error) => {
            tracing::warn!(error = ?error, "new requests could not be followed");
            false
        }
    }
}
