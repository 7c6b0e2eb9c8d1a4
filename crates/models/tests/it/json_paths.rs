//! Our path of an error, found by position after the failure, is the one that a typed path tracker gives.

use proptest::{prelude::*, sample::Index, test_runner::Config};

use crate::{
    examples::{ALL, Body},
    tree::{Tree, path_text},
};

/// A value of every kind, wrong almost everywhere.
fn wrong() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "5",
        "-5",
        "1.5",
        "1e2",
        "18446744073709551616",
        "true",
        "\"text\"",
        "\"2025-13-01\"",
        "\"12.5.0\"",
        "\"\\u0041\\\"}\"",
        "[]",
        "[1]",
        "[[\"x\"], {}]",
        "{}",
        "{\"id\": \"x\"}",
        "{\"id\": 1, \"user\": [\"x\"]}",
        "{\"a\": {\"b\": [1, {\"c\": null}]}}",
        "null",
    ])
}

fn check(body: &Body, text: &str) -> Result<(), TestCaseError> {
    let ours = (body.decode)(text.as_bytes()).err();
    let tracked = (body.tracked_path)(text);
    match (&ours, &tracked) {
        // A list that is too long for a struct: the tracker names the list, we the first item too many.
        (Some(ours), Some(tracked)) if ours.problem() == "the value does not fit" => {
            prop_assert!(
                ours.path().starts_with(tracked),
                "{ours:?} {tracked} {}: {text}",
                body.name
            );
        }
        _ => prop_assert_eq!(
            ours.map(|error| error.path().to_owned()),
            tracked,
            "{}: {}",
            body.name,
            text
        ),
    }
    Ok(())
}

/// All places, a few values; the property below takes all values in random places.
#[test]
fn paths_agree_at_every_place_of_every_reply() {
    for body in &ALL.replies {
        let full = body.full();
        for (path, _) in full.walk() {
            for wrong in ["{}", "[[]]", "\"x\"", "7.5"] {
                let changed = full.replace(&path, Tree::parse(wrong));
                check(body, &changed.to_string())
                    .unwrap_or_else(|error| panic!("{}: {error}", path_text(&path)));
                check(body, &changed.spread())
                    .unwrap_or_else(|error| panic!("{}: {error}", path_text(&path)));
            }
        }
    }
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 1_500, ..Config::default() })]

    #[test]
    fn paths_agree_on_random_wrong_values(
        which: Index,
        changes in proptest::collection::vec((any::<Index>(), wrong()), 1..4),
        form in 0..3,
    ) {
        let body = which.get(&ALL.replies);
        let mut tree = body.full();
        for (at, value) in changes {
            let all = tree.walk();
            let path = all[at.index(all.len())].0.clone();
            tree = tree.replace(&path, Tree::parse(value));
        }
        let text = match form { 0 => tree.to_string(), 1 => tree.backwards(), _ => tree.spread() };
        check(body, &text)?;
    }

    #[test]
    fn paths_agree_when_a_field_is_missing(which: Index, at: Index) {
        let body = which.get(&ALL.replies);
        let mut tree = body.full();
        let all = tree.walk();
        let (mut path, _) = all[at.index(all.len())].clone();
        if path.pop().is_some() {
            let parent = tree.at_mut(&path);
            if let Tree::Map(map) = parent {
                map.clear();
            }
            check(body, &tree.to_string())?;
        }
    }
}
