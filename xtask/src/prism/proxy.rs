//! Prism itself: installed below the target folder, run as a validating proxy or as a mock server.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::log::{Seen, is_call};
use crate::error::{Context, Error, Result};
use crate::http::Call;
use crate::process::{Run, root};
use crate::server::Server;

/// Where its version is pinned, with those of all that it needs.
const FOLDER: &str = "tests/prism";
const PINS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// What it says once it listens.
const LISTENING: &str = "Prism is listening on http://";
/// In neither document, and no page of the sandbox.
const MARK: &str = "/the-end-of-what-is-read";

const PATIENCE: Duration = Duration::from_secs(120);

/// Makes sure of it in a folder of its own and gives its program.
///
/// # Errors
///
/// When there is no Node that runs it, or its packages cannot be had.
pub(super) fn install(folder: &Path) -> Result<PathBuf> {
    let program = folder.join("node_modules/.bin/prism");
    let stamp = folder.join("installed.txt");
    let mut wanted = String::new();
    std::fs::create_dir_all(folder).context(folder.display())?;
    for name in PINS {
        let pin = root()?.join(FOLDER).join(name);
        wanted += &std::fs::read_to_string(&pin).context(pin.display())?;
        std::fs::copy(&pin, folder.join(name)).context(pin.display())?;
    }
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    eprintln!("The npm packages of {FOLDER} are missing; installing them.");
    // No script of a package is run.
    Run::new("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"])?
        .folder(folder)
        .output()?;
    std::fs::write(&stamp, wanted).context(stamp.display())?;
    Ok(program)
}

/// A running validating proxy.
pub(super) struct Proxy {
    server: Server,
    pub(super) address: String,
}

impl Proxy {
    /// Starts it between a free port and the server at `upstream`. Without `--errors`, so that a violation ends nothing and
    /// all of them are told.
    pub(super) fn start(program: &Path, document: &Path, upstream: &str) -> Result<Self> {
        let document = document.display().to_string();
        let arguments = ["proxy", &document, upstream, "--port", "0"];
        let server = Server::start(Run::new(&program.display().to_string(), arguments)?)?;
        let address = server.wait_for(|line| {
            let (_, address) = line.split_once(LISTENING)?;
            Some(address.trim().to_owned())
        })?;
        Ok(Self { server, address })
    }

    /// What went through since the last reading, of calls that are answered.
    pub(super) fn seen(&self) -> Result<Seen> {
        // Prism writes its log some time after an answer, but in order: once this call is in it, all earlier ones are.
        Call::get(MARK).send(&self.address)?;
        let mut lines = Vec::new();
        self.server.wait_for(|line| {
            let end = is_call(line, MARK);
            lines.push(line.to_owned());
            end.then_some(())
        })?;
        lines.pop();
        Ok(Seen::read(&lines))
    }
}

/// A running mock server.
pub(super) struct Mock {
    _server: Server,
    pub(super) address: String,
}

impl Mock {
    /// Starts it without a log, which would cost it a fifth of its speed and more.
    pub(super) fn start(program: &Path, document: &Path) -> Result<Self> {
        // It tells its port in the log only.
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let (document, port) = (document.display().to_string(), port.to_string());
        let arguments = [
            "mock",
            &document,
            "--port",
            &port,
            "--verboseLevel",
            "silent",
        ];
        let server = Server::start(Run::new(&program.display().to_string(), arguments)?)?;
        let address = format!("127.0.0.1:{port}");
        let deadline = Instant::now() + PATIENCE;
        while Call::get(MARK).send(&address).is_err() {
            if Instant::now() > deadline {
                return Err(Error::new("prism mock does not listen"));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(Self {
            _server: server,
            address,
        })
    }
}
