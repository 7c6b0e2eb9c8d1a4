//! The client of VerifyInvestor.com, over real sockets against the sandbox, and over scripted
//! replies where the sandbox is too well behaved.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod accreditation;
mod bad_input;
mod calls;
mod certificates;
mod flows;
mod links;
mod losses;
mod operations;
mod redaction;
mod replies;
mod requests;
mod resume;
mod support;
mod tolerances;
mod users;
mod wait;
mod webhooks;
