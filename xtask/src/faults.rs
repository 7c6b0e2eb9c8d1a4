//! The fault harness of the transport with its whole matrix: each fault against each class of
//! operations.
//!
//! The harness itself is a test of the transport; `cargo test` runs it, too, and shows only what
//! differs.

use crate::error::Result;
use crate::process::Run;

/// Runs all faults and prints what came of each.
///
/// # Errors
///
/// When an outcome, or the number of requests that the server saw, is not exactly the expected one.
pub(crate) fn run() -> Result<()> {
    let what = [
        "test",
        "--locked",
        "--package",
        "accredit-transport",
        "--test",
        "faults",
        "--",
        "--matrix",
    ];
    Run::cargo(what)?.checked()
}
