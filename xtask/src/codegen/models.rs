//! Writes `accredit-models`: one Rust file per schema file.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use super::{
    Output,
    catalog::{COLUMNS, Catalog, EnumValue, Field, Operation, Rust, Shape, Type},
    doc, names,
    openapi::{Direction, Evidence, ResponseKind, Sensitivity},
};
use crate::error::Result;

/// Adds the module of one service.
pub(crate) fn write(catalog: &Catalog, output: &mut Output) -> Result<()> {
    let folder = PathBuf::from("crates/models/src").join(catalog.service);
    let mut modules: BTreeMap<&str, Vec<&Type>> = BTreeMap::new();
    for r#type in catalog.types.values() {
        modules.entry(&r#type.module).or_default().push(r#type);
    }
    for (module, types) in &modules {
        let source = source(catalog, module);
        let text = file(catalog, module, types)?;
        output.rust(folder.join(format!("{module}.rs")), &source, &text)?;
    }
    let source = format!("spec/{}/", catalog.service);
    output.rust(folder.join("mod.rs"), &source, &index(catalog, &modules)?)
}

/// Where a module comes from.
pub(crate) fn source(catalog: &Catalog, module: &str) -> String {
    if module == COLUMNS {
        format!("spec/{}.openapi.yaml", catalog.service)
    } else {
        format!("spec/{}/{module}.yaml", catalog.service)
    }
}

