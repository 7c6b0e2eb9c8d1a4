//! The contract, resolved: every named type and operation of one service, in the terms in which Rust is written.
//!
//! Decides names, Rust types and boxes. Writes nothing.

mod columns;

use std::path::Path;

use indexmap::IndexMap;

use super::{
    names,
    openapi::{
        self, Additional, Direction, Document, Evidence, Parameter, Recovery, ResponseKind,
        RetryClass, Schema, Sensitivity,
    },
};
use crate::error::{Context, Error, Result};

/// Nested objects above this many bytes are boxed, so that lists of their parents stay small.
const BOX_ABOVE: usize = 200;

pub(crate) use columns::MODULE as COLUMNS;

/// One service.
pub(crate) struct Catalog {
    /// `thirdparty` or `verifyinvestor`: the module of `models`, the service crate, the folder of `spec/`.
    pub(crate) service: &'static str,
    pub(crate) types: IndexMap<String, Type>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) resources: Vec<Resource>,
}

/// A resource: the operations of one tag.
pub(crate) struct Resource {
    pub(crate) name: String,
    pub(crate) description: String,
}

/// A named type of the contract.
pub(crate) struct Type {
    pub(crate) name: String,
    /// The schema file it stands in, which is its Rust module.
    pub(crate) module: String,
    pub(crate) description: String,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) shape: Shape,
}

pub(crate) enum Shape {
    Id,
    Enum {
        open: bool,
        values: Vec<EnumValue>,
    },
    Object {
        direction: Direction,
        fields: Vec<Field>,
        open: bool,
    },
}

pub(crate) struct EnumValue {
    pub(crate) wire: String,
    pub(crate) variant: String,
    pub(crate) label: Option<String>,
    /// What it means, where that is not its label.
    pub(crate) description: Option<String>,
}

pub(crate) struct Field {
    pub(crate) wire: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) deprecated: bool,
    pub(crate) required: bool,
    pub(crate) rust: Rust,
    pub(crate) sensitivity: Option<Sensitivity>,
    pub(crate) boxed: bool,
}

/// A Rust type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rust {
    Bool,
    Integer,
    Text,
    File,
    Money,
    Percent,
    Timestamp,
    Date,
    Json,
    Named(String),
    List(Box<Rust>),
}

pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) resource: String,
    pub(crate) summary: String,
    pub(crate) description: String,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) class: RetryClass,
    pub(crate) kind: ResponseKind,
    pub(crate) evidence: Evidence,
    pub(crate) authenticated: bool,
    pub(crate) deprecated: bool,
    pub(crate) path_parameters: Vec<Argument>,
    pub(crate) query: Vec<Argument>,
    pub(crate) raw_parameters: bool,
    /// The enum of the fields that `ordering` takes.
    pub(crate) ordering: Option<String>,
    /// The enum of the columns that `field` takes.
    pub(crate) columns: Option<String>,
    /// An error status that is an answer.
    pub(crate) negative_status: Option<u16>,
    pub(crate) body: Option<Body>,
    /// The type of the answer inside page, envelope or array; `None` for bytes and empty.
    pub(crate) output: Option<Rust>,
    /// Every 2xx status with its evidence; the first is the one that the sandbox answers.
    pub(crate) statuses: Vec<(u16, Evidence)>,
}

pub(crate) struct Body {
    pub(crate) type_name: String,
    pub(crate) multipart: bool,
}

/// A path or query parameter.
pub(crate) struct Argument {
    pub(crate) wire: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) rust: Rust,
    pub(crate) required: bool,
    pub(crate) evidence: Option<Evidence>,
    pub(crate) recovery: Option<Recovery>,
    pub(crate) sensitivity: Option<Sensitivity>,
}

