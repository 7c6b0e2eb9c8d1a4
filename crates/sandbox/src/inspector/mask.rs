//! What the inspector does not show: secrets, tokens, tax ids and bank accounts, wherever they stand in a body or a query.
//!
//! By the names of their fields. What it cannot read (a file, broken JSON) it does not show at all.

use serde_json::Value;

const MASK: &str = "•••";

/// Fields whose values are never shown.
const SECRET: [&str; 16] = [
    "account_number",
    "auth_token",
    "client_secret",
    "date_of_birth",
    "facebook_fbc",
    "facebook_fbp",
    "investor_signature_text",
    "password",
    "payment_intent_client_secret",
    "payment_intent_secret",
    "refund_routing_number",
    "routing_number",
    "secret",
    "source_id",
    "tax_id_number",
    "token",
];

/// A body as text, with its secrets masked; `None` when it is not JSON, a form or empty.
pub(super) fn body(content_type: &str, body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return Some(String::new());
    }
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        let mut value = serde_json::from_slice(body).ok()?;
        mask(&mut value);
        serde_json::to_string_pretty(&value).ok()
    } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        Some(form(body))
    } else {
        None
    }
}

/// Path and query, the secrets of the query masked.
pub(super) fn target(target: &str) -> String {
    match target.split_once('?') {
        Some((path, query)) => format!("{path}?{}", form(query.as_bytes())),
        None => target.to_owned(),
    }
}

fn form(text: &[u8]) -> String {
    let pairs: Vec<_> = form_urlencoded::parse(text)
        .map(|(name, value)| {
            let value = if is_secret(&name) {
                MASK
            } else {
                value.as_ref()
            };
            format!("{name}={value}")
        })
        .collect();
    pairs.join("&")
}

fn mask(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => {
            for (name, value) in fields {
                if is_secret(name) && !value.is_null() {
                    *value = Value::String(MASK.to_owned());
                } else {
                    mask(value);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.binary_search(&name.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_in_order() {
        assert!(SECRET.is_sorted());
    }

    #[test]
    fn secrets_are_masked_at_any_depth_and_in_any_encoding() {
        let json = br#"{"email":"a@example.com","Password":"hunter2","data":[{"token":"t0p","tax_id_number":null,"id":1}]}"#;
        let shown = body("application/json; charset=utf-8", json).unwrap();
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let expected = serde_json::json!({
            "email": "a@example.com", "Password": MASK, "data": [{ "token": MASK, "tax_id_number": null, "id": 1 }]
        });
        assert_eq!(shown, expected);
        assert_eq!(
            body("application/x-www-form-urlencoded", b"email=a&password=b+c").unwrap(),
            "email=a&password=•••"
        );
        assert_eq!(
            target("/x/?token=abc&id__in=1%2C2"),
            "/x/?token=•••&id__in=1,2"
        );
    }

    #[test]
    fn what_cannot_be_read_is_not_shown() {
        assert_eq!(body("application/json", b"{\"password\":\"x"), None);
        assert_eq!(body("multipart/form-data; boundary=x", b"--x"), None);
        assert_eq!(body("", b"password=x"), None);
        assert_eq!(body("text/html", b""), Some(String::new()));
    }
}
