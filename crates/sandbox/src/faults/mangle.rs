//! Answers whose JSON is not what the contract says.
//!
//! Only the body changes, and with it its length; status and headers stay.

use axum::body::{Body, to_bytes};
use http::{Response, header};
use serde_json::Value;

/// What no value list knows.
const UNKNOWN: &str = "value_of_tomorrow";

/// The fields with a value list, in either contract. A column of a `values` call has the path to
/// it before its name, parted by two underscores.
const LISTED: [&str; 27] = [
    "accredited_investor_type",
    "api_type",
    "canadian_eligible_investor_type",
    "circular_type",
    "citizenship",
    "country",
    "dashboard_status",
    "default_timezone",
    "display_logo_during_investment",
    "document_name",
    "escrow_provider",
    "investor_type",
    "investors_excluded_countries",
    "investors_included_countries",
    "kyc_status",
    "requested_payment_method",
    "share_or_unit",
    "side",
    "state",
    "status",
    "type",
    "value",
    "verification_choice",
    "verification_request_step",
    "verification_result_status",
    "verification_status",
    "country_codes",
];

/// Changes the bytes of a JSON answer; any other answer stays as it is.
pub(super) async fn json(
    response: Response<Body>,
    change: impl FnOnce(Vec<u8>) -> Vec<u8>,
) -> Response<Body> {
    let is_json = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !is_json {
        return response;
    }
    let (parts, body) = response.into_parts();
    // Answers are made whole in memory, so there is nothing that could fail or be too long.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    Response::from_parts(parts, Body::from(change(bytes.into())))
}

/// Without its last byte, an object or a list is no JSON.
pub(super) fn cut_short(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.pop();
    bytes
}

/// Ids become text that is no number; other numbers, and booleans, become strings.
pub(super) fn wrong_types(bytes: Vec<u8>) -> Vec<u8> {
    rewrite(bytes, |key, value| match value {
        Value::Number(number) if key == "id" || key.ends_with("_id") => {
            *value = Value::String(format!("id-{number}"));
        }
        Value::Number(_) | Value::Bool(_) => *value = Value::String(value.to_string()),
        _ => {}
    })
}

/// Every text in a field with a value list becomes an unknown one.
pub(super) fn unknown_values(bytes: Vec<u8>) -> Vec<u8> {
    rewrite(bytes, |key, value| {
        let field = key.rsplit("__").next().unwrap_or(key);
        if value.is_string() && LISTED.contains(&field) {
            *value = Value::String(UNKNOWN.to_owned());
        }
    })
}

fn rewrite(bytes: Vec<u8>, mut change: impl FnMut(&str, &mut Value)) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_slice(&bytes) else {
        return bytes;
    };
    walk("", &mut value, &mut change);
    serde_json::to_vec(&value).unwrap_or(bytes)
}

/// Shows every value that is no object and no list with the key that it is under.
fn walk(key: &str, value: &mut Value, change: &mut impl FnMut(&str, &mut Value)) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                walk(key, value, change);
            }
        }
        Value::Array(items) => {
            for item in items {
                walk(key, item, change);
            }
        }
        _ => change(key, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_values_are_changed_and_the_rest_is_not() {
        let body = br#"{"id":7,"investor":{"user_id":8,"type":"person","active":true,"name":null},"quantity":[1],"next":"x"}"#;
        assert_eq!(
            String::from_utf8(wrong_types(body.to_vec())).unwrap(),
            r#"{"id":"id-7","investor":{"active":"true","name":null,"type":"person","user_id":"id-8"},"next":"x","quantity":["1"]}"#
        );
        let values =
            br#"{"investor__type":"person","status":"started","count":1,"offering__name":"A"}"#;
        assert_eq!(
            String::from_utf8(unknown_values(values.to_vec())).unwrap(),
            r#"{"count":1,"investor__type":"value_of_tomorrow","offering__name":"A","status":"value_of_tomorrow"}"#
        );
    }
}
