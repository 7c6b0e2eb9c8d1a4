//! Writes the operation values of the two service crates: one Rust file per resource.

mod pagination;
mod setters;

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use super::{
    Output,
    catalog::{Argument, Catalog, Operation, Rust, Type},
    doc, models, names,
    openapi::{Recovery, ResponseKind, RetryClass, Sensitivity},
};
use crate::error::Result;
use pagination::pagination;
use setters::setters;

/// An operation with more query parameters than this has files of its own: one for the value, one for its setters.
const LARGE: usize = 30;

/// Adds the operation values of one service.
pub(crate) fn write(catalog: &Catalog, output: &mut Output) -> Result<()> {
    let folder = PathBuf::from(format!("crates/{}/src/operations", catalog.service));
    let source = format!("spec/{}.openapi.yaml", catalog.service);
    let mut index = doc::module(
        "Every operation as a value: its path, query and body, and how its reply reads. The handles of the client build these; \
         `Client::execute` takes one directly. Nothing here sends.\n\n\
         A query parameter marked *inferred* has a name that we worked out and did not read: if it is wrong, the server \
         ignores it, and the list comes unfiltered.",
    );
    index.push('\n');
    for resource in &catalog.resources {
        let operations: Vec<&Operation> = catalog
            .operations
            .iter()
            .filter(|operation| operation.resource == resource.name)
            .collect();
        if operations.is_empty() {
            continue;
        }
        writeln!(index, "pub mod {};", resource.name)?;
        let about = if resource.description.is_empty() {
            names::sentence(&resource.name)
        } else {
            resource.description.clone()
        };
        let (large, small): (Vec<&Operation>, Vec<&Operation>) = operations
            .iter()
            .partition(|operation| operation.query.len() > LARGE);
        let mut body = String::new();
        for operation in &large {
            let action = operation.action();
            writeln!(
                body,
                "mod {action};\n\npub use {action}::{};",
                struct_name(operation)
            )?;
            write_large(
                catalog,
                operation,
                &folder.join(&resource.name),
                &source,
                output,
            )?;
        }
        let head = std::mem::take(&mut body);
        for operation in small {
            value(&mut body, catalog, operation)?;
            implementation(&mut body, catalog, operation)?;
            pagination(&mut body, catalog, operation)?;
            setters(&mut body, catalog, operation)?;
        }
        let text = format!(
            "{}\n{head}\n{}{body}",
            doc::module(&doc::sentence(&about)),
            imports(catalog, &body)
        );
        output.rust(folder.join(format!("{}.rs", resource.name)), &source, &text)?;
    }
    output.rust(folder.join("mod.rs"), &source, &index)
}

fn write_large(
    catalog: &Catalog,
    operation: &Operation,
    folder: &Path,
    source: &str,
    output: &mut Output,
) -> Result<()> {
    let mut body = String::new();
    value(&mut body, catalog, operation)?;
    implementation(&mut body, catalog, operation)?;
    pagination(&mut body, catalog, operation)?;
    let about = doc::module(&format!("`{}`: the operation as a value.", operation.id));
    let text = format!("{about}\nmod call;\n\n{}{body}", imports(catalog, &body));
    output.rust(
        folder.join(format!("{}.rs", operation.action())),
        source,
        &text,
    )?;
    let mut body = String::new();
    setters(&mut body, catalog, operation)?;
    let about = doc::module(&format!("`{}`: the setters of a call.", operation.id));
    let name = struct_name(operation);
    let text = format!(
        "{about}\n{}use super::{name};\n{body}",
        imports(catalog, &body)
    );
    output.rust(
        folder.join(operation.action()).join("call.rs"),
        source,
        &text,
    )
}

