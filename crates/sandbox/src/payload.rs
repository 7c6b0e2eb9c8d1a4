//! Request bodies in the three encodings that both services read: JSON, form and multipart.
//!
//! It decides nothing about errors: each service words them in its own way, and only once the call
//! gets to its body.

use std::error::Error as _;

use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http_body_util::LengthLimitError;
use hyper::body::Body as _;
use serde_json::{Map, Value};

use crate::{nesting, python_json};

/// A body as fields, or why it is not one.
#[derive(Debug)]
pub(crate) enum Payload {
    Fields {
        fields: Map<String, Value>,
        files: Vec<File>,
        /// From a form, where nothing has a type and an empty text may mean nothing.
        is_form: bool,
    },
    /// JSON, but not an object; the Python name of what it is.
    NotAnObject(&'static str),
    /// The parser's complaint in Python's words.
    Malformed(String),
    /// The content type that nobody here reads.
    Unsupported(String),
}

/// What brackets in the names of form fields mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// Nothing, as to Django.
    Flat,
    /// Objects and lists, as to Rails.
    Nested,
}

/// One uploaded file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) field: String,
    pub(crate) name: String,
    pub(crate) content: Bytes,
}

/// Why a body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is longer than the sandbox takes.
    TooLarge,
    /// Its framing is broken, or the connection is.
    Broken,
}

/// Reads a whole body of at most `limit` bytes.
pub(crate) async fn collect(body: Body, limit: usize) -> Result<Bytes, Unread> {
    if body.is_end_stream() {
        return Ok(Bytes::new());
    }
    to_bytes(body, limit).await.map_err(|error| {
        let is_limit = error
            .source()
            .is_some_and(|source| source.is::<LengthLimitError>());
        if is_limit {
            Unread::TooLarge
        } else {
            Unread::Broken
        }
    })
}

impl Payload {
    /// Reads a body by its content type. An empty one has no fields, whatever its type.
    pub(crate) async fn read(content_type: &str, body: Bytes) -> Self {
        Self::read_as(content_type, body, Names::Flat).await
    }

    /// The same, where a form may have names of that kind.
    pub(crate) async fn read_as(content_type: &str, body: Bytes, names: Names) -> Self {
        if body.is_empty() {
            return Self::fields(Map::new(), false);
        }
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            read_json(&body)
        } else if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            let fields = form_urlencoded::parse(&body).into_owned().collect();
            Self::form(fields, Vec::new(), names)
        } else if essence.eq_ignore_ascii_case("multipart/form-data") {
            read_multipart(content_type, body, names).await
        } else {
            Self::Unsupported(content_type.to_owned())
        }
    }

    fn fields(fields: Map<String, Value>, is_form: bool) -> Self {
        Self::Fields {
            fields,
            files: Vec::new(),
            is_form,
        }
    }

    /// Of two fields of one name the last counts, unless the name says otherwise.
    fn form(fields: Vec<(String, String)>, files: Vec<File>, names: Names) -> Self {
        let fields = match names {
            Names::Flat => Ok(fields
                .into_iter()
                .map(|(name, text)| (name, Value::String(text)))
                .collect()),
            Names::Nested => nesting::nested(fields),
        };
        match fields {
            Ok(fields) => Self::Fields {
                fields,
                files,
                is_form: true,
            },
            Err(nonsense) => Self::Malformed(format!("Form parse error - {nonsense:?}")),
        }
    }
}

/// The name that Python's `type(x).__name__` gives a JSON value.
pub(crate) fn python_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() || number.is_u64() => "int",
        Value::Number(_) => "float",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

fn read_json(body: &[u8]) -> Payload {
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Payload::fields(fields, false),
        Ok(other) => Payload::NotAnObject(python_type(&other)),
        Err(_) => Payload::Malformed(format!(
            "JSON parse error - {}",
            python_json::complaint(body)
        )),
    }
}

/// Reads a form's parts up to the first broken one, like Django: what came before it counts.
async fn read_multipart(content_type: &str, body: Bytes, names: Names) -> Payload {
    let Ok(boundary) = multer::parse_boundary(content_type) else {
        let complaint = "Multipart form parse error - Invalid boundary in multipart: None";
        return Payload::Malformed(complaint.to_owned());
    };
    if boundary.is_empty() {
        let complaint = "Multipart form parse error - Invalid boundary in multipart: ";
        return Payload::Malformed(complaint.to_owned());
    }
    let mut parts = multer::Multipart::new(single_chunk(body), boundary);
    let mut fields = Vec::new();
    let mut files = Vec::new();
    while let Ok(Some(part)) = parts.next_field().await {
        let Some(field) = part.name().map(str::to_owned) else {
            continue;
        };
        let name = part.file_name().map(str::to_owned);
        let Ok(content) = part.bytes().await else {
            break;
        };
        match name {
            // To Django a part with an empty file name is text.
            Some(name) if !name.is_empty() => files.push(File {
                field,
                name,
                content,
            }),
            _ => {
                let text = String::from_utf8_lossy(&content).into_owned();
                fields.push((field, text));
            }
        }
    }
    Payload::form(fields, files, names)
}

/// The whole body as a stream of one chunk, which is what the multipart reader takes.
fn single_chunk(body: Bytes) -> http_body_util::BodyDataStream<http_body_util::Full<Bytes>> {
    http_body_util::BodyDataStream::new(http_body_util::Full::new(body))
}
