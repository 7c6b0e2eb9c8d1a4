//! `cargo xtask schemathesis`: a foreign tool makes up calls from the two OpenAPI documents of the
//! sandbox and checks every answer against them.
//!
//! The tool lives in a virtual environment below the target folder, in the versions that
//! `tests/schemathesis` pins, together with what it has to know and which checks are off, and why.
//! Where it cannot be had the chore says so and ends well: it checks the sandbox, not the machine.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Context, Result};
use crate::process::{Run, root, target};
use crate::sandbox::{self, Profile, Sandbox};

/// Where its settings stand.
const FOLDER: &str = "tests/schemathesis";

/// How much to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schemathesis {
    examples: u32,
    seed: u32,
    phases: &'static str,
}

impl Schemathesis {
    /// What CI tries: less than a minute.
    pub(crate) const PROMISED: Self = Self {
        examples: 8,
        seed: 1,
        phases: "fuzzing,stateful",
    };

    /// What is tried unless told otherwise: more than 20,000 calls.
    const FULL: Self = Self {
        examples: 240,
        seed: 1,
        phases: "coverage,fuzzing,stateful",
    };

    /// Reads `[--examples N] [--seed S]`.
    pub(crate) fn parse(flags: &[&str]) -> Option<Self> {
        let mut asked = Self::FULL;
        for pair in flags.chunks(2) {
            match pair {
                ["--examples", count] => {
                    asked.examples = count.parse().ok().filter(|count| *count > 0)?;
                }
                ["--seed", seed] => asked.seed = seed.parse().ok()?,
                _ => return None,
            }
        }
        Some(asked)
    }

    /// Starts a sandbox for each document and tries its calls.
    ///
    /// # Errors
    ///
    /// When a check fails, or the sandbox cannot be built or started.
    pub(crate) fn run(self) -> Result<()> {
        let root = root()?;
        let target = target()?;
        let tool = match install(&root, &target.join("schemathesis")) {
            Ok(tool) => tool,
            Err(error) => {
                eprintln!("notice: skipped, Schemathesis cannot be had here: {error}");
                return Ok(());
            }
        };
        let program = sandbox::build(Profile::Dev)?;
        let mut totals = (0, 0);
        for service in ["thirdparty", "verifyinvestor"] {
            let report = target.join(format!("schemathesis-{service}.json"));
            // Lenient: the tool sends on purpose what a strict sandbox would name.
            let sandbox = Sandbox::start(&program, &["--scale", "100"])?;
            let run = self.tool(&tool, service, &sandbox, &report)?.checked();
            drop(sandbox);
            let report = std::fs::read_to_string(&report).context(report.display())?;
            let report: Value = serde_json::from_str(&report)?;
            let count = |name: &str| {
                let count = report.pointer(&format!("/test_cases/{name}"));
                count.and_then(Value::as_u64).unwrap_or_default()
            };
            let (tried, failed) = (count("generated"), count("with_failures"));
            println!("{service}: {tried} cases, {failed} failures");
            totals = (totals.0 + tried, totals.1 + failed);
            run?;
        }
        println!("in all: {} cases, {} failures", totals.0, totals.1);
        Ok(())
    }

    fn tool(self, tool: &Path, service: &str, sandbox: &Sandbox, report: &Path) -> Result<Run> {
        let folder = root()?.join(FOLDER);
        let url = sandbox.url()?;
        let arguments = [
            "--no-color".to_owned(),
            "--config-file".to_owned(),
            folder.join(format!("{service}.toml")).display().to_string(),
            "run".to_owned(),
            format!("{url}/_sandbox/openapi/{service}.json"),
            format!("--max-examples={}", self.examples),
            format!("--seed={}", self.seed),
            format!("--phases={}", self.phases),
            "--continue-on-failure".to_owned(),
            "--no-shrink".to_owned(),
            // What it says of data that is missing or never accepted: only some of its calls can hit.
            "--warnings=off".to_owned(),
            "--report=json".to_owned(),
            format!("--report-json-path={}", report.display()),
        ];
        Ok(Run::new(&tool.display().to_string(), arguments)?
            // Whatever it leaves behind stays out of the tree.
            .folder(tool.parent().unwrap_or(tool))
            .variable("SCHEMATHESIS_HOOKS", "hooks")
            .variable("PYTHONPATH", &folder)
            .variable("PYTHONDONTWRITEBYTECODE", "1")
            .hidden_variable("SANDBOX", &sandbox.ready))
    }
}

/// Makes sure of the tool in its own environment and gives its program.
fn install(root: &Path, folder: &Path) -> Result<PathBuf> {
    let packages = root.join(FOLDER).join("packages.txt");
    let wanted = std::fs::read_to_string(&packages).context(packages.display())?;
    let stamp = folder.join("installed.txt");
    let scripts = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let program = scripts.join("schemathesis");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(program);
    }
    let environment = folder.display().to_string();
    Run::new("python3", ["-m", "venv", "--clear", &environment])?.output()?;
    let pip = scripts.join("pip").display().to_string();
    let install = [
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--only-binary=:all:",
        "--requirement",
    ];
    let packages = packages.display().to_string();
    Run::new(&pip, install.into_iter().chain([packages.as_str()]))?.output()?;
    std::fs::write(&stamp, wanted).context(stamp.display())?;
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_and_others_refused() {
        assert_eq!(Schemathesis::parse(&[]), Some(Schemathesis::FULL));
        let asked = Schemathesis::parse(&["--seed", "7", "--examples", "2"]);
        assert_eq!(
            asked,
            Some(Schemathesis {
                examples: 2,
                seed: 7,
                ..Schemathesis::FULL
            })
        );
        for flags in [
            &["--examples"][..],
            &["--examples", "0"],
            &["--examples", "x"],
            &["--speed", "1"],
        ] {
            assert_eq!(Schemathesis::parse(flags), None, "{flags:?}");
        }
    }
}
