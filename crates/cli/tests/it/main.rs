//! The command line as a person runs it: the binary, its output, its exit codes.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod demo;
#[cfg(unix)]
mod sandbox;
