//! What a reply that does not fit gets: an error with the path, never with the value, and never a crash.

use accredit_models::{
    DecodeError, Envelope, Json, Page, Reply, Signed,
    thirdparty::{CountryCodes, FailedEnvelope, Investment, Investor, Invoice, Login},
    verifyinvestor::{UserSummary, WebhookEvent},
};
use proptest::{prelude::*, sample::Index, test_runner::Config};

use crate::{
    examples::ALL,
    tree::{Step, Tree, path_text},
};

/// Looks like a part of serde's own message, to be taken for one.
const BAD_TEXT: &str = "canary, expected canary at line 1 column 2";
const BAD_NUMBER: &str = "4815162342.5";

fn assert_names_path_and_no_value(error: &DecodeError, path: &str, context: &str) {
    assert_eq!(error.path(), path, "{context}");
    let (display, debug) = (error.to_string(), format!("{error:?}"));
    assert!(
        display.starts_with(&format!("{path}: ")) || path.is_empty(),
        "{context}: {display}"
    );
    for text in [display, debug] {
        assert!(
            !text.contains("canary") && !text.contains("4815162342"),
            "{context}: {text}"
        );
    }
}

/// Free-form JSON fits anything.
fn is_free_form(path: &[Step], value: &Tree) -> bool {
    path.contains(&Step::Key("free_form".to_owned()))
        || matches!(value, Tree::Map(map) if map.contains_key("free_form"))
}

