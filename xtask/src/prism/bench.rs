//! `cargo xtask prism --bench`: the sandbox beside Prism's mock server, and what it takes to start and to run.
//!
//! Everything in one run, on the release build; the peers take turns. Wants wrk, Linux and a machine that has no other work.

use std::fmt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::document;
use super::proxy::Mock;
use crate::error::{Context, Error, Result};
use crate::http::Call;
use crate::process::Run;
use crate::sandbox::{self, Profile, Sandbox};

/// The past of a sandbox under load.
const SCALE: [&str; 2] = ["--scale", "100"];
const STARTS: usize = 30;
const START_LIMIT_US: u64 = 20_000;
const IDLE_LIMIT_KIB: u64 = 16 * 1024;
/// Flat: what the allocator may still take between the tenth and the thirtieth second.
const GROWTH_LIMIT_KIB: u64 = 1024;
const SIZE_LIMIT_BYTES: u64 = 25_000_000;
const TURNS: usize = 5;
const TURN_SECONDS: u64 = 4;
/// How many times the requests of Prism.
const PEER_LIMIT: u64 = 5;

/// Measures, prints and judges.
///
/// # Errors
///
/// When a limit is broken, and when something could not be measured.
pub(super) fn run(tool: &Path, folder: &Path) -> Result<()> {
    if !Run::new("sh", ["-c", "command -v wrk"])?.succeeds() {
        return Err(Error::new("there is no wrk (Debian's package wrk)"));
    }
    let program = sandbox::build(Profile::Release)?;
    let size = std::fs::metadata(&program)?.len();
    let mut rows = vec![Row::at_most(
        "size of the binary, bytes",
        size,
        SIZE_LIMIT_BYTES,
    )];
    rows.extend(starts(&program)?);
    rows.extend(memory(&program)?);
    rows.extend(peers(&program, tool, folder)?);
    for row in &rows {
        println!("{row}");
    }
    let broken = rows.iter().filter(|row| !row.ok).count();
    if broken > 0 {
        return Err(Error::new(format!("{broken} limits are broken")));
    }
    Ok(())
}

/// From exec to the end of the first answer, which is one of the API's.
fn starts(program: &Path) -> Result<[Row; 2]> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let command = Sandbox::command(program, &[])?.quiet();
        let start = Instant::now();
        let sandbox = Sandbox::run(command)?;
        let token = format!("Token {}", sandbox.field("/verifyinvestor/api_token")?);
        let call = Call::get("/api/v1").header("Authorization", &token);
        call.send(sandbox.address()?)?.json()?;
        times.push(u64::try_from(start.elapsed().as_micros())?);
    }
    let longest = times.iter().copied().max().unwrap_or(u64::MAX);
    let what = "first 200 after exec, µs";
    Ok([
        Row::at_most(
            &format!("{what}, median of {STARTS}"),
            median(times)?,
            START_LIMIT_US,
        ),
        Row::at_most(
            &format!("{what}, longest of {STARTS}"),
            longest,
            START_LIMIT_US,
        ),
    ])
}

/// Resident memory at rest, and how much more it gets under load.
fn memory(program: &Path) -> Result<[Row; 3]> {
    let idle = Sandbox::start(program, &[])?;
    thread::sleep(Duration::from_secs(1));
    let rest = resident(&idle)?;
    drop(idle);
    let sandbox = Sandbox::start(program, &SCALE)?;
    let load = Load::of(&sandbox)?;
    load.run(sandbox.address()?, 10)?;
    let after_10 = resident(&sandbox)?;
    load.run(sandbox.address()?, 20)?;
    let after_30 = resident(&sandbox)?;
    Ok([
        Row::at_most("resident at rest, KiB", rest, IDLE_LIMIT_KIB),
        Row::told("resident after 10 s of load, KiB", after_10),
        Row::at_most(
            &format!("growth from there to 30 s ({after_30}), KiB"),
            after_30.saturating_sub(after_10),
            GROWTH_LIMIT_KIB,
        ),
    ])
}

fn resident(sandbox: &Sandbox) -> Result<u64> {
    let file = format!("/proc/{}/status", sandbox.server.id());
    let status = std::fs::read_to_string(&file).context(&file)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let size = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    size.ok_or_else(|| Error::new(format!("{file} has no VmRSS")))
}

/// The same call to both in turns: one investment by its id.
fn peers(program: &Path, tool: &Path, folder: &Path) -> Result<[Row; 3]> {
    let sandbox = Sandbox::start(program, &SCALE)?;
    let load = Load::of(&sandbox)?;
    let mock = Mock::start(tool, &document("thirdparty", &sandbox, folder)?)?;
    let mut rates = [Vec::new(), Vec::new()];
    for turn in 0..=TURNS {
        for (rates, address) in rates.iter_mut().zip([sandbox.address()?, &mock.address]) {
            let rate = load.run(address, TURN_SECONDS)?;
            // The first turn warms up.
            if turn > 0 {
                rates.push(rate);
            }
        }
    }
    let [ours, theirs] = rates;
    let (ours, theirs) = (median(ours)?, median(theirs)?);
    Ok([
        Row::told("an investment by id, requests/s: prism mock", theirs),
        Row::told("an investment by id, requests/s: sandbox", ours),
        Row::at_least(
            "times the requests/s of prism mock",
            ours / theirs.max(1),
            PEER_LIMIT,
        ),
    ])
}

