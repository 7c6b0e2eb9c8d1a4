//! The clients as processes: built, started, asked, counted.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A client of the table. Each is a package of its own, so that it is built with its own features and nobody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Hyper,
    /// Our transport.
    Accredit,
    /// Our client of one API, over that transport.
    Thirdparty,
    Kube,
    Octocrab,
    Reqwest,
    Ureq,
}

impl Peer {
    /// Those that get bytes.
    pub(crate) const RAW: [Self; 6] = [
        Self::Hyper,
        Self::Accredit,
        Self::Kube,
        Self::Octocrab,
        Self::Reqwest,
        Self::Ureq,
    ];

    /// Those that get typed lists.
    pub(crate) const TYPED: [Self; 6] = [
        Self::Hyper,
        Self::Thirdparty,
        Self::Kube,
        Self::Octocrab,
        Self::Reqwest,
        Self::Ureq,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hyper => "hyper",
            Self::Accredit => "accredit",
            Self::Thirdparty => "thirdparty",
            Self::Kube => "kube",
            Self::Octocrab => "octocrab",
            Self::Reqwest => "reqwest",
            Self::Ureq => "ureq",
        }
    }

    fn binary(self) -> PathBuf {
        folder()
            .join("target/release")
            .join(format!("client-{}", self.name()))
    }

    /// Builds the client as its users would: default release profile, no other package in the graph.
    pub(crate) fn build(self) -> io::Result<()> {
        let package = format!("client-{}", self.name());
        checked(cargo().args(["build", "--release", "--quiet", "--package", &package]))
    }
}

/// Where this workspace stands.
pub(crate) fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.current_dir(folder());
    command
}

pub(crate) fn checked(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{command:?}: {status}")))
    }
}

/// The server, in a process of its own. Ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) base: String,
}

impl Server {
    pub(crate) fn start() -> io::Result<Self> {
        let mut process = pinned(1, std::env::current_exe()?)
            .arg("server")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process
            .stdout
            .take()
            .ok_or_else(|| io::Error::other("no output"))?;
        let mut base = String::new();
        BufReader::new(output).read_line(&mut base)?;
        Ok(Self {
            process,
            base: base.trim().to_owned(),
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// A program on one core: server and client do not wander, and do not share.
fn pinned(core: usize, program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]).arg(program);
    command
}

/// What some rounds of work took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    pub(crate) nanoseconds: f64,
    pub(crate) allocations: f64,
}

/// A running client.
pub(crate) struct Client {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Client {
    /// Starts a client on core 0.
    pub(crate) fn start(peer: Peer, server: &Server, work: &str) -> io::Result<Self> {
        Self::spawn(pinned(0, peer.binary()), server, work)
    }

    /// Starts a client with both cores.
    pub(crate) fn start_free(peer: Peer, server: &Server, work: &str) -> io::Result<Self> {
        Self::spawn(Command::new(peer.binary()), server, work)
    }

    fn spawn(mut command: Command, server: &Server, work: &str) -> io::Result<Self> {
        let mut process = command
            .args([&server.base, work])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(io::Error::other("no pipes"));
        };
        Ok(Self {
            process,
            input: Some(input),
            output: BufReader::new(output),
        })
    }

    /// Does the work this often.
    pub(crate) fn run(&mut self, times: u32) -> io::Result<Took> {
        let input = self
            .input
            .as_mut()
            .ok_or_else(|| io::Error::other("the client is gone"))?;
        writeln!(input, "{times}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let mut numbers = line
            .split_whitespace()
            .map(|word| word.parse().unwrap_or(f64::NAN));
        match (numbers.next(), numbers.next()) {
            (Some(nanoseconds), Some(allocations)) => Ok(Took {
                nanoseconds,
                allocations,
            }),
            _ => Err(io::Error::other("the client gave no answer")),
        }
    }

    /// Its largest resident size so far, in bytes.
    pub(crate) fn peak_memory(&self) -> io::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes: Option<f64> =
            line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        kilobytes
            .map(|k| k * 1024.0)
            .ok_or_else(|| io::Error::other("no VmHWM"))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.process.wait();
    }
}

/// Counts something of one unit of work with a tool around the client: the difference of a long and a short run, so that
/// start-up cancels out. `read` finds the count of a whole run in what the tool printed.
pub(crate) fn per_unit(
    tool: &[&str],
    peer: Peer,
    server: &Server,
    work: &str,
    (short, long): (u32, u32),
    read: fn(&str) -> Option<f64>,
) -> io::Result<f64> {
    let count = |times: u32| {
        let [program, arguments @ ..] = tool else {
            return Err(io::Error::other("no tool"));
        };
        let mut process = Command::new(program)
            .args(arguments)
            .arg(peer.binary())
            .args([&server.base, work])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = process.stdin.take() {
            writeln!(input, "{times}")?;
        }
        let output = process.wait_with_output()?;
        let report = String::from_utf8_lossy(&output.stderr);
        match read(&report) {
            Some(count) if output.status.success() => Ok(count),
            _ => Err(io::Error::other(format!(
                "{program} of {}: {report}",
                peer.name()
            ))),
        }
    };
    Ok((count(long)? - count(short)?) / f64::from(long - short))
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
