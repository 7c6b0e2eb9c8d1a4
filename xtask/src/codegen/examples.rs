//! Writes the examples that the tests of `accredit-models` go through: of each object one with every field and one with
//! only what is required, of each list its values, of each reply one body.
//!
//! Every value that must never be printed holds a canary. Never decides what is tested: that is written by hand beside them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::PathBuf,
};

use super::{
    Output,
    catalog::{Catalog, EnumValue, Field, Rust, Shape, Type},
    doc, models, names,
    openapi::{Direction, Sensitivity},
};
use crate::error::{Error, Result};

/// Where the tests keep them; each service has a folder in it.
pub(crate) const FOLDER: &str = "crates/models/tests/it/generated";

/// What the tests look for in everything that is printed: the texts of sensitive fields start with the first, sensitive
/// dates and decimals are the others.
const CANARY: &str = "canary";
const CANARY_DATE: &str = "1815-12-10";
const CANARY_DECIMAL: &str = "918273645.10";

/// Adds the examples of one service.
pub(crate) fn write(catalog: &Catalog, output: &mut Output) -> Result<()> {
    let folder = PathBuf::from(FOLDER).join(catalog.service);
    let mut modules: BTreeMap<&str, Vec<&Type>> = BTreeMap::new();
    for r#type in catalog.types.values() {
        modules.entry(&r#type.module).or_default().push(r#type);
    }
    for (module, types) in &modules {
        let source = models::source(catalog, module);
        let text = file(catalog, module, types).map_err(|error| error.context(&source))?;
        output.rust(folder.join(format!("{module}.rs")), &source, &text)?;
    }
    let source = format!("spec/{}/", catalog.service);
    output.rust(folder.join("mod.rs"), &source, &index(catalog, &modules)?)
}

fn index(catalog: &Catalog, modules: &BTreeMap<&str, Vec<&Type>>) -> Result<String> {
    let replies = models::replies(catalog);
    check_reached(catalog, &replies)?;
    let wrappers: Vec<&str> = ["Envelope", "Page", "Signed"]
        .into_iter()
        .filter(|name| {
            replies
                .iter()
                .any(|reply| reply.starts_with(&format!("{name}<")))
        })
        .collect();
    let inner: BTreeSet<&str> = replies.iter().map(|reply| inner(reply)).collect();
    let inner: Vec<&str> = inner.into_iter().collect();

    let mut text = doc::module(&format!("Examples of `{}`, all of it.", catalog.service));
    text.push('\n');
    for name in modules.keys() {
        writeln!(text, "mod {name};")?;
    }
    writeln!(text, "\nuse accredit_models::{{")?;
    for wrapper in wrappers {
        writeln!(text, "{wrapper},")?;
    }
    writeln!(text, "{}::{{{}}}}};\n", catalog.service, inner.join(", "))?;
    writeln!(text, "use crate::examples::Examples;\n")?;
    writeln!(text, "pub(crate) fn examples(to: &mut Examples) {{")?;
    for name in modules.keys() {
        writeln!(text, "{name}::examples(to);")?;
    }
    for reply in &replies {
        writeln!(
            text,
            "to.reply::<{reply}>({reply:?}, {});",
            raw(&body(reply))
        )?;
    }
    text.push_str("}\n");
    Ok(text)
}

/// The type inside `Page<…>`, `Envelope<…>` or `Vec<…>`.
fn inner(reply: &str) -> &str {
    reply
        .split_once('<')
        .map_or(reply, |(_, inner)| inner.trim_end_matches('>'))
}

