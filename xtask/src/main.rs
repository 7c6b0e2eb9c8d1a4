//! Chores of this workspace: `cargo xtask <chore>`.
//!
//! Depends on no crate of the workspace, so that it builds when they do not.

mod browser;
mod budget;
mod ci;
mod codegen;
mod coverage;
mod django;
mod error;
mod faults;
mod http;
mod lint;
mod prism;
mod process;
mod proofs;
mod providers;
mod sandbox;
mod schemathesis;
mod server;
mod simulate;
mod tools;
mod wasm;

use std::process::ExitCode;

use error::Result;
use schemathesis::Schemathesis;
use simulate::Simulate;

const USAGE: &str = "\
Chores of this workspace.

Usage: cargo xtask <chore>

Chores:
  codegen [--check]  write the generated files from spec/; with --check, fail when one is stale
  coverage [--check] write the table of what every operation has (tests, snapshots, examples); fails when
                     a cell is empty, and with --check when the table is stale
  lint               check layers, file sizes, module docs, manifests and the other house rules
  ci                 everything that CI checks, in its order; installs the tools that are missing
  django             compare the sandbox with a live Django REST Framework application, request by request, and
                     run the client against that
  faults             run the transport against every fault and print the outcomes by class of operation
  simulate           run the transport through 100,000 random fault schedules, or through [--schedules N]
                     from [--seed S]; a single schedule is shown step by step
  providers          shake hands with each choice of crypto providers and protocols, in programs of their own
  browser            walk through the sandbox's pages with Chromium; [--screenshots] renews docs/screenshots
  proofs             run the tests of what is promised at the sizes that are promised (minutes)
  prism              run the demo through validating proxies made of the sandbox's OpenAPI documents; [--bench]
                     measures the sandbox beside Prism's mock server instead
  schemathesis       have Schemathesis try the sandbox by its OpenAPI documents, [--examples N] for each operation
                     from [--seed S]
  wasm               check that the crates which promise it build for wasm32-unknown-unknown
  budget             measure the clean build of accredit-models against its budget (a few minutes)

Exit codes: 0 done, 1 a check failed or a chore broke down, 2 not understood.
";

/// A chore, as asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chore {
    Browser { screenshots: bool },
    Budget,
    Ci,
    Codegen { check: bool },
    Coverage { check: bool },
    Django,
    Faults,
    Help,
    Lint,
    Prism { bench: bool },
    Proofs,
    Providers,
    Schemathesis(Schemathesis),
    Simulate(Simulate),
    Wasm,
}

impl Chore {
    /// Reads the arguments; `None` where they say nothing that we know.
    fn parse(arguments: &[&str]) -> Option<Self> {
        match arguments {
            ["browser"] => Some(Self::Browser { screenshots: false }),
            ["browser", "--screenshots"] => Some(Self::Browser { screenshots: true }),
            ["budget"] => Some(Self::Budget),
            ["ci"] => Some(Self::Ci),
            ["codegen"] => Some(Self::Codegen { check: false }),
            ["codegen", "--check"] => Some(Self::Codegen { check: true }),
            ["coverage"] => Some(Self::Coverage { check: false }),
            ["coverage", "--check"] => Some(Self::Coverage { check: true }),
            ["django"] => Some(Self::Django),
            ["faults"] => Some(Self::Faults),
            ["help" | "--help" | "-h"] => Some(Self::Help),
            ["lint"] => Some(Self::Lint),
            ["prism"] => Some(Self::Prism { bench: false }),
            ["prism", "--bench"] => Some(Self::Prism { bench: true }),
            ["proofs"] => Some(Self::Proofs),
            ["providers"] => Some(Self::Providers),
            ["schemathesis", flags @ ..] => Schemathesis::parse(flags).map(Self::Schemathesis),
            ["simulate", flags @ ..] => Simulate::parse(flags).map(Self::Simulate),
            ["wasm"] => Some(Self::Wasm),
            _ => None,
        }
    }

    fn run(self) -> Result<()> {
        match self {
            Self::Browser { screenshots } => browser::run(screenshots),
            Self::Budget => budget::run(),
            Self::Ci => ci::run(),
            Self::Codegen { check } => codegen::run(check),
            Self::Coverage { check } => coverage::run(check),
            Self::Django => django::run(),
            Self::Faults => faults::run(),
            Self::Help => {
                print!("{USAGE}");
                Ok(())
            }
            Self::Lint => lint::run(),
            Self::Prism { bench } => prism::run(bench),
            Self::Proofs => proofs::run(),
            Self::Providers => providers::run(),
            Self::Schemathesis(asked) => asked.run(),
            Self::Simulate(asked) => asked.run(),
            Self::Wasm => wasm::run(),
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let Some(chore) = Chore::parse(&arguments) else {
        eprint!("{USAGE}");
        return ExitCode::from(2);
    };
    match chore.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_chores_are_read() {
        assert_eq!(
            Chore::parse(&["codegen"]),
            Some(Chore::Codegen { check: false })
        );
        assert_eq!(
            Chore::parse(&["codegen", "--check"]),
            Some(Chore::Codegen { check: true })
        );
        assert_eq!(Chore::parse(&["lint"]), Some(Chore::Lint));
    }

    #[test]
    fn misspelt_chores_and_flags_are_refused() {
        for arguments in [
            &[][..],
            &["lnit"],
            &["codegen", "--chek"],
            &["lint", "--check"],
        ] {
            assert_eq!(Chore::parse(arguments), None, "{arguments:?}");
        }
    }

    #[test]
    fn usage_and_contributing_name_every_chore() {
        let root = process::root().unwrap();
        let contributing = std::fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
        for chore in [
            "browser",
            "budget",
            "ci",
            "codegen",
            "coverage",
            "django",
            "faults",
            "lint",
            "prism",
            "proofs",
            "providers",
            "schemathesis",
            "simulate",
            "wasm",
        ] {
            assert!(USAGE.contains(&format!("\n  {chore} ")), "{chore}");
            let row = format!("\n| `cargo xtask {chore}");
            assert!(contributing.contains(&row), "{chore}");
        }
    }
}
