//! What Python's `json` module says about a text that is no JSON: its words and its position.
//!
//! It only words a complaint; whether a text is JSON is decided before.

/// The complaint about a body that did not parse, as DRF passes it on.
pub(crate) fn complaint(body: &[u8]) -> String {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let byte = body.get(at).copied().unwrap_or_default();
            if error.error_len().is_some() {
                let reason = match byte {
                    0xc2..=0xf4 => "invalid continuation byte",
                    _ => "invalid start byte",
                };
                return format!(
                    "'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: {reason}"
                );
            }
            // DRF reads a stream, which drops a character that is cut off at its end.
            body.get(..at)
                .and_then(|text| std::str::from_utf8(text).ok())
                .unwrap_or_default()
        }
    };
    if text.starts_with('\u{feff}') {
        return "Unexpected UTF-8 BOM (decode using utf-8-sig): line 1 column 1 (char 0)"
            .to_owned();
    }
    let mut scanner = Scanner {
        text: text.chars().collect(),
    };
    match scanner.document() {
        Err(Complaint::At(message, at)) => scanner.placed(message, at),
        Err(Complaint::Constant(name)) => {
            format!("Out of range float values are not JSON compliant: '{name}'")
        }
        // Python takes it and we do not: a number beyond its range, half a surrogate pair.
        Ok(()) => scanner.placed("Expecting value", 0),
    }
}

