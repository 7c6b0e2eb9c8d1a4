//! Holds an answer against the document: its status, its media type, its body.

use serde_json::Value;

use super::schema::{Checker, Mode};
use super::{Difference, Document};
use crate::dispatch::Incoming;
use crate::reply::Reply;

/// The answer itself where it fits, the loud one where it does not.
pub(crate) fn checked(incoming: &Incoming, reply: Reply) -> Reply {
    // What fails is loud already.
    if reply.status.is_server_error() {
        return reply;
    }
    let Some(difference) = difference(incoming, &reply) else {
        return reply;
    };
    let operation = incoming.found.routes.first().map_or("", |route| route.name);
    tracing::error!(
        operation,
        part = difference.part,
        "an answer is not what the contract says"
    );
    difference.reply()
}

fn difference(incoming: &Incoming, reply: &Reply) -> Option<Difference> {
    let method = incoming.method();
    let route = incoming
        .found
        .routes
        .iter()
        .find(|route| route.method == method)?;
    let document = Document::of(route.service);
    let differs = |part, expected| {
        Some(Difference {
            part,
            pointer: String::new(),
            expected,
        })
    };
    let Some(responses) = document
        .operation(route)
        .and_then(|operation| operation.get("responses")?.as_object())
    else {
        return differs("status", format!("an operation {}", route.name));
    };
    let Some(response) = responses.get(reply.status.as_str()) else {
        let known: Vec<&str> = responses.keys().map(String::as_str).collect();
        return differs("status", format!("one of {}", known.join(", ")));
    };
    let content = document
        .resolve(response)
        .get("content")
        .and_then(Value::as_object);
    let Some(found) = reply.media_type() else {
        let is_empty = content.is_none_or(serde_json::Map::is_empty);
        return if is_empty {
            None
        } else {
            differs("answer", "a body".to_owned())
        };
    };
    let Some(media) = content.and_then(|content| content.get(found)) else {
        let known: Vec<&str> = content
            .into_iter()
            .flatten()
            .map(|(name, _)| name.as_str())
            .collect();
        return differs("answer", format!("one of the media types {known:?}"));
    };
    let schema = media.get("schema")?;
    match serde_json::from_slice(reply.body()) {
        Ok(body) => Checker::new(document, Mode::Answer)
            .check(schema, &body)
            .err(),
        Err(_) => differs("answer", "JSON".to_owned()),
    }
}
