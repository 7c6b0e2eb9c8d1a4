//! All of 100,000 investments through `items()`: what the process holds at the end is what it held after a tenth of them.
//! Exits 1 when it is not.
//!
//! `cargo bench -p accredit-thirdparty --bench heap`
//!
//! The sandbox runs in a process of its own, which is this program once more, so that its memory is not counted. What is
//! counted is the resident memory of the whole client process, as the system tells it.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_types
)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Instant;

use accredit_sandbox::Sandbox;
use accredit_thirdparty::{Client, Credentials, Environment};

const INVESTMENTS: u32 = 100_000;
const PAGE: u32 = 100;
/// Bytes that a page may leave behind, on the average of the last nine tenths. A page of this size takes 500,000 and more.
const LIMIT: u64 = 2_000;

/// Tells the child what it is.
const ROLE: &str = "ACCREDIT_HEAP_SANDBOX";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    if std::env::var_os(ROLE).is_some() {
        serve().await;
        return ExitCode::SUCCESS;
    }
    if resident().is_none() {
        println!("skipped: this system does not tell the resident memory of a process");
        return ExitCode::SUCCESS;
    }
    let start = Instant::now();
    let mut sandbox = Server::start();
    println!(
        "sandbox with {INVESTMENTS} investments: {:.1?}",
        start.elapsed()
    );
    let verdict = list(&sandbox.address).await;
    sandbox.stop();
    verdict
}

/// Lists everything and holds the memory at the end against that after a tenth.
async fn list(address: &str) -> ExitCode {
    let client = Client::builder(Environment::Sandbox(address.to_owned()))
        .credentials(Credentials::password(
            accredit_sandbox::PARTNER_EMAIL,
            accredit_sandbox::PARTNER_PASSWORD,
        ))
        .build()
        .unwrap();
    let start = Instant::now();
    let list = client.investments().list().page_size(PAGE.into());
    let mut items = list.ordering("id").items();
    let (mut listed, mut last, mut early) = (0_u32, 0, 0);
    while let Some(investment) = items.try_next().await.unwrap() {
        let id = investment.id.get();
        assert!(id > last, "each one once: {id} after {last}");
        last = id;
        listed += 1;
        if listed.is_multiple_of(INVESTMENTS / 10) {
            let now = resident().unwrap();
            println!("{listed:>7} investments: {:>6} KiB resident", now / 1024);
            if early == 0 {
                early = now;
            }
        }
    }
    let late = resident().unwrap();
    assert_eq!(listed, INVESTMENTS, "all of them");
    let pages = u64::from((INVESTMENTS - INVESTMENTS / 10) / PAGE);
    let left = late.saturating_sub(early) / pages;
    println!(
        "{INVESTMENTS} investments in {} pages: {:.1?}",
        INVESTMENTS / PAGE,
        start.elapsed()
    );
    let verdict = if left <= LIMIT { "ok" } else { "BROKEN" };
    println!("bytes that a page leaves behind: {left}, limit {LIMIT}: {verdict}");
    ExitCode::from(u8::from(left > LIMIT))
}

/// The resident memory of this process in bytes; `None` where there is no `/proc`.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// The sandbox's process: serves until its standard input ends.
async fn serve() {
    let sandbox = Sandbox::builder().scale(INVESTMENTS).start().await.unwrap();
    println!("{}", sandbox.base_url());
    let wait = || std::io::stdin().read_to_end(&mut Vec::new());
    tokio::task::spawn_blocking(wait).await.unwrap().unwrap();
}

/// That process, as its parent sees it.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .env(ROLE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        output.read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        assert!(address.starts_with("http://"), "the sandbox did not start");
        Self { process, address }
    }

    fn stop(&mut self) {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success());
    }
}
