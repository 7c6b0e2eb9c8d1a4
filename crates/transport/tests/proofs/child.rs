//! Runs one test of this binary in a process of its own, for what is per process: environment,
//! memory, open files.

use std::process::{Command, Output};

/// Says to a test that it is the child, and with what.
const ARGUMENT: &str = "PROOFS_CHILD";

/// What the parent said to this process; `None` in the parent itself.
pub(crate) fn argument() -> Option<String> {
    std::env::var(ARGUMENT).ok()
}

/// Runs a test by its full name; `environment` on top of ours. Servers of this thread go on.
///
/// # Panics
///
/// When the child fails, with all that it said.
pub(crate) async fn run(test: &str, argument: &str, environment: &[(String, String)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(ARGUMENT, argument)
        .env("RUST_BACKTRACE", "0")
        .envs(environment.iter().cloned());
    let ended = tokio::task::spawn_blocking(move || command.output());
    let Output {
        status,
        stdout,
        stderr,
    } = ended.await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&stdout).into_owned();
    let complained = String::from_utf8_lossy(&stderr);
    assert!(
        status.success(),
        "{test} {argument}: {status}\n{said}\n{complained}"
    );
    // Also those that a runtime catches.
    assert!(
        !complained.contains("panicked"),
        "{test} {argument}: {complained}"
    );
    assert!(said.contains("1 passed"), "{test} is no test: {said}");
    said
}
