//! The oldest supported compiler is stated once, so that nothing else goes stale when it moves.

use toml::de::DeTable;

use super::Violation;
use super::tree::{File, Tree};

const RULE: &str = "msrv";

/// The one place: `[workspace.package]` of the root.
const HOME: &str = "Cargo.toml";

/// What gives a number away as a compiler's version.
const HINTS: &[&str] = &["msrv", "rust", "compiler"];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let Some(version) = tree.get(HOME).and_then(stated) else {
        let message = "[workspace.package] states no rust-version";
        return vec![Violation::new(HOME, 1, RULE, message)];
    };
    // The changelog tells what was true of a release, and a lock file is cargo's.
    let elsewhere = tree
        .files()
        .iter()
        .filter(|file| !["CHANGELOG.md", "Cargo.lock"].contains(&file.name()));
    elsewhere
        .flat_map(|file| repeated(file, &version))
        .collect()
}

/// The version that the root's manifest states.
fn stated(manifest: &File) -> Option<String> {
    let table = DeTable::parse(manifest.text()).ok()?;
    let package = table.get_ref().get("workspace")?.get_ref().get("package")?;
    Some(
        package
            .get_ref()
            .get("rust-version")?
            .get_ref()
            .as_str()?
            .to_owned(),
    )
}

/// The lines that state it again.
fn repeated(file: &File, version: &str) -> Vec<Violation> {
    let states = |line: &str| {
        let lower = line.to_lowercase();
        let setting = line.trim_start();
        setting.starts_with("rust-version =")
            || (file.name() == "clippy.toml" && setting.starts_with("msrv"))
            || (has_number(line, version) && HINTS.iter().any(|hint| lower.contains(hint)))
    };
    let mut lines: Vec<usize> = file
        .lines()
        .filter(|(_, line)| states(line))
        .map(|(number, _)| number)
        .collect();
    if file.path() == HOME && !lines.is_empty() {
        lines.remove(0);
    }
    let message = "the oldest compiler is stated in the root's Cargo.toml and nowhere else";
    lines
        .into_iter()
        .map(|line| Violation::new(file.path(), line, RULE, message))
        .collect()
}

/// Whether `line` has the version as a number of its own, with or without a patch version behind it.
fn has_number(line: &str, version: &str) -> bool {
    line.match_indices(version).any(|(place, _)| {
        let before = line.get(..place).and_then(|text| text.chars().next_back());
        let after = line
            .get(place + version.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(|c| c.is_ascii_digit() || c == '.')
            && !after.is_some_and(|c| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "[workspace.package]\nrust-version = \"1.70\"\n";

    /// Where it is stated again, in a tree of the root's manifest and one more file.
    fn lines(path: &str, text: &str) -> Vec<usize> {
        let found = check(&Tree::of(&[(HOME, ROOT), (path, text)]));
        found.into_iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn a_second_statement_is_refused() {
        assert_eq!(
            lines(
                "crates/a/Cargo.toml",
                "[package]\nrust-version = \"1.71\"\n"
            ),
            [2]
        );
        assert_eq!(lines("clippy.toml", "msrv = \"1.71\"\n"), [1]);
        assert_eq!(lines("README.md", "Needs Rust 1.70 or newer.\n"), [1]);
        assert_eq!(
            lines("README.md", "![msrv](https://badge.example/1.70.0)\n"),
            [1]
        );
    }

    #[test]
    fn other_numbers_pass() {
        assert!(lines("rust-toolchain.toml", "[toolchain]\nchannel = \"1.95.0\"\n").is_empty());
        assert!(lines("a.md", "a fee of 1.70, in Rust: 21.70 and 1.705\n").len() == 1);
        assert!(lines("a.md", "a fee of 1.70\n").is_empty());
        assert!(lines("crates/a/Cargo.toml", "rust-version.workspace = true\n").is_empty());
        assert!(lines("CHANGELOG.md", "Rust 1.70 is the oldest.\n").is_empty());
    }

    #[test]
    fn it_is_stated_at_all() {
        assert_eq!(check(&Tree::of(&[(HOME, "[workspace]\n")])).len(), 1);
    }
}
