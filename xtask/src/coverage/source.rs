//! The functions of a Rust file, as far as brackets and words show them.
//!
//! Never parses: macros, nested functions and conditional compilation are not looked into.

use crate::lint::rust;

/// A function with what stands above it and in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Function {
    pub(super) name: String,
    /// The type whose `impl` block it stands in; empty outside of one.
    pub(super) owner: String,
    pub(super) is_public: bool,
    /// Its documentation, without the slashes.
    pub(super) docs: String,
    /// Its attributes, as written.
    pub(super) attributes: String,
    /// From its name to its last brace, as written.
    pub(super) text: String,
    /// The same with comments and literals blanked out.
    pub(super) code: String,
}

/// All functions of a file that have a body, in their order.
pub(super) fn functions(source: &str) -> Vec<Function> {
    let code = rust::code(source);
    let lines: Vec<&str> = source.lines().collect();
    let mut functions = Vec::new();
    let mut owner = String::new();
    let mut place = 0;
    for (number, line) in code.split_inclusive('\n').enumerate() {
        let start = place;
        place += line.len();
        if line.starts_with("impl") {
            owner = implemented(line);
        } else if line.starts_with('}') {
            owner.clear();
        }
        let Some(keyword) = rust::word(line, "fn") else {
            continue;
        };
        let from = start + keyword + "fn".len();
        let Some(length) = code.get(from..).and_then(body_end) else {
            continue;
        };
        let (Some(code), Some(text)) = (
            code.get(from..from + length),
            source.get(from..from + length),
        ) else {
            continue;
        };
        let name: String = code
            .trim_start()
            .chars()
            .take_while(|c| joins(*c))
            .collect();
        let above = lines.get(..number).unwrap_or_default();
        let (docs, attributes) = above_of(above);
        functions.push(Function {
            name,
            owner: owner.clone(),
            is_public: line.trim_start().starts_with("pub ")
                || line.trim_start().starts_with("pub async "),
            docs,
            attributes,
            text: text.to_owned(),
            code: code.to_owned(),
        });
    }
    functions
}

impl Function {
    /// Whether it calls a method of that name.
    pub(super) fn calls(&self, method: &str) -> bool {
        calls(&self.code, method)
    }

    /// The examples of its documentation that are compiled.
    pub(super) fn examples(&self) -> Vec<String> {
        let mut examples = Vec::new();
        let mut open: Option<(bool, String)> = None;
        for line in self.docs.lines() {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(tags), None) => {
                    let compiled = tags
                        .split(',')
                        .map(str::trim)
                        .all(|tag| ["", "rust", "no_run", "should_panic"].contains(&tag));
                    open = Some((compiled, String::new()));
                }
                (Some(_), Some(_)) => {
                    if let Some((true, text)) = open.take() {
                        examples.push(text);
                    }
                }
                (None, Some((_, text))) => {
                    text.push_str(line);
                    text.push('\n');
                }
                (None, None) => {}
            }
        }
        examples
    }
}

/// Whether code calls a method of that name: `.name(`, also where a line ends before the dot.
pub(super) fn calls(code: &str, method: &str) -> bool {
    code.match_indices(method).any(|(place, _)| {
        let before = code.get(..place).unwrap_or_default();
        let after = code.get(place + method.len()..).unwrap_or_default();
        before.ends_with('.') && after.starts_with('(')
    })
}

fn joins(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The name of the type in the first line of an `impl` block.
fn implemented(line: &str) -> String {
    let head = line.rsplit_once(" for ").map_or_else(
        || line.trim_start_matches("impl").trim_start(),
        |(_, owner)| owner,
    );
    head.chars().take_while(|c| joins(*c)).collect()
}

/// Where the block that follows ends; `None` where a semicolon comes first.
fn body_end(code: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, c) in code.char_indices() {
        match c {
            ';' if depth == 0 => return None,
            '{' => depth += 1,
            '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(place + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Documentation and attributes at the end of what stands above a function.
fn above_of(lines: &[&str]) -> (String, String) {
    let mut docs = Vec::new();
    let mut attributes = Vec::new();
    for line in lines.iter().rev().map(|line| line.trim_start()) {
        if let Some(doc) = line.strip_prefix("///") {
            docs.push(doc.strip_prefix(' ').unwrap_or(doc));
        } else if line.starts_with("#[") {
            attributes.push(line);
        } else {
            break;
        }
    }
    docs.reverse();
    (docs.join("\n"), attributes.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = r#"
impl Users {
    /// All of them.
    ///
    /// `GET /users`
    ///
    /// ```no_run
    /// client.users().list().send();
    /// ```
    #[must_use]
    pub fn list(&self) -> Call<List> {
        Call::new("} .hidden(", List)
    }

    fn own();
}

#[tokio::test]
async fn alone() {
    // .commented(
    client
        .users()
        .list();
}
"#;

    #[test]
    fn functions_are_found_with_what_belongs_to_them() {
        let functions = functions(SOURCE);
        let names: Vec<_> = functions
            .iter()
            .map(|function| (function.owner.as_str(), function.name.as_str()))
            .collect();
        assert_eq!(names, [("Users", "list"), ("", "alone")]);
        let [list, alone] = &functions[..] else {
            panic!("{functions:?}");
        };
        assert!(list.is_public && list.docs.contains("`GET /users`"));
        assert_eq!(list.attributes, "#[must_use]");
        assert!(list.text.contains("hidden") && !list.calls("hidden"));
        assert_eq!(list.examples(), ["client.users().list().send();\n"]);
        assert!(!alone.is_public && alone.attributes.contains("tokio::test"));
        assert!(alone.calls("list") && !alone.calls("commented") && !alone.calls("lis"));
    }

    #[test]
    fn an_example_that_is_not_compiled_is_none() {
        for tags in ["text", "ignore", "no_run,compile_fail", "json"] {
            let source = format!("/// ```{tags}\n/// x.list()\n/// ```\npub fn list() {{}}\n");
            assert_eq!(functions(&source)[0].examples(), [""; 0], "{tags}");
        }
    }
}
