//! Every Rust file opens by saying what it owns.

use super::Violation;
use super::tree::File;

pub(super) fn check(file: &File) -> Option<Violation> {
    if !file.is_rust() {
        return None;
    }
    let first = file.text().lines().next().unwrap_or_default();
    let opens = first
        .strip_prefix("//!")
        .is_some_and(|words| !words.trim().is_empty());
    (!opens).then(|| {
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
    }
}
