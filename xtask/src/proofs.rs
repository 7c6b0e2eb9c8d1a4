//! What is promised, at the size that is promised: tests that every run of the tests makes at a small size, with the lines
//! that they print.
//!
//! Builds nothing anew after the tests: it takes their binaries. The memory of 100,000 investments is no part of it: the bench
//! of that has one size, and CI runs it with the tests.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::process::{Run, root};

/// A test of a crate's `tests/it`, and the variable that makes it as large as is promised.
struct Proof {
    /// Below `crates`.
    folder: &'static str,
    test: &'static str,
    size: (&'static str, &'static str),
    /// How the tests build it.
    features: &'static [&'static str],
}

/// As part of the whole workspace.
const DEFAULT: &[&str] = &["--workspace"];
const INBOX: &[&str] = &["--package", "accredit-inbox", "--all-features"];

const PROOFS: &[Proof] = &[
    Proof {
        folder: "verifyinvestor",
        test: "webhooks::forgeries::random_forgeries_are_refused",
        size: ("ACCREDIT_FORGERIES", "1000000"),
        features: DEFAULT,
    },
    Proof {
        folder: "thirdparty",
        test: "reconcile::faults::no_write_is_lost_or_made_twice_under_random_faults",
        size: ("ACCREDIT_RECONCILE_ROUNDS", "528"),
        features: DEFAULT,
    },
    Proof {
        folder: "sandbox",
        test: "crash::every_acknowledged_write_survives_a_kill",
        size: ("ACCREDIT_SANDBOX_KILLS", "200"),
        features: DEFAULT,
    },
    Proof {
        folder: "inbox",
        test: "killed::killed_receivers_lose_nothing_on_sqlite",
        size: ("ACCREDIT_INBOX_FULL", "1"),
        features: INBOX,
    },
    Proof {
        folder: "inbox",
        test: "killed::four_receivers_killed_at_random_lose_nothing_on_postgres",
        size: ("ACCREDIT_INBOX_FULL", "1"),
        features: INBOX,
    },
];

/// Runs them, one after the other.
///
/// # Errors
///
/// That of the first that fails.
pub(crate) fn run() -> Result<()> {
    for features in [DEFAULT, INBOX] {
        let built = build(features)?;
        for proof in PROOFS.iter().filter(|proof| proof.features == features) {
            proof.run(&built)?;
        }
    }
    Ok(())
}

/// What cargo says of each test binary that it builds.
fn build(features: &[&str]) -> Result<Vec<Value>> {
    let build = ["test", "--locked", "--no-run", "--message-format", "json"];
    let messages = Run::cargo(build.iter().chain(features))?.output()?;
    let messages = messages.lines().map(serde_json::from_str);
    Ok(messages.collect::<Result<_, _>>()?)
}

impl Proof {
    fn run(&self, built: &[Value]) -> Result<()> {
        let folder = root()?.join("crates").join(self.folder);
        let (name, size) = self.size;
        Run::new(&self.binary(built, &folder)?, ["--exact", "--nocapture"])?
            .arguments([self.test])
            .folder(&folder)
            .variable(name, size)
            .in_ci()
            .checked()
    }

    fn binary(&self, built: &[Value], folder: &Path) -> Result<String> {
        let text = |message: &Value, place| Some(message.pointer(place)?.as_str()?.to_owned());
        let manifest = folder.join("Cargo.toml");
        built
            .iter()
            .filter(|message| text(message, "/target/name").as_deref() == Some("it"))
            .filter(|message| {
                text(message, "/manifest_path").map(PathBuf::from) == Some(manifest.clone())
            })
            .find_map(|message| text(message, "/executable"))
            .ok_or_else(|| Error::new(format!("cargo built no tests of {}", folder.display())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test of another name does not run, and one with another variable stays small: neither fails.
    #[test]
    fn the_tests_and_their_variables_have_these_names() {
        for proof in PROOFS {
            let (module, name) = proof.test.rsplit_once("::").unwrap();
            let folder = root().unwrap().join("crates").join(proof.folder);
            let file = folder.join(format!("tests/it/{}.rs", module.replace("::", "/")));
            let text = std::fs::read_to_string(file).unwrap();
            assert!(text.contains(&format!("fn {name}()")), "{name}");
            assert!(text.contains(&format!("\"{}\"", proof.size.0)), "{name}");
        }
    }
}
