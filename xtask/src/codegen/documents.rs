//! Writes the two OpenAPI documents that the sandbox serves: the contract in one piece, and of it what
//! the sandbox really answers.
//!
//! The contract says what the services may do, as far as anybody knows; a document of the sandbox has
//! to be exact, since the sandbox is checked against it. So what the frameworks add to every operation
//! is written out, answers hold no field that is not listed, and lists of values are closed.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{ADVICE, Output, STAMP, catalog::Catalog, openapi};
use crate::error::{Context, Error, Result};

/// What holds for this document and not for the contract that it is made from.
const ABOUT: &str = "This document describes what the sandbox answers. HEAD is answered like GET, without the body. \
                     A call that the sandbox fails with 500 is a fault of the sandbox, and so are those statuses in no list.";

/// The base URL that the running sandbox replaces by its own.
const SERVER: &str = "http://sandbox.invalid";

/// Who sends an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Request,
    Response,
    /// A value that both send.
    Both,
}

/// Adds the document of one service.
pub(crate) fn write(spec: &Path, catalog: &Catalog, output: &mut Output) -> Result<()> {
    let service = catalog.service;
    let document = document(spec, catalog)?;
    let stamp = format!("{STAMP} spec/{service}.openapi.yaml; {ADVICE}");
    output.insert(
        PathBuf::from(format!("crates/sandbox/src/generated/{service}.json")),
        print(&stamp, &document)?,
    )
}

fn document(spec: &Path, catalog: &Catalog) -> Result<Value> {
    let service = catalog.service;
    let mut document: Value = openapi::read(&spec.join(format!("{service}.openapi.yaml")))?;
    let mut schemas = Map::new();
    rewrite(&mut document, service, Side::Response);
    for (name, mut schema) in types(&spec.join(service))? {
        let side = match schema.get("x-direction").and_then(Value::as_str) {
            Some("request") => Side::Request,
            Some("response") => Side::Response,
            _ => Side::Both,
        };
        rewrite(&mut schema, service, side);
        schemas.insert(name, schema);
    }
    let root = object(&mut document)?;
    root.remove("webhooks");
    let servers = json!([{ "url": SERVER, "description": "This sandbox." }]);
    root.insert("servers".to_owned(), servers);
    if let Some(info) = root.get_mut("info").and_then(Value::as_object_mut) {
        let words = info.get("description").and_then(Value::as_str);
        let words = format!("{ABOUT}\n\n{}", words.unwrap_or_default());
        info.insert("description".to_owned(), Value::String(words));
    }
    let components = object(
        root.get_mut("components")
            .ok_or_else(|| Error::new(format!("{service} has no components")))?,
    )?;
    let own = components.entry("schemas").or_insert_with(|| json!({}));
    object(own)?.append(&mut schemas);
    let added = framework(service);
    let responses = components.entry("responses").or_insert_with(|| json!({}));
    for (_, _, name, response) in &added {
        object(responses)?.insert((*name).to_owned(), response.clone());
    }
    object(responses)?.remove("OtherError");
    if let Some(page) = components
        .get_mut("parameters")
        .and_then(|parameters| parameters.pointer_mut("/Page/schema"))
    {
        *page = json!({ "anyOf": [page.clone(), { "const": "last" }] });
    }
    let nested = nested(components);
    let paths = object(
        root.get_mut("paths")
            .ok_or_else(|| Error::new(format!("{service} has no paths")))?,
    )?;
    values_take_the_filters_of_lists(paths);
    for item in paths.values_mut() {
        for operation in object(item)?.values_mut() {
            complete(operation, &added, &nested)?;
        }
    }
    Ok(document)
}

/// All types of a service, by name.
fn types(folder: &Path) -> Result<Map<String, Value>> {
    let mut types = Map::new();
    for entry in std::fs::read_dir(folder).context(folder.display())? {
        let mut file: Map<String, Value> = openapi::read(&entry?.path())?;
        types.append(&mut file);
    }
    Ok(types)
}

/// To which operations an answer belongs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    All,
    WithBody,
}

