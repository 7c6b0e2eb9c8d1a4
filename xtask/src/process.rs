//! Runs commands for the chores: says what is run, from the root of the workspace, and checks how it
//! ended.
//!
//! Never goes through a shell.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::error::{Context, Error, Result};

/// The root of the workspace.
pub(crate) fn root() -> Result<PathBuf> {
    // Cargo sets it at run time as well; the compiled-in value would go stale when the tree moves.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .ok_or_else(|| Error::new("run it as `cargo xtask`: CARGO_MANIFEST_DIR is not set"))?;
    let folder = Path::new(&manifest);
    folder
        .parent()
        .map(Path::to_path_buf)
        .ok_or_else(|| Error::new(format!("{} has no parent", folder.display())))
}

/// Where cargo builds.
pub(crate) fn target() -> Result<PathBuf> {
    let metadata =
        Run::cargo(["metadata", "--locked", "--no-deps", "--format-version", "1"])?.output()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata.get("target_directory");
    let target = target.and_then(serde_json::Value::as_str);
    Ok(PathBuf::from(target.ok_or_else(|| {
        Error::new("cargo names no target directory")
    })?))
}

/// A command to run.
pub(crate) struct Run {
    command: Command,
    shown: String,
    quiet: bool,
}

impl Run {
    /// A command with its arguments, to be run in the root of the workspace.
    pub(crate) fn new<A: AsRef<OsStr>>(
        program: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Result<Self> {
        let mut command = Command::new(program);
        command.current_dir(root()?);
        let run = Self {
            command,
            shown: program.to_owned(),
            quiet: false,
        };
        Ok(run.arguments(arguments))
    }

    /// Adds arguments.
    pub(crate) fn arguments<A: AsRef<OsStr>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        for argument in arguments {
            self.shown.push(' ');
            self.shown.push_str(&argument.as_ref().to_string_lossy());
            self.command.arg(argument);
        }
        self
    }

    /// Adds arguments that are not shown.
    pub(crate) fn hidden_arguments<A: AsRef<OsStr>>(
        mut self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        self.command.args(arguments);
        self
    }

    /// Has [`started`](Self::started) say nothing, and the command nothing on standard error.
    pub(crate) fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// Cargo, of the toolchain that this workspace pins.
    pub(crate) fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Self> {
        Self::new("cargo", arguments)
    }

    /// Runs it in another folder.
    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.shown = format!("{name}={} {}", value.as_ref().to_string_lossy(), self.shown);
        self.command.env(name, value);
        self
    }

    /// Sets a variable of its environment that is not shown.
    pub(crate) fn hidden_variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Tells tests that nothing which they look for may be missing: what they would skip, fails.
    pub(crate) fn in_ci(self) -> Self {
        self.variable("CI", "true")
    }

    /// Takes a variable out of its environment.
    pub(crate) fn without_variable(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Says what is run and runs it, its output being ours.
    ///
    /// # Errors
    ///
    /// When it cannot be started or does not end with 0.
    pub(crate) fn checked(mut self) -> Result<()> {
        eprintln!("$ {self}");
        let status = self.command.status().context(&self.shown)?;
        if status.success() {
            Ok(())
        } else {
            Err(Error::new(format!("{self}: {status}")))
        }
    }

    /// Says what is run and starts it, its standard output being piped.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(crate) fn started(mut self) -> Result<Child> {
        if self.quiet {
            self.command.stderr(Stdio::null());
        } else {
            eprintln!("$ {self}");
        }
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context(&self.shown)
    }

    /// Runs it silently; whether it could be started and ended with 0.
    pub(crate) fn succeeds(mut self) -> bool {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Runs it silently and gives its standard output.
    ///
    /// # Errors
    ///
    /// When it cannot be started, does not end with 0 (with its standard error), or does not print
    /// UTF-8.
    pub(crate) fn output(mut self) -> Result<String> {
        let output = self
            .command
            .stdin(Stdio::null())
            .output()
            .context(&self.shown)?;
        if !output.status.success() {
            let reason = String::from_utf8_lossy(&output.stderr);
            return Err(Error::new(format!(
                "{self}: {}\n{}",
                output.status,
                reason.trim_end()
            )));
        }
        String::from_utf8(output.stdout).context(&self.shown)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_its_reason() {
        let error = Run::cargo(["no-such-command"])
            .unwrap()
            .output()
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("cargo no-such-command: exit status: 101\n"),
            "{error}"
        );
        assert!(error.contains("no such command"), "{error}");
    }

    #[test]
    fn variables_are_shown() {
        let run = Run::cargo(["doc"])
            .unwrap()
            .variable("RUSTDOCFLAGS", "-D warnings");
        assert_eq!(run.to_string(), "RUSTDOCFLAGS=-D warnings cargo doc");
    }

    #[test]
    fn output_is_captured() {
        assert!(
            Run::cargo(["--version"])
                .unwrap()
                .output()
                .unwrap()
                .starts_with("cargo ")
        );
        assert!(!Run::new("no-such-program", [""; 0]).unwrap().succeeds());
    }
}
