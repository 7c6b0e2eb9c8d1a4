//! The JSON and the `Debug` form of every type, pinned: one file of each for a module of the contract.

use std::collections::BTreeMap;

use crate::examples::{ALL, Object, Printed};

/// `Some(\n    x,\n)` on one line, so that a field takes one.
fn fold(pretty: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in pretty.lines() {
        let word = line.trim();
        let before = lines
            .len()
            .checked_sub(2)
            .map(|at| lines[at].clone())
            .unwrap_or_default();
        if word.starts_with(')') && before.ends_with('(') {
            let value = lines.pop().unwrap();
            let open = lines.pop().unwrap();
            lines.push(format!(
                "{open}{}{word}",
                value.trim().trim_end_matches(',')
            ));
        } else {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n")
}

fn snapshot(form: &str, print: fn(&Printed) -> String) {
    let mut modules: BTreeMap<String, Vec<&Object>> = BTreeMap::new();
    for object in &ALL.objects {
        modules
            .entry(format!("{}-{}", object.service, object.module))
            .or_default()
            .push(object);
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (module, objects) in modules {
        let texts = objects.iter().map(|object| {
            // Objects inside stand in their smallest form: their own snapshot has the rest.
            format!(
                "{}\n{}\n",
                object.name,
                print(&object.read_tree(&object.shallow()))
            )
        });
        let text = texts.collect::<Vec<_>>().join("\n");
        assert!(
            text.lines().count() < 980,
            "{module}: split its schema file"
        );
        settings.bind(|| insta::assert_snapshot!(format!("{module}.{form}"), text));
    }
}

#[test]
fn json_of_every_type() {
    snapshot("json", |printed| printed.pretty_json.clone());
}

#[test]
fn debug_of_every_type() {
    snapshot("debug", |printed| fold(&printed.pretty_debug));
}

#[test]
fn folding_keeps_every_value() {
    let pretty = "A {\n    b: Some(\n        5,\n    ),\n    c: Some(\n        D {\n            e: None,\n        },\n    ),\n}";
    let folded = "A {\n    b: Some(5),\n    c: Some(\n        D {\n            e: None,\n        },\n    ),\n}";
    assert_eq!(fold(pretty), folded);
}
