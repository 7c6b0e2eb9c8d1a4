//! Secrets and personal data: on the wire as they are, in `Debug` not at all.

use accredit_models::{
    Date, File, Json, Money, Personal, Secret,
    thirdparty::{LoginRequest, NewKybDocument},
};

#[test]
fn secret_and_personal_print_nothing() {
    let secret = Secret::from("canary");
    let text = Personal::<String>::from("canary");
    let money = Personal::new("918273645.10".parse::<Money>().unwrap());
    let date = Personal::new("1815-12-10".parse::<Date>().unwrap());
    for shown in [
        format!("{secret:?}{secret:#?}"),
        format!("{text:?}{text:#?}"),
        format!("{money:?}{money:#?}"),
        format!("{date:?}{date:#?}"),
    ] {
        assert_eq!(shown, "[redacted][redacted]");
    }
    assert_eq!(format!("{:?}", Some(vec![text])), "Some([[redacted]])");
}

#[test]
fn what_they_hold_is_read_and_sent() {
    let secret: Secret = serde_json::from_str(r#""s\u0065cret \"""#).unwrap();
    assert_eq!(secret.expose(), "secret \"");
    assert_eq!(serde_json::to_string(&secret).unwrap(), r#""secret \"""#);
    let date: Personal<Date> = serde_json::from_str("\"1815-12-10\"").unwrap();
    assert_eq!(date.expose().to_string(), "1815-12-10");
    assert_eq!(serde_json::to_string(&date).unwrap(), "\"1815-12-10\"");
    assert_eq!(date.into_exposed().civil().year(), 1815);
}

#[test]
fn they_compare_by_what_they_hold() {
    assert_eq!(Secret::from("a"), Secret::new("a"));
    assert_ne!(Secret::from("a"), Secret::from("b"));
    assert!(Personal::new(1) < Personal::new(2));
}

#[test]
fn a_request_prints_no_password() {
    let request = LoginRequest::new("canary@example.com", "canary");
    assert_eq!(
        format!("{request:?}"),
        "LoginRequest { email: [redacted], password: [redacted] }"
    );
    assert_eq!(
        serde_json::to_string(&request).unwrap(),
        r#"{"email":"canary@example.com","password":"canary"}"#
    );
}

#[test]
fn a_wrong_value_in_a_secret_field_is_not_quoted() {
    let error = serde_json::from_str::<Secret>("4815162342").unwrap_err();
    assert!(
        error.to_string().starts_with("invalid type: integer"),
        "{error}"
    );
}

/// Free-form JSON and files may be about people too.
#[test]
fn json_and_files_print_their_size_only() {
    let json: Json = serde_json::from_str(r#"{"canary": 1}"#).unwrap();
    assert_eq!(format!("{json:?}"), "Json(13 bytes)");
    let file = File::new(&b"%PDF canary"[..]);
    assert_eq!(format!("{file:?}"), "File(11 bytes)");
    let document: NewKybDocument = serde_json::from_str(
        r#"{"entity": 1, "type": "other", "side": "front", "storage_content": "canary"}"#,
    )
    .unwrap();
    assert!(!format!("{document:?}").contains("canary"));
}
