//! Writes the reference tables of the docs: operations, their parameters, and value lists.

use std::{fmt::Write as _, path::PathBuf};

use super::{
    Output,
    catalog::{Catalog, Operation, Shape},
    models,
    openapi::{Evidence, Recovery, ResponseKind, RetryClass},
    operations,
};
use crate::error::Result;

/// Adds the reference pages of one service.
pub(crate) fn write(catalog: &Catalog, output: &mut Output) -> Result<()> {
    let folder = PathBuf::from("docs/reference").join(catalog.service);
    let source = format!("spec/{}.openapi.yaml", catalog.service);
    output.markdown(folder.join("operations.md"), &source, &operations(catalog)?)?;
    output.markdown(folder.join("parameters.md"), &source, &parameters(catalog)?)?;
    let source = format!("spec/{}/", catalog.service);
    output.markdown(folder.join("values.md"), &source, &values(catalog)?)
}

fn title(catalog: &Catalog) -> &'static str {
    if catalog.service == "thirdparty" {
        "Issuance Third Party API"
    } else {
        "VerifyInvestor.com"
    }
}

fn operations(catalog: &Catalog) -> Result<String> {
    let mut text = format!("# Operations of the {}\n\n", title(catalog));
    text.push_str("| operation | method and path | success | retry class | reply | evidence |\n|---|---|---|---|---|---|\n");
    for operation in &catalog.operations {
        writeln!(
            text,
            "| `{}` | `{} {}` | {} | {} | {} | {} |",
            operation.id,
            operation.method,
            operation.path,
            statuses(operation),
            class(operation.class),
            reply(operation),
            evidence(operation.evidence),
        )?;
    }
    Ok(text)
}

fn statuses(operation: &Operation) -> String {
    let statuses: Vec<String> = operation
        .statuses
        .iter()
        .map(|(status, of_status)| {
            if *of_status == operation.evidence {
                status.to_string()
            } else {
                format!("{status} ({})", evidence(*of_status))
            }
        })
        .collect();
    statuses.join(", ")
}

fn class(class: RetryClass) -> &'static str {
    match class {
        RetryClass::Read => "read",
        RetryClass::IdempotentWrite => "idempotent write",
        RetryClass::UnsafeWrite => "unsafe write",
        RetryClass::EffectfulRead => "effectful read",
    }
}

fn reply(operation: &Operation) -> String {
    match (operation.kind, models::reply_type(operation)) {
        (ResponseKind::Bytes, _) => "bytes".to_owned(),
        (ResponseKind::Empty, _) => "empty".to_owned(),
        (_, Some(reply)) => format!("`{reply}`"),
        (_, None) => String::new(),
    }
}

fn evidence(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Documented => "documented",
        Evidence::Observed => "observed",
        Evidence::Inferred => "inferred",
    }
}

fn parameters(catalog: &Catalog) -> Result<String> {
    let mut text = format!("# Query parameters of the {}\n", title(catalog));
    for operation in catalog
        .operations
        .iter()
        .filter(|operation| !operation.query.is_empty())
    {
        write!(
            text,
            "\n## `{}`\n\n| parameter | type | name is | what it does |\n|---|---|---|---|\n",
            operation.id
        )?;
        for argument in &operation.query {
            let recovery = match argument.recovery {
                None => evidence(argument.evidence.unwrap_or(operation.evidence)),
                Some(Recovery::Known) => "known",
                Some(Recovery::Slot) => "certain by its place",
                Some(Recovery::Inferred) => "inferred",
            };
            writeln!(
                text,
                "| `{}` | `{}` | {recovery} | {} |",
                argument.wire,
                models::rust_type(&operations::argument_rust(argument)),
                operations::effect(argument),
            )?;
        }
        if operation.raw_parameters {
            text.push_str("\nFurther parameters go through `param(name, value)`.\n");
        }
    }
    Ok(text)
}

fn values(catalog: &Catalog) -> Result<String> {
    let mut text = format!("# Value lists of the {}\n", title(catalog));
    for r#type in catalog.types.values() {
        let Shape::Enum { open, values } = &r#type.shape else {
            continue;
        };
        let kind = if *open {
            "Open: a value outside the list is kept."
        } else {
            "Closed: only we send it."
        };
        write!(
            text,
            "\n## `{}`\n\n{} {kind}\n\n",
            r#type.name,
            r#type.description.trim()
        )?;
        // The countries would be a page of their own; a line of codes serves.
        if values.len() > 100 {
            let codes: Vec<String> = values
                .iter()
                .map(|value| format!("`{}`", value.wire))
                .collect();
            writeln!(text, "{}", codes.join(" "))?;
            continue;
        }
        text.push_str("| value | meaning |\n|---|---|\n");
        for value in values {
            writeln!(
                text,
                "| `{}` | {} |",
                value.wire,
                value
                    .label
                    .as_ref()
                    .or(value.description.as_ref())
                    .map_or("", |words| words)
            )?;
        }
    }
    Ok(text)
}
