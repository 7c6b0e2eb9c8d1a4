//! The promise that the types, and the clients without their connector, build for browsers and
//! other hosts of WebAssembly.
//!
//! Checks, never runs: nothing here needs a WebAssembly runtime.

use crate::error::Result;
use crate::process::Run;

/// The target that is promised.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// What is checked, each apart: in one run, a feature that one crate enables would hide that another
/// one forgot it.
const CHECKS: &[&[&str]] = &[
    &["--package", "accredit-models"],
    &["--package", "accredit-transport", "--no-default-features"],
    &["--package", "accredit-thirdparty", "--no-default-features"],
    &[
        "--package",
        "accredit-verifyinvestor",
        "--no-default-features",
    ],
];

/// Checks every crate that makes the promise.
///
/// # Errors
///
/// When one does not build, or the target is missing and cannot be installed.
pub(crate) fn run() -> Result<()> {
    crate::tools::target(TARGET)?;
    for check in CHECKS {
        let arguments = ["check", "--locked", "--target", TARGET].into_iter();
        Run::cargo(arguments.chain(check.iter().copied()))?.checked()?;
    }
    Ok(())
}
