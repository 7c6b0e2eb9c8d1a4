//! Django's rule for e-mail addresses.
//!
//! It decides whether a text is one; it never looks an address up.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether Django's `EmailValidator` takes a text.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((user, domain)) = text.rsplit_once('@') else {
        return false;
    };
    text.chars().count() <= 320
        && (is_dot_atom(user) || is_quoted(user))
        && (domain == "localhost" || is_host_name(domain) || is_literal(domain))
}

fn is_dot_atom(user: &str) -> bool {
    user.split('.').all(|atom| {
        !atom.is_empty()
            && atom
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{}|~-".contains(&byte))
    })
}

/// Spaces are not taken, though the standard does.
fn is_quoted(user: &str) -> bool {
    let Some(inner) = user
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return false;
    };
    let mut bytes = inner.bytes();
    while let Some(byte) = bytes.next() {
        let taken = match byte {
            b'\\' => matches!(bytes.next(), Some(1..=9 | 11 | 12 | 14..=127)),
            byte => matches!(byte, 1..=8 | 11 | 12 | 14..=31 | b'!' | b'#'..=b'[' | b']'..=127),
        };
        if !taken {
            return false;
        }
    }
    true
}

fn is_host_name(domain: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || ('\u{a1}'..='\u{ffff}').contains(&c);
    let is_label = |label: &str| {
        (1..=63).contains(&label.chars().count())
            && label
                .chars()
                .all(|c| letter(c) || c.is_ascii_digit() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let Some((names, top)) = domain.rsplit_once('.') else {
        return false;
    };
    let is_punycode = top
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("xn--"));
    names.split('.').all(is_label)
        && is_label(top)
        && top.chars().count() > 1
        && (is_punycode || top.chars().all(|c| letter(c) || c == '-'))
}

fn is_literal(domain: &str) -> bool {
    domain
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .is_some_and(|address| {
            address.parse::<Ipv4Addr>().is_ok() || address.parse::<Ipv6Addr>().is_ok()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_judged_as_django_judges_them() {
        for good in [
            "a@b.co",
            "ada.lovelace+x@example.com",
            "a@localhost",
            "a@[127.0.0.1]",
            "a@[::1]",
            "\"a!b\"@c.de",
            "a@bü.de",
            "a@b.xn--p1ai",
        ] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@",
            "@b.co",
            "a@b",
            "a b@c.de",
            "a..b@c.de",
            "a@-b.de",
            "a@b.c",
            "a@b.123",
            "ü@b.de",
            "\"a b\"@b.de",
            "a@b..de",
            "a@[300.0.0.1]",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
