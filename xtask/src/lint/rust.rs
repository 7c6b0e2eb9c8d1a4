//! Just enough of Rust's lexical grammar to tell code from comments and literals.
//!
//! Never parses: a rule that needs more than words and brackets belongs into clippy.

/// Rust source with comments and literals blanked out. Every byte of code keeps its place, so that a
/// place in the one is the same place in the other.
pub(crate) fn code(source: &str) -> String {
    let mut lexer = Lexer {
        rest: source,
        code: String::with_capacity(source.len()),
    };
    while lexer.step() {}
    lexer.code
}

/// Whether a line of code has `word` as a whole word, with its place.
pub(crate) fn word(line: &str, word: &str) -> Option<usize> {
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word)
        .map(|(place, _)| place)
        .find(|&place| {
            let before = line.get(..place).and_then(|text| text.chars().next_back());
            let after = line
                .get(place + word.len()..)
                .and_then(|text| text.chars().next());
            !before.is_some_and(joins) && !after.is_some_and(joins)
        })
}

struct Lexer<'a> {
    rest: &'a str,
    code: String,
}

impl Lexer<'_> {
    /// Takes one piece; false at the end.
    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        let joined = self
            .code
            .chars()
            .next_back()
            .is_some_and(|c| c.is_alphanumeric() || c == '_');
        if self.rest.starts_with("//") {
            self.blank(self.rest.find('\n').unwrap_or(self.rest.len()));
        } else if self.rest.starts_with("/*") {
            self.blank(block_comment(self.rest));
        } else if let Some(length) = raw_string(self.rest).filter(|_| !joined) {
            self.blank(length);
        } else if first == '"' {
            self.blank(quoted(self.rest, '"'));
        } else if first == '\'' {
            self.blank(character(self.rest).unwrap_or(1));
        } else {
            self.code.push(first);
            self.advance(first.len_utf8());
        }
        true
    }

    /// Leaves out `length` bytes, but for their line ends.
    fn blank(&mut self, length: usize) {
        let piece = self.rest.get(..length).unwrap_or(self.rest);
        let blank = |byte| if byte == b'\n' { '\n' } else { ' ' };
        self.code.extend(piece.bytes().map(blank));
        self.advance(length);
    }

    fn advance(&mut self, length: usize) {
        self.rest = self.rest.get(length..).unwrap_or_default();
    }
}

/// The length of the block comment, with those inside it, that `text` opens with.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut place = 0;
    while let Some(rest) = text.get(place..) {
        if rest.starts_with("/*") {
            depth += 1;
            place += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            place += 2;
            if depth == 0 {
                return place;
            }
        } else if let Some(c) = rest.chars().next() {
            place += c.len_utf8();
        } else {
            break;
        }
    }
    text.len()
}

/// The length of the raw string (`r"…"`, `br#"…"#`) that `text` opens with.
fn raw_string(text: &str) -> Option<usize> {
    let prefix = ["r", "br", "cr"]
        .into_iter()
        .find_map(|prefix| text.strip_prefix(prefix))?;
    let hashes = prefix.len() - prefix.trim_start_matches('#').len();
    let inside = prefix.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = inside
        .find(&end)
        .map_or(inside.len(), |place| place + end.len());
    Some(text.len() - inside.len() + length)
}

/// The length of the literal between two `quote`s that `text` opens with.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return place + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// The length of the character literal that `text` opens with; `None` for a lifetime.
fn character(text: &str) -> Option<usize> {
    let mut inside = text.chars().skip(1);
    match (inside.next()?, inside.next()?) {
        ('\\', _) | (_, '\'') => Some(quoted(text, '\'')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked() {
        for (source, expected) in [
            ("a // fn\nb", "a b"),
            ("a /* fn /* x */ y */ b", "a b"),
            ("a \"fn \\\" x\" b", "a b"),
            ("a r#\"fn \" x\"# b", "a b"),
            ("a b\"fn\" c", "a b c"),
            ("a '\"' b '\\'' c", "a b c"),
            ("&'a str 'b' c", "& a str c"),
            ("car\"x\" \\", "car \\"),
            ("a \"é\" // ü\nb", "a b"),
        ] {
            let code = code(source);
            assert_eq!(
                code.split_whitespace().collect::<Vec<_>>().join(" "),
                expected,
                "{source}"
            );
            assert_eq!(code.len(), source.len(), "{source}");
        }
    }

    #[test]
    fn line_ends_stay() {
        assert_eq!(code("\"a\nb\"\nc").lines().count(), 3);
        assert_eq!(code("/* a\n é */ fn").lines().nth(1), Some("       fn"));
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(word("pub fn x()", "fn"), Some(4));
        assert_eq!(word("defn my_fn fnord", "fn"), None);
        assert_eq!(word("my_fn fn", "fn"), Some(6));
    }
}
