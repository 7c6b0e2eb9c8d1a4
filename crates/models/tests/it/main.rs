//! The tests of `accredit-models`: every type, every sample of the vendors, and what hostile input gets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod generated {
    //! One example of each type of the contract, written by `cargo xtask codegen`.

    pub(crate) mod thirdparty;
    pub(crate) mod verifyinvestor;
}

mod decimals;
mod decode_errors;
mod enums;
mod examples;
mod files;
mod ids;
mod json_paths;
mod legal_names;
mod objects;
mod pages;
mod redaction;
mod replies;
mod samples;
mod snapshots;
mod times;
mod tree;
