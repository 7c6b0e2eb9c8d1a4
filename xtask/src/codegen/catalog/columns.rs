//! The enums of names that a caller gives in a query: fields to order by, columns to read. Their values are the fields of a
//! type of the contract, so that nothing is listed twice.

use super::{Catalog, EnumValue, Field, Operation, Rust, Shape, Type};
use crate::codegen::{names, openapi::Evidence};
use crate::error::{Error, Result};

/// The Rust module of these enums; it stands in no schema file.
pub(crate) const MODULE: &str = "columns";

/// Adds the enums that the operations name.
pub(super) fn add(catalog: &mut Catalog) -> Result<()> {
    let mut added = Vec::new();
    for operation in &catalog.operations {
        if let Some(name) = &operation.ordering {
            let fields = fields_of(catalog, operation.output.as_ref());
            let plain = fields.iter().filter(|field| is_plain(catalog, &field.rust));
            let about = format!(
                "A field to order by, for `{}`. The service ignores one that it does not know.",
                operation.path
            );
            added.push(names(name, about, Evidence::Inferred, plain)?);
        }
        if let Some(name) = &operation.columns {
            let about = format!("A column to read with `{}`.", operation.path);
            let row = rows(catalog, operation);
            let fields = fields_of(catalog, row.as_ref());
            added.push(names(name, about, operation.evidence, fields.iter())?);
        }
    }
    for r#type in added {
        if let Some(twin) = catalog.types.insert(r#type.name.clone(), r#type) {
            return Err(Error::new(format!("{} is defined twice", twin.name)));
        }
    }
    Ok(())
}

/// The type of the rows of a `values` call.
fn rows(catalog: &Catalog, operation: &Operation) -> Option<Rust> {
    let lists = fields_of(catalog, operation.output.as_ref());
    lists.iter().find_map(|field| match &field.rust {
        Rust::List(row) => Some((**row).clone()),
        _ => None,
    })
}

fn fields_of<'c>(catalog: &'c Catalog, rust: Option<&Rust>) -> &'c [Field] {
    let name = rust.and_then(Rust::named);
    let r#type = name.and_then(|name| catalog.get(name));
    r#type.map(Type::fields).unwrap_or_default()
}

/// Whether a field has one value: an order by a list or an object says nothing.
fn is_plain(catalog: &Catalog, rust: &Rust) -> bool {
    match rust {
        Rust::List(_) | Rust::Json | Rust::File => false,
        Rust::Named(name) => catalog
            .get(name)
            .is_some_and(|named| !matches!(named.shape, Shape::Object { .. })),
        _ => true,
    }
}

fn names<'c>(
    name: &str,
    description: String,
    evidence: Evidence,
    fields: impl Iterator<Item = &'c Field>,
) -> Result<Type> {
    let values: Vec<EnumValue> = fields
        .map(|field| EnumValue {
            wire: field.wire.clone(),
            variant: names::variant(&field.wire),
            label: None,
            description: Some(field.description.clone()),
        })
        .collect();
    if values.is_empty() {
        return Err(Error::new(format!("{name} would have no values")));
    }
    Ok(Type {
        name: name.to_owned(),
        module: MODULE.to_owned(),
        description,
        evidence: Some(evidence),
        shape: Shape::Enum {
            open: false,
            values,
        },
    })
}