/// Imports what the text names.
fn imports(catalog: &Catalog, body: &str) -> String {
    // `ResponseKind::Json` names no type of the models.
    let code: String = body
        .lines()
        .filter(|line| !line.trim_start().starts_with("///"))
        .map(|line| {
            line.replace("ResponseKind::", "ResponseKind_")
                .replace(QUALIFIED, "accredit_models_")
        })
        .collect::<Vec<_>>()
        .join("\n");
    let body = &*code;
    let names = |name: &str| {
        body.match_indices(name).any(|(at, _)| {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let before = body.get(..at).and_then(|text| text.chars().next_back());
            let after = body
                .get(at + name.len()..)
                .and_then(|text| text.chars().next());
            !before.is_some_and(word) && !after.is_some_and(word)
        })
    };
    let pick = |candidates: &[&'static str]| -> Vec<&'static str> {
        candidates
            .iter()
            .copied()
            .filter(|name| names(name))
            .collect()
    };
    let own = pick(&[
        "Date",
        "Envelope",
        "File",
        "Json",
        "Money",
        "Page",
        "Percent",
        "Personal",
        "Secret",
        "Timestamp",
    ]);
    let defines = |name: &str| code_defines(body, name);
    let mut types: Vec<&str> = catalog
        .types
        .keys()
        .map(String::as_str)
        .filter(|name| names(name) && !defines(name))
        .collect();
    types.sort_unstable();
    let mut models = own.iter().map(ToString::to_string).collect::<Vec<_>>();
    if !types.is_empty() {
        models.push(format!("{}::{{{}}}", catalog.service, types.join(", ")));
    }
    let mut text = String::new();
    if !models.is_empty() {
        writeln!(text, "use accredit_models::{{{}}};", models.join(", ")).unwrap_or_default();
    }
    if names("OperationInfo") {
        let paginate = if names("Paginate") {
            "Cursor, PageInfo, Paginate, "
        } else {
            ""
        };
        let bytes = if names("BytesOperation") {
            "BytesOperation, "
        } else {
            ""
        };
        let error = if names("Error") { "Error, " } else { "" };
        writeln!(
            text,
            "use accredit_transport::{{{bytes}{paginate}{error}DecodeError, EncodeError, Operation, OperationInfo, Reply, RequestEncoder, ResponseKind, RetryClass}};",
        )
        .unwrap_or_default();
    }
    if names("Bytes") {
        text.push_str("use bytes::Bytes;\n");
    }
    if names("Method") {
        text.push_str("use http::Method;\n");
    }
    let columns = match (names("Column"), names("OrderBy")) {
        (true, true) => Some("columns::{Column, OrderBy}"),
        (true, false) => Some("columns::Column"),
        (false, true) => Some("columns::OrderBy"),
        (false, false) => None,
    };
    let mut own: Vec<&str> = [
        ("Call", "call::Call"),
        ("negative", "negative"),
        ("paging", "paging"),
        ("reply", "reply"),
    ]
    .into_iter()
    .filter_map(|(name, path)| names(name).then_some(path))
    .collect();
    own.extend(columns);
    if !own.is_empty() {
        writeln!(text, "\nuse crate::{{{}}};", own.join(", ")).unwrap_or_default();
    }
    text
}

fn code_defines(code: &str, name: &str) -> bool {
    [
        format!("pub struct {name};"),
        format!("pub struct {name} {{"),
    ]
    .iter()
    .any(|line| code.contains(line))
}

/// The type of an answer; by its whole path where an operation of the same file has its name.
fn answer(catalog: &Catalog, operation: &Operation, output: &Rust) -> String {
    let taken = |name: &str| {
        let mut siblings = catalog
            .operations
            .iter()
            .filter(|sibling| sibling.resource == operation.resource);
        siblings.any(|sibling| struct_name(sibling) == name)
    };
    match output {
        Rust::Named(name) if taken(name) => format!("{QUALIFIED}{}::{name}", catalog.service),
        Rust::List(item) => format!("Vec<{}>", answer(catalog, operation, item)),
        other => models::rust_type(other),
    }
}

/// How a type of the models is named where its own name is taken.
const QUALIFIED: &str = "accredit_models::";

fn struct_name(operation: &Operation) -> String {
    names::camel(operation.action())
}

fn value(text: &mut String, catalog: &Catalog, operation: &Operation) -> Result<()> {
    text.push('\n');
    text.push_str(&doc::doc(0, &doc::sentence(&operation.summary)));
    if !operation.description.is_empty() {
        text.push_str("///\n");
        text.push_str(&doc::doc(0, &doc::sentence(&operation.description)));
    }
    text.push_str("///\n");
    text.push_str(&doc::doc(
        0,
        &format!("`{} {}`", operation.method, operation.path),
    ));
    if let Some(note) = doc::evidence(operation.evidence) {
        text.push_str("///\n");
        text.push_str(&doc::doc(0, note));
    }
    if operation.deprecated {
        text.push_str("///\n/// Deprecated by the vendor.\n");
    }
    let name = struct_name(operation);
    let required = required(catalog, operation);
    let default = if required.is_empty() { "Default, " } else { "" };
    writeln!(
        text,
        "#[derive(Clone, Debug, {default}PartialEq, Eq)]\n#[non_exhaustive]"
    )?;
    let fields = fields(operation);
    if fields.is_empty() {
        writeln!(text, "pub struct {name};")?;
    } else {
        writeln!(text, "pub struct {name} {{")?;
        for field in &fields {
            text.push_str(&doc::doc(4, &field.doc));
            writeln!(text, "pub {}: {},", field.name, field.rust)?;
        }
        text.push_str("}\n");
    }
    constructor(text, operation, &required)
}

struct Member {
    name: String,
    rust: String,
    doc: String,
}

fn fields(operation: &Operation) -> Vec<Member> {
    let mut fields = Vec::new();
    for argument in &operation.path_parameters {
        fields.push(Member {
            name: argument.name.clone(),
            rust: argument_type(argument),
            doc: format!("`{{{}}}` in the path.", argument.wire),
        });
    }
    for argument in &operation.query {
        fields.push(Member {
            name: argument.name.clone(),
            rust: argument_field(argument),
            doc: argument_doc(argument, operation),
        });
    }
    if operation.raw_parameters {
        fields.push(Member {
            name: "raw".to_owned(),
            rust: "Vec<(String, Personal<String>)>".to_owned(),
            doc: "Further parameters by their wire name, sent after the typed ones; the server takes the last of two.".to_owned(),
        });
    }
    if let Some(body) = &operation.body {
        fields.push(Member {
            name: "body".to_owned(),
            rust: body.type_name.clone(),
            doc: "The request body.".to_owned(),
        });
    }
    fields
}

/// What an argument is for, with a note where its evidence is not the operation's or its name is not certain.
/// What a parameter does, by its description or else by its name.
pub(crate) fn effect(argument: &Argument) -> String {
    if argument.description.is_empty() {
        names::lookup(&argument.wire)
    } else {
        argument.description.clone()
    }
}

fn argument_doc(argument: &Argument, operation: &Operation) -> String {
    let mut doc = format!("`{}`", argument.wire);
    let inferred = argument.recovery == Some(Recovery::Inferred);
    doc.push_str(if inferred { " (inferred): " } else { ": " });
    doc.push_str(&effect(argument));
    let mut doc = doc::sentence(&doc);
    let differs = argument
        .evidence
        .filter(|evidence| *evidence != operation.evidence);
    if let Some(note) = differs.and_then(doc::evidence) {
        doc.push(' ');
        doc.push_str(note);
    }
    doc
}

/// A filter without a declared type reads like a switch.
pub(crate) fn argument_rust(argument: &Argument) -> Rust {
    match &argument.rust {
        Rust::Json => Rust::Bool,
        other => other.clone(),
    }
}

fn argument_type(argument: &Argument) -> String {
    let wrap = |rust: &Rust| match argument.sensitivity {
        Some(Sensitivity::Personal) => format!("Personal<{}>", models::rust_type(rust)),
        Some(Sensitivity::Secret) => "Secret".to_owned(),
        None => models::rust_type(rust),
    };
    match argument_rust(argument) {
        Rust::List(item) => format!("Vec<{}>", wrap(&item)),
        rust => wrap(&rust),
    }
}

fn argument_field(argument: &Argument) -> String {
    let inner = argument_type(argument);
    if argument.required {
        inner
    } else {
        format!("Option<{inner}>")
    }
}

/// The arguments of the constructor: path, required query, required body fields.
struct Required {
    argument: String,
    name: String,
    value: String,
    of_body: bool,
}

fn required(catalog: &Catalog, operation: &Operation) -> Vec<Required> {
    let mut required = Vec::new();
    for argument in operation
        .path_parameters
        .iter()
        .chain(operation.query.iter().filter(|query| query.required))
    {
        let (taken, value) = models::taken(
            catalog,
            &argument.name,
            &argument_rust(argument),
            argument.sensitivity,
        );
        required.push(Required {
            argument: taken,
            name: argument.name.clone(),
            value,
            of_body: false,
        });
    }
    for field in body_fields(catalog, operation)
        .iter()
        .filter(|field| field.required)
    {
        let (taken, _) = models::taken(catalog, &field.name, &field.rust, field.sensitivity);
        required.push(Required {
            argument: taken,
            name: field.name.clone(),
            value: field.name.clone(),
            of_body: true,
        });
    }
    required
}

fn body_fields<'c>(catalog: &'c Catalog, operation: &Operation) -> &'c [super::catalog::Field] {
    let body = operation
        .body
        .as_ref()
        .and_then(|body| catalog.get(&body.type_name));
    body.map(Type::fields).unwrap_or_default()
}

