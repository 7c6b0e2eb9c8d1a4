//! The sandbox beside a live Django REST Framework application, request by request; then the client against it.
//!
//! The application stands in `tests/django`, and the tests start it themselves: `cargo test` runs them too. This shows what
//! they print, and installs what they need when it is asked to.

use crate::error::{Context, Result};
use crate::process::Run;

/// Compares all answers, a line for each, and runs the client's tests.
///
/// # Errors
///
/// When an answer differs or a test fails.
pub(crate) fn run() -> Result<()> {
    for (package, tests) in [
        ("accredit-sandbox", "django::django_answers_the_same"),
        ("accredit-thirdparty", "django::"),
    ] {
        let test = ["test", "--locked", "--package", package, "--test", "it"];
        let how = ["--", "--nocapture", tests];
        Run::cargo(test.iter().chain(&how))?.checked()?;
    }
    Ok(())
}

/// Makes sure of the virtual environment with the pinned packages.
///
/// # Errors
///
/// When there is no Python, or the packages cannot be had.
pub(crate) fn environment() -> Result<()> {
    Run::new("python3", ["tests/django/environment.py"])?
        .checked()
        .context("the live Django application (package python3-venv)")
}
