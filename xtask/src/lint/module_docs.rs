//! Every Rust file opens by saying what it owns; a crate may say it with its README.

use super::Violation;
use super::tree::File;

pub(super) fn check(file: &File) -> Option<Violation> {
    if !file.is_rust() {
        return None;
    }
    let first = file.text().lines().next().unwrap_or_default();
    let says = first
        .strip_prefix("//!")
        .is_some_and(|words| !words.trim().is_empty());
    let shows_readme =
        first == "#![doc = include_str!(\"../README.md\")]" && file.name() == "lib.rs";
    (!says && !shows_readme).then(|| {
        let message = "opens without `//!`: say what the module owns and what it never does";
        Violation::new(file.path(), 1, "module-docs", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_without_words_are_refused() {
        for text in [
            "",
            "use std::fmt;\n",
            "// A comment.\n",
            "//!\n//! Late.\n",
            "\n//! Late.\n",
        ] {
            assert!(check(&File::of("a.rs", text)).is_some(), "{text:?}");
        }
    }

    #[test]
    fn documented_modules_and_other_files_pass() {
        assert!(check(&File::of("a.rs", "//! Owns a.\n")).is_none());
        assert!(check(&File::of("a.toml", "[a]\n")).is_none());
        let readme = "#![doc = include_str!(\"../README.md\")]\n";
        assert!(check(&File::of("crates/a/src/lib.rs", readme)).is_none());
        assert!(check(&File::of("crates/a/src/page.rs", readme)).is_some());
    }
}