fn constructor(text: &mut String, operation: &Operation, required: &[Required]) -> Result<()> {
    let name = struct_name(operation);
    if required.is_empty() {
        let summary = if fields(operation).is_empty() {
            "The operation; it takes nothing."
        } else {
            "The operation with nothing set."
        };
        writeln!(
            text,
            "\nimpl {name} {{\n/// {summary}\n#[must_use]\npub fn new() -> Self {{ Self::default() }}\n}}"
        )?;
        return Ok(());
    }
    let mut values: Vec<String> = Vec::new();
    for argument in required.iter().filter(|argument| !argument.of_body) {
        values.push(if argument.value == argument.name {
            argument.name.clone()
        } else {
            format!("{}: {}", argument.name, argument.value)
        });
    }
    for argument in operation.query.iter().filter(|argument| !argument.required) {
        values.push(format!("{}: None", argument.name));
    }
    if operation.raw_parameters {
        values.push("raw: Vec::new()".to_owned());
    }
    if let Some(body) = &operation.body {
        let of_body: Vec<&str> = required
            .iter()
            .filter(|argument| argument.of_body)
            .map(|argument| &*argument.name)
            .collect();
        values.push(format!(
            "body: {}::new({})",
            body.type_name,
            of_body.join(", ")
        ));
    }
    let arguments: Vec<String> = required
        .iter()
        .map(|argument| format!("{}: {}", argument.name, argument.argument))
        .collect();
    writeln!(
        text,
        "\nimpl {name} {{\n/// The operation with what it requires.\n#[must_use]"
    )?;
    writeln!(
        text,
        "pub fn new({}) -> Self {{ Self {{ {} }} }}\n}}",
        arguments.join(", "),
        values.join(", ")
    )?;
    Ok(())
}

