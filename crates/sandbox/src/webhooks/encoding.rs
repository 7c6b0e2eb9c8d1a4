//! The bytes of a webhook and its signature header, in every encoding that receivers may meet.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::settings::{WebhookBody, WebhookSettings, WebhookSignature};
use crate::credentials::WEBHOOK_SECRET;
use crate::json::Json;
use crate::secrets;

/// Signs what is forged.
const WRONG_SECRET: &[u8] = b"not the webhook secret";

/// An event as text. In a form null is absent, and all else is text.
pub(crate) fn body(encoding: WebhookBody, event: &Json) -> String {
    match (encoding, event) {
        (WebhookBody::Form, Json::Object(fields)) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in fields {
                if let Some(value) = plain(value) {
                    form.append_pair(name, &value);
                }
            }
            form.finish()
        }
        _ => event.to_text(),
    }
}

fn plain(value: &Json) -> Option<Cow<'_, str>> {
    match value {
        Json::Text(text) => Some(Cow::Borrowed(text)),
        Json::Bool(value) => Some(Cow::Owned(value.to_string())),
        Json::Integer(value) => Some(Cow::Owned(value.to_string())),
        Json::Null | Json::List(_) | Json::Object(_) | Json::Raw(_) | Json::Written(_) => None,
    }
}

/// What the signature header carries for a raw body. A forged one is well formed, by another key.
pub(super) fn signature(settings: &WebhookSettings, body: &str, forged: bool) -> String {
    let key = if forged {
        WRONG_SECRET
    } else {
        WEBHOOK_SECRET.as_bytes()
    };
    let tag = secrets::hmac(key, body.as_bytes());
    let text = match settings.signature {
        WebhookSignature::Hex => secrets::hex(&tag),
        WebhookSignature::Base64 => STANDARD.encode(tag),
        WebhookSignature::Base64Url => URL_SAFE_NO_PAD.encode(tag),
    };
    if settings.signature_prefix {
        format!("sha256={text}")
    } else {
        text
    }
}
