//! What a member's manifest inherits from the workspace, and what a published crate says of itself.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Violation;
use super::metadata::{Metadata, Package};
use super::tree::Tree;

const RULE: &str = "manifest";

/// Fields of `[package]` that every member inherits.
const INHERITED: &[&str] = &["edition", "license", "version"];

/// Fields that the published crates inherit too. `xtask` is built with the pinned toolchain only.
const INHERITED_BY_CRATES: &[&str] = &["rust-version"];

/// Where the published crates stand.
const CRATES: &str = "crates/";

/// The tables of a manifest that hold dependencies, also below `[target.*]`.
const DEPENDENCIES: &[&str] = &["build-dependencies", "dependencies", "dev-dependencies"];

pub(super) fn check(tree: &Tree, metadata: &Metadata) -> Vec<Violation> {
    let mut violations = Vec::new();
    for package in &metadata.packages {
        let path = metadata.manifest(package);
        violations.extend(check_words(tree, package, &path));
        let Some(file) = tree.get(&path) else {
            violations.push(Violation::new(&path, 1, RULE, "is not tracked by git"));
            continue;
        };
        match Manifest::parse(&path, file.text()) {
            Ok(manifest) => violations.extend(manifest.check()),
            Err(message) => violations.push(Violation::new(&path, 1, RULE, message)),
        }
    }
    violations
}

/// A published crate has a description and a README that it points to.
fn check_words(tree: &Tree, package: &Package, path: &str) -> Vec<Violation> {
    let Some(folder) = path
        .strip_suffix("Cargo.toml")
        .filter(|path| path.starts_with(CRATES))
    else {
        return Vec::new();
    };
    let mut missing = Vec::new();
    if package
        .description
        .as_deref()
        .is_none_or(|words| words.trim().is_empty())
    {
        missing.push("has no `description`");
    }
    if package.readme.as_deref() != Some("README.md") {
        missing.push("has no `readme = \"README.md\"`");
    }
    if tree
        .get(&format!("{folder}README.md"))
        .is_none_or(|file| file.text().trim().is_empty())
    {
        missing.push("has no README.md beside it");
    }
    missing
        .into_iter()
        .map(|message| Violation::new(path, 1, RULE, message))
        .collect()
}

/// A member's manifest as parsed.
struct Manifest<'a> {
    path: &'a str,
    text: &'a str,
    table: DeTable<'a>,
}

impl<'a> Manifest<'a> {
    fn parse(path: &'a str, text: &'a str) -> Result<Self, String> {
        let table = DeTable::parse(text).map_err(|error| error.message().to_owned())?;
        Ok(Self {
            path,
            text,
            table: table.into_inner(),
        })
    }

    fn check(&self) -> Vec<Violation> {
        let mut violations = self.check_fields();
        if !self.table.get("lints").is_some_and(inherits) {
            violations.push(self.violation(0..0, "does not say `lints.workspace = true`"));
        }
        violations.extend(self.check_dependencies(&self.table));
        let targets = self
            .table
            .get("target")
            .and_then(|value| value.get_ref().as_table());
        for target in targets.into_iter().flat_map(|targets| targets.values()) {
            if let Some(table) = target.get_ref().as_table() {
                violations.extend(self.check_dependencies(table));
            }
        }
        violations
    }

    fn check_fields(&self) -> Vec<Violation> {
        let crates: &[&str] = if self.path.starts_with(CRATES) {
            INHERITED_BY_CRATES
        } else {
            &[]
        };
        let package = self.table.get("package");
        let mut violations = Vec::new();
        for &field in INHERITED.iter().chain(crates) {
            let value = package.and_then(|package| package.get_ref().get(field));
            if !value.is_some_and(inherits) {
                let place = value.or(package).map_or(0..0, Spanned::span);
                let message = format!("does not say `{field}.workspace = true`");
                violations.push(self.violation(place, message));
            }
        }
        violations
    }

    /// The versions, sources and default features of all dependencies stand in the root.
    fn check_dependencies(&self, table: &DeTable<'a>) -> Vec<Violation> {
        let tables = DEPENDENCIES
            .iter()
            .filter_map(|&name| table.get(name)?.get_ref().as_table());
        let entries = tables.flat_map(|table| table.iter());
        let stray = entries
            .filter(|(_, value)| !inherits(value) && !is_itself(value))
            .map(|(name, _)| {
                let message = format!(
                    "`{}` is not taken from [workspace.dependencies] with `workspace = true`",
                    name.get_ref()
                );
                self.violation(name.span(), message)
            });
        stray.collect()
    }

