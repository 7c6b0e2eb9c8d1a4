//! A small checker of JSON Schema: the keywords that our documents use, and no others.
//!
//! It stops at the first difference and never shows a value: only where it is and what was expected.

use std::str::FromStr as _;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::{Difference, Document};

/// What is being checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Objects hold what is listed, as the document says of each.
    Answer,
    /// Objects hold what is listed, unless the document says otherwise.
    Body,
    /// One value of a query: times and decimals are the service's business, which reads more forms than
    /// one and refuses the others.
    Query,
}

/// A checker with the document that its references lead into.
#[derive(Debug)]
pub(super) struct Checker<'d> {
    document: &'d Document,
    mode: Mode,
}

impl<'d> Checker<'d> {
    pub(super) fn new(document: &'d Document, mode: Mode) -> Self {
        Self { document, mode }
    }

    /// Whether a value fits a schema.
    pub(super) fn check(&self, schema: &'d Value, value: &Value) -> Result<(), Difference> {
        self.at("", schema, value)
    }

    fn at(&self, pointer: &str, schema: &'d Value, value: &Value) -> Result<(), Difference> {
        let Value::Object(schema) = schema else {
            return Ok(());
        };
        let verdict = |fits: bool, expected: &dyn Fn() -> String| {
            if fits {
                Ok(())
            } else {
                Err(self.differs(pointer, expected()))
            }
        };
        for (keyword, rule) in schema {
            match keyword.as_str() {
                "$ref" => {
                    let reference = rule.as_str().unwrap_or_default();
                    let target = self.document.0.pointer(reference.trim_start_matches('#'));
                    let target = target
                        .ok_or_else(|| self.differs(pointer, format!("a schema {reference}")))?;
                    self.at(pointer, target, value)?;
                }
                "type" => verdict(is_of(rule, value), &|| words(rule))?,
                "enum" => {
                    let known = rule.as_array().is_some_and(|known| known.contains(value));
                    verdict(known, &|| format!("one of {rule}"))?;
                }
                "const" => verdict(rule == value, &|| rule.to_string())?,
                "format" => {
                    let format = rule.as_str().unwrap_or_default();
                    verdict(self.is_formatted(format, value), &|| format!("a {format}"))?;
                }
                "minimum" => {
                    let below = rule.as_i64() > value.as_i64() && value.as_i64().is_some();
                    verdict(!below, &|| format!("at least {rule}"))?;
                }
                "anyOf" => self.any_of(pointer, rule, value)?,
                "items" => {
                    for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.at(&below(pointer, &place.to_string()), rule, item)?;
                    }
                }
                "properties" | "additionalProperties" => {
                    if let Value::Object(fields) = value {
                        self.fields(pointer, schema, fields)?;
                    }
                }
                "required" => {
                    for name in rule.as_array().into_iter().flatten() {
                        let name = name.as_str().unwrap_or_default();
                        if value.is_object() && value.get(name).is_none() {
                            return Err(self.differs(&below(pointer, name), "a value".to_owned()));
                        }
                    }
                }
                // Words for people: a test sees to it that there is nothing else.
                _ => {}
            }
        }
        Ok(())
    }

    /// The way into the value that went furthest is the one that was meant.
    fn any_of(&self, pointer: &str, rule: &'d Value, value: &Value) -> Result<(), Difference> {
        let mut found: Vec<Difference> = Vec::new();
        for schema in rule.as_array().into_iter().flatten() {
            match self.at(pointer, schema, value) {
                Ok(()) => return Ok(()),
                Err(difference) => found.push(difference),
            }
        }
        let expected: Vec<&str> = found.iter().map(|one| one.expected.as_str()).collect();
        let shallow = self.differs(pointer, expected.join(" or "));
        let deepest = found.into_iter().max_by_key(|one| one.pointer.len());
        Err(deepest
            .filter(|one| one.pointer.len() > pointer.len())
            .unwrap_or(shallow))
    }

    fn fields(
        &self,
        pointer: &str,
        schema: &'d Map<String, Value>,
        fields: &Map<String, Value>,
    ) -> Result<(), Difference> {
        let properties = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        for (name, value) in fields {
            let pointer = below(pointer, name);
            let listed = properties.and_then(|properties| properties.get(name));
            let closed = others == Some(&Value::Bool(false))
                || (others.is_none() && self.mode == Mode::Body);
            match listed.or(others) {
                Some(schema) if listed.is_some() || !closed => self.at(&pointer, schema, value)?,
                _ if closed => {
                    return Err(self.differs(&pointer, "a field of the contract".to_owned()));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn is_formatted(&self, format: &str, value: &Value) -> bool {
        if format == "int64" {
            return !value.is_number() || value.is_i64() || value.is_u64();
        }
        let Value::String(text) = value else {
            return true;
        };
        match format {
            "date-time" | "decimal" | "percent" if self.mode == Mode::Query => true,
            "date-time" => text.parse::<Timestamp>().is_ok(),
            "date" => text.len() == 10 && text.parse::<Date>().is_ok(),
            "decimal" | "percent" => Decimal::from_str(text).is_ok(),
            "email" => text.contains('@'),
            "uri" => text.contains("://"),
            _ => true,
        }
    }

    fn differs(&self, pointer: &str, expected: String) -> Difference {
        Difference {
            part: match self.mode {
                Mode::Answer => "answer",
                Mode::Body => "body",
                Mode::Query => "query",
            },
            pointer: pointer.to_owned(),
            expected,
        }
    }
}

/// The pointer of a field or item.
pub(super) fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn is_of(rule: &Value, value: &Value) -> bool {
    match rule {
        Value::String(name) => match name.as_str() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        },
        Value::Array(names) => names.iter().any(|name| is_of(name, value)),
        _ => false,
    }
}

fn words(rule: &Value) -> String {
    match rule {
        Value::String(name) => format!("type {name}"),
        Value::Array(names) => {
            let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
            format!("type {}", names.join(" or "))
        }
        _ => "a type".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::route::Service;

    #[test]
    fn the_documents_use_no_keyword_that_is_not_checked() {
        const CHECKED: [&str; 11] = [
            "$ref",
            "additionalProperties",
            "anyOf",
            "const",
            "enum",
            "format",
            "items",
            "minimum",
            "properties",
            "required",
            "type",
        ];
        const WORDS: [&str; 7] = [
            "contentMediaType",
            "default",
            "deprecated",
            "description",
            "examples",
            "title",
            "x-evidence",
        ];
        fn walk(schema: &Value, found: &mut BTreeSet<String>) {
            let Value::Object(map) = schema else { return };
            for (keyword, rule) in map {
                found.insert(keyword.clone());
                match (keyword.as_str(), rule) {
                    ("properties", Value::Object(parts)) => {
                        parts.values().for_each(|part| walk(part, found));
                    }
                    ("items" | "additionalProperties", rule) => walk(rule, found),
                    ("anyOf", Value::Array(list)) => list.iter().for_each(|part| walk(part, found)),
                    _ => {}
                }
            }
        }
        let mut found = BTreeSet::new();
        for service in [Service::ThirdParty, Service::VerifyInvestor] {
            let schemas = &Document::of(service).0["components"]["schemas"];
            for schema in schemas.as_object().unwrap().values() {
                walk(schema, &mut found);
            }
        }
        let known: BTreeSet<String> = CHECKED
            .iter()
            .chain(&WORDS)
            .map(|&word| word.to_owned())
            .collect();
        let unknown: Vec<_> = found.difference(&known).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    fn document() -> Document {
        Document(json!({ "parts": {
            "Id": { "type": "integer", "format": "int64", "minimum": 1 },
            "Page": {
                "type": "object",
                "required": ["count"],
                "additionalProperties": false,
                "properties": {
                    "count": { "$ref": "#/parts/Id" },
                    "results": { "type": ["array", "null"], "items": { "anyOf": [{ "$ref": "#/parts/Row" }, { "type": "null" }] } },
                },
            },
            "Row": {
                "type": "object",
                "properties": {
                    "amount": { "type": ["string", "null"], "format": "decimal" },
                    "at": { "type": "string", "format": "date-time" },
                    "day": { "type": "string", "format": "date" },
                    "kind": { "type": "string", "enum": ["a", "b"] },
                },
            },
            "Errors": { "type": "object", "additionalProperties": { "type": "array", "items": { "type": "string" } } },
        } }))
    }

    #[track_caller]
    fn assert_differs(mode: Mode, name: &str, value: &Value, pointer: &str, expected: &str) {
        let document = document();
        let found = Checker::new(&document, mode).check(&document.0["parts"][name], value);
        let found = found.unwrap_err();
        assert_eq!(
            (found.pointer.as_str(), found.expected.as_str()),
            (pointer, expected)
        );
    }

    #[test]
    fn what_fits_passes() {
        let document = document();
        for (mode, name, value) in [
            (
                Mode::Answer,
                "Page",
                json!({ "count": 1, "results": [{ "amount": "10.50", "kind": "a", "at": "2026-01-01T00:00:00.000001Z", "day": "2026-01-01" }, null] }),
            ),
            (Mode::Answer, "Page", json!({ "count": 1, "results": null })),
            (Mode::Answer, "Row", json!({ "unlisted": 1 })),
            (Mode::Query, "Row", json!({ "at": "yesterday" })),
            (Mode::Answer, "Errors", json!({ "any": ["text"] })),
        ] {
            let found = Checker::new(&document, mode).check(&document.0["parts"][name], &value);
            assert_eq!(found, Ok(()), "{value}");
        }
    }

    #[test]
    fn a_difference_is_found_where_it_is() {
        let row = |row: Value| json!({ "count": 1, "results": [{}, row] });
        let page = |value: &Value, pointer: &str, expected: &str| {
            assert_differs(Mode::Answer, "Page", value, pointer, expected);
        };
        page(&json!([]), "", "type object");
        page(&json!({}), "/count", "a value");
        page(&json!({ "count": 1.5 }), "/count", "a int64");
        page(&json!({ "count": 0 }), "/count", "at least 1");
        page(
            &json!({ "count": 1, "a/b": 1 }),
            "/a~1b",
            "a field of the contract",
        );
        page(
            &row(json!({ "amount": "ten" })),
            "/results/1/amount",
            "a decimal",
        );
        page(
            &row(json!({ "amount": 10 })),
            "/results/1/amount",
            "type string or null",
        );
        page(
            &row(json!({ "at": "2026-01-01" })),
            "/results/1/at",
            "a date-time",
        );
        page(
            &row(json!({ "day": "2026-02-30" })),
            "/results/1/day",
            "a date",
        );
        page(
            &row(json!({ "kind": "c" })),
            "/results/1/kind",
            "one of [\"a\",\"b\"]",
        );
        page(&row(json!(1)), "/results/1", "type object or type null");
        assert_differs(
            Mode::Body,
            "Row",
            &json!({ "unlisted": 1 }),
            "/unlisted",
            "a field of the contract",
        );
        assert_differs(
            Mode::Answer,
            "Errors",
            &json!({ "any": [1] }),
            "/any/0",
            "type string",
        );
    }
}
