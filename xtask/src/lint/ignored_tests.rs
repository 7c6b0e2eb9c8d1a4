//! A test that does not run is no test: neither ignored ones nor ignored examples.

use super::tree::File;
use super::{Violation, rust};

const RULE: &str = "ignored-tests";

pub(super) fn check(file: &File) -> Vec<Violation> {
    if !file.is_rust() {
        return Vec::new();
    }
    let code = rust::code(file.text());
    let tests = (1..)
        .zip(code.lines())
        .filter(|(_, line)| is_ignored_test(line))
        .map(|(line, _)| {
            Violation::new(
                file.path(),
                line,
                RULE,
                "an ignored test: make it run or delete it",
            )
        });
    let examples = file
        .lines()
        .filter(|(_, line)| is_ignored_example(line))
        .map(|(line, _)| {
            let message =
                "an ignored example: make it compile (`no_run` is fine), or mark it `text`";
            Violation::new(file.path(), line, RULE, message)
        });
    tests.chain(examples).collect()
}

/// `#[ignore]`, `#[ignore = "…"]`, and `ignore` inside `#[cfg_attr(…)]`.
fn is_ignored_test(code: &str) -> bool {
    code.contains("#[") && rust::word(code, "ignore").is_some()
}

/// A fence in documentation that says `ignore`.
fn is_ignored_example(line: &str) -> bool {
    let line = line.trim_start();
    let documentation = line
        .strip_prefix("///")
        .or_else(|| line.strip_prefix("//!"));
    documentation
        .and_then(|text| text.trim_start().strip_prefix("```"))
        .is_some_and(|tags| rust::word(tags, "ignore").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_tests_are_refused() {
        for text in [
            "#[test]\n#[ignore]\nfn x() {}\n",
            "#[test]\n#[ignore = \"slow\"]\nfn x() {}\n",
            "#[test]\n#[cfg_attr(windows, ignore)]\nfn x() {}\n",
        ] {
            let found = check(&File::of("a.rs", text));
            assert_eq!(
                found
                    .iter()
                    .map(|violation| violation.line)
                    .collect::<Vec<_>>(),
                [2]
            );
        }
    }

    #[test]
    fn ignored_examples_are_refused() {
        assert_eq!(
            check(&File::of("a.rs", "/// ```ignore\n/// x\n/// ```\n")).len(),
            1
        );
        assert_eq!(check(&File::of("a.rs", "//! ```rust,ignore\n")).len(), 1);
    }

    #[test]
    fn the_word_itself_is_free() {
        let text = "//! ```no_run\n// ignore it\nlet ignore = \"#[ignore]\";\n";
        assert!(check(&File::of("a.rs", text)).is_empty());
        assert!(check(&File::of("a.md", "```ignore\n")).is_empty());
    }
}