/// What the framework behind a service answers whatever the operation: to which, the status, the name
/// of the answer and the answer.
fn framework(service: &str) -> Vec<(To, &'static str, &'static str, Value)> {
    let (error, malformed) = if service == "thirdparty" {
        ("ErrorDetail", "The request is broken.")
    } else {
        (
            "ErrorMessage",
            "The body is not what its content type says, or the request is broken.",
        )
    };
    let schema = json!({ "$ref": format!("#/components/schemas/{error}") });
    let json = |words: &str| json!({ "description": words, "content": { "application/json": { "schema": schema } } });
    let mut added = vec![
        (To::All, "400", "Malformed", json(malformed)),
        (
            To::All,
            "413",
            "TooLarge",
            json!({ "description": "The body is longer than the sandbox takes.", "content": { "text/plain": {} } }),
        ),
    ];
    if service == "thirdparty" {
        let throttled = json!({
            "description": "Too many calls; nothing ran.",
            "headers": { "Retry-After": { "schema": { "type": "integer" }, "description": "In seconds." } },
            "content": { "application/json": { "schema": schema } },
        });
        added.extend([
            (
                To::All,
                "406",
                "NotAcceptable",
                json("The caller accepts no JSON."),
            ),
            (
                To::WithBody,
                "415",
                "UnsupportedMediaType",
                json("The body is neither JSON nor a form."),
            ),
            (To::All, "429", "Throttled", throttled),
        ]);
    }
    added
}

/// Makes a schema say what the sandbox does, in all its parts.
fn rewrite(value: &mut Value, service: &str, side: Side) {
    match value {
        Value::Array(items) => {
            for item in items {
                rewrite(item, service, side);
            }
        }
        Value::Object(map) => {
            point(map);
            close(map, side);
            if side == Side::Request {
                relax(map, service);
            }
            map.retain(|key, _| !key.starts_with("x-") || key == "x-evidence");
            for part in map.values_mut() {
                rewrite(part, service, side);
            }
            // The framework keeps a blank address as it was sent.
            if side == Side::Response && map.get("format").is_some_and(|format| format == "email") {
                let address = json!({ "type": map.remove("type"), "format": map.remove("format") });
                map.insert("anyOf".to_owned(), json!([address, { "const": "" }]));
            }
        }
        _ => {}
    }
}

/// Turns a reference to another file into one to this document.
fn point(map: &mut Map<String, Value>) {
    if let Some(Value::String(reference)) = map.get_mut("$ref")
        && let Some((_, name)) = reference.rsplit_once("#/")
        && !name.starts_with("components/")
    {
        *reference = format!("#/components/schemas/{name}");
    }
}

/// Closes lists of values, but for those whose description says that they are not known in full, and
/// objects that the sandbox sends.
fn close(map: &mut Map<String, Value>, side: Side) {
    let values: Option<Vec<Value>> = map.get("oneOf").and_then(Value::as_array).and_then(|list| {
        list.iter()
            .map(|value| value.get("const").cloned())
            .collect()
    });
    if let Some(values) = values {
        map.remove("oneOf");
        let words = map.get("description").and_then(Value::as_str);
        let partial = ["is known.", "are known."];
        let is_partial = words.is_some_and(|words| partial.iter().any(|end| words.ends_with(end)));
        let key = if is_partial { "examples" } else { "enum" };
        map.insert(key.to_owned(), Value::Array(values));
    }
    if side == Side::Response && map.get("properties").is_some_and(Value::is_object) {
        map.entry("additionalProperties")
            .or_insert(Value::Bool(false));
    }
}

