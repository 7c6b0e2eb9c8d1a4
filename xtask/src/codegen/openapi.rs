//! The part of OpenAPI 3.1 that the contract uses, as it stands in the YAML files.
//!
//! Unknown keys are errors: a misspelt extension must not silently change what is generated.

use std::{collections::BTreeMap, path::Path};

use indexmap::IndexMap;
use serde::{Deserialize, de::IgnoredAny};

use crate::error::{Context, Result};

/// A whole document: one vendor's API.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    #[serde(rename = "openapi")]
    _openapi: String,
    #[serde(rename = "info")]
    _info: IgnoredAny,
    #[serde(default, rename = "servers")]
    _servers: IgnoredAny,
    #[serde(default, rename = "security")]
    _security: IgnoredAny,
    #[serde(default, rename = "externalDocs")]
    _external_docs: IgnoredAny,
    #[serde(default)]
    pub(crate) tags: Vec<Tag>,
    pub(crate) paths: IndexMap<String, PathItem>,
    #[serde(default, rename = "webhooks")]
    _webhooks: IgnoredAny,
    #[serde(default)]
    pub(crate) components: Components,
}

/// A resource: a group of operations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tag {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
}

/// What operations share.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Components {
    #[serde(default)]
    pub(crate) parameters: IndexMap<String, Parameter>,
    #[serde(default, rename = "responses")]
    _responses: IgnoredAny,
    #[serde(default, rename = "securitySchemes")]
    _security_schemes: IgnoredAny,
    #[serde(default, rename = "schemas")]
    _schemas: IgnoredAny,
    #[serde(default, rename = "headers")]
    _headers: IgnoredAny,
}

/// The operations of one path.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PathItem {
    #[serde(default)]
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) get: Option<Operation>,
    pub(crate) post: Option<Operation>,
}

/// One operation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    #[serde(rename = "operationId")]
    pub(crate) id: String,
    pub(crate) tags: Vec<String>,
    pub(crate) summary: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) parameters: Vec<Parameter>,
    #[serde(rename = "requestBody")]
    pub(crate) request_body: Option<RequestBody>,
    pub(crate) responses: IndexMap<String, Response>,
    /// `[]` or `[{}]`: sent without our credentials.
    pub(crate) security: Option<Vec<BTreeMap<String, Vec<String>>>>,
    #[serde(default)]
    pub(crate) deprecated: bool,
    #[serde(rename = "externalDocs")]
    _external_docs: Option<IgnoredAny>,
    #[serde(rename = "x-retry-class")]
    pub(crate) retry_class: RetryClass,
    #[serde(rename = "x-response-kind")]
    pub(crate) response_kind: ResponseKind,
    #[serde(rename = "x-evidence")]
    pub(crate) evidence: Evidence,
    #[serde(default, rename = "x-raw-parameters")]
    pub(crate) raw_parameters: bool,
    /// The name of the enum of fields that `ordering` takes.
    #[serde(rename = "x-ordering")]
    pub(crate) ordering: Option<String>,
    /// The name of the enum of columns that `field` takes.
    #[serde(rename = "x-columns")]
    pub(crate) columns: Option<String>,
    /// An error status that is an answer.
    #[serde(rename = "x-negative-status")]
    pub(crate) negative_status: Option<u16>,
}

/// How often a request may reach the server.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RetryClass {
    Read,
    IdempotentWrite,
    UnsafeWrite,
    EffectfulRead,
}

/// What a successful reply carries.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ResponseKind {
    Json,
    Page,
    Envelope,
    Bytes,
    Empty,
}

/// How we know a fact.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Evidence {
    Documented,
    Observed,
    Inferred,
}

/// How the name of a query parameter was recovered.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Recovery {
    Known,
    Slot,
    Inferred,
}

/// Who may not see a value.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Sensitivity {
    Personal,
    Secret,
}

/// Who sends an object.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Direction {
    Request,
    Response,
}

