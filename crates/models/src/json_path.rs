//! The JSON path of a position in a text, for error messages.
//!
//! Runs only after a decode has failed, so it walks the text once and keeps keys as slices. A second typed pass with a path
//! tracker would double the code that serde builds for every type.
//! Keys come from the server, so a key that does not look like a field name prints as `?`: in a free-form map it can be a datum.

use std::fmt;

/// The path of the value that a position is in.
pub(crate) struct JsonPath<'t>(Vec<Container<'t>>);

/// A container that is open at the position, and where in it the position is: nowhere yet, or still at a key.
enum Container<'t> {
    Object { key: &'t str, in_value: bool },
    List { index: usize },
}

impl<'t> JsonPath<'t> {
    /// Where serde_json reports an error: `line` and `column` count from one, and a column counts bytes.
    pub(crate) fn before(text: &'t str, line: usize, column: usize) -> Self {
        let skipped: usize = text
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum();
        Self::at(text, skipped + column)
    }

    /// What the first `end` bytes lead into. A value counts from its colon, bracket or comma up to the comma after it, since
    /// errors stand before the bracket of a value and after the last byte of one.
    // No recursion: values that are skipped or kept raw may nest as deep as the text is long.
    pub(crate) fn at(text: &'t str, end: usize) -> Self {
        let mut open: Vec<Container<'t>> = Vec::new();
        let mut bytes = text.bytes().enumerate().take(end);
        while let Some((at, byte)) = bytes.next() {
            match byte {
                b'{' => open.push(Container::Object {
                    key: "",
                    in_value: false,
                }),
                b'[' => open.push(Container::List { index: 0 }),
                b'}' | b']' => drop(open.pop()),
                b'"' => {
                    let mut close = at;
                    while let Some((at, byte)) = bytes.next() {
                        close = at;
                        match byte {
                            b'"' => break,
                            b'\\' => drop(bytes.next()),
                            _ => {}
                        }
                    }
                    if let Some(Container::Object {
                        key,
                        in_value: false,
                    }) = open.last_mut()
                    {
                        *key = text.get(at + 1..close).unwrap_or_default();
                    }
                }
                b':' => {
                    if let Some(Container::Object { in_value, .. }) = open.last_mut() {
                        *in_value = true;
                    }
                }
                b',' => match open.last_mut() {
                    Some(Container::Object { in_value, .. }) => *in_value = false,
                    Some(Container::List { index }) => *index += 1,
                    None => {}
                },
                _ => {}
            }
        }
        Self(open)
    }
}

impl fmt::Display for JsonPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, container) in self.0.iter().enumerate() {
            match container {
                Container::List { index } => write!(f, "[{index}]")?,
                Container::Object {
                    in_value: false, ..
                } => {}
                Container::Object { key, .. } => {
                    if depth > 0 {
                        f.write_str(".")?;
                    }
                    f.write_str(if is_field_name(key) { key } else { "?" })?;
                }
            }
        }
        Ok(())
    }
}

/// A name as fields have them (`e-signature` too); a tax id or a telephone number starts with no letter.
fn is_field_name(key: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    key.len() <= 80
        && key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::JsonPath;

    fn path(text: &str, column: usize) -> String {
        JsonPath::before(text, 1, column).to_string()
    }

    #[test]
    fn the_path_names_the_value_that_ends_at_the_position() {
        let text = r#"{"a": {"b": [1, "x"]}, "c": 5}"#;
        assert_eq!(path(text, text.find("\"x\"").unwrap() + 3), "a.b[1]");
        assert_eq!(path(text, text.find('5').unwrap() + 1), "c");
        assert_eq!(path(text, text.len()), "");
    }

    #[test]
    fn an_object_that_just_closed_is_named_itself() {
        let text = r#"{"results": [{"id": 1}, {"name": "x"}]}"#;
        assert_eq!(path(text, text.find("]}").unwrap()), "results[1]");
    }

    #[test]
    fn a_container_of_the_wrong_type_is_named_before_its_bracket() {
        let text = r#"{"a": {"b": {}, "c": [[], {}]}}"#;
        assert_eq!(path(text, text.find("{}").unwrap()), "a.b");
        assert_eq!(path(text, text.find("[]").unwrap()), "a.c[0]");
        assert_eq!(path(text, text.rfind("{}").unwrap()), "a.c[1]");
        assert_eq!(path(text, 0), "");
    }

    #[test]
    fn brackets_quotes_and_commas_inside_texts_do_not_count() {
        let text = r#"{"a": "}],{\"[\\", "b": "x"}"#;
        assert_eq!(path(text, text.rfind("\"x\"").unwrap()), "b");
        assert_eq!(
            path(text, text.find("\"b\"").unwrap() + 3),
            "",
            "at a key that came twice"
        );
    }

    #[test]
    fn depth_costs_no_stack() {
        let text = "[".repeat(1_000_000);
        assert_eq!(path(&text, text.len()).len(), 3_000_000);
    }

    #[test]
    fn a_key_that_could_be_a_datum_is_not_printed() {
        for key in ["Ada Lovelace", "123-45-6789", "+15125550199", ""] {
            let text = format!(r#"{{"map": {{"{key}": true}}}}"#);
            assert_eq!(path(&text, text.find("true").unwrap() + 4), "map.?");
        }
    }

    #[test]
    fn lines_count_from_one() {
        let text = "{\n \"a\": 1,\n \"b\": true\n}";
        assert_eq!(JsonPath::before(text, 3, 10).to_string(), "b");
    }
}
