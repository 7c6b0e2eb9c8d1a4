//! How the service compares legal names: case, commas, hyphens and periods do not count, nor does
//! the order of words. Their kin in other scripts count as little.

/// The form in which two spellings of one name are equal.
pub(crate) fn normalized(name: &str) -> String {
    let mut bare = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' => {}
            '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}' => {}
            ',' | '\u{60c}' | '\u{3001}' | '\u{ff0c}' => bare.push(' '),
            other => bare.extend(other.to_uppercase()),
        }
    }
    let mut words: Vec<_> = bare.split_whitespace().collect();
    words.sort_unstable();
    words.join(" ")
}

/// The form in which the service stores and prints a name: upper case, single spaces.
pub(crate) fn stored(name: &str) -> String {
    name.to_uppercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_equal() {
        for name in [
            "Howard, Violet",
            "VIOLET HOWARD",
            "violet  howard",
            "Howard Violet.",
        ] {
            assert_eq!(normalized(name), normalized("Violet Howard"), "{name}");
        }
        assert_eq!(
            normalized("Some Company, L.L.C."),
            normalized("some company llc")
        );
        assert_eq!(normalized("zoë jean–luc"), normalized("JEAN-LUC, ZOË"));
        assert_eq!(normalized("straße，дмитрий"), normalized("Дмитрий STRASSE"));
        assert_ne!(normalized("Violet Howard"), normalized("Viola Howard"));
        assert_eq!(stored(" Ada  Lovelace "), "ADA LOVELACE");
    }
}