/// A path or query parameter, or a reference to a shared one.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    #[serde(rename = "$ref")]
    pub(crate) reference: Option<String>,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default, rename = "in")]
    pub(crate) location: String,
    #[serde(default)]
    pub(crate) required: bool,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) schema: Schema,
    #[serde(rename = "style")]
    _style: Option<String>,
    #[serde(rename = "explode")]
    _explode: Option<bool>,
    #[serde(rename = "allowReserved")]
    _allow_reserved: Option<bool>,
    #[serde(rename = "example")]
    _example: Option<IgnoredAny>,
    #[serde(rename = "x-recovery")]
    pub(crate) recovery: Option<Recovery>,
    #[serde(rename = "x-evidence")]
    pub(crate) evidence: Option<Evidence>,
    #[serde(rename = "x-sensitivity")]
    pub(crate) sensitivity: Option<Sensitivity>,
}

/// What an operation is sent with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestBody {
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "required")]
    _required: Option<bool>,
    pub(crate) content: IndexMap<String, Media>,
}

/// What an operation answers, or a reference to a shared answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Response {
    #[serde(rename = "$ref")]
    _reference: Option<String>,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(default)]
    pub(crate) content: IndexMap<String, Media>,
    #[serde(rename = "headers")]
    _headers: Option<IgnoredAny>,
    #[serde(rename = "x-evidence")]
    pub(crate) evidence: Option<Evidence>,
}

/// A body in one media type.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Media {
    #[serde(default)]
    pub(crate) schema: Schema,
    #[serde(rename = "example")]
    _example: Option<IgnoredAny>,
    #[serde(rename = "examples")]
    _examples: Option<IgnoredAny>,
    #[serde(rename = "encoding")]
    _encoding: Option<IgnoredAny>,
}

/// The schema of a value.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Schema {
    #[serde(rename = "$ref")]
    pub(crate) reference: Option<String>,
    #[serde(rename = "type")]
    pub(crate) types: Types,
    pub(crate) format: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    #[serde(rename = "const")]
    pub(crate) constant: Option<String>,
    #[serde(rename = "oneOf")]
    pub(crate) one_of: Vec<Schema>,
    #[serde(rename = "anyOf")]
    pub(crate) any_of: Vec<Schema>,
    pub(crate) items: Option<Box<Schema>>,
    pub(crate) properties: IndexMap<String, Schema>,
    pub(crate) required: Vec<String>,
    #[serde(rename = "additionalProperties")]
    pub(crate) additional_properties: Option<Additional>,
    #[serde(rename = "minimum")]
    _minimum: Option<IgnoredAny>,
    #[serde(rename = "maximum")]
    _maximum: Option<IgnoredAny>,
    #[serde(rename = "minLength")]
    _min_length: Option<IgnoredAny>,
    #[serde(rename = "maxLength")]
    _max_length: Option<IgnoredAny>,
    #[serde(rename = "pattern")]
    _pattern: Option<IgnoredAny>,
    #[serde(rename = "default")]
    _default: Option<IgnoredAny>,
    #[serde(rename = "example")]
    _example: Option<IgnoredAny>,
    #[serde(rename = "examples")]
    _examples: Option<IgnoredAny>,
    #[serde(rename = "contentMediaType")]
    _content_media_type: Option<IgnoredAny>,
    pub(crate) deprecated: bool,
    #[serde(rename = "x-id")]
    pub(crate) id: bool,
    #[serde(rename = "x-open")]
    pub(crate) open: Option<bool>,
    #[serde(rename = "x-evidence")]
    pub(crate) evidence: Option<Evidence>,
    #[serde(rename = "x-sensitivity")]
    pub(crate) sensitivity: Option<Sensitivity>,
    #[serde(rename = "x-direction")]
    pub(crate) direction: Option<Direction>,
}

/// `type`: one name or several.
#[derive(Clone, Default, Deserialize)]
#[serde(untagged)]
pub(crate) enum Types {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl Types {
    pub(crate) fn nullable(&self) -> bool {
        matches!(self, Self::Many(names) if names.iter().any(|name| name == "null"))
    }

    /// The one name that is not `null`.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::None => None,
            Self::One(name) => Some(name),
            Self::Many(names) => names
                .iter()
                .map(String::as_str)
                .find(|name| *name != "null"),
        }
    }
}

/// `additionalProperties`: allowed or not, or of a schema.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Additional {
    Allowed(bool),
    Of(#[serde(rename = "_")] IgnoredAny),
}

/// Reads a YAML file.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).context(path.display())?;
    serde_saphyr::from_str(&text).context(path.display())
}
