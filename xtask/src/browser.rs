//! The sandbox's pages in a real browser: starts chromedriver and runs the walks of its tests.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::error::{Context, Error, Result};
use crate::process::{Run, root};

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
    let driver = Driver::start()?;
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
    .variable("SANDBOX_WEBDRIVER", &driver.address);
    if screenshots {
        walks = walks.variable("SANDBOX_SCREENSHOTS", root()?.join("docs/screenshots"));
    }
    walks.checked()
}

/// A running driver; it ends with this value.
struct Driver {
    process: Child,
    address: String,
}

impl Driver {
    fn start() -> Result<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("chromedriver")?;
        let output = process.stdout.take();
        let mut driver = Self {
            process,
            address: String::new(),
        };
        let output = output.ok_or_else(|| Error::new("chromedriver has no output"))?;
        for line in BufReader::new(output).lines() {
            let line = line.context("chromedriver")?;
            if let Some((_, port)) = line.split_once(STARTED) {
                driver.address = format!("127.0.0.1:{}", port.trim_end_matches('.'));
                return Ok(driver);
            }
        }
        Err(Error::new("chromedriver ended before it listened"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // It has ended already, or ends now.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
