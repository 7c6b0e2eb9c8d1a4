//! The tables on the server, and how they came to be. Refuses what it does not know, and never writes to that.

use tokio_postgres::{Client, Transaction};

use super::pool::failure;
use crate::StoreError;

/// Step by step from nothing to the present layout. Steps that were released are never changed.
const MIGRATIONS: &[&str] = &[
    "CREATE TABLE accredit_inbox_layout (version int8 NOT NULL);
    INSERT INTO accredit_inbox_layout VALUES (0);
    CREATE TABLE accredit_inbox_delivery (
        id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        digest bytea NOT NULL,
        body bytea NOT NULL,
        request_id int8,
        hint int8 NOT NULL,
        received_at int8 NOT NULL,
        settled_at int8
    );
    CREATE UNIQUE INDEX accredit_inbox_delivery_pending
        ON accredit_inbox_delivery (digest) WHERE settled_at IS NULL;
    CREATE INDEX accredit_inbox_delivery_by_request
        ON accredit_inbox_delivery (request_id, hint) WHERE settled_at IS NULL;
    CREATE INDEX accredit_inbox_delivery_settled
        ON accredit_inbox_delivery (settled_at) WHERE settled_at IS NOT NULL;
    CREATE TABLE accredit_inbox_request (
        id int8 PRIMARY KEY,
        status text,
        sequence int8 NOT NULL DEFAULT 0,
        refused text,
        hints int8 NOT NULL DEFAULT 0,
        quiet int8 NOT NULL DEFAULT 0,
        failures int8 NOT NULL DEFAULT 0,
        error text,
        due_at int8,
        leased_until int8 NOT NULL DEFAULT 0,
        fence int8 NOT NULL DEFAULT 0,
        hinted_at int8,
        read_at int8
    );
    CREATE INDEX accredit_inbox_request_due
        ON accredit_inbox_request (due_at) WHERE due_at IS NOT NULL;
    CREATE TABLE accredit_inbox_change (
        request_id int8 NOT NULL,
        sequence int8 NOT NULL,
        was text,
        status text NOT NULL,
        seen_at int8 NOT NULL,
        attempts int8 NOT NULL DEFAULT 0,
        error text,
        due_at int8,
        leased_until int8 NOT NULL DEFAULT 0,
        fence int8 NOT NULL DEFAULT 0,
        handled_at int8,
        PRIMARY KEY (request_id, sequence)
    );
    CREATE INDEX accredit_inbox_change_due
        ON accredit_inbox_change (due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX accredit_inbox_change_handled
        ON accredit_inbox_change (handled_at) WHERE handled_at IS NOT NULL;
    CREATE INDEX accredit_inbox_change_poisoned
        ON accredit_inbox_change (request_id) WHERE due_at IS NULL AND handled_at IS NULL;",
    "ALTER TABLE accredit_inbox_request
        ADD COLUMN missing int8 NOT NULL DEFAULT 0, ADD COLUMN dated_at int8 NOT NULL DEFAULT 0;
    ALTER TABLE accredit_inbox_change ADD COLUMN dated_at int8 NOT NULL DEFAULT 0;",
];

/// Any number will do, as long as every process takes the same ("ACin").
const LOCK: &str = "SELECT pg_advisory_xact_lock(1094936942)";

/// Brings the tables up to date, while other processes wait.
pub(super) async fn migrate(client: &mut Client) -> Result<(), StoreError> {
    let transaction = client
        .transaction()
        .await
        .map_err(|error| failure(&error))?;
    run(&transaction, LOCK).await?;
    let layout = layout(&transaction).await?;
    if layout > MIGRATIONS.len() {
        return Err(StoreError::newer());
    }
    // Who waits to change a table holds up everybody else who comes to it.
    run(&transaction, "SET LOCAL lock_timeout = '5s'").await?;
    for (place, migration) in MIGRATIONS.iter().enumerate().skip(layout) {
        run(&transaction, migration).await?;
        let version = format!("UPDATE accredit_inbox_layout SET version = {}", place + 1);
        run(&transaction, &version).await?;
    }
    transaction.commit().await.map_err(|error| failure(&error))
}

async fn run(transaction: &Transaction<'_>, statements: &str) -> Result<(), StoreError> {
    let done = transaction.batch_execute(statements).await;
    done.map_err(|error| failure(&error))
}

/// How many of the migrations the tables have seen.
async fn layout(transaction: &Transaction<'_>) -> Result<usize, StoreError> {
    let query = async |statement| {
        let rows = transaction.query_typed(statement, &[]).await;
        rows.map_err(|error| failure(&error))
    };
    let tables = query(
        "SELECT tablename::text AS name FROM pg_tables
         WHERE schemaname = current_schema() AND tablename LIKE 'accredit\\_inbox\\_%'",
    )
    .await?;
    if tables.is_empty() {
        return Ok(0);
    }
    let names: Vec<String> = tables
        .iter()
        .map(|row| row.try_get("name").map_err(|error| failure(&error)))
        .collect::<Result<_, _>>()?;
    if !names.iter().any(|name| name == "accredit_inbox_layout") {
        return Err(StoreError::foreign());
    }
    let versions = query("SELECT version::int8 AS version FROM accredit_inbox_layout").await?;
    let [row] = versions.as_slice() else {
        return Err(StoreError::foreign());
    };
    let version: i64 = row.try_get("version").map_err(|error| failure(&error))?;
    usize::try_from(version).map_err(|_| StoreError::foreign())
}
