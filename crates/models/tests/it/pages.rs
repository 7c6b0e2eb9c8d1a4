//! Pages of invented but lifelike investments survive decode and encode without one field lost.
//!
//! One normalisation, on both sides: a field that is missing, null or an empty list is not there. All else is exact,
//! down to the digits of decimals and timestamps.

use accredit_models::{
    Page, Reply,
    thirdparty::{Investment, InvestmentSummary},
};
use serde::Serialize;

use crate::tree::Tree;

const LIST_500: &str = include_str!("../pages/list_500.json");
const LIST_100: &str = include_str!("../pages/list_100.json");
const DETAIL: &str = include_str!("../pages/detail.json");

/// How many values the page holds, when all of them survive.
fn carried<T: Reply + Serialize>(page: &str) -> usize {
    let decoded = T::decode(page.as_bytes()).unwrap();
    let encoded = serde_json::to_string(&decoded).unwrap();
    let clean = |text: &str| Tree::parse(text).without(Tree::is_null_or_empty_list);
    let (before, after) = (clean(page), clean(&encoded));
    for ((path, value), (other_path, other)) in before.walk().into_iter().zip(after.walk()) {
        if !matches!(value, Tree::List(_) | Tree::Map(_)) {
            assert_eq!((&path, value), (&other_path, other));
        }
    }
    assert!(before == after);
    before.walk().len()
}

#[test]
fn list_500_decodes_without_one_field_lost() {
    let values = carried::<Page<InvestmentSummary>>(LIST_500);
    assert!(values > 30_000, "{values}");
    assert_eq!(
        Page::<InvestmentSummary>::decode(LIST_500.as_bytes())
            .unwrap()
            .results
            .len(),
        500
    );
}

#[test]
fn list_100_decodes_without_one_field_lost() {
    assert!(carried::<Page<InvestmentSummary>>(LIST_100) > 6_000);
}

#[test]
fn detail_decodes_without_one_field_lost() {
    assert!(carried::<Investment>(DETAIL) > 200);
}

/// A second pass reads what the first one wrote, to the letter.
#[test]
fn encoding_is_stable() {
    let first =
        serde_json::to_string(&Page::<InvestmentSummary>::decode(LIST_100.as_bytes()).unwrap())
            .unwrap();
    let second =
        serde_json::to_string(&Page::<InvestmentSummary>::decode(first.as_bytes()).unwrap())
            .unwrap();
    assert!(first == second);
}

/// Otherwise the tests above would prove nothing.
#[test]
fn a_lost_field_would_be_noticed() {
    let clean = |text: &str| Tree::parse(text).without(Tree::is_null_or_empty_list);
    let (one, other) = (
        clean(r#"{"a": [{"b": "1.50"}], "c": null}"#),
        clean(r#"{"a": [{"b": "1.5"}]}"#),
    );
    assert_ne!(one, other);
    assert_eq!(one, clean(r#"{"a": [{"b": "1.50"}], "d": []}"#));
}
