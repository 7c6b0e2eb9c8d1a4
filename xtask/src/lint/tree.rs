//! The files of the repository as the rules see them: those that git tracks, and those that it
//! would track when asked to (new, and not ignored).
//!
//! Never holds binary files: no rule can say anything about them.

use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Context, Result};
use crate::process::Run;

/// Git, for the repository that `root` stands in.
pub(crate) fn git(root: &Path, arguments: &[&str]) -> Result<Run> {
    // Git sets these for its hooks; they would turn the command to the repository of the hook.
    let variables = ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"];
    let run = Run::new("git", arguments)?.folder(root);
    Ok(variables.into_iter().fold(run, Run::without_variable))
}

/// A text file.
#[derive(Debug)]
pub(crate) struct File {
    path: String,
    text: String,
}

impl File {
    /// Relative to the root, with `/`.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The file's lines with their numbers, from 1.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.lines())
    }

    pub(super) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    pub(super) fn has_extension(&self, extension: &str) -> bool {
        self.path
            .rsplit_once('.')
            .is_some_and(|(_, found)| found == extension)
    }

    /// The last part of the path.
    pub(super) fn name(&self) -> &str {
        self.path
            .rsplit_once('/')
            .map_or(&self.path, |(_, name)| name)
    }
}

/// The text files of the repository.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: Vec<File>,
}

impl Tree {
    /// Reads the repository that stands in `root`.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let list = [
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ];
        let paths = git(root, &list)?.output()?;
        let mut files = Vec::new();
        for path in paths.split('\0').filter(|path| !path.is_empty()) {
            let full = root.join(path);
            // A link is judged where it points to; its text is no file of its own.
            if full.is_symlink() {
                continue;
            }
            let bytes = match std::fs::read(&full) {
                Ok(bytes) => bytes,
                // Deleted, but not yet in git's index.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error).context(format!("reading {path}")),
            };
            if bytes.contains(&0) {
                continue;
            }
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(File {
                    path: path.to_owned(),
                    text,
                });
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        // During a merge git lists a conflicted path once for each side.
        files.dedup_by(|a, b| a.path == b.path);
        Ok(Self { files })
    }

    pub(crate) fn files(&self) -> &[File] {
        &self.files
    }

    /// The file at a path relative to the root.
    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }
}

#[cfg(test)]
impl File {
    /// A file for a test of a rule.
    pub(super) fn of(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }
}

#[cfg(test)]
impl Tree {
    /// A tree for a test of a rule.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self {
            files: files
                .iter()
                .map(|(path, text)| File::of(path, text))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_read() {
        let tree = Tree::read(&crate::process::root().unwrap()).unwrap();
        assert!(tree.get("xtask/src/lint/tree.rs").unwrap().is_rust());
        assert!(tree.get("Cargo.toml").is_some());
        assert!(
            tree.files()
                .iter()
                .all(|file| !file.path().starts_with("target/"))
        );
    }

    #[test]
    fn lines_count_from_one() {
        let file = File::of("a.rs", "x\n\ny\n");
        assert_eq!(
            file.lines().collect::<Vec<_>>(),
            [(1, "x"), (2, ""), (3, "y")]
        );
        assert_eq!(file.name(), "a.rs");
    }
}
