//! What is done now and then: reading again what could not be read, forgetting what is old, asking for unknown requests,
//! noticing that the clock was set back.

use std::time::Duration;

use accredit_verifyinvestor::Verified;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::{Settings, backoff};
use crate::{Inbox, Source, StoreError};

/// How often old things are forgotten.
const TIDY: Duration = Duration::from_secs(60 * 60);
/// How often it is asked whether the clock was set back.
const REDATE: Duration = Duration::from_secs(60);
/// Requests that are followed at a time, of those that were discovered.
const TRACK: usize = 1000;
/// Rows that are read at a time.
const BATCH: u32 = 100;

/// Works until it is stopped. Everything that it does may be dropped half way, and is done again by the next one.
pub(super) async fn run(
    inbox: &Inbox,
    source: &dyn Source,
    settings: &Settings,
    mut stop: watch::Receiver<bool>,
) {
    // The dates wait for nothing else: a long list, or much that is old, may take its time.
    let work = async { tokio::join!(keep_house(inbox, source, settings), keep_dates(inbox)) };
    tokio::select! {
        _ = work => {}
        _ = stop.changed() => {}
    }
}

async fn keep_dates(inbox: &Inbox) {
    loop {
        redate(inbox).await;
        sleep(REDATE).await;
    }
}

async fn keep_house(inbox: &Inbox, source: &dyn Source, settings: &Settings) {
    let mut tidy_at = Instant::now();
    let mut discover_at = settings.discover.map(|_| Instant::now());
    let mut failures = 0_u32;
    loop {
        sleep_until(discover_at.map_or(tidy_at, |at| at.min(tidy_at))).await;
        let now = Instant::now();
        if tidy_at <= now {
            tidy(inbox, settings).await;
            tidy_at = now + backoff::jittered(TIDY);
        }
        if let Some(interval) = settings.discover
            && discover_at.is_some_and(|at| at <= now)
        {
            let wait = if discover(inbox, source, settings).await {
                failures = 0;
                backoff::jittered(interval)
            } else {
                failures = failures.saturating_add(1);
                backoff::wait(Duration::from_secs(1), interval, failures)
            };
            discover_at = Instant::now().checked_add(wait);
        }
    }
}

/// What was dated by a clock that was ahead would be out of reach until that time comes again.
async fn redate(inbox: &Inbox) {
    match inbox.store().redate(inbox.now()).await {
        Ok(0) => {}
        Ok(rows) => {
            tracing::warn!(
                rows,
                "the clock was set back, and what was dated ahead of it is corrected"
            );
            inbox.wakes().requests.notify_one();
            inbox.wakes().changes.notify_one();
        }
        Err(error) => {
            tracing::warn!(error = ?error, "the inbox's dates could not be looked through")
        }
    }
}

async fn tidy(inbox: &Inbox, settings: &Settings) {
    // What is personal goes in time, whatever can't be read.
    let read = read_again(inbox).await;
    let purged = inbox.purge(settings.keep).await;
    for error in [read.err(), purged.err()].into_iter().flatten() {
        tracing::warn!(error = ?error, "the inbox could not be tidied");
    }
}

/// A newer version may read what an older one could not.
async fn read_again(inbox: &Inbox) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let batch = inbox.store().unreadable(after, BATCH).await?;
        let Some(last) = batch.last() else {
            return Ok(());
        };
        after = Some(last.id);
        for delivery in batch {
            // Only what was verified is in there.
            let stored = Verified::from_storage(delivery.body.expose());
            if let Some(request) = crate::inbox::request(&stored) {
                let now = inbox.now();
                let resolved = inbox.store().resolve(delivery.id, Some(request), now);
                if resolved.await? {
                    inbox.wakes().requests.notify_one();
                }
            }
        }
    }
}

/// Follows what the account has and the inbox does not know; says whether the service answered.
async fn discover(inbox: &Inbox, source: &dyn Source, settings: &Settings) -> bool {
    let Ok(Ok(mut requests)) = timeout(settings.time_limit, source.requests()).await else {
        tracing::warn!("the list of all verification requests could not be read");
        return false;
    };
    requests.retain(|request| i64::try_from(request.get()).is_ok());
    // A few at a time: whoever wants to write waits for no more.
    for some in requests.chunks(TRACK) {
        match inbox.store().track(some, inbox.now()).await {
            Ok(0) => {}
            Ok(_) => inbox.wakes().requests.notify_one(),
            Err(error) => {
                tracing::warn!(error = ?error, "new requests could not be followed");
                return false;
            }
        }
    }
    true
}
