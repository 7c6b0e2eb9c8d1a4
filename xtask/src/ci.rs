//! Everything that CI checks, in order: the same here as on a developer's machine.
//!
//! Stops at the first step that fails, and ends with what each step took. Uses no network beyond
//! the registries of crates, Python and npm packages and rustup; so the database of security advisories is not consulted here.

use std::fmt;
use std::time::{Duration, Instant};

use crate::error::Result;
use crate::process::Run;
use crate::schemathesis::Schemathesis;
use crate::simulate::Simulate;
use crate::{
    browser, budget, codegen, coverage, django, lint, prism, proofs, providers, tools, wasm,
};

/// One thing that is checked.
struct Step {
    name: &'static str,
    run: fn() -> Result<()>,
}

/// What is checked: the cheap steps first, so that a slip is told within seconds.
const STEPS: &[Step] = &[
    Step {
        name: "tools",
        run: tools,
    },
    Step {
        name: "fmt",
        run: fmt,
    },
    Step {
        name: "codegen",
        run: || codegen::run(true),
    },
    Step {
        name: "coverage",
        run: || coverage::run(true),
    },
    Step {
        name: "lint",
        run: lint::run,
    },
    Step {
        name: "deny",
        run: deny,
    },
    Step {
        name: "weight",
        run: budget::weight,
    },
    Step {
        name: "clippy",
        run: clippy,
    },
    Step {
        name: "test",
        run: test,
    },
    Step {
        name: "proofs",
        run: proofs::run,
    },
    Step {
        name: "simulate",
        run: || Simulate::PROMISED.run(),
    },
    Step {
        name: "schemathesis",
        run: || Schemathesis::PROMISED.run(),
    },
    Step {
        name: "prism",
        run: || prism::run(false),
    },
    Step {
        name: "providers",
        run: providers::run,
    },
    Step {
        name: "browser",
        run: || browser::run(false),
    },
    Step {
        name: "oldest",
        run: oldest,
    },
    Step {
        name: "doc",
        run: doc,
    },
    Step {
        name: "wasm",
        run: wasm::run,
    },
];

/// Runs the steps.
///
/// # Errors
///
/// That of the first step that fails.
pub(crate) fn run() -> Result<()> {
    let (report, result) = run_steps(STEPS);
    eprint!("\n{report}");
    result
}

/// Runs the steps up to the first that fails, and reports on all of them.
fn run_steps(steps: &[Step]) -> (Report, Result<()>) {
    let mut report = Report { rows: Vec::new() };
    let mut result = Ok(());
    for step in steps {
        if result.is_err() {
            report
                .rows
                .push((step.name, Outcome::NotRun, Duration::ZERO));
            continue;
        }
        eprintln!("\n=== {} ===", step.name);
        let start = Instant::now();
        result = (step.run)().map_err(|error| error.context(step.name));
        let outcome = if result.is_ok() {
            Outcome::Passed
        } else {
            Outcome::Failed
        };
        report.rows.push((step.name, outcome, start.elapsed()));
    }
    (report, result)
}

/// Installs what is missing first, so that its time is not taken for that of a check.
fn tools() -> Result<()> {
    tools::component("rustfmt", "fmt")?;
    tools::component("clippy", "clippy")?;
    tools::target(wasm::TARGET)?;
    tools::cargo_deny()?;
    django::environment()
}

fn fmt() -> Result<()> {
    Run::cargo(["fmt", "--all", "--check"])?.checked()?;
    // Workspaces of their own.
    for manifest in [providers::MANIFEST, "bench/Cargo.toml"] {
        Run::cargo(["fmt", "--all", "--check", "--manifest-path", manifest])?.checked()?;
    }
    Ok(())
}

fn deny() -> Result<()> {
    eprintln!(
        "notice: security advisories are not checked: their database is no part of the crate registry"
    );
    Run::cargo(["deny", "--locked", "check", "bans", "licenses", "sources"])?.checked()
}

