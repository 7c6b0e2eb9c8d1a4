//! The worker beside the server: one queue per receiver, each in a task of its own, and the timers of
//! delayed webhooks.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::{outbox, send};
use crate::state::Shared;

/// How long a receiver may take for its answer.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How many receivers are served at the same time.
const MAX_QUEUES: usize = 64;

/// Sends what is in the outbox, for as long as the sandbox lives.
pub(crate) async fn run(shared: Arc<Shared>) {
    let mut worker = Worker::default();
    loop {
        if let Err(error) = worker.start(&shared) {
            tracing::error!(%error, "the webhook outbox could not be read");
        }
        tokio::select! {
            () = shared.outbox.notified() => worker.stalled.clear(),
            Some(Ok((receiver, emptied))) = worker.queues.join_next() => {
                worker.busy.remove(&receiver);
                if !emptied {
                    worker.stalled.insert(receiver);
                }
            }
            Some(Ok(id)) = worker.timers.join_next() => {
                worker.timed.remove(&id);
            }
        }
    }
}

#[derive(Default)]
struct Worker {
    queues: JoinSet<(String, bool)>,
    busy: HashSet<String>,
    /// Receivers whose outcomes could not be stored: sent again at once they would be sent for ever.
    stalled: HashSet<String>,
    timers: JoinSet<i64>,
    timed: HashSet<i64>,
}

impl Worker {
    fn start(&mut self, shared: &Arc<Shared>) -> rusqlite::Result<()> {
        for (id, milliseconds) in outbox::delayed(shared)? {
            if self.timed.insert(id) {
                let time = Duration::from_millis(u64::try_from(milliseconds).unwrap_or_default());
                self.timers.spawn(wait(Arc::clone(shared), id, time));
            }
        }
        for receiver in outbox::receivers(shared)? {
            if self.queues.len() < MAX_QUEUES
                && !self.stalled.contains(&receiver)
                && self.busy.insert(receiver.clone())
            {
                self.queues.spawn(serve(Arc::clone(shared), receiver));
            }
        }
        Ok(())
    }
}

/// Makes a delayed webhook pending once its time is over.
async fn wait(shared: Arc<Shared>, id: i64, time: Duration) -> i64 {
    tokio::time::sleep(time).await;
    let released = shared
        .store
        .transaction(|db| outbox::release(&shared, db, Some(id)));
    if let Err(error) = released {
        tracing::error!(%error, "a delayed webhook could not be released");
    }
    id
}

/// Empties one receiver's queue; says whether it did.
async fn serve(shared: Arc<Shared>, receiver: String) -> (String, bool) {
    let emptied = empty(&shared, &receiver).await;
    if let Err(error) = &emptied {
        tracing::error!(%error, "a webhook's outcome could not be stored");
    }
    (receiver, emptied.is_ok())
}

async fn empty(shared: &Shared, receiver: &str) -> rusqlite::Result<()> {
    while let Some(due) = outbox::next(shared, receiver)? {
        let hosts = &shared.settings.webhook_hosts;
        let attempt = tokio::time::timeout(TIME_LIMIT, send::send(hosts, &due)).await;
        let outcome = attempt.unwrap_or_else(|_| Err("no answer in time".to_owned()));
        let recorded = outbox::record(shared, due.id, outcome);
        shared
            .delivered
            .send_modify(|count| *count = count.wrapping_add(1));
        recorded?;
    }
    Ok(())
}
