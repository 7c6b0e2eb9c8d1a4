//! Secrets that are unmistakable, so that a test can prove where they are not.

use std::fmt;

use crate::random::Random;

/// A secret for a test: a text that stands nowhere else.
///
/// Give it to the code under test in the place of a password, a token or a name, and check then that
/// it is not in what the code shows. It is found in other clothes, too: in part, in other case, in
/// base64, in hex, and as the numbers that `Debug` makes of bytes.
///
/// ```
/// use accredit_transport::testkit::Canary;
///
/// let password = Canary::new("password");
/// let shown = format!("{:?}", password.as_str().as_bytes());
/// assert!(password.is_in(&shown));
/// password.assert_absent("a log without it");
/// ```
#[derive(Clone)]
pub struct Canary {
    name: &'static str,
    value: String,
    core: String,
}

/// How much of it gives it away.
const PART: usize = 8;

impl Canary {
    /// A new one, different from all others. Its name stands in its value.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let core = format!("{:016x}", Random::new().next());
        Self {
            name,
            value: format!("canary-{name}-{core}"),
            core,
        }
    }

    /// The secret. With a name of letters, digits and hyphens it can stand in headers and URIs.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Whether it, or enough of it, is in there.
    #[must_use]
    pub fn is_in(&self, shown: impl AsRef<[u8]>) -> bool {
        let shown = String::from_utf8_lossy(shown.as_ref());
        let lower = shown.to_ascii_lowercase();
        let dense: String = lower.chars().filter(|c| !c.is_whitespace()).collect();
        let core = self.core.as_bytes();
        let hex: String = core.iter().map(|byte| format!("{byte:02x}")).collect();
        let numbers: Vec<String> = core.iter().map(u8::to_string).collect();
        let parts = core
            .windows(PART)
            .filter_map(|part| std::str::from_utf8(part).ok());
        parts.into_iter().any(|part| lower.contains(part))
            || dense.contains(&hex)
            || dense.contains(&numbers.join(","))
            || (0..3)
                .any(|skipped| shown.contains(&base64(core.get(skipped..).unwrap_or_default())))
    }

    /// Checks that it is not in there.
    ///
    /// # Panics
    ///
    /// When it is. The message names the canary and does not show the text, which may hold more.
    #[track_caller]
    pub fn assert_absent(&self, shown: impl AsRef<[u8]>) {
        let shown = shown.as_ref();
        if self.is_in(shown) {
            panic!(
                "the canary {:?} is in these {} bytes",
                self.name,
                shown.len()
            );
        }
    }
}

/// The base64 of the whole groups of three bytes. Whatever stands before a secret, one of its first
/// three bytes begins a group.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (groups, _) = bytes.as_chunks::<3>();
    let digits = groups.iter().flat_map(|&[a, b, c]| {
        let bits = u32::from_be_bytes([0, a, b, c]);
        [18, 12, 6, 0].map(|shift| (bits >> shift) & 63)
    });
    digits
        .filter_map(|digit| DIGITS.get(digit as usize).copied().map(char::from))
        .collect()
}

impl fmt::Debug for Canary {
    /// Its name alone, so that the test's own output does not sing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Canary").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_is_found_in_all_its_clothes() {
        let canary = Canary::new("token");
        let value = canary.as_str();
        let bytes = value.as_bytes();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        let shown = [
            value.to_owned(),
            value.to_uppercase(),
            format!("…{}", &value[value.len() - PART..]),
            format!("{bytes:?}"),
            format!("{bytes:#?}"),
            hex,
            // With one, two and three bytes before it.
            base64(format!("a{value}==").as_bytes()),
            base64(format!("ab{value}==").as_bytes()),
            base64(format!("abc{value}==").as_bytes()),
        ];
        for shown in shown {
            assert!(canary.is_in(&shown), "{shown}");
        }
    }

    #[test]
    fn a_canary_is_not_found_where_it_is_not() {
        let canary = Canary::new("token");
        let other = Canary::new("token");
        canary.assert_absent(other.as_str());
        canary.assert_absent(format!("{canary:?} {:?}", other.as_str().as_bytes()));
        canary.assert_absent("");
        let value = canary.as_str();
        canary.assert_absent(&value[value.len() - 7..]);
    }

    #[test]
    #[should_panic(expected = "the canary \"token\" is in these")]
    fn a_leak_ends_the_test() {
        let canary = Canary::new("token");
        canary.assert_absent(format!("{{\"token\": \"{}\"}}", canary.as_str()));
    }

    #[test]
    fn base64_is_that_of_the_standard() {
        assert_eq!(
            base64(b"Many hands make light work."),
            "TWFueSBoYW5kcyBtYWtlIGxpZ2h0IHdvcmsu"
        );
    }
}
