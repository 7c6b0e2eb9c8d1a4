//! A crate's source is what stands in its own folder: whatever is taken from elsewhere by its path
//! gets round the table of layers.
//!
//! `#[path]` is refused everywhere. `include!`, `include_str!` and `include_bytes!` are held to the
//! crate's folder in `src/` only: tests and benches read what they test.

use super::tree::{File, Tree};
use super::{Violation, rust};

const RULE: &str = "source-paths";

const INCLUDES: &[&str] = &["include", "include_str", "include_bytes"];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.files().iter().filter(|file| file.is_rust()) {
        let code = rust::code(file.text());
        let mut refuse = |place: usize, message: String| {
            let before = code.get(..place).unwrap_or(&code);
            let line = before.matches('\n').count() + 1;
            violations.push(Violation::new(file.path(), line, RULE, message));
        };
        for place in path_attributes(&code) {
            let message = "a `#[path]`: a module stands where its name says";
            refuse(place, message.to_owned());
        }
        if let Some(folder) = crate_of_source(tree, file) {
            for (place, message) in includes(file, &code, folder) {
                refuse(place, message);
            }
        }
    }
    violations
}

/// The folder of the crate, when the file stands in the crate's `src`.
fn crate_of_source<'a>(tree: &Tree, file: &'a File) -> Option<&'a str> {
    let mut folder = file.path();
    while let Some((parent, _)) = folder.rsplit_once('/') {
        folder = parent;
        if tree.get(&format!("{folder}/Cargo.toml")).is_some() {
            let inside = file.path().strip_prefix(folder)?;
            return inside.starts_with("/src/").then_some(folder);
        }
    }
    None
}

/// Where attributes say `path = …`, inside `cfg_attr` too.
fn path_attributes(code: &str) -> Vec<usize> {
    let attributes = code.match_indices('#').filter_map(|(place, _)| {
        let rest = code.get(place + 1..)?.trim_start();
        let rest = rest.strip_prefix('!').unwrap_or(rest).trim_start();
        let inside = bracketed(rest).filter(|_| rest.starts_with('['))?;
        sets_path(inside).then_some(place)
    });
    attributes.collect()
}

/// Whether an attribute, without its brackets, sets the path of a module.
fn sets_path(attribute: &str) -> bool {
    let attribute = attribute.trim_start();
    let attribute = attribute.strip_prefix("r#").unwrap_or(attribute);
    if let Some(rest) = attribute.strip_prefix("path") {
        return rest.trim_start().starts_with('=');
    }
    attribute
        .strip_prefix("cfg_attr")
        .and_then(|rest| bracketed(rest.trim_start()))
        // The condition comes first and names no attribute.
        .is_some_and(|inside| arguments(inside).skip(1).any(sets_path))
}

/// The parts of `inside` between the commas that are in no brackets of their own.
fn arguments(inside: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    inside.split(move |c| {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
}

/// What stands in the brackets that `code` opens with; `None` when it opens with none.
fn bracketed(code: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (place, c) in code.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return code.get(1..place);
        }
    }
    None
}

/// The includes that leave the crate's folder, and those of which that cannot be said.
fn includes(file: &File, code: &str, folder: &str) -> Vec<(usize, String)> {
    let mut refused = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for (place, _) in code.match_indices("include") {
        let before = code.get(..place).unwrap_or_default();
        let rest = code.get(place..).unwrap_or_default();
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        if before.ends_with(is_word) || !INCLUDES.contains(&name) {
            continue;
        }
        let rest = rest.trim_start();
        if let Some(call) = rest.strip_prefix('!') {
            let argument = bracketed(call.trim_start()).and_then(|inside| {
                // Literals are blank in the code: read the same place in the source.
                let start = code.len() - call.trim_start().len() + 1;
                file.text().get(start..start + inside.len())
            });
            // `include != …` is a comparison.
            let Some(argument) = argument else { continue };
            match literal(argument) {
                None => refused.push((place, format!("`{name}!` of more than one plain literal"))),
                Some(path) if !stays(file, folder, path) => {
                    let message = format!("`{name}!` of `{path}`, which is not in `{folder}`");
                    refused.push((place, message));
                }
                Some(_) => {}
            }
        } else if before.trim_end().ends_with([':', '{', ',']) && rust::word(rest, "as") == Some(0)
        {
            refused.push((place, format!("`{name}!` by another name")));
        }
    }
    refused
}

