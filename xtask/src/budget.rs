//! The build budget of the models: what a project pays that wants only the types.
//!
//! Measured against a hello-world on hyper and rustls, built in turns with it on the same machine;
//! only the ratio means anything. Builds in a temporary folder, never in the workspace's own target.

mod hello;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::ci::seconds;
use crate::error::{Context, Error, Result};
use crate::process::{self, Run};

const PACKAGE: &str = "accredit-models";

/// The most packages that `cargo tree -p accredit-models -e normal` may name, itself included.
const PACKAGES: usize = 32;

/// The most that the clean build may take, in hundredths of the hello-world's.
const RATIO: u128 = 80;

/// Builds of each, in turns; the medians are compared.
const ROUNDS: usize = 3;

/// Measures, prints, and judges.
///
/// # Errors
///
/// When a limit is exceeded, or something does not build.
pub(crate) fn run() -> Result<()> {
    weight()?;

    if let Some(load) = load().filter(|load| is_busy(load)) {
        eprintln!("notice: the machine is busy (load {load}); the ratio will mean little");
    }
    let folder = Folder::create()?;
    Run::cargo(["fetch", "--locked"])?.checked()?;
    let hello = hello::write(&process::root()?, &folder.0)?;

    let mut times = Times::default();
    for round in 1..=ROUNDS {
        times.ours.push(build(
            &process::root()?,
            &["--package", PACKAGE],
            &folder.0,
        )?);
        times.theirs.push(build(&hello, &[], &folder.0)?);
        let [ours, theirs] = [&times.ours, &times.theirs].map(|times| shown(times.last()));
        println!("round {round}: {PACKAGE} {ours}, hello-world {theirs}");
    }
    let ratio = times
        .ratio()
        .ok_or_else(|| Error::new("the hello-world took no time"))?;
    let [ours, theirs] = [&times.ours, &times.theirs].map(|times| shown(median(times).as_ref()));
    println!("median:  {PACKAGE} {ours}, hello-world {theirs}");
    println!(
        "ratio:   {} (at most {})",
        hundredths(ratio),
        hundredths(RATIO)
    );
    judge(0, ratio)
}

/// The part of the budget that needs no clock: how many packages a user of the models builds.
///
/// # Errors
///
/// When there are too many.
pub(crate) fn weight() -> Result<()> {
    let packages = count_packages(&tree()?);
    println!("{PACKAGE}: {packages} packages with itself (at most {PACKAGES})");
    judge(packages, 0)
}

/// How many processes wanted to run during the last minute, where the system says so.
fn load() -> Option<String> {
    let averages = std::fs::read_to_string("/proc/loadavg").ok()?;
    averages.split(' ').next().map(str::to_owned)
}

/// Whether others build too.
fn is_busy(load: &str) -> bool {
    load.split('.')
        .next()
        .and_then(|whole| whole.parse().ok())
        .is_some_and(|whole: u32| whole > 0)
}

/// The budget itself.
fn judge(packages: usize, ratio: u128) -> Result<()> {
    let mut excess = Vec::new();
    if packages > PACKAGES {
        excess.push(format!("{packages} packages, {PACKAGES} are allowed"));
    }
    if ratio > RATIO {
        let [ratio, allowed] = [ratio, RATIO].map(hundredths);
        excess.push(format!(
            "{ratio} of the hello-world's build, {allowed} are allowed"
        ));
    }
    if excess.is_empty() {
        Ok(())
    } else {
        Err(Error::new(excess.join("; ")))
    }
}

/// Every package that a user of the models builds, one a line.
fn tree() -> Result<String> {
    let what = [
        "tree",
        "--locked",
        "--package",
        PACKAGE,
        "--edges",
        "normal",
        "--prefix",
        "none",
    ];
    Run::cargo(what)?.output()
}

/// How many packages a tree without its branches names, each once.
fn count_packages(tree: &str) -> usize {
    let lines = tree.lines().filter(|line| !line.is_empty());
    // Behind name and version stand the source and the mark of what was shown before.
    let packages = lines.map(|line| line.split(' ').take(2).collect::<Vec<_>>());
    packages.collect::<BTreeSet<_>>().len()
}

/// Builds from nothing and says how long it took.
fn build(sources: &Path, what: &[&str], temporary: &Path) -> Result<Duration> {
    let target = temporary.join("target");
    if target.exists() {
        std::fs::remove_dir_all(&target).context("emptying the temporary target folder")?;
    }
    let mut build = Run::cargo(
        ["build", "--quiet", "--locked", "--offline"]
            .iter()
            .chain(what),
    )?
    .folder(sources)
    .variable("CARGO_TARGET_DIR", &target);
    // What would make the builds unlike those of a user, or share work between them.
    for name in [
        "CARGO_INCREMENTAL",
        "RUSTC_WRAPPER",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        build = build.without_variable(name);
    }
    let start = Instant::now();
    build.checked()?;
    Ok(start.elapsed())
}

/// How long the builds took, round by round.
#[derive(Default)]
struct Times {
    ours: Vec<Duration>,
    theirs: Vec<Duration>,
}

impl Times {
    /// The ratio of the medians in hundredths, rounded up so that no excess is rounded away.
    fn ratio(&self) -> Option<u128> {
        let ours = median(&self.ours)?.as_micros();
        let theirs = median(&self.theirs)?.as_micros();
        (theirs > 0).then(|| (ours * 100).div_ceil(theirs))
    }
}

fn median(times: &[Duration]) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied()
}

fn shown(time: Option<&Duration>) -> String {
    time.map_or_else(String::new, |time| seconds(*time))
}

fn hundredths(number: u128) -> String {
    format!("{}.{:02}", number / 100, number % 100)
}

/// A temporary folder, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn create() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("accredit-budget-{}", std::process::id()));
        std::fs::create_dir(&path).context(format!("creating {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("warning: {} stays: {error}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_count_once() {
        let tree = "\
accredit-models v0.1.0 (/src/crates/models)
serde v1.0.0
serde_derive v1.0.0 (proc-macro)
syn v2.0.0
syn v3.0.0

serde v1.0.0 (*)
serde_derive v1.0.0 (proc-macro) (*)
";
        assert_eq!(count_packages(tree), 5);
    }

    #[test]
    fn the_ratio_is_of_medians() {
        let seconds = |list: [u64; 3]| list.map(Duration::from_secs).to_vec();
        let times = Times {
            ours: seconds([8, 7, 90]),
            theirs: seconds([10, 1, 12]),
        };
        assert_eq!(times.ratio(), Some(80));
        assert_eq!(Times::default().ratio(), None);
    }

    #[test]
    fn a_busy_machine_is_told_apart() {
        assert!(is_busy("1.41"));
        assert!(!is_busy("0.93"));
        assert!(!is_busy(""));
    }

    #[test]
    fn excess_is_refused() {
        assert!(judge(PACKAGES, RATIO).is_ok());
        assert_eq!(
            judge(33, 80).unwrap_err().to_string(),
            "33 packages, 32 are allowed"
        );
        assert_eq!(
            judge(32, 81).unwrap_err().to_string(),
            "0.81 of the hello-world's build, 0.80 are allowed"
        );
    }
}
