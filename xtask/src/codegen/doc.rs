//! Documentation comments: wrapping and the marks of evidence.

use super::openapi::Evidence;

const WIDTH: usize = 100;

/// A doc comment of `text`, wrapped, at the given indentation.
pub(crate) fn doc(indent: usize, text: &str) -> String {
    comment(indent, "///", text)
}

/// A module comment of `text`, wrapped.
pub(crate) fn module(text: &str) -> String {
    comment(0, "//!", text)
}

fn comment(indent: usize, mark: &str, text: &str) -> String {
    let prefix = format!("{}{mark}", " ".repeat(indent));
    let mut lines = String::new();
    for paragraph in text.trim().split('\n') {
        let mut line = prefix.clone();
        for word in paragraph.split_whitespace() {
            if line.len() + 1 + word.len() > WIDTH && line.len() > prefix.len() {
                lines.push_str(&line);
                lines.push('\n');
                line.clone_from(&prefix);
            }
            line.push(' ');
            line.push_str(word);
        }
        lines.push_str(&line);
        lines.push('\n');
    }
    lines
}

/// The text as a sentence with its full stop.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', ':']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

/// How sure a fact is, where it is not documented.
pub(crate) fn evidence(evidence: Evidence) -> Option<&'static str> {
    match evidence {
        Evidence::Documented => None,
        Evidence::Observed => Some("Seen in use, not in the vendor's document."),
        Evidence::Inferred => Some("Inferred, not in the vendor's document."),
    }
}
