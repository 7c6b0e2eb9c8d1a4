//! The faults. Each is data: a script, a set-up, and what has to come of it.
//!
//! The rules that they hold the client to: what provably did not run is repeated for every class;
//! what may have run is repeated for reads and idempotent writes only, and leaves an operation with
//! effects with an unknown outcome; a good status makes it likely that the operation ran.

mod body;
mod connection;
mod download;
mod redirect;
mod retry;
mod timeout;
mod tls;

use crate::fault::Fault;

/// The faults by their group.
pub(crate) fn groups() -> Vec<(&'static str, Vec<Fault>)> {
    vec![
        ("connection", connection::faults()),
        ("retry", retry::faults()),
        ("timeout", timeout::faults()),
        ("body", body::faults()),
        ("download", download::faults()),
        ("tls", tls::faults()),
        ("redirect", redirect::faults()),
    ]
}
