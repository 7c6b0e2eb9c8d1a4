//! What holds for every value list of the contract.

use accredit_models::thirdparty::{Country, InvestmentStatus};
use proptest::{prelude::*, test_runner::Config};

use crate::examples::{ALL, Open};

fn known(list: &Open) -> impl Iterator<Item = &'static str> {
    list.known.iter().map(|(value, _)| *value)
}

#[test]
fn every_known_value_survives_and_has_its_label() {
    for list in &ALL.open_enums {
        for (value, label) in list.known {
            let read = (list.read)(value);
            assert_eq!(read.text, *value, "{}", list.name);
            assert_eq!(
                read.json,
                serde_json::to_string(value).unwrap(),
                "{}",
                list.name
            );
            assert_eq!(read.label, *label, "{}: {value}", list.name);
            assert!(read.is_known, "{}: {value}", list.name);
        }
    }
}

#[test]
fn values_lists_the_contract_in_its_order() {
    for list in &ALL.open_enums {
        assert!(known(list).eq(list.listed.iter().copied()), "{}", list.name);
    }
    for list in &ALL.closed_enums {
        assert!(
            list.known
                .iter()
                .map(|(value, _)| *value)
                .eq(list.listed.iter().copied()),
            "{}",
            list.name
        );
    }
}

/// async-stripe#629: a status added by the vendor broke every reply that carried it.
#[test]
fn unknown_variant_roundtrips() {
    let long = "a_value_of_next_year_that_is_longer_than_any_of_today".repeat(3);
    for list in &ALL.open_enums {
        for unknown in [
            "added_tomorrow",
            "",
            " started",
            "Unknown",
            "unknown_value",
            "ÅÄÖ \"quoted\" \\",
            "🦀",
            &long,
        ] {
            let read = (list.read)(unknown);
            assert_eq!(read.text, unknown, "{}", list.name);
            assert_eq!(
                read.json,
                serde_json::to_string(unknown).unwrap(),
                "{}",
                list.name
            );
            assert_eq!((read.label, read.is_known), (None, false), "{}", list.name);
        }
    }
}

#[test]
fn other_spellings_of_a_known_value_are_unknown() {
    for list in &ALL.open_enums {
        for value in known(list) {
            let swapped: String = value
                .chars()
                .map(|c| {
                    if c.is_ascii_lowercase() {
                        c.to_ascii_uppercase()
                    } else {
                        c.to_ascii_lowercase()
                    }
                })
                .collect();
            let read = (list.read)(&swapped);
            assert_eq!(
                (read.text.as_str(), read.is_known),
                (swapped.as_str(), list.listed.contains(&&*swapped))
            );
        }
    }
}

#[test]
fn an_enum_is_a_string_and_nothing_else() {
    for text in [
        "1",
        "null",
        "true",
        "{}",
        "[]",
        "[\"started\"]",
        "{\"started\": null}",
    ] {
        assert!(
            serde_json::from_str::<InvestmentStatus>(text).is_err(),
            "{text}"
        );
    }
    let escaped: InvestmentStatus = serde_json::from_str(r#""\u0073tarted""#).unwrap();
    assert_eq!(escaped, InvestmentStatus::Started);
}

#[test]
fn what_we_send_only_is_checked_before_it_is_sent() {
    for list in &ALL.closed_enums {
        for value in &list.listed {
            assert_eq!((list.read)(value).as_deref(), Some(*value), "{}", list.name);
        }
        for wrong in ["", "Accredited", "added_tomorrow", " all"] {
            assert_eq!((list.read)(wrong), None, "{}", list.name);
        }
    }
}

#[test]
fn an_unknown_value_has_no_text_to_match_on_but_compares() {
    let one = InvestmentStatus::from_value("frozen");
    assert_eq!(one, InvestmentStatus::from_value("frozen"));
    assert_ne!(one, InvestmentStatus::from_value("frozen_again"));
    assert_eq!(format!("{one:?}"), "Unknown(\"frozen\")");
    assert_eq!(
        format!("{one:>8}|{:<8}|", InvestmentStatus::Started),
        "  frozen|started |"
    );
}

#[test]
fn the_list_of_countries_is_whole_and_in_utf_8() {
    assert_eq!(Country::values().count(), 249);
    assert_eq!(Country::from_value("AX").label(), Some("Åland Islands"));
    assert_eq!(Country::from_value("CI").label(), Some("Côte d'Ivoire"));
    for value in Country::values() {
        let label = Country::from_value(value).label().unwrap();
        assert!(
            !label.contains(['\u{fffd}', 'Ã', 'â', '&', '?']) || label.contains(" & "),
            "{value}: {label}"
        );
    }
}

#[test]
fn an_enum_is_as_small_as_a_string() {
    assert!(size_of::<InvestmentStatus>() <= size_of::<String>());
    assert_eq!(
        size_of::<Option<InvestmentStatus>>(),
        size_of::<InvestmentStatus>()
    );
}

/// Texts near the known ones, and around the length up to which a text is kept without an allocation.
fn any_text() -> impl Strategy<Value = String> {
    let known: Vec<&str> = ALL.open_enums.iter().flat_map(known).collect();
    prop_oneof![
        any::<String>(),
        "[a-z_]{20,24}",
        "\\PC{5,9}",
        proptest::sample::select(known.clone()).prop_map(str::to_owned),
        (proptest::sample::select(known), ".{0,2}")
            .prop_map(|(value, end)| format!("{value}{end}")),
    ]
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 500, ..Config::default() })]

    #[test]
    fn any_text_survives_and_is_known_if_it_is_listed(text in any_text()) {
        for list in &ALL.open_enums {
            let read = (list.read)(&text);
            prop_assert_eq!(&read.text, &text);
            prop_assert_eq!(&read.json, &serde_json::to_string(&text).unwrap());
            prop_assert_eq!(read.is_known, list.listed.contains(&&*text));
            prop_assert_eq!(read.debug.starts_with("Unknown("), !read.is_known);
        }
    }
}
