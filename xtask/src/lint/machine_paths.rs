//! No file names a place of the machine that it was written on.

use super::Violation;
use super::tree::File;

/// Folders of the root that hold somebody's own files.
const FOLDERS: &[&str] = &["Users", "home", "root", "work"];

pub(super) fn check(file: &File) -> Vec<Violation> {
    let named = file.lines().filter_map(|(number, line)| {
        let folder = FOLDERS.iter().find(|folder| names(line, folder))?;
        let message = format!("an absolute path below /{folder}: only this machine has it");
        Some(Violation::new(
            file.path(),
            number,
            "machine-paths",
            message,
        ))
    });
    named.collect()
}

/// Whether a path in `line` starts with the folder. A folder of that name inside a URL or a relative
/// path is no matter.
fn names(line: &str, folder: &str) -> bool {
    let path = format!("/{folder}/");
    line.match_indices(&path).any(|(place, _)| {
        let before = line.get(..place).unwrap_or_default();
        let inside = |c: char| c.is_alphanumeric() || "-_.~}>)*$".contains(c);
        !before.chars().next_back().is_some_and(inside)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_are_refused() {
        for folder in FOLDERS {
            for line in [
                format!("include_str!(\"/{folder}/a\")"),
                format!("see /{folder}/a"),
                format!("file:///{folder}/a"),
            ] {
                let found = check(&File::of("a.md", &format!("x\n{line}\n")));
                assert_eq!(
                    found.iter().map(|found| found.line).collect::<Vec<_>>(),
                    [2]
                );
            }
        }
    }

    #[test]
    fn relative_paths_and_urls_pass() {
        for folder in FOLDERS {
            for line in [
                format!("https://example.com/{folder}/a"),
                format!("crates/{folder}/a"),
                format!("../{folder}/a"),
                format!("/{folder}ing/a"),
                format!("$HOME/{folder}/a and {{id}}/{folder}/"),
            ] {
                assert!(check(&File::of("a.md", &line)).is_empty(), "{line}");
            }
        }
    }
}
