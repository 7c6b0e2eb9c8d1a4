//! What holds for every object type of the contract.

use crate::{
    examples::{ALL, CANARIES},
    tree::Tree,
};

const ODD: &str =
    r#"{"n": 0.10000000000000000001, "big": 123456789012345678901234567890, "e": 1e400, "x": []}"#;

/// Free-form JSON is a value like any other here; it has no type to miss.
#[test]
fn a_full_example_survives_decode_and_encode_exactly() {
    for object in &ALL.objects {
        let full = object.full();
        assert_eq!(Tree::parse(&object.read_tree(&full).json), full, "{object}");
    }
}

#[test]
fn the_contract_is_all_here() {
    assert!(ALL.objects.len() >= 60, "{}", ALL.objects.len());
    assert!(ALL.open_enums.len() >= 28, "{}", ALL.open_enums.len());
    assert_eq!(ALL.closed_enums.len(), 9);
    assert_eq!(ALL.ids.len(), 15);
    let open: Vec<&str> = ALL
        .objects
        .iter()
        .filter(|object| object.is_open)
        .map(|object| object.name)
        .collect();
    let expected = [
        "EntitySummary",
        "Entity",
        "NewEntity",
        "InvestmentValue",
        "InvestorValue",
    ];
    assert_eq!(open, expected);
}

#[test]
fn only_the_required_fields_are_required() {
    for object in &ALL.objects {
        let minimal = object.minimal();
        let encoded = Tree::parse(&object.read_tree(&minimal).json);
        assert_eq!(
            encoded.clone().without(Tree::is_null_or_empty_list),
            minimal,
            "{object}: the rest is empty"
        );
        if object.is_request {
            assert_eq!(encoded, minimal, "{object}: what was not set is not sent");
        }
    }
}

#[test]
fn a_required_field_that_is_missing_or_null_is_an_error_that_names_it() {
    for object in &ALL.objects {
        for key in object.minimal().map().keys() {
            let mut map = object.full().map().clone();
            map.remove(key);
            let error = (object.read)(&Tree::Map(map).to_string()).err();
            let error = error.unwrap_or_else(|| panic!("{object}.{key} is not required"));
            assert!(
                error.starts_with(&format!("missing field `{key}`")),
                "{object}.{key}: {error}"
            );
            assert!(
                (object.read)(&object.full().with(key, Tree::Null).to_string()).is_err(),
                "{object}.{key}"
            );
        }
    }
}

#[test]
fn null_reads_like_missing() {
    for object in &ALL.objects {
        let minimal = object.minimal();
        let nulls = object
            .full()
            .map()
            .keys()
            .filter(|key| !minimal.map().contains_key(*key))
            .cloned()
            .collect::<Vec<_>>();
        let all = nulls
            .iter()
            .fold(minimal.clone(), |tree, key| tree.with(key, Tree::Null));
        assert!(
            (object.equal)(&all.to_string(), &minimal.to_string()),
            "{object}: all null"
        );
        for key in &nulls {
            let one = minimal.with(key, Tree::Null);
            assert!(
                (object.equal)(&one.to_string(), &minimal.to_string()),
                "{object}.{key}"
            );
        }
    }
}

/// Each field reads alone, so that no field leans on a neighbour.
#[test]
fn each_optional_field_is_carried_alone() {
    for object in &ALL.objects {
        let minimal = object.minimal();
        for (key, value) in object.shallow().map() {
            let tree = minimal.with(key, value.clone());
            let encoded = Tree::parse(&object.read_tree(&tree).json);
            let carried = encoded
                .map()
                .get(key)
                .unwrap_or_else(|| panic!("{object}.{key} is lost"));
            let bare = carried.clone().without(Tree::is_null_or_empty_list);
            assert_eq!(
                bare,
                value.clone().without(Tree::is_null_or_empty_list),
                "{object}.{key}"
            );
        }
    }
}

#[test]
fn an_unknown_field_never_fails() {
    for object in &ALL.objects {
        let full = object.full();
        let extended = full.with("zz_added_tomorrow", Tree::parse(ODD));
        let encoded = Tree::parse(&object.read_tree(&extended).json);
        if object.is_open {
            assert_eq!(encoded, extended, "{object} keeps it");
        } else {
            assert_eq!(encoded, full, "{object} ignores it");
        }
    }
}

/// serde's `flatten` would have put the number through a float.
#[test]
fn open_objects_keep_the_digits_of_what_they_do_not_know() {
    for object in ALL.objects.iter().filter(|object| object.is_open) {
        let text = format!(
            r#"{}, "zz_added_tomorrow": {ODD}}}"#,
            object.full().to_string().trim_end_matches('}')
        );
        let read = (object.read)(&text).unwrap();
        assert!(read.json.contains(ODD), "{object}: {}", read.json);
        assert!(
            !read.debug.contains("0.1000"),
            "{object}: it may be personal"
        );
    }
}

#[test]
fn the_order_of_the_keys_and_the_blanks_do_not_matter() {
    for object in &ALL.objects {
        let full = object.full();
        for text in [full.backwards(), full.spread()] {
            let read = (object.read)(&text).unwrap_or_else(|error| panic!("{object}: {error}"));
            assert_eq!(Tree::parse(&read.json), full, "{object}");
        }
    }
}

/// Two parsers that take different ones of two equal keys see different orders.
#[test]
fn a_key_that_comes_twice_is_refused() {
    for object in &ALL.objects {
        let full = object.full().to_string();
        for (key, value) in object.full().map() {
            let twice = format!("{}, {key:?}: {value}}}", &full[..full.len() - 1]);
            let error = (object.read)(&twice).err();
            let error = error.unwrap_or_else(|| panic!("{object}.{key} may come twice"));
            assert!(
                error.starts_with(&format!("duplicate field `{key}`")),
                "{object}.{key}: {error}"
            );
        }
    }
}

#[test]
fn debug_has_no_canary() {
    for object in &ALL.objects {
        let printed = object.read_tree(&object.full());
        for canary in CANARIES {
            for text in [&printed.debug, &printed.pretty_debug] {
                assert!(!text.contains(canary), "{object} prints {canary}: {text}");
            }
        }
        assert!(
            printed.debug.starts_with(object.name),
            "{object}: {}",
            printed.debug
        );
    }
}

/// Otherwise the test above would prove nothing.
#[test]
fn the_canaries_are_in_the_examples() {
    let all: String = ALL
        .objects
        .iter()
        .map(|object| object.full().to_string())
        .collect();
    for canary in CANARIES {
        assert!(all.matches(canary).count() >= 5, "{canary}");
    }
}

/// By serde's habit a struct also reads as the list of its values in order; no service sends one.
#[test]
fn a_scalar_is_no_object() {
    for object in &ALL.objects {
        for text in ["5", "-1.5", "\"x\"", "true", "null"] {
            assert!((object.read)(text).is_err(), "{object}: {text}");
        }
    }
}
