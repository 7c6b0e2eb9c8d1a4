//! The yardstick of the build budget: writes the package of a small client on hyper and rustls, in the
//! versions that this workspace uses.
//!
//! Lean, as such a client is usually written: one protocol, one crypto provider, the default runtime. A
//! richer one would build longer and make the budget easier to keep.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use crate::error::{Context, Error, Result};
use crate::process::Run;

/// What it does: one GET, whole and usable.
const SOURCE: &str = include_str!("hello_world.rs");

const NAME: &str = "hello-world";

/// What it depends on, with the features of each.
const DEPENDENCIES: &[(&str, &[&str])] = &[
    ("http-body-util", &[]),
    ("hyper", &["client", "http1"]),
    (
        "hyper-rustls",
        &["http1", "logging", "ring", "tls12", "webpki-roots"],
    ),
    ("hyper-util", &["client-legacy", "http1", "tokio"]),
    ("tokio", &["macros", "rt-multi-thread"]),
];

/// Writes the package below `temporary`, downloads what it needs, and gives its folder.
pub(super) fn write(workspace: &Path, temporary: &Path) -> Result<PathBuf> {
    let root = read(&workspace.join("Cargo.toml"))?;
    let lock = read(&workspace.join("Cargo.lock"))?;
    let folder = temporary.join(NAME);
    std::fs::create_dir_all(folder.join("src")).context("creating the hello-world")?;
    for (path, text) in [
        ("Cargo.toml", &manifest(&root)?),
        ("Cargo.lock", &lock),
        ("src/main.rs", &SOURCE.into()),
    ] {
        std::fs::write(folder.join(path), text).context(format!("writing its {path}"))?;
    }
    // Without a connection where everything is here, since resolving would ask for an index else.
    if !Run::cargo(["fetch", "--offline"])?
        .folder(&folder)
        .succeeds()
    {
        Run::cargo(["fetch"])?.folder(&folder).checked()?;
    }
    let strangers = strangers(&read(&folder.join("Cargo.lock"))?, &lock)?;
    if !strangers.is_empty() {
        eprintln!("notice: of the hello-world only: {}", strangers.join(", "));
    }
    Ok(folder)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).context(format!("reading {}", path.display()))
}

/// Its manifest: the versions and the profile of the workspace's.
fn manifest(root: &str) -> Result<String> {
    let table = DeTable::parse(root)
        .context("reading the root's Cargo.toml")?
        .into_inner();
    let mut manifest = format!(
        "[package]\nname = \"{NAME}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\n"
    );
    for (name, features) in DEPENDENCIES {
        let version = version(&table, name)
            .ok_or_else(|| Error::new(format!("[workspace.dependencies] has no {name}")))?;
        let features = features.iter().map(|feature| format!("\"{feature}\""));
        let features = features.collect::<Vec<_>>().join(", ");
        writeln!(
            manifest,
            "{name} = {{ version = \"{version}\", default-features = false, \
             features = [{features}] }}"
        )?;
    }
    manifest.push_str(&section(root, "[profile.dev]"));
    Ok(manifest)
}

/// The version that the workspace asks for, in either way of writing a dependency.
fn version<'a>(root: &'a DeTable<'_>, name: &str) -> Option<&'a str> {
    let dependencies = root.get("workspace")?.get_ref().get("dependencies")?;
    match dependencies.get_ref().get(name)?.get_ref() {
        DeValue::String(version) => Some(version),
        table => table.get("version")?.get_ref().as_str(),
    }
}

/// The lines of a section of a manifest with its heading; nothing when it has none.
fn section(manifest: &str, heading: &str) -> String {
    let mut lines = manifest.lines().skip_while(|line| *line != heading);
    let Some(first) = lines.next() else {
        return String::new();
    };
    let body = lines.take_while(|line| !line.starts_with('['));
    std::iter::once(first)
        .chain(body)
        .fold(String::new(), |text, line| text + "\n" + line)
        + "\n"
}

/// The packages that its lock file has and the workspace's has not, with their versions.
fn strangers(hello: &str, workspace: &str) -> Result<Vec<String>> {
    let known = locked(workspace).context("reading Cargo.lock")?;
    let used = locked(hello).context("reading the hello-world's Cargo.lock")?;
    let own = format!("{NAME} 0.0.0");
    Ok(used
        .difference(&known)
        .filter(|package| **package != own)
        .cloned()
        .collect())
}

/// The packages of a lock file, as `name version`.
fn locked(lock: &str) -> Result<BTreeSet<String>> {
    let table = DeTable::parse(lock)?.into_inner();
    let packages = table
        .get("package")
        .and_then(|value| value.get_ref().as_array());
    let described = |package: &DeValue<'_>| {
        let field = |name| Some(package.get(name)?.get_ref().as_str()?.to_owned());
        Some(format!("{} {}", field("name")?, field("version")?))
    };
    let packages = packages.into_iter().flat_map(|packages| packages.iter());
    Ok(packages
        .filter_map(|package| described(package.get_ref()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "\
[workspace.dependencies]
http-body-util = \"0.1.5\"
hyper = { version = \"1.12\", default-features = false }
hyper-rustls = \"0.27\"
hyper-util = \"0.1\"
tokio = \"1.48\"

[profile.dev]
debug = \"line-tables-only\"

[profile.release]
strip = true
";

    #[test]
    fn versions_and_profile_are_the_workspaces() {
        let manifest = manifest(ROOT).unwrap();
        assert!(manifest.contains(
            "hyper = { version = \"1.12\", default-features = false, \
             features = [\"client\", \"http1\"] }\n"
        ));
        assert!(manifest.ends_with("\n[profile.dev]\ndebug = \"line-tables-only\"\n\n"));
    }

    #[test]
    fn a_missing_version_is_told() {
        let error = manifest(&ROOT.replace("tokio", "async-io")).unwrap_err();
        assert_eq!(error.to_string(), "[workspace.dependencies] has no tokio");
    }

    #[test]
    fn packages_of_other_versions_are_strangers() {
        let package =
            |name, version| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n");
        let workspace = package("hyper", "1.12.0") + &package("http", "1.5.0");
        let hello =
            package("hyper", "1.11.0") + &package("http", "1.5.0") + &package(NAME, "0.0.0");
        assert_eq!(strangers(&hello, &workspace).unwrap(), ["hyper 1.11.0"]);
    }
}
