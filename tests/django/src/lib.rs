//! Starts the Django REST Framework application of this folder for a test: each test has a process of its own, which ends
//! with the test, however that ends.
//!
//! Says why a test is skipped. Installs nothing: `environment.py` does that.

#![allow(clippy::panic, reason = "nothing but tests uses this")]

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;

/// The application while it runs.
#[derive(Debug)]
pub struct Application {
    child: Child,
    /// It ends with its standard input, so that it does not outlive a test that is killed.
    input: Option<ChildStdin>,
    address: String,
}

impl Application {
    /// Starts one, with an empty database.
    ///
    /// `None` where Python or its packages cannot be had, after a line on standard error that says so.
    ///
    /// # Panics
    ///
    /// When it does not start. Where `CI` is set, nothing may be missing either.
    #[must_use]
    pub fn start() -> Option<Self> {
        match python() {
            Ok(python) => Some(Self::start_with(python)),
            Err(reason) if std::env::var_os("CI").is_some() => {
                panic!("CI is set, and the application cannot run: {reason}")
            }
            Err(reason) => {
                // Past the harness, which shows nothing of tests that pass.
                let _ = writeln!(io::stderr(), "NOTICE: skipped: no live Django: {reason}");
                None
            }
        }
    }

    /// Where it listens: an address of the loopback interface with its port.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    fn start_with(python: &str) -> Self {
        let mut child = Command::new(python)
            .arg("serve.py")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            // No compiled files among the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{python}: {error}"));
        let input = child.stdin.take();
        let line = child.stdout.take().map(first_line).unwrap_or_default();
        let application = |address: &str| Self {
            address: address.to_owned(),
            child,
            input,
        };
        match line.split_once(' ') {
            Some(("ready", address)) => application(address),
            _ => panic!("the application did not start: {line:?}"),
        }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        drop(self.input.take());
        // Whether it ended well does not matter any more, and a test does not wait for what hangs.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The Python that has the packages, looked for once; or why there is none.
fn python() -> Result<&'static str, &'static str> {
    static PYTHON: OnceLock<Result<String, String>> = OnceLock::new();
    let found = PYTHON.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("environment.py");
        let mut child = Command::new("python3")
            .arg(script)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("no python3: {error}"))?;
        let line = child.stdout.take().map(first_line).unwrap_or_default();
        let ended = child.wait();
        match line.split_once(' ') {
            Some(("python", path)) => Ok(path.to_owned()),
            Some(("missing", reason)) => Err(reason.to_owned()),
            _ => panic!("environment.py: {ended:?}, {line:?}"),
        }
    });
    found.as_deref().map_err(String::as_str)
}

fn first_line(output: impl io::Read) -> String {
    let mut line = String::new();
    match BufReader::new(output).read_line(&mut line) {
        Ok(_) => line.trim_end().to_owned(),
        Err(error) => panic!("what it prints cannot be read: {error}"),
    }
}