/// What a service takes beyond what its documents print: decimals as numbers, and null for a field
/// that could be absent (Rails).
fn relax(map: &mut Map<String, Value>, service: &str) {
    if map.get("format").is_some_and(|format| format == "decimal")
        && map.get("type").is_some_and(|r#type| r#type == "string")
    {
        map.insert("type".to_owned(), json!(["string", "number"]));
    }
    if service == "thirdparty" {
        return;
    }
    let required: Vec<Value> = map
        .get("required")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties {
        if !required.iter().any(|required| required == name) {
            *property = json!({ "anyOf": [property.clone(), { "type": "null" }] });
        }
    }
}

/// The types of bodies that hold objects, which a form cannot.
fn nested(components: &Map<String, Value>) -> Vec<String> {
    let schemas = components.get("schemas").and_then(Value::as_object);
    let is_flat = |schema: &Value| {
        let text = schema.to_string();
        // A reference to an object or a list of whatever; ids and value lists are plain.
        !schemas.into_iter().flatten().any(|(name, target)| {
            target.get("properties").is_some()
                && text.contains(&format!("\"#/components/schemas/{name}\""))
        }) && !text.contains("\"type\":\"array\"")
    };
    schemas
        .into_iter()
        .flatten()
        .filter(|(_, schema)| {
            schema
                .get("properties")
                .is_some_and(|parts| !is_flat(parts))
        })
        .map(|(name, _)| format!("#/components/schemas/{name}"))
        .collect()
}

/// The filters of a list apply to its chosen columns too.
fn values_take_the_filters_of_lists(paths: &mut Map<String, Value>) {
    for resource in ["investments", "investors"] {
        let path = format!("/api_third_party/{resource}/");
        let filters: Vec<Value> = paths
            .get(&path)
            .and_then(|item| item.pointer("/get/parameters")?.as_array())
            .into_iter()
            .flatten()
            .filter(|filter| {
                let reference = filter
                    .get("$ref")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                !reference.contains("/Page")
            })
            .cloned()
            .collect();
        let taken = paths
            .get_mut(&format!("{path}values/"))
            .and_then(|item| item.pointer_mut("/get/parameters")?.as_array_mut());
        if let Some(taken) = taken {
            taken.extend(filters);
        }
    }
}

/// Adds to an operation what the framework does: its answers, and forms beside JSON.
fn complete(
    operation: &mut Value,
    added: &[(To, &'static str, &'static str, Value)],
    nested: &[String],
) -> Result<()> {
    let operation = object(operation)?;
    let has_body = operation.contains_key("requestBody");
    if let Some(content) = operation
        .get_mut("requestBody")
        .and_then(|body| body.get_mut("content"))
        .and_then(Value::as_object_mut)
        && let Some(media) = content.get("application/json").cloned()
        && !media
            .pointer("/schema/$ref")
            .and_then(Value::as_str)
            .is_some_and(|reference| nested.iter().any(|nested| nested == reference))
    {
        for form in ["application/x-www-form-urlencoded", "multipart/form-data"] {
            content.entry(form).or_insert_with(|| media.clone());
        }
    }
    let responses = object(
        operation
            .get_mut("responses")
            .ok_or_else(|| Error::new("an operation without answers"))?,
    )?;
    responses.remove("default");
    for (to, status, name, _) in added {
        if *to == To::All || has_body {
            let reference = format!("#/components/responses/{name}");
            responses
                .entry(*status)
                .or_insert_with(|| json!({ "$ref": reference }));
        }
    }
    Ok(())
}

fn object(value: &mut Value) -> Result<&mut Map<String, Value>> {
    value
        .as_object_mut()
        .ok_or_else(|| Error::new("not an object in the contract"))
}

/// A line for each path and each component, so that a change shows as one.
fn print(stamp: &str, document: &Value) -> Result<String> {
    let mut text = format!("{{\n\"x-generated\": {}", Value::String(stamp.to_owned()));
    for key in [
        "openapi",
        "info",
        "servers",
        "security",
        "tags",
        "paths",
        "components",
    ] {
        let Some(value) = document.get(key) else {
            continue;
        };
        text.push_str(&format!(",\n\"{key}\": "));
        let depth = match key {
            "paths" => 1,
            "components" => 2,
            _ => 0,
        };
        lines(&mut text, value, depth)?;
    }
    text.push_str("\n}\n");
    Ok(text)
}

fn lines(text: &mut String, value: &Value, depth: u8) -> Result<()> {
    let (Some(map), Some(below)) = (value.as_object(), depth.checked_sub(1)) else {
        text.push_str(&serde_json::to_string(value)?);
        return Ok(());
    };
    let mut separator = "{\n";
    for (key, value) in map {
        text.push_str(separator);
        text.push_str(&serde_json::to_string(key)?);
        text.push_str(": ");
        lines(text, value, below)?;
        separator = ",\n";
    }
    text.push_str("\n}");
    Ok(())
}
