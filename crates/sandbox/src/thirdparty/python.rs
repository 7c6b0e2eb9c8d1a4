//! JSON values as Python's `str()` and `int()` show and read them: what DRF puts into its messages.
//!
//! It words values; whether one is acceptable is decided in `fields`.

use std::fmt::Write as _;

use serde_json::Value;

/// A whole number that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Int {
    Fits(i64),
    /// A number, but one that no column holds.
    Beyond,
}

/// `int(text)`: spaces around it, a sign, digits with single underscores between them.
pub(crate) fn int(text: &str) -> Option<Int> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = digits
        .split('_')
        .all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    is_number.then(|| text.replace('_', "").parse().map_or(Int::Beyond, Int::Fits))
}

/// `str(value)`.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => repr(other),
    }
}

fn repr(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(repr).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", quoted(name), repr(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut shown = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => shown.push_str("\\\\"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if c == quote => shown.extend(['\\', c]),
            // Writing to a string cannot fail.
            c if c.is_ascii_control() => _ = write!(shown, "\\x{:02x}", u32::from(c)),
            c => shown.push(c),
        }
    }
    shown.push(quote);
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_shown_as_python_shows_them() {
        for (value, expected) in [
            (json!("a'b"), "a'b"),
            (json!(["a'b", "c", "\n\u{1}"]), "[\"a'b\", 'c', '\\n\\x01']"),
            (
                json!({ "a": [true, null, 1.5] }),
                "{'a': [True, None, 1.5]}",
            ),
        ] {
            assert_eq!(text(&value), expected);
        }
    }

    #[test]
    fn integers_are_read_as_python_reads_them() {
        assert_eq!(int(" +1_000 "), Some(Int::Fits(1_000)));
        assert_eq!(int("-007"), Some(Int::Fits(-7)));
        assert_eq!(int(&"9".repeat(30)), Some(Int::Beyond));
        for bad in ["", "_1", "1__0", "1.0", "1e3", "0x10", "- 1"] {
            assert_eq!(int(bad), None, "{bad}");
        }
    }
}