impl Catalog {
    /// Reads and resolves one service's part of `spec/`.
    pub(crate) fn load(spec: &Path, service: &'static str) -> Result<Self> {
        let mut types = IndexMap::new();
        let folder = spec.join(service);
        let mut files: Vec<_> = std::fs::read_dir(&folder)
            .context(folder.display())?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        files.sort();
        for file in files {
            let module = file
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let schemas: IndexMap<String, Schema> = openapi::read(&file)?;
            for (name, schema) in schemas {
                let resolved = Type::resolve(&name, &module, &schema)
                    .map_err(|error| error.context(format!("{}: {name}", file.display())))?;
                if types.insert(name.clone(), resolved).is_some() {
                    return Err(Error::new(format!(
                        "{name} is defined twice in {}",
                        folder.display()
                    )));
                }
            }
        }
        let path = spec.join(format!("{service}.openapi.yaml"));
        let document: Document = openapi::read(&path)?;
        let mut catalog = Self {
            service,
            types,
            operations: Vec::new(),
            resources: document
                .tags
                .iter()
                .map(|tag| Resource {
                    name: tag.name.clone(),
                    description: tag.description.clone(),
                })
                .collect(),
        };
        for (url, item) in &document.paths {
            for (method, operation) in [("GET", &item.get), ("POST", &item.post)] {
                let Some(operation) = operation else { continue };
                let resolved =
                    Operation::resolve(&document, method, url, &item.parameters, operation)
                        .map_err(|error| error.context(&operation.id))?;
                catalog.operations.push(resolved);
            }
        }
        catalog.check_references()?;
        catalog.check_files(&folder, &path)?;
        columns::add(&mut catalog)?;
        catalog.box_nested();
        Ok(catalog)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Type> {
        self.types.get(name)
    }

    fn check_references(&self) -> Result<()> {
        let known = |rust: &Rust| match rust.named() {
            Some(name) if !self.types.contains_key(name) => Err(Error::new(format!(
                "{name} is referred to and not defined in spec/{}",
                self.service
            ))),
            _ => Ok(()),
        };
        for field in self.types.values().flat_map(Type::fields) {
            known(&field.rust)?;
        }
        for operation in &self.operations {
            operation.output.iter().try_for_each(known)?;
            for argument in operation.path_parameters.iter().chain(&operation.query) {
                known(&argument.rust)?;
            }
            if !self
                .resources
                .iter()
                .any(|resource| resource.name == operation.resource)
            {
                return Err(Error::new(format!(
                    "{}: tag {} has no entry",
                    operation.id, operation.resource
                )));
            }
        }
        Ok(())
    }

    /// Every `$ref` names the file that its type stands in; the generator itself goes by the name alone.
    fn check_files(&self, folder: &Path, main: &Path) -> Result<()> {
        let mut files: Vec<_> = self
            .types
            .values()
            .map(|r#type| {
                (
                    r#type.module.clone(),
                    folder.join(format!("{}.yaml", r#type.module)),
                )
            })
            .collect();
        files.dedup();
        files.push((String::new(), main.to_owned()));
        for (module, file) in files {
            let text = std::fs::read_to_string(&file).context(file.display())?;
            for reference in text.split("$ref: \"").skip(1) {
                let reference = reference.split('"').next().unwrap_or_default();
                let Some((path, name)) = reference.rsplit_once("#/") else {
                    return Err(Error::new(format!(
                        "{}: {reference} names no type",
                        file.display()
                    )));
                };
                if name.contains('/') {
                    // Into the shared parts of the same document, which the OpenAPI validators resolve.
                    continue;
                }
                let stem = path
                    .trim_end_matches(".yaml")
                    .rsplit('/')
                    .next()
                    .unwrap_or_default();
                let stem = if path.is_empty() { &*module } else { stem };
                if self.get(name).is_none_or(|r#type| r#type.module != stem) {
                    return Err(Error::new(format!(
                        "{}: {reference} leads nowhere",
                        file.display()
                    )));
                }
            }
        }
        Ok(())
    }

    /// Boxes large objects inside objects that are replies of their own, one level deep: the reply stays small in a list, and
    /// the box holds its own parts inline, which costs one allocation and not four.
    fn box_nested(&mut self) {
        let nested: Vec<String> = self
            .types
            .values()
            .flat_map(Type::fields)
            .filter_map(|field| match &field.rust {
                Rust::Named(name) => Some(name.clone()),
                _ => None,
            })
            .collect();
        let large: Vec<String> = self
            .types
            .values()
            .filter(|r#type| {
                matches!(r#type.shape, Shape::Object { .. }) && self.size(&r#type.name) > BOX_ABOVE
            })
            .map(|r#type| r#type.name.clone())
            .collect();
        for r#type in self
            .types
            .values_mut()
            .filter(|r#type| !nested.contains(&r#type.name))
        {
            let Shape::Object { fields, .. } = &mut r#type.shape else {
                continue;
            };
            for field in fields {
                field.boxed = matches!(&field.rust, Rust::Named(name) if large.contains(name));
            }
        }
    }

    /// An estimate of `size_of`, without boxes.
    fn size(&self, name: &str) -> usize {
        let Some(r#type) = self.get(name) else {
            return 0;
        };
        match &r#type.shape {
            Shape::Id => 16,
            Shape::Enum { .. } => 24,
            Shape::Object { fields, .. } => fields
                .iter()
                .map(|field| match &field.rust {
                    Rust::Bool => 1,
                    Rust::Integer | Rust::Timestamp | Rust::Json => 16,
                    Rust::Date => 6,
                    Rust::Money | Rust::Percent => 20,
                    Rust::Text | Rust::File | Rust::List(_) => 24,
                    Rust::Named(name) => self.size(name),
                })
                .sum(),
        }
    }
}

impl Rust {
    /// The named type that it is, or is a list of.
    pub(crate) fn named(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::List(item) => item.named(),
            _ => None,
        }
    }

    /// The type of a schema, and whether it may be null.
    fn resolve(schema: &Schema) -> Result<(Self, bool)> {
        if let Some(reference) = &schema.reference {
            return Ok((Self::Named(target(reference)?), false));
        }
        if !schema.any_of.is_empty() {
            let is_null =
                |part: &&Schema| matches!(&part.types, openapi::Types::One(name) if name == "null");
            let (nulls, others): (Vec<&Schema>, Vec<&Schema>) =
                schema.any_of.iter().partition(is_null);
            return match others.as_slice() {
                [only] => Ok((Self::resolve(only)?.0, !nulls.is_empty())),
                _ => Err(Error::new("anyOf may join one type and null, nothing else")),
            };
        }
        let nullable = schema.types.nullable();
        let rust = match (schema.types.name(), schema.format.as_deref()) {
            (None, _) => Self::Json,
            (Some("boolean"), None) => Self::Bool,
            (Some("integer"), None | Some("int64")) => Self::Integer,
            (Some("string"), Some("decimal")) => Self::Money,
            (Some("string"), Some("percent")) => Self::Percent,
            (Some("string"), Some("date-time")) => Self::Timestamp,
            (Some("string"), Some("date")) => Self::Date,
            (Some("string"), Some("binary")) => Self::File,
            (Some("string"), None | Some("email" | "uri" | "password")) => Self::Text,
            (Some("object"), _) if schema.properties.is_empty() => Self::Json,
            (Some("array"), _) => {
                let items = schema
                    .items
                    .as_deref()
                    .ok_or_else(|| Error::new("an array without items"))?;
                Self::List(Box::new(Self::resolve(items)?.0))
            }
            (Some(name), format) => {
                return Err(Error::new(format!(
                    "no Rust type for {name} of format {format:?}"
                )));
            }
        };
        Ok((rust, nullable))
    }
}

/// The type at the end of a `$ref`.
fn target(reference: &str) -> Result<String> {
    match reference.rsplit_once('/') {
        Some((_, name)) => Ok(name.to_owned()),
        None => Err(Error::new(format!(
            "a reference without a name: {reference}"
        ))),
    }
}

impl Type {
    fn resolve(name: &str, module: &str, schema: &Schema) -> Result<Self> {
        let shape = if schema.id {
            Shape::Id
        } else if !schema.one_of.is_empty() {
            let open = schema
                .open
                .ok_or_else(|| Error::new("an enum has to say x-open"))?;
            Shape::Enum {
                open,
                values: schema
                    .one_of
                    .iter()
                    .map(EnumValue::resolve)
                    .collect::<Result<_>>()?,
            }
        } else {
            let direction = schema
                .direction
                .ok_or_else(|| Error::new("an object has to say x-direction"))?;
            let fields = schema
                .properties
                .iter()
                .map(|(wire, property)| {
                    Field::resolve(wire, property, schema.required.contains(wire)).context(wire)
                })
                .collect::<Result<Vec<_>>>()?;
            let fields = order(fields, &schema.required, direction);
            let open = matches!(
                schema.additional_properties,
                Some(Additional::Allowed(true) | Additional::Of(_))
            );
            Shape::Object {
                direction,
                fields,
                open,
            }
        };
        Ok(Self {
            name: name.to_owned(),
            module: module.to_owned(),
            description: schema
                .description
                .clone()
                .or_else(|| schema.title.clone())
                .ok_or_else(|| Error::new("a type needs a description"))?,
            evidence: schema.evidence,
            shape,
        })
    }

