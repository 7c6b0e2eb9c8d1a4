//! Writes the route table of the sandbox.

use std::{fmt::Write as _, path::PathBuf};

use super::{
    Output,
    catalog::{Argument, Catalog, Operation, Rust},
    doc, names, operations,
};
use crate::error::Result;

const TYPES: &str = r#"
/// Which of the two services an operation belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service { ThirdParty, VerifyInvestor }

/// How the value of a query parameter reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Present and not empty switches it on.
    Any,
    Boolean,
    DateTime,
    Date,
    Decimal,
    Integer,
    /// One of a list.
    Choice(&'static [&'static str]),
    Text,
}

/// One query parameter: its wire name, how its value reads, and whether it is a comma list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) list: bool,
}

/// One route: where it is served, what it answers by default, and what it filters by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    pub(crate) name: &'static str,
    pub(crate) service: Service,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) status: u16,
    pub(crate) authenticated: bool,
    pub(crate) parameters: &'static [Parameter],
}
"#;

/// Adds the route table of both services: the vocabulary, and one table a service.
pub(crate) fn write(catalogs: &[Catalog], output: &mut Output) -> Result<()> {
    let folder = PathBuf::from("crates/sandbox/src/generated");
    let source = "spec/*.openapi.yaml";
    let mut index = doc::module("What follows from the contract. Holds tables, no behaviour.");
    index.push_str("\npub(crate) mod routes;\n");
    for catalog in catalogs {
        writeln!(index, "mod {};", catalog.service)?;
    }
    output.rust(folder.join("mod.rs"), source, &index)?;
    output.rust(folder.join("routes.rs"), source, &vocabulary(catalogs)?)?;
    for catalog in catalogs {
        let source = format!("spec/{}.openapi.yaml", catalog.service);
        output.rust(folder.join(format!("{}.rs", catalog.service)), &source, &table(catalog)?)?;
    }
    Ok(())
}

fn vocabulary(catalogs: &[Catalog]) -> Result<String> {
    let mut text = doc::module("The vocabulary of the route tables, and all routes. Decides nothing about what a route does.");
    text.push_str(TYPES);
    text.push_str("\n/// Every operation of the contract.\n#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\npub(crate) enum Operation {\n");
    for operation in catalogs.iter().flat_map(|catalog| &catalog.operations) {
        writeln!(text, "/// `{} {}`\n{},", operation.method, operation.path, names::camel(&operation.id))?;
    }
    text.push_str("}\n\n/// All routes, in the order of the contract.\n");
    text.push_str("pub(crate) fn all() -> impl Iterator<Item = &'static Route> {\n");
    let tables: Vec<String> =
        catalogs.iter().map(|catalog| format!("super::{}::ROUTES.iter()", catalog.service)).collect();
    let (first, rest) = tables.split_first().map_or(("", &[][..]), |(first, rest)| (&**first, rest));
    text.push_str(first);
    for table in rest {
        write!(text, ".chain({table})")?;
    }
    text.push_str("\n}\n");
    Ok(text)
}

fn table(catalog: &Catalog) -> Result<String> {
    let vendor = if catalog.service == "thirdparty" { "the Third Party API" } else { "VerifyInvestor.com" };
    let service = if catalog.service == "thirdparty" { "ThirdParty" } else { "VerifyInvestor" };
    let mut rows = String::new();
    for operation in &catalog.operations {
        writeln!(
            rows,
            "Route {{ operation: Operation::{}, name: {:?}, service: Service::{service}, method: {:?}, path: {:?}, status: {}, authenticated: {}, parameters: &[{}] }},",
            names::camel(&operation.id),
            operation.id,
            operation.method,
            operation.path,
            operation.statuses.first().map_or(200, |(status, _)| *status),
            operation.authenticated,
            parameters(catalog, operation)?,
        )?;
    }
    let mut text = doc::module(&format!("The routes of {vendor}."));
    let has_parameters = catalog.operations.iter().any(|operation| !operation.query.is_empty());
    let imports = if has_parameters { "Kind, Operation, Parameter, Route, Service" } else { "Operation, Route, Service" };
    writeln!(text, "\nuse super::routes::{{{imports}}};\n\npub(super) static ROUTES: &[Route] = &[\n{rows}];")?;
    Ok(text)
}

fn parameters(catalog: &Catalog, operation: &Operation) -> Result<String> {
    let mut text = String::new();
    for argument in &operation.query {
        let (list, rust) = match &argument.rust {
            Rust::List(item) => (true, &**item),
            rust => (false, rust),
        };
        write!(
            text,
            "Parameter {{ name: {:?}, kind: {}, list: {list} }}, ",
            argument.wire,
            kind(catalog, argument, rust)
        )?;
    }
    Ok(text)
}

fn kind(catalog: &Catalog, _argument: &Argument, rust: &Rust) -> String {
    if let Some(values) = operations::choices(catalog, rust) {
        return format!("Kind::Choice(&{values:?})");
    }
    match rust {
        Rust::Bool => "Kind::Boolean",
        Rust::Timestamp => "Kind::DateTime",
        Rust::Date => "Kind::Date",
        Rust::Money | Rust::Percent => "Kind::Decimal",
        Rust::Integer | Rust::Named(_) => "Kind::Integer",
        Rust::Text | Rust::List(_) => "Kind::Text",
        Rust::Json => "Kind::Any",
    }
    .to_owned()
}
