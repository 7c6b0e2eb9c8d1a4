//! The file name in `Content-Disposition`, made safe to be a name in any directory.
//!
//! The server's word is hostile input: it may name another directory, a device, or nothing at all.

use std::borrow::Cow;

use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

/// What file systems take.
const LONGEST: usize = 255;

/// Extensions up to this length survive when a name is cut.
const EXTENSION: usize = 16;

/// The name that the headers suggest, if it can be made one.
pub(super) fn from_headers(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_DISPOSITION)?.as_bytes();
    let mut plain = None;
    let mut extended = None;
    for (name, value) in Parameters::after_type(&text(value)) {
        match &*name.to_ascii_lowercase() {
            "filename" => plain = plain.or(Some(value)),
            "filename*" => extended = extended.or_else(|| decode(&value)),
            _ => {}
        }
    }
    extended
        .as_deref()
        .and_then(sanitise)
        .or_else(|| plain.as_deref().and_then(sanitise))
}

/// UTF-8 where it is that, otherwise what headers are by the book.
fn text(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => value.iter().copied().map(char::from).collect(),
    }
}

/// RFC 8187: `UTF-8'en'%e2%82%ac.pdf`.
fn decode(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    let bytes: Vec<u8> = percent_decode_str(encoded).collect();
    if charset.eq_ignore_ascii_case("utf-8") {
        String::from_utf8(bytes).ok()
    } else if charset.eq_ignore_ascii_case("iso-8859-1") {
        Some(bytes.into_iter().map(char::from).collect())
    } else {
        None
    }
}

/// `; name=value; name="quoted value"`.
struct Parameters<'a> {
    rest: &'a str,
}

impl<'a> Parameters<'a> {
    /// Those behind the type, `attachment` or whatever it is.
    fn after_type(value: &'a str) -> Self {
        Self {
            rest: value.split_once(';').map_or("", |(_, rest)| rest),
        }
    }
}

impl<'a> Iterator for Parameters<'a> {
    type Item = (&'a str, String);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.rest.trim_start_matches([' ', '\t', ';']);
            let end = rest.find(['=', ';'])?;
            let (name, rest) = rest.split_at_checked(end)?;
            let Some(rest) = rest.strip_prefix('=') else {
                // A word without a value.
                self.rest = rest;
                continue;
            };
            let rest = rest.trim_start_matches([' ', '\t']);
            let value = match rest.strip_prefix('"') {
                Some(quoted) => {
                    let (value, rest) = unquote(quoted);
                    self.rest = rest.split_once(';').map_or("", |(_, rest)| rest);
                    value
                }
                None => {
                    let (value, rest) = rest.split_once(';').unwrap_or((rest, ""));
                    self.rest = rest;
                    value.trim_end().to_owned()
                }
            };
            return Some((name.trim_end(), value));
        }
    }
}

/// The text up to the closing quote, and what is behind that.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = quoted.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => break,
            '\\' => value.extend(letters.next()),
            other => value.push(other),
        }
    }
    (value, letters.as_str())
}

/// A name without directories, control characters, or a meaning of its own; `None` if nothing is
/// left.
fn sanitise(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last
        .chars()
        .filter(|&letter| !is_invisible(letter))
        // Of these Windows makes streams and wildcards.
        .map(|letter| match letter {
            '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
            other => other,
        })
        .collect();
    let is_edge = |letter: char| letter == '.' || letter.is_whitespace();
    let kept = kept.trim_matches(is_edge);
    if kept.is_empty() {
        return None;
    }
    let mut kept = kept.to_owned();
    shorten(&mut kept);
    // What is cut can become a device by that.
    if is_device(&kept) {
        kept.insert(0, '_');
        shorten(&mut kept);
    }
    Some(kept)
}

/// Characters that show nothing, or that change the order in which others are shown.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// What Windows takes for a device, with any extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let stem = stem.to_uppercase();
    if matches!(
        &*stem,
        "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$" | "CLOCK$"
    ) {
        return true;
    }
    let port = stem.strip_prefix("COM").or(stem.strip_prefix("LPT"));
    port.is_some_and(|port| {
        let mut letters = port.chars();
        letters
            .next()
            .is_some_and(|letter| letter.is_ascii_digit() || "¹²³".contains(letter))
            && letters.next().is_none()
    })
}

/// Cuts the stem, so that the whole fits with its extension.
fn shorten(name: &mut String) {
    if name.len() <= LONGEST {
        return;
    }
    let extension = match name.rsplit_once('.') {
        Some((_, extension)) if extension.len() < EXTENSION => format!(".{extension}"),
        _ => String::new(),
    };
    let end = char_boundary(name, LONGEST - extension.len());
    name.truncate(end);
    let trimmed = name
        .trim_end_matches(|letter: char| letter == '.' || letter.is_whitespace())
        .len();
    name.truncate(trimmed);
    name.push_str(&extension);
}

/// The last place up to `at` where the text can be cut. `str::floor_char_boundary` is younger than
/// the oldest compiler that we build with.
pub(super) fn char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|&index| text.is_char_boundary(index))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Names of pieces that are trouble alone or together.
    #[test]
    fn whatever_comes_the_name_is_safe_and_stays_as_it_is() {
        const PIECES: [&str; 24] = [
            "a", "ä", "🦀", ".", "..", "/", "\\", " ", "\u{a0}", "\0", "\n", "\u{202e}",
            "\u{feff}", ":", "con", "AUX", "nul", "com1", "lpt²", "_", ".pdf", "\"", "%2f", "$",
        ];
        let random = Random::seeded(1);
        let pick = |most: usize| usize::try_from(random.up_to(most as u64)).unwrap();
        let mut made = 0;
        for _ in 0..20_000 {
            let mut name = String::new();
            for _ in 0..=pick(6) {
                let repeats = if pick(9) == 0 { 1 + pick(300) } else { 1 };
                name += &PIECES[pick(PIECES.len() - 1)].repeat(repeats);
            }
            let Some(safe) = sanitise(&name) else {
                continue;
            };
            made += 1;
            assert!(!safe.is_empty() && safe.len() <= LONGEST, "{name:?}");
            assert!(
                !safe.contains(['/', '\\', ':', '\0', '\n', '\u{202e}']),
                "{safe:?}"
            );
            assert!(
                !safe.starts_with('.') && !safe.ends_with(['.', ' ']),
                "{safe:?}"
            );
            assert!(!is_device(&safe), "{name:?} {safe:?}");
            assert_eq!(sanitise(&safe).as_ref(), Some(&safe), "{name:?}");
        }
        assert!(made > 10_000);
    }
}
