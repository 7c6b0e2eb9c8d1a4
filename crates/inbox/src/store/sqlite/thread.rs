//! The thread that owns the connection. Calls that wait together share one transaction, and so one wait for the disk. Knows no
//! table.

use std::fmt;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::StoreError;

/// Calls that may wait; the next callers wait until there is room.
const QUEUE: usize = 1024;
/// The most calls in one transaction.
const BATCH: usize = 256;

/// How long to wait for another process that writes.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Runs calls against a connection, off the async threads. The thread ends when this is dropped and the calls before that are
/// done.
pub(super) struct Thread(mpsc::Sender<Box<dyn Job>>);

impl Thread {
    pub(super) async fn start(
        open: impl FnOnce() -> Result<Connection, StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (sender, jobs) = mpsc::channel(QUEUE);
        let (opened, is_open) = oneshot::channel();
        std::thread::Builder::new()
            .name("accredit-inbox".to_owned())
            .spawn(move || match open() {
                Ok(db) => {
                    let _ = db.busy_timeout(BUSY);
                    let _ = opened.send(Ok(()));
                    serve(&db, jobs);
                }
                Err(error) => {
                    let _ = opened.send(Err(error));
                }
            })
            .map_err(StoreError::database)?;
        is_open.await.map_err(|_| StoreError::stopped())??;
        Ok(Self(sender))
    }

    /// Runs one call; what it wrote is on the disk when this returns.
    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.send(work, |_| {}).await
    }

    /// Moves the write-ahead log into the file and empties it, unless somebody is reading it: then the next time will do.
    pub(super) async fn empty_log(&self) -> Result<(), StoreError> {
        let empty = |db: &Connection| {
            let _ = db.busy_timeout(Duration::ZERO);
            let _ = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            let _ = db.busy_timeout(BUSY);
        };
        self.send(|_| Ok(()), empty).await
    }

    async fn send<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: fn(&Connection),
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let call = Call {
            work: Some(work),
            then,
            result: None,
            reply,
        };
        self.0
            .send(Box::new(call))
            .await
            .map_err(|_| StoreError::stopped())?;
        answer.await.map_err(|_| StoreError::stopped())?
    }
}

impl fmt::Debug for Thread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Thread")
    }
}

/// A call without its types.
trait Job: Send {
    fn run(&mut self, db: &Connection) -> rusqlite::Result<()>;

    /// What is done outside of the transaction, once it is committed.
    fn then(&self, db: &Connection);

    /// Answers the caller once the transaction is over; with its error when there was one.
    fn end(self: Box<Self>, failure: Option<&str>);
}

struct Call<T, F> {
    work: Option<F>,
    then: fn(&Connection),
    result: Option<rusqlite::Result<T>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, F: FnOnce(&Connection) -> rusqlite::Result<T> + Send> Job for Call<T, F> {
    fn run(&mut self, db: &Connection) -> rusqlite::Result<()> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        // A call that fails takes back what it wrote, and nothing of its neighbours'.
        db.execute_batch("SAVEPOINT call")?;
        let result = work(db);
        if result.is_err() {
            db.execute_batch("ROLLBACK TO call")?;
        }
        db.execute_batch("RELEASE call")?;
        self.result = Some(result);
        Ok(())
    }

    fn then(&self, db: &Connection) {
        (self.then)(db);
    }

    fn end(self: Box<Self>, failure: Option<&str>) {
        let answer = match (self.result, failure) {
            (_, Some(failure)) => Err(StoreError::database(failure)),
            (Some(result), None) => result.map_err(StoreError::database),
            (None, None) => Err(StoreError::stopped()),
        };
        // The caller may have gone away; what was done stays done.
        let _ = self.reply.send(answer);
    }
}

fn serve(db: &Connection, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    while let Some(first) = jobs.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(job) = jobs.try_recv()
        {
            batch.push(job);
        }
        let failure = commit(db, &mut batch).err().map(|error| error.to_string());
        for job in batch {
            job.then(db);
            job.end(failure.as_deref());
        }
    }
}

fn commit(db: &Connection, batch: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    // It is the only one on this connection. Immediate: to find out in the middle that another process writes would be too late.
    let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    for job in batch {
        job.run(db)?;
    }
    transaction.commit()
}
