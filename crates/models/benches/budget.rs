//! The decoding budgets of speed, J1 and J2: instructions and time of a list of 100 investments, as ratios to plain derived
//! types decoded with `from_slice` in the same run. Exits 1 when one is broken.
//!
//! `cargo bench -p accredit-models --bench budget`
//!
//! Instructions come from this binary run under `valgrind --tool=cachegrind`, as the difference of two run lengths, so that
//! start-up cancels out; without valgrind that line is skipped and says so.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_types
)]

use std::{
    env,
    hint::black_box,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use accredit_models::{Page, Reply, thirdparty};

#[allow(dead_code)]
mod plain;

const LIST: &[u8] = include_bytes!("../tests/pages/list_100.json");
const ITEMS: f64 = 100.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["repeat", what, times] = arguments.as_slice() {
        for _ in 0..times.parse::<u32>().unwrap() {
            decode(what);
        }
        return ExitCode::SUCCESS;
    }
    let mut broken = 0;
    let mut check = |name: &str, value: f64, limit: f64| {
        let verdict = if value <= limit { "ok" } else { "BROKEN" };
        broken += u32::from(value > limit);
        println!("{name:<58} {value:>9.3}  limit {limit:>9.3}  {verdict}");
    };
    match (instructions("ours"), instructions("plain")) {
        (Some(ours), Some(plain)) => {
            println!(
                "instructions an item: ours {:.0}, plain {:.0}",
                ours / ITEMS,
                plain / ITEMS
            );
            check("J1 list, instructions / plain", ours / plain, 0.75);
        }
        _ => println!("J1 skipped: valgrind is not installed"),
    }
    check("J2 list, time / plain", time_ratio(), 0.68);
    if broken == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn decode(what: &str) {
    match what {
        "plain" => drop(black_box(
            serde_json::from_slice::<plain::Page<plain::InvestmentSummary>>(black_box(LIST))
                .unwrap(),
        )),
        _ => drop(black_box(
            Page::<thirdparty::InvestmentSummary>::decode(black_box(LIST)).unwrap(),
        )),
    }
}

/// Median of interleaved rounds.
fn time_ratio() -> f64 {
    let time = |what| {
        let start = Instant::now();
        for _ in 0..20 {
            decode(what);
        }
        start.elapsed()
    };
    let mut rounds: Vec<(Duration, Duration)> =
        (0..60).map(|_| (time("ours"), time("plain"))).collect();
    let mut median = |pick: fn(&(Duration, Duration)) -> Duration| {
        rounds.sort_by_key(pick);
        pick(&rounds[rounds.len() / 2]).as_secs_f64()
    };
    let (ours, plain) = (median(|round| round.0), median(|round| round.1));
    println!(
        "time an item: ours {:.0} ns, plain {:.0} ns",
        ours / 20.0 / ITEMS * 1e9,
        plain / 20.0 / ITEMS * 1e9
    );
    ours / plain
}

fn instructions(what: &str) -> Option<f64> {
    let count = |times: u32| -> Option<f64> {
        let done = Command::new("valgrind")
            .args([
                "--tool=cachegrind",
                "--cache-sim=no",
                "--cachegrind-out-file=/dev/null",
            ])
            .arg(env::current_exe().ok()?)
            .args(["repeat", what, &times.to_string()])
            .output()
            .ok()?;
        let report = String::from_utf8_lossy(&done.stderr).into_owned();
        let line = report
            .lines()
            .find(|line| line.contains("I refs") || line.contains("I   refs"))?;
        line.rsplit(' ').next()?.replace(',', "").parse().ok()
    };
    Some((count(30)? - count(10)?) / 20.0)
}
