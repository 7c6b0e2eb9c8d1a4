//! Content negotiation as DRF does it with JSON alone: `Accept`, `?format=` and `indent`.
//!
//! It looks at no body and no credentials: it comes before both.

use super::errors;
use crate::reply::Reply;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// Spaces per level; `None` for one line without spaces.
    indent: Option<usize>,
}

impl Style {
    /// Writes an answer again in this style.
    pub(crate) fn apply(self, reply: Reply) -> Reply {
        match self.indent {
            Some(width) => reply.map_json(|body| indented(body, width)),
            None => reply,
        }
    }
}

/// Decides on the style, or refuses: 404 for a format in the query that is not `json`, 406 for an
/// `Accept` that leaves JSON out.
pub(crate) fn negotiate(format: Option<&str>, accept: Option<&str>) -> Result<Style, Reply> {
    if !matches!(format, None | Some("" | "json")) {
        return Err(errors::not_found());
    }
    let chosen = accept
        .unwrap_or("*/*")
        .split(',')
        .filter_map(Range::read)
        .reduce(|best, range| {
            if range.precedence > best.precedence {
                range
            } else {
                best
            }
        });
    match chosen {
        Some(range) => Ok(Style {
            indent: range.indent,
        }),
        None => Err(errors::not_acceptable()),
    }
}

/// One range of `Accept` that takes JSON.
struct Range {
    precedence: u8,
    indent: Option<usize>,
}

impl Range {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let (main, sub) = parts.next()?.split_once('/')?;
        let takes = |part: &str, ours: &str| part == "*" || part.eq_ignore_ascii_case(ours);
        if !takes(main, "application") || !takes(sub, "json") {
            return None;
        }
        let mut indent = None;
        let mut is_plain = true;
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            is_plain &= name.trim().eq_ignore_ascii_case("q");
            if name.trim().eq_ignore_ascii_case("indent") {
                indent = value.trim().trim_matches('"').parse::<i64>().ok();
            }
        }
        Some(Self {
            precedence: match (main, sub) {
                ("*", _) => 0,
                (_, "*") => 1,
                _ if is_plain => 2,
                _ => 3,
            },
            // None at all is the same as zero, and more than eight is eight.
            indent: indent
                .map(|indent| indent.clamp(0, 8))
                .and_then(|indent| usize::try_from(indent).ok())
                .filter(|indent| *indent > 0),
        })
    }
}

/// Python's `json.dumps` with an indent, from JSON without spaces.
fn indented(compact: &[u8], width: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(compact.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut bytes = compact.iter().copied().peekable();
    let line = |out: &mut Vec<u8>, depth: usize| {
        out.push(b'\n');
        out.resize(out.len() + depth * width, b' ');
    };
    while let Some(byte) = bytes.next() {
        if in_string {
            out.push(byte);
            in_string = byte != b'"' || escaped;
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'{' | b'[' => {
                out.push(byte);
                if let Some(end) = bytes.next_if(|next| matches!(next, b'}' | b']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend(b": "),
            byte => {
                in_string = byte == b'"';
                out.push(byte);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_range_decides() {
        let indent = |accept| negotiate(None, Some(accept)).ok().map(|style| style.indent);
        assert_eq!(indent("*/*; indent=2, application/json"), Some(None));
        assert_eq!(indent("application/json; indent=20"), Some(Some(8)));
        assert_eq!(indent("application/json; indent=0"), Some(None));
        assert_eq!(indent("*/json;q=0"), Some(None));
        for refused in ["", "text/html", "application", "text/*", "json/*x"] {
            assert_eq!(indent(refused), None, "{refused}");
        }
        assert!(negotiate(Some("xml"), None).is_err());
    }

    #[test]
    fn indented_json_is_pythons() {
        let body = br#"{"a":[],"b":[1,{"c":"x\",:{"}]}"#;
        let expected =
            "{\n  \"a\": [],\n  \"b\": [\n    1,\n    {\n      \"c\": \"x\\\",:{\"\n    }\n  ]\n}";
        assert_eq!(String::from_utf8(indented(body, 2)).unwrap(), expected);
    }
}
