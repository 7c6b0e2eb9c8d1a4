//! Checks that `codegen --check` sees what it has to see. Lives in tests only.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process,
};

use super::{ADVICE, Output, STAMP, generate, is_stamped};
use crate::lint::tree::{Tree, git};

/// A repository of its own that is gone after the test.
struct Root(PathBuf);

impl Root {
    fn new(test: &str) -> Self {
        let folder = env::temp_dir().join(format!("accredit-codegen-{}-{test}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let root = Self(folder);
        root.git(&["init", "--quiet"]);
        root
    }

    fn git(&self, arguments: &[&str]) {
        git(&self.0, arguments).unwrap().output().unwrap();
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // A folder that is left behind in the temporary files breaks no test.
        let _ = fs::remove_dir_all(&self.0);
    }
}

const FILE: &str = "crates/models/src/thirdparty/auth.rs";
const OTHER: &str = "docs/reference/thirdparty.md";

fn output() -> Output {
    let mut output = Output::default();
    output
        .rust(
            PathBuf::from(FILE),
            "spec/thirdparty/auth.yaml",
            "//! Auth.\n\npub struct Login;\n",
        )
        .unwrap();
    output
        .markdown(PathBuf::from(OTHER), "spec/", "# Calls\n")
        .unwrap();
    output
}

/// The output as it stands on a disk after it was written.
fn written(test: &str) -> (Root, Output) {
    let (root, output) = (Root::new(test), output());
    for (path, text) in &output.files {
        root.write(path.to_str().unwrap(), text);
    }
    assert_eq!(stale(&root, &output).len(), 0);
    (root, output)
}

fn stale(root: &Root, output: &Output) -> Vec<PathBuf> {
    output.stale(&root.0, &Tree::read(&root.0).unwrap())
}

#[test]
fn a_deleted_file_is_stale() {
    let (root, output) = written("deleted");
    fs::remove_file(root.0.join(FILE)).unwrap();
    assert_eq!(stale(&root, &output), [Path::new(FILE)]);
    fs::remove_dir_all(root.0.join("docs")).unwrap();
    assert_eq!(stale(&root, &output), [Path::new(FILE), Path::new(OTHER)]);
}

#[test]
fn a_changed_file_is_stale_by_one_byte() {
    let (root, output) = written("changed");
    let text = fs::read_to_string(root.0.join(FILE)).unwrap();
    for changed in [
        format!("{text}\n"),
        text.replace("Login", "Logout"),
        text.replace("\n\n", "\r\n\r\n"),
        String::new(),
    ] {
        root.write(FILE, &changed);
        assert_eq!(stale(&root, &output), [Path::new(FILE)]);
    }
    root.write(FILE, &text);
    assert_eq!(stale(&root, &output).len(), 0);
}

/// What a generated Rust file of `source` looks like.
fn stamped(source: &str) -> String {
    format!("//! Gone.\n\n// {STAMP} {source}; {ADVICE}\n\npub struct Gone;\n")
}

#[test]
fn a_stamped_file_that_nothing_generates_is_stale_wherever_it_stands() {
    let (root, output) = written("orphan");
    let orphans = [
        "crates/cli/src/gone.rs",
        "crates/models/tests/it/generated/thirdparty/gone.rs",
        "gone.md",
    ];
    root.write(orphans[0], &stamped("spec/gone.yaml"));
    root.write(orphans[1], &stamped("spec/gone.yaml"));
    root.write(orphans[2], &format!("<!-- {STAMP} spec/; {ADVICE} -->\n"));
    root.write("crates/models/src/decimal.rs", "//! Written by hand.\n");
    root.write(".gitignore", "/target/\n");
    root.write("target/package/gone.rs", &stamped("spec/gone.yaml"));
    assert_eq!(stale(&root, &output), orphans.map(Path::new));
    root.git(&["add", "--all"]);
    assert_eq!(stale(&root, &output), orphans.map(Path::new));
}

#[test]
fn a_stamp_below_a_long_head_counts() {
    let docs = "//! Words.\n".repeat(30);
    assert!(is_stamped(&format!("{docs}{}", stamped("spec/"))));
    let text = format!("{docs}#![allow(missing_docs)]\n\n{}", stamped("spec/"));
    assert!(is_stamped(&text));
    assert!(is_stamped(&text.replace('\n', "\r\n")));
}

#[test]
fn a_text_that_quotes_the_stamp_is_no_generated_one() {
    for text in [
        format!("//! {STAMP} spec/; {ADVICE}\n"),
        format!("//! Docs.\n\n/// // {STAMP} spec/; {ADVICE}\nstruct X;\n"),
        format!("//! Docs.\n\nstruct X;\n\n// {STAMP} spec/; {ADVICE}\n"),
        format!("//! Docs.\n\n// {STAMP} stands in every file.\n"),
        format!("const STAMP: &str = \"{STAMP}\";\n"),
        format!("# Layout\n\n<!-- {STAMP} spec/; {ADVICE} -->\n"),
        format!("```text\n// {STAMP} spec/; {ADVICE}\n```\n"),
        format!("{STAMP} spec/; {ADVICE}\n"),
    ] {
        assert!(!is_stamped(&text), "{text}");
    }
}

#[test]
fn every_generated_file_is_seen_with_its_stamp() {
    let root = crate::process::root().unwrap();
    let output = generate(&root.join("spec")).unwrap();
    assert!(output.files.len() > 60, "{}", output.files.len());
    let tree = Tree::read(&root).unwrap();
    for (path, text) in &output.files {
        assert!(is_stamped(text), "{}", path.display());
        assert!(text.lines().count() <= 1000, "{}", path.display());
        let seen = tree.get(path.to_str().unwrap()).is_some();
        assert!(seen || !root.join(path).exists(), "{}", path.display());
    }
    // Without what is generated, all of it would be found again.
    let found: BTreeSet<PathBuf> = Output::default().orphans(&tree).into_iter().collect();
    let generated: BTreeSet<PathBuf> = output.files.into_keys().collect();
    assert_eq!(found, generated);
}

#[test]
fn generating_twice_gives_the_same() {
    let spec = crate::process::root().unwrap().join("spec");
    assert!(generate(&spec).unwrap().files == generate(&spec).unwrap().files);
}
