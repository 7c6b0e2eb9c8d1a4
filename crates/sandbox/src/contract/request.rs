//! Holds a request against the document: the names and values of its query and its body.
//!
//! It refuses nothing by itself: what it finds counts only if the service takes the request.

use serde_json::Value;

use super::schema::{Checker, Mode};
use super::{Difference, Document};
use crate::dispatch::Incoming;
use crate::payload::Payload;
use crate::route::Route;

/// Where a request leaves the document; `None` where it does not, or where no operation is meant.
pub(crate) fn difference(incoming: &Incoming) -> Option<Difference> {
    let method = incoming.method();
    let route = incoming
        .found
        .routes
        .iter()
        .find(|route| route.method == method)?;
    let document = Document::of(route.service);
    let operation = document.operation(route)?;
    query(document, operation, route, &incoming.query)
        .or_else(|| body(document, operation, incoming))
}

fn query(
    document: &Document,
    operation: &Value,
    route: &Route,
    pairs: &[(String, String)],
) -> Option<Difference> {
    let known: Vec<&Value> = operation
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|parameter| document.resolve(parameter))
        .filter(|parameter| parameter.get("in").is_some_and(|place| place == "query"))
        .collect();
    let checker = Checker::new(document, Mode::Query);
    pairs.iter().find_map(|(name, text)| {
        let differs = |expected| Difference {
            part: "query",
            pointer: super::schema::below("", name),
            expected,
        };
        let Some(parameter) = known
            .iter()
            .find(|parameter| parameter.get("name").is_some_and(|known| known == name))
        else {
            return Some(differs(format!("a parameter of {}", route.name)));
        };
        let schema = document.resolve(parameter.get("schema")?);
        let text = text.trim();
        let values: Vec<&str> = match schema.get("items") {
            Some(_) => text.split(',').map(str::trim).collect(),
            None => vec![text],
        };
        let schema = schema.get("items").unwrap_or(schema);
        // An empty value is none.
        let mut values = values.into_iter().filter(|value| !value.is_empty());
        let wrong = values.find_map(|value| fits(&checker, schema, value).err())?;
        Some(differs(wrong.expected))
    })
}

/// Whether a text means a value of the schema: as text, a number or a boolean. Neither service minds
/// the case of the words that it knows.
fn fits(checker: &Checker<'_>, schema: &Value, text: &str) -> Result<(), Difference> {
    let lower = text.to_ascii_lowercase();
    let number = text.parse::<i64>().ok().map(Value::from);
    let boolean = lower.parse::<bool>().ok().map(Value::from);
    let readings = [number, boolean, Some(Value::from(lower))];
    let fits = |value: &Value| checker.check(schema, value).is_ok();
    if readings.into_iter().flatten().any(|value| fits(&value)) {
        return Ok(());
    }
    checker.check(schema, &Value::from(text))
}

fn body(document: &Document, operation: &Value, incoming: &Incoming) -> Option<Difference> {
    let differs = |part, pointer, expected| {
        Some(Difference {
            part,
            pointer,
            expected,
        })
    };
    let content = operation
        .get("requestBody")
        .and_then(|body| document.resolve(body).get("content")?.as_object());
    let (fields, files) = match &incoming.payload {
        Payload::Fields { fields, files, .. } => (fields, files),
        // Only Rails takes those.
        Payload::Unsupported(_) | Payload::NotAnObject(_) | Payload::Malformed(_) => {
            let known: Vec<&str> = content
                .into_iter()
                .flatten()
                .map(|(name, _)| name.as_str())
                .collect();
            return differs("content-type", String::new(), format!("one of {known:?}"));
        }
    };
    let mut names = fields.keys().chain(files.iter().map(|file| &file.field));
    let Some(content) = content else {
        let name = names.next()?;
        return differs("body", super::schema::below("", name), "no body".to_owned());
    };
    let sent = incoming.header(http::header::CONTENT_TYPE);
    let sent = sent
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if sent == "application/json" {
        let schema = content.get("application/json")?.get("schema")?;
        let body = Value::Object(fields.clone());
        return Checker::new(document, Mode::Body)
            .check(schema, &body)
            .err();
    }
    // A form is text, and its nested fields are `entity.first_name`: the first name has to be one of
    // JSON's. That the media type itself is not listed is for want of a way to say so.
    let media = content.get(&sent).or_else(|| content.values().next())?;
    let properties = document.resolve(media.get("schema")?).get("properties")?;
    let unknown = names.find(|name| {
        let first = name.split('.').next().unwrap_or_default();
        properties.get(first).is_none()
    })?;
    differs(
        "body",
        super::schema::below("", unknown),
        "a field of the contract".to_owned(),
    )
}