fn implementation(text: &mut String, catalog: &Catalog, operation: &Operation) -> Result<()> {
    let name = struct_name(operation);
    let (output, read) = match (operation.kind, &operation.output) {
        (ResponseKind::Bytes, _) => ("Bytes".to_owned(), "bytes"),
        (ResponseKind::Empty, _) | (_, None) => ("()".to_owned(), "empty"),
        (ResponseKind::Envelope, Some(output)) => (answer(catalog, operation, output), "envelope"),
        (ResponseKind::Page, Some(output)) => (
            format!("Page<{}>", answer(catalog, operation, output)),
            "json",
        ),
        (ResponseKind::Json, Some(output)) => (answer(catalog, operation, output), "json"),
    };
    let class = match operation.class {
        RetryClass::Read => "Read",
        RetryClass::IdempotentWrite => "IdempotentWrite",
        RetryClass::UnsafeWrite => "UnsafeWrite",
        RetryClass::EffectfulRead => "EffectfulRead",
    };
    let kind = match operation.kind {
        ResponseKind::Json => "Json",
        ResponseKind::Page => "Page",
        ResponseKind::Envelope => "Envelope",
        ResponseKind::Bytes => "Bytes",
        ResponseKind::Empty => "Empty",
    };
    let anonymous = if operation.authenticated {
        ""
    } else {
        ".anonymous()"
    };
    let encode = encode(operation)?;
    let request = if encode.is_empty() {
        "_request"
    } else {
        "request"
    };
    writeln!(
        text,
        "\nimpl Operation for {name} {{\ntype Output = {output};\n\nconst INFO: OperationInfo = OperationInfo::new({:?}, Method::{}, {:?}, RetryClass::{class}, ResponseKind::{kind}){anonymous};\n",
        operation.id, operation.method, operation.path
    )?;
    writeln!(
        text,
        "fn encode(&self, {request}: &mut RequestEncoder) -> Result<(), EncodeError> {{\n{encode}Ok(())\n}}\n"
    )?;
    writeln!(
        text,
        "fn decode(reply: Reply) -> Result<Self::Output, DecodeError> {{ reply::{read}(&reply) }}"
    )?;
    if let Some(status) = operation.negative_status {
        writeln!(
            text,
            "\nfn answer(error: &Error) -> Option<Self::Output> {{ negative::{}(error, {status}) }}",
            operation.action()
        )?;
    }
    text.push_str("}\n");
    if operation.kind == ResponseKind::Bytes {
        writeln!(
            text,
            "\nimpl BytesOperation for {name} {{\nconst MAGIC: &'static [u8] = reply::MAGIC;\n}}"
        )?;
    }
    Ok(())
}

