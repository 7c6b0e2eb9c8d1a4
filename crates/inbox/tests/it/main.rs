//! The inbox over its public interface: on every store, and against the sandbox.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod killed;
mod postgres;
mod process;
mod receiver;
mod schema;
mod stores;
mod support;
mod suspending;
mod worker;