enum Complaint {
    At(&'static str, usize),
    Constant(&'static str),
}

/// Follows CPython's decoder step by step. Positions count characters.
struct Scanner {
    text: Vec<char>,
}

type Next = Result<usize, Complaint>;

impl Scanner {
    fn document(&mut self) -> Result<(), Complaint> {
        let end = self.value(self.space(0), 0)?;
        let end = self.space(end);
        if end < self.text.len() {
            Err(Complaint::At("Extra data", end))
        } else {
            Ok(())
        }
    }

    fn value(&self, at: usize, depth: usize) -> Next {
        let nothing = || Err(Complaint::At("Expecting value", at));
        // Far beyond what the parser reads; keeps the stack small.
        if depth > 256 {
            return nothing();
        }
        match self.at(at) {
            Some('"') => self.string(at),
            Some('{') => self.object(at + 1, depth),
            Some('[') => self.array(at + 1, depth),
            Some('-' | '0'..='9') => self.number(at),
            _ => {
                for word in ["null", "true", "false"] {
                    if self.has(word, at) {
                        return Ok(at + word.len());
                    }
                }
                for name in ["NaN", "Infinity"] {
                    if self.has(name, at) {
                        return Err(Complaint::Constant(name));
                    }
                }
                nothing()
            }
        }
    }

    fn object(&self, start: usize, depth: usize) -> Next {
        let mut at = self.space(start);
        if self.at(at) == Some('}') {
            return Ok(at + 1);
        }
        loop {
            if self.at(at) != Some('"') {
                let message = "Expecting property name enclosed in double quotes";
                return Err(Complaint::At(message, at));
            }
            at = self.space(self.string(at)?);
            if self.at(at) != Some(':') {
                return Err(Complaint::At("Expecting ':' delimiter", at));
            }
            at = self.space(self.value(self.space(at + 1), depth + 1)?);
            match self.at(at) {
                Some('}') => return Ok(at + 1),
                Some(',') => at = self.space(at + 1),
                _ => return Err(Complaint::At("Expecting ',' delimiter", at)),
            }
        }
    }

    fn array(&self, start: usize, depth: usize) -> Next {
        let mut at = self.space(start);
        if self.at(at) == Some(']') {
            return Ok(at + 1);
        }
        loop {
            at = self.space(self.value(at, depth + 1)?);
            match self.at(at) {
                Some(']') => return Ok(at + 1),
                Some(',') => at = self.space(at + 1),
                _ => return Err(Complaint::At("Expecting ',' delimiter", at)),
            }
        }
    }

    fn string(&self, start: usize) -> Next {
        let mut at = start + 1;
        loop {
            match self.at(at) {
                None => return Err(Complaint::At("Unterminated string starting at", start)),
                Some('"') => return Ok(at + 1),
                Some('\0'..='\u{1f}') => {
                    return Err(Complaint::At("Invalid control character at", at));
                }
                Some('\\') => match self.at(at + 1) {
                    None => return Err(Complaint::At("Unterminated string starting at", start)),
                    Some('u') => {
                        let hex =
                            |offset| self.at(at + offset).is_some_and(|c| c.is_ascii_hexdigit());
                        if !(2..6).all(hex) {
                            return Err(Complaint::At("Invalid \\uXXXX escape", at + 1));
                        }
                        at += 6;
                    }
                    Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => at += 2,
                    Some(_) => return Err(Complaint::At("Invalid \\escape", at)),
                },
                Some(_) => at += 1,
            }
        }
    }

    fn number(&self, start: usize) -> Next {
        let digits = |mut at: usize| {
            while self.at(at).is_some_and(|c| c.is_ascii_digit()) {
                at += 1;
            }
            at
        };
        let first = if self.at(start) == Some('-') {
            start + 1
        } else {
            start
        };
        let mut end = match self.at(first) {
            Some('0') => first + 1,
            Some('1'..='9') => digits(first),
            Some('I') if self.has("Infinity", first) => {
                return Err(Complaint::Constant("-Infinity"));
            }
            _ => return Err(Complaint::At("Expecting value", start)),
        };
        if self.at(end) == Some('.') && digits(end + 1) > end + 1 {
            end = digits(end + 1);
        }
        if matches!(self.at(end), Some('e' | 'E')) {
            let sign = usize::from(matches!(self.at(end + 1), Some('+' | '-')));
            if digits(end + 1 + sign) > end + 1 + sign {
                end = digits(end + 1 + sign);
            }
        }
        Ok(end)
    }

    fn space(&self, mut at: usize) -> usize {
        while matches!(self.at(at), Some(' ' | '\t' | '\n' | '\r')) {
            at += 1;
        }
        at
    }

    fn at(&self, at: usize) -> Option<char> {
        self.text.get(at).copied()
    }

    fn has(&self, word: &str, at: usize) -> bool {
        word.chars()
            .enumerate()
            .all(|(offset, c)| self.at(at + offset) == Some(c))
    }

    fn placed(&self, message: &str, at: usize) -> String {
        let before = self.text.iter().take(at);
        let line = before.clone().filter(|c| **c == '\n').count() + 1;
        let column = before.rev().take_while(|c| **c != '\n').count() + 1;
        format!("{message}: line {line} column {column} (char {at})")
    }
}

#[cfg(test)]
mod tests {
    use super::complaint;

    /// The right-hand sides were printed by CPython 3.12.
    #[test]
    fn complaints_are_pythons() {
        let property = "Expecting property name enclosed in double quotes";
        for (text, expected) in [
            ("{", format!("{property}: line 1 column 2 (char 1)")),
            (
                "{\"a\":1,}",
                format!("{property}: line 1 column 8 (char 7)"),
            ),
            (
                "{\"a\":}",
                "Expecting value: line 1 column 6 (char 5)".to_owned(),
            ),
            (
                "{\"a\" 1}",
                "Expecting ':' delimiter: line 1 column 6 (char 5)".to_owned(),
            ),
            (
                "{\"a\":1 \"b\"",
                "Expecting ',' delimiter: line 1 column 8 (char 7)".to_owned(),
            ),
            (
                "{\"ü\": 1} x",
                "Extra data: line 1 column 10 (char 9)".to_owned(),
            ),
            (
                "[1,\n 2",
                "Expecting ',' delimiter: line 2 column 3 (char 6)".to_owned(),
            ),
            (
                "[1,]",
                "Expecting value: line 1 column 4 (char 3)".to_owned(),
            ),
            (
                "{\"a",
                "Unterminated string starting at: line 1 column 2 (char 1)".to_owned(),
            ),
            (
                "\"\\x\"",
                "Invalid \\escape: line 1 column 2 (char 1)".to_owned(),
            ),
            (
                "\"\n\"",
                "Invalid control character at: line 1 column 2 (char 1)".to_owned(),
            ),
            ("01", "Extra data: line 1 column 2 (char 1)".to_owned()),
            (
                "nul",
                "Expecting value: line 1 column 1 (char 0)".to_owned(),
            ),
            (
                "[NaN]",
                "Out of range float values are not JSON compliant: 'NaN'".to_owned(),
            ),
        ] {
            assert_eq!(complaint(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(
            complaint(b"\xff"),
            "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"
        );
    }
}
