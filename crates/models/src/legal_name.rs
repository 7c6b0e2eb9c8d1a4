//! When two spellings are one legal name to VerifyInvestor.com. A rule of that vendor, as a pure function; it stores nothing.

/// Whether VerifyInvestor.com takes two spellings for one legal name: case, commas, hyphens, periods and blanks do not
/// count, nor does the order of the words.
///
/// Periods and hyphens vanish, so that `L.L.C.` is `LLC` and `Jean-Luc` is `JeanLuc`; commas part words as blanks do. Their
/// kin in other scripts are treated alike. Letters are compared as they are written, accents and all: `Zoe` is not `Zoë`,
/// and a letter with a combining accent is not the one letter that looks like it. A spelling without a word is no name, and
/// the same as none.
///
/// Source: the vendor's document, on users and verification requests. How it treats names of more than two words is not
/// said; any order is taken for the same, because every comparison is within the names of one investor.
///
/// ```
/// use accredit_models::same_legal_name;
///
/// assert!(same_legal_name("Howard, Violet", "VIOLET HOWARD"));
/// assert!(same_legal_name("Some Company, L.L.C.", "some company llc"));
/// assert!(!same_legal_name("Violet Howard", "Viola Howard"));
/// assert!(!same_legal_name("", ""));
/// ```
#[must_use]
pub fn same_legal_name(one: &str, other: &str) -> bool {
    let words = sorted_words(one);
    !words.is_empty() && words == sorted_words(other)
}

fn sorted_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = name
        .split(|sign: char| sign.is_whitespace() || is_comma(sign))
        .map(|word| {
            word.chars()
                .filter(|sign| !is_period(*sign) && !is_hyphen(*sign))
                // Upper case, as the vendor stores names; it also joins `ß` with `SS` and both small sigmas.
                .flat_map(char::to_uppercase)
                .collect()
        })
        .filter(|word: &String| !word.is_empty())
        .collect();
    words.sort_unstable();
    words
}

/// Plain, Arabic, ideographic, full-width.
fn is_comma(sign: char) -> bool {
    matches!(sign, ',' | '\u{60c}' | '\u{3001}' | '\u{ff0c}')
}

/// Plain, ideographic, full-width, half-width.
fn is_period(sign: char) -> bool {
    matches!(sign, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// Plain, soft, the dashes, minus, small, full-width.
fn is_hyphen(sign: char) -> bool {
    matches!(
        sign,
        '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}'
    )
}