    fn violation(&self, place: Range<usize>, message: impl Into<String>) -> Violation {
        let before = self.text.get(..place.start).unwrap_or_default();
        Violation::new(self.path, before.matches('\n').count() + 1, RULE, message)
    }
}

/// Whether a value is a table with `workspace = true`.
fn inherits(value: &Spanned<DeValue<'_>>) -> bool {
    let inherited = value.get_ref().get("workspace");
    inherited.is_some_and(|value| value.get_ref().as_bool() == Some(true))
}

/// Whether a value is the member's own folder: how its tests turn on its features. With a version,
/// as in the workspace, such a dependency could not be published before it is.
fn is_itself(value: &Spanned<DeValue<'_>>) -> bool {
    let path = value.get_ref().get("path");
    path.is_some_and(|value| value.get_ref().as_str() == Some("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
[package]
name = \"a\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true

[lints]
workspace = true

[dependencies]
serde.workspace = true
http = { workspace = true, optional = true }
";

    /// The lines and messages for a manifest of `crates/a`, with its words in order.
    fn found(text: &str) -> Vec<(usize, String)> {
        let package = Package {
            description: Some("An a".to_owned()),
            readme: Some("README.md".to_owned()),
            ..Package::of("a", "crates/a", &[])
        };
        let tree = Tree::of(&[
            ("crates/a/Cargo.toml", text),
            ("crates/a/README.md", "# a\n"),
        ]);
        let violations = check(&tree, &Metadata::of(vec![package]));
        violations
            .into_iter()
            .map(|violation| (violation.line, violation.message))
            .collect()
    }

    #[test]
    fn a_good_manifest_passes() {
        assert_eq!(found(GOOD), []);
    }

    #[test]
    fn a_member_is_its_own_dependency_by_path_alone() {
        for (source, violations) in [("path = \".\"", 0), ("path = \"../b\"", 1)] {
            let text =
                format!("{GOOD}[dev-dependencies]\na = {{ {source}, features = [\"x\"] }}\n");
            assert_eq!(found(&text).len(), violations, "{source}");
        }
    }

    #[test]
    fn own_versions_are_refused() {
        let text = GOOD.replace(
            "version.workspace = true\nedition",
            "version = \"1.0.0\"\nedition",
        );
        assert_eq!(
            found(&text),
            [(3, "does not say `version.workspace = true`".to_owned())]
        );
        for field in ["edition", "license", "rust-version"] {
            let text = GOOD.replace(&format!("{field}.workspace = true\n"), "");
            assert_eq!(
                found(&text),
                [(1, format!("does not say `{field}.workspace = true`"))]
            );
        }
    }

    #[test]
    fn own_lints_are_refused() {
        let text = GOOD.replace("[lints]\nworkspace = true\n", "");
        assert_eq!(
            found(&text),
            [(1, "does not say `lints.workspace = true`".to_owned())]
        );
    }

    #[test]
    fn own_dependencies_are_refused_in_every_table() {
        for table in [
            "dependencies",
            "dev-dependencies",
            "target.'cfg(unix)'.dependencies",
        ] {
            let text = GOOD.replace("[dependencies]", "[build-dependencies]");
            let text = format!("{text}\n[{table}]\nstray = \"1\"\n");
            let found = found(&text);
            assert_eq!(found.len(), 1, "{table}");
            assert_eq!(found.first().map(|(line, _)| *line), Some(16));
        }
    }

    #[test]
    fn crates_without_words_are_refused() {
        let package = Package::of("a", "crates/a", &[]);
        let tree = Tree::of(&[("crates/a/Cargo.toml", GOOD)]);
        assert_eq!(check(&tree, &Metadata::of(vec![package])).len(), 3);
    }

    #[test]
    fn xtask_needs_neither_words_nor_an_oldest_compiler() {
        let text = GOOD.replace("rust-version.workspace = true\n", "");
        let tree = Tree::of(&[("xtask/Cargo.toml", &text)]);
        assert_eq!(
            check(
                &tree,
                &Metadata::of(vec![Package::of("xtask", "xtask", &[])])
            ),
            []
        );
    }

    #[test]
    fn broken_manifests_are_violations() {
        assert_eq!(found("[package").len(), 1);
    }
}
