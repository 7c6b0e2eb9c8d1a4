//! The filters of the Third Party API's lists against what is known of them: how many comma lists stand between names that
//! are certain, and that each filter has the type of its field.

use super::{THIRDPARTY, catalog, find};
use crate::codegen::catalog::{Argument, Rust};

/// List, the certain names before and behind, and how many comma lists stand between. Empty: the edge of the list.
const SLOTS: [(&str, &str, &str, usize); 13] = [
    ("investments.list", "", "investor__entity__kyc_status", 5),
    (
        "investments.list",
        "investor__entity__kyc_status",
        "investor__type",
        3,
    ),
    (
        "investments.list",
        "investor__type__in",
        "offering__type",
        12,
    ),
    ("investments.list", "offering__type", "page_size", 1),
    ("investments.list", "page_size", "search", 6),
    ("investments.list", "search", "status", 1),
    // The second of two has no name yet.
    ("investments.list", "status__in", "", 1),
    ("investors.list", "", "ordering", 4),
    ("investors.list", "type", "", 5),
    ("invoices.list", "", "ordering", 2),
    ("kyb_documents.list", "", "ordering", 2),
    // Three candidates for the last two.
    (
        "subscription_agreement_investor_signatures.list",
        "",
        "ordering",
        5,
    ),
    (
        "subscription_agreement_investor_signatures.list",
        "search",
        "",
        1,
    ),
];

const LOOKUPS: [&str; 6] = ["gt", "gte", "in", "isnull", "lt", "lte"];

#[test]
fn as_many_comma_lists_stand_between_certain_names_as_the_document_has() {
    let catalog = catalog(THIRDPARTY);
    for (id, after, before, expected) in SLOTS {
        let query = &find(&catalog, id).unwrap().query;
        let place = |name: &str| query.iter().position(|argument| argument.wire == name);
        let from = if after.is_empty() {
            0
        } else {
            place(after).unwrap() + 1
        };
        let to = if before.is_empty() {
            query.len()
        } else {
            place(before).unwrap()
        };
        let lists = query[from..to]
            .iter()
            .filter(|argument| argument.wire.ends_with("__in"));
        assert_eq!(lists.count(), expected, "{id}: {after} .. {before}");
    }
}

#[test]
fn every_filter_has_the_type_of_its_field_and_every_list_takes_the_rest() {
    let catalog = catalog(THIRDPARTY);
    let mut filters = 0;
    for operation in &catalog.operations {
        let query = &operation.query;
        assert!(
            query.is_empty() || operation.raw_parameters,
            "{}",
            operation.id
        );
        assert!(
            query.is_sorted_by_key(|argument| &argument.wire),
            "{}",
            operation.id
        );
        for argument in query {
            let Some((field, lookup)) = argument.wire.rsplit_once("__") else {
                continue;
            };
            if !LOOKUPS.contains(&lookup) {
                continue;
            }
            filters += 1;
            let exact = query.iter().find(|other| other.wire == field);
            check(argument, lookup, exact);
        }
    }
    assert_eq!(filters, 64);
}

fn check(argument: &Argument, lookup: &str, exact: Option<&Argument>) {
    let name = &argument.wire;
    match (&argument.rust, lookup, exact) {
        // An exact form would show its list of values in the document.
        (Rust::List(_), "in", None) => assert_eq!(name, "requested_payment_method__in"),
        (Rust::List(item), "in", Some(exact)) => assert_eq!(**item, exact.rust, "{name}"),
        (rust, "isnull", _) => assert_eq!(*rust, Rust::Bool, "{name}"),
        (rust, _, Some(exact)) => {
            assert_eq!(*rust, exact.rust, "{name}");
            assert!(matches!(rust, Rust::Money | Rust::Timestamp), "{name}");
        }
        (_, _, None) => panic!("{name} has no exact form"),
    }
    if let Some(exact) = exact.filter(|_| lookup != "isnull") {
        assert_eq!(
            argument.sensitivity.is_some(),
            exact.sensitivity.is_some(),
            "{name}"
        );
    }
}