fn index(catalog: &Catalog, modules: &BTreeMap<&str, Vec<&Type>>) -> Result<String> {
    let mut text = doc::module(match catalog.service {
        "thirdparty" => {
            "What the Issuance Third Party API sends and takes: ids, value lists, objects."
        }
        _ => "What VerifyInvestor.com sends and takes: ids, value lists, objects, webhook events.",
    });
    text.push('\n');
    for module in modules.keys() {
        writeln!(text, "mod {module};")?;
    }
    text.push('\n');
    for (module, types) in modules {
        let mut names: Vec<&str> = types.iter().map(|r#type| &*r#type.name).collect();
        names.sort_unstable();
        writeln!(text, "pub use {module}::{{{}}};", names.join(", "))?;
    }
    let replies = replies(catalog);
    if !replies.is_empty() {
        let imports: Vec<&str> = ["Envelope", "Page", "Signed"]
            .into_iter()
            .filter(|name| replies.iter().any(|reply| reply.starts_with(name)))
            .collect();
        writeln!(
            text,
            "\nuse crate::{{decode::reply, {}}};",
            imports.join(", ")
        )?;
        writeln!(text, "\nreply!({});", replies.join(", "))?;
    }
    Ok(text)
}

/// The reply types of all operations, each once, with what they answer when they fail.
pub(crate) fn replies(catalog: &Catalog) -> Vec<String> {
    let mut replies: Vec<String> = catalog.operations.iter().filter_map(reply_type).collect();
    let errors = catalog
        .types
        .values()
        .filter(|r#type| r#type.module == "errors" && !is_nested(catalog, r#type));
    replies.extend(errors.map(|r#type| r#type.name.clone()));
    let events = catalog.types.values().filter(|r#type| is_signed(r#type));
    replies.extend(events.map(|event| format!("Signed<{}>", event.name)));
    replies.sort();
    replies.dedup();
    replies
}

/// Whether a type is posted to the caller and signed: then it is read through a door of its own.
pub(crate) fn is_signed(r#type: &Type) -> bool {
    r#type.name == "WebhookEvent"
}

fn is_nested(catalog: &Catalog, r#type: &Type) -> bool {
    catalog
        .types
        .values()
        .flat_map(Type::fields)
        .any(|field| field.rust.named() == Some(&r#type.name))
}

/// The type that an operation's whole body decodes to.
pub(crate) fn reply_type(operation: &Operation) -> Option<String> {
    let output = rust_type(operation.output.as_ref()?);
    Some(match operation.kind {
        ResponseKind::Page => format!("Page<{output}>"),
        ResponseKind::Envelope => format!("Envelope<{output}>"),
        ResponseKind::Json | ResponseKind::Bytes | ResponseKind::Empty => output,
    })
}

fn file(catalog: &Catalog, module: &str, types: &[&Type]) -> Result<String> {
    let mut text = doc::module(&format!(
        "{} of {}.",
        names::sentence(module),
        vendor(catalog)
    ));
    text.push('\n');
    text.push_str(&imports(catalog, module, types));
    for r#type in types {
        text.push('\n');
        if let Shape::Enum { open, values } = &r#type.shape {
            enumeration(&mut text, r#type, *open, values)?;
            continue;
        }
        describe(&mut text, 0, r#type);
        match &r#type.shape {
            Shape::Id => id(&mut text, &r#type.name)?,
            Shape::Enum { .. } => {}
            Shape::Object {
                direction,
                fields,
                open,
            } => {
                text.push_str(&used_by(catalog, &r#type.name, *direction));
                object(&mut text, r#type, *direction, fields, *open)?;
                if *direction == Direction::Request {
                    constructor(&mut text, catalog, &r#type.name, fields, *open)?;
                }
            }
        }
    }
    Ok(text)
}

fn describe(text: &mut String, indent: usize, r#type: &Type) {
    text.push_str(&doc::doc(indent, &doc::sentence(&r#type.description)));
    if let Some(note) = r#type.evidence.and_then(doc::evidence) {
        text.push_str(&format!("{:indent$}///\n", ""));
        text.push_str(&doc::doc(indent, note));
    }
}

fn vendor(catalog: &Catalog) -> &'static str {
    match catalog.service {
        "thirdparty" => "the Issuance Third Party API",
        _ => "VerifyInvestor.com",
    }
}

fn imports(catalog: &Catalog, module: &str, types: &[&Type]) -> String {
    let mut own: Vec<&str> = Vec::new();
    let mut siblings: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut text = String::new();
    let fields = || types.iter().flat_map(|r#type| r#type.fields());
    for field in fields() {
        match field.sensitivity {
            Some(Sensitivity::Personal) => own.push("Personal"),
            Some(Sensitivity::Secret) => own.push("Secret"),
            None => {}
        }
        match scalar(&field.rust) {
            Rust::Money => own.push("Money"),
            Rust::Percent => own.push("Percent"),
            Rust::Timestamp => own.push("Timestamp"),
            Rust::Date => own.push("Date"),
            Rust::Json => own.push("Json"),
            Rust::File => own.push("File"),
            Rust::Named(name) => {
                if let Some(other) = catalog.get(name).filter(|other| other.module != module) {
                    siblings.entry(&other.module).or_default().push(name);
                }
            }
            _ => {}
        }
    }
    let has = |wanted: fn(&Shape) -> bool| types.iter().any(|r#type| wanted(&r#type.shape));
    if has(|shape| matches!(shape, Shape::Object { open: true, .. })) {
        text.push_str("use std::collections::BTreeMap;\n\n");
        own.push("Json");
    }
    if has(|shape| matches!(shape, Shape::Id)) {
        own.push("id::id");
    }
    if has(|shape| matches!(shape, Shape::Enum { open: true, .. })) {
        own.push("open_enum::open_enum");
    }
    if has(|shape| matches!(shape, Shape::Enum { open: false, .. })) {
        own.push("open_enum::closed_enum");
    }
    let moves = |wanted: Direction| {
        types.iter().any(
            |r#type| matches!(r#type.shape, Shape::Object { direction, .. } if direction == wanted),
        )
    };
    if moves(Direction::Request) {
        own.push("object::request");
    }
    if moves(Direction::Response) {
        own.push("object::response");
    }
    if types.iter().any(|r#type| is_signed(r#type)) {
        own.push("object::signed");
    }
    text.push('\n');
    for (sibling, mut names) in siblings {
        names.sort_unstable();
        names.dedup();
        text.push_str(&format!(
            "use super::{sibling}::{{{}}};\n",
            names.join(", ")
        ));
    }
    own.sort_unstable();
    own.dedup();
    if !own.is_empty() {
        text.push_str(&format!("use crate::{{{}}};\n", own.join(", ")));
    }
    text
}

fn scalar(rust: &Rust) -> &Rust {
    match rust {
        Rust::List(item) => scalar(item),
        other => other,
    }
}

fn id(text: &mut String, name: &str) -> Result<()> {
    writeln!(
        text,
        "#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]"
    )?;
    writeln!(text, "pub struct {name}(u64);\n\nid!({name});")?;
    Ok(())
}

/// Where a row of a value list breaks.
const WIDTH: usize = 110;

/// An invocation of `open_enum!` or `closed_enum!`, a row a value; the documentation of a value is its label.
fn enumeration(text: &mut String, r#type: &Type, open: bool, values: &[EnumValue]) -> Result<()> {
    let list = if open { "open_enum" } else { "closed_enum" };
    writeln!(text, "{list}! {{")?;
    describe(text, 4, r#type);
    writeln!(text, "    pub enum {} {{", r#type.name)?;
    for value in values {
        let label = value
            .description
            .clone()
            .or_else(|| value.label.clone())
            .unwrap_or_else(|| names::sentence(&value.wire));
        text.push_str(&doc::doc(8, &doc::sentence(&label)));
        let row = format!("        {} = {:?}", value.variant, value.wire);
        match value.label.as_ref().map(|label| format!("{label:?};")) {
            Some(label) if row.len() + label.len() < WIDTH => writeln!(text, "{row}, {label}")?,
            Some(label) => writeln!(text, "{row},\n            {label}")?,
            None => writeln!(text, "{row};")?,
        }
    }
    text.push_str("    }\n}\n");
    Ok(())
}

/// Which operations send or take an object, by method and path.
fn used_by(catalog: &Catalog, name: &str, direction: Direction) -> String {
    let wanted = |operation: &&Operation| match direction {
        Direction::Request => operation
            .body
            .as_ref()
            .is_some_and(|body| body.type_name == name),
        Direction::Response => operation
            .output
            .as_ref()
            .is_some_and(|output| *scalar(output) == Rust::Named(name.to_owned())),
    };
    let calls: Vec<String> = catalog
        .operations
        .iter()
        .filter(wanted)
        .map(|operation| format!("`{} {}`", operation.method, operation.path))
        .collect();
    let verb = if direction == Direction::Request {
        "Sent with"
    } else {
        "Returned by"
    };
    match calls.as_slice() {
        [] => String::new(),
        calls => format!(
            "///\n{}",
            doc::doc(0, &format!("{verb} {}.", calls.join(", ")))
        ),
    }
}

fn object(
    text: &mut String,
    r#type: &Type,
    direction: Direction,
    fields: &[Field],
    open: bool,
) -> Result<()> {
    let default = if direction == Direction::Request && fields.iter().all(|field| !field.required) {
        "Default, "
    } else {
        ""
    };
    writeln!(text, "#[derive(Clone, Debug, {default}PartialEq)]")?;
    writeln!(text, "#[non_exhaustive]\npub struct {} {{", r#type.name)?;
    for item in fields {
        text.push_str(&doc::doc(4, &field_doc(item, r#type.evidence)));
        if item.deprecated {
            text.push_str("///\n/// Deprecated by the vendor.\n");
        }
        if item.name == "kind" {
            text.push_str("#[doc(alias = \"type\")]\n");
        }
        writeln!(text, "pub {}: {},", item.name, field_type(item))?;
    }
    if open {
        text.push_str("/// Fields that the contract does not list, as sent.\n");
        text.push_str("pub extra: BTreeMap<String, Json>,\n");
    }
    let mut listed: Vec<String> = fields.iter().map(listed).collect();
    if open {
        listed.push("..extra".to_owned());
    }
    let kind = match direction {
        Direction::Request => "request",
        Direction::Response if is_signed(r#type) => "signed",
        Direction::Response => "response",
    };
    let listed = listed.join(", ");
    writeln!(text, "}}\n\n{kind}!({} {{ {listed} }});", r#type.name)?;
    Ok(())
}

/// A field in the list that stands for serde's derive, with its wire name where it differs.
fn listed(field: &Field) -> String {
    let mark = match field.rust {
        Rust::List(_) if field.required => "#[required] ",
        _ => "",
    };
    if field.name == field.wire {
        format!("{mark}{}", field.name)
    } else {
        format!("{mark}{}: {:?}", field.name, field.wire)
    }
}

fn field_doc(field: &Field, of_type: Option<Evidence>) -> String {
    let mut text = doc::sentence(&field.description);
    let differs = field.evidence.filter(|evidence| Some(*evidence) != of_type);
    if let Some(note) = differs.and_then(doc::evidence) {
        text.push(' ');
        text.push_str(note);
    }
    text
}

/// The type of a field, with its redaction, box and option.
fn field_type(field: &Field) -> String {
    let inner = match (&field.rust, field.sensitivity) {
        (Rust::List(item), sensitivity) => format!("Vec<{}>", redacted(item, sensitivity)),
        (rust, sensitivity) => redacted(rust, sensitivity),
    };
    let inner = if field.boxed {
        format!("Box<{inner}>")
    } else {
        inner
    };
    if field.required || matches!(field.rust, Rust::List(_)) {
        inner
    } else {
        format!("Option<{inner}>")
    }
}

fn redacted(rust: &Rust, sensitivity: Option<Sensitivity>) -> String {
    match sensitivity {
        None => rust_type(rust),
        Some(Sensitivity::Secret) => "Secret".to_owned(),
        Some(Sensitivity::Personal) => format!("Personal<{}>", rust_type(rust)),
    }
}

/// The Rust spelling of a type.
pub(crate) fn rust_type(rust: &Rust) -> String {
    match rust {
        Rust::Bool => "bool".to_owned(),
        Rust::Integer => "i64".to_owned(),
        Rust::Text => "String".to_owned(),
        Rust::File => "File".to_owned(),
        Rust::Money => "Money".to_owned(),
        Rust::Percent => "Percent".to_owned(),
        Rust::Timestamp => "Timestamp".to_owned(),
        Rust::Date => "Date".to_owned(),
        Rust::Json => "Json".to_owned(),
        Rust::Named(name) => name.clone(),
        Rust::List(item) => format!("Vec<{}>", rust_type(item)),
    }
}

/// What a constructor or setter takes for a value, and how it becomes the field.
pub(crate) fn taken(
    catalog: &Catalog,
    name: &str,
    rust: &Rust,
    sensitivity: Option<Sensitivity>,
) -> (String, String) {
    let wrap = |value: String| match sensitivity {
        Some(Sensitivity::Personal) => format!("Personal::new({value})"),
        _ => value,
    };
    let is_id = |name: &str| {
        matches!(
            catalog.get(name),
            Some(Type {
                shape: Shape::Id,
                ..
            })
        )
    };
    match rust {
        _ if sensitivity == Some(Sensitivity::Secret) => {
            ("impl Into<Secret>".to_owned(), format!("{name}.into()"))
        }
        Rust::List(item) => {
            let element = redacted(item, sensitivity);
            let (taken, _) = taken(catalog, "item", item, sensitivity);
            if taken.starts_with("impl Into") || sensitivity.is_some() {
                (
                    format!("impl IntoIterator<Item: Into<{element}>>"),
                    format!("{name}.into_iter().map(Into::into).collect()"),
                )
            } else {
                (
                    format!("impl IntoIterator<Item = {element}>"),
                    format!("{name}.into_iter().collect()"),
                )
            }
        }
        Rust::Bool | Rust::Integer | Rust::Json => (rust_type(rust), wrap(name.to_owned())),
        Rust::Named(named) if !is_id(named) => (rust_type(rust), wrap(name.to_owned())),
        _ => (
            format!("impl Into<{}>", rust_type(rust)),
            wrap(format!("{name}.into()")),
        ),
    }
}

/// `new` with what the service requires, and a setter for each of the rest.
fn constructor(
    text: &mut String,
    catalog: &Catalog,
    name: &str,
    fields: &[Field],
    open: bool,
) -> Result<()> {
    let (required, optional): (Vec<_>, Vec<_>) = fields.iter().partition(|field| field.required);
    writeln!(text, "\nimpl {name} {{")?;
    let mut arguments = Vec::new();
    let mut values = Vec::new();
    for field in &required {
        let (argument, value) = taken(catalog, &field.name, &field.rust, field.sensitivity);
        let value = if field.boxed {
            format!("Box::new({value})")
        } else {
            value
        };
        arguments.push(format!("{}: {argument}", field.name));
        values.push(if value == field.name {
            value
        } else {
            format!("{}: {value}", field.name)
        });
    }
    for field in &optional {
        let empty = if matches!(field.rust, Rust::List(_)) {
            "Vec::new()"
        } else {
            "None"
        };
        values.push(format!("{}: {empty}", field.name));
    }
    if open {
        values.push("extra: BTreeMap::new()".to_owned());
    }
    let (summary, body) = if required.is_empty() {
        (
            "Nothing set; every field is optional.",
            "Self::default()".to_owned(),
        )
    } else {
        (
            "What the service requires; the rest has setters.",
            format!("Self {{ {} }}", values.join(", ")),
        )
    };
    writeln!(text, "/// {summary}\n#[must_use]")?;
    writeln!(
        text,
        "pub fn new({}) -> Self {{ {body} }}",
        arguments.join(", ")
    )?;
    for field in optional {
        let (argument, value) = taken(catalog, &field.name, &field.rust, field.sensitivity);
        let value = match (&field.rust, field.boxed) {
            (Rust::List(_), _) => value,
            (_, true) => format!("Some(Box::new({value}))"),
            (_, false) => format!("Some({value})"),
        };
        writeln!(
            text,
            "\n/// Sets [`{0}`](Self::{0}).\n#[must_use]",
            field.name
        )?;
        writeln!(
            text,
            "pub fn {0}(mut self, {0}: {argument}) -> Self {{ self.{0} = {value}; self }}",
            field.name
        )?;
    }
    if open {
        text.push_str("\n/// Sets a field that the contract does not list.\n#[must_use]\n");
        text.push_str("pub fn extra(mut self, name: impl Into<String>, value: Json) -> Self { self.extra.insert(name.into(), value); self }\n");
    }
    text.push_str("}\n");
    Ok(())
}