fn clippy() -> Result<()> {
    let what = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--all-features",
    ];
    Run::cargo(what.into_iter().chain(["--", "-D", "warnings"]))?.checked()
}

/// Unit tests, integration tests, the examples of the documentation, and the memory budgets.
fn test() -> Result<()> {
    Run::cargo(["test", "--locked", "--workspace"])?
        .in_ci()
        .checked()?;
    // What the transport has behind features, and the rest of it with all of them on.
    Run::cargo([
        "test",
        "--locked",
        "--package",
        "accredit-transport",
        "--all-features",
    ])?
    .checked()?;
    // Against a PostgreSQL server of its own.
    Run::cargo([
        "test",
        "--locked",
        "--package",
        "accredit-inbox",
        "--all-features",
    ])?
    .in_ci()
    .checked()?;
    // Of the whole workspace, though few crates have it: alone, their dependencies would be built once more.
    Run::cargo(["test", "--locked", "--workspace", "--bench", "heap"])?.checked()
}

/// The libraries under the oldest compiler that they promise.
fn oldest() -> Result<()> {
    let oldest = tools::oldest_toolchain()?;
    let build = [
        "run",
        &oldest,
        "cargo",
        "check",
        "--locked",
        "--package",
        "accredit",
        // All that has code of ours; the other crypto provider has none.
        "--features",
        "inbox-postgres,blocking,gzip,http2,webhooks-axum",
    ];
    // A variable that chooses the toolchain would be inherited by the inner cargo.
    Run::new("rustup", build)?
        .without_variable("RUSTUP_TOOLCHAIN")
        .checked()
}

fn doc() -> Result<()> {
    let build = [
        "doc",
        "--locked",
        "--workspace",
        "--no-deps",
        "--all-features",
    ];
    Run::cargo(build)?
        .variable("RUSTDOCFLAGS", "-D warnings")
        .checked()
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Failed,
    NotRun,
    Passed,
}

/// What became of each step, and how long it took.
struct Report {
    rows: Vec<(&'static str, Outcome, Duration)>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<12} {:<8} {:>9}", "step", "result", "time")?;
        for (name, outcome, time) in &self.rows {
            let (word, time) = match outcome {
                Outcome::Failed => ("FAILED", seconds(*time)),
                Outcome::NotRun => ("not run", String::new()),
                Outcome::Passed => ("ok", seconds(*time)),
            };
            writeln!(f, "{name:<12} {word:<8} {time:>9}")?;
        }
        let total = self.rows.iter().map(|(_, _, time)| *time).sum();
        writeln!(f, "{:<12} {:<8} {:>9}", "total", "", seconds(total))
    }
}

/// Seconds with one digit behind the point.
pub(crate) fn seconds(time: Duration) -> String {
    let tenths = time.as_millis() / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn the_first_failure_ends_the_run_and_the_table_shows_it() {
        let steps = [
            Step {
                name: "one",
                run: || Ok(()),
            },
            Step {
                name: "two",
                run: || Err(Error::new("broken")),
            },
            Step {
                name: "three",
                run: || Err(Error::new("never run")),
            },
        ];
        let (report, result) = run_steps(&steps);
        assert_eq!(result.unwrap_err().to_string(), "two: broken");
        let outcomes: Vec<_> = report
            .rows
            .iter()
            .map(|(name, outcome, _)| (*name, *outcome))
            .collect();
        let expected = [
            ("one", Outcome::Passed),
            ("two", Outcome::Failed),
            ("three", Outcome::NotRun),
        ];
        assert_eq!(outcomes, expected);
    }

    #[test]
    fn the_table_lines_up() {
        let rows = vec![
            ("fmt", Outcome::Passed, Duration::from_millis(1_260)),
            ("clippy", Outcome::Failed, Duration::from_secs(100)),
            ("test", Outcome::NotRun, Duration::ZERO),
        ];
        assert_eq!(
            Report { rows }.to_string(),
            "\
step         result        time
fmt          ok           1.2 s
clippy       FAILED     100.0 s
test         not run           
total                   101.2 s
"
        );
    }
}
