//! Writes the route table of the sandbox.

use std::{collections::BTreeMap, fmt::Write as _, path::PathBuf};

use super::{
    Output,
    catalog::{Catalog, Operation, Rust, Shape},
    doc, names,
};
use crate::error::Result;

/// Adds the route table of both services.
pub(crate) fn write(catalogs: &[Catalog], output: &mut Output) -> Result<()> {
    let folder = PathBuf::from("crates/sandbox/src/generated");
    let source = "spec/*.openapi.yaml";
    let index = doc::module("What follows from the contract. Holds tables, no behaviour.");
    output.rust(
        folder.join("mod.rs"),
        source,
        &format!("{index}\npub(crate) mod routes;\n"),
    )?;
    output.rust(folder.join("routes.rs"), source, &routes(catalogs)?)
}

fn routes(catalogs: &[Catalog]) -> Result<String> {
    let mut text =
        doc::module("All operations and their routes. Decides nothing about what a route does.");
    text.push_str("\nuse crate::route::{Kind, Parameter, Route, Service};\n");
    text.push_str("\n/// Every operation of the contract.\n#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\npub(crate) enum Operation {\n");
    for operation in catalogs.iter().flat_map(|catalog| &catalog.operations) {
        writeln!(text, "{},", names::camel(&operation.id))?;
    }
    text.push_str("}\n\n");
    let mut lists = BTreeMap::new();
    let mut rows = String::new();
    for catalog in catalogs {
        for operation in &catalog.operations {
            row(&mut rows, &mut lists, catalog, operation)?;
        }
    }
    for (name, values) in lists {
        writeln!(text, "const {name}: Kind = Kind::Choice(&{values:?});")?;
    }
    writeln!(
        text,
        "\n/// All routes, in the order of the contract.\npub(crate) static ROUTES: &[Route] = &[\n{rows}];"
    )?;
    Ok(text)
}

fn row(
    rows: &mut String,
    lists: &mut BTreeMap<String, Vec<String>>,
    catalog: &Catalog,
    operation: &Operation,
) -> Result<()> {
    let service = if catalog.service == "thirdparty" {
        "ThirdParty"
    } else {
        "VerifyInvestor"
    };
    write!(
        rows,
        "Route {{ operation: Operation::{}, name: {:?}, service: Service::{service}, method: {:?}, path: {:?}, status: {}, authenticated: {}, parameters: &[",
        names::camel(&operation.id),
        operation.id,
        operation.method,
        operation.path,
        operation
            .statuses
            .first()
            .map_or(200, |(status, _)| *status),
        operation.authenticated,
    )?;
    for argument in &operation.query {
        let (shape, rust) = match &argument.rust {
            Rust::List(item) => ("list", &**item),
            rust => ("one", rust),
        };
        write!(
            rows,
            "Parameter::{shape}({:?}, {}), ",
            argument.wire,
            kind(lists, catalog, rust)
        )?;
    }
    rows.push_str("] },\n");
    Ok(())
}

fn kind(lists: &mut BTreeMap<String, Vec<String>>, catalog: &Catalog, rust: &Rust) -> String {
    if let Rust::Named(name) = rust
        && let Some(Shape::Enum { values, .. }) = catalog.get(name).map(|named| &named.shape)
    {
        let constant = names::constant(name);
        lists
            .entry(constant.clone())
            .or_insert_with(|| values.iter().map(|value| value.wire.clone()).collect());
        return constant;
    }
    let kind = match rust {
        Rust::Bool => "Boolean",
        Rust::Timestamp => "DateTime",
        Rust::Date => "Date",
        Rust::Money | Rust::Percent => "Decimal",
        Rust::Integer | Rust::Named(_) => "Integer",
        Rust::Text | Rust::File | Rust::List(_) => "Text",
        Rust::Json => "Any",
    };
    format!("Kind::{kind}")
}