/// Retrieves one investment over and over.
struct Load {
    path: String,
    authorization: String,
}

impl Load {
    /// Logs in and takes the first investment.
    fn of(sandbox: &Sandbox) -> Result<Self> {
        let address = sandbox.address()?;
        let login = super::login(sandbox)?.send(address)?.json()?;
        let token = login.get("token").and_then(serde_json::Value::as_str);
        let token = token.ok_or_else(|| Error::new("the login gave no token"))?;
        let authorization = format!("Token {token}");
        let page = Call::get("/api_third_party/investments/?page_size=1");
        let page = page
            .header("Authorization", &authorization)
            .send(address)?
            .json()?;
        let id = page.pointer("/results/0/id");
        let id = id.ok_or_else(|| Error::new("the sandbox has no investment"))?;
        Ok(Self {
            path: format!("/api_third_party/investments/{id}/"),
            authorization,
        })
    }

    /// Requests per second, each answered with 200.
    fn run(&self, address: &str, seconds: u64) -> Result<u64> {
        let call = Call::get(&*self.path).header("Authorization", &self.authorization);
        call.send(address)?.json()?;
        let wrk = Run::new("wrk", ["-t1", "-c16", &format!("-d{seconds}s")])?
            .hidden_arguments(["-H", &format!("Authorization: {}", self.authorization)])
            .arguments([format!("http://{address}{}", self.path)]);
        rate(&wrk.output()?)
    }
}

/// Reads what wrk prints.
fn rate(report: &str) -> Result<u64> {
    let trouble = report
        .lines()
        .find(|line| line.contains("Non-2xx or 3xx responses:") || line.contains("Socket errors:"));
    if let Some(trouble) = trouble {
        return Err(Error::new(format!("wrk: {}", trouble.trim())));
    }
    let rate = report.lines().find_map(|line| {
        let (whole, _) = line.strip_prefix("Requests/sec:")?.trim().split_once('.')?;
        whole.parse().ok()
    });
    rate.ok_or_else(|| Error::new("wrk told no rate"))
}

fn median(mut figures: Vec<u64>) -> Result<u64> {
    figures.sort_unstable();
    let middle = figures.get(figures.len() / 2).copied();
    middle.ok_or_else(|| Error::new("nothing was measured"))
}

/// A figure and what it may be.
struct Row {
    what: String,
    figure: u64,
    limit: String,
    ok: bool,
}

impl Row {
    fn at_most(what: &str, figure: u64, limit: u64) -> Self {
        Self {
            what: what.to_owned(),
            figure,
            limit: format!("<= {limit}"),
            ok: figure <= limit,
        }
    }

    fn at_least(what: &str, figure: u64, limit: u64) -> Self {
        Self {
            what: what.to_owned(),
            figure,
            limit: format!(">= {limit}"),
            ok: figure >= limit,
        }
    }

    /// A figure that other rows are made of.
    fn told(what: &str, figure: u64) -> Self {
        Self {
            what: what.to_owned(),
            figure,
            limit: String::new(),
            ok: true,
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            figure,
            limit,
            ok,
        } = self;
        let verdict = match (limit.is_empty(), ok) {
            (true, _) => "",
            (_, true) => "ok",
            (_, false) => "BROKEN",
        };
        write!(f, "{what:<44} {figure:>10}  {limit:<11}  {verdict}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_counts_only_when_every_answer_was_good() {
        let good =
            "Running 3s test\n  512 requests in 3.00s, 1.2MB read\nRequests/sec:  19345.67\n";
        assert_eq!(rate(good).unwrap(), 19_345);
        let refused = format!("  Non-2xx or 3xx responses: 5\n{good}");
        assert_eq!(
            rate(&refused).unwrap_err().to_string(),
            "wrk: Non-2xx or 3xx responses: 5"
        );
        assert!(rate(&format!("  Socket errors: connect 1\n{good}")).is_err());
        assert!(rate("").is_err());
    }

    #[test]
    fn limits_hold_at_their_own_figure_and_break_beyond() {
        assert!(Row::at_most("", 5, 5).ok && Row::at_least("", 5, 5).ok);
        let broken = [Row::at_most("", 6, 5), Row::at_least("", 4, 5)];
        assert!(
            broken
                .iter()
                .all(|row| !row.ok && row.to_string().ends_with("BROKEN"))
        );
        assert!(median(Vec::new()).is_err());
        assert_eq!(median(vec![9, 1, 5]).unwrap(), 5);
    }
}
