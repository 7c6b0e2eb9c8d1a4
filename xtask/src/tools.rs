//! The tools that the chores need beyond cargo: finds them, and installs what is missing after
//! saying so.
//!
//! Uses rustup, the crate registry and, for `pdftotext`, Python and Node in `.ci/run`, apt; never another
//! source. The Python packages are those of `tests/django/environment.py` and of
//! [`crate::schemathesis`], the npm packages [`crate::prism`]'s.

use std::path::Path;
use std::time::Instant;

use crate::error::{Context, Error, Result};
use crate::process::Run;

/// The version of cargo-deny that the checks are written for; it builds with the pinned toolchain.
const CARGO_DENY: &str = "0.20.2";

/// How cargo-deny is built: its own profile (fat LTO, one codegen unit) takes many times as long to
/// build, and the checks of this workspace last a second either way.
const CARGO_DENY_PROFILE: &[(&str, &str)] = &[
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
];

/// Makes sure that a target of the pinned toolchain is there.
pub(crate) fn target(name: &str) -> Result<()> {
    // Asked of the compiler, not of rustup: a toolchain of another origin may have it too.
    let sysroot = Run::new("rustc", ["--print", "sysroot"])?.output()?;
    let library = Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(name)
        .join("lib");
    if library.is_dir() {
        return Ok(());
    }
    eprintln!("The target {name} is missing; installing it.");
    Run::new("rustup", ["target", "add", name])?.checked()
}

/// Makes sure that a component of the pinned toolchain is there, judged by its cargo command.
pub(crate) fn component(name: &str, command: &str) -> Result<()> {
    if Run::cargo([command, "--version"])?.succeeds() {
        return Ok(());
    }
    eprintln!("The component {name} is missing; installing it.");
    Run::new("rustup", ["component", "add", name])?.checked()
}

/// Makes sure of the oldest toolchain that the libraries promise, and gives its name.
pub(crate) fn oldest_toolchain() -> Result<String> {
    let metadata =
        Run::cargo(["metadata", "--locked", "--no-deps", "--format-version", "1"])?.output()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let packages = metadata
        .get("packages")
        .and_then(serde_json::Value::as_array);
    let stated = packages
        .into_iter()
        .flatten()
        .find_map(|package| package.get("rust_version")?.as_str().map(str::to_owned))
        .ok_or_else(|| Error::new("no package states its rust-version"))?;
    if !Run::new("rustup", ["run", &stated, "rustc", "--version"])?.succeeds() {
        eprintln!("The toolchain {stated} is missing; installing it.");
        Run::new(
            "rustup",
            ["toolchain", "install", &stated, "--profile", "minimal"],
        )?
        .checked()?;
    }
    Ok(stated)
}

/// Makes sure that cargo-deny is there, in the version that the checks are written for.
pub(crate) fn cargo_deny() -> Result<()> {
    let version = Run::cargo(["deny", "--version"])?.output();
    if version.is_ok_and(|found| found.trim() == format!("cargo-deny {CARGO_DENY}")) {
        return Ok(());
    }
    eprintln!("cargo-deny {CARGO_DENY} is missing; installing it from the crate registry.");
    let start = Instant::now();
    let arguments = [
        "install",
        "cargo-deny",
        "--locked",
        "--force",
        "--version",
        CARGO_DENY,
    ];
    let mut install = Run::cargo(arguments)?;
    for (name, value) in CARGO_DENY_PROFILE {
        install = install.variable(name, value);
    }
    install.checked().context("installing cargo-deny")?;
    eprintln!("cargo-deny was built in {} s.", start.elapsed().as_secs());
    Ok(())
}
