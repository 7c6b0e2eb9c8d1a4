//! Programs that a chore starts and talks to: what they print, and their end, which is that of the value.
//!
//! Knows none of them.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::process::Run;

/// How long a program may take to say what is waited for, on a machine that has other work.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running program; it ends with this value.
pub(crate) struct Server {
    process: Child,
    /// Read all the time: a program whose output nobody takes stands still.
    lines: Receiver<String>,
    shown: String,
}

impl Server {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub(crate) fn start(run: Run) -> Result<Self> {
        let shown = run.to_string();
        let mut process = run.started()?;
        let output = process.stdout.take();
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in output
                .into_iter()
                .flat_map(|output| BufReader::new(output).split(b'\n'))
            {
                let Ok(line) = line else { break };
                if sender
                    .send(String::from_utf8_lossy(&line).into_owned())
                    .is_err()
                {
                    break;
                }
            }
        });
        Ok(Self {
            process,
            lines,
            shown,
        })
    }

    /// Takes its lines up to the first of which `find` makes something, and gives that.
    ///
    /// # Errors
    ///
    /// When it ends before it prints one, or prints none for two minutes.
    pub(crate) fn wait_for<T>(&self, mut find: impl FnMut(&str) -> Option<T>) -> Result<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left).map_err(|_| {
                Error::new(format!(
                    "{}: it ended, or did not say what was waited for",
                    self.shown
                ))
            })?;
            if let Some(found) = find(&line) {
                return Ok(found);
            }
        }
    }

    /// The number of its process.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_up_to_what_is_waited_for() {
        let server = Server::start(Run::cargo(["--version", "--verbose"]).unwrap()).unwrap();
        let release = server.wait_for(|line| line.strip_prefix("release: ").map(str::to_owned));
        assert!(!release.unwrap().is_empty());
        let error = server.wait_for(|line| line.strip_prefix("release: ").map(str::to_owned));
        let error = error.unwrap_err().to_string();
        assert!(
            error.starts_with("cargo --version --verbose: it ended"),
            "{error}"
        );
    }
}
