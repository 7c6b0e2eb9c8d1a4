//! The fault harness: a scripted server breaks off, stalls, lies and refuses in every way that it
//! knows, against an operation of every class, and the outcome and the number of requests that it
//! saw must be exactly those that the class allows.
//!
//! Without arguments it runs everything and prints the differences; `--matrix` prints the whole table,
//! too; any other argument runs only the faults that have it in their names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod catalogue;
mod drive;
mod expect;
mod fault;
mod late;
mod operations;
mod report;
mod script;
mod self_test;
mod server;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use drive::{Ran, run};
use fault::Fault;
use operations::CLASSES;
use report::Row;

/// The most that a call may come back after its deadline.
const LATE: Duration = Duration::from_millis(20);

/// Fewer faults than this are not what the harness promises.
const FEWEST: usize = 64;

/// What was asked for.
#[derive(Debug, Default)]
struct Arguments {
    list: bool,
    matrix: bool,
    filters: Vec<String>,
}

impl Arguments {
    /// Reads them as a test harness would: what is unknown is not ours and is left alone.
    fn read() -> Self {
        let mut read = Self::default();
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "--list" => read.list = true,
                "--matrix" => read.matrix = true,
                // The name under which it is listed.
                NAME => {}
                flag if flag.starts_with('-') => {}
                filter => read.filters.push(filter.to_owned()),
            }
        }
        read
    }

    fn wants(&self, fault: &Fault) -> bool {
        self.filters.is_empty()
            || self
                .filters
                .iter()
                .any(|filter| fault.name.contains(filter))
    }
}

/// What test runners know this binary's one test by.
const NAME: &str = "every_fault_is_exact";

fn main() -> ExitCode {
    let arguments = Arguments::read();
    if arguments.list {
        // Runners list the ignored tests on their own; there are none.
        if !std::env::args().any(|argument| argument == "--ignored") {
            println!("{NAME}: test");
        }
        return ExitCode::SUCCESS;
    }
    let start = Instant::now();
    let mut problems = self_test::check();
    let groups = catalogue::groups();
    problems.extend(census(&groups));
    let chosen: Vec<(&'static str, &Fault)> = groups
        .iter()
        .flat_map(|(group, faults)| faults.iter().map(|fault| (*group, fault)))
        .filter(|(_, fault)| arguments.wants(fault))
        .collect();
    if chosen.is_empty() && arguments.matrix {
        problems.push("no fault has that in its name".to_owned());
    }
    let rows = run_all(&chosen);
    if arguments.matrix {
        println!("{}", report::matrix(&rows));
    }
    print!("{}", report::differences(&rows));
    let latest = report::latest(&rows);
    if latest.is_some_and(|late| late > LATE) {
        problems.push(format!("a call came back {latest:?} after its deadline"));
    }
    for problem in &problems {
        println!("PROBLEM {problem}");
    }
    let (exact, all) = report::count(&rows);
    println!(
        "faults: {} against {} classes in {:.1?}",
        rows.len(),
        CLASSES.len(),
        start.elapsed()
    );
    println!("latest return after a deadline in virtual time: {latest:.1?}");
    let (late, calls) = late::measure();
    println!("latest return after a deadline in real time: {late:.1?}, of {calls} calls at once");
    println!("exact: {exact} of {all}");
    if exact == all && problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The faults must be as many as promised, and each name must be its own.
fn census(groups: &[(&'static str, Vec<Fault>)]) -> Vec<String> {
    let names: Vec<&str> = groups
        .iter()
        .flat_map(|(_, faults)| faults.iter().map(|fault| fault.name))
        .collect();
    let mut problems = Vec::new();
    if names.len() < FEWEST {
        problems.push(format!("{} faults, fewer than {FEWEST}", names.len()));
    }
    for (place, name) in names.iter().enumerate() {
        if names[..place].contains(name) {
            problems.push(format!("two faults are called {name}"));
        }
    }
    problems
}

/// Runs every fault against every class, several runs at a time: each is alone on its thread.
fn run_all(chosen: &[(&'static str, &Fault)]) -> Vec<Row> {
    let cases: Vec<_> = chosen
        .iter()
        .flat_map(|(_, fault)| CLASSES.map(|class| (*fault, class)))
        .collect();
    let results: Vec<Mutex<Option<Ran>>> = cases.iter().map(|_| Mutex::default()).collect();
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((fault, class)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let place = cases
                        .iter()
                        .position(|case| std::ptr::eq(case.0, *fault) && case.1 == *class)
                        .unwrap();
                    *results[place].lock().unwrap() = Some(run(fault, *class));
                }
            });
        }
    });
    let mut runs = results
        .into_iter()
        .map(|ran| ran.into_inner().unwrap().unwrap());
    chosen
        .iter()
        .map(|(group, fault)| Row {
            group,
            name: fault.name,
            runs: runs.by_ref().take(CLASSES.len()).collect(),
        })
        .collect()
}
