//! Where a page is, and how that is read from a link. Never keeps or follows the link.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::percent_decode_str;

use crate::error::DecodeError;

/// The longest token that is taken from a link, in bytes: it goes into a request target, and
/// servers refuse targets above 8 KiB.
const LONGEST: usize = 4096;

/// The place of a page in its list.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cursor {
    /// The number of the page, from 1.
    Page(u64),
    /// What the server gave to be sent back. `Debug` leaves it out: it can hold keys of the list,
    /// which can be names.
    Token(String),
}

impl Cursor {
    /// The number, if it is one.
    #[must_use]
    pub const fn page(&self) -> Option<u64> {
        match self {
            Self::Page(number) => Some(*number),
            Self::Token(_) => None,
        }
    }

    /// The token, if it is one.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Page(_) => None,
            Self::Token(token) => Some(token),
        }
    }

    /// Reads a page number from one query parameter of a link. Nothing else of the link is looked
    /// at, least of all its host.
    ///
    /// ```
    /// use accredit_transport::Cursor;
    ///
    /// let cursor = Cursor::page_from_link("http://elsewhere.example/list?q=page%3D9&page=3#top", "page")?;
    /// assert_eq!(cursor, Cursor::Page(3));
    /// # Ok::<(), accredit_transport::DecodeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the link has no such parameter, has it twice, or when it is no number.
    pub fn page_from_link(link: &str, parameter: &str) -> Result<Self, DecodeError> {
        let value = parameter_of(link, parameter)?;
        // `u64` would take a sign.
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse().ok().filter(|_| digits);
        number
            .map(Self::Page)
            .ok_or_else(|| fault(parameter, "is no page number"))
    }

    /// Reads a token from one query parameter of a link. Nothing else of the link is looked at.
    ///
    /// # Errors
    ///
    /// When the link has no such parameter, has it twice, or when it is empty, longer than 4 KiB or
    /// no UTF-8.
    pub fn token_from_link(link: &str, parameter: &str) -> Result<Self, DecodeError> {
        let value = parameter_of(link, parameter)?;
        if value.is_empty() {
            return Err(fault(parameter, "is empty"));
        }
        Ok(Self::Token(value.into_owned()))
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(number) => f.debug_tuple("Page").field(number).finish(),
            Self::Token(_) => f
                .debug_tuple("Token")
                .field(&format_args!("[redacted]"))
                .finish(),
        }
    }
}

/// The decoded value of a parameter that stands in the query exactly once.
fn parameter_of<'l>(link: &'l str, name: &str) -> Result<Cow<'l, str>, DecodeError> {
    let (link, _) = link.split_once('#').unwrap_or((link, ""));
    let (_, query) = link.split_once('?').unwrap_or((link, ""));
    let mut values = query.split('&').filter_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decoded(key).as_deref() == Some(name)).then_some(value)
    });
    let value = values
        .next()
        .ok_or_else(|| fault(name, "is not in its query"))?;
    // Servers differ in which of two they take.
    if values.next().is_some() {
        return Err(fault(name, "stands twice in its query"));
    }
    if value.len() > LONGEST {
        return Err(fault(name, "is too long"));
    }
    decoded(value).ok_or_else(|| fault(name, "is no UTF-8"))
}

/// As forms are encoded: percent signs, and a plus for a blank.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('+') {
        let blanks = text.replace('+', " ");
        let decoded = percent_decode_str(&blanks).decode_utf8().ok()?;
        Some(Cow::Owned(decoded.into_owned()))
    } else {
        percent_decode_str(text).decode_utf8().ok()
    }
}

/// The name of the parameter is the implementor's; the value, the server's, is not shown.
fn fault(parameter: &str, reason: &str) -> DecodeError {
    DecodeError::message(format!("the link to the next page: `{parameter}` {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_parameter_is_read() {
        for link in [
            "https://api.example.com/list?page=2",
            "http://user:pw@evil.example:8443/other?page_size=5&page=2&pagex=7",
            "//evil.example?page=2",
            "\\\\evil.example\\?page=2",
            "?page=2",
            "javascript:alert(1)?page=2#?page=3",
            "https://x/?a=b&%70age=2",
            "https://x/?q=%26page%3D9&page=%32",
        ] {
            assert_eq!(
                Cursor::page_from_link(link, "page").unwrap(),
                Cursor::Page(2),
                "{link}"
            );
        }
        assert_eq!(
            Cursor::token_from_link("https://x/?c=cD0y%3D%3D+%C3%BC", "c").unwrap(),
            Cursor::Token(String::from("cD0y== \u{fc}"))
        );
    }

    #[test]
    fn what_names_no_page_is_an_error_that_quotes_nothing() {
        let long = format!("https://x/?page={}", "7".repeat(LONGEST + 1));
        for link in [
            "",
            "https://x/",
            "https://x/#?page=2",
            "https://x/?page",
            "https://x/?page=",
            "https://x/?page=+2",
            "https://x/?page=%2B2",
            "https://x/?page=-2",
            "https://x/?page=canary",
            "https://x/?page=2&page=3",
            "https://x/?page=2%00",
            "https://x/?page=99999999999999999999999",
            "https://x/?PAGE=2",
            "https://x/?page=%FF",
            &long,
        ] {
            let error = Cursor::page_from_link(link, "page").unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
        let longest = |length| Cursor::token_from_link(&format!("?c={}", "a".repeat(length)), "c");
        assert!(longest(LONGEST).is_ok() && longest(LONGEST + 1).is_err());
        for link in ["https://x/?c=", "https://x/?c=%FF", "https://x/?d=1"] {
            assert!(Cursor::token_from_link(link, "c").is_err(), "{link}");
        }
        assert!(!format!("{:?}", Cursor::Token(String::from("canary"))).contains("canary"));
    }

    #[test]
    fn links_at_random_give_what_they_hold_or_an_error() {
        let parts = [
            "?", "&", "=", "#", "%", "+", "/", "at=", "%61t=", "2", "%32", "%FF", "\u{fc}", "&at=2",
        ];
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        let mut good = 0;
        for _ in 0..20_000 {
            let mut link = String::from("?");
            for _ in 0..8 {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                link.push_str(parts[usize::try_from(seed % 14).unwrap()]);
            }
            let token = Cursor::token_from_link(&link, "at");
            if let Ok(Cursor::Page(number)) = Cursor::page_from_link(&link, "at") {
                good += 1;
                let token = token.unwrap();
                assert_eq!(token.token().unwrap().parse(), Ok(number), "{link}");
            }
        }
        assert!(good > 100, "{good}");
    }
}
