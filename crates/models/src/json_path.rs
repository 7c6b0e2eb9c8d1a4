//! The JSON path of a position in a text, for error messages.
//!
//! Runs only after a decode has failed, so it walks the text once and keeps keys as slices. A second typed pass with a path
//! tracker would double the code that serde builds for every type.
//! Keys come from the server, so a key that does not look like a field name prints as `?`: in a free-form map it can be a datum.

use std::fmt;

enum Step<'t> {
    Key(&'t str),
    Index(usize),
}

/// The path of the last value that starts before a position.
pub(crate) struct JsonPath<'t>(Vec<Step<'t>>);

impl<'t> JsonPath<'t> {
    /// `line` and `column` count from one, as serde_json's errors do; a column counts bytes.
    pub(crate) fn before(text: &'t str, line: usize, column: usize) -> Self {
        let skipped: usize =
            text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let end = (skipped + column).min(text.len());
        let mut walk = Walk { text, at: 0, end, path: Vec::new() };
        walk.value();
        Self(walk.path)
    }
}

impl fmt::Display for JsonPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    if depth > 0 {
                        f.write_str(".")?;
                    }
                    let plain = key.len() <= 80
                        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
                    f.write_str(if plain { key } else { "?" })?;
                }
            }
        }
        Ok(())
    }
}

/// Walks values until `end`. The path holds the steps to the value that the walk is in.
struct Walk<'t> {
    text: &'t str,
    at: usize,
    end: usize,
    path: Vec<Step<'t>>,
}

impl<'t> Walk<'t> {
    fn peek(&self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at).copied();
        byte.filter(|_| self.at < self.end)
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// Reads one value; `true` when it ended before the position, so that the error is not inside it.
    // serde_json refuses more than 128 levels, so the recursion is bounded by what it has already read.
    fn value(&mut self) -> bool {
        self.skip_blanks();
        match self.peek() {
            Some(b'{') => self.container(b'}', true),
            Some(b'[') => self.container(b']', false),
            Some(b'"') => self.string().is_some() && self.at < self.end,
            Some(_) => {
                while self.peek().is_some_and(|b| !matches!(b, b',' | b'}' | b']') && !b.is_ascii_whitespace()) {
                    self.at += 1;
                }
                self.at < self.end
            }
            None => false,
        }
    }

    fn container(&mut self, close: u8, keyed: bool) -> bool {
        self.at += 1;
        for index in 0.. {
            self.skip_blanks();
            if self.peek() == Some(b',') {
                self.at += 1;
                self.skip_blanks();
            }
            match self.peek() {
                None => return false,
                Some(byte) if byte == close => {
                    self.at += 1;
                    return self.at < self.end;
                }
                Some(_) => {}
            }
            let step = if keyed {
                let Some(key) = self.string() else { return false };
                self.skip_blanks();
                if self.peek() == Some(b':') {
                    self.at += 1;
                }
                self.skip_blanks();
                if self.peek().is_none() {
                    return false;
                }
                Step::Key(key)
            } else {
                Step::Index(index)
            };
            self.path.push(step);
            if !self.value() {
                return false;
            }
            self.path.pop();
        }
        false
    }

    /// The raw text between the quotes; `None` when the position comes first.
    fn string(&mut self) -> Option<&'t str> {
        let start = self.at + 1;
        self.at = start;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(start..self.at - 1)
    }
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
    fn a_key_that_could_be_a_datum_is_not_printed() {
        let text = r#"{"map": {"Ada Lovelace": 5}}"#;
        assert_eq!(path(text, text.find('5').unwrap() + 1), "map.?");
    }

    #[test]
    fn lines_count_from_one() {
        let text = "{\n \"a\": 1,\n \"b\": true\n}";
        assert_eq!(JsonPath::before(text, 3, 10).to_string(), "b");
    }
}