    pub(crate) fn fields(&self) -> &[Field] {
        match &self.shape {
            Shape::Object { fields, .. } => fields,
            _ => &[],
        }
    }
}

/// In requests the required fields come first, in the order of `required`: it is the order of the constructor's arguments.
fn order(mut fields: Vec<Field>, required: &[String], direction: Direction) -> Vec<Field> {
    if direction == Direction::Request {
        fields.sort_by_key(|field| {
            required
                .iter()
                .position(|wire| *wire == field.wire)
                .unwrap_or(required.len())
        });
    }
    fields
}

impl EnumValue {
    fn resolve(schema: &Schema) -> Result<Self> {
        let wire = schema
            .constant
            .clone()
            .ok_or_else(|| Error::new("an enum value needs a const"))?;
        Ok(Self {
            variant: names::variant(&wire),
            label: schema.title.clone(),
            description: None,
            wire,
        })
    }
}

impl Field {
    fn resolve(wire: &str, schema: &Schema, required: bool) -> Result<Self> {
        let (rust, nullable) = Rust::resolve(schema)?;
        Ok(Self {
            wire: wire.to_owned(),
            name: names::field(wire),
            description: schema
                .description
                .clone()
                .ok_or_else(|| Error::new("a property needs a description"))?,
            evidence: schema.evidence,
            deprecated: schema.deprecated,
            required: required && !nullable,
            rust,
            sensitivity: schema.sensitivity,
            boxed: false,
        })
    }
}

impl Operation {
    fn resolve(
        document: &Document,
        method: &'static str,
        path: &str,
        shared: &[Parameter],
        operation: &openapi::Operation,
    ) -> Result<Self> {
        let mut path_parameters = Vec::new();
        let mut query = Vec::new();
        for parameter in shared.iter().chain(&operation.parameters) {
            let argument = Argument::resolve(document, parameter)?;
            match argument {
                ("path", argument) => path_parameters.push(argument),
                ("query", argument) => query.push(argument),
                (other, argument) => {
                    return Err(Error::new(format!(
                        "{}: no place for a parameter in {other}",
                        argument.wire
                    )));
                }
            }
        }
        let resource = operation
            .tags
            .first()
            .cloned()
            .ok_or_else(|| Error::new("an operation needs a tag"))?;
        let statuses = operation
            .responses
            .iter()
            .filter_map(|(status, response)| {
                let status: u16 = status.parse().ok()?;
                (200..300)
                    .contains(&status)
                    .then_some((status, response.evidence.unwrap_or(operation.evidence)))
            })
            .collect();
        Ok(Self {
            id: operation.id.clone(),
            resource,
            summary: operation.summary.clone(),
            description: operation.description.clone(),
            method,
            path: path.to_owned(),
            class: operation.retry_class,
            kind: operation.response_kind,
            evidence: operation.evidence,
            authenticated: !matches!(&operation.security, Some(list) if list.iter().all(|entry| entry.is_empty())),
            deprecated: operation.deprecated,
            path_parameters,
            query,
            raw_parameters: operation.raw_parameters,
            ordering: operation.ordering.clone(),
            columns: operation.columns.clone(),
            negative_status: operation.negative_status,
            body: body(operation)?,
            output: output(operation)?,
            statuses,
        })
    }

