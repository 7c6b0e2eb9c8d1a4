//! What the hosted pages have in common: a visit with its form, escaping, and one plain HTML frame.
//!
//! The pages work without scripts and load nothing from anywhere.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use http::{Method, Response, StatusCode, header};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::payload::{self, Payload, Unread};
use crate::reply::{Outcome, Reply};
use crate::state::Shared;
use crate::{clock, dispatch};

/// A browser at a page.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) db: &'a Connection,
    pub(crate) now: Timestamp,
    /// Whether the form was sent.
    pub(crate) is_post: bool,
    /// Path and query as they came: where the page's own form goes.
    pub(crate) address: &'a str,
    query: &'a [(String, String)],
    payload: &'a Payload,
}

impl Visit<'_> {
    /// The address without its query.
    pub(crate) fn path(&self) -> &str {
        self.address
            .split_once('?')
            .map_or(self.address, |(path, _)| path)
    }

    /// A value of the form, or of the query when the form has none; trimmed, `None` when empty.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let form = match self.payload {
            Payload::Fields { fields, .. } => fields.get(name).and_then(serde_json::Value::as_str),
            _ => None,
        };
        let query = || {
            self.query
                .iter()
                .rev()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
        };
        form.or_else(query)
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// The fields of the body; `None` when it has none to speak of.
    pub(crate) fn body(&self) -> Option<&serde_json::Map<String, serde_json::Value>> {
        match self.payload {
            Payload::Fields { fields, .. } => Some(fields),
            _ => None,
        }
    }

    /// A whole number of the body, given as a number or as text.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        match self.payload {
            Payload::Fields { fields, .. } => match fields.get(name)? {
                serde_json::Value::Number(number) => number.as_i64(),
                serde_json::Value::String(text) => text.trim().parse().ok(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The present in the store's form.
    pub(crate) fn now_text(&self) -> String {
        clock::stored(self.now)
    }
}

/// Runs a page in one transaction.
pub(crate) async fn visit(
    shared: Arc<Shared>,
    request: Request,
    page: impl FnOnce(&Visit<'_>) -> Outcome + Send + 'static,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = match payload::collect(body, shared.settings.max_body_bytes).await {
        Ok(body) => body,
        Err(unread) => {
            let (status, text) = match unread {
                Unread::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The form is too large."),
                Unread::Broken => (StatusCode::BAD_REQUEST, "The form is broken off."),
            };
            return Reply::text(status, text).into_response();
        }
    };
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let payload = Payload::read(content_type, body).await;
    let work = {
        let shared = Arc::clone(&shared);
        move || {
            let query: Vec<_> =
                form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                    .into_owned()
                    .collect();
            let address = parts
                .uri
                .path_and_query()
                .map_or("/", http::uri::PathAndQuery::as_str);
            let handle = |db: &Connection| {
                page(&Visit {
                    shared: &shared,
                    db,
                    now: shared.clock.now(),
                    is_post: parts.method == Method::POST,
                    address,
                    query: &query,
                    payload: &payload,
                })
            };
            dispatch::transact(&shared, handle, broken)
        }
    };
    if !shared.store.is_on_disk() {
        return work().into_response();
    }
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| broken())
        .into_response()
}

/// A page in the common frame. The body is HTML: whatever came from outside must have gone through
/// [`escape`].
pub(crate) fn page(status: StatusCode, title: &str, body: &str) -> Reply {
    let title = escape(title);
    Reply::html(
        status,
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem}}\
             label{{display:block;margin:.75rem 0 .25rem}}input{{width:100%;padding:.4rem;box-sizing:border-box}}\
             input[type=radio]{{width:auto}}small{{display:block;margin-left:1.5rem}}\
             button{{margin:1rem .5rem 0 0;padding:.5rem 1rem}}</style>\n</head>\n<body>\n<main>\n\
             <h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
        ),
    )
}

/// A labelled input.
pub(crate) fn input(name: &str, label: &str, kind: &str, value: &str, required: bool) -> String {
    let required = if required { " required" } else { "" };
    format!(
        "<label for=\"{name}\">{label}</label>\n<input id=\"{name}\" name=\"{name}\" type=\"{kind}\" value=\"{}\"{required}>\n",
        escape(value)
    )
}

/// One of several choices, of which one must be made; label and hint are HTML.
pub(crate) fn radio(name: &str, value: &str, label: &str, hint: &str) -> String {
    format!(
        "<label><input type=\"radio\" name=\"{name}\" value=\"{value}\" required> {label}<small>{hint}</small></label>\n"
    )
}

/// A button that sends the form with a decision.
pub(crate) fn button(decision: &str, label: &str) -> String {
    format!("<button name=\"decision\" value=\"{decision}\">{label}</button>\n")
}

/// The page for an address that leads nowhere.
pub(crate) fn not_found() -> Reply {
    page(
        StatusCode::NOT_FOUND,
        "Not found",
        "<p>This link leads nowhere, or not any more.</p>",
    )
}

/// Text for HTML, in content and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn broken() -> Reply {
    page(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something broke",
        "<p>The sandbox's store failed.</p>",
    )
}