fn body(reply: &str) -> String {
    let item = format!("\"@{}\"", inner(reply));
    match reply.split_once('<') {
        Some(("Page", _)) => format!(
            r#"{{"count": 123, "next": "https://example.com/api/?page=3", "previous": null, "results": [{item}]}}"#
        ),
        Some(("Envelope", _)) => {
            format!(r#"{{"data": {item}, "success": true, "message": "done"}}"#)
        }
        Some(("Vec", _)) => format!("[{item}]"),
        _ => item,
    }
}

/// An object that no reply holds would be tested without its errors.
fn check_reached(catalog: &Catalog, replies: &[String]) -> Result<()> {
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut next: Vec<&str> = replies.iter().map(|reply| inner(reply)).collect();
    while let Some(name) = next.pop() {
        if reached.insert(name) {
            let fields = catalog.get(name).map(Type::fields).unwrap_or_default();
            next.extend(fields.iter().filter_map(|field| field.rust.named()));
        }
    }
    for r#type in catalog.types.values() {
        let is_response = matches!(
            r#type.shape,
            Shape::Object {
                direction: Direction::Response,
                ..
            }
        );
        if is_response && !reached.contains(&*r#type.name) {
            return Err(Error::new(format!("{}: no reply holds it", r#type.name)));
        }
    }
    Ok(())
}

fn file(catalog: &Catalog, module: &str, types: &[&Type]) -> Result<String> {
    let mut text = doc::module(&format!("Examples of `{}::{module}`.", catalog.service));
    let mut own: Vec<&str> = types.iter().map(|r#type| &*r#type.name).collect();
    own.sort_unstable();
    writeln!(
        text,
        "\nuse accredit_models::{}::{{{}}};\n",
        catalog.service,
        own.join(", ")
    )?;
    writeln!(text, "use crate::examples::Examples;\n")?;
    writeln!(text, "pub(crate) fn examples(to: &mut Examples) {{")?;
    writeln!(text, "to.module({:?}, {module:?});", catalog.service)?;
    for r#type in types {
        let name = &r#type.name;
        match &r#type.shape {
            Shape::Id => writeln!(text, "to.id::<{name}>({name:?});")?,
            Shape::Enum { open, values } => {
                let kind = if *open { "open" } else { "closed" };
                let values: Vec<String> = values.iter().map(value_and_label).collect();
                let known = format!("&[{}]", values.join(", "));
                writeln!(
                    text,
                    "to.{kind}_enum::<{name}>({name:?}, {known}, {name}::values().collect());"
                )?;
            }
            Shape::Object {
                direction,
                fields,
                open,
            } => {
                let method = match (direction, open) {
                    (Direction::Response, false) => "response",
                    (Direction::Response, true) => "open_response",
                    (Direction::Request, false) => "request",
                    (Direction::Request, true) => "open_request",
                };
                let object = |wanted: fn(&Field) -> bool| -> Result<String> {
                    let fields = fields.iter().enumerate().filter(|(_, field)| wanted(field));
                    let lines = fields
                        .map(|(at, field)| {
                            let value = value(catalog, field, at)
                                .map_err(|error| error.context(format!("{name}.{}", field.wire)))?;
                            Ok(format!("  {}: {value}", quote(&field.wire)))
                        })
                        .collect::<Result<Vec<_>>>()?;
                    Ok(match lines.as_slice() {
                        [] => "{}".to_owned(),
                        lines => format!("{{\n{}\n}}", lines.join(",\n")),
                    })
                };
                let (full, minimal) = (object(|_| true)?, object(|field| field.required)?);
                let read = if models::is_signed(r#type) {
                    format!("accredit_models::Signed<{name}>")
                } else {
                    name.clone()
                };
                writeln!(
                    text,
                    "to.{method}::<{read}>({name:?}, {}, {});",
                    raw(&full),
                    raw(&minimal)
                )?;
            }
        }
    }
    text.push_str("}\n");
    Ok(text)
}

fn value_and_label(value: &EnumValue) -> String {
    format!("({:?}, {:?})", value.wire, value.label)
}

/// A value that the field can have; `at` makes neighbours differ. `"@Name"` stands for the example of that object.
fn value(catalog: &Catalog, field: &Field, at: usize) -> Result<String> {
    let item = |rust: &Rust| match field.sensitivity {
        Some(sensitivity) => canary(catalog, rust, &field.wire, sensitivity),
        None => plain(catalog, rust, &field.wire, at),
    };
    match &field.rust {
        Rust::List(inner) => Ok(format!("[{}]", item(inner)?)),
        rust => item(rust),
    }
}

fn canary(catalog: &Catalog, rust: &Rust, wire: &str, sensitivity: Sensitivity) -> Result<String> {
    let is_open = |name: &str| {
        let shape = catalog.get(name).map(|named| &named.shape);
        matches!(shape, Some(Shape::Enum { open: true, .. }))
    };
    match rust {
        // A value outside the list is kept, and would be printed.
        Rust::Named(name) if is_open(name) => Ok(quote(&text(wire, CANARY))),
        // No canary fits in here: that it is redacted shows where it is not printed.
        Rust::Bool => Ok(true.to_string()),
        Rust::Text => Ok(quote(&text(wire, CANARY))),
        Rust::Date => Ok(quote(CANARY_DATE)),
        Rust::Money => Ok(quote(CANARY_DECIMAL)),
        _ => Err(Error::new(format!(
            "{sensitivity:?}, but no canary fits its type"
        ))),
    }
}

fn plain(catalog: &Catalog, rust: &Rust, wire: &str, at: usize) -> Result<String> {
    Ok(match rust {
        Rust::Bool => at.is_multiple_of(2).to_string(),
        Rust::Integer => (at + 3).to_string(),
        // A document is printed as its size only, and may be about people as well.
        Rust::File => quote(CANARY),
        Rust::Text => quote(&text(wire, "some")),
        Rust::Money => quote(&format!("{}.{:02}", 1000 + at * 37, at * 7 % 100)),
        Rust::Percent => quote(&format!("{}.50", at % 20)),
        Rust::Timestamp => quote(match at % 3 {
            0 => "2025-07-25T14:28:10.580Z",
            1 => "2024-02-29T23:59:59.000001Z",
            _ => "2018-04-30T11:09:10.451-07:00",
        }),
        Rust::Date => quote("2025-07-25"),
        // Free-form JSON may be about people, so it must not be printed either.
        Rust::Json => format!(r#"{{"free_form": ["{CANARY}", 0.10000000000000000001, null]}}"#),
        Rust::Named(name) => match catalog.get(name).map(|named| &named.shape) {
            Some(Shape::Id) => (at + 1000).to_string(),
            Some(Shape::Enum { values, .. }) => {
                let value = values.get(at % values.len().max(1));
                quote(
                    &value
                        .ok_or_else(|| Error::new(format!("{name} has no values")))?
                        .wire,
                )
            }
            Some(Shape::Object { .. }) => quote(&format!("@{name}")),
            None => return Err(Error::new(format!("{name} is not defined"))),
        },
        Rust::List(inner) => format!("[{}]", plain(catalog, inner, wire, at)?),
    })
}

/// A text in the form that the field's name asks for.
fn text(wire: &str, start: &str) -> String {
    let word = names::camel(wire).to_ascii_lowercase();
    if wire.ends_with("email") {
        format!("{start}.{word}@example.com")
    } else if ["url", "link", "logo", "favicon", "_file"]
        .iter()
        .any(|end| wire.ends_with(end))
    {
        format!("https://example.com/{start}/{word}")
    } else {
        format!("{start} {}", names::sentence(wire).to_ascii_lowercase())
    }
}

/// A JSON string.
fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A raw Rust string; JSON of the contract never holds `"#`.
fn raw(json: &str) -> String {
    format!("r#\"{json}\"#")
}
