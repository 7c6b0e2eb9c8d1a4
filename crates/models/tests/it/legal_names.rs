//! Legal names: which spellings VerifyInvestor.com takes for one.

use accredit_models::same_legal_name;
use proptest::{prelude::*, test_runner::Config};

/// From the vendor's document, its samples, and names of other scripts.
const SAME: [(&str, &str, &str); 14] = [
    ("case", "legal name 1", "LEGAL NAME 1"),
    ("case, in a payload", "John Doe", "JOHN DOE"),
    (
        "swapped order with a comma",
        "Howard, Violet",
        "Violet Howard",
    ),
    (
        "swapped order without one",
        "Howard Violet",
        "Violet Howard",
    ),
    (
        "swapped around a middle name",
        "Howard, Violet Anne",
        "Violet Anne Howard",
    ),
    ("periods", "Some Company, L.L.C.", "Some Company, LLC"),
    ("commas", "Some Company, LLC", "Some Company LLC"),
    (
        "a comma without a blank",
        "Some Company,LLC",
        "Some Company LLC",
    ),
    ("hyphens", "Jean-Luc Picard", "JeanLuc Picard"),
    (
        "a typesetter's hyphen",
        "Jean\u{2010}Luc Picard",
        "Jean-Luc Picard",
    ),
    ("blanks", "  Violet \t Howard ", "Violet Howard"),
    ("a hyphen between words", "Violet - Howard", "Violet Howard"),
    (
        "a letter that grows in upper case",
        "Straße AG",
        "STRASSE AG",
    ),
    (
        "other scripts",
        "Γιώργος Σεφέρης，дмитрий",
        "ДМИТРИЙ, ΓΙΏΡΓΟΣ ΣΕΦΈΡΗΣ",
    ),
];

const DIFFERENT: [(&str, &str, &str); 10] = [
    ("another name", "Violet Howard", "Viola Howard"),
    ("a word more", "Violet Howard", "Violet Anne Howard"),
    ("a word twice", "Violet Howard", "Violet Violet Howard"),
    (
        "a company's form",
        "Some Company, LLC",
        "Some Company, Inc.",
    ),
    ("accents", "Zoe Test", "Zoë Test"),
    ("words run together", "Violet Howard", "VioletHoward"),
    ("apostrophes", "O'Brien", "OBrien"),
    ("digits", "Fund 1", "Fund 11"),
    ("no name", "", ""),
    ("signs alone", " -., ", "-"),
];

/// Both ways.
fn compare(names: &[(&str, &str, &str)], are_same: bool) {
    for (rule, one, other) in names {
        for (one, other) in [(one, other), (other, one)] {
            assert_eq!(same_legal_name(one, other), are_same, "{rule}");
        }
    }
}

#[test]
fn spellings_of_one_name_are_the_same() {
    compare(&SAME, true);
}

#[test]
fn other_names_are_not() {
    compare(&DIFFERENT, false);
}

/// A word of letters that upper case and lower case take to each other.
fn word() -> impl Strategy<Value = String> {
    "[a-zäëñøσжщ]{1,8}"
}

/// One way of many to write the same words: case, signs within words, and what stands between them.
fn respelled(words: &[String], choices: &[u8]) -> String {
    let mut choices = choices.iter().copied().cycle();
    let mut choose = move || choices.next().unwrap_or_default();
    let mut spelling = String::new();
    for word in words {
        for letter in word.chars() {
            if choose() % 2 == 0 {
                spelling.extend(letter.to_uppercase());
            } else {
                spelling.push(letter);
            }
            spelling.push_str(["", ".", "-", "\u{2013}"][usize::from(choose() % 4)]);
        }
        spelling.push_str([" ", ", ", ",", "  ", " - "][usize::from(choose() % 5)]);
    }
    spelling
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn a_name_stays_the_same_however_it_is_spelled(
        words in prop::collection::vec(word(), 1..6),
        first in prop::collection::vec(any::<u8>(), 1..40),
        second in prop::collection::vec(any::<u8>(), 1..40),
        turn in 0_usize..6,
    ) {
        let mut swapped = words.clone();
        swapped.rotate_left(turn % words.len());
        prop_assert!(same_legal_name(&respelled(&words, &first), &respelled(&swapped, &second)));
    }

    #[test]
    fn a_name_with_another_word_is_another_name(
        words in prop::collection::vec(word(), 1..6),
        other in word(),
        choices in prop::collection::vec(any::<u8>(), 1..40),
        at in 0_usize..6,
    ) {
        let spelling = respelled(&words, &choices);
        let mut longer = words.clone();
        longer.push(other.clone());
        prop_assert!(!same_legal_name(&spelling, &respelled(&longer, &choices)));
        let at = at % words.len();
        prop_assume!(words[at] != other);
        let mut changed = words.clone();
        changed[at] = other;
        prop_assert!(!same_legal_name(&spelling, &respelled(&changed, &choices)));
    }

    #[test]
    fn any_text_is_compared_both_ways_alike(one in any::<String>(), other in any::<String>()) {
        prop_assert_eq!(same_legal_name(&one, &other), same_legal_name(&other, &one));
        let has_a_word = same_legal_name(&one, &one);
        prop_assert_eq!(same_legal_name(&one, &format!(" {one},")), has_a_word);
    }
}
