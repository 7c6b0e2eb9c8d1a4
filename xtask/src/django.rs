//! The sandbox beside a live Django REST Framework application, request by request; then the client against it.
//!
//! The application stands in `tests/django` and runs in a virtual environment below `target`. What is
//! asked of it stands in the tests of the sandbox and of the client: this starts both sides.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::error::{Context, Error, Result};
use crate::process::{Run, root};

const APPLICATION: &str = "tests/django";

/// The oldest Python whose ISO dates the sandbox reads.
const OLDEST_PYTHON: &str = "import sys; sys.exit(sys.version_info < (3, 11))";

/// Does both, or says why it cannot.
///
/// # Errors
///
/// When an answer differs or a test fails.
pub(crate) fn run() -> Result<()> {
    match environment() {
        Ok(python) => compare_with(&python),
        Err(error) => {
            eprintln!("notice: skipped: {error}");
            Ok(())
        }
    }
}

/// Compares all answers, a line for each, and runs the client's tests.
///
/// # Errors
///
/// When an answer differs or a test fails, and when the application does not start.
pub(crate) fn compare() -> Result<()> {
    compare_with(&environment()?)
}

fn compare_with(python: &Path) -> Result<()> {
    test(
        python,
        "accredit-sandbox",
        &["--exact", "django::django_answers_the_same"],
    )?;
    // One after the other: they turn knobs that all of them feel.
    test(
        python,
        "accredit-thirdparty",
        &["--test-threads=1", "django::"],
    )
}

/// Runs tests of a crate beside an application of their own.
fn test(python: &Path, package: &str, which: &[&str]) -> Result<()> {
    let (application, address) = Application::start(python)?;
    let what = ["test", "--locked", "--package", package, "--test", "it"];
    let how = ["--", "--nocapture"];
    let tested = Run::cargo(what.iter().chain(&how).chain(which))?
        .variable("ACCREDIT_DJANGO", address)
        .checked();
    drop(application);
    tested
}

/// Makes sure of the virtual environment with the pinned packages, and gives its Python.
///
/// # Errors
///
/// When there is no Python, or the packages cannot be had.
pub(crate) fn environment() -> Result<PathBuf> {
    let folder = root()?.join("target/django");
    let python = folder.join("bin/python");
    if !Run::new("python3", ["-c", OLDEST_PYTHON])?.succeeds() {
        return Err(Error::new("there is no Python 3.11 or later"));
    }
    if !python.exists() {
        eprintln!("The Python packages of {APPLICATION} are missing; installing them.");
        let folder = folder.to_string_lossy();
        Run::new("python3", ["-m", "venv", "--clear", &folder])?
            .output()
            .context("no virtual environment (package python3-venv)")?;
    }
    // Says nothing and asks nobody when they are there already.
    let pip = python.to_string_lossy();
    let requirements = format!("{APPLICATION}/requirements.txt");
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
        &requirements,
    ];
    Run::new(&pip, install)?
        .output()
        .context("the Python packages cannot be had")?;
    Ok(python)
}

/// The application while it runs; it ends with its standard input.
struct Application {
    child: Child,
}

impl Application {
    /// Starts it and waits for the address that it prints.
    fn start(python: &Path) -> Result<(Self, String)> {
        let mut child = Command::new(python)
            .arg("serve.py")
            .current_dir(root()?.join(APPLICATION))
            // No compiled files among the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What it logs about each request that it refuses would drown the table.
            .stderr(Stdio::null())
            .spawn()
            .context("the application did not start")?;
        let output = child.stdout.take();
        let application = Self { child };
        let mut line = String::new();
        if let Some(output) = output {
            BufReader::new(output).read_line(&mut line)?;
        }
        let ready: serde_json::Value =
            serde_json::from_str(&line).context("the application did not start")?;
        let address = ready.get("address").and_then(serde_json::Value::as_str);
        let address = address.ok_or_else(|| Error::new("the application named no address"))?;
        Ok((application, address.to_owned()))
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // Whether it ended well does not matter any more.
        let _ = self.child.wait();
    }
}
