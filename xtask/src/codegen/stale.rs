//! Checks that `codegen --check` sees what it has to see. Lives in tests only.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process,
};

use super::{FOLDERS, Output, STAMP, examples, generate};

/// A folder of its own that is gone after the test.
struct Root(PathBuf);

impl Root {
    fn new(test: &str) -> Self {
        let folder = env::temp_dir().join(format!("accredit-codegen-{}-{test}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
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
    assert_eq!(output.stale(&root.0).unwrap().len(), 0);
    (root, output)
}

fn stale(root: &Root, output: &Output) -> Vec<PathBuf> {
    output.stale(&root.0).unwrap()
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

#[test]
fn a_stamped_file_that_nothing_generates_is_stale() {
    let (root, output) = written("orphan");
    let orphan = format!("{}/thirdparty/gone.rs", examples::FOLDER);
    root.write(
        &orphan,
        &format!("//! Gone.\n\n// {STAMP} spec/gone.yaml; change that, not this.\n"),
    );
    root.write("crates/models/src/decimal.rs", "//! Written by hand.\n");
    root.write(
        "crates/cli/src/stamped.rs",
        &format!("//! {STAMP} no folder of ours.\n"),
    );
    assert_eq!(stale(&root, &output), [Path::new(&orphan)]);
}

#[test]
fn every_generated_file_carries_the_stamp_in_a_folder_that_is_searched() {
    let output = generate(&crate::process::root().unwrap().join("spec")).unwrap();
    assert!(output.files.len() > 60, "{}", output.files.len());
    for (path, text) in &output.files {
        assert!(
            FOLDERS.iter().any(|folder| path.starts_with(folder)),
            "{}",
            path.display()
        );
        assert!(
            text.lines().take(20).any(|line| line.contains(STAMP)),
            "{}",
            path.display()
        );
        assert!(text.lines().count() <= 1000, "{}", path.display());
    }
}

#[test]
fn generating_twice_gives_the_same() {
    let spec = crate::process::root().unwrap().join("spec");
    assert!(generate(&spec).unwrap().files == generate(&spec).unwrap().files);
}
