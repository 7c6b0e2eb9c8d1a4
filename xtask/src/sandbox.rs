//! The sandbox for the chores that need a running one: the command line is built, and started on a free port.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Context, Error, Result};
use crate::process::Run;
use crate::server::Server;

/// How the command line is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

/// Builds the command line and gives its program.
///
/// # Errors
///
/// When it does not build.
pub(crate) fn build(profile: Profile) -> Result<PathBuf> {
    let mut arguments = vec![
        "build",
        "--locked",
        "--quiet",
        "--package",
        "accredit-cli",
        "--message-format",
        "json",
    ];
    if profile == Profile::Release {
        arguments.push("--release");
    }
    let messages = Run::cargo(arguments)?.output()?;
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| {
            message.pointer("/target/name").and_then(Value::as_str) == Some("accredit")
        })
        .find_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)))
        .ok_or_else(|| Error::new("cargo built no accredit"))
}

/// A sandbox, until it is dropped.
pub(crate) struct Sandbox {
    pub(crate) server: Server,
    /// Its ready line, which says what logs in.
    pub(crate) ready: String,
    fields: Value,
}

impl Sandbox {
    /// Starts one on a free port.
    ///
    /// # Errors
    ///
    /// When it does not start, or does not say where it is.
    pub(crate) fn start(program: &Path, options: &[&str]) -> Result<Self> {
        Self::run(Self::command(program, options)?)
    }

    /// What [`run`](Self::run) runs.
    pub(crate) fn command(program: &Path, options: &[&str]) -> Result<Run> {
        let arguments = ["sandbox", "--listen", "127.0.0.1:0"];
        Run::new(
            &program.display().to_string(),
            arguments.iter().chain(options),
        )
    }

    /// Starts one by its command.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub(crate) fn run(command: Run) -> Result<Self> {
        let server = Server::start(command)?;
        let ready = server.wait_for(|line| Some(line.to_owned()))?;
        let fields = serde_json::from_str(&ready).context("the ready line")?;
        let sandbox = Self {
            server,
            ready,
            fields,
        };
        sandbox.field("/thirdparty/base_url")?;
        Ok(sandbox)
    }

    /// A field of the ready line, by its JSON pointer.
    pub(crate) fn field(&self, pointer: &str) -> Result<&str> {
        let value = self.fields.pointer(pointer).and_then(Value::as_str);
        value.ok_or_else(|| Error::new(format!("the ready line has no {pointer}")))
    }

    /// The base URL of both services.
    pub(crate) fn url(&self) -> Result<&str> {
        self.field("/thirdparty/base_url")
    }

    /// The address and port of both services.
    pub(crate) fn address(&self) -> Result<&str> {
        let url = self.url()?;
        Ok(url.strip_prefix("http://").unwrap_or(url))
    }
}