/// The text of a macro's argument when that is one string without escapes.
fn literal(argument: &str) -> Option<&str> {
    let argument = argument.trim();
    let argument = argument.strip_suffix(',').unwrap_or(argument).trim_end();
    let argument = argument.strip_prefix('r').unwrap_or(argument);
    let text = argument
        .trim_matches('#')
        .strip_prefix('"')?
        .strip_suffix('"')?;
    (!text.contains(['"', '\\'])).then_some(text)
}

/// Whether a path, from the folder of `file` on, ends in `folder`.
fn stays(file: &File, folder: &str, path: &str) -> bool {
    // A path of Windows may open with a drive.
    if path.starts_with('/') || path.contains(':') {
        return false;
    }
    let mut parts: Vec<&str> = file.path().split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.is_empty() => return false,
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let inside = parts.join("/");
    inside
        .strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that are refused of one file of the crate `crates/a`.
    fn lines(path: &str, text: &str) -> Vec<usize> {
        let tree = Tree::of(&[
            ("Cargo.toml", ""),
            ("crates/a/Cargo.toml", ""),
            (path, text),
        ]);
        let found = check(&tree);
        found.into_iter().map(|violation| violation.line).collect()
    }

    #[test]
    fn modules_by_path_are_refused_everywhere() {
        for text in [
            "// é\n#[path = \"../../b/src/c.rs\"]\nmod c;\n",
            "\n#[ path=r\"c.rs\"] mod c;\n",
            "\n#[cfg_attr(all(unix, x), doc = \"x\", path = \"c.rs\")]\nmod c;\n",
            "\n#[cfg_attr(unix, cfg_attr(x, path = \"c.rs\"))]\nmod c;\n",
            "\n#[r#path = \"c.rs\"]\nmod c;\n",
            "\n#[\n    path\n    = \"c.rs\"\n]\nmod c;\n",
            "\n#![path = \"c\"]\n",
        ] {
            for path in ["crates/a/src/lib.rs", "crates/a/tests/it/main.rs", "x.rs"] {
                assert_eq!(lines(path, text), [2], "{path}: {text}");
            }
        }
    }

    #[test]
    fn other_paths_are_free() {
        for text in [
            "// #[path = \"c.rs\"]\nlet path = \"#[path = 1]\";\n",
            "#[serde(path = \"c\")]\nstruct C { path: u8 }\n",
            "#[cfg_attr(path = \"c\", doc = \"path\")]\nstruct C;\n",
            "#[pathological = \"c\"]\n#[path]\nstruct C;\n",
        ] {
            assert_eq!(lines("crates/a/src/lib.rs", text), [0; 0], "{text}");
        }
    }

    #[test]
    fn includes_stay_in_the_crate() {
        for text in [
            "// é\nconst C: &str = include_str!(\"../../b/src/lib.rs\");\n",
            "\ninclude!(\"../../b/src/lib.rs\");\n",
            "\ncore::include_bytes! {\n    r#\"../../ab/c\"#,\n}\n",
            "\ninclude![\"x/../../../a\"];\n",
            "\ninclude!(\"/src/c.rs\");\n",
            "\ninclude!(\"../../../../../c.rs\");\n",
            "\ninclude!(\"..\\u{2f}..\\u{2f}b/src/lib.rs\");\n",
            "\ninclude!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../b/src/lib.rs\"));\n",
            "\nuse core::include as inside;\n",
            "\nuse core::{env, include_str as text};\n",
            "\n#![doc = include_str!(\"../../../README.md\")]\n",
        ] {
            assert_eq!(lines("crates/a/src/lib.rs", text), [2], "{text}");
        }
    }

    #[test]
    fn includes_of_the_crate_itself_pass() {
        for text in [
            "#![doc = include_str!(\"../README.md\")]\n",
            "const C: &str = include_str!(\"store/schema.sql\");\n",
            "include!(\"./../src/c.rs\");\n",
            "// include!(\"../../b/src/lib.rs\")\nfn include(include: u8) -> bool { include != (1) }\n",
            "let x = \"include!(1)\"; my_include!(y); include_all!(z);\n",
        ] {
            assert_eq!(lines("crates/a/src/lib.rs", text), [0; 0], "{text}");
        }
    }

    #[test]
    fn tests_and_benches_include_what_they_test() {
        let text = "const C: &str = include_str!(\"../../../../README.md\");\n";
        for path in ["crates/a/tests/it/main.rs", "crates/a/benches/src/b.rs"] {
            assert_eq!(lines(path, text), [0; 0]);
        }
        assert_eq!(lines("crates/a/src/c.rs", text), [1]);
    }
}
