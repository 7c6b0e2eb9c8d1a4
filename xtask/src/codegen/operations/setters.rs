//! The setters of a call: one for each optional query parameter and body field.

use std::fmt::Write as _;

use super::{argument_doc, argument_rust, body_fields, struct_name};
use crate::codegen::{
    catalog::{Catalog, Operation, Rust},
    doc, models, names, rustfmt,
};
use crate::error::Result;

/// The query parameter with the order of a list, and that with the columns to read.
const ORDERING: &str = "ordering";
const FIELD: &str = "field";

/// Setters on the call: the optional query and body fields.
pub(super) fn setters(text: &mut String, catalog: &Catalog, operation: &Operation) -> Result<()> {
    let mut body = String::new();
    for argument in operation.query.iter().filter(|argument| !argument.required) {
        let rust = argument_rust(argument);
        let (taken, value) = models::taken(catalog, "value", &rust, argument.sensitivity);
        let value = format!("Some({value})");
        let mut about = argument_doc(argument, operation);
        let (taken, value) = match (&*argument.wire, &operation.ordering, &operation.columns) {
            (ORDERING, Some(fields), _) => {
                about.push_str(&format!(
                    "\n\nTakes an [`Order`](crate::Order) of [`{fields}`], several of them, or a text, which goes as it is."
                ));
                (
                    format!("impl Into<OrderBy<{fields}>>"),
                    "Some(value.into().into_text())".to_owned(),
                )
            }
            (FIELD, _, Some(columns)) => {
                about.push_str(&format!(
                    "\n\nTakes [`{columns}`]s, or texts for columns that this version does not list: those stand in `extra` \
                     of a row."
                ));
                (
                    format!("impl IntoIterator<Item: Into<Column<{columns}>>>"),
                    "Some(value.into_iter().map(|column| column.into().into_name()).collect())"
                        .to_owned(),
                )
            }
            _ => (taken, value),
        };
        if let Rust::List(_) = rust {
            about.push_str("\n\nAn empty list is an error before anything is sent.");
        }
        body.push_str(&doc::doc(4, &about));
        writeln!(
            body,
            "pub fn {0}(mut self, value: {taken}) -> Self {{ self.operation_mut().{0} = {value}; self }}\n",
            argument.name
        )?;
    }
    if operation.raw_parameters {
        body.push_str("/// A further query parameter by its wire name, for what this version does not list.\n");
        body.push_str("pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self { let value = Personal::new(value.into()); self.operation_mut().raw.push((name.into(), value)); self }\n\n");
    }
    let shares_body = body_sharers(catalog, operation).len() > 1;
    if !shares_body {
        body.push_str(&body_setters(catalog, operation)?);
    }
    if !body.is_empty() {
        writeln!(
            text,
            "\nimpl Call<{}> {{\n{}}}",
            struct_name(operation),
            body.trim_end()
        )?;
    }
    // Behind the last of those that send the same body: once for all of them.
    let sharers = body_sharers(catalog, operation);
    if shares_body && sharers.last().is_some_and(|last| last.id == operation.id) {
        shared_setters(text, catalog, &sharers)?;
    }
    Ok(())
}

/// The operations of a resource that send the same body, if it has fields to set.
fn body_sharers<'c>(catalog: &'c Catalog, operation: &Operation) -> Vec<&'c Operation> {
    let body = |of: &Operation| of.body.as_ref().map(|body| body.type_name.clone());
    let optional = body_fields(catalog, operation)
        .iter()
        .any(|field| !field.required);
    let mut sharers: Vec<&Operation> = catalog.operations.iter().collect();
    sharers.retain(|other| {
        optional && other.resource == operation.resource && body(other) == body(operation)
    });
    sharers
}

/// One list of setters for all operations that send the same body.
fn shared_setters(text: &mut String, catalog: &Catalog, sharers: &[&Operation]) -> Result<()> {
    let Some(first) = sharers.first() else {
        return Ok(());
    };
    let type_name = first
        .body
        .as_ref()
        .map(|body| &*body.type_name)
        .unwrap_or_default();
    let name = format!(
        "{}_setters",
        names::constant(type_name).to_ascii_lowercase()
    );
    // rustfmt leaves the body of a macro as it is, so it is formatted before it goes in.
    let setters = rustfmt(&format!(
        "impl Call<Operation> {{\n{}\n}}",
        body_setters(catalog, first)?
    ))?;
    let setters: String = setters
        .replace("Call<Operation>", "Call<$operation>")
        .lines()
        .map(|line| {
            if line.is_empty() {
                "\n".to_owned()
            } else {
                format!("            {line}\n")
            }
        })
        .collect();
    writeln!(
        text,
        "\n/// The setters of `{type_name}`, for each operation that sends one.\n\
         macro_rules! {name} {{\n    ($($operation:ident),* $(,)?) => {{\n        $(\n{setters}        )*\n    }};\n}}"
    )?;
    let operations: Vec<String> = sharers
        .iter()
        .map(|operation| struct_name(operation))
        .collect();
    writeln!(text, "\n{name}!({});", operations.join(", "))?;
    Ok(())
}

/// A setter for each optional field of the body.
fn body_setters(catalog: &Catalog, operation: &Operation) -> Result<String> {
    let mut text = String::new();
    let type_name = operation
        .body
        .as_ref()
        .map(|body| &*body.type_name)
        .unwrap_or_default();
    let optional = body_fields(catalog, operation)
        .iter()
        .filter(|field| !field.required);
    for field in optional {
        let (taken, value) = models::taken(catalog, "value", &field.rust, field.sensitivity);
        let value = match (&field.rust, field.boxed) {
            (Rust::List(_), _) => value,
            (_, true) => format!("Some(Box::new({value}))"),
            _ => format!("Some({value})"),
        };
        text.push_str(&doc::doc(
            4,
            &format!("Sets [`{type_name}::{}`].", field.name),
        ));
        writeln!(
            text,
            "pub fn {0}(mut self, value: {taken}) -> Self {{ self.operation_mut().body.{0} = {value}; self }}\n",
            field.name
        )?;
    }
    Ok(text)
}
