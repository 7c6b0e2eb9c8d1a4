//! A few connections in turns, each made when it is needed, and given up when it does not answer. Knows no table.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{CancelToken, Client, Config, Error, Row, Socket};

use super::schema;
use crate::StoreError;

/// Statements on one connection wait for each other, and each waits for the server's disk: a few side by side share that wait.
const CONNECTIONS: usize = 4;

/// The longest wait for a connection, and the longest wait for the answer to a statement.
const LIMIT: Duration = Duration::from_secs(10);
/// The longest wait for the tables to be brought up to date, perhaps by another process.
const LIMIT_MIGRATION: Duration = Duration::from_secs(60);

type Running<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(super) struct Pool {
    connector: Box<dyn Fn() -> Running<Result<Connection, Error>> + Send + Sync>,
    canceller: Box<dyn Fn(CancelToken) -> Running<Result<(), Error>> + Send + Sync>,
    slots: [Mutex<Option<Arc<Connection>>>; CONNECTIONS],
    turn: AtomicUsize,
}

struct Connection {
    client: Client,
    /// Reads and writes the socket.
    task: AbortHandle,
    /// The task is told to end, though it may not have heard of it yet.
    given_up: AtomicBool,
}

impl Connection {
    fn is_open(&self) -> bool {
        !self.given_up.load(Ordering::Relaxed) && !self.client.is_closed()
    }

    fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
        self.task.abort();
    }
}

impl Pool {
    pub(super) fn new<T>(config: &str, tls: T) -> Result<Self, StoreError>
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let config: Config = config.parse().map_err(|error| failure(&error))?;
        let cancelling_tls = tls.clone();
        let connector = move || -> Running<Result<Connection, Error>> {
            let (config, tls) = (config.clone(), tls.clone());
            Box::pin(async move {
                let (client, connection) = config.connect(tls).await?;
                let task = tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::warn!(error = text(&error), "a connection to the inbox was lost");
                    }
                });
                let task = task.abort_handle();
                Ok(Connection {
                    client,
                    task,
                    given_up: AtomicBool::new(false),
                })
            })
        };
        let canceller = move |token: CancelToken| -> Running<Result<(), Error>> {
            let tls = cancelling_tls.clone();
            Box::pin(async move { token.cancel_query(tls).await })
        };
        Ok(Self {
            connector: Box::new(connector),
            canceller: Box::new(canceller),
            slots: Default::default(),
            turn: AtomicUsize::new(0),
        })
    }

    /// Brings the tables up to date, over a connection of its own.
    pub(super) async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = in_time(LIMIT, self.connect()).await?;
        let migrated = in_time(LIMIT_MIGRATION, schema::migrate(&mut connection.client)).await;
        if migrated.as_ref().is_err_and(StoreError::is_timeout) {
            self.give_up(&connection);
        }
        migrated
    }

    /// Runs one statement in a round trip. Its effect is durable when this returns.
    pub(super) async fn query(
        &self,
        statement: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, StoreError> {
        let connection = in_time(LIMIT, self.connection()).await?;
        let rows = async {
            let rows = connection.client.query_typed(statement, parameters).await;
            rows.map_err(|error| failure(&error))
        };
        let rows = in_time(LIMIT, rows).await;
        if rows.as_ref().is_err_and(StoreError::is_timeout) {
            self.give_up(&connection);
        }
        rows
    }

    /// Whoever waits on it waits in vain, and the next one makes it anew. A server that lives is told, so that it does not go on
    /// with what nobody waits for.
    fn give_up(&self, connection: &Connection) {
        let cancel = (self.canceller)(connection.client.cancel_token());
        tokio::spawn(tokio::time::timeout(LIMIT, cancel));
        connection.give_up();
    }

    async fn connection(&self) -> Result<Arc<Connection>, StoreError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        let slot = self.slots.get(turn).ok_or_else(StoreError::stopped)?;
        let mut slot = slot.lock().await;
        if let Some(there) = slot.as_ref().filter(|there| there.is_open()) {
            return Ok(Arc::clone(there));
        }
        let connection = Arc::new(self.connect().await?);
        *slot = Some(Arc::clone(&connection));
        Ok(connection)
    }

    async fn connect(&self) -> Result<Connection, StoreError> {
        (self.connector)().await.map_err(|error| failure(&error))
    }
}

async fn in_time<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let done = tokio::time::timeout(limit, work).await;
    done.unwrap_or_else(|_| Err(StoreError::timed_out()))
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

/// Only what says nothing of values: the details of a server's error may hold a whole row.
pub(super) fn failure(error: &Error) -> StoreError {
    StoreError::database(text(error))
}

fn text(error: &Error) -> String {
    match error.as_db_error() {
        Some(told) => format!("{}: {}", told.code().code(), told.message()),
        None => error.to_string(),
    }
}
