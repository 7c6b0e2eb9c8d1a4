//! The facade has no logic: it re-exports, and it explains.

use super::tree::File;
use super::{Violation, rust};

/// Where the facade's code stands; its tests and examples may do what they like.
const SOURCES: &str = "crates/facade/src/";

pub(super) fn check(file: &File) -> Vec<Violation> {
    if !file.path().starts_with(SOURCES) || !file.is_rust() {
        return Vec::new();
    }
    let code = rust::code(file.text());
    let functions = (1..)
        .zip(code.lines())
        .filter(|(_, line)| rust::word(line, "fn").is_some());
    functions
        .map(|(line, _)| {
            let message = "a function: the facade re-exports, code belongs into the crates below";
            Violation::new(file.path(), line, "facade", message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_refused() {
        let file = File::of(
            "crates/facade/src/lib.rs",
            "//! Docs.\n\npub fn helper() {}\n",
        );
        let found = check(&file);
        assert_eq!(
            found
                .iter()
                .map(|violation| violation.line)
                .collect::<Vec<_>>(),
            [3]
        );
    }

    #[test]
    fn functions_in_examples_are_welcome() {
        let docs = "//! ```\n//! fn main() {}\n//! ```\npub use accredit_models as models;\n";
        assert!(check(&File::of("crates/facade/src/lib.rs", docs)).is_empty());
        assert!(check(&File::of("crates/facade/tests/it/main.rs", "fn main() {}")).is_empty());
        assert!(check(&File::of("crates/models/src/lib.rs", "fn main() {}")).is_empty());
    }
}
