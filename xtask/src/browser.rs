//! The sandbox's pages in a real browser: starts chromedriver and runs the walks of its tests.

use crate::error::Result;
use crate::process::{Run, root};
use crate::server::Server;

/// What the driver says once it listens.
const STARTED: &str = "started successfully on port ";

/// Runs the walks; with `screenshots` they leave pictures in `docs/screenshots`.
///
/// Where there is no browser or driver, it says so and does nothing.
///
/// # Errors
///
/// When the driver does not start, or a walk fails.
pub(crate) fn run(screenshots: bool) -> Result<()> {
    let there = |program| Run::new(program, ["--version"]).is_ok_and(Run::succeeds);
    if !there("chromedriver") || !(there("chromium") || there("google-chrome")) {
        eprintln!(
            "skipped: there is no chromedriver with its Chromium (packages chromium and chromium-driver)"
        );
        return Ok(());
    }
    let driver = Server::start(Run::new("chromedriver", ["--port=0"])?)?;
    let address = driver.wait_for(|line| {
        let (_, port) = line.split_once(STARTED)?;
        Some(format!("127.0.0.1:{}", port.trim_end_matches('.')))
    })?;
    let mut walks = Run::cargo([
        "test",
        "--locked",
        "--package",
        "accredit-sandbox",
        "--test",
        "it",
        "--",
        "--nocapture",
        "--test-threads=1",
        "--exact",
        "browser::an_investor_walks_through_every_page_without_javascript",
        "browser::a_developer_sees_and_moves_everything_on_the_inspector",
    ])?
    .variable("SANDBOX_WEBDRIVER", address);
    if screenshots {
        walks = walks.variable("SANDBOX_SCREENSHOTS", root()?.join("docs/screenshots"));
    }
    walks.checked()
}