    /// The last part of the id: `retrieve` of `investments.retrieve`.
    pub(crate) fn action(&self) -> &str {
        self.id
            .rsplit_once('.')
            .map_or(&*self.id, |(_, action)| action)
    }
}

fn body(operation: &openapi::Operation) -> Result<Option<Body>> {
    let Some(request) = &operation.request_body else {
        return Ok(None);
    };
    let (media_type, media) = request
        .content
        .get_key_value("application/json")
        .filter(|_| !request.content.contains_key("multipart/form-data"))
        .or_else(|| request.content.get_key_value("multipart/form-data"))
        .ok_or_else(|| Error::new("a body is JSON or multipart"))?;
    let reference = media
        .schema
        .reference
        .as_deref()
        .ok_or_else(|| Error::new("a body refers to a named type"))?;
    Ok(Some(Body {
        type_name: target(reference)?,
        multipart: media_type != "application/json",
    }))
}

fn output(operation: &openapi::Operation) -> Result<Option<Rust>> {
    let schema = operation
        .responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'))
        .find_map(|(_, response)| response.content.get("application/json"))
        .map(|media| &media.schema);
    let missing = |what: &str| Error::new(format!("the success response has no {what}"));
    let part = |schema: Option<&Schema>, what: &str| -> Result<Option<Rust>> {
        Ok(Some(Rust::resolve(schema.ok_or_else(|| missing(what))?)?.0))
    };
    match operation.response_kind {
        ResponseKind::Bytes | ResponseKind::Empty => Ok(None),
        ResponseKind::Json => part(schema, "JSON schema"),
        ResponseKind::Page => {
            let results = schema.and_then(|schema| schema.properties.get("results"));
            part(
                results.and_then(|results| results.items.as_deref()),
                "results.items",
            )
        }
        ResponseKind::Envelope => part(
            schema.and_then(|schema| schema.properties.get("data")),
            "data",
        ),
    }
}

impl Argument {
    fn resolve<'d>(document: &'d Document, parameter: &'d Parameter) -> Result<(&'d str, Self)> {
        let resolved = match &parameter.reference {
            None => parameter,
            Some(reference) => {
                let name = target(reference)?;
                let shared = document.components.parameters.get(&name);
                shared.ok_or_else(|| Error::new(format!("no shared parameter {name}")))?
            }
        };
        let (rust, _) = Rust::resolve(&resolved.schema).context(&resolved.name)?;
        Ok((
            &resolved.location,
            Self {
                wire: resolved.name.clone(),
                name: names::field(&resolved.name),
                description: resolved.description.clone(),
                rust,
                required: resolved.required,
                evidence: resolved.evidence,
                recovery: resolved.recovery,
                sensitivity: resolved.sensitivity.or(resolved.schema.sensitivity),
            },
        ))
    }
}
