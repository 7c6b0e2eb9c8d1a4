//! How long a file may be: every text file has its limit, generated ones too.

use super::Violation;
use super::tree::{File, Tree};

const RULE: &str = "file-size";

/// No text file is longer.
const LIMIT: usize = 1_000;

/// No `lib.rs` is longer: it holds documentation, modules and re-exports.
const LIB_LIMIT: usize = 200;

/// Above it a file that people read asks for a split.
const NOTICE: usize = 600;

/// What people read and write. Fixtures, snapshots and other data are as long as they are.
const READ: &[&str] = &["md", "rs", "sh", "toml", "yaml"];

/// The lock files are cargo's and npm's.
fn is_exempt(file: &File) -> bool {
    matches!(file.name(), "Cargo.lock" | "package-lock.json")
}

pub(super) fn check(file: &File) -> Option<Violation> {
    let lines = file.text().lines().count();
    let limit = if file.path().ends_with("src/lib.rs") {
        LIB_LIMIT
    } else {
        LIMIT
    };
    (lines > limit && !is_exempt(file)).then(|| {
        let message = format!("{lines} lines, {limit} are allowed: split it");
        Violation::new(file.path(), limit + 1, RULE, message)
    })
}

/// The files that ask for a split without breaking the rule.
pub(super) fn notices(tree: &Tree) -> Vec<String> {
    let read = |file: &&File| READ.iter().any(|extension| file.has_extension(extension));
    let long = |file: &File| {
        let lines = file.text().lines().count();
        let asks = (NOTICE + 1..=LIMIT).contains(&lines);
        asks.then(|| {
            format!(
                "{}: {lines} lines, above {NOTICE} consider a split",
                file.path()
            )
        })
    };
    tree.files().iter().filter(read).filter_map(long).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, lines: usize) -> File {
        File::of(path, &"x\n".repeat(lines))
    }

    #[test]
    fn long_files_are_refused_whatever_they_are() {
        for path in [
            "crates/models/src/generated/enums.rs",
            "spec/a.yaml",
            "tests/a.json",
        ] {
            assert!(check(&file(path, 1_000)).is_none());
            let violation = check(&file(path, 1_001)).unwrap();
            assert_eq!((violation.line, violation.path.as_str()), (1_001, path));
        }
        for path in ["Cargo.lock", "tests/a/package-lock.json"] {
            assert!(check(&file(path, 5_000)).is_none());
        }
    }

    #[test]
    fn crate_roots_are_short() {
        assert!(check(&file("crates/models/src/lib.rs", 200)).is_none());
        assert!(check(&file("crates/models/src/lib.rs", 201)).is_some());
        assert!(check(&file("crates/models/src/page.rs", 201)).is_none());
    }

    #[test]
    fn notices_are_for_what_people_read() {
        let long = "x\n".repeat(601);
        let short = "x\n".repeat(600);
        let tree = Tree::of(&[("a.rs", &long), ("b.rs", &short), ("fixture.json", &long)]);
        assert_eq!(
            notices(&tree),
            ["a.rs: 601 lines, above 600 consider a split"]
        );
    }
}
