//! B1: what a hello-world costs to build: packages, clean dev build, stripped release binary; ours on the facade's default
//! features beside hyper over rustls with ring.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use crate::client::{cargo, checked, folder};
use crate::table::{Row, median, print};

const PACKAGES: f64 = 95.0;
const DEV: f64 = 1.6;
const MEGABYTES: f64 = 4.5;

/// Clean builds of each, interleaved.
const ROUNDS: usize = 5;

pub(crate) fn run() -> io::Result<usize> {
    let names = ["hello-raw", "hello-accredit"];
    let mut packages = Vec::new();
    let mut sizes = Vec::new();
    for name in names {
        let count = packages_of(name)?;
        packages.push(Row::new(name, format!("{count:.0}"), count));
        let size = release_size(name)? / 1e6;
        sizes.push(Row::new(name, format!("{size:.2} MB"), size));
    }
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        rounds.push((dev_build(names[0])?, dev_build(names[1])?));
    }
    let (raw, ours) = rounds.iter().copied().unzip();
    let ratio = median(rounds.iter().map(|(raw, ours)| ours / raw).collect());
    let dev = vec![
        Row::new(names[0], format!("{:.1} s", median(raw)), 1.0),
        Row::new(names[1], format!("{:.1} s", median(ours)), ratio).at_most(DEV),
    ];
    let limit = |rows: Vec<Row>, limit: f64| -> Vec<Row> {
        let ours = |row: Row| {
            if row.name == names[1] {
                row.at_most(limit)
            } else {
                row
            }
        };
        rows.into_iter().map(ours).collect()
    };
    Ok(print(
        "B1: packages of a hello-world",
        "packages",
        &limit(packages, PACKAGES),
    ) + print("B1: its clean dev build", "x raw", &dev)
        + print(
            "B1: its stripped release binary",
            "MB",
            &limit(sizes, MEGABYTES),
        ))
}

/// Normal and build dependencies on this platform, itself included.
fn packages_of(name: &str) -> io::Result<f64> {
    let output = cargo()
        .args([
            "tree",
            "--package",
            name,
            "--edges",
            "normal,build",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    // Cargo marks what it has shown before.
    let names: BTreeSet<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .filter(|line| !line.is_empty())
        .collect();
    u32::try_from(names.len())
        .map(f64::from)
        .map_err(io::Error::other)
}

fn dev_build(name: &str) -> io::Result<f64> {
    let target = fresh(name)?;
    let start = Instant::now();
    checked(
        cargo()
            .args(["build", "--quiet", "--package", name, "--target-dir"])
            .arg(&target)
            // Cargo never builds what comes from a registry incrementally, and ours does for users.
            .env("CARGO_INCREMENTAL", "0"),
    )?;
    Ok(start.elapsed().as_secs_f64())
}

fn release_size(name: &str) -> io::Result<f64> {
    let target = fresh(name)?;
    checked(
        cargo()
            .args([
                "build",
                "--release",
                "--quiet",
                "--package",
                name,
                "--target-dir",
            ])
            .arg(&target)
            .env("CARGO_PROFILE_RELEASE_STRIP", "symbols"),
    )?;
    Ok(fs::metadata(target.join("release").join(name))?.len() as f64)
}

/// An empty target folder.
fn fresh(name: &str) -> io::Result<PathBuf> {
    let target = folder().join("target/hello").join(name);
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    Ok(target)
}