#[test]
fn a_wrong_value_in_any_field_of_any_reply_is_named_and_not_shown() {
    let object = Tree::parse(&format!("{{\"canary\": {BAD_NUMBER}}}"));
    let mut checked = 0;
    for body in &ALL.replies {
        let full = body.full();
        for (path, value) in full.walk() {
            if is_free_form(&path, value) {
                continue;
            }
            let wrong = match value {
                Tree::Text(_) => vec![
                    object.clone(),
                    Tree::List(vec![Tree::text(BAD_TEXT)]),
                    Tree::Bool(true),
                ],
                Tree::Bool(_) => vec![
                    object.clone(),
                    Tree::text(BAD_TEXT),
                    Tree::Number(BAD_NUMBER.to_owned()),
                ],
                Tree::Number(_) => vec![
                    object.clone(),
                    Tree::text(BAD_TEXT),
                    Tree::Number(BAD_NUMBER.to_owned()),
                ],
                Tree::List(_) => vec![
                    object.clone(),
                    Tree::text(BAD_TEXT),
                    Tree::Number(BAD_NUMBER.to_owned()),
                ],
                Tree::Map(_) => vec![Tree::text(BAD_TEXT), Tree::Number(BAD_NUMBER.to_owned())],
                Tree::Null => vec![object.clone()],
            };
            for wrong in wrong {
                let changed = full.replace(&path, wrong.clone());
                for text in [changed.to_string(), changed.backwards(), changed.spread()] {
                    let path = path_text(&path);
                    let context = format!("{} at {path:?} = {wrong}", body.name);
                    let error = (body.decode)(text.as_bytes()).err();
                    let error = error.unwrap_or_else(|| panic!("{context} decodes"));
                    assert_names_path_and_no_value(&error, &path, &context);
                    assert!(!error.problem().is_empty(), "{context}");
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 5_000, "{checked}");
}

/// A text where a text stands is right for names and wrong for decimals and dates: if it fails, then properly.
#[test]
fn a_wrong_text_in_any_field_is_kept_or_named() {
    let mut failed = 0;
    for body in &ALL.replies {
        let full = body.full();
        for (path, value) in full.walk() {
            let Tree::Text(_) = value else { continue };
            for wrong in [BAD_TEXT, "", "canary \u{1f980} \" \\"] {
                let changed = full.replace(&path, Tree::text(wrong));
                for text in [changed.to_string(), changed.backwards(), changed.spread()] {
                    let Err(error) = (body.decode)(text.as_bytes()) else {
                        continue;
                    };
                    assert_names_path_and_no_value(&error, &path_text(&path), body.name);
                    assert!(
                        error.problem().starts_with("expected a"),
                        "{}: {error}",
                        body.name
                    );
                    failed += 1;
                }
            }
        }
    }
    assert!(failed > 500, "{failed}");
}

#[test]
fn a_missing_id_names_its_object_and_itself() {
    let page =
        br#"{"count": 1, "next": null, "previous": null, "results": [{"id": 1}, {"number": "5"}]}"#;
    let error = Page::<Invoice>::decode(page).unwrap_err();
    assert_eq!(error.to_string(), "results[1]: missing field `id`");
    let error = Login::decode(b"{}").unwrap_err();
    assert_eq!(
        (error.path(), error.to_string().as_str()),
        ("", "missing field `token`")
    );
}

/// A decimal is read as raw text, which serde_json places at the end of the object around it.
#[test]
fn a_wrong_decimal_is_named_wherever_it_stands() {
    for text in [
        r#"{"id": 1, "amount": "canary"}"#,
        r#"{"id": 1, "amount": "canary"   }"#,
        "{\"id\": 1,\n  \"amount\": \"canary\"\n}\n",
        r#"{"amount": "canary", "id": 1}"#,
        r#"{"id": 1, "amount": {"canary": ["canary"]}}"#,
        r#"{"id": 1, "amount": {"canary": ["canary"]}, "price": "1.00"}"#,
        r#"{"id": 1, "amount": []}"#,
        r#"{"id": 1, "amount": 1e400}"#,
        r#"{"id": 1, "amount": true}"#,
    ] {
        let error = Investment::decode(text.as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "amount: expected a decimal (a string or a number)",
            "{text}"
        );
    }
    let nested =
        br#"{"id": 1, "investor": {"id": 1, "entity": {"id": 1, "net_worth": {"canary": {}}}}}"#;
    assert_eq!(
        Investment::decode(nested).unwrap_err().path(),
        "investor.entity.net_worth"
    );
}

/// One failed decode must not colour the next.
#[test]
fn each_error_is_about_its_own_body() {
    let first = Investment::decode(br#"{"id": 1, "price": "canary"}"#).unwrap_err();
    let second = Investment::decode(br#"{"id": 1, "quantity": "canary"}"#).unwrap_err();
    let third = Investment::decode(br#"{"id": 1, "amount": "canary"}"#).unwrap_err();
    assert_eq!(
        [first.path(), second.path(), third.path()],
        ["price", "quantity", "amount"]
    );
}

#[test]
fn what_is_no_json_is_said_in_words() {
    for (body, problem) in [
        (&b"<html>canary</html>"[..], "the body is not JSON"),
        (b"", "the JSON ends too early"),
        (b"{\"token\": \"canary", "the JSON ends too early"),
        (b"{\"token\": \"canary\", }", "the body is not JSON"),
        (b"{\"token\": \"canary\"} {}", "missing field `expiry`"),
        (
            b"{\"token\": \"\xff\xfe\", \"expiry\": null}",
            "the body is not UTF-8",
        ),
        (b"\xef\xbb\xbf{}", "the body is not JSON"),
        (b"NaN", "the body is not JSON"),
    ] {
        let error = Login::decode(body).unwrap_err();
        assert_eq!(
            error.to_string(),
            problem,
            "{:?}",
            String::from_utf8_lossy(body)
        );
        assert_eq!(error.path(), "");
    }
    let trailing = br#"{"token": "t", "expiry": "2025-07-25T14:28:10Z"} canary"#;
    assert_eq!(
        Login::decode(trailing).unwrap_err().to_string(),
        "the body is not JSON"
    );
}

/// serde_json calls nesting that is too deep an error of syntax, although the body is JSON.
#[test]
fn json_that_does_not_fit_is_not_called_broken() {
    let list = br#"{"success": true, "message": "", "data": [["US"], "canary"]}"#;
    let error = Envelope::<CountryCodes>::decode(list).unwrap_err();
    assert_eq!(error.to_string(), "data: expected an object");
    let deep = format!(
        "{{\"id\": 1, \"user\": {}1{}}}",
        "[".repeat(200),
        "]".repeat(200)
    );
    let error = Investor::decode(deep.as_bytes()).unwrap_err();
    assert!(error.to_string().starts_with("user"), "{error}");
}

/// Recursion over the depth of a body would overflow the stack, and that cannot be caught.
#[test]
fn a_depth_bomb_is_an_error_and_not_a_crash() {
    let depth = 100_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let bomb = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert!(Page::<Investor>::decode(bomb.as_bytes()).is_err());
        assert!(Vec::<UserSummary>::decode(bomb.as_bytes()).is_err());
        assert!(Login::decode(open.repeat(depth).as_bytes()).is_err());

        // Where anything may stand the text is kept, or skipped, without recursion.
        let free = FailedEnvelope::decode(format!("{{\"data\": {bomb}}}").as_bytes()).unwrap();
        assert_eq!(free.data.as_ref().map(Json::as_str), Some(&*bomb));
        assert_eq!(
            serde_json::to_string(&free).unwrap().matches(&bomb).count(),
            1
        );
        let ignored = format!("{{\"id\": 1, \"zz\": {bomb}}}");
        assert!(Investor::decode(ignored.as_bytes()).is_ok());

        // The path is looked for across it.
        for text in [
            format!("{{\"zz\": {bomb}, \"id\": \"canary\"}}"),
            format!("{{\"zz\": {bomb}, \"id\": 1, \"type\": {bomb}}}"),
        ] {
            let error = Investor::decode(text.as_bytes()).unwrap_err();
            assert!(["id", "type"].contains(&error.path()), "{error}");
        }
        let error = Investment::decode(format!("{{\"id\": 1, \"amount\": {bomb}}}").as_bytes())
            .unwrap_err();
        assert_eq!(error.path(), "amount");
    }
}

#[test]
fn a_key_that_may_be_a_datum_is_not_shown() {
    let body = br#"{"id": 1, "user": {"id": 1, "canary of Ada Lovelace": 1, "email": 5}}"#;
    let error = Investor::decode(body).unwrap_err();
    assert_eq!(error.to_string(), "user.email: expected a string");
}

#[test]
fn a_form_encoded_event_is_not_taken_for_json() {
    let form = b"action=verification_result&legal_name=canary";
    let error = Signed::<WebhookEvent>::decode(form).unwrap_err();
    assert_eq!(error.to_string(), "the body is not JSON");
}

/// What may happen to a body on its way.
#[derive(Clone, Debug)]
enum Damage {
    Cut(Index),
    Flip(Index, u8),
    Insert(Index, String),
    Remove(Index, Index),
    Put(Index, String),
}

fn damage() -> impl Strategy<Value = Damage> {
    let token = prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("-1".to_owned()),
        Just("1e999".to_owned()),
        Just("4815162342.5".to_owned()),
        Just("\"canary\"".to_owned()),
        Just("{\"canary\": [{\"canary\": 4815162342}]}".to_owned()),
        "\"canary[a-z, {}\\[\\]:]{0,20}\"",
    ];
    prop_oneof![
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        (any::<Index>(), "[\\[\\]{},:\"\\\\a-z0-9 \n]{1,4}")
            .prop_map(|(at, text)| Damage::Insert(at, text)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, length)| Damage::Remove(from, length)),
        (any::<Index>(), token).prop_map(|(at, token)| Damage::Put(at, token)),
    ]
}

impl Damage {
    fn apply(&self, body: &mut Vec<u8>) {
        match self {
            Self::Cut(at) => body.truncate(at.index(body.len() + 1)),
            Self::Flip(at, byte) if !body.is_empty() => {
                let at = at.index(body.len());
                body[at] = *byte;
            }
            Self::Insert(at, text) => {
                let at = at.index(body.len() + 1);
                body.splice(at..at, text.bytes());
            }
            Self::Remove(from, length) if !body.is_empty() => {
                let from = from.index(body.len());
                let end = (from + length.index(40)).min(body.len());
                body.drain(from..end);
            }
            Self::Put(at, token) => {
                let Ok(tree) = str::from_utf8(body).map_err(drop).and_then(|text| {
                    serde_json::from_str::<&serde_json::value::RawValue>(text)
                        .map(|_| Tree::parse(text))
                        .map_err(drop)
                }) else {
                    return;
                };
                let all = tree.walk();
                let (path, _) = &all[at.index(all.len())];
                *body = tree
                    .replace(path, Tree::parse(token))
                    .to_string()
                    .into_bytes();
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, cases: 1_500, ..Config::default() })]

    #[test]
    fn a_damaged_reply_never_panics_and_never_shows_a_value(
        which: Index,
        damages in proptest::collection::vec(damage(), 1..4),
    ) {
        let body = which.get(&ALL.replies);
        let mut bytes = body.full().to_string().into_bytes();
        for damage in &damages {
            damage.apply(&mut bytes);
        }
        if let Err(error) = (body.decode)(&bytes) {
            for text in [error.to_string(), format!("{error:?}")] {
                for shown in ["canary", "some ", "4815162342", "918273645", "1815", "2025-07-25", "example.com"] {
                    // A key may have become one of them; then it stands in the path, where only names may.
                    prop_assert!(!text.contains(shown) || error.path().contains(shown), "{text}");
                }
            }
        }
    }
}
