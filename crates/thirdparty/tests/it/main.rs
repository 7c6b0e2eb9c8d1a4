//! The client of the Third Party API, over real sockets against the sandbox, and over scripted
//! replies where the sandbox is too well behaved.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod answers;
mod bad_input;
mod calls;
mod django;
mod flows;
mod lifecycle;
mod lists;
mod operations;
mod pages;
mod reconcile;
mod redaction;
mod replies;
mod requests;
mod session;
mod support;
mod uploads;
