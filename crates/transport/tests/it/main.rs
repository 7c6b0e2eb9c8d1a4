//! The transport against real sockets, scripted, and against services that stand in for them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod auth;
mod blocking;
mod bodies;
mod client;
mod codings;
mod connector;
mod download;
mod errors;
mod heads;
#[cfg(feature = "http2")]
mod http2;
mod in_flight;
mod observe;
mod own_layers;
mod paginate;
mod pool;
mod retry;
mod session;
mod support;
mod testkit;
mod timeouts;
mod tls;