fn encode(operation: &Operation) -> Result<String> {
    let mut text = String::new();
    for argument in &operation.path_parameters {
        let value = if argument.rust == Rust::Text {
            exposed(&format!("&self.{}", argument.name), argument)
        } else {
            format!("self.{}", argument.name)
        };
        writeln!(text, "request.path({:?}, {value})?;", argument.wire)?;
    }
    for argument in &operation.query {
        let field = format!("self.{}", argument.name);
        match (&argument.rust, argument.sensitivity, argument.required) {
            (Rust::List(_), None, true) => {
                writeln!(text, "request.query_list({:?}, &{field})?;", argument.wire)?
            }
            (Rust::List(_), None, false) => writeln!(
                text,
                "request.query_list_opt({:?}, {field}.as_deref())?;",
                argument.wire
            )?,
            (Rust::List(_), Some(_), true) => writeln!(
                text,
                "request.query_list({:?}, &{field}.iter().map(Personal::expose).collect::<Vec<_>>())?;",
                argument.wire
            )?,
            (Rust::List(_), Some(_), false) => writeln!(
                text,
                "if let Some(values) = &{field} {{ request.query_list({:?}, &values.iter().map(Personal::expose).collect::<Vec<_>>())?; }}",
                argument.wire
            )?,
            (_, _, true) => writeln!(
                text,
                "request.query({:?}, {});",
                argument.wire,
                exposed(&format!("&{field}"), argument)
            )?,
            (_, None, false) => writeln!(
                text,
                "request.query_opt({:?}, {field}.as_ref());",
                argument.wire
            )?,
            (_, Some(_), false) => writeln!(
                text,
                "request.query_opt({:?}, {field}.as_ref().map(Personal::expose));",
                argument.wire
            )?,
        }
    }
    if operation.raw_parameters {
        text.push_str("for (name, value) in &self.raw { request.query(name, value.expose()); }\n");
    }
    match &operation.body {
        Some(body) if body.multipart => {
            text.push_str("crate::multipart::encode(&self.body, request)?;\n")
        }
        Some(_) => text.push_str("request.json(&self.body)?;\n"),
        None => {}
    }
    Ok(text)
}

fn exposed(value: &str, argument: &Argument) -> String {
    match argument.sensitivity {
        None => value.to_owned(),
        Some(_) => format!("{}.expose()", value.trim_start_matches('&')),
    }
}
