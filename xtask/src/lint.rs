//! The house rules that rustfmt and clippy do not know: who may depend on whom, how large a file may
//! be, what a manifest inherits, what a source never says.
//!
//! A rule is a function over data (files as read, manifests as parsed, `cargo metadata` as printed),
//! which its own tests feed with bad data. Rules only read; none repairs.

mod facade;
mod file_size;
mod ignored_tests;
mod layers;
mod machine_paths;
mod manifest;
mod metadata;
mod module_docs;
mod msrv;
pub(crate) mod rust;
mod source_paths;
pub(crate) mod tree;
mod vendor_names;

use std::fmt;

use metadata::Metadata;
use tree::Tree;

use crate::error::{Error, Result};
use crate::process;

/// One breach of one rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    /// Relative to the root of the workspace.
    path: String,
    /// From 1.
    line: usize,
    rule: &'static str,
    message: String,
}

impl Violation {
    fn new(path: &str, line: usize, rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            rule,
            message: message.into(),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}: {}",
            self.path, self.line, self.rule, self.message
        )
    }
}

/// Checks the whole workspace and prints every violation.
///
/// # Errors
///
/// When a rule is broken, or the files or the metadata cannot be read.
pub(crate) fn run() -> Result<()> {
    let tree = Tree::read(&process::root()?)?;
    let metadata = Metadata::read()?;

    for notice in file_size::notices(&tree) {
        eprintln!("notice: {notice}");
    }
    let violations = check(&tree, &metadata);
    for violation in &violations {
        println!("{violation}");
    }
    let files = tree.files().len();
    match violations.len() {
        0 => {
            eprintln!("lint: {files} files keep the house rules");
            Ok(())
        }
        1 => Err(Error::new("lint: 1 violation")),
        several => Err(Error::new(format!("lint: {several} violations"))),
    }
}

/// Every violation, in the order of paths and lines.
fn check(tree: &Tree, metadata: &Metadata) -> Vec<Violation> {
    let mut violations = Vec::new();
    violations.extend(layers::check(tree, metadata));
    violations.extend(manifest::check(tree, metadata));
    violations.extend(msrv::check(tree));
    violations.extend(source_paths::check(tree));
    for file in tree.files() {
        violations.extend(facade::check(file));
        violations.extend(file_size::check(file));
        violations.extend(ignored_tests::check(file));
        violations.extend(machine_paths::check(file));
        violations.extend(module_docs::check(file));
        violations.extend(vendor_names::check(file));
    }
    violations.sort();
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_print_as_compilers_do() {
        let violation = Violation::new("crates/models/src/lib.rs", 7, "file-size", "too long");
        assert_eq!(
            violation.to_string(),
            "crates/models/src/lib.rs:7: file-size: too long"
        );
    }

    #[test]
    fn violations_come_in_order() {
        let tree = Tree::of(&[("z.rs", "fn z() {}\n"), ("a.rs", "fn a() {}\n")]);
        let found = check(&tree, &Metadata::default());
        let paths: Vec<&str> = found
            .iter()
            .filter(|violation| violation.rule == "module-docs")
            .map(|violation| violation.path.as_str())
            .collect();
        assert_eq!(paths, ["a.rs", "z.rs"]);
    }
}
