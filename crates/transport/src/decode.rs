//! Reads JSON and words its faults.
//!
//! Never quotes a value: serde's own messages do (`invalid type: string "…"`), and replies hold
//! personal data.

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::error::DecodeError;

/// Reads a whole JSON document.
pub(crate) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    // One UTF-8 check for the document instead of one for each string.
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(DecodeError::message("the body is not UTF-8"));
    };
    serde_json::from_str(text).map_err(|_| explain::<T>(text))
}

/// Decodes again, this time with the path; only reached after a failure.
#[cold]
fn explain<T: DeserializeOwned>(text: &str) -> DecodeError {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => DecodeError::malformed(error),
        Ok(_) => match deserializer.end() {
            Err(error) => DecodeError::malformed(error),
            Ok(()) => DecodeError::message("the body could not be read"),
        },
    }
}

/// What went wrong, with the JSON path where it is known and without the value.
pub(crate) fn describe_at_path(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let path = shown(error.path());
    let fault = describe(error.inner());
    if path.is_empty() {
        fault
    } else {
        format!("{path}: {fault}")
    }
}

/// About as much of a path as is shown: the server chooses how deep it goes.
const LONGEST_PATH: usize = 200;

/// A path without keys that could be data: the keys of a map come from the server.
fn shown(path: &serde_path_to_error::Path) -> String {
    let mut text = String::new();
    for segment in path {
        if text.len() > LONGEST_PATH {
            text.push('\u{2026}');
            break;
        }
        let key = match segment {
            Segment::Seq { index } => {
                text.push_str(&format!("[{index}]"));
                continue;
            }
            Segment::Map { key } => key,
            Segment::Enum { variant } => variant,
            Segment::Unknown => "?",
        };
        if !text.is_empty() {
            text.push('.');
        }
        text.push_str(if is_field_name(key) { key } else { "?" });
    }
    text
}

/// A name as fields have them; a tax id, a telephone number or a person's name is none.
fn is_field_name(key: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    key.len() <= 80
        && key.bytes().next().is_some_and(letter)
        && key
            .bytes()
            .all(|byte| letter(byte) || byte.is_ascii_digit())
}

/// What went wrong, without the value.
pub(crate) fn describe(error: &serde_json::Error) -> String {
    let message = error.to_string();
    if error.is_data() {
        return describe_data(&message).to_owned();
    }
    // Syntax and end-of-file messages are fixed texts with a position.
    message
}

/// Keeps what serde expected and drops what it found.
fn describe_data(message: &str) -> &str {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(message, _)| message);
    let quotes_the_value = [
        "invalid type",
        "invalid value",
        "invalid length",
        "unknown variant",
        "unknown field",
    ]
    .iter()
    .any(|prefix| message.starts_with(prefix));
    if quotes_the_value {
        // The value stands before the last `, expected`: a value that holds these words is cut off
        // with the rest.
        return message
            .rfind(", expected")
            .map_or("unexpected value", |at| {
                message.get(at + 2..).unwrap_or_default()
            });
    }
    // As serde words it, and no more: a type's own message may begin like that.
    let field = message
        .strip_prefix("missing field `")
        .or_else(|| message.strip_prefix("duplicate field `"))
        .and_then(|rest| rest.strip_suffix('`'));
    if field.is_some_and(is_field_name) {
        return message;
    }
    // A message of some type's own `Deserialize`: it may well quote what it could not read.
    "not a valid value"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Amounts {
        #[allow(dead_code)]
        results: Vec<Amount>,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Amount {
        #[allow(dead_code)]
        amount: u64,
    }

    fn fault(body: &str) -> String {
        json::<Amounts>(body.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_fault_names_the_path_and_not_the_value() {
        assert_eq!(
            fault(r#"{"results":[{"amount":1},{"amount":"canary"}]}"#),
            "results[1].amount: expected u64"
        );
        assert_eq!(
            fault(r#"{"results":[{}]}"#),
            "results[0]: missing field `amount`"
        );
    }

    #[test]
    fn a_path_without_end_is_cut() {
        for deep in [
            "[",
            "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":",
        ] {
            let body = deep.repeat(1000);
            let error = json::<serde_json::Value>(body.as_bytes()).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("\u{2026}: recursion limit"), "{text}");
            assert!(text.len() < 350, "{text}");
        }
    }

    #[test]
    fn a_value_that_imitates_the_message_is_not_quoted() {
        assert_eq!(
            fault(r#"{"results":[{"amount":"x, expected canary"}]}"#),
            "results[0].amount: expected u64"
        );
    }

    #[test]
    fn syntax_faults_keep_their_position() {
        assert_eq!(fault("<html>"), "expected value at line 1 column 1");
        assert_eq!(
            fault(r#"{"results":["#),
            "results: EOF while parsing a list at line 1 column 12"
        );
        assert_eq!(
            fault(r#"{"results":[]} x"#),
            "trailing characters at line 1 column 16"
        );
    }

    #[test]
    fn a_message_of_a_custom_type_is_dropped() {
        #[derive(Debug)]
        struct Picky;
        impl<'de> serde::Deserialize<'de> for Picky {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Err(serde::de::Error::custom(text))
            }
        }
        // Also where it begins like one of serde's.
        for text in [
            "canary",
            "missing field canary",
            "duplicate field `x` canary",
        ] {
            let error = json::<Picky>(format!("{text:?}").as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), "not a valid value");
        }
    }

    #[test]
    fn a_body_that_is_not_utf8_is_an_error() {
        assert_eq!(
            json::<String>(b"\"\xff\"").unwrap_err().to_string(),
            "the body is not UTF-8"
        );
    }
}
