//! Free-form JSON and files: kept byte for byte.

use accredit_models::{File, Json};
use proptest::{prelude::*, test_runner::Config};

#[test]
fn free_form_json_is_kept_as_text() {
    for text in [
        "null",
        "1.50",
        "1e400",
        "\"é\\u00e9\"",
        "[ 1,\n2 ]",
        r#"{"b": 1, "a": 1, "b": 2}"#,
        "0.10000000000000000001",
    ] {
        let json: Json = serde_json::from_str(text).unwrap();
        assert_eq!(json.as_str(), text);
        assert_eq!(serde_json::to_string(&json).unwrap(), text);
        assert_eq!(json, json.clone());
    }
    let (one, other): (Json, Json) = (
        serde_json::from_str("1").unwrap(),
        serde_json::from_str("1.0").unwrap(),
    );
    assert_ne!(one, other);
}

/// `null` where JSON of any kind may stand is a value that is not there.
#[test]
fn an_optional_null_is_none() {
    assert_eq!(serde_json::from_str::<Option<Json>>("null").unwrap(), None);
    assert!(
        serde_json::from_str::<Option<Json>>("{}")
            .unwrap()
            .is_some()
    );
}

#[test]
fn free_form_json_reads_as_any_type_and_is_made_of_any() {
    let json: Json = serde_json::from_str(r#"{"hits": [1, 2]}"#).unwrap();
    let map: std::collections::BTreeMap<String, Vec<u8>> = json.decode().unwrap();
    assert_eq!(map["hits"], [1, 2]);
    assert!(json.decode::<u8>().is_err());
    assert_eq!(Json::new(&map).unwrap().as_str(), r#"{"hits":[1,2]}"#);
}

#[test]
fn broken_json_is_refused() {
    for text in ["", "{", "[1,]", "nul", "01", "'a'", "{\"a\" 1}"] {
        assert!(serde_json::from_str::<Json>(text).is_err(), "{text}");
    }
}

#[test]
fn a_file_that_is_no_text_does_not_become_json() {
    let file = File::from(vec![0xff, 0x25]);
    let error = serde_json::to_string(&file).unwrap_err().to_string();
    assert_eq!(
        error,
        "a file that is not text goes into a form, not into JSON"
    );
    assert_eq!(file.as_bytes(), [0xff, 0x25]);
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn any_text_file_survives(text: String) {
        let file = File::new(text.as_bytes());
        let json = serde_json::to_string(&file).unwrap();
        prop_assert_eq!(&json, &serde_json::to_string(&text).unwrap());
        prop_assert_eq!(serde_json::from_str::<File>(&json).unwrap(), file);
    }
}
