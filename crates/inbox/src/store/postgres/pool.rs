//! A few connections in turns, each made when it is needed. Knows no table.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Mutex;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Error, Row, Socket};

use crate::StoreError;

/// Statements on one connection wait for each other, and each waits for the server's disk: a few side by side share that wait.
const CONNECTIONS: usize = 4;

type Connecting = Pin<Box<dyn Future<Output = Result<Client, Error>> + Send>>;

pub(super) struct Pool {
    connector: Box<dyn Fn() -> Connecting + Send + Sync>,
    slots: [Mutex<Option<Arc<Client>>>; CONNECTIONS],
    turn: AtomicUsize,
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
        let connector = move || -> Connecting {
            let (config, tls) = (config.clone(), tls.clone());
            Box::pin(async move {
                let (client, connection) = config.connect(tls).await?;
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::warn!(error = text(&error), "a connection to the inbox was lost");
                    }
                });
                Ok(client)
            })
        };
        Ok(Self {
            connector: Box::new(connector),
            slots: Default::default(),
            turn: AtomicUsize::new(0),
        })
    }

    /// A connection of one's own.
    pub(super) async fn connect(&self) -> Result<Client, StoreError> {
        (self.connector)().await.map_err(|error| failure(&error))
    }

    /// Runs one statement in a round trip. Its effect is durable when this returns.
    pub(super) async fn query(
        &self,
        statement: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, StoreError> {
        let client = self.client().await?;
        let rows = client.query_typed(statement, parameters).await;
        rows.map_err(|error| failure(&error))
    }

    async fn client(&self) -> Result<Arc<Client>, StoreError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % CONNECTIONS;
        let slot = self.slots.get(turn).ok_or_else(StoreError::stopped)?;
        let mut slot = slot.lock().await;
        if let Some(client) = slot.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.connect().await?);
        *slot = Some(Arc::clone(&client));
        Ok(client)
    }
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
